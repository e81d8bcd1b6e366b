"""Zones against the standard library's reader of the same files, over every zone and every change of the clocks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.errors import PolicyEngineError
from policyengine.values import zone_data
from policyengine.values.civil import HOUR, MINUTE, SECOND, WallTime, parse_wall, wall_text
from policyengine.values.instant import TIMESTAMP_MAX, TIMESTAMP_MIN, Timestamp
from policyengine.values.invalid import InvalidValue
from policyengine.values.zone_data import read_tzif, tzdata_version, zone, zone_names
from policyengine.values.zone_rule import changes_near, parse_rule
from policyengine.values.zones import Zone, fixed_zone

NAMES = sorted(zone_names())
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FROM = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
TO = int(datetime(2041, 1, 1, tzinfo=UTC).timestamp())
SAMPLES = range(FROM, TO, 19 * 86_400 + 3_671)


def independent(name: str) -> ZoneInfo:
    """The standard library's zone over the wheel's file, never the host's."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)


def their_wall(theirs: ZoneInfo, seconds: int) -> int:
    """What the standard library's wall clock shows, in seconds since 1970."""
    wall = (EPOCH + timedelta(seconds=seconds)).astimezone(theirs)
    return int((wall.replace(tzinfo=UTC) - EPOCH).total_seconds())


def their_instant(theirs: ZoneInfo, wall: int, fold: int) -> int:
    """The instant that the standard library gives to a wall time in seconds."""
    naive = (EPOCH + timedelta(seconds=wall)).replace(tzinfo=theirs, fold=fold)
    return int((naive.astimezone(UTC) - EPOCH).total_seconds())


def edges(ours: Zone) -> list[int]:
    """Every change of a zone in the sampled years, by a second, a minute and an hour on both sides."""
    changes = [at for at, _ in ours.changes(FROM, TO)]
    return [at + away for at in changes for away in (-3600, -60, -1, 0, 1, 60, 1800, 3600)]


