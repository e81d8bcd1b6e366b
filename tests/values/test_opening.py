"""Hours and days on the wall clock, across the changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.values.instant import Timestamp
from policyengine.values.opening import LAST, next_open
from policyengine.values.zone_data import zone

HOUR = 3600 * 10**9
MINUTE = 60 * 10**9


def at(text: str) -> int:
    return int(Timestamp.parse(text))


@pytest.mark.parametrize(
    ("expected", "start", "name", "opens", "closes", "days", "weekdays"),
    [
        ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", "UTC", 9, 17, (), ()),
        ("2026-06-01T09:00:00Z", "2026-06-01T09:00:00Z", "UTC", 9, 17, (), ()),
        ("2026-06-02T09:00:00Z", "2026-06-01T17:00:00Z", "UTC", 9, 17, (), ()),
        ("2026-06-01T09:00:00Z", "2026-06-01T00:00:00Z", "UTC", 9, 17, (), ()),
        ("2026-06-01T23:30:00Z", "2026-06-01T23:30:00Z", "UTC", 22, 6, (), ()),
        ("2026-06-01T22:00:00Z", "2026-06-01T06:00:00Z", "UTC", 22, 6, (), ()),
        ("2026-06-30T00:00:00Z", "2026-06-02T10:00:00Z", "UTC", 0, 24, (LAST,), ()),
        ("2026-07-31T00:00:00Z", "2026-06-02T10:00:00Z", "UTC", 0, 24, (31,), ()),
        ("2026-06-08T00:00:00Z", "2026-06-05T00:00:01Z", "UTC", 0, 24, (), (0,)),
        # clocks go forward in Berlin on 2026-03-29, 02:00 -> 03:00
        ("2026-03-29T01:30:00Z", "2026-03-29T00:00:00Z", "Europe/Berlin", 2.5, 5, (), ()),
        # and back on 2026-10-25, 03:00 -> 02:00: half past two comes twice, and the second one is still ahead
        ("2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "Europe/Berlin", 2.5, 5, (), ()),
        ("2026-10-25T00:30:00Z", "2026-10-24T22:00:00Z", "Europe/Berlin", 2.5, 5, (), ()),
        # a day that Samoa left out
        ("2011-12-30T10:00:00Z", "2011-12-30T02:00:00Z", "Pacific/Apia", 0, 24, (31,), ()),
    ],
)
def test_the_first_instant_that_is_open(expected, start, name, opens, closes, days, weekdays):
    """From an instant on, which is the answer itself where it is open."""
    found = next_open(at(start), zone(name), int(opens * HOUR), int(closes * HOUR), days, weekdays)

    assert expected == str(Timestamp(found or 0))


def test_no_day_is_both():
    """A century without such a day has no answer."""
    assert next_open(at("2026-01-01T00:00:00Z"), zone("UTC"), 0, 24 * HOUR, (99,), ()) is None


def open_by_minutes(start: datetime, name: str, opens: int, closes: int, days: frozenset[int]) -> datetime:
    """The oracle: minute after minute, as Python's own zones tell the time."""
    moment = start
    while True:
        local = moment.astimezone(ZoneInfo(name))
        minute = local.hour * 60 + local.minute
        inside = opens <= minute < closes if opens < closes else minute >= opens or minute < closes
        if inside and (not days or local.weekday() in days):
            return moment
        moment += timedelta(minutes=1)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 365 * 24 * 60),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.integers(6, 22),
    st.integers(1, 12),
    st.frozensets(st.integers(0, 6), max_size=3),
)
def test_it_is_what_a_clock_says(start, name, opens, length, days):
    """Never earlier than asked, inside of the hours, and nothing open lies before it."""
    begun = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    closes = (opens + length) % 24 or 24
    nanoseconds = int((begun - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000
    found = next_open(nanoseconds, zone(name), opens * HOUR, closes * HOUR, (), days)

    wanted = open_by_minutes(begun, name, opens * 60, closes * 60, days)

    assert found is not None
    assert wanted == datetime.fromtimestamp(found // 10**9, UTC)
