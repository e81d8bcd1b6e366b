"""The zones of the pinned `tzdata` wheel, read from its files.

The standard library's `zoneinfo` prefers the host's database over the wheel, so two machines may answer differently,
and it can be told otherwise only for the whole process. So the files are read here, as RFC 8536 describes them. The
wheel is looked for when a zone is asked for: a program that carries its zones runs without it.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from itertools import pairwise

from policyengine.errors import PolicyEngineError
from policyengine.values.invalid import InvalidValue, did_you_mean
from policyengine.values.zone_rule import parse_rule
from policyengine.values.zones import UTC, Zone, fixed_zone

_HEADER = struct.Struct(">4s1s15x6l")


def zone(name: str) -> Zone:
    """The zone of a name: `UTC`, an offset such as `+02:00`, or a name of the tz database such as `Europe/Berlin`."""
    if name == "UTC":
        return UTC
    return fixed_zone(name) or _zone_of_wheel(name)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every name that the tz database knows, links from older names included."""
    return frozenset(_wheel_file("zones").decode("ascii").split())


def tzdata_version() -> str:
    """The release of the tz database in the wheel, such as `2026f`."""
    try:
        return str(import_module("tzdata").IANA_VERSION)
    except ModuleNotFoundError:
        raise _no_wheel() from None


@lru_cache(maxsize=1024)
def _zone_of_wheel(name: str) -> Zone:
    # INVARIANT: only listed names become paths, so no text of a policy or a caller can reach another file.
    if name not in zone_names():
        raise InvalidValue(f"unknown time zone `{name[:60]}`", did_you_mean(name[:60], zone_names()))
    return read_tzif(name, _wheel_file("zoneinfo", *name.split("/")))


def _wheel_file(*path: str) -> bytes:
    try:
        return files("tzdata").joinpath(*path).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        raise _no_wheel() from None


def _no_wheel() -> PolicyEngineError:
    return PolicyEngineError("the time zone database is missing: install the package `tzdata`")


def read_tzif(name: str, data: bytes) -> Zone:
    """The zone in the bytes of a TZif file of version 2 or later."""
    magic, version, *first = _HEADER.unpack_from(data)
    if magic != b"TZif" or version < b"2":
        raise InvalidValue(f"the data of the zone `{name}` is no TZif file of version 2")
    isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt = first
    second = _HEADER.size + timecnt * 5 + typecnt * 6 + charcnt + leapcnt * 8 + isstdcnt + isutcnt
    isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt = _HEADER.unpack_from(data, second)[2:]
    at = second + _HEADER.size
    times = struct.unpack_from(f">{timecnt}q", data, at)
    kinds = struct.unpack_from(f">{timecnt}B", data, at + timecnt * 8)
    at += timecnt * 9
    utoffs = [struct.unpack_from(">l", data, at + 6 * kind)[0] for kind in range(typecnt)]
    at += typecnt * 6 + charcnt + leapcnt * 12 + isstdcnt + isutcnt
    footer = data[at:].strip(b"\n").decode("ascii")
    return _zone_of(name, times, [utoffs[0], *(utoffs[kind] for kind in kinds)], footer)


def _zone_of(name: str, times: tuple[int, ...], offsets: list[int], footer: str) -> Zone:
    """A zone without the changes that leave the offset as it is (a new name, or winter time renamed)."""
    rule = parse_rule(footer) if footer else None
    changes = [(time, to) for time, (was, to) in zip(times, pairwise(offsets), strict=True) if was != to]
    ruled = footer if rule is not None and rule.begins is not None else ""
    # The stretch that the rule governs begins at the last record even where that record changes nothing.
    if ruled and times and (not changes or changes[-1][0] != times[-1]):
        changes.append((times[-1], offsets[-1]))
    return Zone(name, tuple(time for time, _ in changes), (offsets[0], *(to for _, to in changes)), ruled)
