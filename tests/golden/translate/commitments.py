"""What is owed in any case: kinds `invoice_commitment`, `true_up` and `windowed_commitment`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw, bundle
from golden.translate.sections import DECISION, MANY, QUANTITY, Section, amount, asked, number

CURRENCY, PERIOD = "USD", "period"


def invoice_commitment(case: Mapping[str, Any]) -> Translation:
    """The fees that count are summed up to the commitment; a coupon comes behind it."""
    model, given = case["model"], case["input"]
    if model["base"] != "before_discounts_and_tax":
        raise LeftOut(f"a commitment on what is left {model['base']}")
    fees: Section = {
        "subscription_fee": {"charge_model": "flat", "flat_amount": "subscription"},
        "usage_fees": {"charge_model": "pass_through", "base": "fee", "each": "fee in usage"},
    }
    commitment = {"amount": number(model["minimum_commitment"]), "true_up": True}
    committed = {"sum": list(model["counts"]), "commitment": commitment}
    discounted = {"sum": ["committed", *(name for name in fees if name not in model["counts"])]}
    text = asked(
        model["currency"],
        {"true_up": Raw("committed.true_up"), "amount": Raw("invoice.amount")},
        inputs={"subscription": amount(), "usage": {"list": amount(), "max": MANY}, "coupon": amount()},
        charges={**fees, "committed": committed, "invoice": {**discounted, "discounts": [{"amount": "coupon"}]}},
    )
    facts = {
        "subscription": number(given.get("subscription_fee", "0")),
        "usage": [number(fee) for fee in given.get("usage_fees", [])],
        "coupon": number(given.get("coupon", "0")),
    }
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def true_up(case: Mapping[str, Any]) -> Translation:
    """What is missing to the commitment, rounded; with `round_usage_first` the usage is rounded as a line before."""
    model, given = case["model"], case["input"]
    rounded = {"places": "currency", "mode": model["mode"]}
    first = {"round": rounded} if model["round_usage_first"] else {}
    commitment = {"amount": number(given["commitment"]), "true_up": True, "round": rounded}
    text = asked(
        model["currency"],
        {"true_up": Raw("usage.true_up")},
        inputs={"used": amount()},
        charges={
            "line": {"charge_model": "pass_through", "base": "used", **first},
            "usage": {"sum": ["line"], "commitment": commitment},
        },
    )
    answer = yield Ask(text, DECISION, {"used": number(given["usage_amount"])})
    return answer.outputs


# ------------------------------------------------------------------------------------------------ windows of a period

OF_COMMITMENT = {"utilized": "amount", "overage": "", "true_up": ""}
"""What a commitment makes known, and what stands for it where nothing is committed."""


def windowed_commitment(case: Mapping[str, Any]) -> Translation:
    """A charge for each bucket and one for all other hours; a bill of one window, repeated for each."""
    model, given = case["model"], case["input"]
    hours = model.get("time_buckets") or []
    has_hours = bool(hours) and all("hour" in window for window in given["windows"])
    buckets = {f"bucket_{place}": bucket for place, bucket in enumerate(hours, start=1)}
    prices = {**(buckets if has_hours else {}), "others": {}}
    hour = {"hour": {"type": "int", "min": Raw("0"), "max": Raw("23")}} if has_hours else {}
    inputs = {QUANTITY: {"type": "decimal", "min": Raw("0")}, **hour}
    sections = {name: _window_charge(name, {**model, **price}, has_hours) for name, price in prices.items()}
    decisions = {
        DECISION: {
            "outputs": {"amount": Raw("all.amount")}
            | {name: _over(sections, name, other, has_hours) for name, other in OF_COMMITMENT.items()}
        },
        PERIOD: {
            "each": "window in windows",
            "decide": DECISION,
            "input": {name: Raw(f"window.{name}") for name in inputs},
        },
    }
    text = bundle(
        {
            "inputs": {**inputs, "windows": {"list": inputs, "max": MANY}},
            "values": {"bucket": _bucket(buckets)} if has_hours else {},
            "charges": {**sections, "all": {"sum": list(sections)}},
            "decisions": decisions,
        },
        CURRENCY,
    )
    windows = [{name: number(window[name]) for name in inputs} for window in given["windows"]]
    answer = yield Ask(text, PERIOD, {"windows": windows})
    return answer.outputs


def _window_charge(name: str, price: Mapping[str, Any], is_one_of_many: bool) -> Section:
    """The charge of the hours of one bucket, with its commitment if it has one."""
    section: Section = {"charge_model": "per_unit", QUANTITY: QUANTITY, "unit_amount": number(price["unit_amount"])}
    if is_one_of_many:
        section["when"] = f'bucket == "{name}"'
    stated = price.get("commitment")
    if stated:
        factor = {"overage_factor": number(stated["overage_factor"])} if "overage_factor" in stated else {}
        committed = {stated["type"]: number(stated["value"]), "true_up": stated.get("true_up", False)}
        section["commitment"] = committed | factor
    return section


def _over(sections: Mapping[str, Section], field: str, other: str, is_optional: bool) -> Any:
    """A field of the one charge that is there."""
    fields = {name: field if "commitment" in section else other for name, section in sections.items()}
    read = [f"{name}.{one}" for name, one in fields.items() if one]
    return " + ".join(f"{one}.orValue(0)" if is_optional else one for one in read) or f"0 {CURRENCY}"


def _bucket(buckets: Mapping[str, Mapping[str, Any]]) -> str:
    """The first bucket that holds the hour; one that ends before it starts goes over midnight."""
    choices = []
    for name, bucket in buckets.items():
        starts, ends = bucket["start_hour"], bucket["end_hour"]
        both = "&&" if starts < ends else "||"
        choices.append(f"(hour >= {starts} {both} hour < {ends}) ? '{name}'")
    return " : ".join([*choices, "'others'"])
