"""Kind `bucketed_charge`: each time bucket, or each group, is priced alone, and their amounts are added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.translate.sections import (
    DECISION,
    MANY,
    answered,
    asked,
    charge,
    charges,
    measure,
    number,
    outputs,
    rounding,
)


def translate(case: Mapping[str, Any]) -> Translation:
    """A charge of each bucket; rounding by line is rounding of each."""
    model, given = case["model"], case["input"]
    section = charge(model, "bucket") | {"each": "bucket in buckets"}
    section.pop("round", None)
    section |= {key: value for key, value in {"round_each": rounding(model, "line", "event")}.items() if value}
    text = asked(
        model["currency"],
        outputs(model, section),
        inputs={"buckets": {"list": measure(model), "max": MANY}},
        charges=charges(model, section),
    )
    answer = yield Ask(text, DECISION, {"buckets": [number(bucket) for bucket in given["bucket_quantities"]]})
    return answered(answer.outputs)
