"""Stretches of time: windows and where they begin and end, resets, recurrences, and windows that use opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw, bundle
from golden.translate.entitled import MANY, NAME, UNIT_ROWS, Section, absent, entitled, present, quantity

NEVER = ("lifetime", "never")
LATER = "2999-01-01T00:00:00Z"


def window_bounds(case: Mapping[str, Any]) -> Translation:
    """The window that an instant lies in, on the calendar or counted from an anchor."""
    model = case["model"]
    anchor, now = model.get("anchor"), case["input"]["now"]
    window: Section = {"id": "window", "used": "counters"}
    if model["interval"] not in NEVER:
        window["interval"] = f"1 {model['interval']}"
        window |= {"calendar": True} if anchor is None else {"anchor": "anchor"}
    counter = {"id": "string", "used": quantity(), "since": absent("timestamp"), "until": absent("timestamp")}
    section: Section = {
        "limit": Raw("unlimited"),
        "used": Raw("0"),
        "requested": Raw("0"),
        "when_exceeded": "block",
        "windows": [window],
    }
    inputs: Section = {"anchor": absent("timestamp"), "counters": {"list": counter, "max": MANY}}
    if "anchor" in window:
        inputs["anchor"] = "timestamp"
    answer = yield Ask(entitled(section, inputs=inputs), NAME, present({"anchor": anchor, "counters": []}), at=now)
    (found,) = answer.outputs["windows"]
    return {"start": found["since"], "end": found["until"]}


def window_roll(case: Mapping[str, Any]) -> Translation:
    """A stored counter beside the window that holds now, if there is one."""
    counter, derived = case["model"]["counter"], case["model"].get("derived")
    stored = {"id": "string", "used": quantity(), "since": "timestamp", "until": "timestamp", "anchored_by": "string"}
    window: Section = {
        "id": "window",
        "used": "counters",
        "from": "start",
        "until": "end",
        "anchored_by": "anchor",
    }
    section: Section = {
        "limit": Raw("unlimited"),
        "used": Raw("0"),
        "requested": Raw("0"),
        "when_exceeded": "block",
        "windows": [window],
    }
    inputs: Section = {
        "start": absent("timestamp"),
        "end": absent("timestamp"),
        "anchor": absent("string"),
        "counters": {"list": {**_maybe(stored), "rolled": {"type": "bool", "default": False}}, "max": MANY},
    }
    kept = {"since": counter["start"], "until": counter["end"], "anchored_by": counter["anchor"]}
    facts = {"counters": [{"id": "window", "used": Raw(counter["usage"]), **kept}], **(derived or {})}
    answer = yield Ask(entitled(section, inputs=inputs), NAME, facts, at=case["input"]["now"])
    (found,) = answer.outputs["windows"]
    names = {"roll": "rolled", "usage": "used", "start": "since", "end": "until", "anchor": "anchored_by"}
    return {theirs: found[ours] for theirs, ours in names.items()}


def _maybe(fields: Section) -> Section:
    return {name: absent(its) if isinstance(its, str) and name != "id" else its for name, its in fields.items()}


def anchored_grant(case: Mapping[str, Any]) -> Translation:
    """The window that the first event opens which none covers yet; every event is asked in turn."""
    model, given = case["model"], case["input"]
    duration = model.get("duration_seconds")
    window: Section = {
        "id": "window",
        "used": "counters",
        "opens": {"cycle": "cycle", "first_event": "first_use", "unit_start": "unit_start"}[model["align"]],
        "duration": None if duration is None else f"{duration}s",
        "cycle": {"from": "cycle.start", "until": "cycle.end"},
        "shortest": f"{model['min_seconds']}s" if model.get("min_seconds") else None,
    }
    section: Section = {
        "limit": Raw("unlimited"),
        "used": Raw("0"),
        "requested": Raw("1"),
        "when_exceeded": "block",
        "windows": [present(window)],
    }
    counter: Section = {
        "id": "string",
        "used": quantity(),
        "since": absent("timestamp"),
        "until": absent("timestamp"),
        "rolled": {"type": "bool", "default": False},
    }
    inputs: Section = {
        "counters": {"list": counter, "max": MANY},
        "cycle": {"start": "timestamp", "end": "timestamp"},
    }
    text = entitled(section, inputs=inputs)
    previous = given.get("previous_end")
    counters = [] if previous is None else [{"id": "window", "used": Raw("0"), "until": previous}]
    facts = {"counters": counters, "cycle": {"start": given["cycle_start"], "end": given["cycle_end"]}}
    for event in sorted(given["events"]):
        answer = yield Ask(text, NAME, facts, at=event)
        (found,) = answer.outputs["windows"]
        if found["rolled"]:
            return {"opened": True, "from": found["since"], "to": found["until"]}
    return {"opened": False}


# ---------------------------------------------------------------------------------------------------------- resets


def next_reset(case: Mapping[str, Any]) -> Translation:
    """The next local time at which a period ends; all times are local, and so is the answer."""
    model, zone = case["model"], case["model"]["tz"]
    local: Section = {"type": "timestamp", "zone": "zone"}
    inputs: Section = {"zone": "string", "now": local, "anchor": local, "ends": {**local, "optional": True}}
    reset = {"interval": f"1 {model['period']}", "anchor": "anchor", "until": "ends"}
    section: Section = {"limit": Raw("unlimited"), "used": Raw("0"), "when_exceeded": "block"}
    section |= {} if model["period"] in NEVER else {"reset": reset}
    values = {
        "instant": "now",
        "resets": f"{NAME}.resets_at" if "reset" in section else "now",
        "seconds": "div(seconds_between(now, now + time_of_day(resets)), seconds_between(now, now + 1s))",
        "clock": ' + ":" + '.join(
            f"string(100 + {part}).substring(1)"
            for part in ("div(seconds, 3600)", "div(seconds, 60) % 60", "seconds % 60")
        ),
    }
    resets = f"{NAME}.resets_at" if "reset" in section else f"{NAME}.?resets_at"
    decisions = {"next": {"outputs": {"at": resets, "day": "date(resets)", "clock": Raw("clock")}}}
    sections = {"inputs": inputs, "entitlements": {NAME: section}, "values": values, "decisions": decisions}
    text = bundle(sections, timezone=zone)
    day, clock = model["anchor"].split("T")[0], model["time_of_day"].split(" ")[0]
    facts = {"zone": zone, "now": case["input"]["now"], "anchor": f"{day}T{clock}"}
    facts |= present({"ends": model.get("subscription_end")})
    now = (yield Ask(text, "instant", present({"zone": zone, "now": facts["now"]}))).outputs["value"]
    found = (yield Ask(text, "next", facts, at=str(now))).outputs
    return {"next_reset": found["at"] and f"{found['day']}T{found['clock']}"}


def _recurrences(model: Mapping[str, Any]) -> tuple[str, list[Section]]:
    """The zone of all recurrences, and each as a fact."""
    zones = {each.get("tz", "UTC") for each in model["recurrences"]}
    if len(zones) > 1:
        raise LeftOut("recurrences in several zones")
    (zone,) = zones
    listed = [
        {"from": each["from"], "interval": f"1 {each['interval']}", "anchor": each["anchor"]}
        for each in model["recurrences"]
    ]
    return zone, listed


def _recurring(zone: str) -> str:
    recurrence = {
        "from": "timestamp",
        "interval": {"enum": [f"1 {unit}" for unit in UNIT_ROWS]},
        "anchor": "timestamp",
    }
    section: Section = {
        "limit": Raw("unlimited"),
        "used": Raw("0"),
        "when_exceeded": "block",
        "reset": {"recurrences": "recurrences", "since": "since", "timezone": zone},
    }
    inputs: Section = {"recurrences": {"list": recurrence, "max": MANY}, "since": absent("timestamp")}
    return entitled(section, inputs=inputs)


def period_at(case: Mapping[str, Any]) -> Translation:
    """The period that an instant lies in."""
    zone, recurrences = _recurrences(case["model"])
    answer = yield Ask(_recurring(zone), NAME, {"recurrences": recurrences}, at=case["input"]["at"])
    found = answer.outputs
    return {"from": found["draw"]["since"], "to": found["resets_at"]}


def reset_timeline(case: Mapping[str, Any]) -> Translation:
    """From the first instant on, each answer says when to ask again."""
    zone, recurrences = _recurrences(case["model"])
    text, given = _recurring(zone), case["input"]
    at, times = given["from"], []
    while True:
        found = (yield Ask(text, NAME, {"recurrences": recurrences}, at=at)).outputs
        if str(found["draw"]["since"]) == at:
            times.append(at)
        at = str(found["resets_at"])
        if at > given["to"]:
            return {"times": times}
