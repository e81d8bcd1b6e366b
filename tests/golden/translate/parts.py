"""Kinds about parts of one price: first and last periods, trials, terminations, refunds, and minimums of a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw
from golden.translate.changes import ALL
from golden.translate.periods import BASES, COUNT, INSTANT, PERIOD, UNSIGNED, asked, by_day, period, rounding, wall
from golden.translate.sections import DECISION, Section, number


def partial_charge(case: Mapping[str, Any]) -> Translation:
    """A price for a stretch of its period."""
    model, given = case["model"], case["input"]
    basis = BASES[model["day_count"]]
    part = {
        "basis": basis,
        **by_day(basis, model.get("end_inclusive", False)),
        "period": "whole",
        "starts": "from_at",
        "ends": "to_at",
        "outside": "clamp" if model.get("never_above_full") else "extend",
        "charge": "amount",
        "behavior": "prorate" if model.get("enabled", True) else "full",
        **({"zero_length": model["zero_length"]} if "zero_length" in model else {}),
        **rounding(model),
    }
    text = asked(
        {"amount": Raw("part.charge")},
        inputs={"amount": UNSIGNED, "whole": PERIOD, "from_at": INSTANT, "to_at": INSTANT},
        proration={"part": part},
    )
    facts = {"amount": number(given["amount"]), "whole": period(given)}
    answer = yield Ask(text, DECISION, {**facts, "from_at": wall(given["from"]), "to_at": wall(given["to"])})
    return answer.outputs


def first_invoice(case: Mapping[str, Any]) -> Translation:
    """A period that begins before the subscription does, and its tax."""
    model, given = case["model"], case["input"]
    basis = BASES[model["day_count"]]
    days = {} if basis == "second" else {"end_inclusive": model.get("end_inclusive", False)}
    first = {"basis": basis, **days, "period": "whole", "starts": "start", "outside": "clamp", "charge": "amount"}
    tax = {"rate": Raw(f"{model.get('tax_percent', '0')}%"), "behavior": "exclusive", **rounding(model)}
    text = asked(
        {"net": Raw("first.net"), "total": Raw("invoice.amount")},
        model.get("timezone", "UTC"),
        inputs={"amount": UNSIGNED, "whole": PERIOD, "start": INSTANT},
        proration={"first": first | rounding(model)},
        charges={"invoice": {"charge_model": "pass_through", "base": "first.net", "tax": tax}},
    )
    facts = {"amount": number(given["amount"]), "whole": period(given), "start": wall(given["start_at"])}
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def arrears_termination(case: Mapping[str, Any]) -> Translation:
    """The part of a period that was used before the end of a subscription; the stated end of the period counts."""
    model, given = case["model"], case["input"]
    used = {
        "basis": BASES[model["day_count"]],
        "end_inclusive": True,
        "day_of_change": "old" if model["both_days_count"] else "new",
        "period": "whole",
        "starts": "start",
        "ends": "terminated",
        "outside": "clamp",
        "charge": "amount",
        **rounding(model),
    }
    text = asked(
        {"amount": Raw("used.charge")},
        inputs={"amount": UNSIGNED, "whole": PERIOD, "start": INSTANT, "terminated": INSTANT},
        proration={"used": used},
    )
    facts = {"amount": number(given["amount"]), "whole": period(given)}
    ends = {"start": wall(given["start"]), "terminated": wall(given["terminated_on"])}
    answer = yield Ask(text, DECISION, facts | ends)
    return answer.outputs


def trial_end_charge(case: Mapping[str, Any]) -> Translation:
    """A price for what is left of a period when the trial ends."""
    model, given = case["model"], case["input"]
    rest = {
        "basis": BASES[model["day_count"]],
        "end_inclusive": True,
        "period": "whole",
        "trial_until": "add_days(trial_start, trial_days)",
        "charge": "amount",
        **rounding(model),
    }
    text = asked(
        {"amount": Raw("rest.charge")},
        inputs={"amount": UNSIGNED, "whole": PERIOD, "trial_start": INSTANT, "trial_days": COUNT},
        proration={"rest": rest},
    )
    facts = {"amount": number(given["amount"]), "whole": period(given)}
    trial = {"trial_start": wall(given["trial_start"]), "trial_days": number(given["trial_days"])}
    answer = yield Ask(text, DECISION, facts | trial)
    return answer.outputs


def termination_credit(case: Mapping[str, Any]) -> Translation:
    """What is given back of a price and of its tax, each from its exact part."""
    model, given = case["model"], case["input"]
    left: Section = {"fraction": {"numerator": "days_left", "denominator": "days_in_period"}, **rounding(model)}
    tax = {"rate": Raw(f"{given['tax_percent']}%"), "behavior": "exclusive"}
    text = asked(
        {"net": Raw("price.credit"), "tax": Raw("taxes.credit"), "total": "price.credit + taxes.credit"},
        inputs={"amount": UNSIGNED, "days_left": COUNT, "days_in_period": COUNT},
        charges={"invoice": {"charge_model": "pass_through", "base": "amount", "tax": tax}},
        proration={"price": {**left, "credit": "amount"}, "taxes": {**left, "credit": Raw("invoice.tax")}},
    )
    names = ("amount", "days_left", "days_in_period")
    answer = yield Ask(text, DECISION, {name: number(given[name]) for name in names})
    return answer.outputs


def final_invoice(case: Mapping[str, Any]) -> Translation:
    """The last usage with its tax, paid from a credit as far as that goes."""
    given = case["input"]
    tax = {"rate": Raw(f"{given['tax_percent']}%"), "behavior": "exclusive"}
    text = asked(
        {"total": Raw("invoice.amount"), "credit_left": "credit_available - invoice.credit_used"},
        inputs={"usage_net": UNSIGNED, "credit_available": UNSIGNED},
        charges={
            "usage": {"charge_model": "pass_through", "base": "usage_net", "tax": tax},
            "invoice": {"sum": ["usage"], "credits": [{"id": "credit", "amount": "credit_available"}]},
        },
    )
    names = ("usage_net", "credit_available")
    answer = yield Ask(text, DECISION, {name: number(given[name]) for name in names})
    return answer.outputs


def refund_split(case: Mapping[str, Any]) -> Translation:
    """What was paid beyond use goes back; the rest of what is unused stays as a credit."""
    given = case["input"]
    kinds = dict.fromkeys(("invoice_total", "paid", "unused_total"), UNSIGNED)
    unused = {**ALL, "credit": "unused_total", "refund": {"invoiced": "invoice_total", "paid": "paid"}}
    outputs = {"refund": Raw("unused.refund"), "credit": Raw("unused.credit_note")}
    text = asked(outputs, inputs=kinds, proration={"unused": unused})
    answer = yield Ask(text, DECISION, {name: number(given[name]) for name in kinds})
    return answer.outputs


def commitment_proration(case: Mapping[str, Any]) -> Translation:
    """A minimum for a part of its period, less the fee and the usage that count towards it."""
    model, given = case["model"], case["input"]
    names = ("minimum", "full_subscription_fee", "subscription_fee_billed", "usage")
    kinds = {name: UNSIGNED for name in names if name in given}
    billed = " - subscription_fee_billed" if _fee(model, given) == "subscription_fee_billed" else ""
    text = asked(
        {"true_up": f"max(least.net{billed} - usage, 0 USD)"},
        inputs={**kinds, "part": COUNT, "whole": COUNT},
        proration={
            "least": {
                "fraction": {"numerator": "part", "denominator": "whole"},
                **_minimum(model, given),
                **rounding(model),
            }
        },
    )
    part, whole = given["fraction"]
    facts = {name: number(given[name]) for name in kinds} | {"part": number(part), "whole": number(whole)}
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def _fee(model: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    """The fee that counts: a method prorates the full one; without it what was billed counts, if that is known."""
    names = ("full_subscription_fee", "subscription_fee_billed")
    return next((name for name in (names if "method" in model else reversed(names)) if name in given), None)


def _minimum(model: Mapping[str, Any], given: Mapping[str, Any]) -> Section:
    """The minimum against the fee, each rounded or their difference."""
    if _fee(model, given) != "full_subscription_fee":
        return {"charge": "minimum"}
    match model.get("method", "round(min*f)-round(fee*f)").replace(" ", ""):
        case "round(min*f)-round(fee*f)":
            return {"charge": "minimum", "credit": "full_subscription_fee"}
        case "round((min-fee)*f)" | "round(min*f-fee*f)":
            return {"charge": "minimum - full_subscription_fee"}
    raise LeftOut(f"a minimum by {model.get('method')}")