@pytest.mark.parametrize("name", NAMES)
def test_wall_clocks_agree(name: str) -> None:
    """From 2000 to 2040, at samples and around every change, the wall clock is the standard library's."""
    ours, theirs = zone(name), independent(name)
    instants = [*SAMPLES, *edges(ours)]

    assert [their_wall(theirs, at) for at in instants] == [ours.to_wall(at * SECOND) // SECOND for at in instants]


@pytest.mark.parametrize("name", NAMES)
def test_instants_of_wall_times_agree(name: str) -> None:
    """Each wall time around every change leads to the standard library's instant, ambiguous and skipped ones too."""
    ours, theirs = zone(name), independent(name)
    walls = [at + offset for at in edges(ours) for offset in (ours.offset_at(at * SECOND), ours.offsets[-1])]

    assert [their_instant(theirs, at, 0) for at in walls] == [ours.from_wall(at * SECOND) // SECOND for at in walls]


@pytest.mark.parametrize("name", NAMES)
def test_every_instant_is_found_again(name: str) -> None:
    """The wall clock's time leads back to the instant as the earlier or the later of its two."""
    ours = zone(name)
    instants = [at * SECOND for at in [*SAMPLES, *edges(ours)]]
    found = [{ours.from_wall(ours.to_wall(at)), ours.from_wall(ours.to_wall(at), "later")} for at in instants]

    assert all(at in pair for at, pair in zip(instants, found, strict=True))


@given(name=st.sampled_from(NAMES), nanoseconds=st.integers(TIMESTAMP_MIN + 2 * 86400 * SECOND, TIMESTAMP_MAX // 2))
def test_wall_clocks_agree_in_all_centuries(name: str, nanoseconds: int) -> None:
    """The rule after the last record and the time before the first are read alike, from year 1 on."""
    seconds = nanoseconds // SECOND
    ours, theirs = zone(name).to_wall(seconds * SECOND) // SECOND, their_wall(independent(name), seconds)

    assert theirs == ours


@pytest.mark.parametrize("name", NAMES)
def test_zones_travel_as_json(name: str) -> None:
    """A zone in a compiled program is the zone that was read."""
    assert zone(name) == Zone.from_json(json.loads(json.dumps(zone(name).to_json())))


@pytest.mark.parametrize(
    ("expected", "wall"),
    [
        ("2026-03-08T03:30:00", "2026-03-08T02:30:00"),
        ("2026-03-08T03:00:00", "2026-03-08T02:00:00"),
        ("2026-03-08T01:59:59", "2026-03-08T01:59:59"),
        ("2026-03-08T03:00:00", "2026-03-08T03:00:00"),
    ],
)
def test_skipped_wall_times_move_forward_by_the_gap(expected: str, wall: str) -> None:
    """02:30 on the night the clocks go forward is 03:30."""
    ours = zone("America/New_York")

    assert expected == wall_text(ours.to_wall(ours.from_wall(parse_wall(wall))))


def test_a_skipped_day_moves_to_the_next() -> None:
    """Samoa had no 30 December 2011; its midnight is that of the 31st."""
    apia = zone("Pacific/Apia")

    assert apia.instant(WallTime(2011, 12, 31)) == apia.instant(WallTime(2011, 12, 30))


def test_ambiguous_wall_times_are_the_first() -> None:
    """01:30 on the night the clocks go back is the earlier one unless the later is asked for."""
    berlin, wall = zone("Europe/Berlin"), WallTime(2026, 10, 25, 2, 30)

    assert Timestamp.parse("2026-10-25T00:30:00Z") == berlin.instant(wall)
    assert Timestamp.parse("2026-10-25T01:30:00Z") == berlin.instant(wall, "later")


def test_local_fields() -> None:
    """The fields of an instant are those of the wall clock, to the nanosecond."""
    local = zone("Asia/Kathmandu").local(Timestamp.parse("2026-12-31T18:15:00.000000001Z"))

    assert WallTime(2027, 1, 1, 0, 0, 0, 1) == local


@pytest.mark.parametrize(
    ("expected", "text"),
    [(2 * HOUR, "+02:00"), (2 * HOUR, "02:00"), (-(9 * HOUR + 30 * MINUTE), "-09:30"), (0, "-00:00"), (0, "UTC")],
)
def test_offsets_are_zones(expected: int, text: str) -> None:
    """CEL accepts an offset where it accepts a name."""
    assert expected == zone(text).to_wall(0)


@pytest.mark.parametrize("text", ["Europe/berlin", "", "../zones", "Europe", "/etc/passwd", "EST6", "+2:00", "+02:00 "])
def test_unknown_zones_are_refused(text: str) -> None:
    """Only a listed name is looked up, so no text reaches another file."""
    with pytest.raises(InvalidValue, match="unknown time zone"):
        zone(text)


def test_the_closest_zone_is_named() -> None:
    """A misspelt name gets the nearest one as a hint."""
    with pytest.raises(InvalidValue) as refused:
        zone("europe/berlin")

    assert "did you mean `Europe/Berlin`?" == refused.value.hint


@pytest.mark.parametrize("text", ["+24:00", "+02:60"])
def test_offsets_out_of_range(text: str) -> None:
    """An offset has less than 24 hours and less than 60 minutes."""
    with pytest.raises(InvalidValue, match="no offset"):
        fixed_zone(text)


def test_the_release_of_the_data_is_known() -> None:
    """A decision can say which tz data its program was compiled with."""
    assert tzdata_version()[:2] == "20"


def test_missing_data_is_the_hosts_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel the message says what to install, and zones that need no data still work."""

    def nothing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(zone_data, "files", nothing)
    monkeypatch.setattr(zone_data, "import_module", nothing)
    zone_names.cache_clear()

    assert 0 == zone("UTC").offset_at(0)
    with pytest.raises(PolicyEngineError, match="install the package `tzdata`") as refused:
        zone("Europe/Berlin-not-read-yet")
    with pytest.raises(PolicyEngineError, match="install the package `tzdata`"):
        tzdata_version()
    assert "host" == refused.value.fault


BROKEN = {"name": "X", "transitions": [5, 9], "offsets": [0, 60, 0], "rule": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"name": 5},
        {"rule": None},
        {"transitions": [9, 5]},
        {"transitions": [5]},
        {"offsets": [0, 60, True]},
        {"offsets": [0, 60, 93_600]},
        {"offsets": "0"},
        {"rule": "not a rule"},
        {"rule": "CET-1"},
    ],
)
def test_broken_json_is_refused(change: dict[str, object]) -> None:
    """A zone of a damaged program never answers."""
    with pytest.raises(InvalidValue):
        Zone.from_json(BROKEN | change)


@pytest.mark.parametrize(
    ("expected", "rule"),
    [
        (["2026-03-01T02:00:00", "2026-10-28T02:00:00"], "AAA0BBB,J60,J301"),
        (["2028-03-01T02:00:00", "2028-10-28T02:00:00"], "AAA0BBB,J60,J301"),
        (["2028-02-29T02:00:00", "2028-10-28T00:00:00"], "AAA0BBB,59,301/0"),
        (["2026-03-28T23:00:00", "2026-10-25T00:00:00"], "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"),
    ],
)
def test_rules_in_every_notation(expected: list[str], rule: str) -> None:
    """Days of the year are read with and without the leap day, and changes may fall on the day before."""
    parsed, year = parse_rule(rule), int(expected[0][:4])

    assert parsed.begins is not None
    assert parsed.ends is not None
    assert expected[0] == wall_text(parsed.begins.wall_seconds(year) * SECOND)
    assert expected[1] == wall_text(parsed.ends.wall_seconds(year) * SECOND)


def test_summer_time_may_last_all_year() -> None:
    """RFC 8536 states permanent summer time as a rule whose ends meet; the summer offset always holds."""
    always = Zone("X", (), (-3 * 3600,), "XXX3EDT4,0/0,J365/23")

    assert {-4 * 3600} == {always.offset_at(day * 86_400 * SECOND) for day in range(20_000, 21_000)}


def test_rules_reach_the_edges_of_time() -> None:
    """The first and the last year have only one neighbour."""
    rule = "CET-1CEST,M3.5.0,M10.5.0/3"
    berlin = Zone("X", (), (3600,), rule)

    assert 4 == len(changes_near(rule, 1)) == len(changes_near(rule, 9999))
    assert 3600 == berlin.offset_at(TIMESTAMP_MIN) == berlin.offset_at(TIMESTAMP_MAX)
    assert 7200 == berlin.offset_at(Timestamp.parse("9999-07-01T00:00:00Z"))


def test_wall_times_outside_all_years_are_refused() -> None:
    """No zone is searched for a wall time that cannot be."""
    with pytest.raises(InvalidValue, match="0001 to 9999"):
        zone("Europe/Berlin").from_wall(10**30)


@pytest.mark.parametrize("data", [b"TZif" + b"\0" * 60, b"XXXX2" + b"\0" * 60])
def test_foreign_files_are_refused(data: bytes) -> None:
    """Only TZif files of version 2 or later are read."""
    with pytest.raises(InvalidValue, match="no TZif file"):
        read_tzif("X", data)
