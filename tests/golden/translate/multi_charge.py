"""Kind `multi_charge`: several charges and their sum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Names, Raw
from golden.translate.sections import DECISION, asked, charge, measure, number, rounding


def translate(case: Mapping[str, Any]) -> Translation:
    """Each charge over its own quantity; one that rounds its total is a sum of its own."""
    models, quantities = case["model"]["charges"], case["input"]["quantities"]
    names, inputs, sections, parts = Names(DECISION), {}, {}, []
    for theirs, model in models.items():
        name, used, total = names[theirs], names[f"{theirs} used"], rounding(model, "total")
        inputs[used] = measure(model, default=Raw("0"))
        sections[name] = charge(model, used)
        if total:
            sections[names[f"{theirs} total"]] = {"sum": [name], "round": total}
        parts.append(names[f"{theirs} total"] if total else name)
    together = names["together"]
    text = asked(
        next(iter(models.values()))["currency"],
        {"amount": Raw(f"{together}.amount")},
        inputs=inputs,
        charges={**sections, together: {"sum": parts}},
    )
    facts = {names[f"{theirs} used"]: number(quantities[theirs]) for theirs in models if theirs in quantities}
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs
