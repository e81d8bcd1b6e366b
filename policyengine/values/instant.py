"""Instants and lengths of time: integers of nanoseconds that know how to be read and printed.

`Timestamp` counts from 1970-01-01T00:00:00Z without leap seconds, `Duration` is a length; both are plain integers to
every computation. Their comparisons stay those of int, so `Timestamp(5) == 5`: the language's equality, which knows
types, is a function of its own, and Python's `==` must not stand in for it. Sums of them are plain integers too; who
wants a `Timestamp` again says so and has its range checked.

Texts are those of CEL: RFC 3339 for instants, `1h30m` or `5400s` for lengths. The policy language adds literals with a
day (`3d`), which is 24 hours wherever it stands.
"""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from policyengine.values.civil import (
    DAY,
    HOUR,
    MICROSECOND,
    MILLISECOND,
    MINUTE,
    SECOND,
    decimals_text,
    is_whole,
    parse_wall,
    wall_text,
)
from policyengine.values.invalid import InvalidValue

TIMESTAMP_MIN = -62_135_596_800 * SECOND
"""0001-01-01T00:00:00Z, as in CEL and in Protocol Buffers."""
TIMESTAMP_MAX = 253_402_300_800 * SECOND - 1
"""9999-12-31T23:59:59.999999999Z."""
DURATION_MAX = 2**63 - 1
"""About 292 years: CEL's range, whose conformance cases refuse the distance from year 1 to year 9999."""
DURATION_MIN = -(2**63)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH = _EPOCH.replace(tzinfo=None)
_RFC3339 = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]+)(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))")
_UTC = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z")
"""How we write instants ourselves: read four times as fast, by what the standard library knows of a calendar."""
_NANOSECONDS = {"h": HOUR, "m": MINUTE, "s": SECOND, "ms": MILLISECOND, "us": MICROSECOND, "µs": MICROSECOND, "ns": 1}
_PART = r"([0-9]*)(?:\.([0-9]*))?(h|ms|m|s|us|\u00b5s|\u03bcs|ns)"
_CEL_DURATION = re.compile(rf"[+-]?(?:{_PART})+")
_CEL_PART = re.compile(_PART)
_LITERAL = re.compile(r"(-?)([0-9]+(?:_[0-9]{3})*)(?:\.([0-9]+))?(d|h|ms|m|s|us|ns)")

DURATION_UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": MILLISECOND, "us": MICROSECOND, "ns": 1}
"""The units of a duration literal in a policy, in nanoseconds."""


