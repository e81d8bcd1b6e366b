"""A limit that is used up: `limit_reached`, `alert`, `rollover`; usage after usage, as a fold over answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate.entitled import ANY_TIME, MANY, NAME, Section, entitled, number, present, quantity
from golden.translate.quotas import spend_limit

COUNTER = {"id": "string", "used": quantity()}
INPUTS: Section = {"used": quantity(), "requested": quantity(), "counters": {"list": COUNTER, "max": MANY}}


def limit_reached(case: Mapping[str, Any]) -> Translation:
    """The limit that a usage has reached, once."""
    model = case["model"]
    overage = {
        "allow": model.get("native_overage", False),
        "max_purchase": None if model.get("max_purchase") is None else number(model["max_purchase"]),
        "spend_limit": spend_limit(model.get("spend_limit")),
    }
    window = model.get("window_limit")
    windows = None if window is None else [{"id": "window", "limit": number(window), "used": "counters"}]
    section: Section = {
        "limit": number(model["granted"]),
        "used": "used",
        "requested": "requested",
        "when_exceeded": "overage",
        "on_excess": "clamp",
        "overage": present(overage),
        "windows": windows,
    }
    text, state, events = entitled(section, inputs=INPUTS), {"used": Raw("0"), "counters": []}, []
    for place, track in enumerate(case["input"]["tracks"]):
        found = (yield Ask(text, NAME, {**state, "requested": number(track)})).outputs
        state = {**found["draw"], "counters": found.get("windows", [])}
        if "limit_reached" in found["warnings"]:
            events.append({"after_track": place, "limit_type": found["limit_type"]})
    return {"events": events}


def alert(case: Mapping[str, Any]) -> Translation:
    """An alert that is switched on warns where a usage crosses its threshold."""
    model = case["model"]
    stated = model["alert"]
    share = "%" if stated["type"].endswith("percentage") else ""
    threshold = Raw(f"{stated['threshold']}{share}")
    one = {"id": "alert", "type": stated["type"], "threshold": threshold, "when": stated.get("enabled", True)}
    section: Section = {
        "limit": number(model["granted"]),
        "used": "used",
        "requested": "requested",
        "when_exceeded": "grace",
        "warn_at": [one],
    }
    text, state, fired = entitled(section, inputs=INPUTS), {"used": Raw("0")}, []
    for place, track in enumerate(case["input"]["tracks"]):
        found = (yield Ask(text, NAME, {**state, "counters": [], "requested": number(track)})).outputs
        state = found["draw"]
        if "alert" in found["warnings"]:
            fired.append(place)
    return {"fired_after": fired}


def rollover(case: Mapping[str, Any]) -> Translation:
    """Cycle after cycle: what is used in it, and what the first question of the next one finds."""
    model = case["model"]
    section: Section = {
        "limit": number(model["granted"]),
        "used": "used",
        "requested": "requested",
        "when_exceeded": "block",
        "on_excess": "clamp",
        "reset": {"interval": "1 month", "calendar": True, "since": "since"},
        "rollover": {"carried": "carried", "cap_percent": Raw(f"{model['cap_percent']}%")},
    }
    inputs: Section = {"used": quantity("24"), "carried": quantity("24"), "requested": quantity(), "since": "timestamp"}
    text, at, after = entitled(section, inputs=inputs), ANY_TIME, []
    state: Section = {"used": Raw("0"), "carried": Raw("0"), "since": ANY_TIME}
    for used in case["input"]["used_per_cycle"]:
        found = (yield Ask(text, NAME, {**state, "requested": number(used)}, at=at)).outputs
        state, at = found["draw"], str(found["resets_at"])
        found = (yield Ask(text, NAME, {**state, "requested": Raw("0")}, at=at)).outputs
        state = found["draw"]
        after.append({"rollover": state["carried"], "remaining": found["balance"]})
    return {"after_reset": after}
