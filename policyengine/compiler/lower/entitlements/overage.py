"""How far one may go beyond what is included, and which bound it is that ends there.

`block` goes nowhere, `grace` anywhere. Under `overage` the price must sell more than is included (`allow`), within
`max_purchase`; a control that is switched off forbids it, one that is switched on allows it without `max_purchase`. A
spend limit holds in every case.
"""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import shares
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.entitlements import quantities, switches
from policyengine.language.entitlements import Entitlement
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import RecordOf, Value
from policyengine.runtime.program import All, Any_, Call, Const, Expr, If
from policyengine.values import types
from policyengine.values.types import Number

LIMIT_TYPES = types.Enum("", ("included", "max_purchase", "spend_limit", "usage_limit"))
INCLUDED = Const(LIMIT_TYPES, "included")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may still be used beyond what is included; `spend` is what the spend limit leaves, None where there is
    none; `stop` is the bound at which it ends."""

    headroom: Expr
    spend: Expr | None
    stop: Expr


def bounds(context: Context, part: Entitlement, scope: Scope, step: Number, granted: Expr, so_far: Expr) -> Bounds:
    """The bounds of an entitlement in quantities like `step`; `granted` is what is included in all and `so_far` the
    overage there is already."""
    unit = step.unit
    nothing = quantities.as_limit(quantities.zero(unit), unit, part.at)
    if part.when_exceeded == "grace":
        return Bounds(quantities.unlimited(unit), None, INCLUDED)
    if part.when_exceeded == "block":
        if part.overage is not None:
            raise Rejected(say.overage_without_word(part.overage.at))
        return Bounds(nothing, None, INCLUDED)
    if part.overage is None:
        raise Rejected(say.needs_overage(part.at))
    at = part.overage.at
    allowed = context.boolean(part.overage.allow, scope)
    most: Expr = quantities.unlimited(unit)
    if part.overage.max_purchase is not None:
        most = quantities.limit(context, part.overage.max_purchase, scope, unit, "max_purchase")
    if part.overage.control is not None:
        switch = switches.switched(context, part.overage.control, scope)
        most = arithmetic.choose(switches.is_on(switch), quantities.unlimited(unit), most, at)
        off = Call(types.BOOL, "not", (switches.is_off(switch),))
        allowed = All(types.BOOL, (off, Any_(types.BOOL, (switches.is_on(switch), allowed))))
    left = quantities.less(most, so_far, at)
    spend = None
    stop: Expr = Const(LIMIT_TYPES, "max_purchase")
    if part.overage.spend_limit is not None:
        spend = quantities.less(_spend_limit(context, part.overage.spend_limit, scope, step, granted), so_far, at)
        tighter = arithmetic.compare("<=", spend, left, at)
        stop = If(LIMIT_TYPES, tighter, Const(LIMIT_TYPES, "spend_limit"), stop)
        left = arithmetic.extreme("min", [left, spend], at)
    return Bounds(arithmetic.choose(allowed, left, nothing, at), spend, If(LIMIT_TYPES, allowed, stop, INCLUDED))


def _spend_limit(context: Context, value: Value, scope: Scope, step: Number, granted: Expr) -> Expr:
    """A number, or a share of what is granted, cut to the digits of the quantity."""
    if not isinstance(value, RecordOf):
        return quantities.limit(context, value, scope, step.unit, "spend_limit")
    if set(value.fields) != {"percent_of_granted"}:
        raise Rejected(say.unknown_spend_limit(value.span))
    written = value.fields["percent_of_granted"][1]
    shares.check(written)
    share = quantities.number(context, written, scope, (), "percent_of_granted")
    return quantities.cut(quantities.times(granted, share), step)
