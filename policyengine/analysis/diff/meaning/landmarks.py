"""The numbers, instants and tenants that the rules of two versions tell apart: where something changes, if anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from policyengine.runtime.exact import exact
from policyengine.runtime.program import Const, Program, TableData, walk
from policyengine.values import types
from policyengine.values.instant import TIMESTAMP_MIN
from policyengine.values.types import UNLIMITED, Type, Unit

ROWS_MAX = 200
"""Of a larger table only as many rows are looked at; a changed row is looked for by its own conditions."""


@dataclass(slots=True)
class Landmarks:
    """Numbers by their unit, instants in nanoseconds, tenants."""

    numbers: dict[Unit, dict[Fraction, None]] = field(default_factory=dict)
    instants: dict[int, None] = field(default_factory=dict)
    tenants: dict[str | None, None] = field(default_factory=dict)

    @classmethod
    def of(cls, *programs: Program) -> Landmarks:
        """Those of several programs together."""
        found = cls(tenants={None: None})
        for program in programs:
            found._take(program)
        return found

    def _take(self, program: Program) -> None:
        for node in program.nodes.values():
            for expr in walk(node.expr):
                if isinstance(expr, Const):
                    self._number(expr.value, expr.type)
        for table in program.tables.values():
            self._table(table)
        self._instant(*program.effective)
        for tenant, tables in program.tenant_cells.items():
            self.tenants[tenant] = None
            for cells in tables.values():
                for dated in cells.values():
                    for cell in dated:
                        self._instant(cell.start, cell.end)

    def _table(self, table: TableData) -> None:
        self._instant(*table.starts, *table.ends)
        rows = range(min(len(table.ids), ROWS_MAX))
        for key_type, cells in zip(table.keys, table.conditions, strict=True):
            for row in rows:
                for value in _ends(cells[row]):
                    self._number(value, key_type)
        for column, results in table.columns.items():
            for row in rows:
                self._number(results[row], table.column_types[column])

    def _number(self, held: Any, its_type: Type) -> None:
        match its_type:
            case types.Number(unit=unit):
                if held is not None:
                    self.numbers.setdefault(unit, {})[Fraction(exact(held, its_type))] = None
            case types.Limit(number=number) if held != UNLIMITED:
                self._number(held, number)
            case types.Optional(item=item) if held is not None:
                self._number(held, item)
            case types.Tiers(bound=bound) if held is not None:
                for end in held[0]:
                    self._number(end, bound)

    def _instant(self, *instants: int | None) -> None:
        """An instant and the last one before it."""
        for instant in instants:
            if instant is not None and instant > TIMESTAMP_MIN:
                self.instants[instant] = None
                self.instants[instant - 1] = None


def _ends(cell: Any) -> Iterator[Any]:
    """The values that a cell of a condition names."""
    match cell:
        case None | str():
            return
        case ("any", *cells):
            for inner in cells:
                yield from _ends(inner)
        case ("not", inner):
            yield from _ends(inner)
        case ("range", low, _, high, _):
            yield from (low, high)
        case int():
            yield cell
