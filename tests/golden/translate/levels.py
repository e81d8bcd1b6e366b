"""Kinds about a level, such as seats, that changes inside a period: a change is weighted by the days that follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw
from golden.translate.periods import INSTANT, PERIOD, UNSIGNED, asked, period, rounding, wall
from golden.translate.sections import DECISION, EXACTLY, MANY, Section, number

UNITS = {"type": "decimal", "min": Raw("-1_000_000_000"), "max": Raw("1_000_000_000"), "places": Raw("20")}
LEVEL = {**UNITS, "min": Raw("0"), "start": Raw("0")}
DAYS_LEFT = "days_between(one.on, whole.end) + 1"
"""The day of a change and the last day of the period count."""


def prorated_level(case: Mapping[str, Any]) -> Translation:
    """A level by tiers: units for the days that they are there, flat amounts once, by the highest level."""
    model, given = case["model"], case["input"]
    stated = model["rounding"]
    text = asked(
        {"amount": f"round(per_day.net + entered.amount, {stated['scale']}, {stated['mode']})"},
        inputs=_changes(),
        charges={
            "unit_days": _tiered(model, "unit_amount", {"weight": DAYS_LEFT}),
            "entered": _tiered(model, "flat_amount", {"flat_by": "peak"}),
        },
        proration={"per_day": _one_day("unit_days.amount")},
    )
    answer = yield Ask(text, DECISION, _facts(given))
    return answer.outputs


def weighted_level(case: Mapping[str, Any]) -> Translation:
    """The average level of the period at one price."""
    model, given = case["model"], case["input"]
    text = asked(
        {"amount": Raw("per_day.net")},
        inputs={**_changes(), "unit_amount": UNSIGNED},
        charges={
            "unit_days": {
                "charge_model": "per_unit",
                "each": "one in changes",
                "carry": {"level": {**LEVEL, "next": "level + one.delta"}},
                "quantity": "one.delta",
                "already_rated": "level",
                "weight": DAYS_LEFT,
                "unit_amount": "unit_amount",
            }
        },
        proration={"per_day": _one_day("unit_days.amount") | rounding(model)},
    )
    answer = yield Ask(text, DECISION, {**_facts(given), "unit_amount": number(model["unit_amount"])})
    return answer.outputs


def prorated_events(case: Mapping[str, Any]) -> Translation:
    """Changes that know their weighted part; a level that ends below zero costs nothing."""
    model, given = case["model"], case["input"]
    stated = model["rounding"]
    if model.get("negative_final_level", "zero") != "zero":
        raise LeftOut(f"a level below zero as {model['negative_final_level']}")
    options = {"quantity": "max(level + one.delta, 0) - max(level, 0)", "already_rated": "max(level, 0)"}
    options["carry"] = {"level": {**UNITS, "start": Raw("0"), "next": "level + one.delta"}}
    by_unit = {**options, "weight": "one.delta == 0 ? 0 : one.weighted / one.delta", "round_each": EXACTLY}
    exact = "round(max(units.amount, 0) + entered.amount, 15, half_even)"  # without what thirds of 20 places leave over
    due = f"round({exact}, {stated['scale']}, {stated['mode']})"
    text = asked(
        {"amount": f"entered.level < 0 ? 0 USD : {due}"},
        inputs={"changes": {"list": {"delta": UNITS, "weighted": UNITS}, "max": MANY}},
        charges={
            "units": _tiered(model, "unit_amount", by_unit),
            "entered": _tiered(model, "flat_amount", {**options, "flat_by": "peak"}),
        },
    )
    events = [{"delta": number(e["delta"]), "weighted": number(e["weighted_delta"])} for e in given["events"]]
    answer = yield Ask(text, DECISION, {"changes": events})
    return answer.outputs


def _changes() -> Section:
    return {"whole": PERIOD, "changes": {"list": {"on": INSTANT, "delta": UNITS}, "max": MANY}}


def _facts(given: Mapping[str, Any]) -> Section:
    """The opening level is a change on the first day; a case may list its changes in any order."""
    opening = {"on": given["period_start"], "delta": given.get("opening_level", "0")}
    dated = sorted(given["changes"], key=lambda one: one["on"])
    changes = [{"on": wall(one["on"]), "delta": number(one["delta"])} for one in [opening, *dated]]
    return {"whole": period(given), "changes": changes}


def _one_day(amount: str) -> Section:
    """What was added up by days, for the days of the period."""
    days = {"numerator": Raw("1"), "denominator": "days_between(whole.start, whole.end) + 1"}
    return {"fraction": days, "charge": Raw(amount)}


def _tiered(model: Mapping[str, Any], only: str, options: Section) -> Section:
    """The tiers over the running level, with only one kind of their amounts."""
    if model["type"] != "tiered":
        raise LeftOut(f"a level priced {model['type']}")
    tiers = [
        {"unit_amount": Raw("0"), only: number(tier.get(only, "0"))}
        | ({"up_to": number(tier["up_to"])} if tier["up_to"] is not None else {})
        for tier in model["tiers"]
    ]
    return {
        "charge_model": "tiered",
        "mode": model["mode"],
        "each": "one in changes",
        "carry": {"level": {**LEVEL, "next": "level + one.delta"}},
        "quantity": "one.delta",
        "already_rated": "level",
        "flat_at_zero": False,
        "tiers": tiers,
        **options,
    }
