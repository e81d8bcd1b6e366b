"""What a time zone does after its last recorded change: the rule in the footer of a TZif file.

The footer is the TZ string of POSIX with the extensions of RFC 8536 section 3.3.1: `CET-1CEST,M3.5.0,M10.5.0/3` is
the offset in winter (with the sign turned, counted west of Greenwich), the offset in summer, and the local times at
which summer begins and ends. Hours reach from -167 to 167 (`M3.4.4/50` is 50 hours after Thursday's midnight).
"""

from __future__ import annotations

import re
from functools import lru_cache

from policyengine.frozen import frozen
from policyengine.values.civil import days_from_civil, days_in_month, is_leap_year, weekday
from policyengine.values.invalid import InvalidValue

_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_CLOCK = r"[+-]?[0-9]{1,3}(?::[0-9]{2})?(?::[0-9]{2})?"
_DAY = rf"(?:M[0-9]{{1,2}}\.[1-5]\.[0-6]|J[0-9]{{1,3}}|[0-9]{{1,3}})(?:/{_CLOCK})?"
_RULE = re.compile(rf"{_NAME}({_CLOCK})(?:{_NAME}({_CLOCK})?,({_DAY}),({_DAY}))?")


@frozen
class YearDay:
    """A day of each year and the seconds after its midnight: `M3.5.0`, `J60` (never 29 February) or `59` (from 0)."""

    kind: str
    month: int
    week: int
    day: int
    seconds: int

    def wall_seconds(self, year: int) -> int:
        """The wall time, in seconds since 1970, at which the change falls in a year."""
        return self._day(year) * 86_400 + self.seconds

    def _day(self, year: int) -> int:
        if self.kind != "M":
            first = days_from_civil(year, 1, 1)
            skips_leap_day = self.kind == "J" and is_leap_year(year) and self.day >= 60
            return first + self.day - (1 if self.kind == "J" else 0) + (1 if skips_leap_day else 0)
        first = days_from_civil(year, self.month, 1)
        in_first_week = (self.day - 1 - weekday(first)) % 7  # POSIX counts weekdays from Sunday
        found = in_first_week + 7 * (self.week - 1)
        return first + (found if found < days_in_month(year, self.month) else found - 7)


@frozen
class ZoneRule:
    """Offsets in seconds east of UTC, and when each year summer time begins and ends; never, without `begins`."""

    standard: int
    summer: int = 0
    begins: YearDay | None = None
    ends: YearDay | None = None


@lru_cache(maxsize=4096)
def changes_near(rule: str, year: int) -> tuple[tuple[int, int], ...]:
    """The changes of a year and of its neighbours, as (UTC seconds, offset from then on), in order.

    The neighbours are there because the year of an instant in UTC is not always its local year.
    """
    parsed = parse_rule(rule)
    if parsed.begins is None or parsed.ends is None:
        return ()
    found: list[tuple[int, int]] = []
    for each in range(max(year - 1, 1), min(year + 1, 9999) + 1):
        found.append((parsed.begins.wall_seconds(each) - parsed.standard, parsed.summer))
        found.append((parsed.ends.wall_seconds(each) - parsed.summer, parsed.standard))
    # Stable: where summer time lasts all year, its end and its next beginning fall together and the beginning wins.
    return tuple(sorted(found, key=lambda change: change[0]))


def parse_rule(text: str) -> ZoneRule:
    """The rule that a footer states."""
    found = _RULE.fullmatch(text)
    if found is None:
        raise InvalidValue(f"`{text[:60]}` is not a rule of a time zone")
    standard = -_clock_seconds(found[1])
    if found[3] is None:
        return ZoneRule(standard)
    summer = -_clock_seconds(found[2]) if found[2] else standard + 3600
    return ZoneRule(standard, summer, _year_day(found[3]), _year_day(found[4]))


def _year_day(text: str) -> YearDay:
    day, _, clock = text.partition("/")
    seconds = _clock_seconds(clock) if clock else 2 * 3600
    if day.startswith("M"):
        month, week, of_week = (int(part) for part in day[1:].split("."))
        if not 1 <= month <= 12:
            raise InvalidValue(f"`{text}` names no month of the year")
        return YearDay("M", month, week, of_week, seconds)
    return YearDay("J" if day.startswith("J") else "N", 0, 0, int(day.removeprefix("J")), seconds)


def _clock_seconds(text: str) -> int:
    parts = [int(part) for part in text.lstrip("+-").split(":")] + [0, 0]
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return -seconds if text.startswith("-") else seconds
