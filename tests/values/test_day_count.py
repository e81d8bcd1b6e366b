"""Day counts: published answers, and the law that parts add up to the whole."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.values.civil import HOUR, parse_date, parse_wall
from policyengine.values.day_count import (
    BASES,
    Basis,
    MonthFraction,
    fixed_days,
    month_fraction,
    part,
    part_of_days,
    thirty_360_days,
)
from policyengine.values.invalid import InvalidValue
from policyengine.values.zone_data import zone
from policyengine.values.zones import UTC

DAYS = st.integers(parse_date("1999-01-01"), parse_date("2031-01-01"))


@given(days=st.lists(DAYS, min_size=4, max_size=4).map(sorted), basis=st.sampled_from(BASES[1:]))
def test_parts_of_days_sum_to_the_whole(days: list[int], basis: Basis) -> None:
    """Wherever a period is cut, and by whatever day count, its parts add up."""
    start, cut, other, end = days
    parts = [
        Fraction(n)
        for n, _ in (part_of_days(basis, a, b, start, end + 40) for a, b in [(start, cut), (cut, other), (other, end)])
    ]

    assert part_of_days(basis, start, end, start, end + 40)[0] == sum(parts)


@given(days=st.lists(DAYS, min_size=3, max_size=3).map(sorted))
def test_months_sum_to_the_whole(days: list[int]) -> None:
    """Months of their own lengths add up across month ends."""
    start, cut, end = days
    whole = Fraction(*month_fraction("actual_month", start, end))

    assert whole == sum(Fraction(*month_fraction("actual_month", a, b)) for a, b in [(start, cut), (cut, end)])


@pytest.mark.parametrize(
    ("expected", "basis", "start", "end", "period"),
    [
        ((22, 30), "month_30", "2023-06-23", "2023-07-15", ("2023-06-23", "2023-07-23")),
        ((8, 30), "month_30", "2023-05-15", "2023-05-23", ("2023-04-23", "2023-05-23")),
        ((20, 28), "day", "2023-02-23", "2023-03-15", ("2023-02-23", "2023-03-23")),
        ((13, 31), "day", "2011-02-14", "2011-02-27", ("2011-01-27", "2011-02-27")),
        ((47, 366), "day", "2012-01-17", "2012-03-04", ("2012-01-17", "2013-01-17")),
        ((9, 30), "thirty_360", "2021-04-21", "2021-04-30", ("2021-04-01", "2021-05-01")),
        ((31, 30), "actual_360", "2021-01-01", "2021-02-01", ("2021-01-01", "2021-02-01")),
        ((90, 360), "actual_360", "2021-01-01", "2021-04-01", ("2021-01-01", "2022-01-01")),
    ],
)
def test_parts_of_periods(
    expected: tuple[int, int], basis: Basis, start: str, end: str, period: tuple[str, str]
) -> None:
    """The answers of Kill Bill and Zuora, as unreduced fractions."""
    found = part_of_days(basis, parse_date(start), parse_date(end), parse_date(period[0]), parse_date(period[1]))

    assert expected == found


@pytest.mark.parametrize(
    ("expected", "kind", "first", "last"),
    [
        ((5, 31), "actual_month", "2021-01-27", "2021-01-31"),
        ((5, 30), "actual_360", "2021-01-27", "2021-01-31"),
        ((4, 30), "thirty_360", "2021-01-27", "2021-01-31"),
        ((4, 30), "month_30", "2021-01-27", "2021-01-31"),
        ((2, 28), "actual_month", "2021-02-27", "2021-02-28"),
        ((2, 30), "actual_360", "2021-02-27", "2021-02-28"),
        ((4, 30), "thirty_360", "2021-02-27", "2021-02-28"),
        ((29, 29), "actual_month", "2020-02-01", "2020-02-29"),
        ((29, 30), "actual_360", "2020-02-01", "2020-02-29"),
        ((30, 30), "thirty_360", "2020-02-01", "2020-02-29"),
        ((9, 30), "actual_month", "2021-04-21", "2021-04-29"),
        ((9, 30), "thirty_360", "2021-04-21", "2021-04-29"),
        ((35, 31), "actual_month", "2021-02-01", "2021-03-04"),
    ],
)
def test_fractions_of_months(expected: tuple[int, int], kind: MonthFraction, first: str, last: str) -> None:
    """Zuora's table, whose service periods state their last day."""
    found = month_fraction(kind, parse_date(first), parse_date(last) + 1)

    assert Fraction(*expected) == Fraction(*found)


@pytest.mark.parametrize(
    ("expected", "start", "end", "length"),
    [
        (20, "2023-05-23", "2023-06-15", 28),
        (22, "2023-05-23", "2023-06-15", 30),
        (8, "2023-05-23", "2023-05-31", 30),
        (1, "2023-05-30", "2023-05-31", 30),
        (0, "2023-05-31", "2023-06-01", 30),
        (-22, "2023-06-15", "2023-05-23", 30),
    ],
)
def test_months_of_a_fixed_length(expected: int, start: str, end: str, length: int) -> None:
    """Every month has the fixed length, also across a month end (Kill Bill's published answers)."""
    assert expected == fixed_days(parse_date(start), parse_date(end), length)


def test_a_31st_is_the_30th_only_by_thirty_360() -> None:
    """The 31st is no day by thirty_360 and a day of its own by month_30."""
    eve, last = parse_date("2023-05-30"), parse_date("2023-05-31")

    assert 0 == thirty_360_days(eve, last)
    assert 1 == thirty_360_days(last, last + 1)
    assert 1 == fixed_days(eve, last)


def test_seconds_are_exact_and_days_are_local() -> None:
    """March in New York is an hour short of 31 days, and 31 days all the same."""
    new_york = zone("America/New_York")
    start, middle, end = (new_york.from_wall(parse_wall(f"2026-{day}T00:00:00")) for day in ("03-01", "03-16", "04-01"))

    assert ((15 * 24 - 1) * HOUR, (31 * 24 - 1) * HOUR) == part("second", start, middle, start, end, new_york)
    assert (15, 31) == part("day", start, middle, start, end, new_york)


def test_inclusive_ends_count_their_day() -> None:
    """Lago bills 22 of 28 days for 7 to 28 February; both ends are last days."""
    days = [parse_wall(f"2023-02-{day}T00:00:00") for day in ("07", "28", "01", "28")]

    assert (22, 28) == part("day", days[0], days[1], days[2], days[3], UTC, end_inclusive=True)


def test_an_instant_is_no_last_day() -> None:
    """What an inclusive end means is a day, so it does not go with seconds."""
    with pytest.raises(InvalidValue, match="an inclusive end is a day"):
        part("second", 0, 1, 0, 2, UTC, end_inclusive=True)


@pytest.mark.parametrize("basis", BASES)
def test_a_period_without_length_has_no_parts(basis: Basis) -> None:
    """Nothing is divided by an empty period."""
    with pytest.raises(InvalidValue, match="a period has no length"):
        part(basis, 0, 0, 0, 0, UTC)


def test_seconds_are_no_days() -> None:
    """Day numbers cannot be counted in seconds."""
    with pytest.raises(InvalidValue, match="counts no days"):
        part_of_days("second", 0, 1, 0, 2)
