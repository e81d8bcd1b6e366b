"""Kinds of day counts: how much of a period, or how many months, the days from one to another are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate.periods import BASES, INSTANT, PERIOD, asked, by_day, period, wall
from golden.translate.sections import DECISION

MONTHS = {"actual_month": "actual_month", "actual_360": "actual_360", "strict_30_360": "thirty_360"}
MONTHS |= {"thirty_360": "thirty_360", "fixed_30": "month_30"}


def fraction(case: Mapping[str, Any]) -> Translation:
    """The part of a period, as a number of so many decimals."""
    model, given = case["model"], case["input"]
    basis = BASES[model["day_count"]]
    part = {
        "basis": basis,
        "period": "whole",
        "starts": "from_at",
        "ends": "to_at",
        "outside": "extend",
        "charge": Raw("1 USD"),
        "round": {"places": Raw("2"), "mode": "half_up"},
    }
    ratio = "part.fraction.numerator / part.fraction.denominator"
    text = asked(
        {"fraction": f"round({ratio}, {model['decimals']}, {model['mode']})"},
        inputs={"from_at": INSTANT, "to_at": INSTANT, "whole": PERIOD},
        proration={"part": part | by_day(basis, model.get("end_inclusive", False))},
    )
    facts = {"from_at": wall(given["from"]), "to_at": wall(given["to"]), "whole": period(given)}
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def day_count(case: Mapping[str, Any]) -> Translation:
    """The days between two days, in months of so many, or as they are."""
    model, given = case["model"], case["input"]
    days = model.get("fixed_days_in_month")
    counted = "days_between(from_at, to_at)" if days is None else f"fixed_days_between(from_at, to_at, {days})"
    facts = {"from_at": wall(given["from"]), "to_at": wall(given["to"])}
    answer = yield Ask(asked({"days": counted}, inputs=dict.fromkeys(facts, INSTANT)), DECISION, facts)
    return answer.outputs


def month_fraction(case: Mapping[str, Any]) -> Translation:
    """How many months a service lasts; an inclusive end is the last day of it."""
    model, given = case["model"], case["input"]
    end = "add_days(to_at, 1)" if model.get("end_inclusive") else "to_at"
    months = f'month_fraction(from_at, {end}, "{MONTHS[model["day_count"]]}")'
    facts = {"from_at": wall(given["from"]), "to_at": wall(given["to"])}
    outputs = {"n": Raw("months.numerator"), "d": Raw("months.denominator")}
    text = asked(outputs, inputs=dict.fromkeys(facts, INSTANT), values={"months": months})
    answer = yield Ask(text, DECISION, facts)
    return {"fraction": [answer.outputs["n"], answer.outputs["d"]]}
