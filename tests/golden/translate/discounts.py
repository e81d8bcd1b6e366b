"""What is taken off an invoice: kinds `apply_credits`, `line_discounts`, `allocate_discount` and `coupon_cascade`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw, bundle
from golden.compare import Near
from golden.translate.roundings import least
from golden.translate.sections import DECISION, EXACT, MANY, Section, amount, asked, number

IN_ORDER = "lines_then_credits_in_listed_order"
NOT_CONSUMED = "credits_not_consumed"

# ------------------------------------------------------------------------------------------------------------ credits


def apply_credits(case: Mapping[str, Any]) -> Translation:
    """One credit after another goes to the lines in order; one that the lines cannot take is refused."""
    model, given = case["model"], case["input"]
    if model["order"] != IN_ORDER:
        raise LeftOut(f"credits in the order {model['order']}")
    text = _credit_bundle(model["currency"])
    lines = [{"id": line["id"], "open": number(line["amount"]), "credited": Raw("0")} for line in given["lines"]]
    due, allocation = None, []
    for credit in [*given["credits"], None]:
        left = number(credit["amount"]) if credit else Raw("0")
        answer = yield Ask(text, DECISION, {"lines": lines, "credit": left})
        if NOT_CONSUMED in answer.codes or NOT_CONSUMED in (answer.decision.codes if answer.decision else ()):
            return {"error": NOT_CONSUMED}
        due, lines = answer.outputs["due"], answer.outputs["lines"]
        allocation.extend([credit["id"], line["id"], line["used"]] for line in lines if credit and line["used"])
        lines = [{name: line[name] for name in ("id", "open", "credited")} for line in lines]
    return {"line_credits": [line["credited"] for line in lines], "due": due, "allocation": allocation}


def _credit_bundle(currency: str) -> str:
    """A credit hands from line to line what they left of it."""
    line = {"id": "string", "open": amount(), "credited": amount()}
    used = "min(line.open, left)"
    return bundle(
        {
            "inputs": {"lines": {"list": line, "max": MANY}, "credit": amount(max=Raw("1_000_000_000_000"))},
            "values": {
                "applied": {
                    "each": "line in lines",
                    "carry": {"left": {"type": "money", "start": "credit", "next": "left - used", **EXACT}},
                    "value": {
                        "id": "line.id",
                        "used": used,
                        "open": f"line.open - {used}",
                        "credited": f"line.credited + {used}",
                    },
                }
            },
            "guards": {
                NOT_CONSUMED: {
                    "when": f"applied.left > 0 {currency}",
                    "effect": "deny",
                    "reason": "there is more credit than the lines can take",
                }
            },
            "decisions": {
                DECISION: {
                    "guards": [NOT_CONSUMED],
                    "outputs": {
                        "lines": Raw("applied.items"),
                        "due": "sum(applied.items.map(line, line.open))",
                    },
                }
            },
        },
        currency,
    )


# ---------------------------------------------------------------------------------------------------------- discounts


def line_discounts(case: Mapping[str, Any]) -> Translation:
    """A line with a discount, repeated for each line."""
    model, given = case["model"], case["input"]
    discount = {"percent": Raw(f"{model['percent_off']}%"), "round": {"places": "currency", "mode": "half_up"}}
    text = bundle(
        {
            "inputs": {"line": amount(), "lines": {"list": amount(), "max": MANY}},
            "charges": {"sold": {"charge_model": "pass_through", "base": "line", "discounts": [discount]}},
            "decisions": {
                "one_line": {"outputs": {"discount": Raw("sold.discount")}},
                DECISION: {"each": "one in lines", "decide": "one_line", "input": {"line": Raw("one")}},
            },
        },
        model["currency"],
    )
    answer = yield Ask(text, DECISION, {"lines": [number(line) for line in given["line_amounts"]]})
    return {"line_discounts": [item["discount"] for item in answer.outputs["items"]]}


def allocate_discount(case: Mapping[str, Any]) -> Translation:
    """An amount in whole minor units, shared by what the lines cost."""
    model, given = case["model"], case["input"]
    if model["method"] != "largest_remainder":
        raise LeftOut(f"an allocation by {model['method']}")
    whole = {"type": "int", "min": Raw("0")}
    text = asked(
        model["currency"],
        {"allocations_minor": Raw("shares")},
        inputs={"discount": whole, "lines": {"list": whole, "max": MANY}},
        values={"shares": "allocate(discount, lines, 0)"},
    )
    lines = [number(line) for line in given["amounts_minor"]]
    answer = yield Ask(text, DECISION, {"discount": number(given["discount_minor"]), "lines": lines})
    return answer.outputs


# ------------------------------------------------------------------------------------------------------------ coupons

KEPT = {"id": "line.id", "plan": "line.plan", "amount": "line.amount", "tax_rate": "line.tax_rate"}
WHOLE = {"places": "currency", "mode": "half_up"}


def coupon_cascade(case: Mapping[str, Any]) -> Translation:
    """Coupon after coupon is shared by what the lines in its scope still cost; tax comes last."""
    model, given = case["model"], case["input"]
    coupons = list(given["coupons"])
    if model["coupon_order"].startswith("most specific first"):
        coupons = sorted(coupons, key=_breadth)
    text = _coupon_bundle(model["currency"], coupons)
    lines = [_line(line) for line in given["lines"]]
    found = (yield Ask(text, DECISION, {"lines": lines})).outputs
    ids = [line["id"] for line in lines]
    return {
        **found,
        "line_coupons_minor": dict(zip(ids, map(Near, found["line_coupons_minor"]), strict=True)),
        "line_tax_minor": dict(zip(ids, found["line_tax_minor"], strict=True)),
    }


def _breadth(coupon: Mapping[str, Any]) -> int:
    """Lines before plans before everything."""
    scope = coupon["scope"]
    return 2 if scope is None else 0 if "lines" in scope else 1


def _line(line: Mapping[str, Any]) -> Section:
    rate = number(line.get("tax_percent", "0"))
    return {"id": line["id"], "plan": line.get("plan", ""), "amount": number(line["amount"]), "tax_rate": rate}


def _coupon_bundle(currency: str, coupons: list[Mapping[str, Any]]) -> str:
    """A value for the lines behind each coupon, each over those behind the one before."""
    values: Section = {"after_0": {"each": "line in lines", "value": {**KEPT, "net": "line.amount"}}}
    behind, used = "after_0", []
    for place, coupon in enumerate(coupons, start=1):
        scope = _scope(coupon["scope"])
        used.append(f"used_{place}")
        values[f"base_{place}"] = f"sum({behind}.items.filter(line, {scope}).map(line, line.net))"
        values[f"used_{place}"] = f"min({coupon['amount']} {currency}, base_{place})"
        values[f"after_{place}"] = {
            "each": f"line in {behind}.items",
            "value": {**KEPT, "net": _net(f"used_{place}", f"base_{place}", scope, currency)},
        }
        behind = f"after_{place}"
    values["coupons_total"] = " + ".join(used) or f"0 {currency}"
    return asked(currency, _coupon_outputs(), inputs=_coupon_inputs(), values=values | _totals(behind, currency))


def _net(used: str, base: str, scope: str, currency: str) -> str:
    """What a line still costs: its share of the coupon is proportional, exact to fifteen places."""
    share = f"min(line.net, round({used} * (line.net / {base}), 15, half_even))"
    return f"{scope} && {base} > 0 {currency} ? line.net - {share} : line.net"


def _scope(scope: Mapping[str, Any] | None) -> str:
    """Whether a coupon is for a line."""
    if scope is None:
        return "line.id != ''"
    if "lines" in scope:
        return f"line.id in {json.dumps(scope['lines'])}"
    return f"line.plan == {json.dumps(scope['plan'])}"


def _coupon_inputs() -> Section:
    percent = {"type": "decimal", "min": Raw("0"), "max": Raw("1_000")}
    line = {"id": "string", "plan": "string", "amount": amount(), "tax_rate": percent}
    return {"lines": {"list": line, "max": MANY}}


def _coupon_outputs() -> Section:
    names = ("fees_total", "coupons_total", "subtotal_net", "tax_total")
    items = ("line_coupons_minor", "line_tax_minor")
    return (
        {name: Raw(name) for name in names}
        | {"total": "subtotal_net + tax_total"}
        | {name: Raw(f"{name}.items") for name in items}
    )


def _totals(behind: str, currency: str) -> Section:
    """Each line's tax is rounded for display, the invoice's is the exact ones together, rounded once."""
    tax = "line.net * line.tax_rate / 100"
    return {
        "fees_total": "sum(lines.map(line, line.amount))",
        "subtotal_net": "fees_total - coupons_total",
        "tax_total": {"value": f"sum({behind}.items.map(line, {tax}))", "round": WHOLE},
        "least": least(currency),
        "line_tax": {"each": f"line in {behind}.items", "value": tax, "round": WHOLE},
        "line_tax_minor": {"each": "tax in line_tax.items", "value": "round(tax / least, 0, half_up)"},
        "line_coupons_minor": {
            "each": f"line in {behind}.items",
            "value": "round((line.amount - line.net) / least, 10, half_up)",
        },
    }
