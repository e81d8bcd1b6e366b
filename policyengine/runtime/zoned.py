"""Functions of the local calendar: what an instant is in a time zone.

A program carries the transitions of every zone that it names, so that every host and every evaluator answers alike.
Both evaluators call these functions: they are calendar arithmetic on whole numbers, without a denominator to infer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from policyengine.runtime import failure
from policyengine.values import calendar
from policyengine.values.instant import TIMESTAMP_MAX, TIMESTAMP_MIN
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


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "date_of": date_of,
    "time_of_day": time_of_day,
    "days_between": days_between,
    "add_months": add_months,
}


def zones_of(data: Mapping[str, Any]) -> dict[str, Zone]:
    """The zones of a program by name."""
    return {name: Zone.from_json(value) for name, value in data.items()}
