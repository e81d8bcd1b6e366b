"""What the families about periods share: instants on a wall clock, their zone, and questions about them.

A date of a case is the midnight that begins it, in the case's zone or in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.bundle_text import Raw, bundle
from golden.translate.sections import DECISION, Section

CURRENCY = "USD"
BASES = {"actual": "day", "day": "day", "fixed_30": "month_30", "second": "second", "strict_30_360": "thirty_360"}
"""How the cases call the bases of a proration."""
INSTANT = {"type": "timestamp", "zone": "zone"}
PERIOD = {"start": INSTANT, "end": INSTANT}
UNSIGNED = {"type": "money", "min": Raw("0"), "max": Raw("1_000_000_000_000"), "places": Raw("15")}
COUNT = {"type": "int", "min": Raw("0"), "max": Raw("1_000_000_000_000")}


def asked(outputs: Section, timezone: str = "UTC", **sections: Section) -> str:
    """The text of a bundle in a zone, with one decision that gives these outputs."""
    zone = {"enum": [timezone], "default": timezone}
    inputs = {"zone": zone, **sections.pop("inputs", {})}
    decision = {DECISION: {"outputs": outputs}}
    return bundle({"inputs": inputs, **sections, "decisions": decision}, CURRENCY, timezone)


def wall(text: str) -> str:
    """An instant of a case as a fact; a day begins at midnight."""
    return text if "T" in text else f"{text}T00:00:00"


def period(given: Mapping[str, Any]) -> dict[str, str]:
    """The period of a case as a fact."""
    return {"start": wall(given["period_start"]), "end": wall(given["period_end"])}


def interval(model: Mapping[str, Any]) -> str:
    """The interval of a case as our expressions write it."""
    return f'"{model.get("interval_count", "1")} {model["interval"]}"'


def rounding(model: Mapping[str, Any]) -> Section:
    """The `round` of a case, empty where it rounds nothing."""
    stated = model.get("rounding")
    return {"round": {"places": Raw(stated["scale"]), "mode": stated["mode"]}} if stated else {}


def by_day(basis: str, end_inclusive: bool) -> Section:
    """What a proration says of its days; with an inclusive end, its stretch ends with its last day too."""
    if end_inclusive:
        return {"end_inclusive": True} | ({} if basis == "second" else {"day_of_change": "old"})
    return {} if basis == "second" else {"end_inclusive": False}
