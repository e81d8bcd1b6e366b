"""Taxes and totals: kinds `tax` and `invoice_totals`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw
from golden.translate.sections import DECISION, EXACTLY, MANY, Section, amount, asked, number

RATE: Section = {"type": "decimal", "min": Raw("0"), "max": Raw("1_000")}


def tax(case: Mapping[str, Any]) -> Translation:
    """The tax of an amount, each rate's rounded alone."""
    model, given = case["model"], case["input"]
    if model["rounding_level"] != "per_rate":
        raise LeftOut(f"tax rounded {model['rounding_level']}")
    rates = [{"rate": Raw(f"{rate}%")} for rate in given["rates_percent"] or ["0"]]
    rounded = {"places": "currency", "mode": model["mode"]}
    tax_section = {"rates": rates, "behavior": model["behavior"], "round_each": rounded}
    text = asked(
        model["currency"],
        {"tax": Raw("sale.tax"), "net": Raw("sale.net"), "total": Raw("sale.amount")},
        inputs={"taxable": amount()},
        charges={"sale": {"charge_model": "pass_through", "base": "taxable", "tax": tax_section}},
    )
    answer = yield Ask(text, DECISION, {"taxable": number(given["taxable"])})
    return answer.outputs


def invoice_totals(case: Mapping[str, Any]) -> Translation:
    """Lines less a discount that each bears its share of, and the tax of what is left, rounded by line or once."""
    model, given = case["model"], case["input"]
    if model["tax_base"] != "after_discount":
        raise LeftOut(f"tax on what is left {model['tax_base']}")
    exclusive = model["tax_behavior"] == "exclusive"
    text = asked(
        model["currency"],
        {
            "subtotal": Raw("goods.amount"),
            "discount": Raw("sale.discount"),
            "tax": Raw("taxes.amount"),
            "total": Raw("invoice.amount"),
        },
        inputs={"lines": {"list": {"amount": amount(), "rate": RATE}, "max": MANY}, "fixed_discount": amount()},
        values={"taxable": {"each": "line in lines", "value": {"rate": "line.rate", "net": _net(model)}}},
        charges={
            "goods": {
                "charge_model": "pass_through",
                "each": "line in lines",
                "base": "line.amount",
                **_by_line(model),
            },
            "sale": {"sum": ["goods"], "discounts": [{"amount": "fixed_discount"}]},
            "taxes": {"charge_model": "percentage", "each": "line in taxable.items", **_tax_of_line(model)},
            "invoice": {"sum": ["sale", "taxes"] if exclusive else ["sale"]},
        },
    )
    lines = [
        {"amount": number(line["amount"]), "rate": number(line.get("tax_percent", "0"))} for line in given["lines"]
    ]
    facts = {"lines": lines, "fixed_discount": number(given.get("fixed_discount", "0"))}
    answer = yield Ask(text, DECISION, facts)
    return answer.outputs


def _rounded(model: Mapping[str, Any]) -> Section:
    return {"places": Raw(model["rounding"]["scale"]), "mode": model["rounding"]["mode"]}


def _by_line(model: Mapping[str, Any]) -> Section:
    """Each line is rounded where the model rounds by line."""
    return {"round_each": _rounded(model)} if model["rounding"]["level"] == "line" else {}


def _net(model: Mapping[str, Any]) -> str:
    """A line less its share of the discount, proportional and exact to fifteen places."""
    stated = model["rounding"]
    line = f"round(line.amount, {stated['scale']}, {stated['mode']})" if stated["level"] == "line" else "line.amount"
    share = f"round(sale.discount * ({line} / goods.amount), 15, half_even)"
    return f"goods.amount > 0 {model['currency']} ? max(0, {line} - {share}) : 0 {model['currency']}"


def _tax_of_line(model: Mapping[str, Any]) -> Section:
    """The tax of a line, on top of it or contained in it, rounded alone or with the others."""
    contained = model["tax_behavior"] == "inclusive"
    rate = "line.rate / (100 + line.rate)" if contained else "line.rate / 100"
    exact = {"round_each": EXACTLY} if contained else {}
    return {"base": "line.net", "rate": rate} | (_by_line(model) or {**exact, "round": _rounded(model)})
