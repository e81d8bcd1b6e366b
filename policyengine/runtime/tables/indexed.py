"""Row selection by index for the interpreter: what explains a decision must not scan a table of 100,000 rows.

The interpreter itself looks at every row and is the specification. Where a decision is explained, the answer is known
already; the index, which the tests compare with the specification, finds its rows again.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from policyengine.runtime.program import Program, TableData
from policyengine.runtime.tables import index
from policyengine.runtime.tables.index import Select
from policyengine.runtime.tables.selection import select as scan
from policyengine.values import types


class Selects:
    """The row selections of a program's tables by their indexes, each built when it is first asked."""

    def __init__(self, program: Program) -> None:
        self._built: dict[str, Select] = {}
        self._program = program

    def __call__(self, table: TableData, keys: Sequence[Any], at: int | None) -> Any:
        """The row for exact keys, as `selection.select` gives it."""
        held = [_held(key, its_type) for key, its_type in zip(keys, table.keys, strict=True)]
        if any(h is _FINER for h in held):
            return scan(table, keys, at)
        return self.of(table.name)(*held, *(() if at is None else (at,)))

    def of(self, name: str) -> Select:
        """The index of one table."""
        if name not in self._built:
            self._built[name] = index.build(self._program.tables[name])
        return self._built[name]


_FINER = object()
"""In the place of a key that lies between the numbers that the table's cells can hold."""


def _held(key: Any, its_type: types.Type) -> Any:
    if isinstance(its_type, types.Number):
        scaled = Fraction(key) * its_type.den
        return scaled.numerator if scaled.denominator == 1 else _FINER
    if isinstance(its_type, types.Limit):
        return key if isinstance(key, str) else _held(key, its_type.number)
    if isinstance(its_type, types.Optional):
        return None if key is None else _held(key, its_type.item)
    return key
