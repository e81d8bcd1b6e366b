"""Which override of a tenant is in force for a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from policyengine.runtime.failure import Failure
from policyengine.runtime.program import CellOverride


def overridden(own: Any, candidates: Sequence[CellOverride] | None, at: int | Failure | None) -> Any:
    """The tenant's value in force for a cell, else the cell's own; an instant that failed, where there are some."""
    found = overriding(candidates, at)
    if found is None:
        return own
    return found if found.__class__ is Failure else found.value


def overriding(candidates: Sequence[CellOverride] | None, at: int | Failure | None) -> Any:
    """The override in force, None where there is none; an instant that failed, where it is asked for."""
    if candidates:
        if isinstance(at, Failure):
            return at
        for c in candidates:
            after = c.start is None or (at is not None and c.start <= at)
            if after and (c.end is None or (at is not None and at < c.end)):
                return c
    return None


def override_dates(
    cells: dict[str, dict[tuple[int, str], Sequence[CellOverride]]] | None, columns: Sequence[Sequence[str]]
) -> tuple[int, ...]:
    """When the tenant's overrides of these columns begin and end."""
    found = [
        c
        for table, column in columns
        for (_, overridden), own in (cells or {}).get(table, {}).items()
        if overridden == column
        for c in own
    ]
    return tuple(sorted({d for c in found for d in (c.start, c.end) if d is not None}))
