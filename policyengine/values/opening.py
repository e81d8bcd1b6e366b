"""Hours and days on which something may happen, and the first instant at which it may again.

Hours are read on the wall clock of a zone, `opens` inclusive and `closes` exclusive; an hour that the clocks repeat is
open twice. Where `closes` is not after `opens` the hours go over midnight. A wall time that does not exist is read as
`values.zones` says.
"""

from __future__ import annotations

from collections.abc import Container

from policyengine.values.civil import DAY, civil_from_days, days_in_month, weekday
from policyengine.values.zones import Zone

LAST = 0
"""Stands for the last day of a month among its days."""
DAYS_MAX = 40_000
"""Days that are looked at, some 110 years: every weekday falls on every day of some month long before."""


def is_open_day(day: int, month_days: Container[int], weekdays: Container[int]) -> bool:
    """Whether a day (1970-01-01 is 0) is one of these days of a month and of a week; an empty list has every day."""
    if weekdays and weekday(day) not in weekdays:
        return False
    if not month_days:
        return True
    year, month, number = civil_from_days(day)
    return number in month_days or (LAST in month_days and number == days_in_month(year, month))


def is_open_time(time_of_day: int, opens: int, closes: int) -> bool:
    """Whether a time of day, in nanoseconds since midnight, lies in `[opens, closes)`."""
    if opens < closes:
        return opens <= time_of_day < closes
    return time_of_day >= opens or time_of_day < closes


def next_open(
    at: int, zone: Zone, opens: int, closes: int, month_days: Container[int], weekdays: Container[int]
) -> int | None:
    """The first instant from `at` on that lies in the hours of an open day; None where there is none in a century."""
    for _ in range(DAYS_MAX):
        day, time_of_day = divmod(zone.to_wall(at), DAY)
        if not is_open_day(day, month_days, weekdays):
            at = _wall(zone, (day + 1) * DAY, at)
        elif is_open_time(time_of_day, opens, closes):
            return at
        else:
            at = _wall(zone, (day + (time_of_day >= opens)) * DAY + (opens if time_of_day < opens else 0), at)
    return None


def _wall(zone: Zone, wall: int, after: int) -> int:
    """When the clock shows a wall time; where it does so twice, the instant that is still ahead of `after`."""
    found = zone.from_wall(wall)
    return found if found > after else zone.from_wall(wall, "later")
