"""Cells of a large table that were asked for before: found by the keys of their row, in one step.

A large table is spread over the memory; what was asked for lately lies close together. Each cell is kept when it is
first asked for, and so are the overrides of a tenant, so the memory grows with what is asked and never beyond the
table. Keys that have no row are not kept. Several threads may fill it at once: what they keep is equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.program import TableData
from policyengine.runtime.tables import index


class Remembered:
    """The cells of one column: `cells` by key, or by one key and then by the other.

    `order` says which keys are looked up, one after another; it is empty where all keys together make one.
    """

    __slots__ = ("cells", "find", "find_own", "order", "own")

    order: tuple[int, ...]
    cells: dict[Any, Any]
    own: dict[str, dict[Any, Any]]
    """The overrides of each tenant that has some, by the keys of their row: the last of `order` first, as few rows have
    an override, and most of what is asked is known to have none by one key."""
    find: Callable[..., Any]
    """The cell of keys that are not remembered yet, or the failure of keys that have no row."""
    find_own: Callable[[str, Any], dict[Any, Any]]
    """The overrides of a tenant that is not remembered yet, among all that it has."""

    def __init__(self, table: TableData, column: str, rows: Mapping[Any, Any], values: Sequence[Any]) -> None:
        pairs = index.nested(table, rows)
        if pairs is not None:
            outer, inner, by_outer = pairs
            self.order = (outer, inner)
            self.cells = {own: {} for own in by_outer}
            self.find = _of_pairs(by_outer, self.cells, values)
        else:
            self.order = (0,) if len(table.conditions) == 1 else ()
            self.cells = {}
            self.find = _of_one(rows, self.cells, values)
        self.own = {}
        self.find_own = _of_tenant(table, column, self.order, self.own)


def _of_one(rows: Mapping[Any, Any], kept: dict[Any, Any], column: Sequence[Any]) -> Callable[[Any], Any]:
    def find(key: Any) -> Any:
        row = rows.get(key)
        if row is None:
            return failure.NO_MATCH
        found = kept[key] = column[row]
        return found

    return find


def _of_pairs(
    rows: Mapping[Any, Mapping[Any, Any]], kept: dict[Any, dict[Any, Any]], column: Sequence[Any]
) -> Callable[[Any, Any], Any]:
    def find(outer: Any, inner: Any) -> Any:
        if outer not in rows or inner not in rows[outer]:
            return failure.NO_MATCH
        found = kept[outer][inner] = column[rows[outer][inner]]
        return found

    return find


def _of_tenant(
    table: TableData, column: str, order: Sequence[int], kept: dict[str, dict[Any, Any]]
) -> Callable[[str, Any], dict[Any, Any]]:
    def find(tenant: str, cells: Mapping[str, Mapping[tuple[int, str], Any]]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for (row, name), overrides in cells.get(table.name, {}).items():
            if name == column:
                keys = tuple([condition[row] for condition in table.conditions])
                *above, last = [keys[place] for place in reversed(order)] or [keys]
                level = found
                for key in above:
                    level = level.setdefault(key, {})
                level[last] = overrides
        kept[tenant] = found
        return found

    return find
