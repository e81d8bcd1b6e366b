"""Functions of the local calendar: what an instant is in a time zone.

A program carries the transitions of every zone that it names, so that every host and every evaluator answers alike.
Both evaluators call these functions: they are calendar arithmetic on whole numbers, without a denominator to infer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.functions import periods
from policyengine.runtime.functions.times import CLOCK_PARTS, DATE_PARTS
from policyengine.runtime.meaning import burn_down
from policyengine.values import calendar, opening
from policyengine.values.civil import WallTime
from policyengine.values.instant import TIMESTAMP_MAX, TIMESTAMP_MIN, Timestamp
from policyengine.values.interval import parse_interval
from policyengine.values.invalid import InvalidValue
from policyengine.values.zones import Zone

MONTHS_MAX = 120_000
"""More months than there are between the years 1 and 9999."""


def date_of(zone: Zone, at: int) -> int:
    """`date(at)`: the local day, as its number."""
    return int(calendar.date_at(at, zone))


def time_of_day(zone: Zone, at: int) -> int:
    """`time_of_day(at)`: what the local clock shows, as a duration since midnight."""
    return int(calendar.time_of_day(at, zone))


def days_between(zone: Zone, start: int, end: int) -> int:
    """`days_between(a, b)`: how many local midnights lie between two instants."""
    return int(calendar.days_between(start, end, zone))


def add_months(zone: Zone, at: int, months: int) -> Any:
    """`add_months(at, n)`: the same local day and time some months later, or the end of a short month."""
    if abs(months) > MONTHS_MAX:
        return failure.TIME_RANGE
    try:
        made = int(calendar.add_months(at, months, zone))
    except InvalidValue:
        return failure.TIME_RANGE
    return made if TIMESTAMP_MIN <= made <= TIMESTAMP_MAX else failure.TIME_RANGE


def _part(take: Callable[[WallTime], int]) -> Callable[[Zone, int], int]:
    """A part of what the calendar or the clock of a zone shows, such as its year."""
    return lambda zone, at: take(zone.local(at))


PARTS: Mapping[str, tuple[int, int]] = {
    "getFullYear": (0, 10_000),
    "getMonth": (0, 11),
    "getDate": (1, 31),
    "getDayOfMonth": (0, 30),
    "getDayOfWeek": (0, 6),
    "getDayOfYear": (0, 365),
    "getHours": (0, 23),
    "getMinutes": (0, 59),
    "getSeconds": (0, 59),
    "getMilliseconds": (0, 999),
}
"""The range of each part of a time."""


def next_open(zone: Zone, at: int, opens: int, closes: int, month_days: Sequence[int], weekdays: Sequence[int]) -> Any:
    """The first instant from `at` on that lies in the hours, on one of the days."""
    try:
        found = opening.next_open(at, zone, opens, closes, month_days, weekdays)
    except InvalidValue:
        return failure.TIME_RANGE
    if found is None:
        return failure.NEVER_OPEN
    return found if TIMESTAMP_MIN <= found <= TIMESTAMP_MAX else failure.TIME_RANGE


def _boundary(find: Callable[..., calendar.Period], which: str) -> Callable[..., Any]:
    """The `start`, the `end` or the `number` of a period; one that lies outside of time fails."""

    def run(zone: Zone, *given: Any) -> Any:
        try:
            return int(getattr(find(zone, *given), which))
        except InvalidValue:
            return failure.TIME_RANGE

    return run


def cycle_period(zone: Zone, interval: str, anchor: int, at: int) -> calendar.Period:
    """The period counted from an anchor."""
    return calendar.period_of(anchor, parse_interval(interval), at, zone)


def calendar_period(zone: Zone, interval: str, at: int) -> calendar.Period:
    """The period of the calendar."""
    return calendar.calendar_period(parse_interval(interval), at, zone)


def recurring_period(zone: Zone, recurrences: Sequence[tuple[int, str, int]], at: int) -> calendar.Period:
    """The period under recurrences `(from, interval, anchor)`, each of which ends the one before it and is a reset.

    They count in the order of time, whatever the order in which they are listed; of two that begin together the later
    one in the list holds. A time before all of them lies, for want of another, in the first period of the first.
    """
    in_time = sorted(recurrences, key=_beginning)
    number = max((n for n, each in enumerate(in_time) if each[0] <= at), default=0)
    start, interval, anchor = in_time[number]
    found = calendar.period_of(anchor, parse_interval(interval), max(at, start), zone)
    end = found.end
    if number + 1 < len(in_time):
        end = min(end, Timestamp(in_time[number + 1][0]))
    return calendar.Period(number, max(found.start, Timestamp(start)), end)


def _beginning(recurrence: tuple[int, str, int]) -> int:
    return recurrence[0]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "date_of": date_of,
    "time_of_day": time_of_day,
    "days_between": days_between,
    "add_months": add_months,
    **{f"local_{name}": _part(take) for name, take in {**DATE_PARTS, **CLOCK_PARTS}.items()},
    "next_open": next_open,
    **periods.FUNCTIONS,
    **burn_down.FUNCTIONS,
    **{
        f"{name}_{which}": _boundary(find, which)
        for name, find in (("cycle", cycle_period), ("calendar", calendar_period), ("recurring", recurring_period))
        for which in ("start", "end", "number")
    },
}


def zones_of(data: Mapping[str, Any]) -> dict[str, Zone]:
    """The zones of a program by name."""
    return {name: Zone.from_json(value) for name, value in data.items()}
