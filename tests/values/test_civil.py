"""Day numbers and wall times against the standard library's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.values.civil import (
    DAY,
    DAY_MAX,
    DAY_MIN,
    Date,
    WallTime,
    civil_from_days,
    days_from_civil,
    days_in_month,
    fields_from_wall,
    parse_date,
    parse_wall,
    wall_from_fields,
    wall_text,
    weekday,
)
from policyengine.values.invalid import InvalidValue

DAYS = st.integers(DAY_MIN, DAY_MAX)


@given(day=DAYS)
def test_days_and_dates_are_one(day: int) -> None:
    """A day number names one date and its weekday, and the date leads back."""
    theirs = Date(day).to_date()

    assert day == days_from_civil(*civil_from_days(day)) == Date.from_date(theirs) == parse_date(theirs.isoformat())
    assert (theirs.year, theirs.month, theirs.day) == civil_from_days(day)
    assert theirs.weekday() == weekday(day)


@given(year=st.integers(1, 9998), month=st.integers(1, 12))
def test_lengths_of_months(year: int, month: int) -> None:
    """A month has the days up to the first of the next one."""
    following = (year, month + 1) if month < 12 else (year + 1, 1)

    assert days_from_civil(*following, 1) - days_from_civil(year, month, 1) == days_in_month(year, month)


@given(day=DAYS, rest=st.integers(0, DAY - 1))
def test_wall_times_print_and_read(day: int, rest: int) -> None:
    """Fields and text hold a wall time to the nanosecond."""
    wall = day * DAY + rest

    assert wall == wall_from_fields(fields_from_wall(wall)) == parse_wall(wall_text(wall))


def test_dates_show_themselves() -> None:
    """A date prints as ISO 8601 and its repr is what makes it."""
    day = Date.of(2028, 2, 29)

    assert "2028-02-29" == str(day) == f"{day}"
    assert "Date.parse('2028-02-29')" == repr(day)
    assert day == Date.parse("2028-02-29")


@pytest.mark.parametrize(
    "text",
    ["2026-02-29", "2026-13-01", "2026-00-01", "0000-01-01", "2026-1-1", "2026-01-01 ", "26-01-01", "20260101", ""],
)
def test_days_that_do_not_exist(text: str) -> None:
    """Only a day of the calendar, written in full, is a date."""
    with pytest.raises(InvalidValue):
        parse_date(text)


@pytest.mark.parametrize(
    "text", ["2026-01-01", "2026-01-01 00:00:00", "2026-01-01T24:00:00", "2026-01-01T00:00", "2026-01-01T00:00:00Z"]
)
def test_wall_times_that_are_none(text: str) -> None:
    """A wall time has a date, a T and a time of day, and no offset."""
    with pytest.raises(InvalidValue):
        parse_wall(text)


def test_fields_out_of_range_are_refused() -> None:
    """Fields do not carry over into the next day."""
    with pytest.raises(InvalidValue, match="not a time of day"):
        wall_from_fields(WallTime(2026, 1, 1, hour=24))
    with pytest.raises(InvalidValue, match="not a day of the calendar"):
        wall_from_fields(WallTime(2026, 2, 30))
    with pytest.raises(InvalidValue, match="0001 to 9999"):
        Date(DAY_MAX + 1)


def test_a_datetime_is_no_date() -> None:
    """Which day an instant lies in depends on a zone, so it is not guessed."""
    with pytest.raises(InvalidValue, match="not a datetime"):
        Date.from_date(datetime(2026, 1, 1, tzinfo=UTC))
    assert Date.of(2026, 1, 1) == Date.from_date(date(2026, 1, 1))
