"""Kind `rerate`: what each correction of a period's quantity adds to the bill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate.sections import DECISION, asked, charge, charges, measure, number, outputs


def translate(case: Mapping[str, Any]) -> Translation:
    """The growth of the price from one cumulative quantity to the next, which may fall."""
    model, before, deltas = case["model"], Raw("0"), []
    for place, now in enumerate(case["input"]["cumulative_quantities"]):
        section = charge(model, "now - before")
        section |= {"already_rated": "before", "position": "first" if place == 0 else "middle"}
        text = asked(
            model["currency"],
            outputs(model, section),
            inputs={"now": measure(model), "before": measure(model)},
            charges=charges(model, section),
        )
        answer = yield Ask(text, DECISION, {"now": number(now), "before": before})
        deltas.append(answer.outputs["amount"])
        before = number(now)
    return {"deltas": deltas}
