"""The typing rules of the calendar's functions: days, periods and boundaries, each with a zone of its own at will.

An interval is a text that is read here, so that a bundle with `"1 fortnight"` does not compile. Every zone that a call
can name is copied into the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression import library_calls, syntax
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.limits import PERIODS_MAX
from policyengine.runtime.program import Call, Const, Expr
from policyengine.source import Span
from policyengine.values import calendar, types
from policyengine.values.day_count import MonthFraction
from policyengine.values.interval import Interval, parse_interval
from policyengine.values.invalid import InvalidValue
from policyengine.values.types import DATE, DURATION, STRING, TIMESTAMP, Type
from policyengine.values.zones import UTC

if TYPE_CHECKING:
    from policyengine.language.expression.check import Checker

INTERVAL, CALENDAR_INTERVAL, KIND = (types.Simple(name) for name in ("an interval", "a calendar interval", "a count"))
"""Texts that must be constants: an interval, one that the calendar has, a way to count months."""
COUNT = types.integer()
DAYS = types.integer(-4_000_000, 4_000_000)
PERIOD = types.Record("Period", (("number", types.integer()), ("start", TIMESTAMP), ("end", TIMESTAMP)))
_MONTHS_OVER = types.integer(-(10**13), 10**13)
"""Days over the least common multiple of the lengths of months, which is 10,788."""
MONTHS = types.Record("Months", (("numerator", _MONTHS_OVER), ("denominator", types.integer(1, 1_000_000))))
WORDS = get_args(MonthFraction)

Form = tuple[str, tuple[Type, ...], Type, bool]
"""The core's function, the kinds of its arguments, what it gives, and whether it may fail."""

ZONED: dict[str, tuple[Form, ...]] = {
    "date": (("date_of", (TIMESTAMP,), DATE, False),),
    "time_of_day": (("time_of_day", (TIMESTAMP,), DURATION, False),),
    "days_between": (("days_between", (TIMESTAMP, TIMESTAMP), DAYS, False),),
    "add_months": (("add_months", (TIMESTAMP, COUNT), TIMESTAMP, True),),
    "add_days": (("add_days", (TIMESTAMP, COUNT), TIMESTAMP, True),),
    "local_time": (("local_time", (TIMESTAMP,), STRING, False),),
    "midnight": (("midnight", (DATE,), TIMESTAMP, True),),
    "fixed_days_between": (("fixed_days_between", (TIMESTAMP, TIMESTAMP, COUNT), COUNT, True),),
    "month_fraction": (("month_fraction", (TIMESTAMP, TIMESTAMP, KIND), MONTHS, True),),
    "calendar_period": (("calendar_period", (CALENDAR_INTERVAL, TIMESTAMP), PERIOD, True),),
    "next_boundary": (("next_boundary", (TIMESTAMP, INTERVAL, TIMESTAMP), TIMESTAMP, True),),
    "first_bill": (("first_bill", (TIMESTAMP, INTERVAL, COUNT), TIMESTAMP, True),),
    "period_of": (
        ("period_of", (TIMESTAMP, INTERVAL, TIMESTAMP), PERIOD, True),
        ("period_of", (TIMESTAMP, INTERVAL, TIMESTAMP, COUNT), PERIOD, True),
    ),
    "periods": (
        ("periods", (TIMESTAMP, INTERVAL, TIMESTAMP, TIMESTAMP), types.List(PERIOD, PERIODS_MAX), True),
        ("periods", (TIMESTAMP, INTERVAL, TIMESTAMP, TIMESTAMP, COUNT), types.List(PERIOD, PERIODS_MAX), True),
    ),
}


