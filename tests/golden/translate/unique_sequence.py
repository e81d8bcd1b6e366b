"""Kind `unique_sequence`: each key is billed when it is first counted in a period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.translate.sections import DECISION, MANY, asked, charge, charges, outputs

COUNTED = 'op == "add" && !(key in counted)'


def translate(case: Mapping[str, Any]) -> Translation:
    """One question an event, with the keys that count so far; a removed one may be billed again."""
    model = case["model"]
    if model["aggregation"] != "unique_count":
        raise LeftOut(f"an aggregation by {model['aggregation']}")
    section = charge(model, "is_new ? 1 : 0")
    kept = "counted.filter(other, other != key)" if model["rebill_within_period"] else "counted"
    text = asked(
        model["currency"],
        outputs(model, section) | {"counted": f'is_new ? counted + [key] : op == "remove" ? {kept} : counted'},
        inputs={
            "key": "string",
            "op": {"enum": ["add", "remove"]},
            "counted": {"list": "string", "max": MANY},
        },
        values={"is_new": COUNTED},
        charges=charges(model, section),
    )
    counted: list[Any] = []
    amounts = []
    for event in case["input"]["events"]:
        answer = yield Ask(text, DECISION, {"key": event["key"], "op": event["op"], "counted": counted})
        counted = answer.outputs["counted"]
        amounts.append(answer.outputs["amount"])
    return {"amounts": amounts}
