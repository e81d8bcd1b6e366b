"""Billing periods: anchored boundaries, month ends, changes of the clocks, and answers that billing systems publish."""

from __future__ import annotations

import calendar as standard
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.values.calendar import (
    SUNDAY,
    Cycle,
    add_days,
    add_months,
    anniversary,
    boundary,
    calendar,
    calendar_period,
    date_at,
    days_between,
    first_bill,
    midnight,
    next_boundary,
    period_of,
    periods,
    time_of_day,
)
from policyengine.values.civil import DAY, HOUR, MINUTE, Date, parse_date, parse_wall, wall_text
from policyengine.values.instant import Timestamp
from policyengine.values.interval import Interval, parse_interval
from policyengine.values.invalid import InvalidValue
from policyengine.values.zone_data import zone
from policyengine.values.zones import UTC

MONTH = Interval(1, "month")
# They change by an hour and by half an hour, at midnight and near it, on both hemispheres; Apia lost a day.
ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "Pacific/Apia",
    "Asia/Kolkata",
    "-09:30",
]
INTERVALS = [
    "1 day",
    "10 days",
    "1 week",
    "2 weeks",
    "1 month",
    "3 months",
    "1 quarter",
    "1 half_year",
    "1 year",
    "5 years",
    "1 hour",
    "90 minutes",
]
CALENDAR_INTERVALS = ["1 day", "1 week", "1 month", "2 months", "1 quarter", "1 half_year", "1 year"]
INSTANTS = st.integers(Timestamp.parse("1990-01-01T00:00:00Z"), Timestamp.parse("2060-01-01T00:00:00Z"))
# Anchors at whole half-hours of a year with changes of the clocks, so that they hit gaps and overlaps.
ANCHORS = st.integers(0, 366 * 48).map(lambda n: Timestamp.parse("2011-01-01T00:00:00Z") + n * 30 * MINUTE)


def local(text: str, name: str = "UTC") -> int:
    """The instant of a wall time in a zone."""
    return zone(name).from_wall(parse_wall(text))


def wall(at: int, name: str = "UTC") -> str:
    """The wall time of an instant in a zone."""
    return wall_text(zone(name).to_wall(at))


def day(at: int) -> date:
    """The date of an instant in UTC."""
    return date_at(at, UTC).to_date()


@pytest.mark.parametrize("start", [date(2000, 1, 31), date(1999, 12, 30), date(2000, 2, 29), date(2001, 3, 28)])
def test_boundaries_over_a_century_equal_dateutil(start: date) -> None:
    """For 100 years, the anchor plus k months is what dateutil answers for the anchor, and no step drifts."""
    relativedelta = pytest.importorskip("dateutil.relativedelta").relativedelta
    anchor = midnight(Date.from_date(start), UTC)

    assert [start + relativedelta(months=k) for k in range(1200)] == [
        day(boundary(anchor, MONTH, k, UTC)) for k in range(1200)
    ]


