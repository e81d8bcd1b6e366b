"""The lines of a decision by generated code: what the interpreter would list, without a trace.

Lines are listed when they are asked for, from the facts of the decision, as callers see them. Amounts are computed over
ints as everywhere in generated code. The lines of tiers are made from these at once; for any others, what goes into a
line is brought to the exact numbers that the operations of lines take, which both evaluators share. Whatever fails on
the way is left to the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial
from math import lcm
from typing import Any

from policyengine.runtime import explain
from policyengine.runtime.codegen.generator import Generator
from policyengine.runtime.codegen.writer import TooDeep, Val, is_pair
from policyengine.runtime.exact import exact
from policyengine.runtime.explain import quotient
from policyengine.runtime.interpreter import needed
from policyengine.runtime.meaning import OPERATIONS
from policyengine.runtime.program import Call, Const, Entry, Program
from policyengine.runtime.schedules import Prepared, bisect_left, graduated_flat
from policyengine.values import types
from policyengine.values.types import Number, Type

Lines = list[dict[str, Any]]
FindLines = Callable[[Sequence[Any], Any], dict[str, Lines] | None]
"""The lines by an output's node, of held facts and the tenant's cells; None where only the interpreter can tell."""


def generate(program: Program, entry: Entry) -> FindLines | None:
    """The function that lists the lines of an entry point, if there can be one."""
    outputs = tuple((name, node) for name, node in entry.outputs if program.nodes[node].deferred)
    listed = replace(entry, outputs=outputs, guards=(), requires=(), checks=())
    try:
        writer = _Lining(program, listed)
        if writer.metered:
            return None
        found = writer.compiled({})
    except (TooDeep, RecursionError):
        return None
    nodes = [node for _, node in outputs]

    def lines(facts: Sequence[Any], cells: Any) -> dict[str, Lines] | None:
        listed = found(facts, cells)
        return None if listed is None else dict(zip(nodes, listed, strict=True))

    return lines


class _Lining(Generator):
    def __init__(self, program: Program, entry: Entry) -> None:
        super().__init__(program, entry, needed(program, entry), leaves=True)
        self.leave = "return None"
        self.names["Q"] = Fraction
        self.names["SHOW"] = explain.lines

    def is_later(self, name: str) -> bool:
        return False

    def _operation(self, expr: Call) -> Val:
        if expr.type != types.LINES:
            return super()._operation(expr)
        run = self.bind(partial(OPERATIONS[expr.function], expr))
        return self.strict(expr.type, expr.arguments, lambda found: f"{run}({', '.join(map(self._exact, found))})")

    def result(self, name: str) -> Val:
        expr = self.behind(self.program.nodes[name].expr)
        if isinstance(expr, Call) and _is_graduated(expr):
            return self._graduated(expr)
        lines = self.read(name)
        return replace(lines, code=f"SHOW({lines.code})", depth=1)

    def _graduated(self, expr: Call) -> Val:
        listed, amount = expr.arguments
        assert isinstance(listed, Call)
        charge, tiers, start, end, _, _, at_zero, begun = listed.arguments
        assert isinstance(tiers.type, types.Tiers)
        assert isinstance(amount.type, Number)
        schedule, _ = self.tiers(tiers, 1)
        dens = self.bind((tiers.type.rate.den, tiers.type.flat.den, amount.type.den))

        def build(found: list[Val]) -> str:
            return f"{run}({dens}, {schedule.code}, {', '.join(v.code for v in found)})"

        run = self.bind(graduated_lines, ("graduated lines",))
        return self.strict(expr.type, (charge, start, end, at_zero, begun, amount), build, beside=[schedule])

    def _exact(self, v: Val) -> str:
        """The code of an argument as the operations of lines take it."""
        its = v.type
        plain = its.item if isinstance(its, types.Optional) else its
        if isinstance(plain, Number) and not plain.integer:
            code = f"Q({v.code}, {plain.den})"
        elif is_pair(plain):
            code = f"Q({v.code}, {v.below})"
        elif _is_same(plain):
            return v.code
        else:
            code = f"{self.bind(_changed(plain), ('exact', plain))}({v.code})"
        return code if plain is its else f"(None if {v.code} is None else {code})"


def _is_graduated(expr: Call) -> bool:
    """Whether these are the lines of a whole quantity, graduated by whole bounds, with no factor on the rates."""
    if expr.function != "line_amount":
        return False
    listed, amount = expr.arguments
    if not isinstance(listed, Call) or listed.function != "tier_lines" or not isinstance(amount.type, Number):
        return False
    _, tiers, start, end, factor, mode, _, _ = listed.arguments
    assert isinstance(tiers.type, types.Tiers)
    is_plain = isinstance(factor, Const) and factor.value is None and mode == Const(types.STRING, "graduated")
    return is_plain and all(isinstance(t, Number) and t.integer for t in (start.type, end.type, tiers.type.bound))


def graduated_lines(
    dens: tuple[int, int, int],
    schedule: Prepared,
    charge: str,
    start: int,
    end: int,
    at_zero: bool,
    begun: bool,
    due: int,
) -> Lines:
    """A line for each tier that the growth of a whole quantity touches; what rounding changed stands in the last one.

    It is `line_amount` of `tier_lines`, as callers see it; `dens` are the denominators of rates, of flat amounts and of
    the amount that is due.
    """
    rate_den, flat_den, due_den = dens
    common = lcm(*dens)
    edges, rates = schedule[:2]
    first, last = sorted((bisect_left(edges, start), bisect_left(edges, end)))
    lines: Lines = []
    amounts: list[int] = []
    for tier in range(first, last + 1):
        low, high = _inside(edges, tier, start), _inside(edges, tier, end)
        flat = graduated_flat(schedule, high, at_zero)
        flat -= graduated_flat(schedule, low, begun if low == start else at_zero)
        if high == low and not flat:
            continue
        rate = rates[tier]
        line = {"charge": charge, "tier": tier + 1, "quantity": high - low, "unit_amount": quotient(rate, rate_den)}
        if flat:
            line["flat_amount"] = quotient(flat, flat_den)
        lines.append(line)
        amounts.append((high - low) * rate * (common // rate_den) + flat * (common // flat_den))
    if amounts:
        amounts[-1] = due * (common // due_den) - sum(amounts[:-1])
    for line, amount in zip(lines, amounts, strict=True):
        line["amount"] = quotient(amount, common)
    return lines


def _inside(edges: tuple[int, ...], tier: int, quantity: int) -> int:
    """The end of a tier that a quantity lies beyond, else the quantity."""
    if tier and quantity < edges[tier - 1]:
        return edges[tier - 1]
    return min(quantity, edges[tier]) if tier < len(edges) else quantity


def _is_same(its_type: Type) -> bool:
    """Whether values are held as the interpreter has them."""
    return isinstance(its_type, Number | types.Simple | types.Enum)


@lru_cache(maxsize=1024)
def _changed(its_type: Type) -> Callable[[Any], Any]:
    """What brings held values of a type to exact ones; the same tiers stand in many decisions."""
    change = partial(exact, its_type=its_type)
    return lru_cache(maxsize=4096)(change) if isinstance(its_type, types.Tiers) else change
