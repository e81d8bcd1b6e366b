"""What a charge prices: the quantity before and after, transformed and less the free quantity.

A charge is the growth of a cumulative price, so every step is applied to the cumulative quantity before this slice and
to the one after it, and the model prices both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge, Transform
from policyengine.language.expression import arithmetic
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Value
from policyengine.runtime.program import Call, Const, Expr
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number, Unit


@dataclass(frozen=True, slots=True)
class Quantities:
    """The cumulative quantities that are priced.

    `sign` is -1 or 1 where a negative quantity mirrors the price; `falls` says that the one after may be less;
    `free` is what was taken off.
    """

    before: Expr | None
    after: Expr
    unit: Unit
    sign: Expr | None = None
    falls: bool = False
    free: Expr | None = None


def read(context: Context, charge: Charge, scope: Scope) -> Quantities:
    """The quantities of a charge by units: transform, then free quantity."""
    assert charge.quantity is not None
    name = charge.name
    quantity, sign = _signed(context, charge, scope, charge.quantity, falls=charge.already_rated is not None)
    quantity = context.add(f"{name}.quantity", quantity, name, "charges", charge.at)
    context.define(f"{name}.quantity", quantity)
    falls = isinstance(quantity.type, Number) and quantity.type.lo < 0
    unit: Unit = unit_of(quantity)
    before: Expr | None = None
    after = quantity
    if charge.already_rated is not None:
        before = not_negative(context.number(charge.already_rated, scope, unit), charge.already_rated.span)
        after = _checked(arithmetic.add([before, quantity], charge.at))
    if charge.quantity_transform is not None:
        after = _transformed(context, charge.quantity_transform, after, scope)
        before = None if before is None else _transformed(context, charge.quantity_transform, before, scope)
        unit = unit_of(after)
    free: Expr | None = None
    if charge.free_quantity is not None:
        free = not_negative(context.number(charge.free_quantity, scope, unit), charge.free_quantity.span)
        _free_used(context, charge, before, after, free)
        after = beyond(after, free, charge.at)
        before = None if before is None else beyond(before, free, charge.at)
    billed = after if before is None else arithmetic.subtract(after, before, charge.at)
    context.define(
        f"{name}.billed_quantity", context.add(f"{name}.billed_quantity", billed, name, "charges", charge.at)
    )
    return Quantities(before, after, unit, sign, falls, free)


def base(context: Context, charge: Charge, scope: Scope) -> Quantities:
    """The amounts that a percentage is taken of, less the free amount."""
    assert charge.base is not None
    money = context.money
    after = not_negative(context.number(charge.base, scope, money), charge.base.span)
    before: Expr | None = None
    if charge.already_rated is not None:
        before = not_negative(context.number(charge.already_rated, scope, money), charge.already_rated.span)
        after = arithmetic.add([before, after], charge.at)
    if charge.free_amount is not None:
        free = not_negative(context.number(charge.free_amount, scope, money), charge.free_amount.span)
        after = beyond(after, free, charge.at)
        before = None if before is None else beyond(before, free, charge.at)
    return Quantities(before, after, money)


def _checked(total: Expr) -> Expr:
    """A cumulative quantity: what falls back below zero is an evaluation error."""
    assert isinstance(total.type, Number)
    if total.type.lo >= 0:
        return total
    return Call(replace(total.type, lo=0), "bounded", (total,), may_fail=True)


def _signed(context: Context, charge: Charge, scope: Scope, value: Value, falls: bool) -> tuple[Expr, Expr | None]:
    """A quantity by what the charge says of negative ones; beside `already_rated` a quantity may fall."""
    quantity = context.number(value, scope)
    if isinstance(quantity.type, types.Quotient):
        raise Rejected(expression_say.quotient_escapes("a quantity", value.span))
    if charge.negative_quantity is None:
        return (quantity if falls else not_negative(quantity, value.span)), None
    zero = zero_of(quantity)
    if charge.negative_quantity == "zero":
        return arithmetic.narrowed(arithmetic.extreme("max", [quantity, zero], value.span), lo=0), None
    negative = arithmetic.compare("<", quantity, zero, value.span)
    one, minus = arithmetic.number(1), arithmetic.number(-1)
    return arithmetic.absolute(quantity, value.span), arithmetic.choose(negative, minus, one, value.span)


def _transformed(context: Context, transform: Transform, quantity: Expr, scope: Scope) -> Expr:
    if transform.multiply is not None:
        quantity = arithmetic.multiply([quantity, context.number(transform.multiply, scope)], transform.at)
    if transform.divide is not None:
        quantity = arithmetic.divide(quantity, context.number(transform.divide, scope), transform.at)
    return not_negative(context.rounded(quantity, transform.round, scope), transform.at)


def _free_used(context: Context, charge: Charge, before: Expr | None, after: Expr, free: Expr) -> None:
    used = arithmetic.extreme("min", [after, free], charge.at)
    if before is not None:
        used = arithmetic.subtract(used, arithmetic.extreme("min", [before, free], charge.at), charge.at)
    name = f"{charge.name}.free_used"
    context.define(name, context.add(name, used, charge.name, "charges", charge.at))


def beyond(quantity: Expr, free: Expr, at: Span) -> Expr:
    """What of a cumulative quantity lies beyond the free one."""
    rest = arithmetic.extreme("max", [arithmetic.subtract(quantity, free, at), zero_of(quantity)], at)
    return arithmetic.narrowed(rest, lo=0)


def not_negative(quantity: Expr, at: Span) -> Expr:
    if isinstance(quantity.type, types.Quotient):
        raise Rejected(expression_say.quotient_escapes("a quantity", at))
    assert isinstance(quantity.type, Number)
    if quantity.type.lo < 0:
        raise Rejected(say.quantity_may_be_negative(at))
    return quantity


def unit_of(quantity: Expr) -> Unit:
    assert isinstance(quantity.type, Number | types.Quotient)
    return quantity.type.unit


def zero_of(quantity: Expr) -> Expr:
    return arithmetic.with_unit(arithmetic.number(0), unit_of(quantity))


__all__ = ["Call", "Const", "Quantities", "base", "beyond", "not_negative", "read", "unit_of", "zero_of"]
