"""Slices of a period: which one this is, and what the earlier ones have rated and billed."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import Any_, Call, Const, Expr
from policyengine.values import types

POSITIONS = ("first", "middle", "last", "only")
YES, NO = Const(types.BOOL, True), Const(types.BOOL, False)


def closes(context: Context, charge: Charge, scope: Scope) -> Expr:
    """Whether this is the last slice of its period, in which a minimum falls due."""
    return _is_one_of(context, charge, scope, ("last", "only"))


def follows(context: Context, charge: Charge, scope: Scope) -> Expr:
    """Whether there was a slice of this period before, in which what is due at zero was charged."""
    return _is_one_of(context, charge, scope, ("middle", "last"))


def _is_one_of(context: Context, charge: Charge, scope: Scope, words: tuple[str, str]) -> Expr:
    """Whether `position` is one of two words; without it the slice is the only one."""
    if charge.position is None:
        return Const(types.BOOL, "only" in words)
    text = charge.position.scalar.text.strip()
    if text in POSITIONS:
        return Const(types.BOOL, text in words)
    position = context.expression(charge.position, scope, types.Enum("", POSITIONS))
    if not types.is_text(position.type):
        raise Rejected(say.not_a_position(charge.position.span))
    tests = tuple(Call(types.BOOL, "eq", (position, Const(types.STRING, word))) for word in words)
    return Any_(types.BOOL, tests)


def either(condition: Expr, then: Expr, otherwise: Expr, charge: Charge) -> Expr:
    """One of two values, without a question where the answer is known."""
    if isinstance(condition, Const):
        return then if condition.value else otherwise
    return arithmetic.choose(condition, then, otherwise, charge.at)


def billed(context: Context, charge: Charge, scope: Scope) -> Expr | None:
    """What earlier slices of the period have billed; None where there are none."""
    if charge.already_billed is not None:
        return context.number(charge.already_billed, scope, context.money)
    if charge.already_rated is not None:
        raise Rejected(say.needs_already_billed(charge.at))
    return None
