"""Functions of billing periods: where they begin and end in a zone, and how much of one a stretch is.

Like those of `zoned.py` they are calendar arithmetic on whole numbers, and both evaluators call them. A period is held
as the record `{number, start, end}`; intervals are texts that were checked when the bundle was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.failure import Failure
from policyengine.runtime.limits import PERIODS_MAX
from policyengine.values import calendar, day_count
from policyengine.values.calendar import Cycle, Period
from policyengine.values.civil import DAY, SECOND, wall_text
from policyengine.values.instant import TIMESTAMP_MAX, TIMESTAMP_MIN
from policyengine.values.interval import Interval, parse_interval
from policyengine.values.invalid import InvalidValue
from policyengine.values.types import INT64_MAX
from policyengine.values.zones import Zone

DAYS_MAX = 4_000_000
"""More days than there are between the years 1 and 9999."""
Held = tuple[int, int, int]


def timely(run: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the calendar whose answer may lie outside of time, or whose arguments may not fit each other."""

    def in_time(*given: Any) -> Any:
        try:
            return run(*given)
        except InvalidValue as fault:
            if "out of range" in fault.message or "outside the years" in fault.message:
                return failure.TIME_RANGE
            return failure.BAD_ARGUMENT.saying(fault.message)

    return in_time


def _held(period: Period) -> Held:
    return period.number, int(period.start), int(period.end)


@lru_cache(maxsize=256)
def _interval(text: str) -> Interval:
    """The interval of a text that the checker has read."""
    return parse_interval(text)


def _cycle(zone: Zone, anchor: int, interval: str, bill_day: int | None) -> Cycle:
    return calendar.anniversary(anchor, _interval(interval), zone, bill_day)


def period_of(zone: Zone, anchor: int, interval: str, at: int, bill_day: int | None = None) -> Held:
    """The period that an instant lies in, counted from an anchor."""
    return _held(_cycle(zone, anchor, interval, bill_day).period_at(at))


def periods(
    zone: Zone, anchor: int, interval: str, start: int, end: int, bill_day: int | None = None
) -> tuple[Held, ...] | Failure:
    """The whole periods that have a part in [start, end), in order."""
    cycle = _cycle(zone, anchor, interval, bill_day)
    if start >= end:
        return ()
    first, last = cycle.number_at(start), cycle.number_at(end - 1)
    if last - first >= PERIODS_MAX:
        return failure.BAD_ARGUMENT.saying(f"there are more than {PERIODS_MAX:,} periods")
    return tuple(_held(cycle.period(number)) for number in range(first, last + 1))


def calendar_period(zone: Zone, interval: str, at: int) -> Held:
    """The calendar's own period that an instant lies in."""
    return _held(calendar.calendar_period(_interval(interval), at, zone))


def next_boundary(zone: Zone, anchor: int, interval: str, start: int) -> int:
    """The end of a period that begins at `start`, with the anchor's day and time."""
    return int(calendar.next_boundary(anchor, _interval(interval), start, zone))


def first_bill(zone: Zone, start: int, interval: str, bill_day: int) -> int:
    """The first bill day at or after a start."""
    return int(calendar.first_bill(start, _interval(interval), zone, bill_day))


def add_days(zone: Zone, at: int, days: int) -> int | Failure:
    """The same wall time some days later or earlier."""
    if abs(days) > DAYS_MAX:
        return failure.TIME_RANGE
    made = int(calendar.add_days(at, days, zone))
    return made if TIMESTAMP_MIN <= made <= TIMESTAMP_MAX else failure.TIME_RANGE


def midnight(zone: Zone, day: int) -> int:
    """The first instant of a day."""
    return int(calendar.midnight(day, zone))


def local_time(zone: Zone, at: int) -> str:
    """What calendar and clock show, as text."""
    return wall_text(zone.to_wall(at))


def fixed_days_between(zone: Zone, start: int, end: int, days_in_each_month: int) -> int:
    """The days between two instants if every month had that many."""
    first, last = _days(zone, start, end)
    return day_count.fixed_days(first, last, days_in_each_month)


def month_fraction(zone: Zone, start: int, end: int, kind: day_count.MonthFraction) -> tuple[int, int]:
    """How many months lie between two instants, as numerator and denominator."""
    return day_count.month_fraction(kind, *_days(zone, start, end))


def _days(zone: Zone, start: int, end: int) -> tuple[int, int]:
    return zone.to_wall(start) // DAY, zone.to_wall(end) // DAY


def period_part(
    zone: Zone, start: int, end: int, period_start: int, period_end: int, basis: day_count.Basis, rules: str
) -> tuple[int, int] | Failure:
    """How much of a period a stretch is, by a basis, as numerator and denominator.

    `rules` are words. `clamp` cuts the stretch to the period and `extend` takes it as it is; without them a stretch
    that is not inside of its period fails. With `full` an empty stretch, or one of an empty period, is all of it.
    """
    unit = 1 if basis == "second" else DAY
    edges = (start, end, period_start, period_end)
    a, b, first, last = edges if unit == 1 else (zone.to_wall(edge) // DAY for edge in edges)
    if last <= first:
        return (1, 1) if "full" in rules else failure.EMPTY_PERIOD
    if "clamp" in rules:
        a = min(max(a, first), last)
        b = min(max(a, b), last)
    elif "extend" not in rules and not first <= a <= b <= last:
        return failure.OUTSIDE_PERIOD
    if a == b and "full" in rules:
        return 1, 1
    try:
        n, d = _seconds(b - a, last - first) if unit == 1 else day_count.part_of_days(basis, a, b, first, last)
    except InvalidValue:  # from the 30th to the 31st no day passes in months of 30
        return failure.EMPTY_PERIOD
    if max(abs(n), d) > INT64_MAX:
        return failure.OVERFLOW
    return (min(n, d), d) if "clamp" in rules else (n, d)


def part_of_seconds(start: int, end: int, period_start: int, period_end: int) -> tuple[int, int] | Failure:
    """`period_part` by seconds and without words, for generated code: it needs no zone and no calendar."""
    if period_end <= period_start:
        return failure.EMPTY_PERIOD
    if not period_start <= start <= end <= period_end:
        return failure.OUTSIDE_PERIOD
    n, d = _seconds(end - start, period_end - period_start)
    return (n, d) if d <= INT64_MAX else failure.OVERFLOW


def _seconds(n: int, d: int) -> tuple[int, int]:
    """Nanoseconds as seconds where both are whole."""
    seconds, rest = divmod(n, SECOND)
    of_seconds, of_rest = divmod(d, SECOND)
    return (n, d) if rest or of_rest else (seconds, of_seconds)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "period_of": timely(period_of),
    "periods": timely(periods),
    "calendar_period": timely(calendar_period),
    "next_boundary": timely(next_boundary),
    "first_bill": timely(first_bill),
    "add_days": timely(add_days),
    "midnight": timely(midnight),
    "local_time": local_time,
    "fixed_days_between": timely(fixed_days_between),
    "month_fraction": timely(month_fraction),
    "period_part": timely(period_part),
}
