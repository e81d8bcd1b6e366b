"""Billing periods: where they begin and end on a calendar and a wall clock, computed from their anchor.

INVARIANT: the k-th boundary is the anchor plus k intervals, never the boundary before it plus one. 31 January leads to
28 or 29 February and then to 31 March; whoever steps from boundary to boundary arrives at 28 March and stays there.

Months and days keep the wall time of the anchor across changes of the clocks, so such a period may have an hour more
or less; hours, minutes and seconds are exact. Wall times that do not exist once are read as `values.zones` says.
Periods are half-open: an instant on a boundary belongs to the period that begins there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from policyengine.values.civil import DAY, Date, civil_from_days, days_from_civil, days_in_month
from policyengine.values.instant import Timestamp
from policyengine.values.interval import Interval
from policyengine.values.invalid import InvalidValue
from policyengine.values.zones import Zone

MONDAY, SUNDAY = 0, 6


class Period(NamedTuple):
    """The stretch [start, end) between the boundaries `number` and `number + 1` of its cycle."""

    number: int
    start: Timestamp
    end: Timestamp


@dataclass(frozen=True, slots=True)
class Cycle:
    """All periods of one interval in one zone.

    `wall` is the anchor on the wall clock, in nanoseconds. `instant` is the anchor itself where a caller gave one: it
    stays a boundary even as the second of two equal wall times. `bill_day` stands for the anchor's day of the month,
    and remembers a 31 where the anchor lies in a shorter month. The interval here is the whole length of a period.
    """

    wall: int
    instant: int | None
    interval: Interval
    zone: Zone
    bill_day: int | None = None

    def boundary(self, number: int) -> Timestamp:
        """The anchor plus `number` intervals, which may be negative."""
        if self.interval.nanoseconds and self.instant is not None:
            return Timestamp(self.instant + number * self.interval.nanoseconds)
        if number == 0 and self.instant is not None and self.bill_day is None:
            return Timestamp(self.instant)
        return Timestamp(self.zone.from_wall(self._wall_of(number)))

    def number_at(self, at: int) -> int:
        """The number of the period that an instant lies in."""
        number = self._guess(at)
        while self.boundary(number) > at:
            number -= 1
        while self.boundary(number + 1) <= at:
            number += 1
        return number

    def period_at(self, at: int) -> Period:
        """The period that an instant lies in."""
        return self.period(self.number_at(at))

    def period(self, number: int) -> Period:
        """The period of a number."""
        return Period(number, self.boundary(number), self.boundary(number + 1))

    def periods(self, start: int, end: int) -> list[Period]:
        """The whole periods that have a part in [start, end), in order; none for an empty stretch."""
        if start >= end:
            return []
        return [self.period(number) for number in range(self.number_at(start), self.number_at(end - 1) + 1)]

    def boundaries(self, start: int, end: int) -> list[Timestamp]:
        """The boundaries in [start, end), in order."""
        return [period.start for period in self.periods(start, end) if period.start >= start]

    def _wall_of(self, number: int) -> int:
        day, time_of_day = divmod(self.wall, DAY)
        if self.interval.months:
            return _month_later(day, number * self.interval.months, self.bill_day) * DAY + time_of_day
        return self.wall + number * self.interval.days * DAY

    def _guess(self, at: int) -> int:
        """A number at most a few periods from the right one."""
        if self.interval.nanoseconds and self.instant is not None:
            return (at - self.instant) // self.interval.nanoseconds
        day, anchor_day = self.zone.to_wall(at) // DAY, self.wall // DAY
        if self.interval.months:
            return (_month_number(day) - _month_number(anchor_day)) // self.interval.months
        return (day - anchor_day) // self.interval.days


def anniversary(anchor: int, interval: Interval, zone: Zone, bill_day: int | None = None) -> Cycle:
    """The periods that begin at an anchor and every interval after and before it.

    With `bill_day` they begin on that day of the month, or on its last day where it is shorter, from the anchor's own
    month on.
    """
    if bill_day is not None and not (1 <= bill_day <= 31 and interval.months):
        raise InvalidValue(f"a bill day is 1 to 31 and goes with months, not {bill_day} with {interval}")
    return Cycle(zone.to_wall(anchor), int(anchor), interval, zone, bill_day)


def calendar(interval: Interval, zone: Zone, week_start: int = MONDAY) -> Cycle:
    """The periods of the calendar: days, weeks, months, quarters, half-years and years from their own beginnings.

    Only what the calendar itself repeats fits it: months that divide a year, one week, one day.
    """
    if interval.months and 12 % interval.months == 0:
        return Cycle(0, None, interval, zone)
    if interval == Interval(1, "week"):
        return Cycle((week_start - 3) * DAY, None, interval, zone)  # 1970-01-01 was a Thursday
    if interval == Interval(1, "day"):
        return Cycle(0, None, interval, zone)
    raise InvalidValue(f"the calendar has no periods of {interval}", "align it to an anchor")


def calendar_period(interval: Interval, at: int, zone: Zone, week_start: int = MONDAY) -> Period:
    """The period of the calendar that an instant lies in; hours, minutes and seconds count from local midnight.

    On a day when the clocks change, the last of them is cut by the midnight that follows, or there are more of them.
    """
    if not interval.nanoseconds:
        return calendar(interval, zone, week_start).period_at(at)
    if DAY % interval.nanoseconds:
        raise InvalidValue(f"the calendar has no periods of {interval}", "align it to an anchor")
    _, midnight, next_midnight = calendar(Interval(1, "day"), zone).period_at(at)
    number = (at - midnight) // interval.nanoseconds
    start = midnight + number * interval.nanoseconds
    return Period(number, Timestamp(start), Timestamp(min(start + interval.nanoseconds, next_midnight)))


def period_of(anchor: int, interval: Interval, at: int, zone: Zone, bill_day: int | None = None) -> Period:
    """The period counted from an anchor that an instant lies in."""
    return anniversary(anchor, interval, zone, bill_day).period_at(at)


def periods(anchor: int, interval: Interval, start: int, end: int, zone: Zone) -> list[Period]:
    """The whole periods counted from an anchor that have a part in [start, end)."""
    return anniversary(anchor, interval, zone).periods(start, end)


def boundary(anchor: int, interval: Interval, number: int, zone: Zone, bill_day: int | None = None) -> Timestamp:
    """The anchor plus `number` intervals."""
    return anniversary(anchor, interval, zone, bill_day).boundary(number)


def next_boundary(anchor: int, interval: Interval, start: int, zone: Zone) -> Timestamp:
    """The end of a period that begins at `start` and keeps the anchor's day and time but not its count.

    A subscription that was moved may begin any period on the anchor's grid of single units (every week, for one of two
    weeks); the period ends as many units later. It is the day that places its start on the grid, since one that begins
    earlier than the anchor's clock time is not over on the same day.
    """
    single = anniversary(anchor, Interval(1, interval.unit), zone)
    if not interval.nanoseconds:
        start = zone.from_wall((zone.to_wall(start) // DAY + 1) * DAY) - 1
    return single.boundary(single.number_at(start) + interval.count)


def first_bill(start: int, interval: Interval, zone: Zone, bill_day: int) -> Timestamp:
    """The first bill day at or after a start: in the start's month or, if that has passed, one interval later."""
    cycle = anniversary(start, interval, zone, bill_day)
    return cycle.boundary(0) if cycle.boundary(0) >= start else cycle.boundary(1)


