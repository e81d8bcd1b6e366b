"""What happens to an amount after its model: discounts, maximum, minimum or commitment, credits, tax, in this order."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.charges import lines
from policyengine.compiler.lower.context import Context
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.model import Charge, Commitment, Credit, Discount
from policyengine.language.written import Written
from policyengine.runtime.program import All, Any_, Call, Const, Expr
from policyengine.source import Span
from policyengine.values import types

POSITIONS = ("first", "middle", "last", "only")


def apply(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """The amount after every adjustment of the charge, and its lines with one for each of them."""
    for step in (_discounts, _maximum, _minimum, _commitment, _credits, _tax):
        amount, shown = step(context, charge, scope, amount, shown)
    return amount, shown


def _changed(charge: Charge, kind: str, before: Expr, after: Expr, shown: Expr) -> Expr:
    """The lines with one more for the difference."""
    difference = arithmetic.subtract(after, before, charge.at)
    return lines.joined(shown, lines.adjustment(charge.name, kind, difference))


def _only_when(context: Context, when: Written | None, scope: Scope, changed: Expr, same: Expr, at: Span) -> Expr:
    return changed if when is None else arithmetic.choose(context.boolean(when, scope), changed, same, at)


def _known(when: Written | None, scope: Scope) -> Scope:
    return scope if when is None else scope.knowing(check.known_present(when.tree, scope))


# --------------------------------------------------------------------------------------------------------- discounts


def _discounts(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """One after another: a percentage of what is left, or an amount, never below zero."""
    first = amount
    for number, discount in enumerate(charge.discounts, start=1):
        less = _discounted(context, charge, discount, scope, amount)
        after = _only_when(context, discount.when, scope, less, amount, discount.at)
        shown = _changed(charge, f"discount {discount.id or number}", amount, after, shown)
        amount = after
    if charge.discounts:
        _keep(context, charge, "discount", arithmetic.subtract(first, amount, charge.at))
    return amount, shown


def _discounted(context: Context, charge: Charge, discount: Discount, scope: Scope, amount: Expr) -> Expr:
    inner = _known(discount.when, scope)
    if discount.percent is not None:
        rate = context.number(discount.percent, inner, ())
        part = context.rounded(arithmetic.multiply([amount, rate], discount.at), discount.round, inner)
        return arithmetic.subtract(amount, part, discount.at)
    assert discount.amount is not None
    fixed = context.rounded(context.number(discount.amount, inner, context.money), discount.round, inner)
    due = arithmetic.extreme("max", [amount, _zero(context)], discount.at)
    taken = arithmetic.extreme("min", [fixed, due], discount.at)
    return arithmetic.subtract(amount, taken, discount.at)


def _keep(context: Context, charge: Charge, field: str, expr: Expr) -> Expr:
    """A field of the charge, readable as `NAME.field`."""
    name = f"{charge.name}.{field}"
    read = context.add(name, expr, charge.name, "charges", charge.at)
    context.define(name, read)
    return read


# --------------------------------------------------------------------------------------------------- bounds of a period


def _billed(context: Context, charge: Charge, scope: Scope) -> Expr:
    """What earlier slices of the period have billed; needed where there are any."""
    if charge.already_billed is None:
        if charge.already_rated is not None:
            raise Rejected(say.needs_already_billed(charge.at))
        return arithmetic.number(0, context.money, integer=False)
    return context.number(charge.already_billed, scope, context.money)


def _maximum(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """Over all slices of the period not more than the maximum."""
    if charge.maximum is None:
        return amount, shown
    most = context.number(charge.maximum, scope, context.money)
    left = arithmetic.subtract(most, _billed(context, charge, scope), charge.at)
    after = arithmetic.extreme("min", [amount, left], charge.at)
    _keep(context, charge, "over_maximum", arithmetic.subtract(amount, after, charge.at))
    return after, _changed(charge, "maximum", amount, after, shown)


def _minimum(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """In the last slice of the period, what falls short of the minimum is charged."""
    if charge.minimum is None:
        return amount, shown
    least = context.number(charge.minimum, scope, context.money)
    missing = arithmetic.subtract(least, _billed(context, charge, scope), charge.at)
    raised = arithmetic.extreme("max", [amount, missing], charge.at)
    closes = _closes(context, charge, scope)
    after = raised if closes is None else arithmetic.choose(closes, raised, amount, charge.at)
    _keep(context, charge, "true_up", arithmetic.subtract(after, amount, charge.at))
    return after, _changed(charge, "minimum", amount, after, shown)


def _closes(context: Context, charge: Charge, scope: Scope) -> Expr | None:
    """Whether this is the last slice: `position` is last or only. None where it always is."""
    if charge.position is None:
        return None
    positions = types.Enum("", POSITIONS)
    text = charge.position.scalar.text.strip()
    if text in POSITIONS:
        return Const(types.BOOL, text in ("last", "only"))
    position = context.expression(charge.position, scope, positions)
    if not types.is_text(position.type):
        raise Rejected(say.not_a_position(charge.position.span))
    tests = tuple(Call(types.BOOL, "eq", (position, Const(types.STRING, word))) for word in ("last", "only"))
    return Any_(types.BOOL, tests)


def _commitment(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """A committed amount: beyond it the overage factor, short of it the true-up."""
    commitment = charge.commitment
    if commitment is None:
        return amount, shown
    committed = _committed(context, charge, commitment, scope)
    over = arithmetic.extreme("max", [arithmetic.subtract(amount, committed, charge.at), _zero(context)], charge.at)
    within = arithmetic.extreme("min", [amount, committed], charge.at)
    if commitment.overage_factor is not None:
        over = arithmetic.multiply([over, context.number(commitment.overage_factor, scope, ())], charge.at)
    true_up = arithmetic.subtract(committed, within, charge.at) if commitment.true_up else _zero(context)
    closes = _closes(context, charge, scope)
    if closes is not None:
        true_up = arithmetic.choose(closes, true_up, _zero(context), charge.at)
    true_up = context.rounded(true_up, commitment.round, scope)
    _keep(context, charge, "utilized", within)
    over = _keep(context, charge, "overage", over)
    after = arithmetic.add([within, over, _keep(context, charge, "true_up", true_up)], charge.at)
    return after, _changed(charge, "commitment", amount, after, shown)


def _committed(context: Context, charge: Charge, commitment: Commitment, scope: Scope) -> Expr:
    if commitment.amount is not None:
        return context.number(commitment.amount, scope, context.money)
    if charge.charge_model != "per_unit":
        raise Rejected(say.unsupported("a committed quantity of this charge model", charge.at))
    assert charge.unit_amount is not None
    assert commitment.quantity is not None
    quantity = context.variables[f"{charge.name}.quantity"].expr
    assert isinstance(quantity.type, types.Number)
    unit = quantity.type.unit
    price = context.number(charge.unit_amount, scope, types.unit_product(context.money, unit, -1))
    return arithmetic.multiply([context.number(commitment.quantity, scope, unit), price], charge.at)


def _zero(context: Context) -> Expr:
    return arithmetic.number(0, context.money, integer=False)


# ------------------------------------------------------------------------------------------------------ credits and tax


def _credits(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """Credits are used in order and never turn an amount negative."""
    first = amount
    for number, credit in enumerate(charge.credits, start=1):
        less = _credited(context, credit, scope, amount)
        after = _only_when(context, credit.when, scope, less, amount, credit.at)
        shown = _changed(charge, f"credit {credit.id or number}", amount, after, shown)
        amount = after
    if charge.credits:
        _keep(context, charge, "credit_used", arithmetic.subtract(first, amount, charge.at))
    return amount, shown


def _credited(context: Context, credit: Credit, scope: Scope, amount: Expr) -> Expr:
    available = context.number(credit.amount, _known(credit.when, scope), context.money)
    due = arithmetic.extreme("max", [amount, _zero(context)], credit.at)
    used = arithmetic.extreme("min", [available, due], credit.at)
    return arithmetic.subtract(amount, used, credit.at)


def _tax(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """`exclusive` comes on top; `inclusive` is contained, and only shown."""
    if charge.tax is None:
        return amount, shown
    rate = context.number(charge.tax.rate, scope, ())
    at = charge.tax.at
    if charge.tax.behavior == "exclusive":
        tax = context.rounded(arithmetic.multiply([amount, rate], at), charge.tax.round, scope)
        net, after = amount, arithmetic.add([amount, tax], at)
        shown = _changed(charge, "tax", amount, after, shown)
    else:
        whole = arithmetic.add([arithmetic.number(1), rate], at)
        contained = arithmetic.divide(arithmetic.multiply([amount, rate], at), whole, at)
        tax = context.rounded(contained, charge.tax.round, scope)
        net, after = arithmetic.subtract(amount, tax, at), amount
    _keep(context, charge, "tax", tax)
    _keep(context, charge, "net", net)
    return after, shown


__all__ = ["All", "apply"]
