"""Why not: the cells of a row that failed, with what they wanted and what they found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.runtime.answers import explain
from policyengine.runtime.exact import exact
from policyengine.runtime.failure import Failure
from policyengine.runtime.meaning.interpreter import Trace, evaluated
from policyengine.runtime.meaning.operations import tier_of
from policyengine.runtime.program import Call, Node, Program, Row, TableData, walk
from policyengine.runtime.tables import cells
from policyengine.values import types
from policyengine.values.civil import date_text
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.types import Type


@dataclass(frozen=True, slots=True)
class FailedCell:
    """One condition that was not met: the column, what the row wants and what the facts gave."""

    column: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.column} wants {self.wanted}, found {self.found}"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a row, a tier or a guard did not decide; without failed cells it did, or another row went before it."""

    path: str
    reason: str
    cells: tuple[FailedCell, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.path}: {self.reason}", *(f"  {cell}" for cell in self.cells)])


def why_not(program: Program, trace: Trace, facts: Any, tenant: str | None, path: str) -> WhyNot:
    """Explain the silence of `table.row`, `charge.tiers.N` or a guard; raises InvalidInput for an unknown path."""
    owner, _, rest = path.partition(".")
    if owner in program.tables and rest:
        return _row(program, trace, facts, tenant, owner, rest)
    if rest.startswith("tiers.") and f"{owner}.tiers" in program.nodes:
        return _tier(program, trace, owner, rest.removeprefix("tiers."))
    if owner in program.effects and not rest:
        return _guard(program, trace, facts, tenant, owner)
    known = [f"{t.name}.{t.ids[0]}" for t in program.tables.values() if t.ids][:5]
    raise InvalidInput(f"`{path}` is no row, tier or guard of this policy", "path", f"such as {', '.join(known)}")


def _row(program: Program, trace: Trace, facts: Any, tenant: str | None, owner: str, row_id: str) -> WhyNot:
    path = f"{owner}.{row_id}"
    table = program.tables[owner]
    if row_id not in table.ids:
        raise InvalidInput(f"the table `{owner}` has no row `{row_id}`", "path", f"it has {', '.join(table.ids[:8])}")
    rows = [i for i, own in enumerate(table.ids) if own == row_id]
    found = _selection(program, owner)
    if found is None or found[0].name not in trace.values:
        return WhyNot(path, "the table was not asked for this decision")
    node, selection = found
    chosen = trace.values[node.name]
    if chosen is None:
        return WhyNot(path, "the table was not asked: a fact that it reads is absent")
    if chosen in rows or (isinstance(chosen, tuple) and set(rows) & set(chosen)):
        return WhyNot(path, "it did answer")
    values = [evaluated(program, trace, facts, tenant, key) for key in selection.keys]
    at = None if selection.at is None else evaluated(program, trace, facts, tenant, selection.at)
    failed = tuple(_failed(table, rows[-1], values, at))
    if failed:
        return WhyNot(path, "its conditions were not met", failed)
    other = table.ids[chosen] if isinstance(chosen, int) else "another row"
    return WhyNot(path, f"its conditions were met, but `{other}` goes before it under `hit: {table.hit}`")


def _selection(program: Program, owner: str) -> tuple[Node, Row] | None:
    for node in program.nodes.values():
        if node.cite == "row":
            for expr in walk(node.expr):
                if isinstance(expr, Row) and expr.table == owner:
                    return node, expr
    return None


def _failed(table: TableData, row: int, values: list[Any], at: Any) -> Iterator[FailedCell]:
    for number, (column, key, key_type) in enumerate(zip(table.conditions, values, table.keys, strict=True)):
        name = table.names[number] if number < len(table.names) else f"condition {number + 1}"
        if isinstance(key, Failure):
            yield FailedCell(name, cell_text(column[row], key_type), f"failed: {key.message}")
        elif not cells.accepts(column[row], key, partial(exact, its_type=key_type)):
            yield FailedCell(name, cell_text(column[row], key_type), value_text(key, key_type))
    if table.starts and isinstance(at, int):
        start, end = table.starts[row], table.ends[row]
        if start is not None and at < start:
            yield FailedCell("at", f"from {Timestamp(start)}", str(Timestamp(at)))
        if end is not None and at >= end:
            yield FailedCell("at", f"before {Timestamp(end)}", str(Timestamp(at)))


