"""Intervals of the calendar as authors write them: `1 month`, `2 weeks`, `1 quarter`, `12 hours`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from policyengine.values.civil import HOUR, MINUTE, SECOND
from policyengine.values.invalid import InvalidValue, did_you_mean

IntervalUnit = Literal["second", "minute", "hour", "day", "week", "month", "quarter", "half_year", "year"]
UNITS: tuple[IntervalUnit, ...] = get_args(IntervalUnit)
COUNT_MAX = 9_999

_TEXT = re.compile(r"([1-9][0-9]{0,9}) ([a-z_]+)")
_WORDS: dict[str, IntervalUnit] = {**{unit: unit for unit in UNITS}, **{f"{unit}s": unit for unit in UNITS}}
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_DAYS = {"day": 1, "week": 7}
_EXACT = {"second": SECOND, "minute": MINUTE, "hour": HOUR}


@dataclass(frozen=True, slots=True)
class Interval:
    """A number of units. Exactly one of `months`, `days` and `nanoseconds` is not zero: they do not convert."""

    count: int
    unit: IntervalUnit

    def __post_init__(self) -> None:
        if not 1 <= self.count <= COUNT_MAX:
            raise InvalidValue(f"an interval of {self.count} {self.unit}s is out of range")

    @property
    def months(self) -> int:
        """The length in calendar months, which are 28 to 31 days."""
        return self.count * _MONTHS.get(self.unit, 0)

    @property
    def days(self) -> int:
        """The length in calendar days, which are 23 to 25 hours."""
        return self.count * _DAYS.get(self.unit, 0)

    @property
    def nanoseconds(self) -> int:
        """The length where it is the same everywhere: hours, minutes and seconds."""
        return self.count * _EXACT.get(self.unit, 0)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" if self.count == 1 else f"{self.count} {self.unit}s"


def parse_interval(text: str) -> Interval:
    """The interval that text such as `3 months` names."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise InvalidValue(f"`{text[:60]}` is not an interval", "write it as 1 month or 2 weeks")
    unit = _WORDS.get(found[2])
    if unit is None:
        raise InvalidValue(f"`{found[2][:60]}` is not a unit of an interval", did_you_mean(found[2][:60], _WORDS))
    return Interval(int(found[1]), unit)
