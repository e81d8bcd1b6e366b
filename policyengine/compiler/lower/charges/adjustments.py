"""What happens to an amount after its model: discounts, maximum, minimum or commitment, credits, tax, in this order."""

from __future__ import annotations

from policyengine.compiler.lower import shares
from policyengine.compiler.lower.charges import commitments, slices, taxes
from policyengine.compiler.lower.charges.changes import changed, keep, zero
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge, Credit, Discount
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Value, Written
from policyengine.runtime.program import Expr
from policyengine.source import Span


def apply(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """The amount after every adjustment of the charge, and its lines with one for each of them."""
    for step in (_discounts, _maximum, _minimum, commitments.apply, _credits, taxes.apply):
        amount, shown = step(context, charge, scope, amount, shown)
    return amount, shown


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
        shown = changed(charge, f"discount {discount.id or number}", amount, after, shown)
        amount = after
    if charge.discounts:
        keep(context, charge, "discount", arithmetic.subtract(first, amount, charge.at))
    return amount, shown


def _discounted(context: Context, charge: Charge, discount: Discount, scope: Scope, amount: Expr) -> Expr:
    inner = _known(discount.when, scope)
    if discount.percent is not None:
        shares.check(discount.percent)
        rate = context.number(discount.percent, inner, ())
        part = context.rounded(arithmetic.multiply([amount, rate], discount.at), discount.round, inner)
        return arithmetic.subtract(amount, part, discount.at)
    assert discount.amount is not None
    fixed = context.rounded(context.number(discount.amount, inner, context.money), discount.round, inner)
    due = arithmetic.extreme("max", [amount, zero(context)], discount.at)
    taken = arithmetic.extreme("min", [fixed, due], discount.at)
    return arithmetic.subtract(amount, taken, discount.at)


# --------------------------------------------------------------------------------------------------- bounds of a period


def _left_of(context: Context, charge: Charge, scope: Scope, written: Value) -> Expr:
    """What of a bound of the period is not billed yet; the bound is one of usage, before a commitment's factor."""
    bound = context.number(written, scope, context.money)
    before = commitments.used_before(context, charge, scope)
    return bound if before is None else arithmetic.subtract(bound, before, charge.at)


def _maximum(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """Over all slices of the period not more than the maximum."""
    if charge.maximum is None:
        return amount, shown
    left = _left_of(context, charge, scope, charge.maximum)
    after = arithmetic.extreme("min", [amount, left], charge.at)
    keep(context, charge, "over_maximum", arithmetic.subtract(amount, after, charge.at))
    return after, changed(charge, "maximum", amount, after, shown)


def _minimum(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """In the last slice of the period, what falls short of the minimum is charged."""
    if charge.minimum is None:
        return amount, shown
    missing = _left_of(context, charge, scope, charge.minimum)
    raised = arithmetic.extreme("max", [amount, missing], charge.at)
    after = slices.either(slices.closes(context, charge, scope), raised, amount, charge)
    keep(context, charge, "true_up", arithmetic.subtract(after, amount, charge.at))
    return after, changed(charge, "minimum", amount, after, shown)


# ------------------------------------------------------------------------------------------------------ credits and tax


def _credits(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """Credits are used in order and never turn an amount negative."""
    first = amount
    for number, credit in enumerate(charge.credits, start=1):
        less = _credited(context, credit, scope, amount)
        after = _only_when(context, credit.when, scope, less, amount, credit.at)
        shown = changed(charge, f"credit {credit.id or number}", amount, after, shown)
        amount = after
    if charge.credits:
        keep(context, charge, "credit_used", arithmetic.subtract(first, amount, charge.at))
    return amount, shown


def _credited(context: Context, credit: Credit, scope: Scope, amount: Expr) -> Expr:
    available = context.number(credit.amount, _known(credit.when, scope), context.money)
    due = arithmetic.extreme("max", [amount, zero(context)], credit.at)
    used = arithmetic.extreme("min", [available, due], credit.at)
    return arithmetic.subtract(amount, used, credit.at)
