"""Rounding and currencies: kinds `round`, `sum_rounding`, `currency_scale` and `rail_amount`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate.sections import DECISION, MANY, Section, asked, number

ANY_AMOUNT = "money"
UNITS = {"minor3": "1000", "stripe_two_decimal_compat": "100"}
"""How many units of the interface are one major unit."""


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
    word = model["api_unit"]
    unit = f"(1 {currency} / {UNITS[word]})" if word in UNITS else "least"
    places = _places(model)
    below, above = ({"value": Raw("given"), "round": {**places, "mode": mode}} for mode in ("floor", "ceiling"))
    text = asked(
        currency,
        {"below": f"round(below / {unit}, 0, half_up)", "above": f"round(above / {unit}, 0, half_up)"},
        inputs={"given": ANY_AMOUNT},
        values={
            "below": below,
            "above": above,
            "least": least(currency),
        },
    )
    found = (yield Ask(text, DECISION, {"given": number(case["input"]["amount"])})).outputs
    return {"allowed_api_amounts": list(dict.fromkeys([found["below"], found["above"]]))}


def _places(model: Mapping[str, Any]) -> Section:
    """The scale of the currency or of the rail; payouts have all of the rail's exceptions."""
    if model["api_unit"] == "stripe_two_decimal_compat" or model.get("least_digit_zero"):
        return {"places": "rail", "rail": "stripe_payout"}
    return {"places": "currency"}
