"""The wait before the next attempt: from a schedule, the same each time, or growing; then stretched by jitter."""

from __future__ import annotations

from itertools import accumulate

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import shares
from policyengine.compiler.lower.retries.parts import (
    DURATIONS_MAX,
    MAYBE_DURATION,
    Asked,
    duration,
    is_there,
    present,
    schedule,
    share,
    text,
    where,
    whole,
)
from policyengine.language.expression import arithmetic, builtins
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.retries import Jitter, RetryClass
from policyengine.runtime.program import Call, Const, Expr
from policyengine.values import types
from policyengine.values.types import Number

ONE = Const(types.integer(1, 1), 1)
JITTER_MAX = 10
"""The largest factor of a wait: beyond it a percent sign has been forgotten, as in `{from: 50, to: 100}`."""


def plan(asked: Asked, kind: RetryClass) -> tuple[Expr, Expr] | None:
    """The wait after this failure (absent where no attempt is left) and how many attempts a class has.

    None where the class has no plan, and only an action.
    """
    given = [its for its in (kind.schedule, kind.wait, kind.base) if its is not None]
    if len(given) > 1:
        raise Rejected(say.two_plans(kind.name, given[1].span))
    if kind.schedule is not None:
        waits = schedule(asked.context, kind.schedule, asked.scope)
        position = arithmetic.subtract(asked.failures, ONE, kind.at)
        due: Expr = Call(MAYBE_DURATION, "optional_item", (waits, position))
        assert isinstance(waits.type, types.List)
        attempts: Expr = Call(types.integer(0, waits.type.max), "size", (waits,))
        if isinstance(waits, Const):
            attempts = arithmetic.number(len(waits.value))
    elif given:
        assert kind.attempts is not None
        attempts = whole(asked.context, kind.attempts, asked.scope, 0)
        _few(attempts, kind)
        wait = _same_or_growing(asked, kind)
        due = where(arithmetic.compare("<=", asked.failures, attempts, kind.at), wait)
    else:
        return None
    return _not_below(asked, kind, _stretched(asked, kind, due)), attempts


def _few(attempts: Expr, kind: RetryClass) -> None:
    assert isinstance(attempts.type, Number)
    assert kind.attempts is not None
    if attempts.type.hi > DURATIONS_MAX:
        raise Rejected(say.too_many_attempts(DURATIONS_MAX, kind.attempts.span))


def _same_or_growing(asked: Asked, kind: RetryClass) -> Expr:
    context, scope = asked.context, asked.scope
    if kind.wait is not None:
        return duration(context, kind.wait, scope, "wait", 0)
    assert kind.base is not None
    assert kind.multiplier is not None
    assert kind.cap is not None
    multiplier = share(context, kind.multiplier, scope)
    assert isinstance(multiplier.type, Number)
    if multiplier.type.lo < multiplier.type.den:
        raise Rejected(say.shrinking_backoff(kind.multiplier.span))
    # Failures beyond the last attempt are never asked for; the bound keeps the power small where one is computed.
    number = arithmetic.extreme("min", [asked.failures, arithmetic.number(DURATIONS_MAX)], kind.at)
    base, cap = duration(context, kind.base, scope, "base", 1), duration(context, kind.cap, scope, "cap", 1)
    if isinstance(base, Const) and isinstance(cap, Const) and cap.value < base.value:
        raise Rejected(say.cap_below_base(kind.cap.span))
    parts = (base, multiplier, number, cap)
    return Call(types.DURATION, "backoff", parts)


def _stretched(asked: Asked, kind: RetryClass, due: Expr) -> Expr:
    """The wait times a factor that always follows from the same seed."""
    if kind.jitter is None:
        return due
    factor = _factor(asked, kind.jitter)
    scaled = Call(types.DURATION, "scale_duration", (present(due), factor), may_fail=True)
    return where(is_there(due), scaled)


def _factor(asked: Asked, jitter: Jitter) -> Expr:
    """From the smallest factor to the largest, by the draw."""
    context, scope, at = asked.context, asked.scope, jitter.at
    high = share(context, jitter.high, scope)
    low: Expr = ONE
    if jitter.low is None:
        shares.check(jitter.high)
        high = arithmetic.add([ONE, high], at)
    else:
        low = share(context, jitter.low, scope)
    draw = _draw(asked, jitter)
    spread = arithmetic.subtract(high, low, at)
    assert isinstance(low.type, Number)
    assert isinstance(spread.type, Number)
    if low.type.lo < 0 or spread.type.lo < 0:
        raise Rejected(say.bad_jitter(at))
    assert isinstance(high.type, Number)
    if high.type.hi > JITTER_MAX * high.type.den:
        raise Rejected(say.endless_jitter(JITTER_MAX, at))
    return arithmetic.add([low, arithmetic.multiply([spread, draw], at)], at)


def _draw(asked: Asked, jitter: Jitter) -> Expr:
    """What the caller has drawn, or a share of the hash of the seed and the number of failures."""
    if jitter.draw is None:
        failures = builtins.as_string(asked.failures, jitter.at)
        seeded = text(asked.seed, Const(types.STRING, "|"), failures)
        return Call(builtins.HASH_FRACTION, "hash_fraction", (seeded,))
    draw = share(asked.context, jitter.draw, asked.scope)
    assert isinstance(draw.type, Number)
    if draw.type.lo < 0 or draw.type.hi > draw.type.den:
        raise Rejected(say.bad_draw(jitter.draw.span))
    return draw


def _not_below(asked: Asked, kind: RetryClass, due: Expr) -> Expr:
    if kind.floor is None:
        return due
    least = duration(asked.context, kind.floor, asked.scope, "floor", 0)
    return where(is_there(due), arithmetic.extreme("max", [present(due), least], kind.at))


def elapsed(asked: Asked, kind: RetryClass) -> Expr:
    """How much a schedule has waited in all, this wait included; for `within` without a first failure."""
    assert kind.within is not None
    waits = None if kind.schedule is None else schedule(asked.context, kind.schedule, asked.scope)
    if not isinstance(waits, Const):
        raise Rejected(say.needs_first_failed_at(kind.within.span))
    sums = tuple(accumulate(waits.value))
    position = arithmetic.subtract(asked.failures, ONE, kind.at)
    found = Call(MAYBE_DURATION, "optional_item", (Const(waits.type, sums), position))
    return Call(types.DURATION, "or_value", (found, Const(types.DURATION, 0)))
