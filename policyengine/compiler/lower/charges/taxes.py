"""Tax on a charge: one rate or several, on top of the amount or contained in it."""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.compiler.lower import shares
from policyengine.compiler.lower.charges.changes import changed, keep
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge, Tax
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import Expr


@dataclass(frozen=True, slots=True)
class _Rate:
    """One rate, 0 where its condition does not hold, and the name of its line."""

    name: str
    rate: Expr


def apply(context: Context, charge: Charge, scope: Scope, amount: Expr, shown: Expr) -> tuple[Expr, Expr]:
    """`exclusive` comes on top, with a line for each rate; `inclusive` is contained, and only kept."""
    tax, at = charge.tax, charge.at
    if tax is None:
        return amount, shown
    rates = _rates(context, tax, scope)
    parts = [context.rounded(part, tax.round_each, scope) for part in _parts(tax, rates, amount)]
    total = context.rounded(arithmetic.add(parts, tax.at), tax.round, scope)
    keep(context, charge, "tax", total)
    if tax.behavior == "inclusive":
        keep(context, charge, "net", arithmetic.subtract(amount, total, tax.at))
        return amount, shown
    keep(context, charge, "net", amount)
    after = amount
    for rate, part in zip(rates[:-1], parts, strict=False):
        with_this = arithmetic.add([after, part], at)
        shown = changed(charge, rate.name, after, with_this, shown)
        after = with_this
    whole = arithmetic.add([amount, total], tax.at)
    return whole, changed(charge, rates[-1].name, after, whole, shown)


def _rates(context: Context, tax: Tax, scope: Scope) -> list[_Rate]:
    for its in (tax.rate, *(one.rate for one in tax.rates)):
        shares.check(its)
    if tax.rate is not None:
        return [_Rate("tax", context.number(tax.rate, scope, ()))]
    found = []
    for number, one in enumerate(tax.rates, start=1):
        if one.when is None:
            rate = context.number(one.rate, scope, ())
        else:
            inner = scope.knowing(check.known_present(one.when.tree, scope))
            given = context.number(one.rate, inner, ())
            rate = arithmetic.choose(context.boolean(one.when, scope), given, arithmetic.number(0), one.at)
        found.append(_Rate(f"tax {one.id or number}", rate))
    return found


def _parts(tax: Tax, rates: list[_Rate], amount: Expr) -> list[Expr]:
    """The tax by each rate; what is contained is the rate's share of one and all rates together."""
    at = tax.at
    taxes = [arithmetic.multiply([amount, one.rate], at) for one in rates]
    if tax.behavior == "exclusive":
        return taxes
    whole = arithmetic.add([arithmetic.number(1), *(one.rate for one in rates)], at)
    return [arithmetic.divide(part, whole, at) for part in taxes]
