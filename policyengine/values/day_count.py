"""Day counts: how much of a period a stretch is, under the conventions that contracts name.

All stretches are half-open. `end_inclusive` is for sources that state the last day of a stretch instead of the day
after it: one day is added to each end. The functions of one count are differences of one function of the date, so the
parts of a period always sum to the whole, which is why thirty_360 is the European 30E/360 (ISDA 2006, 4.16(g)) and not
the American one: there 15 to 31 January and 31 January to 15 February are 31 days, and the two together 30.
"""

from __future__ import annotations

from math import lcm
from typing import Literal, get_args

from policyengine.values.civil import DAY, civil_from_days, days_in_month
from policyengine.values.invalid import InvalidValue
from policyengine.values.zones import Zone

Basis = Literal["second", "day", "month_30", "actual_360", "thirty_360"]
BASES: tuple[Basis, ...] = get_args(Basis)
"""second: exact time; day: local calendar days; month_30: months of 30 days, and a 31st counts as a day of its own, as
Kill Bill's fixed days do; actual_360: local calendar days over months of 30; thirty_360: a 31st counts as the 30th."""

MonthFraction = Literal["actual_month", "actual_360", "month_30", "thirty_360"]


def fixed_days(start: int, end: int, days_in_each_month: int = 30) -> int:
    """The days between two day numbers if every month had that many; a 31st stays one day after the 30th."""
    return _months_times(end, days_in_each_month) - _months_times(start, days_in_each_month)


def thirty_360_days(start: int, end: int) -> int:
    """The days between two day numbers by 30E/360: twelve months of 30 days, and a 31st is the 30th."""
    return _thirty_360_number(end) - _thirty_360_number(start)


def part(
    basis: Basis,
    start: int,
    end: int,
    period_start: int,
    period_end: int,
    zone: Zone,
    *,
    end_inclusive: bool = False,
) -> tuple[int, int]:
    """How much of a period the instants from `start` to `end` are, as a numerator and a positive denominator."""
    if basis == "second":
        if end_inclusive:
            raise InvalidValue("an inclusive end is a day; with the basis `second` an end is an instant")
        return _of_period(end - start, period_end - period_start)
    extra = 1 if end_inclusive else 0
    first, last = zone.to_wall(start) // DAY, zone.to_wall(end) // DAY + extra
    period_first, period_last = zone.to_wall(period_start) // DAY, zone.to_wall(period_end) // DAY + extra
    return part_of_days(basis, first, last, period_first, period_last)


def part_of_days(basis: Basis, start: int, end: int, period_start: int, period_end: int) -> tuple[int, int]:
    """How much of a period of calendar days [period_start, period_end) the days [start, end) are."""
    match basis:
        case "day":
            return _of_period(end - start, period_end - period_start)
        case "month_30":
            return _of_period(fixed_days(start, end), fixed_days(period_start, period_end))
        case "actual_360":
            return _of_period(end - start, fixed_days(period_start, period_end))
        case "thirty_360":
            return _of_period(thirty_360_days(start, end), thirty_360_days(period_start, period_end))
        case _:
            raise InvalidValue(f"the basis `{basis}` counts no days")


def month_fraction(kind: MonthFraction, start: int, end: int) -> tuple[int, int]:
    """How many months the days [start, end) are: each by its own length, or all by 30 days."""
    match kind:
        case "actual_month":
            return _actual_months(start, end)
        case "actual_360":
            return end - start, 30
        case "month_30":
            return fixed_days(start, end), 30
        case "thirty_360":
            return thirty_360_days(start, end), 30


def _actual_months(start: int, end: int) -> tuple[int, int]:
    """The days in each calendar month over its length, added up."""
    n, d = 0, 1
    while start < end:
        year, month, day = civil_from_days(start)
        length = days_in_month(year, month)
        stop = min(end, start + length - day + 1)
        shared = lcm(d, length)
        n, d = n * (shared // d) + (stop - start) * (shared // length), shared
        start = stop
    return n, d


def _of_period(n: int, d: int) -> tuple[int, int]:
    if d <= 0:
        raise InvalidValue("a period has no length: its end is not after its start")
    return n, d


def _months_times(day: int, days_in_each_month: int) -> int:
    year, month, of_month = civil_from_days(day)
    return (year * 12 + month) * days_in_each_month + of_month


def _thirty_360_number(day: int) -> int:
    year, month, of_month = civil_from_days(day)
    return year * 360 + month * 30 + min(of_month, 30)
