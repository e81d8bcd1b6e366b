"""What is included: a limit less what was used, or grants that are drawn one after another.

Both give the same: what is left, what is granted in all, the overage so far, and afterwards the state to store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.each import fitted
from policyengine.compiler.lower.entitlements import grants, parts, quantities, resolution, rollover
from policyengine.compiler.lower.entitlements.resets import Stretch, is_old
from policyengine.language.entitlements import Entitlement
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import Const, Expr, MakeRecord
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number, Unit


@dataclass(frozen=True, slots=True)
class Pool:
    """`left` and `granted` are limits, `used` and `overage` numbers; `source` may be None.

    `draw` makes the state to store of what is granted and the part of it that is taken from what is included. `step`
    is the type in which the state is kept.
    """

    unit: Unit
    left: Expr
    granted: Expr
    used: Expr
    overage: Expr
    source: Expr | None
    draw: Callable[[Expr, Expr], Expr]
    step: Number
    overage_type: Number | None = None


def pool(context: Context, part: Entitlement, scope: Scope, period: Stretch | None) -> Pool:
    """What is included in a metered entitlement."""
    return _of_grants(context, part, scope) if part.grants is not None else _of_limit(context, part, scope, period)


def _of_limit(context: Context, part: Entitlement, scope: Scope, period: Stretch | None) -> Pool:
    assert part.limit is not None
    assert part.used is not None
    at = part.used.span
    if part.overage is not None and part.overage.used is not None:
        raise Rejected(say.overage_used_twice(part.overage.used.span))
    used = quantities.number(context, part.used, scope, None, "used")
    assert isinstance(used.type, Number)
    unit, own_type = used.type.unit, used.type
    is_constant = isinstance(used, Const)
    limit, source = _limit(context, part, scope, unit)
    since = part.reset.since if part.reset else None
    extra: dict[str, Expr] = {}
    granted = limit
    if part.rollover is not None:
        if since is None or period is None:
            raise Rejected(say.rollover_needs_since(part.rollover.at))
        assert part.reset is not None
        carried = rollover.carried(context, part.rollover, scope, part.reset, period, limit, used)
        granted = quantities.more(limit, carried)
        extra["carried"] = carried
    if since is not None and period is not None:
        assert period.start is not None
        old = is_old(context, since, period, scope)
        used = arithmetic.choose(old, quantities.zero(unit), used, at)
        extra["since"] = period.start
    left = quantities.less(granted, used, at)
    overage = quantities.minus(used, quantities.within(used, granted), at)

    def draw(granted_now: Expr, included: Expr) -> Expr:
        total = arithmetic.add([used, granted_now], at)
        stored = {"used": total if is_constant else fitted(total, own_type, at), **extra}
        record = types.Record("", tuple((name, expr.type) for name, expr in stored.items()))
        return MakeRecord(record, tuple(stored.values()))

    step = quantities.finest(unit) if is_constant else own_type
    return Pool(unit, left, granted, used, overage, source, draw, step)


def _limit(context: Context, part: Entitlement, scope: Scope, unit: Unit) -> tuple[Expr, Expr | None]:
    assert part.limit is not None
    if part.combine is not None:
        return parts.combined(context, part, scope, unit), None
    found = resolution.resolve(context, part, "limit", part.limit, scope, unit)
    if isinstance(found.value.type, types.Optional):
        raise Rejected(say.limit_may_be_absent(part.limit.span))
    return found.value, found.source


def _of_grants(context: Context, part: Entitlement, scope: Scope) -> Pool:
    assert part.grants is not None
    at = part.grants.span
    if part.reset is not None and part.reset.since is not None:
        raise Rejected(say.since_with_grants(part.reset.since.span))
    lots = grants.lots(context, part, scope)
    unit = lots.unit
    overage: Expr = quantities.zero(unit)
    overage_type = None
    if part.overage is not None:
        if part.overage.used is None:
            raise Rejected(say.needs_overage_used(part.overage.at))
        overage = quantities.number(context, part.overage.used, scope, unit, "used")
        assert isinstance(overage.type, Number)
        overage_type = overage.type
    left, granted = lots.left(), lots.granted()
    # A grant may hold more than it was given with: what was added later was not used.
    drawn = arithmetic.extreme("max", [arithmetic.subtract(granted, left, at), quantities.zero(unit)], at)
    used = arithmetic.add([drawn, overage], at)

    def draw(granted_now: Expr, included: Expr) -> Expr:
        return lots.drawn(included)

    limits = (quantities.as_limit(left, unit, at), quantities.as_limit(granted, unit, at))
    assert isinstance(lots.capacity.type, Number)
    return Pool(unit, *limits, used, overage, lots.first(), draw, lots.capacity.type, overage_type)


def after(pool: Pool, beyond: Expr, at: Span) -> Expr:
    """The overage with this request, in the type in which it is given back."""
    total = arithmetic.add([pool.overage, beyond], at)
    return total if pool.overage_type is None else fitted(total, pool.overage_type, at)
