"""Parts of instants and durations, and what lies between two instants.

Calendar functions take a zone by its name in the tz database, or as an offset such as `+02:00`; without one they count
in UTC. Days are those of the zone's calendar, so one of them may have 23 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any, get_args

from policyengine.runtime.failure import BAD_ARGUMENT, BAD_TEXT, TIME_RANGE, UNKNOWN_ZONE, Failure
from policyengine.runtime.functions import periods
from policyengine.runtime.functions.function import DECIMAL, INT, Function, list_of, map_of, method, plain
from policyengine.runtime.functions.maps import MapValue
from policyengine.runtime.limits import PERIODS_MAX
from policyengine.values import calendar, day_count
from policyengine.values.civil import (
    DAY,
    HOUR,
    MILLISECOND,
    MINUTE,
    SECOND,
    Date,
    WallTime,
    days_from_civil,
    weekday,
)
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.invalid import InvalidValue
from policyengine.values.types import DATE, DURATION, DYN, STRING, TIMESTAMP
from policyengine.values.zones import UTC, Zone, fixed_zone

_MONTHS_MAX = 120_000
MONTH_FRACTIONS: tuple[day_count.MonthFraction, ...] = get_args(day_count.MonthFraction)
ZONE_COST = 10


def zone_named(name: str) -> Zone | Failure:
    """A zone by its name or offset. Names are looked up in the list first: the error of an unknown one is costly."""
    if name == "UTC":
        return UTC
    try:
        if len(name) < 7 and (fixed := fixed_zone(name)) is not None:
            return fixed
    except InvalidValue:
        return UNKNOWN_ZONE.saying(f"`{name}` is no offset from UTC")
    # Reading the wheel doubles the time that an import takes, and most expressions never ask for a zone.
    from policyengine.values import zone_data

    if name not in zone_data.zone_names():
        return UNKNOWN_ZONE.saying(f"there is no time zone `{name[:40]}`")
    return zone_data.zone(name)


def zoned(run: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A function whose argument after the first `count` is a zone's name; what lies outside of time fails."""

    def with_zone(*given: Any) -> Any:
        zone = zone_named(given[count]) if len(given) > count else UTC
        if isinstance(zone, Failure):
            return zone
        try:
            return run(*given[:count], zone)
        except InvalidValue as fault:
            if "out of range" in fault.message or "outside the years" in fault.message:
                return TIME_RANGE
            return BAD_ARGUMENT.saying(fault.message)

    return with_zone


def _part(take: Callable[[WallTime], int]) -> Callable[..., Any]:
    return zoned(lambda at, zone: take(zone.local(at)), 1)


def _day(wall: WallTime) -> int:
    return days_from_civil(wall.year, wall.month, wall.day)


_PARTS: tuple[tuple[str, Callable[[WallTime], int], str], ...] = (
    ("getFullYear", lambda wall: wall.year, "the year"),
    ("getMonth", lambda wall: wall.month - 1, "the month, 0 for January"),
    ("getDate", lambda wall: wall.day, "the day of the month, from 1"),
    ("getDayOfMonth", lambda wall: wall.day - 1, "the day of the month, from 0"),
    ("getDayOfWeek", lambda wall: (weekday(_day(wall)) + 1) % 7, "the day of the week, 0 for Sunday"),
    ("getDayOfYear", lambda wall: _day(wall) - days_from_civil(wall.year, 1, 1), "the day of the year, from 0"),
)
_CLOCK: tuple[tuple[str, Callable[[WallTime], int], int, str], ...] = (
    ("getHours", lambda wall: wall.hour, HOUR, "the hour of the day, or a duration in whole hours"),
    ("getMinutes", lambda wall: wall.minute, MINUTE, "the minute of the hour, or a duration in whole minutes"),
    ("getSeconds", lambda wall: wall.second, SECOND, "the second of the minute, or a duration in whole seconds"),
)


DATE_PARTS: dict[str, Callable[[WallTime], int]] = {name: take for name, take, _ in _PARTS}
CLOCK_PARTS: dict[str, Callable[[WallTime], int]] = {name: take for name, take, _, _ in _CLOCK} | {
    "getMilliseconds": lambda wall: wall.nanosecond // MILLISECOND
}
"""What is read off the wall, by the names of the functions."""


def cut(unit: int, length: int) -> int:
    """Whole units, towards zero."""
    return abs(length) // unit * (-1 if length < 0 else 1)


def _milliseconds(length: int) -> int:
    return cut(MILLISECOND, length) - cut(SECOND, length) * 1000