class Timestamp(int):
    """An instant, in nanoseconds since 1970-01-01T00:00:00Z."""

    __slots__ = ()

    def __new__(cls, nanoseconds: int) -> Timestamp:
        if not is_whole(nanoseconds):
            raise InvalidValue(f"a timestamp is a whole number of nanoseconds, not a {type(nanoseconds).__name__}")
        if not TIMESTAMP_MIN <= nanoseconds <= TIMESTAMP_MAX:
            raise InvalidValue("a timestamp is out of range: it lies outside the years 0001 to 9999")
        return super().__new__(cls, nanoseconds)

    @classmethod
    def parse(cls, text: str) -> Timestamp:
        """The instant that RFC 3339 text names, such as `2026-12-01T09:30:00.5+02:00`; `t` and `z` may be small."""
        if (own := _UTC.fullmatch(text)) is not None:
            with contextlib.suppress(ValueError):  # the 30th of February: what is wrong is said below
                since = datetime.fromisoformat(own[1]) - _WALL_EPOCH
                return cls((since.days * 86_400 + since.seconds) * SECOND + int((own[2] or "").ljust(9, "0")))
        found = _RFC3339.fullmatch(text)
        if found is None:
            raise InvalidValue(f"`{text[:60]}` is not a timestamp", "write it as 2026-12-01T00:00:00Z")
        offset = int(found[3] or 0) * HOUR + int(found[4] or 0) * MINUTE
        if int(found[3] or 0) > 23 or int(found[4] or 0) > 59:
            raise InvalidValue(f"`{text}` has no valid offset from UTC")
        return cls(parse_wall(found[1]) - (-offset if found[2] == "-" else offset))

    @classmethod
    def from_datetime(cls, value: datetime) -> Timestamp:
        """The instant of an aware datetime; without a zone it names no instant and is refused."""
        if value.utcoffset() is None:
            raise InvalidValue("a datetime without a zone names no instant", "give it a tzinfo")
        # Two datetimes of one zone are subtracted by their wall clocks; this moves away from the zone first.
        return cls(_nanoseconds(value.replace(tzinfo=UTC) - _EPOCH) - _nanoseconds(_offset(value)))

    def to_datetime(self, *, truncate: bool = False) -> datetime:
        """The instant as a datetime in UTC, which ends at microseconds: what is finer is refused, or cut if asked."""
        if self % MICROSECOND and not truncate:
            raise InvalidValue(f"{self} is finer than a microsecond", "to_datetime(truncate=True) cuts it")
        return _EPOCH + timedelta(microseconds=self // MICROSECOND)

    def __str__(self) -> str:
        return wall_text(int(self)) + "Z"

    def __repr__(self) -> str:
        return f"Timestamp.parse('{self}')"


class Duration(int):
    """A length of time in nanoseconds, which may be negative."""

    __slots__ = ()

    def __new__(cls, nanoseconds: int) -> Duration:
        if not is_whole(nanoseconds):
            raise InvalidValue(f"a duration is a whole number of nanoseconds, not a {type(nanoseconds).__name__}")
        if not DURATION_MIN <= nanoseconds <= DURATION_MAX:
            raise InvalidValue("a duration is out of range: it is longer than 292 years")
        return super().__new__(cls, nanoseconds)

    @classmethod
    def parse(cls, text: str) -> Duration:
        """The length that CEL's syntax names: `1h30m`, `-1.5s`, `250ms`, `0`. Nothing below a nanosecond is cut."""
        if text in ("0", "+0", "-0"):
            return cls(0)
        if _CEL_DURATION.fullmatch(text) is None:
            _refuse_duration(text, "write it as 1h30m or 90s")
        total = 0
        for whole, fraction, unit in _CEL_PART.findall(text):
            if not whole and not fraction:
                _refuse_duration(text, "write it as 1h30m or 90s")
            total += _exact_part(whole, fraction, _NANOSECONDS[unit.replace("\u03bc", "\u00b5")], text)
        return cls(-total if text.startswith("-") else total)

    @classmethod
    def parse_literal(cls, text: str) -> Duration:
        """The length of a policy's literal: one number, perhaps grouped, and one unit, `3d` or `1.5h`."""
        found = _LITERAL.fullmatch(text)
        if found is None:
            _refuse_duration(text, "write it as 3d, 12h, 30m or 45s")
        sign, whole, fraction, unit = found.groups()
        total = _exact_part(whole.replace("_", ""), fraction or "", DURATION_UNITS[unit], text)
        return cls(-total if sign else total)

    @classmethod
    def of(cls, n: int, d: int, unit: str) -> Duration:
        """n / d units, where the unit is one of `DURATION_UNITS`."""
        nanoseconds, rest = divmod(n * DURATION_UNITS[unit], d)
        if rest:
            raise InvalidValue("a duration is finer than a nanosecond")
        return cls(nanoseconds)

    @classmethod
    def from_timedelta(cls, value: timedelta) -> Duration:
        """The same length as a timedelta."""
        return cls(_nanoseconds(value))

    def to_timedelta(self, *, truncate: bool = False) -> timedelta:
        """The length as a timedelta, which ends at microseconds: what is finer is refused, or cut if asked."""
        if self % MICROSECOND and not truncate:
            raise InvalidValue(f"{self} is finer than a microsecond", "to_timedelta(truncate=True) cuts it")
        sign = -1 if self < 0 else 1
        return sign * timedelta(microseconds=abs(self) // MICROSECOND)

    def __str__(self) -> str:
        seconds, rest = divmod(abs(self), SECOND)
        return f"{'-' if self < 0 else ''}{seconds}{decimals_text(rest)}s"

    def __repr__(self) -> str:
        return f"Duration.parse('{self}')"


def _nanoseconds(value: timedelta) -> int:
    return (value.days * 86_400 + value.seconds) * SECOND + value.microseconds * MICROSECOND


def _offset(value: datetime) -> timedelta:
    offset = value.utcoffset()
    assert offset is not None
    return offset


def _exact_part(whole: str, fraction: str, unit: int, text: str) -> int:
    """A decimal number of units in nanoseconds, if it is a whole number of them."""
    fraction = fraction.rstrip("0")
    if len(whole) > 20 or len(fraction) > 20:  # beyond any range; and int() of a long text is slow
        _refuse_duration(text, "it is out of range")
    divisor: int = 10 ** len(fraction)
    nanoseconds, rest = divmod(int(whole + fraction or "0") * unit, divisor)
    if rest:
        _refuse_duration(text, "it is finer than a nanosecond")
    return nanoseconds


def _refuse_duration(text: str, hint: str) -> NoReturn:
    raise InvalidValue(f"`{text[:60]}` is not a duration", hint)
