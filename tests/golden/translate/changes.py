"""Kinds of changes inside a period: prices, quantities, several changes, and how far a credit may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw
from golden.translate.periods import COUNT, INSTANT, PERIOD, UNSIGNED, asked, by_day, period, rounding, wall
from golden.translate.sections import DECISION, EXACT, MANY, Section, number

UNITS = {"type": "decimal", **EXACT}
SIDES = ("old", "new")
ALL = {"fraction": {"numerator": Raw("1"), "denominator": Raw("1")}}
"""The whole of a period."""


def change(case: Mapping[str, Any]) -> Translation:
    """A new price for an old one: the rest of the one is given back, the rest of the other charged."""
    model, given = case["model"], case["input"]
    section = _stretch(model, given) | _legs(model, given) | _change_rounding(model)
    outputs: Section = {"credit": Raw("swap.credit"), "charge": Raw("swap.charge"), "net": Raw("swap.net")}
    if model.get("next_full_charge"):
        outputs["next_invoice_total"] = "swap.net + new.amount"
    charges = {side: _price(model, given, side) for side in SIDES}
    text = asked(outputs, inputs=_inputs(given), charges=charges, proration={"swap": section})
    answer = yield Ask(text, DECISION, _facts(given))
    return answer.outputs


def _stretch(model: Mapping[str, Any], given: Mapping[str, Any]) -> Section:
    """What is left of the period: from the change on, or as the case knows it."""
    if "remaining_fraction" in given or "remaining_days" in given:
        return {"fraction": {"numerator": "part", "denominator": "whole"}}
    basis = {"day_rate_rounded": "day"}.get(model["basis"], model["basis"])
    if basis not in ("day", "second"):
        raise LeftOut(f"a change by {basis} without the days that are left")
    inclusive = model.get("end_inclusive", False)
    days = {} if basis == "second" and not inclusive else {"end_inclusive": inclusive}
    return {"basis": basis, **days, "period": "whole", "at": "change_at", "outside": "clamp"}


def _legs(model: Mapping[str, Any], given: Mapping[str, Any]) -> Section:
    section: Section = {"charge": Raw("new.amount")}
    if model.get("credit_unused", True):
        section["credit"] = Raw("old.amount")
        if model.get("cap_credit_at_paid") and "amount_paid" in given:
            section["paid"] = "amount_paid"
            section |= {"credited": "previous_credits"} if "previous_credits" in given else {}
    return section | ({"restarts_period": True} if model.get("new_interval_restarts_cycle") else {})


def _change_rounding(model: Mapping[str, Any]) -> Section:
    """The price of a day is rounded before it is multiplied, or each leg after."""
    by_rate = model["basis"] == "day" and model.get("rounding", {}).get("level") == "day_rate"
    if by_rate or model["basis"] == "day_rate_rounded":
        return {"round_rate": rounding(model)["round"]}
    return rounding(model)


def _price(model: Mapping[str, Any], given: Mapping[str, Any], side: str) -> Section:
    """The price of a side for a whole period, less its discount where that comes first."""
    discount = given.get(f"{side}_discount") or {}
    if "fixed" in discount and not model.get("discount_before_proration"):
        raise LeftOut("a fixed discount after the proration")
    given_off = {
        "percent": Raw(f"{discount['percent']}%") if "percent" in discount else None,
        "amount": number(discount["fixed"]) if "fixed" in discount else None,
    }
    less = [{key: value} for key, value in given_off.items() if value is not None]
    price = {"charge_model": "per_unit", "quantity": f"{side}_quantity", "unit_amount": f"{side}_unit_price"}
    return price | ({"discounts": less} if less else {})


def _inputs(given: Mapping[str, Any]) -> Section:
    kinds: Section = {f"{side}_unit_price": UNSIGNED for side in SIDES}
    kinds |= {f"{side}_quantity": UNITS for side in SIDES}
    kinds |= {name: UNSIGNED for name in ("amount_paid", "previous_credits") if name in given}
    if "remaining_fraction" in given or "remaining_days" in given:
        return kinds | {"part": COUNT, "whole": COUNT}
    return kinds | {"whole": PERIOD, "change_at": INSTANT}


def _facts(given: Mapping[str, Any]) -> Section:
    names = [f"{side}_{name}" for side in SIDES for name in ("unit_price", "quantity")]
    paid = [name for name in ("amount_paid", "previous_credits") if name in given]
    facts: Section = {name: number(given[name]) for name in (*names, *paid)}
    if "remaining_fraction" in given:
        part, whole = given["remaining_fraction"]
        return facts | {"part": number(part), "whole": number(whole)}
    if "remaining_days" in given:
        return facts | {"part": number(given["remaining_days"]), "whole": number(given["days_in_period"])}
    return facts | {"whole": period(given), "change_at": wall(given["change_at"])}


def change_sequence(case: Mapping[str, Any]) -> Translation:
    """Several changes in one period: each takes over from the price before it."""
    model, given = case["model"], case["input"]
    credit = {"credit": "price"} if model.get("credit_unused", True) else {}
    steps = {
        "each": "one in changes",
        "basis": model["basis"],
        **by_day(model["basis"], model.get("end_inclusive", False)),
        "period": "whole",
        "at": "one.at",
        **credit,
        "charge": "one.price",
        "carry": {"price": {"start": "initial", "next": "one.price", **UNSIGNED}},
        **rounding(model),
    }
    change_of = {"at": INSTANT, "price": UNSIGNED}
    text = asked(
        {"entries": Raw("steps.items")},
        inputs={"whole": PERIOD, "initial": UNSIGNED, "changes": {"list": change_of, "max": MANY}},
        proration={"steps": steps},
    )
    changes = [{"at": wall(one["at"]), "price": number(one["price"])} for one in given["changes"]]
    facts = {"whole": period(given), "initial": number(given["initial_price"]), "changes": changes}
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def quantity_change(case: Mapping[str, Any]) -> Translation:
    """More or fewer units at one price: the difference for the rest of the period."""
    model, given = case["model"], case["input"]
    if model["method"] != "delta":
        raise LeftOut(f"a change of quantity by {model['method']}")
    rest = {
        "basis": model["basis"],
        **by_day(model["basis"], model.get("end_inclusive", False)),
        "period": "whole",
        "at": "change_at",
        "outside": "clamp",
        "charge": Raw("growth.amount"),
        **rounding(model),
    }
    text = asked(
        {"direction": "rest.net < 0 USD ? 'credit' : 'debit'", "amount": "abs(rest.net)"},
        inputs={"unit_price": UNSIGNED, "old": UNITS, "new": UNITS, "whole": PERIOD, "change_at": INSTANT},
        charges={"growth": _growth({"charge_model": "per_unit", "unit_amount": "unit_price"})},
        proration={"rest": rest},
    )
    facts = {"unit_price": number(given["unit_price"]), "whole": period(given), "change_at": wall(given["change_at"])}
    answer = yield Ask(text, DECISION, facts | _quantities(given))
    return answer.outputs


def graduated_quantity_change(case: Mapping[str, Any]) -> Translation:
    """The tiered amount of more or fewer units, and a fixed fee that does not change."""
    model, given = case["model"], case["input"]
    tiers = [
        {"unit_amount": number(tier["unit_amount"])} | ({"up_to": number(tier["up_to"])} if tier["up_to"] else {})
        for tier in model["tiers"]
    ]
    priced = {"charge_model": "tiered", "mode": "graduated", "tiers": tiers}
    text = asked(
        {"new_period_amount": Raw("total.amount"), "delta_full_period": Raw("growth.amount")},
        inputs={"old": UNITS, "new": UNITS},
        charges={
            "fee": {"charge_model": "flat", "flat_amount": number(model.get("fixed_fee", "0"))},
            "units": priced | {"quantity": "new"},
            "growth": _growth(priced),
            "total": {"sum": ["fee", "units"]},
        },
    )
    answer = yield Ask(text, DECISION, _quantities(given))
    return answer.outputs


def _growth(priced: Section) -> Section:
    """What the new quantity costs more than the old one."""
    return priced | {"quantity": "new - old", "already_rated": "old"}


def _quantities(given: Mapping[str, Any]) -> Section:
    return {side: number(given[f"{side}_quantity"]) for side in SIDES}


def add_on_replacement(case: Mapping[str, Any]) -> Translation:
    """A new add-on for an old one that was paid for the same days."""
    model, given = case["model"], case["input"]
    swap = {
        "fraction": {"numerator": "days_left", "denominator": "days_in_period"},
        "credit": "old_amount",
        "charge": "new_amount",
        **rounding(model),
    }
    kinds = {"old_amount": UNSIGNED, "new_amount": UNSIGNED, "days_left": COUNT, "days_in_period": COUNT}
    text = asked({"amount": Raw("swap.net")}, inputs=kinds, proration={"swap": swap})
    answer = yield Ask(text, DECISION, {name: number(given[name]) for name in kinds})
    return answer.outputs


def credit_cap(case: Mapping[str, Any]) -> Translation:
    """A credit, at most what was paid less what was given back before."""
    given = case["input"]
    kinds = {name: UNSIGNED for name in ("potential_credit", "amount_paid", "previous_credits") if name in given}
    credited = {"credited": "previous_credits"} if "previous_credits" in given else {}
    capped = {**ALL, "credit": "potential_credit", "paid": "amount_paid", **credited}
    text = asked({"credit": Raw("capped.credit")}, inputs=kinds, proration={"capped": capped})
    answer = yield Ask(text, DECISION, {name: number(given[name]) for name in kinds})
    return answer.outputs


def credit_by_consumption(case: Mapping[str, Any]) -> Translation:
    """What is unused is the smaller of the time and the credits that are left; a new period begins."""
    model, given = case["model"], case["input"]
    if model["method"] != "min(time_left, credits_left)":
        raise LeftOut(f"a credit by {model['method']}")
    swap = {
        "fraction": {"numerator": "part", "denominator": "whole"},
        "unused": {"numerator": "credits_left", "denominator": "credits_total"},
        "credit": "paid",
        "charge": "new_price",
        "restarts_period": True,
        **rounding(model),
    }
    kinds = {"paid": UNSIGNED, "new_price": UNSIGNED, "credits_left": UNITS, "credits_total": UNITS}
    text = asked(
        {"credit": Raw("swap.credit"), "first_invoice": Raw("swap.net")},
        inputs={**kinds, "part": COUNT, "whole": COUNT},
        proration={"swap": swap},
    )
    part, whole = given["time_left_fraction"]
    facts = {name: number(given[name]) for name in kinds} | {"part": number(part), "whole": number(whole)}
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs
