"""Single steps of a charge: kinds `free_quantity_split`, `tier_slice`, `package_count` and `quantity_transform`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate.sections import DECISION, QUANTITY, Section, asked, number, transform

CURRENCY = "USD"
UNITS: Section = {"charge_model": "per_unit", "quantity": QUANTITY, "unit_amount": Raw("1")}
AT_LEAST_ZERO: Section = {"type": "decimal", "min": Raw("0")}


def free_quantity_split(case: Mapping[str, Any]) -> Translation:
    """What the free quantity leaves to be priced of earlier and of present usage."""
    free = {"free_quantity": number(case["model"]["free_quantity"])}
    text = asked(
        CURRENCY,
        {
            "already_rated_quantity": Raw("before.billed_quantity"),
            "quantity": Raw("now.billed_quantity"),
            "free_used_now": Raw("now.free_used"),
        },
        inputs={QUANTITY: AT_LEAST_ZERO, "already_rated": AT_LEAST_ZERO},
        charges={
            "before": {**UNITS, QUANTITY: "already_rated", **free},
            "now": {**UNITS, "already_rated": "already_rated", **free},
        },
    )
    given = case["input"]
    facts = {QUANTITY: number(given["quantity"]), "already_rated": number(given["already_rated_quantity"])}
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def tier_slice(case: Mapping[str, Any]) -> Translation:
    """One tier of a schedule in which all others are free."""
    model = case["model"]
    priced = {"unit_amount": number(model["unit_amount"]), "flat_amount": number(model.get("flat_amount", "0"))}
    tiers = [_bounded(model["lower"], {"unit_amount": Raw("0")}), _bounded(model["upper"], priced)]
    if model["upper"] is not None:
        tiers.append({"unit_amount": Raw("0")})
    section = {"charge_model": "tiered", "mode": "graduated", QUANTITY: QUANTITY, "flat_at_zero": False}
    upper = QUANTITY if model["upper"] is None else f"min({QUANTITY}, {model['upper']})"
    text = asked(
        CURRENCY,
        {"amount": Raw("slice.amount"), "quantity_in_tier": f"max({upper} - {model['lower']}, 0)"},
        inputs={QUANTITY: AT_LEAST_ZERO},
        charges={"slice": {**section, "tiers": [tier for tier in tiers if tier.get("up_to") != "0"]}},
    )
    answer = yield Ask(text, DECISION, {QUANTITY: number(case["input"]["quantity"])})
    return answer.outputs


def _bounded(up_to: str | None, tier: Section) -> Section:
    return tier if up_to is None else {"up_to": number(up_to), **tier}


def package_count(case: Mapping[str, Any]) -> Translation:
    """The packages of a package charge."""
    model = case["model"]
    section = {
        **UNITS,
        "charge_model": "package",
        "package_size": number(model["package_size"]),
        "package_rounding": model["package_rounding"],
    }
    text = asked(
        CURRENCY, {"packages": Raw("sold.packages")}, inputs={QUANTITY: AT_LEAST_ZERO}, charges={"sold": section}
    )
    answer = yield Ask(text, DECISION, {QUANTITY: number(case["input"]["quantity"])})
    return answer.outputs


def quantity_transform(case: Mapping[str, Any]) -> Translation:
    """What a charge by units prices of a quantity."""
    section = {**UNITS, "quantity_transform": transform(case["model"])}
    text = asked(
        CURRENCY,
        {"quantity": Raw("units.billed_quantity")},
        inputs={QUANTITY: AT_LEAST_ZERO},
        charges={"units": section},
    )
    answer = yield Ask(text, DECISION, {QUANTITY: number(case["input"]["quantity"])})
    return answer.outputs
