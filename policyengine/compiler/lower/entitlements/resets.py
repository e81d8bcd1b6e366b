"""Stretches of time: where one begins and ends, and whether what is stored belongs to an earlier one.

Stretches of the calendar begin with its days, weeks (on Monday), months and years in the zone; others are counted from
an anchor and never from the stretch before, so that 31 January leads to 28 February and to 31 March.
"""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.entitlements.resolution import optional
from policyengine.compiler.lower.zones import zone_of
from policyengine.language.entitlements import Alignment, Reset
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Written
from policyengine.runtime.program import Call, Const, Expr, Field, Fold, Local, MakeRecord
from policyengine.source import Span
from policyengine.values import calendar, types
from policyengine.values.interval import parse_interval
from policyengine.values.invalid import InvalidValue
from policyengine.values.zones import UTC

BOUNDARIES_MAX = 10**12
"""More than there are seconds between the years 1 and 9999."""
RECURRENCE = types.Record("", (("from", types.TIMESTAMP), ("interval", types.STRING), ("anchor", types.TIMESTAMP)))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open stretch of time; a side that is not known is None."""

    start: Expr | None
    end: Expr | None


def now(context: Context, scope: Scope, at: Span) -> Expr:
    return context.instant(scope, at)


def aligned(context: Context, part: Alignment, scope: Scope) -> Stretch:
    """The stretch of an `interval` that the time of the decision lies in."""
    zone = zone_of(context, part.timezone, scope, part.at)
    interval = Const(types.STRING, part.interval)
    at = now(context, scope, part.at)
    _check_interval(part)
    if part.calendar:
        return _stretch("calendar", (zone, interval, at))
    if part.anchor is None:
        raise Rejected(say.bad_interval("it begins nowhere", part.at, "say `calendar: true`, or an `anchor`"))
    return _stretch("cycle", (zone, interval, instant(context, part.anchor, scope), at))


def period(context: Context, part: Reset, scope: Scope) -> Stretch:
    """The period of a reset, which `until` may cut."""
    found = _recurring(context, part, scope) if part.recurrences is not None else aligned(context, part, scope)
    if part.until is None:
        return found
    last = optional(context, part.until, scope, types.TIMESTAMP)
    assert found.end is not None
    sooner = arithmetic.extreme("min", [found.end, check.unwrapped(last)], part.at)
    return Stretch(found.start, arithmetic.choose(context.is_present(last), sooner, found.end, part.at))


def instant(context: Context, written: Written, scope: Scope) -> Expr:
    """A time that must be there."""
    expr = context.expression(written, scope)
    if expr.type != types.TIMESTAMP:
        raise Rejected(expression_say.expected_type("a timestamp", expr.type, written.span))
    return expr


def _check_interval(part: Alignment) -> None:
    try:
        interval = parse_interval(part.interval)
        if part.calendar:
            calendar.calendar_period(interval, 0, UTC)
    except InvalidValue as fault:
        raise Rejected(say.bad_interval(fault.message, part.at, fault.hint)) from None


def _stretch(name: str, arguments: tuple[Expr, ...]) -> Stretch:
    start, end = (Call(types.TIMESTAMP, f"{name}_{which}", arguments, may_fail=True) for which in ("start", "end"))
    return Stretch(start, end)


def _recurring(context: Context, part: Reset, scope: Scope) -> Stretch:
    """The period under a list of recurrences, each of which begins with a reset."""
    assert part.recurrences is not None
    given = context.expression(part.recurrences, scope)
    record = given.type.item if isinstance(given.type, types.List) else None
    wanted = {"from": types.TIMESTAMP, "interval": types.STRING, "anchor": types.TIMESTAMP}
    if not isinstance(given.type, types.List) or not isinstance(record, types.Record):
        raise Rejected(expression_say.expected_type("a list of recurrences", given.type, part.recurrences.span))
    for name, its_type in wanted.items():
        found = record.field(name)
        if found is None or (found != its_type and not (name == "interval" and isinstance(found, types.Enum))):
            raise Rejected(say.recurrence_field(name, str(its_type), part.recurrences.span))
    check_words(record.field("interval"), part.recurrences.span)
    item = Local(record, "recurrence@item")
    fields = [Field(record.field(name) or its, item, name) for name, its in wanted.items()]
    plain = MakeRecord(RECURRENCE, (fields[0], arithmetic.coerced(fields[1], types.STRING), fields[2]))
    made = types.List(RECURRENCE, given.type.max)
    state = Local(made, "recurrence@items")
    step = Call(made, "append", (state, plain))
    listed = Fold(made, given, item.name, "", (state.name,), (Const(made, ()),), (step,), None, state)
    return _stretch(
        "recurring", (zone_of(context, part.timezone, scope, part.at), listed, now(context, scope, part.at))
    )


def check_words(its_type: types.Type | None, at: Span) -> None:
    """The words of the intervals are known when the bundle is checked: they are the members of an enum."""
    if not isinstance(its_type, types.Enum):
        raise Rejected(say.recurrence_field("interval", "an enum of intervals such as `1 month`", at))
    for member in its_type.members:
        try:
            parse_interval(member)
        except InvalidValue as fault:
            raise Rejected(say.bad_interval(fault.message, at, fault.hint)) from None


def is_old(context: Context, since: Written, stretch: Stretch, scope: Scope) -> Expr:
    """Whether what is stored began before this stretch; what has no stored beginning counts as of now."""
    stored = optional(context, since, scope, types.TIMESTAMP)
    assert stretch.start is not None
    before = arithmetic.compare("<", check.unwrapped(stored), stretch.start, since.span)
    return arithmetic.choose(context.is_present(stored), before, Const(types.BOOL, False), since.span)


def count_between(context: Context, part: Reset, scope: Scope, since: Expr) -> Expr:
    """How many whole periods lie between the one of a stored time and the present one."""
    zone = zone_of(context, part.timezone, scope, part.at)
    interval = Const(types.STRING, part.interval)
    if part.calendar and parse_interval(part.interval).nanoseconds:
        raise Rejected(say.unsupported("`rollover` with hours of the calendar", part.at))
    number = types.integer(-BOUNDARIES_MAX, BOUNDARIES_MAX)

    def of(at: Expr) -> Expr:
        if part.calendar:
            return Call(number, "calendar_number", (zone, interval, at), may_fail=True)
        assert part.anchor is not None
        return Call(number, "cycle_number", (zone, interval, instant(context, part.anchor, scope), at), may_fail=True)

    passed = arithmetic.subtract(of(now(context, scope, part.at)), of(since), part.at)
    idle = arithmetic.subtract(passed, arithmetic.number(1), part.at)
    return arithmetic.extreme("max", [arithmetic.number(0), idle], part.at)
