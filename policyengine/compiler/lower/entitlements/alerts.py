"""Alerts: what a request has reached. A threshold is reached at equality, and warns once: when it is crossed.

Where nothing is requested, an alert warns as long as it stands.
"""

from __future__ import annotations

from policyengine.compiler.lower import shares
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.entitlements import quantities
from policyengine.language.entitlements import Alert, Entitlement
from policyengine.language.expression import arithmetic
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import All, Call, Const, Expr, If
from policyengine.values import types
from policyengine.values.types import Unit

LIMIT_REACHED = "limit_reached"
NONE = types.List(types.STRING, 0)


def warnings(
    context: Context, part: Entitlement, scope: Scope, unit: Unit, granted: Expr, before: Expr, now: Expr, asks: bool
) -> list[tuple[Expr, str]]:
    """For each alert whether it warns, and its id; `before` and `now` are what is used without and with the request."""
    found = []
    for alert in part.warn_at:
        reached = _reached(context, alert, scope, unit, granted, now)
        if asks:
            earlier = _reached(context, alert, scope, unit, granted, before)
            reached = All(types.BOOL, (reached, Call(types.BOOL, "not", (earlier,))))
        if alert.when is not None:
            reached = All(types.BOOL, (context.boolean(alert.when, scope), reached))
        found.append((reached, alert.id))
    return found


def _reached(context: Context, alert: Alert, scope: Scope, unit: Unit, granted: Expr, used: Expr) -> Expr:
    at = alert.at
    if alert.type == "usage":
        threshold = quantities.number(context, alert.threshold, scope, unit, "threshold")
        return arithmetic.compare(">=", used, threshold, at)
    shares.check(alert.threshold)
    share = quantities.times(granted, quantities.number(context, alert.threshold, scope, (), "threshold"))
    is_finite = arithmetic.compare("<", granted, quantities.unlimited(unit), at)
    if alert.type == "usage_percentage":
        return All(types.BOOL, (is_finite, arithmetic.compare(">=", used, share, at)))
    left = quantities.less(granted, used, at)
    return All(types.BOOL, (is_finite, arithmetic.compare("<=", left, share, at)))


def listed(warned: list[tuple[Expr, str]]) -> Expr:
    """The ids of all that warn, in order."""
    found: Expr = Const(NONE, ())
    for place, (condition, name) in enumerate(warned, start=1):
        one = types.List(types.STRING, 1)
        own = If(one, condition, Const(one, (name,)), Const(one, ()))
        found = Call(types.List(types.STRING, place), "concat", (found, own))
    return found
