"""Rounding and currencies: kinds `round`, `sum_rounding`, `currency_scale` and `rail_amount`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate.sections import DECISION, MANY, Section, asked, number

ANY_AMOUNT = "money"
LEAST_OF_RAIL = {"minor3": ("3", "1000"), "stripe_two_decimal_compat": ("0", "100")}
"""The places that an amount may have, and how many units of the interface are one major unit."""


def rounded(case: Mapping[str, Any]) -> Translation:
    """One amount at the scale of its currency."""
    model = case["model"]
    value: Section = {"value": Raw("given"), "round": {"places": "currency", "mode": model["mode"]}}
    text = asked(model["currency"], {"amount": Raw("paid")}, inputs={"given": ANY_AMOUNT}, values={"paid": value})
    answer = yield Ask(text, DECISION, {"given": number(case["input"]["amount"])})
    return answer.outputs


def sum_rounding(case: Mapping[str, Any]) -> Translation:
    """A charge of each amount, rounded by line or as a total."""
    model, given = case["model"], case["input"]
    level = {"line": "round_each", "total": "round"}[model["level"]]
    section: Section = {"charge_model": "pass_through", "each": "one in amounts", "base": "one"}
    section |= {level: {"places": "currency", "mode": model["mode"]}}
    text = asked(
        model["currency"],
        {"amount": Raw("lines.amount")},
        inputs={"amounts": {"list": {"type": "money", "min": Raw("0")}, "max": MANY}},
        charges={"lines": section},
    )
    answer = yield Ask(text, DECISION, {"amounts": [number(one) for one in given["amounts"]]})
    return answer.outputs


def least(currency: str) -> Section:
    """The least amount of a currency: next to nothing, rounded up."""
    return {"value": f"0.000000001 {currency}", "round": {"places": "currency", "mode": "up"}}


def currency_scale(case: Mapping[str, Any]) -> Translation:
    """The places of the currency's least amount."""
    currency = case["model"]["currency"]
    text = asked(currency, {"least": Raw("least")}, values={"least": least(currency)})
    answer = yield Ask(text, DECISION)
    assert answer.decision
    _, places = answer.decision.scaled("least")
    return {"scale": places}


def rail_amount(case: Mapping[str, Any]) -> Translation:
    """The amounts next to the given one that a rail can carry, in the units of its interface."""
    model, currency = case["model"], case["model"]["currency"]
    if model["api_unit"] == "minor":
        below, above, unit = _neighbours("currency"), _neighbours("currency"), "least"
    else:
        places, units = LEAST_OF_RAIL[model["api_unit"]]
        places = "2" if model.get("least_digit_zero") else places
        below, above, unit = _neighbours(Raw(places)), _neighbours(Raw(places)), f"(1 {currency} / {units})"
    text = asked(
        currency,
        {"below": f"round(below / {unit}, 0, half_up)", "above": f"round(above / {unit}, 0, half_up)"},
        inputs={"given": ANY_AMOUNT},
        values={
            "below": {**below, "round": {**below["round"], "mode": "floor"}},
            "above": {**above, "round": {**above["round"], "mode": "ceiling"}},
            "least": least(currency),
        },
    )
    found = (yield Ask(text, DECISION, {"given": number(case["input"]["amount"])})).outputs
    return {"allowed_api_amounts": list(dict.fromkeys([found["below"], found["above"]]))}


def _neighbours(places: str) -> Section:
    return {"value": Raw("given"), "round": {"places": places}}