def _getter(name: str, take: Callable[[WallTime], int], doc: str, of_duration: Callable[[int], int] | None) -> Function:
    forms = [
        method(TIMESTAMP, gives=INT, run=_part(take)),
        method(TIMESTAMP, STRING, gives=INT, may_fail=True, run=_part(take)),
    ]
    if of_duration is not None:
        forms.append(method(DURATION, gives=INT, run=of_duration))
    return Function(name, tuple(forms), _part(take), doc, cost=ZONE_COST)


_GETTERS = (
    *(_getter(name, take, doc, None) for name, take, doc in _PARTS),
    *(_getter(name, take, doc, partial(cut, unit)) for name, take, unit, doc in _CLOCK),
    _getter(
        "getMilliseconds",
        CLOCK_PARTS["getMilliseconds"],
        "the milliseconds of the second",
        _milliseconds,
    ),
)


def date_of_text(text: str) -> Date | Failure:
    try:
        return Date.parse(text[:20])
    except InvalidValue as fault:
        return BAD_TEXT.saying(fault.message)


def months_later(at: int, months: int, zone: Zone) -> Timestamp | Failure:
    return calendar.add_months(at, months, zone) if abs(months) <= _MONTHS_MAX else TIME_RANGE


def seconds_between(start: int, end: int) -> Fraction:
    return Fraction(end - start, SECOND)


def period_map(period: periods.Held) -> MapValue:
    number, start, end = period
    return MapValue({"number": number, "start": Timestamp(start), "end": Timestamp(end)})


def _on_day(find: Callable[..., Any]) -> Callable[..., Any]:
    """A function of periods, given its arguments and then a bill day, if there is one, and the zone."""

    def found(anchor: int, interval: str, *given: Any) -> Any:
        *times, zone = given
        made = find(zone, anchor, interval[:40], *times)
        if isinstance(made, Failure):
            return made
        return period_map(made) if made and isinstance(made[0], int) else tuple(map(period_map, made))

    return found


def _calendar_period(interval: str, at: int, zone: Zone) -> MapValue:
    return period_map(periods.calendar_period(zone, interval[:40], at))


def _instant(find: Callable[..., int]) -> Callable[..., Timestamp]:
    """A function of the anchor, an interval and one thing more that gives an instant."""
    return lambda anchor, interval, other, zone: Timestamp(find(zone, anchor, interval[:40], other))


def _add_days(at: int, days: int, zone: Zone) -> Any:
    made = periods.add_days(zone, at, days)
    return made if isinstance(made, Failure) else Timestamp(made)


def _midnight(day: int, zone: Zone) -> Timestamp:
    return Timestamp(periods.midnight(zone, day))


def _local_time(at: int, zone: Zone) -> str:
    return periods.local_time(zone, at)


def _fixed_days_between(start: int, end: int, days: int, zone: Zone) -> int:
    return periods.fixed_days_between(zone, start, end, days)


