"""The version that a change requires, by semantic versioning."""

from __future__ import annotations

import re

from policyengine.analysis.diff.judging.rules import LEVELS, Level

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def least(version: str, level: Level) -> str | None:
    """The least version after this one that a bump of the level makes; None where the version is not `1.2.3`.

    Before 1.0.0 nothing is promised, so a major change takes the place of a minor one, and a minor one of a patch.
    """
    found = _VERSION.match(version)
    if found is None:
        return None
    major, minor, patch = map(int, found.groups())
    rank = LEVELS.index(level) if major else max(0, LEVELS.index(level) - 1)
    return (f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}.0", f"{major + 1}.0.0")[rank]


def is_enough(before: str, after: str, level: Level) -> bool:
    """Whether the second version is high enough for changes of a level; other forms must only differ."""
    wanted, given = least(before, level), _VERSION.match(after)
    if wanted is None or given is None:
        return before != after
    return tuple(map(int, given.groups())) >= tuple(map(int, wanted.split(".")))
