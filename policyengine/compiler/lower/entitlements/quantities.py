"""Typed arithmetic of metered quantities: numbers, and limits that may be `unlimited`.

Quantities are never negative, so what would fall below zero is zero, and the types say so.
"""

from __future__ import annotations

from dataclasses import replace
from math import lcm
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.known import constants
from policyengine.language.expression import arithmetic
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.hints import for_unit
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Value, Written
from policyengine.runtime.program import Call, Const, Expr
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import UNLIMITED, Limit, Number, Unit


def zero(unit: Unit) -> Const:
    money = any(arithmetic.is_currency(name) for name, _ in unit)
    return Const(Number(not money, unit, 1, 0, 0), 0)


def finest(unit: Unit) -> Number:
    """The type of a quantity that keeps every digit an answer may have."""
    return Number(False, unit, 10**types.DIGITS_MAX, 0, 0)


def unlimited(unit: Unit) -> Const:
    return Const(Limit(Number(True, unit, 1, 0, 0)), UNLIMITED)


def number(context: Context, value: Value, scope: Scope, unit: Unit | None, field: str) -> Expr:
    """A quantity of a field: a number that is never negative and no quotient."""
    expr = context.number(value, scope, unit)
    if isinstance(expr.type, types.Quotient):
        raise Rejected(expression_say.quotient_escapes("an entitlement", value.span))
    assert isinstance(expr.type, Number)
    if expr.type.lo < 0:
        raise Rejected(say.amount_may_be_negative(field, value.span))
    return expr


def limit(context: Context, value: Value, scope: Scope, unit: Unit, field: str = "limit") -> Expr:
    """A limit of a field: a number or `unlimited`; one that is computed is never below zero, a negative one that is
    written is refused."""
    if isinstance(value, Written) and value.scalar.text.strip() == UNLIMITED:
        return unlimited(unit)
    expr = context.in_unit(context.value(value, scope, unit=unit), unit, value)
    if any(known != UNLIMITED and known < 0 for known in _numbers(context, expr)):
        raise Rejected(say.negative_limit(field, value.span))
    return as_limit(expr, unit, value.span)


def _numbers(context: Context, expr: Expr) -> list[Any]:
    return constants(context, expr) if isinstance(expr.type, Number | Limit) else []


def as_limit(expr: Expr, unit: Unit, at: Span) -> Expr:
    """A number or a limit as a limit of this unit that is never below zero."""
    given = expr.type
    if isinstance(expr.type, Number):
        expr = arithmetic.with_unit(expr, unit)
        made = expr.type
        assert isinstance(made, Number)
        expr = Const(Limit(made), expr.value) if isinstance(expr, Const) else Call(Limit(made), "limit", (expr,))
    if not isinstance(expr.type, Limit) or expr.type.number.unit != unit:
        wanted = f"a number{f' of {types.unit_text(unit)}' if unit else ''}, or `unlimited`"
        raise Rejected(expression_say.expected_type(wanted, given, at, _of_another_unit(unit, given)))
    return floored(expr, at) if expr.type.number.lo < 0 else expr


def _of_another_unit(unit: Unit, given: types.Type) -> str | None:
    number = given.number if isinstance(given, Limit) else given
    return for_unit(unit, number.unit) if isinstance(number, Number) else None


def floored(expr: Expr, at: Span) -> Expr:
    """A limit, or zero where it is below."""
    assert isinstance(expr.type, Limit)
    made = arithmetic.extreme("max", [expr, zero(expr.type.number.unit)], at)
    assert isinstance(made.type, Limit)
    return replace(made, type=Limit(replace(made.type.number, lo=0, hi=max(0, made.type.number.hi))))


def less(of: Expr, part: Expr, at: Span) -> Expr:
    """A limit less a number, zero where that is below."""
    return floored(arithmetic.subtract(of, part, at), at)


def more(a: Expr, b: Expr) -> Expr:
    """The sum of two limits, or of a limit and a number."""
    p, q = (x.type.number if isinstance(x.type, Limit) else x.type for x in (a, b))
    assert isinstance(p, Number)
    assert isinstance(q, Number)
    den = lcm(p.den, q.den)
    x, y = types.rescaled(p, den), types.rescaled(q, den)
    return Call(Limit(Number(p.integer and q.integer, p.unit, den, x.lo + y.lo, x.hi + y.hi)), "limit_add", (a, b))


def times(of: Expr, factor: Expr) -> Expr:
    """A limit times a number that is never negative."""
    assert isinstance(of.type, Limit)
    p, q = of.type.number, factor.type
    assert isinstance(q, Number)
    lo, hi = arithmetic.corners(p.lo, p.hi, q.lo, q.hi)
    unit = types.unit_product(p.unit, q.unit)
    return Call(Limit(Number(p.integer and q.integer, unit, p.den * q.den, lo, hi)), "limit_multiply", (of, factor))


def cut(of: Expr, like: Number) -> Expr:
    """A limit without the digits that a quantity of this type does not have: it never allows more."""
    assert isinstance(of.type, Limit)
    p = of.type.number
    if like.den % p.den == 0:
        return of
    made = Number(like.integer, p.unit, like.den, p.lo * like.den // p.den, p.hi * like.den // p.den)
    return Call(Limit(made), "limit_cut", (of,))


def within(amount: Expr, most: Expr) -> Expr:
    """The less of a number and a limit: a number."""
    p = amount.type
    assert isinstance(p, Number)
    assert isinstance(most.type, Limit)
    q = most.type.number
    den = lcm(p.den, q.den)
    low = min(types.rescaled(p, den).lo, types.rescaled(q, den).lo)
    made = Number(p.integer and den == 1, p.unit, den, low, types.rescaled(p, den).hi)
    return Call(made, "within", (amount, most))


def minus(a: Expr, b: Expr, at: Span) -> Expr:
    """A number less another that is known to be no greater."""
    made = arithmetic.subtract(a, b, at)
    assert isinstance(made.type, Number)
    return replace(made, type=replace(made.type, lo=max(0, made.type.lo), hi=max(0, made.type.hi)))


def compare(sign: str, a: Expr, b: Expr, at: Span) -> Expr:
    return arithmetic.compare(sign, a, b, at)


def is_over(a: Expr, at: Span) -> Expr:
    """Whether a limit or a number is above zero."""
    unit = a.type.number.unit if isinstance(a.type, Limit) else getattr(a.type, "unit", ())
    return compare(">", a, zero(unit), at)
