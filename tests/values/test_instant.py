"""Timestamps and durations against RFC 3339, CEL's syntax and the standard library."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.values.civil import DAY, HOUR, SECOND, Date
from policyengine.values.instant import (
    DURATION_MAX,
    DURATION_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Duration,
    Timestamp,
)
from policyengine.values.invalid import InvalidValue

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(nanoseconds=st.integers(TIMESTAMP_MIN, TIMESTAMP_MAX))
def test_timestamps_print_and_read(nanoseconds: int) -> None:
    """Text holds an instant to the nanosecond."""
    assert nanoseconds == Timestamp.parse(str(Timestamp(nanoseconds)))


@given(value=st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=OFFSETS))  # noqa: DTZ001
def test_datetimes_convert_exactly(value: datetime) -> None:
    """An aware datetime and its timestamp are one instant, in text as well."""
    instant = Timestamp.from_datetime(value)

    assert value == instant.to_datetime()
    assert instant == Timestamp.parse(value.isoformat())


@given(nanoseconds=st.integers(DURATION_MIN, DURATION_MAX))
def test_durations_print_and_read(nanoseconds: int) -> None:
    """Text holds a length to the nanosecond."""
    assert nanoseconds == Duration.parse(str(Duration(nanoseconds)))


@given(value=st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000)))
def test_timedeltas_convert_exactly(value: timedelta) -> None:
    """A timedelta and its duration are one length."""
    assert value == Duration.from_timedelta(value).to_timedelta()


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("2009-02-13T23:31:30Z", "2009-02-13T23:31:30Z"),
        ("2009-02-13T23:31:30Z", "2009-02-13t23:31:30z"),
        ("2009-02-13T21:31:30Z", "2009-02-13T23:31:30+02:00"),
        ("2009-02-14T09:01:30.5Z", "2009-02-13T23:31:30.500-09:30"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00-00:00"),
    ],
)
def test_timestamps(expected: str, text: str) -> None:
    """RFC 3339 in any offset is printed in UTC, with as many decimals as it needs."""
    assert expected == str(Timestamp.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "2009-02-13T23:31:60Z",
        "2016-12-31T23:59:60Z",
        "2009-02-13T23:31:30",
        "2009-02-13 23:31:30Z",
        "2009-02-13",
        "2009-02-30T00:00:00Z",
        "2009-02-13T24:00:00Z",
        "2009-02-13T23:31:30.Z",
        "2009-02-13T23:31:30.1234567890Z",
        "2009-02-13T23:31:30+24:00",
        "2009-02-13T23:31:30+0200",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "\u0662009-02-13T23:31:30Z",
        "2009-02-13T23:31:30Z\n",
        "",
    ],
)
def test_timestamps_that_are_none(text: str) -> None:
    """Leap seconds, wall times, other spellings and years outside 0001 to 9999 are refused."""
    with pytest.raises(InvalidValue):
        Timestamp.parse(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("5400s", "1h30m"),
        ("-1.5s", "-1.5s"),
        ("0.001s", "1ms"),
        ("0.000001s", "1us"),
        ("0.000001s", "1\u00b5s"),
        ("0.000000001s", "1ns"),
        ("6347s", "1h45m47s"),
        ("0s", "0"),
        ("0s", "-0s"),
        ("1.5s", "+1.5s"),
        ("0.5s", ".5s"),
        ("1s", "1.s"),
        ("61s", "1s1m"),
        ("-5400s", "-1h30m"),
    ],
)
def test_cel_durations(expected: str, text: str) -> None:
    """CEL reads what Go reads, and prints seconds."""
    assert expected == str(Duration.parse(text))


@pytest.mark.parametrize(
    "text",
    ["", "1", "1d", "s", ".s", "1h 30m", "1h-30m", "--1s", "1.5.5s", "0.1ns", "1e3s", "320000000000s", "9" * 99 + "h"],
)
def test_durations_that_are_none(text: str) -> None:
    """A length needs a unit, is a whole number of nanoseconds and at most 292 years."""
    with pytest.raises(InvalidValue):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [(3 * DAY, "3d"), (12 * HOUR, "12h"), (36 * HOUR, "1.5d"), (-30 * SECOND, "-30s"), (1000 * DAY, "1_000d")],
)
def test_literals_of_a_policy(expected: int, text: str) -> None:
    """A policy also writes days, each of 24 hours."""
    assert expected == Duration.parse_literal(text)


@pytest.mark.parametrize("text", ["3", "d", "3D", "1d12h", "1_00d", "1w", "0.5ns", " 3d", "3 d"])
def test_literals_that_are_none(text: str) -> None:
    """A literal is one number directly followed by one unit."""
    with pytest.raises(InvalidValue):
        Duration.parse_literal(text)


def test_a_number_and_a_unit_make_a_duration() -> None:
    """What the lexer has split is put together exactly or refused."""
    assert 90 * SECOND == Duration.of(3, 2, "m")
    with pytest.raises(InvalidValue, match="finer than a nanosecond"):
        Duration.of(1, 3, "ns")


def test_a_datetime_needs_a_zone() -> None:
    """A wall time without a zone names no instant."""
    with pytest.raises(InvalidValue, match="without a zone"):
        Timestamp.from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001


def test_both_sides_of_a_clock_change_are_told_apart() -> None:
    """The fold of a datetime decides which of two equal wall times it is."""
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))

    assert HOUR == Timestamp.from_datetime(first.replace(fold=1)) - Timestamp.from_datetime(first)


def test_nothing_below_a_microsecond_is_cut_silently() -> None:
    """The standard library ends at microseconds; the loss must be asked for."""
    fine = Timestamp.parse("2026-01-01T00:00:00.000000999Z")

    assert datetime(2026, 1, 1, tzinfo=UTC) == fine.to_datetime(truncate=True)
    assert timedelta(0) == Duration(-999).to_timedelta(truncate=True)
    with pytest.raises(InvalidValue, match="finer than a microsecond"):
        fine.to_datetime()
    with pytest.raises(InvalidValue, match="finer than a microsecond"):
        Duration(1).to_timedelta()


@pytest.mark.parametrize("outside", [TIMESTAMP_MIN - 1, TIMESTAMP_MAX + 1])
def test_range_of_timestamps(outside: int) -> None:
    """The first and the last instant have no neighbour outside."""
    with pytest.raises(InvalidValue, match="out of range"):
        Timestamp(outside)


@pytest.mark.parametrize("outside", [DURATION_MIN - 1, DURATION_MAX + 1])
def test_range_of_durations(outside: int) -> None:
    """Durations are the nanoseconds that 64 bits hold."""
    with pytest.raises(InvalidValue, match="out of range"):
        Duration(outside)


@pytest.mark.parametrize("value", [1.5, True, "5", None])
@pytest.mark.parametrize("kind", [Timestamp, Duration, Date])
def test_only_integers_become_times(kind: type[int], value: int) -> None:
    """A float would lose its fraction and a bool its meaning."""
    with pytest.raises(InvalidValue, match="whole number"):
        kind(value)


def test_they_are_integers_that_show_themselves() -> None:
    """Computing and comparing are those of int; repr and text are not, and JSON and pickle keep them."""
    instant, length = Timestamp(SECOND), Duration(SECOND)

    assert int(instant) == int(length) == SECOND
    assert hash(instant) == hash(SECOND)
    assert int is type(instant + length)
    assert "Timestamp.parse('1970-01-01T00:00:01Z')" == repr(instant)
    assert "Duration.parse('1s')" == repr(length)
    assert "1970-01-01T00:00:01Z 1s" == f"{instant} {length}"
    assert "[1000000000]" == json.dumps([instant])
    assert "Duration.parse('1s')" == repr(pickle.loads(pickle.dumps(length)))
