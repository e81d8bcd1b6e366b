"""Why: reasons and texts of a decision, from the trace of the reference interpreter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from policyengine.runtime.answers.reason import Reason
from policyengine.runtime.exact import exact
from policyengine.runtime.failure import Failure
from policyengine.runtime.given.leaf_readers import DECIMAL128
from policyengine.runtime.meaning.interpreter import Trace
from policyengine.runtime.meaning.operations import tier_of
from policyengine.runtime.program import Call, Const, Entry, Expr, Node, Program, Read
from policyengine.values import types
from policyengine.values.civil import date_text
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.number_text import fraction_text, shortest, to_decimal
from policyengine.values.types import Type

if TYPE_CHECKING:
    from policyengine.runtime.answers.decision import Decision


_divided = DECIMAL128.divide


def decimal(value: Fraction | int) -> Decimal | str:
    """A number as a Decimal; one without an end of digits as the text of its fraction."""
    return quotient(value.numerator, value.denominator)


def quotient(n: int, d: int) -> Decimal | str:
    """n / d as `decimal` shows it."""
    if d == 1:
        return Decimal(n)
    try:
        return _divided(n, d)
    except ArithmeticError:  # more digits, or no end of them
        found = shortest(n, d)
    if found is None:
        return fraction_text(n, d)
    digits, places = found
    shown = -int(digits) if n < 0 else int(digits)
    return to_decimal(shown, places) if places >= 0 else Decimal(shown * 10**-places)


def lines(values: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a charge as callers see them."""
    return [
        {name: decimal(v) if isinstance(v, Fraction) else v for name, v in line.items()} for line in values
    ]  # fmt: skip


def demanded(program: Program, entry: Entry, trace: Trace) -> list[str]:
    """The nodes whose value the answer really used, in the order of evaluation."""
    wanted = [node for _, node in entry.outputs] + [*entry.guards, *entry.requires]
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in seen:
            seen.add(name)
            wanted += trace.demanded[name]
    return [name for name in trace.values if name in seen]


def reasons(program: Program, entry: Entry, trace: Trace) -> tuple[Reason, ...]:
    """Everything that decided, but for what guards and entitlements say: those have `spoken`."""
    nodes = [program.nodes[name] for name in demanded(program, entry, trace)]
    return tuple(dict.fromkeys(reason for node in nodes for reason in _of_node(program, node, trace)))


def sayings(program: Program, entry: Entry) -> dict[str, Reason]:
    """What each guard that fires and each entitlement that refuses says, before expressions in it are filled in."""

    def said(node: str, name: str, kind: str) -> Reason:
        return Reason(name, kind, program.places.get(node, ""), program.reasons.get(node, ""))

    refusals = {node: said(node, program.nodes[node].owner, "entitlement") for node in entry.requires}
    return refusals | {guard: said(guard, guard, "guard") for guard in entry.guards}


def is_filled(program: Program, node: str) -> bool:
    """Whether there are expressions in what a guard or an entitlement says."""
    return f"{node}.reason" in program.nodes


def filled(program: Program, node: str, saying: Reason, trace: Callable[[], Trace]) -> Reason:
    """A saying with the values of this decision; one without expressions as it is."""
    if not is_filled(program, node):
        return saying
    text = trace().values.get(f"{node}.reason")
    return replace(saying, text=text) if isinstance(text, str) else saying


def _of_node(program: Program, node: Node, trace: Trace) -> Iterator[Reason]:
    value = trace.values[node.name]
    if isinstance(value, Failure) or value is None:
        return
    for table, row in trace.rows.get(node.name, ()):
        if "@" not in table:  # a keyed or dated value in a field has no name of its own
            yield of_row(program, table, row)
    match node.cite:
        case "parameter":
            yield Reason(node.owner, "parameter", program.places.get(node.name, ""))
        case "condition" if value is True:
            yield Reason(node.owner, "condition", program.places.get(node.name, ""))
        case "tiers":
            yield from _tiers(program, node, trace)
    if node.name in trace.overrides:
        yield of_override(program, trace.overrides[node.name])


def of_row(program: Program, table: str, row: int) -> Reason:
    """A row of a table that authors have named."""
    row_id = program.tables[table].ids[row]
    path = f"{table}.{row_id}" if row_id else table
    kind = "parameter" if program.nodes.get(f"{table}@row") else "row"
    return Reason(path, kind, program.places.get(path, program.places.get(table, "")))


