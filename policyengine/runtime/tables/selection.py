"""Selection: the row that a table gives for exact keys, and the override that is in force for a cell.

Every row is looked at, one by one; the indexes of generated code are compared with this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.exact import exact
from policyengine.runtime.program import CellOverride, TableData
from policyengine.runtime.tables import cells


def in_force(candidates: Sequence[CellOverride], at: int | None) -> CellOverride | None:
    """The override in force at an instant; the stretches of one cell never overlap."""
    for candidate in candidates:
        after = candidate.start is None or (at is not None and candidate.start <= at)
        before = candidate.end is None or (at is not None and at < candidate.end)
        if after and before:
            return candidate
    return None


def select(table: TableData, keys: Sequence[Any], at: int | None) -> Any:
    """The row that a table's hit policy gives for these exact keys: every row is looked at."""
    hits = [row for row in range(len(table.ids)) if applies(table, row, keys, at)]
    if table.otherwise == "row":
        last = len(table.ids) - 1
        hits = [h for h in hits if h != last] or [last]
    if table.hit in cells.COLLECTING:
        return tuple(hits)
    if not hits:
        return failure.NO_MATCH
    if table.hit == "most_specific":
        return max(hits, key=lambda row: (specificity(table, row), -row))
    if table.hit == "unique" and len(hits) > 1:
        return failure.SEVERAL_MATCH
    if table.hit == "any" and any(c[h] != c[hits[0]] for c in table.columns.values() for h in hits):
        return failure.ROWS_DISAGREE
    return hits[0]


def specificity(table: TableData, row: int) -> int:
    """How many condition cells of a row say something."""
    return sum(column[row] is not None for column in table.conditions)


def applies(
    table: TableData, row: int, keys: Sequence[Any], at: int | None, columns: Iterable[int] | None = None
) -> bool:
    """Whether a row is in force at the instant and all of its conditions (or those of some columns) are met."""
    if table.starts:
        assert at is not None
        start, end = table.starts[row], table.ends[row]
        if (start is not None and at < start) or (end is not None and end <= at):
            return False
    asked = range(len(keys)) if columns is None else columns
    return all(
        cells.accepts(table.conditions[n][row], keys[n], partial(exact, its_type=table.keys[n])) for n in asked
    )  # fmt: skip
