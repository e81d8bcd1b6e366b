"""What is left at a reset and carried over; the cap holds for everything that is carried."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import shares
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.each import fitted
from policyengine.compiler.lower.entitlements import quantities
from policyengine.compiler.lower.entitlements.resets import Stretch, count_between, is_old
from policyengine.language.entitlements import Reset, Rollover
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import Const, Expr
from policyengine.values import types
from policyengine.values.types import Limit, Number


def carried(
    context: Context, part: Rollover, scope: Scope, reset: Reset, period: Stretch, limit: Expr, used: Expr
) -> Expr:
    """What is carried into the present period: after a reset what is left, up to the cap, else what was carried before.

    Each period in which nothing was asked has a reset of its own, at which its whole limit was left. What is carried is
    cut to the digits in which it is stored.
    """
    at = part.at
    if reset.recurrences is not None:
        raise Rejected(say.unsupported("`rollover` beside `recurrences`", at))
    assert reset.since is not None
    assert isinstance(used.type, Number)
    unit = used.type.unit
    before = quantities.number(context, part.carried, scope, unit, "carried")
    own_type = before.type
    assert isinstance(own_type, Number)
    cap = _cap(context, part, scope, limit, own_type)
    left = quantities.within(cap, quantities.cut(quantities.less(quantities.more(limit, before), used, at), own_type))
    stored = check.Checker(reset.since.place).maybe(reset.since.tree, scope)
    since = check.unwrapped(stored) if isinstance(stored.type, types.Optional) else stored
    idle = count_between(context, reset, scope, since)
    kept = quantities.within(cap, quantities.cut(quantities.more(quantities.times(limit, idle), left), own_type))
    return arithmetic.choose(is_old(context, reset.since, period, scope), fitted(kept, own_type, at), before, at)


def _cap(context: Context, part: Rollover, scope: Scope, limit: Expr, step: Number) -> Expr:
    """The most that is carried, as a number: a share of the limit, or what is said."""
    if part.max is not None:
        return quantities.number(context, part.max, scope, step.unit, "max")
    assert part.cap_percent is not None
    shares.check(part.cap_percent)
    share = quantities.number(context, part.cap_percent, scope, (), "cap_percent")
    cap = quantities.cut(quantities.times(limit, share), step)
    assert isinstance(cap.type, Limit)
    # Of an unlimited one any number is a cap: nothing that is carried adds to it.
    whole = cap.type.number
    most = Const(Number(whole.integer, whole.unit, whole.den, whole.hi, whole.hi), whole.hi)
    return quantities.within(most, cap)