def of_override(program: Program, number: int) -> Reason:
    """An override with the reason that its author has given."""
    override_id, reason = program.override_ids[number]
    return Reason(override_id, "override", program.places.get(f"override {override_id}", ""), reason)


def _tiers(program: Program, node: Node, trace: Trace) -> Iterator[Reason]:
    """Every tier from the one where the rated quantity stood to the one that is reached now."""
    if node.name.endswith(".tiers_before"):
        return
    assert isinstance(node.expr, Call)
    schedule, end = argument(node.expr.arguments[0], trace), argument(node.expr.arguments[1], trace)
    start = trace.values.get(f"{node.name}_before.quantity", 0)
    if any(isinstance(v, Failure) or v is None for v in (schedule, start, end)):
        return
    first, last = tier_of(schedule, start), tier_of(schedule, end)
    if node.expr.function == "volume":
        first = last
    elif end > start and schedule[0][first] == start:
        first += 1  # a quantity exactly at the end of a tier has used that tier up
    place = program.places.get(node.name, "")
    for tier in range(min(first, last), max(first, last) + 1):
        path = f"{node.name}.{tier + 1}"
        yield Reason(path, "tier", program.places.get(path, place))


def argument(expr: Expr, trace: Trace) -> Any:
    """The value of a constant or of a node that an expression reads, None of anything else."""
    if isinstance(expr, Read):
        return trace.values.get(expr.node)
    return exact(expr.value, expr.type) if isinstance(expr, Const) else None


# --------------------------------------------------------------------------------------------------------------- text


def text(decision: Decision, program: Program, entry: Entry, trace: Trace) -> str:
    """The decision for a person: the answer, then the reasons, then how each value came about."""
    out = [f"{decision.name} of {decision.policy}: {decision.effect}"]
    if decision.tenant is not None:
        out[0] += f", tenant {decision.tenant}"
    if decision.at is not None:
        out[0] += f", at {Timestamp(decision.at)}"
    for name, value in decision.outputs.items():
        out += _shown(name, value, _unit(program, dict(entry.outputs)[name]))
    found = decision.rationale
    if found:
        out.append("because")
        width = max(len(r.path) for r in found)
        out += [f"  {r.path:<{width}}  {r.kind:<9} {r.place}{': ' + r.text if r.text else ''}" for r in found]
    out.append("values")
    names = [n for n in demanded(program, entry, trace) if not program.nodes[n].deferred]
    width = max((len(n) for n in names), default=0)
    for name in names:
        out.append(f"  {name:<{width}}  {value_text(trace.values[name], program.nodes[name], program)}")
    return "\n".join(out)


def _shown(name: str, value: Any, unit: str) -> list[str]:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [f"  {name}:"] + ["    " + ", ".join(f"{k} {v}" for k, v in line.items()) for line in value]
    return [f"  {name} = {value}{' ' + unit if unit else ''}"]


def _unit(program: Program, node: str) -> str:
    its_type = program.nodes[node].type
    return types.unit_text(its_type.unit) if isinstance(its_type, types.Number) else ""


def value_text(value: Any, node: Node, program: Program) -> str:
    """A node's value as people read it."""
    if isinstance(value, Failure):
        return f"failed: {value.message}"
    its_type = node.type.item if isinstance(node.type, types.Optional) else node.type
    if value is not None and its_type == types.Simple("row"):
        return f"row {program.tables[node.owner].ids[value]}"
    return typed_text(value, its_type)


def typed_text(value: Any, its_type: Type) -> str:
    """A value as people read it: amounts with their unit, times as text, records and lists by their members."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    match its_type:
        case types.Optional(item=item):
            return typed_text(value, item)
        case types.Number(unit=unit) | types.Quotient(unit=unit):
            return f"{decimal(value)} {types.unit_text(unit)}".rstrip()
        case types.TIMESTAMP:
            return str(Timestamp(value))
        case types.DATE:
            return date_text(value)
        case types.DURATION:
            return str(Duration(value))
        case types.Tiers():
            return f"{len(value[0])} tiers"
        case types.Record(fields=fields):
            return ", ".join(f"{name} {typed_text(part, t)}" for (name, t), part in zip(fields, value, strict=True))
        case types.List(item=item):
            between = "; " if isinstance(item, types.Record) else ", "
            return "[" + between.join(typed_text(part, item) for part in value) + "]"
    return str(decimal(value)) if isinstance(value, Fraction) else str(value)
