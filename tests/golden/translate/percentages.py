"""Percentages of ordered events: free events, a free amount, a fixed fee and bounds for each event.

An event is free as long as there are free events left and the free amount is not used up with it; where both are
given, the one that ends first ends the free part. An event that the free amount covers in part pays for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate.sections import (
    DECISION,
    EXACT,
    MANY,
    Section,
    amount,
    answered,
    asked,
    average,
    charges,
    number,
    outputs,
    rounding,
)

COUNTED = {"min": Raw("0"), "max": Raw("1_000_000")}
START: Section = {"amount_before": Raw("0"), "count_before": Raw("0")}


def charge(model: Mapping[str, Any], given: Mapping[str, Any]) -> Translation:
    """All events of a period at once."""
    answer = yield Ask(_bundle(model), DECISION, {**START, "events": _facts(given["events"])})
    return answered(answer.outputs)


def sequence(model: Mapping[str, Any], given: Mapping[str, Any]) -> Translation:
    """One event after another, each with what the last answer says was there before it."""
    text, before, amounts = _bundle(model), START, []
    for event in given["events"]:
        answer = yield Ask(text, DECISION, {**before, "events": _facts([event])})
        found = answer.outputs
        before = {"amount_before": found["amount_so_far"], "count_before": found["count_so_far"]}
        amounts.append(found["amount"])
    return {"amounts": amounts}


def _facts(events: list[Mapping[str, Any]]) -> list[Section]:
    return [{"value": number(event["value"])} for event in events]


def _bundle(model: Mapping[str, Any]) -> str:
    section = _section(model)
    return asked(
        model["currency"],
        inputs={
            "events": {"list": {"value": amount()}, "max": MANY},
            "amount_before": amount(),
            "count_before": {"type": "int", **COUNTED},
        },
        values={"seen": _seen(model)},
        charges=charges(model, section),
        outputs=outputs(model, section)
        | average(model, "sum(events.map(event, event.value))")
        | {"amount_so_far": Raw("seen.amount_so_far"), "count_so_far": Raw("seen.count_so_far")},
    )


def _seen(model: Mapping[str, Any]) -> Section:
    """Each event with what came before it, and whether it is free."""
    events, free = model.get("free_events"), model.get("free_amount")
    in_count = None if events is None else f"count_so_far < {events}"
    in_amount = None if free is None else f"amount_so_far + event.value < {free} {model['currency']}"
    conditions = [condition for condition in (in_count, in_amount) if condition]
    before = "amount_so_far"
    if conditions[1:]:
        before = f"count_so_far < {events} ? amount_so_far : max(amount_so_far, {free} {model['currency']})"
    return {
        "each": "event in events",
        "carry": {
            "amount_so_far": {
                "type": "money",
                "start": "amount_before",
                "next": "amount_so_far + event.value",
                **EXACT,
            },
            "count_so_far": {"type": "int", "start": "count_before", "next": "count_so_far + 1", **COUNTED},
        },
        "value": {"value": "event.value", "before": before, "is_free": " && ".join(conditions) or Raw("false")},
    }


def _section(model: Mapping[str, Any]) -> Section:
    """The fee of each event that is not free."""
    free = model.get("free_amount")
    section = {
        "each": "event in seen.items",
        "when": "!event.is_free",
        "charge_model": "percentage",
        "base": "event.value",
        "already_rated": "event.before" if free is not None else None,
        "free_amount": free,
        "rate": f"{model['rate_percent']}%",
        "flat_amount": model.get("fixed_amount_per_event"),
        "minimum_each": model.get("per_event_min"),
        "maximum_each": model.get("per_event_max"),
        "already_billed": Raw("0") if free is not None and ("minimum" in model or "maximum" in model) else None,
        "minimum": None if model.get("ignore_minimum") else model.get("minimum"),
        "maximum": model.get("maximum"),
    }
    literal = ("free_amount", "rate", "flat_amount", "minimum_each", "maximum_each", "minimum", "maximum")
    rounded = {"round_each": rounding(model, "event"), "round": rounding(model, "line")}
    found = {key: Raw(value) if key in literal else value for key, value in section.items() if value is not None}
    return found | {key: value for key, value in rounded.items() if value}