@pytest.mark.parametrize("months", [1, 3, 12])
def test_boundaries_from_the_31st_are_month_ends(months: int) -> None:
    """From 31 January, every boundary of a century is the last day of its month."""
    cycle = anniversary(local("1950-01-31T12:00:00"), Interval(months, "month"), UTC)
    found = [day(cycle.boundary(k)) for k in range(1200 // months)]
    ends = [standard.monthrange(each.year, each.month)[1] for each in found]

    assert [min(31, end) for end in ends] == [each.day for each in found]
    assert [(k * months) // 12 + 1950 for k in range(1200 // months)] == [each.year for each in found]


@given(anchor=ANCHORS, at=INSTANTS, name=st.sampled_from(ZONES), text=st.sampled_from(INTERVALS))
def test_every_instant_lies_in_one_period(anchor: int, at: int, name: str, text: str) -> None:
    """Periods are half-open and follow each other without a gap, before and after the anchor."""
    cycle = anniversary(anchor, parse_interval(text), zone(name))
    period = cycle.period_at(at)

    assert period.start <= at < period.end
    assert cycle.boundary(period.number) == period.start
    assert cycle.boundary(period.number + 1) == period.end
    assert anchor == cycle.boundary(0)


@given(anchor=ANCHORS, name=st.sampled_from(ZONES), text=st.sampled_from(INTERVALS), k=st.integers(-60, 60))
def test_a_boundary_begins_its_period(anchor: int, name: str, text: str, k: int) -> None:
    """An instant on a boundary belongs to the period that begins there."""
    cycle = anniversary(anchor, parse_interval(text), zone(name))
    start = cycle.boundary(k)

    assert start == cycle.period_at(start).start
    assert start == cycle.period_at(start - 1).end


@given(at=INSTANTS, name=st.sampled_from(ZONES), text=st.sampled_from([*CALENDAR_INTERVALS, "1 hour", "6 hours"]))
def test_every_instant_lies_in_one_period_of_the_calendar(at: int, name: str, text: str) -> None:
    """The calendar's periods cover all time, across midnights that are skipped or repeated."""
    interval = parse_interval(text)
    period = calendar_period(interval, at, zone(name))

    assert period.start <= at < period.end
    assert period == calendar_period(interval, period.start, zone(name))
    assert period.end == calendar_period(interval, period.end, zone(name)).start


@given(at=INSTANTS, name=st.sampled_from(["UTC", "-09:30", "Asia/Kolkata"]), text=st.sampled_from(CALENDAR_INTERVALS))
def test_periods_of_the_calendar_begin_at_midnight(at: int, name: str, text: str) -> None:
    """Where the clocks never change, a period of the calendar begins on its first day at 00:00."""
    start = calendar_period(parse_interval(text), at, zone(name)).start

    assert 0 == time_of_day(start, zone(name))
    assert text.endswith(("day", "week")) or 1 == date_at(start, zone(name)).to_date().day


@given(anchor=ANCHORS, k=st.integers(-500, 500), months=st.integers(1, 12))
def test_adding_months_is_counting_from_an_anchor(anchor: int, k: int, months: int) -> None:
    """The k-th boundary is the anchor plus k times the months at once."""
    berlin = zone("Europe/Berlin")

    assert boundary(anchor, Interval(months, "month"), k, berlin) == add_months(anchor, k * months, berlin)


@pytest.mark.parametrize(
    ("expected", "interval", "name", "start", "anchor"),
    [
        ("2024-02-29T00:00:00", "2 months", "Asia/Kolkata", "2023-12-31T10:37:00", "2023-12-31T00:00:00"),
        ("2024-03-29T10:37:00", "1 month", "Asia/Kolkata", "2024-02-29T10:37:00", "2024-02-29T10:37:00"),
        ("2025-03-28T10:37:00", "1 month", "Asia/Kolkata", "2025-02-28T10:37:00", "2025-02-28T10:37:00"),
        ("2024-03-22T18:00:00", "2 weeks", "UTC", "2024-03-08T18:00:00", "2023-01-06T18:00:00"),
        ("2024-02-01T00:00:00", "1 month", "UTC", "2024-01-15T00:00:00", "2024-02-01T00:00:00"),
        ("2024-03-13T14:30:00", "1 week", "Asia/Kolkata", "2024-03-06T00:00:00", "2023-01-04T14:30:00"),
        ("2025-01-16T15:30:00", "3 weeks", "UTC", "2024-12-29T00:00:00", "2024-01-04T15:30:00"),
        ("2024-05-15T12:00:00", "1 month", "UTC", "2024-04-15T08:00:00", "2024-01-15T12:00:00"),
    ],
)
def test_next_boundary(expected: str, interval: str, name: str, start: str, anchor: str) -> None:
    """The time of day comes from the anchor, the count from the start (Flexprice's published answers)."""
    found = next_boundary(local(anchor, name), parse_interval(interval), local(start, name), zone(name))

    assert expected == wall(found, name)


@pytest.mark.parametrize(
    ("expected", "interval", "start"),
    [
        ("2024-02-01T00:00:00", "1 month", "2024-01-15T00:00:00"),
        ("2024-01-01T00:00:00", "1 year", "2023-12-31T23:59:59"),
        ("2026-04-01T00:00:00", "1 quarter", "2026-03-22T00:00:00"),
        ("2027-01-01T00:00:00", "1 half_year", "2026-10-05T00:00:00"),
        ("2024-03-11T00:00:00", "1 week", "2024-03-10T23:59:59"),
        ("2024-03-02T00:00:00", "1 day", "2024-03-01T00:00:00"),
        ("2024-03-01T13:00:00", "1 hour", "2024-03-01T12:34:56"),
        ("2024-03-01T12:35:00", "5 minutes", "2024-03-01T12:34:56"),
    ],
)
def test_ends_of_calendar_periods(expected: str, interval: str, start: str) -> None:
    """The calendar's periods end with the day, the week, the month, the quarter or the year."""
    assert expected == wall(calendar_period(parse_interval(interval), local(start), UTC).end)


def test_weeks_may_begin_on_sunday() -> None:
    """Weeks begin on Monday unless said otherwise."""
    at = local("2026-11-21T12:00:00")

    assert "2026-11-16T00:00:00" == wall(calendar_period(Interval(1, "week"), at, UTC).start)
    assert "2026-11-15T00:00:00" == wall(calendar_period(Interval(1, "week"), at, UTC, SUNDAY).start)


@pytest.mark.parametrize(
    ("expected", "interval", "anchor", "now"),
    [
        ("2025-12-15T00:00:00", "1 year", "2025-12-15T00:00:00", "2025-06-20T00:00:00"),
        ("2024-02-29T00:00:00", "1 month", "2023-01-31T00:00:00", "2024-02-01T00:00:00"),
        ("2023-04-30T00:00:00", "1 month", "2023-01-31T00:00:00", "2023-04-15T00:00:00"),
        ("2023-03-31T00:00:00", "1 month", "2023-01-31T00:00:00", "2023-02-28T00:00:00"),
        ("2024-02-28T00:00:00", "1 year", "2023-02-28T00:00:00", "2023-02-28T00:00:00"),
    ],
)
def test_ends_of_cycles(expected: str, interval: str, anchor: str, now: str) -> None:
    """The anchor may lie ahead, and a boundary belongs to the new cycle (Stripe's and Autumn's published answers)."""
    assert expected == wall(period_of(local(anchor), parse_interval(interval), local(now), UTC).end)


def test_local_midnight_is_kept_across_a_change_of_the_clocks() -> None:
    """March in New York is an hour shorter than 31 days."""
    start, name = Timestamp.parse("2024-02-01T05:00:00Z"), "America/New_York"
    ends = [str(boundary(start, MONTH, k, zone(name))) for k in (1, 2)]

    assert ["2024-03-01T05:00:00Z", "2024-04-01T04:00:00Z"] == ends


def test_calendar_months_are_those_of_the_customers_zone() -> None:
    """A month of the calendar in Kolkata begins at 18:30 UTC of the day before."""
    cycle = calendar(MONTH, zone("Asia/Kolkata"))
    found = cycle.periods(Timestamp.parse("2024-02-15T18:30:00Z"), Timestamp.parse("2024-03-15T00:00:00Z"))

    assert ["2024-02-29T18:30:00Z", "2024-03-31T18:30:00Z"] == [str(period.end) for period in found]


def test_lists_of_boundaries() -> None:
    """A list begins at its start and ends before its end."""
    cycle = anniversary(local("2026-01-31T00:00:00"), MONTH, UTC)
    found = cycle.boundaries(local("2026-01-31T00:00:00"), local("2026-04-30T00:00:00"))

    assert ["2026-01-31", "2026-02-28", "2026-03-31"] == [str(date_at(at, UTC)) for at in found]
    assert [] == cycle.boundaries(local("2026-02-01T00:00:00"), local("2026-02-27T00:00:00"))
    assert [] == cycle.periods(local("2026-02-01T00:00:00"), local("2026-02-01T00:00:00"))


def test_periods_that_touch_a_stretch() -> None:
    """A stretch that ends on a boundary has no part in the period after it."""
    found = periods(
        local("2026-01-10T00:00:00"), MONTH, local("2026-02-01T00:00:00"), local("2026-03-10T00:00:00"), UTC
    )

    assert [0, 1] == [period.number for period in found]


@pytest.mark.parametrize(
    ("expected", "interval", "start", "bill_day"),
    [
        ("2012-01-17", "1 month", "2012-01-16", 17),
        ("2011-02-27", "1 month", "2011-02-14", 27),
        ("2011-03-07", "1 month", "2011-02-15", 7),
        ("2011-12-04", "1 year", "2010-12-15", 4),
        ("2011-01-17", "1 year", "2011-01-10", 17),
        ("2011-02-28", "1 month", "2011-02-28", 31),
    ],
)
def test_first_bill_days(expected: str, interval: str, start: str, bill_day: int) -> None:
    """A bill day that has passed in the start's month comes one interval later (Kill Bill's published answers)."""
    found = first_bill(midnight(parse_date(start), UTC), parse_interval(interval), UTC, bill_day)

    assert expected == str(date_at(found, UTC))


def test_a_bill_day_is_remembered_through_short_months() -> None:
    """A bill day of 31 that first falls on 28 February falls on 31 March next."""
    cycle = anniversary(local("2011-02-05T00:00:00"), MONTH, UTC, bill_day=31)

    assert ["2011-02-28", "2011-03-31", "2011-04-30"] == [str(date_at(cycle.boundary(k), UTC)) for k in range(3)]


def test_the_later_of_two_equal_wall_times_stays_the_anchor() -> None:
    """An anchor in the repeated hour is a boundary itself; its other boundaries keep its wall time."""
    name = "America/New_York"
    anchor = zone(name).from_wall(parse_wall("2026-11-01T01:30:00"), "later")
    cycle = anniversary(anchor, MONTH, zone(name))

    assert anchor == cycle.boundary(0)
    assert "2026-12-01T01:30:00" == wall(cycle.boundary(1), name)
    assert cycle.period_at(anchor - 1).end == anchor


def test_a_skipped_midnight_moves_but_the_next_does_not() -> None:
    """In Sao Paulo 4 November 2018 began at 01:00; 5 November began at midnight."""
    name = "America/Sao_Paulo"
    period = calendar_period(Interval(1, "day"), local("2018-11-04T12:00:00", name), zone(name))

    assert 23 * HOUR == period.end - period.start
    assert "2018-11-04T01:00:00" == wall(period.start, name)
    assert "2018-11-05T00:00:00" == wall(period.end, name)


def test_a_skipped_day_has_no_period_of_its_own() -> None:
    """Samoa's 30 December 2011 is empty; no instant is counted in it."""
    apia = zone("Pacific/Apia")
    cycle = anniversary(apia.from_wall(parse_wall("2011-12-29T00:00:00")), Interval(1, "day"), apia)

    assert cycle.boundary(1) == cycle.boundary(2)
    assert 2 == cycle.period_at(cycle.boundary(1)).number


def test_hours_of_a_long_day_are_cut_by_midnight() -> None:
    """On the day the clocks go back, quarters of a day are six hours each and a last one of one hour."""
    name = "America/New_York"
    last = calendar_period(Interval(6, "hour"), local("2026-11-01T23:30:00", name), zone(name))

    assert 4 == last.number
    assert HOUR == last.end - last.start


@pytest.mark.parametrize(
    ("expected", "name", "start", "end"),
    [
        (1, "Asia/Tokyo", "2024-07-15T12:30:00", "2024-07-16T08:15:00"),
        (2, "America/Los_Angeles", "2024-08-01T23:00:00", "2024-08-03T01:00:00"),
        (1, "America/New_York", "2024-03-10T00:00:00", "2024-03-11T00:00:00"),
        (-1, "UTC", "2024-03-10T00:00:00", "2024-03-09T23:59:59"),
        (0, "UTC", "2024-03-10T00:00:00", "2024-03-10T23:59:59"),
    ],
)
def test_local_days(expected: int, name: str, start: str, end: str) -> None:
    """Days are counted by the calendar on the wall, whatever their length."""
    assert expected == days_between(local(start, name), local(end, name), zone(name))


def test_days_and_months_keep_the_wall_time() -> None:
    """The day after is 23 hours later when the clocks go forward."""
    name, at = "America/New_York", local("2026-03-07T12:00:00", "America/New_York")

    assert 23 * HOUR == add_days(at, 1, zone(name)) - at
    assert "2026-04-07T12:00:00" == wall(add_months(at, 1, zone(name)), name)
    assert "2026-02-28T12:00:00" == wall(add_months(local("2026-03-31T12:00:00", name), -1, zone(name)), name)
    assert at == add_days(at, 0, zone(name)) == add_months(at, 0, zone(name))


@pytest.mark.parametrize("text", ["5 months", "24 months", "2 years", "2 weeks", "7 days", "2 days"])
def test_intervals_that_the_calendar_does_not_repeat(text: str) -> None:
    """Five months do not fit a year, so where they begin would be arbitrary."""
    with pytest.raises(InvalidValue, match="the calendar has no periods of"):
        calendar(parse_interval(text), UTC)


def test_hours_that_do_not_fit_a_day() -> None:
    """Seven hours do not fit a day."""
    with pytest.raises(InvalidValue, match="the calendar has no periods of 7 hours"):
        calendar_period(Interval(7, "hour"), 0, UTC)


@pytest.mark.parametrize(("interval", "bill_day"), [("1 month", 0), ("1 month", 32), ("1 week", 5)])
def test_bill_days_that_are_none(interval: str, bill_day: int) -> None:
    """A bill day is a day of a month."""
    with pytest.raises(InvalidValue, match="a bill day"):
        anniversary(0, parse_interval(interval), UTC, bill_day)


@pytest.mark.parametrize("index", [10**6, -(10**6), 10**30])
@pytest.mark.parametrize("text", ["1 month", "1 week", "1000 hours"])
def test_boundaries_outside_all_years_are_refused(index: int, text: str) -> None:
    """A boundary outside the years 0001 to 9999 is an error, not a wrong date."""
    with pytest.raises(InvalidValue):
        anniversary(0, parse_interval(text), UTC).boundary(index * 100)


def test_cycles_are_values() -> None:
    """Two cycles of the same anchor are one."""
    assert Cycle(0, 0, MONTH, UTC) == anniversary(0, MONTH, UTC)
    assert DAY == add_days(0, 1, UTC)