def add_months(at: int, months: int, zone: Zone) -> Timestamp:
    """The same day and wall time some months later or earlier, on the month's last day where it is shorter."""
    if months == 0:
        return Timestamp(at)
    day, time_of_day = divmod(zone.to_wall(at), DAY)
    return Timestamp(zone.from_wall(_month_later(day, months, None) * DAY + time_of_day))


def add_days(at: int, days: int, zone: Zone) -> Timestamp:
    """The same wall time some days later or earlier."""
    return Timestamp(zone.from_wall(zone.to_wall(at) + days * DAY) if days else at)


def date_at(at: int, zone: Zone) -> Date:
    """The day that the calendar shows."""
    return Date(zone.to_wall(at) // DAY)


def midnight(day: int, zone: Zone) -> Timestamp:
    """The first instant of a day, given by its number."""
    return Timestamp(zone.from_wall(day * DAY))


def time_of_day(at: int, zone: Zone) -> int:
    """What the wall clock shows, in nanoseconds since its midnight."""
    return zone.to_wall(at) % DAY


def days_between(start: int, end: int, zone: Zone) -> int:
    """How many midnights of the calendar lie between two instants; a day of 23 or 25 hours is one day."""
    return zone.to_wall(end) // DAY - zone.to_wall(start) // DAY


def _month_number(day: int) -> int:
    year, month, _ = civil_from_days(day)
    return year * 12 + month - 1


def _month_later(day: int, months: int, bill_day: int | None) -> int:
    """A day number some months later, on `bill_day` or else on its own day, clamped to the month's last."""
    year, month, own_day = civil_from_days(day)
    later_year, later_month = divmod(year * 12 + month - 1 + months, 12)
    last = days_in_month(later_year, later_month + 1)
    return days_from_civil(later_year, later_month + 1, min(bill_day or own_day, last))
