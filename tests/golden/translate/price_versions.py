"""Kinds about versions of a price: which one holds for a period, and what a change inside a period costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw
from golden.translate.periods import BASES, INSTANT, PERIOD, asked, period, rounding, wall
from golden.translate.sections import DECISION, Section


def price_version(case: Mapping[str, Any]) -> Translation:
    """The price that was in force when the period began, or when the subscription last came to its plan."""
    model, given = case["model"], case["input"]
    match model["alignment"]:
        case "next_period":
            as_of = given["period_start"]
        case "pinned_at_last_change":
            as_of = given.get("last_change_to_plan_at") or given["subscribed_at"]
        case other:
            raise LeftOut(f"a price that is aligned {other}")
    text = asked(
        {"price": Raw("fee.amount")},
        inputs={"as_of_at": INSTANT},
        parameters=_prices(given),
        charges={"fee": {"charge_model": "flat", "flat_amount": "price", "as_of": "as_of_at"}},
    )
    answer = yield Ask(text, DECISION, {"as_of_at": wall(as_of)}, at=f"{given['period_start']}T00:00:00Z")
    return answer.outputs


def price_version_split(case: Mapping[str, Any]) -> Translation:
    """A period in stretches, each at the price in force in it."""
    model, given = case["model"], case["input"]
    if model["alignment"] != "immediate":
        raise LeftOut(f"a price that is aligned {model['alignment']}")
    basis = BASES[model["day_count"]]
    days = {} if basis == "second" else {"end_inclusive": False}
    fee = {"basis": basis, **days, "period": "whole", "split": True, "charge": "price", **rounding(model)}
    segment = {"from": "string(date(one.from))", "to": "string(date(one.to))"}
    segment |= {"price": "one.price", "amount": "one.charge"}
    text = asked(
        {"segments": Raw("segments.items")},
        inputs={"whole": PERIOD},
        parameters=_prices(given),
        proration={"fee": fee},
        values={"segments": {"each": "one in fee.items", "value": segment}},
    )
    answer = yield Ask(text, DECISION, {"whole": period(given)}, at=f"{given['period_start']}T00:00:00Z")
    return answer.outputs


def _prices(given: Mapping[str, Any]) -> Section:
    """The price by date; a case may list its versions in any order."""
    versions = sorted(given["versions"], key=lambda one: one["effective"])
    dated = {Raw(one["effective"]): Raw(one["price"]) for one in versions}
    return {"price": {"type": "money", "value": dated}}
