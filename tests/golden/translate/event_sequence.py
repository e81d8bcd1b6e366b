"""Kind `event_sequence`: events billed one by one, each with the totals that the answer before it gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate import charge as one_charge
from golden.translate import percentages
from golden.translate.sections import (
    DECISION,
    QUANTITY,
    Section,
    asked,
    charge,
    charges,
    measure,
    number,
    outputs,
)


def translate(case: Mapping[str, Any]) -> Translation:
    """One question an event."""
    model, given = case["model"], case["input"]
    match model["type"]:
        case "percentage":
            return percentages.sequence(model, given)
        case "pass_through":
            return _amounts(model, given)
    return _quantities(model, given)


def _amounts(model: Mapping[str, Any], given: Mapping[str, Any]) -> Translation:
    """Amounts that the events carry know nothing of each other."""
    amounts = []
    for event in given["events"]:
        text = one_charge.events_bundle(model, with_quantity=QUANTITY in event)
        answer = yield Ask(text, DECISION, one_charge.events_facts({**event, "events": [event]}))
        amounts.append(answer.outputs["amount"])
    return {"amounts": amounts}


def _quantities(model: Mapping[str, Any], given: Mapping[str, Any]) -> Translation:
    """The growth of the cumulative price with each event."""
    by_peak = model.get("incremental_basis") == "high_water_mark"
    state: Section = {"running": Raw("0"), "peak": Raw("0")}
    amounts, quantities = [], []
    for place, event in enumerate(given["events"]):
        text = _bundle(model, "first" if place == 0 else "middle", by_peak)
        answer = yield Ask(text, DECISION, {**state, "value": number(event.get("value") or event[QUANTITY])})
        found = answer.outputs
        state = {"running": found["running"], "peak": found["peak"]}
        amounts.append(found["amount"])
        quantities.append(found["billed"])
    return {"amounts": amounts, "billed_quantities": quantities}


def _bundle(model: Mapping[str, Any], position: str, by_peak: bool) -> str:
    """By peaks only what exceeds the highest running total is billed, and is rated beyond it."""
    quantity, rated = ("max(now - peak, 0)", "peak") if by_peak else ("value", "running")
    section = charge(model, quantity) | {"already_rated": rated, "position": position}
    if "maximum" in section or "minimum" in section:
        section["already_billed"] = Raw("0")
    of_units = "quantity" in section
    any_sign = {"type": "decimal"}
    return asked(
        model["currency"],
        outputs(model, section)
        | {
            "billed": Raw("charge.billed_quantity" if of_units else "value"),
            "running": Raw("now"),
            "peak": "max(peak, now)",
        },
        inputs={
            "value": any_sign if of_units else measure(model),
            "running": any_sign if by_peak else measure(model),
            "peak": measure(model),
        },
        values={"now": "running + value"},
        charges=charges(model, section),
    )
