"""Kind `charge_split`: one slice of a period, after what earlier slices have rated and billed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.translate.sections import DECISION, QUANTITY, answered, asked, charge, charges, measure, number, outputs

SLICES = {QUANTITY: QUANTITY, "already_rated": "already_rated_quantity", "already_billed": "already_billed"}


def translate(case: Mapping[str, Any]) -> Translation:
    """The growth of the charge's cumulative price."""
    model, given = case["model"], case["input"]
    section = charge(model)
    section |= {"already_rated": "already_rated", "already_billed": "already_billed", "position": given["position"]}
    inputs = {QUANTITY: measure(model), "already_rated": measure(model), "already_billed": "money"}
    text = asked(model["currency"], outputs(model, section), inputs=inputs, charges=charges(model, section))
    answer = yield Ask(text, DECISION, {ours: number(given[theirs]) for ours, theirs in SLICES.items()})
    return answered(answer.outputs)