def _month_fraction(start: int, end: int, kind: str, zone: Zone) -> MapValue | Failure:
    known = next((word for word in MONTH_FRACTIONS if word == kind), None)
    if known is None:
        return BAD_ARGUMENT.saying(f"months are counted by one of: {', '.join(MONTH_FRACTIONS)}")
    n, d = day_count.month_fraction(known, zone.to_wall(start) // DAY, zone.to_wall(end) // DAY)
    return MapValue({"numerator": n, "denominator": d})


def _time_of_day(at: int, zone: Zone) -> Duration:
    return Duration(calendar.time_of_day(at, zone))


def _by_last_text(run: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A function of `count` arguments, after which a bill day or a zone or both may stand."""

    def with_both(*given: Any) -> Any:
        has_day = len(given) > count and not isinstance(given[count], str)
        return zoned(run, count + has_day)(*given)

    return with_both


_PERIOD = map_of(STRING, DYN)


def _with_zone(*parameters: Any, gives: Any, run: Callable[..., Any]) -> tuple[Any, ...]:
    """A form without, and one with a zone."""
    implementation = zoned(run, len(parameters))
    return tuple(plain(*parameters, *zone, gives=gives, may_fail=True, run=implementation) for zone in ((), (STRING,)))


_INTERVAL = "steps of `1 month`, `2 weeks`, `1 quarter`, `1 half_year` or `1 year`"

PERIODS = (
    Function(
        "period_of",
        (
            *_with_zone(TIMESTAMP, STRING, TIMESTAMP, gives=_PERIOD, run=_on_day(periods.period_of)),
            *_with_zone(TIMESTAMP, STRING, TIMESTAMP, INT, gives=_PERIOD, run=_on_day(periods.period_of)),
        ),
        _by_last_text(_on_day(periods.period_of), 3),
        f"the period `{{number, start, end}}` that an instant lies in, counted from an anchor in {_INTERVAL}; an int "
        "is the day of the month on which periods begin",
        cost=5 * ZONE_COST,
    ),
    Function(
        "periods",
        (
            *_with_zone(TIMESTAMP, STRING, TIMESTAMP, TIMESTAMP, gives=list_of(_PERIOD), run=_on_day(periods.periods)),
            *_with_zone(
                TIMESTAMP, STRING, TIMESTAMP, TIMESTAMP, INT, gives=list_of(_PERIOD), run=_on_day(periods.periods)
            ),
        ),
        _by_last_text(_on_day(periods.periods), 4),
        "the periods that have a part between two instants, counted from an anchor",
        cost=PERIODS_MAX * ZONE_COST,
    ),
    Function(
        "calendar_period",
        _with_zone(STRING, TIMESTAMP, gives=_PERIOD, run=_calendar_period),
        zoned(_calendar_period, 2),
        "the period of the calendar that an instant lies in, such as its month",
        cost=5 * ZONE_COST,
    ),
    Function(
        "next_boundary",
        _with_zone(TIMESTAMP, STRING, TIMESTAMP, gives=TIMESTAMP, run=_instant(periods.next_boundary)),
        zoned(_instant(periods.next_boundary), 3),
        "the end of a period that begins at the last instant and has the day and time of the anchor",
        cost=5 * ZONE_COST,
    ),
    Function(
        "first_bill",
        _with_zone(TIMESTAMP, STRING, INT, gives=TIMESTAMP, run=_instant(periods.first_bill)),
        zoned(_instant(periods.first_bill), 3),
        "the first bill day at or after an instant; a day after the month's last is its last",
        cost=5 * ZONE_COST,
    ),
    Function(
        "add_days",
        _with_zone(TIMESTAMP, INT, gives=TIMESTAMP, run=_add_days),
        zoned(_add_days, 2),
        "the same wall time some days later; a day may have 23 or 25 hours",
        cost=ZONE_COST,
    ),
    Function(
        "midnight",
        _with_zone(DATE, gives=TIMESTAMP, run=_midnight),
        zoned(_midnight, 1),
        "the first instant of a day",
        cost=ZONE_COST,
    ),
    Function(
        "local_time",
        _with_zone(TIMESTAMP, gives=STRING, run=_local_time),
        zoned(_local_time, 1),
        "the text of what calendar and clock show, without an offset: `2026-12-01T09:30:00`",
        cost=ZONE_COST,
    ),
    Function(
        "fixed_days_between",
        _with_zone(TIMESTAMP, TIMESTAMP, INT, gives=INT, run=_fixed_days_between),
        zoned(_fixed_days_between, 3),
        "the days between two instants if each month had as many; a 31st is the day after the 30th",
        cost=ZONE_COST,
    ),
    Function(
        "month_fraction",
        _with_zone(TIMESTAMP, TIMESTAMP, STRING, gives=map_of(STRING, INT), run=_month_fraction),
        zoned(_month_fraction, 3),
        "how many months lie between two instants, as `{numerator, denominator}`, by `actual_month`, `actual_360`, "
        "`month_30` or `thirty_360`",
        cost=5 * ZONE_COST,
    ),
)

TIMES = (
    *_GETTERS,
    Function(
        "date",
        (
            *_with_zone(TIMESTAMP, gives=DATE, run=calendar.date_at),
            plain(STRING, gives=DATE, may_fail=True, run=date_of_text),
        ),
        zoned(calendar.date_at, 1),
        "the day that the calendar shows at an instant, or that text such as `2026-12-01` names",
        cost=ZONE_COST,
    ),
    Function(
        "time_of_day",
        _with_zone(TIMESTAMP, gives=DURATION, run=_time_of_day),
        zoned(_time_of_day, 1),
        "what the clock on the wall shows, as a duration since its midnight",
        cost=ZONE_COST,
    ),
    Function(
        "add_months",
        _with_zone(TIMESTAMP, INT, gives=TIMESTAMP, run=months_later),
        zoned(months_later, 2),
        "the same day and wall time some months later, on the last day of a shorter month",
        cost=ZONE_COST,
    ),
    Function(
        "days_between",
        _with_zone(TIMESTAMP, TIMESTAMP, gives=INT, run=calendar.days_between),
        zoned(calendar.days_between, 2),
        "how many midnights lie between two instants",
        cost=ZONE_COST,
    ),
    Function(
        "seconds_between",
        (plain(TIMESTAMP, TIMESTAMP, gives=DECIMAL),),
        seconds_between,
        "the seconds from one instant to another",
    ),
    *PERIODS,
)
