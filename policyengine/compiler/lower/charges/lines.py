"""The lines of a charge: shown on a bill, never computed with."""

from __future__ import annotations

from policyengine.runtime.program import Call, Const, Expr
from policyengine.values import types

MISSING = Const(types.Optional(types.NEVER), None)


def line(name: str, quantity: Expr | None, unit_amount: Expr | None, amount: Expr) -> Expr:
    """One line: what was charged, how much of it, at which price."""
    parts = (Const(types.STRING, name), quantity or MISSING, unit_amount or MISSING, amount)
    return Call(types.LINES, "line", parts)


def adjustment(name: str, kind: str, amount: Expr) -> Expr:
    """A line for what a discount, a minimum, a credit or a tax changes; none where it changes nothing."""
    parts = (Const(types.STRING, name), Const(types.STRING, kind), amount)
    return Call(types.LINES, "adjustment_line", parts)


def joined(*groups: Expr) -> Expr:
    """All lines of these groups; one that is empty is left out."""
    kept = [g for g in groups if not (isinstance(g, Const) and g.value == ())]
    if not kept:
        return Const(types.LINES, ())
    return kept[0] if len(kept) == 1 else Call(types.LINES, "lines_all", tuple(kept))


def settled(lines: Expr, amount: Expr) -> Expr:
    """The same lines, so that they add up to a rounded amount: the difference goes to the last one."""
    return Call(types.LINES, "line_amount", (lines, amount))


def weighted(lines: Expr, weight: Expr) -> Expr:
    """Lines whose amounts by unit are multiplied, as their charge is."""
    return Call(types.LINES, "weighted_lines", (lines, weight))


def by_unit(lines: Expr) -> Expr:
    """Lines without their flat amounts."""
    return Call(types.LINES, "unit_lines", (lines,))
