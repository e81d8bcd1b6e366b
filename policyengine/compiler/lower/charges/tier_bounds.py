"""The upper bounds of tiers that are written in a charge: they grow, and only the last tier is open."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Tier
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import Expr
from policyengine.values.types import Unit


def read(context: Context, tiers: tuple[Tier, ...], scope: Scope, unit: Unit) -> list[Expr]:
    """The bounds of all tiers but the last; gaps and disorder are refused, never repaired."""
    *bounded, last = tiers
    for tier in bounded:
        if tier.up_to is None:
            raise Rejected(say.open_tier_not_last(tier.at))
    if last.up_to is not None:
        raise Rejected(say.last_tier_not_open(last.up_to.span))
    bounds = []
    for tier in bounded:
        assert tier.up_to is not None
        bounds.append(context.number(tier.up_to, scope, unit))
    _check_growth(bounds, tiers)
    return bounds


def _check_growth(bounds: list[Expr], tiers: tuple[Tier, ...]) -> None:
    known = [arithmetic.constant_of(b) for b in bounds]
    for position, bound in enumerate(known):
        before = known[position - 1] if position else 0
        up_to = tiers[position].up_to
        if bound is not None and before is not None and bound <= before and up_to is not None:
            raise Rejected(say.tiers_not_increasing(up_to.span))