def zoned(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`date(at)`, `period_of(anchor, "1 month", at)` and their like; a zone may follow the other arguments."""
    forms = ZONED[node.name]
    arguments = _arguments(checker, node, scope, forms)
    if node.name == "date" and len(arguments) == 1 and types.is_text(arguments[0].type):
        return library_calls.call(checker, node, FUNCTIONS["date"], list(node.arguments), arguments, method=False)
    has_zone = len(arguments) > len(forms[0][1]) and types.is_text(arguments[-1].type)
    given = arguments[:-1] if has_zone else arguments
    function, kinds, result, may_fail = next((f for f in forms if len(f[1]) == len(given)), forms[-1])
    for argument, kind, written in zip(given, kinds, node.arguments, strict=False):
        _check(argument, kind, checker.at(written))
    if len(given) != len(kinds):  # what stands where the zone should be is no text
        raise Rejected(say.expected_type("a time zone", given[-1].type, checker.at(node.arguments[-1])))
    zone = arguments[-1] if has_zone else bundle_zone(scope, checker.at(node))
    use_zones(scope, zone, checker.at(node.arguments[-1]))
    return Call(result, function, (zone, *given), may_fail=may_fail)


def _arguments(checker: Checker, node: syntax.Call, scope: Scope, forms: Sequence[Form]) -> list[Expr]:
    least, most = len(forms[0][1]), len(forms[-1][1]) + 1
    count = len(node.arguments)
    if not least <= count <= most:
        raise Rejected(say.wrong_argument_count(node.name, f"{least} to {most} arguments", count, checker.at(node)))
    return [checker.expression(a, scope) for a in node.arguments]


def _check(argument: Expr, kind: Type, at: Span) -> None:
    if kind in (INTERVAL, CALENDAR_INTERVAL, KIND):
        _check_word(argument, kind, at)
    elif kind == TIMESTAMP:
        expect_timestamp(argument, at)
    elif kind == COUNT:
        if not _is_int(argument.type):
            raise Rejected(say.expected_type("an int", argument.type, at, "cut a decimal with `int(x)`, or round it"))
    elif argument.type != kind:
        raise Rejected(say.expected_type(str(kind), argument.type, at))


def expect_timestamp(argument: Expr, at: Span) -> None:
    """Refuse what is no time."""
    if argument.type != TIMESTAMP:
        hint = "turn text or seconds since 1970 into a time with `timestamp(x)`"
        raise Rejected(say.expected_type("a timestamp", argument.type, at, hint))


def _check_word(argument: Expr, kind: Type, at: Span) -> None:
    text = library_calls.constant_text(argument)
    if text is None:
        raise Rejected(say.needs_constant(str(kind), at, 'write it as text, such as `"1 month"`'))
    if kind == KIND:
        if text not in WORDS:
            raise Rejected(say.not_a_member(text, WORDS, "the ways to count months", at))
        return
    try:
        interval = parse_interval(text)
        if kind == CALENDAR_INTERVAL:
            _check_calendar(interval)
    except InvalidValue as fault:
        raise Rejected(say.bad_interval(fault.message, at, fault.hint)) from None


def _check_calendar(interval: Interval) -> None:
    if not interval.nanoseconds:
        calendar.calendar(interval, UTC)
    else:
        calendar.calendar_period(interval, 0, UTC)


def _is_int(its_type: Type) -> bool:
    return isinstance(its_type, types.Number) and its_type.integer and not its_type.unit


def bundle_zone(scope: Scope, at: Span) -> Expr:
    """The bundle's own zone, as a constant."""
    if not scope.zone:
        raise Rejected(say.needs_constant("the time zone", at, "say `timezone:` in the manifest"))
    return Const(STRING, scope.zone)


def use_zones(scope: Scope, zone: Expr, at: Span) -> None:
    """Every zone that an expression can name goes into the program: a constant, or the members of an enum."""
    names: tuple[str, ...] = ()
    if isinstance(zone, Const) and types.is_text(zone.type):
        names = (str(zone.value),)
    elif isinstance(zone.type, types.Enum):
        names = zone.type.members
    if not names or scope.use_zone is None:
        hint = "write its name, or use an input that is an enum of names"
        raise Rejected(say.needs_constant("a time zone", at, hint))
    for name in names:
        hint = scope.use_zone(name) or ""
        if hint:
            raise Rejected(say.unknown_zone(name, at, hint))
