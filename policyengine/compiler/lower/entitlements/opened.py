"""Stretches that use opens: five hours from the first call, or the day in which it falls.

The stored stretch holds until its end. Use after that opens the next one, within a cycle: at the use itself
(`first_use`), where the week, day or hour begins that it falls in, counted in whole durations from the cycle's first
one (`unit_start`), or over the whole cycle (`cycle`). A stretch never reaches into the stored one and ends with the
cycle at the latest; what would be left of the cycle and is shorter than `shortest` is added to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.entitlements import resets
from policyengine.compiler.lower.zones import zone_of
from policyengine.language.entitlements import Window
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Written
from policyengine.runtime.program import All, Call, Const, Expr, If
from policyengine.values import types
from policyengine.values.civil import DAY, HOUR, SECOND

TIME = types.Optional(types.TIMESTAMP)
UNITS = (("1 week", 7 * DAY), ("1 day", DAY), ("1 hour", HOUR))


@dataclass(frozen=True, slots=True)
class Opened:
    """The stretch now, absent where nothing is open, and whether use has just opened it."""

    start: Expr
    end: Expr
    is_new: Expr


def opened(context: Context, part: Window, scope: Scope, since: Expr, until: Expr) -> Opened:
    """The stretch of a window; `since` and `until` are those of the stored one and may be absent."""
    assert part.cycle is not None
    at = part.at
    now = resets.now(context, scope, at)
    first = resets.instant(context, part.cycle.start, scope)
    last = resets.instant(context, part.cycle.until, scope)
    stored = context.is_present(until)
    reached = check.unwrapped(until)
    later = arithmetic.extreme("max", [reached, first], at)
    covered = arithmetic.choose(stored, later, first, at)
    holds = arithmetic.choose(stored, arithmetic.compare("<", now, reached, at), Const(types.BOOL, False), at)
    uncovered = All(types.BOOL, (arithmetic.compare("<=", covered, now, at), arithmetic.compare("<", now, last, at)))
    start, end = _next(context, part, scope, now, covered, first, last)
    is_new = All(types.BOOL, (Call(types.BOOL, "not", (holds,)), uncovered))

    def side(kept: Expr, fresh: Expr) -> Expr:
        opens = If(TIME, uncovered, arithmetic.coerced(fresh, TIME), Const(TIME, None))
        return If(TIME, holds, kept, opens)

    return Opened(side(since, start), side(until, end), is_new)


def _next(
    context: Context, part: Window, scope: Scope, now: Expr, covered: Expr, first: Expr, last: Expr
) -> tuple[Expr, Expr]:
    at = part.at
    if part.opens == "cycle":
        return first, last
    if part.duration is None:
        raise Rejected(say.needs_duration(at))
    length = _length(context, part.duration, scope)
    start = now
    if part.opens == "unit_start":
        zone = zone_of(context, part.timezone, scope, at)
        unit = next((word for word, whole in UNITS if length % whole == 0), None)
        if unit is None:
            raise Rejected(say.bad_interval("a duration is whole hours, days or weeks", at, "or use `first_use`"))
        anchor = Call(types.TIMESTAMP, "calendar_start", (zone, Const(types.STRING, unit), first), may_fail=True)
        every = Const(types.STRING, f"{length // _unit(unit)} {unit.split()[1]}s")
        bucket = Call(types.TIMESTAMP, "cycle_start", (zone, every, anchor, now), may_fail=True)
        start = arithmetic.extreme("max", [bucket, covered], at)
    end = Call(types.TIMESTAMP, "add_time", (start, Const(types.DURATION, length)), may_fail=True)
    shortest = 0 if part.shortest is None else _length(context, part.shortest, scope)
    least = Call(types.TIMESTAMP, "add_time", (end, Const(types.DURATION, shortest)), may_fail=True)
    reaches = arithmetic.compare(">", least, last, at)
    return start, arithmetic.choose(reaches, last, end, at)


def _unit(word: str) -> int:
    return dict(UNITS)[word]


def _length(context: Context, written: Written, scope: Scope) -> int:
    """A constant length of time, in nanoseconds."""
    expr = context.expression(written, scope)
    if not isinstance(expr, Const) or expr.type != types.DURATION or expr.value < SECOND:
        raise Rejected(expression_say.needs_constant("a length of time such as `5h`", written.span))
    return int(expr.value)
