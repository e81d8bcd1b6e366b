"""Intervals as authors write them."""

from __future__ import annotations

import pytest

from policyengine.values.civil import HOUR
from policyengine.values.interval import Interval, parse_interval
from policyengine.values.invalid import InvalidValue


@pytest.mark.parametrize(
    "text", ["1 month", "3 months", "1 day", "2 weeks", "1 year", "1 hour", "1 quarter", "2 half_years", "90 seconds"]
)
def test_text_reads_and_prints(text: str) -> None:
    """An interval prints as it is best written."""
    assert text == str(parse_interval(text))


@pytest.mark.parametrize(
    ("months", "days", "nanoseconds", "text"),
    [(6, 0, 0, "2 quarters"), (24, 0, 0, "2 year"), (0, 14, 0, "2 weeks"), (0, 0, 12 * HOUR, "12 hours")],
)
def test_lengths_do_not_convert(months: int, days: int, nanoseconds: int, text: str) -> None:
    """Months are no days and days no hours: each interval has one kind of length."""
    interval = parse_interval(text)

    assert (months, days, nanoseconds) == (interval.months, interval.days, interval.nanoseconds)


@pytest.mark.parametrize(
    "text", ["", "month", "0 months", "-1 month", "1.5 months", "1  month", "1month", "1 month ", "P1M"]
)
def test_texts_that_are_none(text: str) -> None:
    """An interval is a whole number, a space and a unit."""
    with pytest.raises(InvalidValue, match="is not an interval"):
        parse_interval(text)


def test_the_closest_unit_is_named() -> None:
    """A misspelt unit gets the nearest one as a hint."""
    with pytest.raises(InvalidValue) as refused:
        parse_interval("1 mounth")

    assert "did you mean `month`?" == refused.value.hint


def test_endless_intervals_are_refused() -> None:
    """A count that no calendar can hold is refused before anything is multiplied by it."""
    with pytest.raises(InvalidValue, match="out of range"):
        parse_interval("9999999999 years")
    with pytest.raises(InvalidValue, match="out of range"):
        Interval(0, "month")