def _tier(program: Program, trace: Trace, owner: str, number: str) -> WhyNot:
    path = f"{owner}.tiers.{number}"
    node = program.nodes[f"{owner}.tiers"]
    if node.name not in trace.values:
        return WhyNot(path, "the charge was not asked for this decision")
    assert isinstance(node.expr, Call)
    schedule, quantity = explain.argument(node.expr.arguments[0], trace), trace.values[f"{owner}.tiers.quantity"]
    if schedule is None or isinstance(quantity, Failure) or not number.isdigit():
        return WhyNot(path, "the quantity is not known")
    if not 1 <= int(number) <= len(schedule[0]):
        raise InvalidInput(f"`{owner}` has {len(schedule[0])} tiers", "path")
    low = schedule[0][int(number) - 2] if int(number) > 1 else 0
    reached = tier_of(schedule, quantity) + 1
    wanted = FailedCell("quantity", f"more than {explain.decimal(low)}", str(explain.decimal(quantity)))
    if reached < int(number):
        return WhyNot(path, f"the quantity ends in tier {reached}", (wanted,))
    return WhyNot(path, "the quantity reaches it, or had passed it before")


def _guard(program: Program, trace: Trace, facts: Any, tenant: str | None, name: str) -> WhyNot:
    if name not in trace.values:
        return WhyNot(name, "the guard was not asked for this decision")
    if trace.values[name] is True:
        return WhyNot(name, "it did speak")
    found = []
    for expr in walk(program.nodes[name].expr):
        if isinstance(expr, Call) and expr.function in _COMPARISONS:
            left, right = (evaluated(program, trace, facts, tenant, a) for a in expr.arguments)
            if evaluated(program, trace, facts, tenant, expr) is False:
                texts = [value_text(v, a.type) for v, a in zip((left, right), expr.arguments, strict=True)]
                found.append(FailedCell(texts[0], f"{_COMPARISONS[expr.function]} {texts[1]}", "it is not"))
    return WhyNot(name, "its condition is false", tuple(found))


_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}


def cell_text(cell: Any, its_type: Type) -> str:
    """A condition cell as authors write it."""
    match cell:
        case None:
            return "anything"
        case ("any", *inner):
            return " or ".join(cell_text(c, its_type) for c in inner)
        case ("not", inner):
            return f"not {cell_text(inner, its_type)}"
        case ("range", None, _, high, high_in):
            return f"{'<=' if high_in else '<'} {_held_text(high, its_type)}"
        case ("range", low, low_in, None, _):
            return f"{'>=' if low_in else '>'} {_held_text(low, its_type)}"
        case ("range", low, low_in, high, high_in):
            inside = f"{_held_text(low, its_type)}..{_held_text(high, its_type)}"
            return f"{'[' if low_in else '('}{inside}{']' if high_in else ')'}"
        case (form, text):
            return f"{form} `{text}`"
    return _held_text(cell, its_type)


def _held_text(value: Any, its_type: Type) -> str:
    return value_text(exact(value, its_type), its_type)


def value_text(value: Any, its_type: Type) -> str:
    """An exact value as people read it."""
    if isinstance(value, Failure):
        return f"failed: {value.message}"
    if value is None:
        return "absent"
    if its_type == types.TIMESTAMP:
        return str(Timestamp(value))
    if its_type == types.DATE:
        return date_text(value)
    if its_type == types.DURATION:
        return str(Duration(value))
    if isinstance(value, bool | str):
        return str(value).lower() if isinstance(value, bool) else value
    return str(explain.decimal(value))
