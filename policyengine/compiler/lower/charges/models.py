"""The charge models without tiers: flat, per_unit, package, percentage, pass_through, and the sum of charges."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import shares
from policyengine.compiler.lower.charges import lines, package_tiers, quantities, tiers
from policyengine.compiler.lower.charges.priced import Priced
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge
from policyengine.language.expression import arithmetic, syntax
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope, Variable
from policyengine.language.written import Value, Written
from policyengine.language.yaml import Scalar
from policyengine.runtime.program import Call, Expr
from policyengine.values import types

OTHER_QUANTITY = "another quantity"
"""A name that no author can write."""


def price(context: Context, charge: Charge, scope: Scope) -> Priced:
    """The growth of a charge's cumulative price, by its model."""
    match charge.charge_model:
        case "":
            return _sum(context, charge)
        case "flat":
            return _flat(context, charge, scope)
        case "per_unit":
            return _per_unit(context, charge, scope)
        case "package":
            return _package(context, charge, scope)
        case "percentage":
            return _percentage(context, charge, scope)
        case "pass_through":
            return _pass_through(context, charge, scope)
        case "tiered":
            return tiers.tiered(context, charge, scope)
        case "tiered_percentage":
            return tiers.tiered_percentage(context, charge, scope)
    raise AssertionError(f"the schema knows no model {charge.charge_model}")


def weighted(context: Context, charge: Charge, scope: Scope, priced: Priced) -> tuple[Expr, Expr]:
    """The amount and its lines; `weight` multiplies the part by units, never flat amounts."""
    units, shown = priced.units, priced.lines
    if charge.weight is not None:
        weight = context.number(charge.weight, scope, ())
        units = arithmetic.multiply([units, weight], charge.at)
        shown = lines.weighted(shown, weight)
    if priced.flat_lines is not None:
        shown = lines.joined(shown, priced.flat_lines)
    return (units if priced.flats is None else arithmetic.add([units, priced.flats], charge.at)), shown


def price_of(context: Context, charge: Charge, scope: Scope, quantity: Value) -> Expr:
    """What a charge that counts units makes of another billed quantity, alone in its period.

    The free quantity is left out: with it, more that is free could make what lies beyond a commitment dearer.
    """
    if charge.each is not None:
        raise Rejected(say.quantity_of_each(quantity.span))
    assert charge.quantity is not None
    counted = context.number(charge.quantity, scope)
    other = context.number(quantity, scope, quantities.unit_of(counted))
    inner = scope.binding(OTHER_QUANTITY, Variable(quantities.not_negative(other, quantity.span)))
    stands_for = Written(Scalar(None, quantity.span, "plain", ""), syntax.Name(0, 0, OTHER_QUANTITY))
    alone = dict.fromkeys(("already_rated", "position", "negative_quantity", "free_quantity", "free_quantity_as"))
    was_inline, context.inline = context.inline, True
    warned = len(context.lints)
    try:
        other_charge = charge.model_copy(update={**alone, "quantity": stands_for})
        return weighted(context, other_charge, inner, price(context, other_charge, inner))[0]
    finally:
        context.inline = was_inline
        del context.lints[warned:]  # the tiers are judged by the charge's own quantity


def _sum(context: Context, charge: Charge) -> Priced:
    """The sum of other charges; one that is absent adds nothing."""
    amounts: list[Expr] = []
    shown: list[Expr] = []
    for name, at in charge.sum:
        other = context.charges.get(name)
        if other is None:
            raise Rejected(say.not_a_charge(name, at, context.bundle.charges))
        amounts.append(context.or_zero(other.amount))
        shown.append(other.lines)
    return Priced(arithmetic.add(amounts, charge.at), None, lines.joined(*shown))


def _flat(context: Context, charge: Charge, scope: Scope) -> Priced:
    assert charge.flat_amount is not None
    amount = context.number(charge.flat_amount, scope, context.money)
    zero = arithmetic.number(0, context.money, integer=False)
    return Priced(zero, amount, lines.joined(), lines.line(charge.name, None, None, amount))


def _grown(found: quantities.Quantities, charge: Charge) -> Expr:
    """How much is billed now: after less before."""
    if found.before is None:
        return found.after
    return arithmetic.subtract(found.after, found.before, charge.at)


def _mirrored(amount: Expr, found: quantities.Quantities, charge: Charge) -> Expr:
    return amount if found.sign is None else arithmetic.multiply([amount, found.sign], charge.at)


def _per_unit(context: Context, charge: Charge, scope: Scope) -> Priced:
    assert charge.unit_amount is not None
    found = quantities.read(context, charge, scope)
    unit = types.unit_product(context.money, found.unit, -1)
    unit_amount = context.number(charge.unit_amount, scope, unit)
    billed = _mirrored(_grown(found, charge), found, charge)
    amount = arithmetic.multiply([billed, unit_amount], charge.at)
    return Priced(amount, None, lines.line(charge.name, billed, unit_amount, amount))


def _package(context: Context, charge: Charge, scope: Scope) -> Priced:
    """Whole packages of the cumulative quantity: those after less those before."""
    assert charge.unit_amount is not None
    assert charge.package_size is not None
    if charge.package_rounding is None:
        raise Rejected(say.say_package_rounding(charge.at))
    found = quantities.read(context, charge, scope)
    size = package_tiers.size_of(context, charge.package_size, scope, found.unit)
    rounding = "ceil" if charge.package_rounding == "ceiling" else "floor"

    def packages(quantity: Expr) -> Expr:
        return arithmetic.whole(rounding, arithmetic.divide(quantity, size, charge.at), charge.at)

    count = packages(found.after)
    if found.before is not None:
        count = arithmetic.subtract(count, packages(found.before), charge.at)
    count = _mirrored(count, found, charge)
    context.define(
        f"{charge.name}.packages", context.add(f"{charge.name}.packages", count, charge.name, "charges", charge.at)
    )
    unit_amount = context.number(charge.unit_amount, scope, context.money)
    amount = arithmetic.multiply([count, unit_amount], charge.at)
    return Priced(amount, None, lines.line(charge.name, count, unit_amount, amount))


def _percentage(context: Context, charge: Charge, scope: Scope) -> Priced:
    assert charge.rate is not None
    found = quantities.base(context, charge, scope)
    shares.check(charge.rate)
    rate = context.number(charge.rate, scope, ())
    billed = _grown(found, charge)
    share = arithmetic.multiply([billed, rate], charge.at)
    shown = lines.line(charge.name, billed, rate, share)
    if charge.flat_amount is None:
        return Priced(share, None, shown)
    flat = context.number(charge.flat_amount, scope, context.money)
    return Priced(share, flat, shown, lines.adjustment(charge.name, "flat_amount", flat))


def _pass_through(context: Context, charge: Charge, scope: Scope) -> Priced:
    """The base itself, times a factor where there is a markup."""
    found = quantities.base(context, charge, scope)
    amount = _grown(found, charge)
    if charge.factor is not None:
        amount = arithmetic.multiply([amount, context.number(charge.factor, scope, ())], charge.at)
    return Priced(amount, None, lines.line(charge.name, None, None, amount))


__all__ = ["Call", "price"]
