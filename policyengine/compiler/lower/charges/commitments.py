"""A committed amount or quantity: what goes beyond it costs the overage factor, what falls short is trued up.

What earlier slices of a period have billed says how much of the commitment is used: `billed` up to the committed
amount is usage, what lies beyond it is usage times the factor. So the slices of a period add up to the period.
"""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.charges import models, slices
from policyengine.compiler.lower.charges.changes import changed, keep, zero
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge, Commitment
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import Expr
from policyengine.source import Span
from policyengine.values.types import Number


def apply(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """The amount under the charge's commitment, and its lines."""
    commitment, at = charge.commitment, charge.at
    if commitment is None:
        return amount, shown
    if charge.minimum is not None:
        raise Rejected(say.minimum_or_commitment(charge.minimum.span))
    committed = _committed(context, charge, commitment, scope)
    factor = _factor(context, commitment, scope)
    billed = slices.billed(context, charge, scope)
    used = amount
    if billed is not None:
        before = _used(context, billed, committed, factor, at, divides=_falls(context, charge))
        used = arithmetic.add([before, amount], at)
    within = arithmetic.extreme("min", [used, committed], at)
    over = arithmetic.extreme("max", [arithmetic.subtract(used, committed, at), zero(context)], at)
    if factor is not None:
        over = arithmetic.multiply([over, factor], at)
    missing = arithmetic.subtract(committed, within, at) if commitment.true_up else zero(context)
    true_up = slices.either(slices.closes(context, charge, scope), missing, zero(context), charge)
    true_up = context.rounded(true_up, commitment.round, scope)
    if billed is not None:
        earlier = arithmetic.extreme("min", [billed, committed], at)
        over = arithmetic.subtract(over, arithmetic.subtract(billed, earlier, at), at)
        within = arithmetic.subtract(within, earlier, at)
    within, over = keep(context, charge, "utilized", within), keep(context, charge, "overage", over)
    after = arithmetic.add([within, over, keep(context, charge, "true_up", true_up)], at)
    return after, changed(charge, "commitment", amount, after, shown)


def used_before(context: Context, charge: Charge, scope: Scope) -> Expr | None:
    """The usage that earlier slices of the period have billed: without the factor of their overage."""
    billed, commitment = slices.billed(context, charge, scope), charge.commitment
    if billed is None or commitment is None:
        return billed
    committed = _committed(context, charge, commitment, scope)
    return _used(context, billed, committed, _factor(context, commitment, scope), charge.at, divides=True)


def _factor(context: Context, commitment: Commitment, scope: Scope) -> Expr | None:
    return None if commitment.overage_factor is None else context.number(commitment.overage_factor, scope, ())


def _used(context: Context, billed: Expr, committed: Expr, factor: Expr | None, at: Span, divides: bool) -> Expr:
    """The usage behind what was billed. A factor that is no constant makes it a division, which is done on demand:
    without it, usage beyond the commitment is left out, and more usage still costs the same."""
    if factor is None:
        return billed
    within = arithmetic.extreme("min", [billed, committed], at)
    constant = arithmetic.constant_of(factor)
    if constant == 0 or (constant is None and not divides):
        return within
    beyond = arithmetic.extreme("max", [arithmetic.subtract(billed, committed, at), zero(context)], at)
    return arithmetic.add([within, arithmetic.divide(beyond, factor, at)], at)


def _falls(context: Context, charge: Charge) -> bool:
    """Whether the quantity of a slice may be below zero."""
    counted = context.variables.get(f"{charge.name}.quantity")
    return counted is None or not (isinstance(counted.expr.type, Number) and counted.expr.type.lo >= 0)


def _committed(context: Context, charge: Charge, commitment: Commitment, scope: Scope) -> Expr:
    """The amount that is committed: as it stands, or the price of the committed quantity."""
    if commitment.amount is not None:
        return context.number(commitment.amount, scope, context.money)
    assert commitment.quantity is not None
    return models.price_of(context, charge, scope, commitment.quantity)
