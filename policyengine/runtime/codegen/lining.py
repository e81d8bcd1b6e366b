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

from policyengine.runtime.answers import explain
from policyengine.runtime.answers.explain import quotient
from policyengine.runtime.codegen.of_state import OfState
from policyengine.runtime.codegen.writer import TooDeep, Val, is_pair
from policyengine.runtime.exact import exact
from policyengine.runtime.meaning.interpreter import needed
from policyengine.runtime.meaning.operations import OPERATIONS
from policyengine.runtime.program import Call, Const, Entry, Program
from policyengine.runtime.tables.schedules import Prepared, bisect_left, graduated_flat
from policyengine.values import types
from policyengine.values.types import Number, Type

Lines = list[dict[str, Any]]
FindLines = Callable[[Sequence[Any]], tuple[Lines, ...] | None]
"""The lines of each output that has lines, by a decision's state; None where only the interpreter can tell."""


def generate(program: Program, entry: Entry) -> FindLines | None:
    """The function that lists the lines of an entry point, if there can be one."""
    outputs = tuple((name, node) for name, node in entry.outputs if program.nodes[node].deferred)
    listed = replace(entry, outputs=outputs, guards=(), requires=(), checks=())
    try:
        writer = _Lining(program, listed, entry)
        if writer.metered:
            return None
        found: FindLines = writer.compiled({})
    except (TooDeep, RecursionError):
        return None
    return found


class _Lining(OfState):
    def __init__(self, program: Program, entry: Entry, answered: Entry) -> None:
        super().__init__(program, entry, answered, needed(program, entry))
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
        dens = tiers.type.rate.den, tiers.type.flat.den, amount.type.den
        run = self.bind(graduated_lines(*dens), ("graduated lines", *dens))

        def build(found: list[Val]) -> str:
            return f"{run}({schedule.code}, {', '.join(v.code for v in found)})"

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


def graduated_lines(rate_den: int, flat_den: int, due_den: int) -> Callable[..., Lines]:
    """What lists a line for each tier that the growth of a whole quantity touches, for these denominators of rates, of
    flat amounts and of what is due.

    It is `line_amount` of `tier_lines`, as callers see it: what rounding changed stands in the last line.
    """
    common = lcm(rate_den, flat_den, due_den)
    by_rate, by_flat, by_due = common // rate_den, common // flat_den, common // due_den
    shown = lru_cache(maxsize=4096)(partial(quotient, d=rate_den))

    def listed(s: Prepared, charge: str, start: int, end: int, at_zero: bool, begun: bool, due: int) -> Lines:
        edges, rates, flats = s[:3]
        first, last = bisect_left(edges, start), bisect_left(edges, end)
        has_flats = any(flats)
        if first == last and not has_flats:
            if start == end:
                return []
            return [
                {
                    "charge": charge,
                    "tier": first + 1,
                    "quantity": end - start,
                    "unit_amount": shown(rates[first]),
                    "amount": quotient(due, due_den),
                }
            ]
        if first > last:
            first, last = last, first
        left, own = due * by_due, 0
        line: dict[str, Any] | None = None
        lines: Lines = []
        for tier in range(first, last + 1):
            low, high = _inside(edges, tier, start), _inside(edges, tier, end)
            flat = 0
            if has_flats:
                flat = graduated_flat(s, high, at_zero) - graduated_flat(s, low, begun if low == start else at_zero)
            if high == low and not flat:
                continue
            if line is not None:
                line["amount"] = quotient(own, common)
                left -= own
            line = {"charge": charge, "tier": tier + 1, "quantity": high - low, "unit_amount": shown(rates[tier])}
            if flat:
                line["flat_amount"] = quotient(flat, flat_den)
            lines.append(line)
            own = (high - low) * rates[tier] * by_rate + flat * by_flat
        if line is not None:
            line["amount"] = quotient(left, common)
        return lines

    return listed


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
