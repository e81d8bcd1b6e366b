"""Time zones as plain data: when the offset from UTC changes, and what to do with wall times that do not exist once.

A `Zone` holds every recorded change of a zone of the tz database and the rule for the time after the last one, so a
compiled program carries the zones it uses and gives the same answers on every host. `values.zone_data` reads them from
the pinned tzdata wheel; this module reads nothing.

Two wall times are special, at each change of the clocks. One that occurs twice (02:30 when the clocks go back) is the
first of the two instants. One that never occurs (02:30 when they go forward) is moved forward by the gap, to 03:30.
Both are one rule, "read it with the offset that held before the change", which is RFC 5545's and that of most billing
systems: a period never begins before its wall time was reached.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from policyengine.values.civil import SECOND, WallTime, fields_from_wall, wall_from_fields
from policyengine.values.instant import TIMESTAMP_MAX, TIMESTAMP_MIN, Timestamp
from policyengine.values.invalid import InvalidValue
from policyengine.values.zone_rule import changes_near, parse_rule

OFFSET_MAX = 26 * 3600
"""RFC 8536 section 3.2 wants offsets from -25:59:59 to 25:59:59 hours."""

_ALWAYS = 10**12  # seconds; some 31 000 years on either side of 1970
_WALL_MIN = TIMESTAMP_MIN - OFFSET_MAX * SECOND
_WALL_MAX = TIMESTAMP_MAX + OFFSET_MAX * SECOND
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_OFFSET = re.compile(r"([+-]?)([0-9]{2}):([0-9]{2})")

Ambiguous = Literal["earlier", "later"]


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone: `offsets[i]` seconds east of UTC hold up to `transitions[i]`, the last one from then on.

    `transitions` are UTC seconds in ascending order, one fewer than `offsets`. `rule` is the TZ string for the time
    after the last of them, and empty if the offset then stays as it is.
    """

    name: str
    transitions: tuple[int, ...]
    offsets: tuple[int, ...]
    rule: str = ""

    def offset_at(self, utc: int) -> int:
        """The offset in seconds east of UTC at an instant given in nanoseconds."""
        return self._span(utc // SECOND)[2]

    def to_wall(self, utc: int) -> int:
        """What the wall clock has counted, in nanoseconds, at an instant in nanoseconds."""
        return utc + self._span(utc // SECOND)[2] * SECOND

    def from_wall(self, wall: int, ambiguous: Ambiguous = "earlier") -> int:
        """The instant, in nanoseconds, at which the wall clock shows a time; the module says which if not just one."""
        if not _WALL_MIN <= wall <= _WALL_MAX:
            raise InvalidValue("a wall time is out of range: it lies outside the years 0001 to 9999")
        seconds, rest = divmod(wall, SECOND)
        start, end, offset = self._span(seconds - OFFSET_MAX)
        before = offset
        while seconds - offset >= end:
            before = offset
            start, end, offset = self._span(end)
        if seconds - offset < start:  # in the gap: the offset from before it lands as far behind it
            offset = before
        elif ambiguous == "later":
            offset = self._last_offset(seconds, end, offset)
        return (seconds - offset) * SECOND + rest

    def local(self, utc: int) -> WallTime:
        """The calendar and the wall clock at an instant in nanoseconds."""
        return fields_from_wall(self.to_wall(utc))

    def instant(self, fields: WallTime, ambiguous: Ambiguous = "earlier") -> Timestamp:
        """The instant at which the calendar and the wall clock show these fields."""
        return Timestamp(self.from_wall(wall_from_fields(fields), ambiguous))

    def changes(self, since: int, until: int) -> list[tuple[int, int]]:
        """The offsets in force between two instants in seconds, as (UTC seconds from which it holds, offset).

        The first one starts at `since`. This is what a back end without Python needs to convert a column.
        """
        found = [(since, self._span(since)[2])]
        end = self._span(since)[1]
        while end < until:
            _, following, offset = self._span(end)
            if offset != found[-1][1]:
                found.append((end, offset))
            end = following
        return found

    def _span(self, seconds: int) -> tuple[int, int, int]:
        """The start, end and offset of the stretch that an instant in seconds lies in."""
        times = self.transitions
        at = bisect_right(times, seconds)
        if at == len(times) and self.rule:
            return self._ruled_span(seconds)
        start = times[at - 1] if at else -_ALWAYS
        end = times[at] if at < len(times) else _ALWAYS
        return start, end, self.offsets[at]

    def _ruled_span(self, seconds: int) -> tuple[int, int, int]:
        last = self.transitions[-1] if self.transitions else -_ALWAYS
        year = _year_of(seconds)
        near = changes_near(self.rule, year)
        at = bisect_right(near, seconds, key=lambda change: change[0])
        if at == 0:  # before the first change of year 1
            return last, near[0][0], self.offsets[-1]
        end = near[at][0] if at < len(near) else _ALWAYS
        return max(near[at - 1][0], last), end, near[at - 1][1]

    def _last_offset(self, seconds: int, end: int, offset: int) -> int:
        """The offset of the last stretch in which a wall time occurs."""
        while end <= seconds + OFFSET_MAX:
            start, following, candidate = self._span(end)
            if start <= seconds - candidate < following:
                offset = candidate
            end = following
        return offset

    def to_json(self) -> dict[str, object]:
        """The zone as JSON values, for a program that carries it."""
        return {
            "name": self.name,
            "transitions": list(self.transitions),
            "offsets": list(self.offsets),
            "rule": self.rule,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Zone:
        """The zone that `to_json` gave, refused if it cannot be one."""
        name, rule = value.get("name"), value.get("rule")
        transitions, offsets = _integers(value.get("transitions")), _integers(value.get("offsets"))
        if not isinstance(name, str) or not isinstance(rule, str):
            raise InvalidValue("a zone needs a name and a rule")
        if len(offsets) != len(transitions) + 1 or any(a >= b for a, b in pairwise(transitions)):
            raise InvalidValue(f"the changes of the zone `{name}` are not in order")
        if any(abs(offset) >= OFFSET_MAX for offset in offsets):
            raise InvalidValue(f"an offset of the zone `{name}` is out of range")
        if rule and parse_rule(rule).begins is None:
            raise InvalidValue(f"the rule of the zone `{name}` has no changes")
        return cls(name, transitions, offsets, rule)


UTC = Zone("UTC", (), (0,))


def fixed_zone(text: str) -> Zone | None:
    """The zone of an offset as CEL writes it (`+02:00`, `-09:30`, `02:00`); None if the text is no offset."""
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    if int(found[2]) > 23 or int(found[3]) > 59:
        raise InvalidValue(f"`{text}` is no offset from UTC")
    seconds = int(found[2]) * 3600 + int(found[3]) * 60
    return Zone(text, (), (-seconds if found[1] == "-" else seconds,))


def _year_of(seconds: int) -> int:
    ordinal = seconds // 86_400 + _EPOCH_ORDINAL
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal())).year


def _integers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or any(type(each) is not int for each in value):
        raise InvalidValue("a zone needs lists of whole numbers")
    return tuple(value)
