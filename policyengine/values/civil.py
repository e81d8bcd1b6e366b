"""Days and wall clocks without a zone: dates as day numbers, wall times as nanoseconds.

A date is the number of its day, counted from 1970-01-01; a wall time is the nanoseconds that a clock on the wall has
counted since 1970-01-01T00:00:00, as if no zone ever changed its offset. Both make calendar arithmetic plain integer
arithmetic; `values.zones` turns wall times into instants and back. The calendar is the proleptic Gregorian one of
ISO 8601, years 0001 to 9999.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from policyengine.values.invalid import InvalidValue

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DAY_MIN = date.min.toordinal() - _EPOCH_ORDINAL
DAY_MAX = date.max.toordinal() - _EPOCH_ORDINAL

_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
_DATE_ONLY = re.compile(_DATE)
_TIME_ONLY = re.compile(_TIME)
_DATE_AND_TIME = re.compile(rf"({_DATE})[Tt]({_TIME})")


class WallTime(NamedTuple):
    """What a calendar and a clock on the wall show."""

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0


class Date(int):
    """A calendar day as its number, 0 for 1970-01-01. Comparison and arithmetic are those of the integer."""

    __slots__ = ()

    def __new__(cls, day: int) -> Date:
        if not is_whole(day):
            raise InvalidValue(f"a date is made of a whole number of days, not of a {type(day).__name__}")
        if not DAY_MIN <= day <= DAY_MAX:
            raise InvalidValue("a date lies outside the years 0001 to 9999")
        return super().__new__(cls, day)

    @classmethod
    def of(cls, year: int, month: int, day: int) -> Date:
        """The day with this year, month and day of month."""
        return cls(days_from_civil(year, month, day))

    @classmethod
    def parse(cls, text: str) -> Date:
        """The day that ISO 8601 text names, such as `2026-12-01`."""
        return cls(parse_date(text))

    @classmethod
    def from_date(cls, value: date) -> Date:
        """The day of a `datetime.date` (a datetime is refused: which day it is depends on a zone)."""
        if type(value) is not date:
            raise InvalidValue(f"a date is wanted, not a {type(value).__name__}")
        return cls(value.toordinal() - _EPOCH_ORDINAL)

    def to_date(self) -> date:
        """The same day as a `datetime.date`."""
        return date.fromordinal(self + _EPOCH_ORDINAL)

    def __str__(self) -> str:
        return date_text(self)

    def __repr__(self) -> str:
        return f"Date.parse('{self}')"


def is_whole(value: object) -> bool:
    """Whether a value is an integer; `int()` would cut a fraction and read True as 1 without a word."""
    return isinstance(value, int) and not isinstance(value, bool)


def days_from_civil(year: int, month: int, day: int) -> int:
    """The number of a calendar day, counted from 1970-01-01."""
    try:
        return date(year, month, day).toordinal() - _EPOCH_ORDINAL
    except (ValueError, OverflowError):
        raise InvalidValue(f"{year:04d}-{month:02d}-{day:02d} is not a day of the calendar") from None


def civil_from_days(days: int) -> tuple[int, int, int]:
    """The year, month and day of month of a day number."""
    if not DAY_MIN <= days <= DAY_MAX:
        raise InvalidValue("a date lies outside the years 0001 to 9999")
    found = date.fromordinal(days + _EPOCH_ORDINAL)
    return found.year, found.month, found.day


def is_leap_year(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 2:
        return 29 if is_leap_year(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def weekday(days: int) -> int:
    """The day of the week of a day number: 0 for Monday to 6 for Sunday, as ISO 8601 orders them."""
    return (days + 3) % 7  # 1970-01-01 was a Thursday


def wall_from_fields(fields: WallTime) -> int:
    """The wall nanoseconds of a calendar day and a time of day."""
    in_range = 0 <= fields.hour < 24 and 0 <= fields.minute < 60 and 0 <= fields.second < 60
    if not in_range or not 0 <= fields.nanosecond < SECOND:
        raise InvalidValue(f"{fields.hour:02d}:{fields.minute:02d}:{fields.second:02d} is not a time of day")
    day = days_from_civil(fields.year, fields.month, fields.day)
    return day * DAY + fields.hour * HOUR + fields.minute * MINUTE + fields.second * SECOND + fields.nanosecond


def fields_from_wall(wall: int) -> WallTime:
    """The calendar day and the time of day of wall nanoseconds."""
    day, rest = divmod(wall, DAY)
    seconds, nanosecond = divmod(rest, SECOND)
    return WallTime(*civil_from_days(day), seconds // 3600, seconds // 60 % 60, seconds % 60, nanosecond)


def parse_date(text: str) -> int:
    """The day number of ISO 8601 text, `YYYY-MM-DD` and nothing else."""
    found = _DATE_ONLY.fullmatch(text)
    if found is None:
        raise InvalidValue(f"`{text[:60]}` is not a date", "write it as 2026-12-01")
    return days_from_civil(int(found[1]), int(found[2]), int(found[3]))


def parse_time_of_day(text: str) -> int:
    """The nanoseconds since midnight of `HH:MM:SS` with at most nine decimals."""
    found = _TIME_ONLY.fullmatch(text)
    if found is None:
        raise InvalidValue(f"`{text[:60]}` is not a time of day", "write it as 09:30:00")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    if second == 60:
        raise InvalidValue(f"`{text}` is a leap second, which has no place on a time line of equal days")
    if hour > 23 or minute > 59 or second > 59:
        raise InvalidValue(f"`{text}` is not a time of day")
    return hour * HOUR + minute * MINUTE + second * SECOND + int((found[4] or "0").ljust(9, "0"))


def parse_wall(text: str) -> int:
    """The wall nanoseconds of `YYYY-MM-DDTHH:MM:SS` with at most nine decimals and no offset."""
    found = _DATE_AND_TIME.fullmatch(text)
    if found is None:
        raise InvalidValue(f"`{text[:60]}` is not a date and time", "write it as 2026-12-01T09:30:00")
    return parse_date(found[1]) * DAY + parse_time_of_day(found[5])


@lru_cache(maxsize=4096)
def date_text(days: int) -> str:
    """A day number as `YYYY-MM-DD`."""
    year, month, day = civil_from_days(days)
    return f"{year:04d}-{month:02d}-{day:02d}"


def wall_text(wall: int) -> str:
    """Wall nanoseconds as `YYYY-MM-DDTHH:MM:SS`, with as many decimals as it needs."""
    minute, rest = divmod(wall, MINUTE)
    second, nanosecond = divmod(rest, SECOND)
    text = f"{_minute_text(minute)}{second:02d}"
    return text + decimals_text(nanosecond) if nanosecond else text


@lru_cache(maxsize=4096)
def _minute_text(minute: int) -> str:
    """A minute as far as its last colon; what happens now and what begins at midnight is asked for often."""
    day, minute = divmod(minute, 24 * 60)
    return f"{date_text(day)}T{minute // 60:02d}:{minute % 60:02d}:"


def decimals_text(nanosecond: int) -> str:
    """The part of a second below one as `.5`; nothing for a whole second."""
    return f".{nanosecond:09d}".rstrip("0") if nanosecond else ""
