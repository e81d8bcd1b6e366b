"""What the entitlement families share: a bundle with one entitlement, its facts, and the fields of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Answer
from golden.bundle_text import Raw, bundle

NAME = "right"
MANY = Raw("2_000")
LARGEST = Raw("1_000_000_000_000")
ANY_TIME = "2026-01-01T00:00:00Z"
UNIT_ROWS = ("day", "half_year", "hour", "month", "quarter", "week", "year")

Section = dict[str, Any]
Model = Mapping[str, Any]


def quantity(places: str = "12", **attributes: Any) -> Section:
    """The type of what is counted."""
    return {"type": "decimal", "min": Raw("0"), "max": LARGEST, "places": Raw(places), **attributes}


def absent(its_type: str, **attributes: Any) -> Section:
    """The type of something that may not be there."""
    return {"type": its_type, "optional": True, **attributes}


def number(text: str) -> Raw:
    """A number of a case, written without quotes."""
    return Raw(text)


def limit(text: str | None) -> Raw:
    """A limit of a case, where null is unbounded."""
    return Raw("unlimited") if text is None else Raw(text)


def entitled(section: Section, timezone: str = "UTC", **sections: Section) -> str:
    """The text of a bundle with one entitlement, `NAME`."""
    kept = {key: value for key, value in section.items() if value is not None}
    return bundle({**sections, "entitlements": {NAME: kept}}, timezone=timezone)


def present(facts: Section) -> Section:
    """Facts without those that are not there."""
    return {key: value for key, value in facts.items() if value is not None}


def is_allowed(answer: Answer) -> bool:
    """Whether the decision denies nothing."""
    assert answer.decision is not None
    return answer.decision.effect == "allow"
