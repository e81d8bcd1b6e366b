"""Kinds of the calendar: where periods begin and end, and how many local days lie between two instants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.compare import Beginning
from golden.translate.periods import INSTANT, asked, interval, wall
from golden.translate.sections import DECISION


def next_boundary(case: Mapping[str, Any]) -> Translation:
    """The end of a period, on the calendar or as its anchor has it."""
    model, given = case["model"], case["input"]
    anchor, facts = "anchor", {"start": wall(given["period_start_local"])}
    if model["alignment"] == "calendar":
        anchor = _calendar_start(model)
    else:
        facts["anchor"] = wall(given.get("anchor_local") or given["period_start_local"])
    end = f"next_boundary({anchor}, {interval(model)}, start)"
    text = asked({"next_local": f"local_time({end})"}, _zone(model), inputs=dict.fromkeys(facts, INSTANT))
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def _zone(model: Mapping[str, Any]) -> str:
    """A case without a zone is in UTC."""
    return str(model.get("timezone", "UTC"))


def _calendar_start(model: Mapping[str, Any]) -> str:
    """The beginning of the calendar's month, say, that the start lies in; of several, they are counted from it."""
    return f'calendar_period("1 {model["interval"]}", start).start'


def cycle_end(case: Mapping[str, Any]) -> Translation:
    """The end of the period that an instant lies in."""
    model, given = case["model"], case["input"]
    end = f"period_of(anchor, {interval(model)}, now).end"
    facts = {name: wall(given[name]) for name in ("anchor", "now")}
    text = asked({"cycle_end": f"local_time({end})"}, _zone(model), inputs=dict.fromkeys(facts, INSTANT))
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def boundary_list(case: Mapping[str, Any]) -> Translation:
    """The days on which periods begin, from the anchor to a day."""
    model, given = case["model"], case["input"]
    starts = f"periods(anchor, {interval(model)}, anchor, until).map(p, string(date(p.start)))"
    facts = {name: wall(given[name]) for name in ("anchor", "until")}
    answer = yield Ask(asked({"starts": starts}, inputs=dict.fromkeys(facts, INSTANT)), DECISION, facts)
    return answer.outputs


def periods_utc(case: Mapping[str, Any]) -> Translation:
    """The ends of the periods from an instant on; a case prints the first of them."""
    model, given = case["model"], case["input"]
    step = interval(model)
    values = {"anchor": _calendar_start(model) if model["alignment"] == "calendar" else "start"}
    ends = f"periods(anchor, {step}, start, add_months(start, 60)).map(p, p.end)"
    text = asked({"ends_utc": ends}, _zone(model), inputs={"start": INSTANT}, values=values)
    answer = yield Ask(text, DECISION, {"start": given["start_utc"]})
    return {"ends_utc": Beginning(answer.outputs["ends_utc"])}


def first_bill_date(case: Mapping[str, Any]) -> Translation:
    """The first bill day at or after a start."""
    model, given = case["model"], case["input"]
    first = f"string(date(first_bill(start, {interval(model)}, {model['bill_day']})))"
    text = asked({"first_bill_date": first}, inputs={"start": INSTANT})
    answer = yield Ask(text, DECISION, {"start": wall(given["start"])})
    return answer.outputs


def local_days(case: Mapping[str, Any]) -> Translation:
    """How many midnights of the zone lie between two instants."""
    model, given = case["model"], case["input"]
    facts = {"from_at": wall(given["from_local"]), "to_at": wall(given["to_local"])}
    text = asked({"days": "days_between(from_at, to_at)"}, _zone(model), inputs=dict.fromkeys(facts, INSTANT))
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs
