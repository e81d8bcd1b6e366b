"""Writing tables: the row that is selected, its cells with the tenant's overrides, and tiers ready to be priced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import lcm
from typing import Any

from policyengine.runtime.codegen.program_writer import ProgramWriter
from policyengine.runtime.codegen.remembered import Remembered
from policyengine.runtime.codegen.writer import Settle, Val, as_built
from policyengine.runtime.failure import Failure
from policyengine.runtime.program import Column, Const, Expr, Program, Read, Row, TableData
from policyengine.runtime.tables import index, schedules
from policyengine.values import types
from policyengine.values.types import Number

REMEMBERED_MIN = 256
"""Rows of a table whose cells are worth remembering: a smaller one stays in the processor's memory by itself."""


class TableWriter(ProgramWriter):
    """Writes look-ups. A function that `remembers` finds cells that were asked for before in one step."""

    def __init__(self, program: Program, order: Sequence[str], leaves: bool, remembers: bool) -> None:
        super().__init__(program, order, leaves)
        self.remembers = remembers
        self.overridable = {
            (table, column)
            for tables in program.tenant_cells.values()
            for table, cells in tables.items()
            for _, column in cells
        }

    def _row(self, expr: Row) -> Val:
        table = self.program.tables[expr.table]
        rows = index.plain_rows(table, [key.type for key in expr.keys])
        if rows is not None:
            return self._plain_row(expr, table, rows)
        keys = (*expr.keys, expr.at) if expr.at is not None else expr.keys
        found = index.stretches(table, [key.type for key in expr.keys])
        select = self.bind(index.build(table), ("select", expr.table)) if found is None else ""

        def build(values: list[Val]) -> str:
            scaled = [
                self.scaled(v, t.den) if isinstance(t, Number) else v.code
                for v, t in zip(values, table.keys, strict=False)
            ]
            if expr.at is not None:
                scaled.append(values[-1].code)
            return f"{select}({', '.join(scaled)})" if found is None else self._bisected(expr.table, found, scaled)

        settle = as_built if self._may_miss(expr, table) else None
        return self.strict(expr.type, keys, build, settle)

    def _bisected(self, table: str, found: tuple[int, dict[Any, index.Stretch]], keys: list[str]) -> str:
        """The row where one key lies between edges, which the other keys pick."""
        ranged, by_key = found
        at = keys.pop(ranged)
        none = ((), (index.missing(self.program.tables[table]),))
        if not keys:
            edges, rows = (self.bind(part) for part in by_key.get((), none))
            return f"{rows}[R({edges}, {at})]"
        key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
        own = self.fresh()
        picked = self.bind(by_key, ("stretches", table))
        self.line(f"{own} = {picked}.get({key}, {self.bind(none, ('no stretch', table))})")
        return f"{own}[1][R({own}[0], {at})]"

    def _may_miss(self, expr: Row, table: TableData) -> bool:
        """Whether there may be no row: the author said so, or a key may be a text that is no member of the enum."""
        return table.otherwise == "error" or not index.are_proved(table, [key.type for key in expr.keys])

    def _plain_row(self, expr: Row, table: TableData, rows: Mapping[Any, Any]) -> Val:
        """A table of equalities is one dict, asked in line."""
        whole = self.bind(rows, ("rows", expr.table))
        missing_row = index.missing(table)
        missing = self.constant(missing_row, expr.type).code

        def build(values: list[Val]) -> str:
            pairs = zip(values, table.keys, strict=True)
            scaled = [self.scaled(v, t.den) if isinstance(t, Number) else v.code for v, t in pairs]
            if nested is not None:
                outer, inner, rest = nested
                name, steps = self.bind(rest, ("rest", expr.table)), [scaled[outer], scaled[inner]]
            else:
                name, steps = whole, [scaled[0] if len(scaled) == 1 else f"({', '.join(scaled)})"]
            if complete:
                return name + "".join(f"[{step}]" for step in steps)
            if tried:
                return self._tried(name + "".join(f"[{step}]" for step in steps))
            defaults = ["E"] * (len(steps) - 1) + [missing]
            return name + "".join(f".get({step}, {none})" for step, none in zip(steps, defaults, strict=True))

        nested = index.nested(table, rows)
        kinds = [key.type for key in expr.keys]
        # A text has no combinations to count.
        complete = 0 < len(rows) == index.combinations(table) and index.are_members(table, kinds)
        sure = complete and not any(isinstance(row, Failure) for row in rows.values())
        settle = as_built if not sure and self._may_miss(expr, table) else None
        fails = settle is not None and isinstance(missing_row, Failure)
        tried = self.leaves and fails and not any(isinstance(row, Failure) for row in rows.values())
        return self.strict(expr.type, expr.keys, build, None if tried else settle)

    def _tried(self, code: str) -> str:
        """A look-up that finds nothing only where the quick function leaves: no question costs less than an answer."""
        name = self.fresh()
        self.line(f"try: {name} = {code}")
        self.line(f"except KeyError: {self.leave}")
        return name

    def _column(self, expr: Column, factor: int | None) -> Val:
        """A cell of the selected row. For tiers, `factor` brings the bounds to the quantity's denominator."""
        if self.is_charged(expr.row):
            self.held = {**self.held, id(expr.row): self.stored(self.emit(expr.row))}
        table = self.program.tables[expr.table]
        cells: Any = table.columns[expr.column]
        if isinstance(expr.row.type, types.List):
            return self._collected_column(expr)
        if factor is not None:
            cells = schedules.prepare_all(cells, factor)
        own = self.bind(cells, ("column", expr.table, expr.column, factor))
        if (expr.table, expr.column) not in self.overridable:
            direct = self._direct_cell(expr, table, cells, factor)
            if direct is not None:
                return direct
            known = self._remembered(expr, cells)
            if known is not None:
                return known[0]
            return self.strict(expr.type, (expr.row,), lambda v: f"{own}[{v[0].code}]")
        remembered = self._remembered(expr, cells)
        if remembered is None:
            self.memo[self.numbering.of(expr.row)] = self.stored(self.emit(expr.row))
        at, settle = self._instant(expr)
        pick = "W.overridden"
        if factor is not None:
            pick = self.bind(schedules.overridden_tiers(factor), ("overridden tiers", factor))

        if remembered is not None:
            return self.strict(expr.type, (), lambda _: self._or_own(*remembered, f"{pick}({{}}, c, {at})"), settle)

        def build(values: list[Val]) -> str:
            row, name = values[0].code, self.fresh()
            self.line(f"{name} = {own}[{row}]")
            self.line("if o is not None:")
            self.line(f" c = {self._cells_of(expr, row)}")
            self.line(f" if c is not None: {name} = {pick}({name}, c, {at})")
            return name

        return self.strict(expr.type, (expr.row,), build, settle)

    def _remembered(self, expr: Column, cells: Sequence[Any]) -> tuple[Val, list[str], Remembered] | None:
        """The cell by the keys themselves, where the rows of a large table are found in one dict; and those keys."""
        row = self.behind(expr.row)
        if not self.remembers or not isinstance(row, Row) or self.numbering.uses[self.numbering.of(row)] > 1:
            return None
        table = self.program.tables[row.table]
        rows = index.equal_rows(table)
        if rows is None or len(rows) < REMEMBERED_MIN or not isinstance(index.missing(table), Failure):
            return None
        values = [self.stored(self.emit(key)) for key in row.keys]
        if any(v.fails for v in values):
            return None
        pairs = zip(values, table.keys, strict=True)
        keys = [self.scaled(v, t.den) if isinstance(t, Number) else v.code for v, t in pairs]
        known = Remembered(table, expr.column, rows, cells)
        steps = [keys[n] for n in known.order] or [f"({', '.join(keys)})"]
        name = self.fresh()
        self.line(f"try: {name} = {self.bind(known.cells)}{''.join(f'[{step}]' for step in steps)}")
        self.line("except KeyError:")
        self.line(f" {name} = {self.bind(known.find)}({', '.join(steps)})")
        self.line(f" if {name}.__class__ is F: {self.leave}")
        return Val(name, expr.type), keys, known

    def _or_own(self, cell: Val, keys: list[str], known: Remembered, picked: str) -> str:
        """A remembered cell, or what the tenant's overrides make of it; `picked` is the code that asks them."""
        own, find = self.bind(known.own), self.bind(known.find_own)
        self.line("if o is not None:")
        self.line(f" try: c = {own}[f{Program.TENANT}]")
        self.line(f" except KeyError: c = {find}(f{Program.TENANT}, o)")
        steps = [keys[n] for n in reversed(known.order)] or [f"({', '.join(keys)})"]
        for depth, step in enumerate(steps):
            self.line(f"{' ' * depth} c = c.get({step})")
            self.line(f"{' ' * depth} if c is not None:")
        self.line(f"{' ' * len(steps)} {cell.code} = {picked.format(cell.code)}")
        return cell.code

    def _cells_of(self, expr: Column, row: str) -> str:
        """The code that finds the overrides of a cell among those of the tenant."""
        table, column = (self.bind(name, ("str", name)) for name in (expr.table, expr.column))
        return f"o.get({table}, E).get(({row}, {column}))"

    def _direct_cell(self, expr: Column, table: TableData, cells: Sequence[Any], factor: int | None) -> Val | None:
        """The cell by the key itself, where the table has one key whose every member has a row."""
        row = self.behind(expr.row)
        if not isinstance(row, Row) or len(row.keys) != 1 or self.numbering.uses[self.numbering.of(row)] > 1:
            return None
        kinds = [key.type for key in row.keys]
        rows = index.plain_rows(table, kinds)
        if not rows or len(rows) != index.combinations(table) or not index.are_members(table, kinds):
            return None
        if any(isinstance(found, Failure) for found in rows.values()):
            return None
        by_key = self.bind(
            {key: cells[found] for key, found in rows.items()}, ("cells", expr.table, expr.column, factor)
        )
        return self.strict(expr.type, row.keys, lambda v: f"{by_key}[{v[0].code}]")

    def _collected_column(self, expr: Column) -> Val:
        """The cells of all selected rows, under a hit policy that collects."""
        own = self.bind(self.program.tables[expr.table].columns[expr.column], ("column", expr.table, expr.column))
        if (expr.table, expr.column) not in self.overridable:
            return self.strict(expr.type, (expr.row,), lambda v: f"tuple([{own}[r] for r in {v[0].code}])")
        self.memo[self.numbering.of(expr.row)] = self.stored(self.emit(expr.row))
        at, settle = self._instant(expr)

        def build(values: list[Val]) -> str:
            rows = values[0].code
            cells = f"(None if o is None else {self._cells_of(expr, 'r')})"
            found = f"[W.overridden({own}[r], {cells}, {at}) for r in {rows}]"
            return f"tuple({found})" if settle is None else f"S.all_found({found})"

        return self.strict(expr.type, (expr.row,), build, settle)

    def _instant(self, expr: Column) -> tuple[str, Settle | None]:
        """When overrides are asked for: an instant that fails matters only to a tenant that has some."""
        if expr.at is None:
            return "None", None
        at = self.stored(self.emit(expr.at))
        return at.code, as_built if at.fails else None

    def tiers(self, expr: Expr, quantity_den: int) -> tuple[Val, int]:
        """A prepared schedule and the denominator over which quantities must be given to it."""
        assert isinstance(expr.type, types.Tiers)
        common = lcm(expr.type.bound.den, quantity_den)
        factor = common // expr.type.bound.den
        target = expr
        while isinstance(target, Read):
            target = self.program.nodes[target.node].expr
        if isinstance(target, Const):
            prepared = schedules.prepare(target.value, factor)
            return Val(self.bind(prepared, ("tiers", target.value, factor)), expr.type), common
        if isinstance(target, Column):
            number = self.numbering.variant(target, ("tiers", factor))
            if number not in self.memo:
                self.memo[number] = self.stored(self._column(target, factor))
            return self.memo[number], common
        raw = self.emit(expr)
        v = self.stored(self.strict(expr.type, (expr,), lambda v: f"T.prepare({v[0].code}, {factor})"))
        return replace(v, fails=raw.fails), common
