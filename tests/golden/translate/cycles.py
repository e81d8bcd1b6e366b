"""Kind `cycles`: the parts of billing periods, and the whole ones, that a subscription is billed for up to a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import policyengine as pe
from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw
from golden.compare import Unordered
from golden.translate.periods import INSTANT, asked, interval, wall
from golden.translate.sections import DECISION

SEQUENCE = "invalid_date_sequence"


def translate(case: Mapping[str, Any]) -> Translation:
    """In advance: every period is billed when it begins, from the start to the end of the subscription."""
    model, given = case["model"], case["input"]
    if model["timing"] != "in_advance":
        raise LeftOut(f"cycles billed {model['timing']}")
    facts = {name: wall(given[name]) for name in ("start", "end", "target") if given.get(name) is not None}
    answer = yield Ask(_bundle(model, "end" in facts), DECISION, facts)
    if isinstance(answer.error, pe.InvalidInput) and SEQUENCE in str(answer.error):
        return {"error": SEQUENCE}
    found = answer.outputs
    whole = [(found["whole"], 1)] if found["whole"] else []
    return {"cycles": Unordered([*((part["n"], part["d"]) for part in found["parts"]), *whole])}


def _bundle(model: Mapping[str, Any], has_end: bool) -> str:
    inputs = {"start": INSTANT, "target": INSTANT} | ({"end": INSTANT} if has_end else {})
    last = "min(end, target + 1s)" if has_end else "target + 1s"
    ordered = ["start <= target", *(["start <= end"] if has_end else [])]
    step = interval(model)
    ends = "min(p.end, end)" if has_end else "p.end"
    fraction = "one.fraction.numerator == one.fraction.denominator"
    return asked(
        {"whole": f"size(billed.items.filter(one, {fraction}))", "parts": Raw("parts.items")},
        inputs=inputs,
        checks=[{"that": that, "reason": SEQUENCE} for that in ordered],
        proration={
            "billed": {
                "each": "p in (start < first ? [leading] : []) + whole_periods",
                "when": f"p.start <= target && max(p.start, start) < {ends}",
                "basis": "day",
                "end_inclusive": False,
                "period": "p",
                "starts": "max(p.start, start)",
                "ends": ends,
                "charge": Raw("1 USD"),
                "round": {"places": Raw("2"), "mode": "half_up"},
            }
        },
        values={
            "first": f"first_bill(start, {step}, {model['bill_day']})",
            "leading": f"period_of(first, {step}, first - 1s)",
            "whole_periods": f"periods(first, {step}, first, {last}, {model['bill_day']})",
            "parts": {
                "each": "one in billed.items",
                "when": f"!({fraction})",
                "value": {"n": "one.fraction.numerator", "d": "one.fraction.denominator"},
            },
        },
    )
