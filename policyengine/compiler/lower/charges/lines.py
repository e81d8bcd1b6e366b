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
    return groups[0] if len(groups) == 1 else Call(types.LINES, "lines_all", groups)


def settled(lines: Expr, amount: Expr) -> Expr:
    """The same lines, so that they add up to a rounded amount: the difference goes to the last one."""
    return Call(types.LINES, "line_amount", (lines, amount))


def weighted(lines: Expr, weight: Expr) -> Expr:
    """Lines whose amounts by unit are multiplied, as their charge is."""
    return Call(types.LINES, "weighted_lines", (lines, weight))
