"""rule-engine: expressions over Decimal, interpreted in Python. It has no rounding, so the caller rounds."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import rule_engine as engine
from workloads.data import Row

from peers import rows

CENT = Decimal("0.01")
CONTEXT = engine.Context(resolver=engine.resolve_item)


def compiled(text: str) -> Any:
    return engine.Rule(text, context=CONTEXT).evaluate


class PriceCall:
    """W1: the row is looked up in Python, which also goes from tier to tier; what a tier costs is an expression."""

    def __init__(self, policy: Row) -> None:
        self.prices = rows.Prices(policy, Decimal)
        self.unit = {code: Decimal(1).scaleb(-places) for code, places in policy["currencies"].items()}
        self.units = compiled("(end < high ? end : high) - (begin > low ? begin : low)")
        self.line = compiled("units * price / 1000000")

    def decide(self, request: Row) -> Row:
        row, grant = self.prices.find(request)
        begin = max(0, request["month_quantity"] - grant["tokens"])
        end = max(0, request["month_quantity"] + request["quantity"] - grant["tokens"])
        lines = []
        for band in row["bands"]:
            units = self.units({**band, "begin": begin, "end": end})
            if units > 0:
                lines.append(self.line({**band, "units": units}))
        amount = sum(lines, Decimal(0)).quantize(self.unit[request["currency"]], ROUND_HALF_UP)
        return {"amount": amount, "lines": lines, "fired": rows.fired(row, grant, request)}


class MayUse:
    """W2: the plan and the limits are looked up in Python."""

    def __init__(self, policy: Row) -> None:
        self.limits = rows.Limits(policy)
        self.dated = compiled("own.valid_from <= at and at < own.valid_to")
        self.left = compiled("limit - usage")
        self.reason = compiled('limit == 0 ? "not_in_plan" : (quantity > left ? "limit_exceeded" : "ok")')

    def decide(self, request: Row) -> Row:
        plan, limit, own = self.limits.find(request)
        rule = f"plan:{plan}"
        given = {**request, "own": own}
        if self.dated(given):
            limit, rule = own["limit"], own["id"]
        given["limit"] = limit
        given["left"] = left = self.left(given)
        reason = self.reason(given)
        return {"allowed": reason == "ok", "limit": limit, "remaining": left, "reason": reason, "rule": rule}


class Bill:
    """W3: an expression a step, tables looked up by the expressions."""

    def __init__(self, policy: Row) -> None:
        def decimals(values: dict[str, str]) -> dict[str, Decimal]:
            return {name: Decimal(text) for name, text in values.items()}

        self.tables = {
            "plans": decimals(policy["plans"]),
            "included_in": policy["included_tokens"],
            "coupons": {"": Decimal(0), **decimals(policy["coupons"])},
            "commitments": decimals(policy["commitments"]),
            "taxes": decimals(policy["tax"]),
            "risks": policy["risk"],
            "regions": policy["regions"],
            "accounts": policy["accounts"],
        }
        steps = _bill(policy)
        self.steps = [(name.rstrip("~"), compiled(text), name.endswith("~")) for name, text in steps.items()]

    def decide(self, request: Row) -> Row:
        found: dict[str, Any] = {**self.tables, **request, "credit_balance": Decimal(request["credit_balance"])}
        for name, run, is_rounded in self.steps:
            value = run(found)
            found[name] = value.quantize(CENT, ROUND_HALF_UP) if is_rounded else value
        return {"amount": found["total"], "status": found["status"], "account": found["account_found"], "trace": found}


def _graduated(tiers: list[Row], price: str, quantity: str) -> str:
    low, parts = 0, []
    for tier in tiers:
        high = quantity if tier["up_to"] is None else f"$min([{quantity}, {tier['up_to']}])"
        parts.append(f"$max([0, {high} - {low}]) * {tier[price]}")
        low = tier["up_to"]
    return " + ".join(parts)


def _bill(policy: Row) -> dict[str, str]:
    """The steps; what a `~` follows is rounded to cents."""
    volume = "0"
    for step in policy["volume_discounts"][1:]:
        volume = f"(after_coupon >= {step['from']} ? {step['rate']} : {volume})"
    approval = policy["approval"]
    return {
        "old_price": "plans[old_plan]",
        "new_price": "plans[new_plan]",
        "seconds": "period_end - period_start",
        "left": "period_end - change_at",
        "credit~": "old_price * left / seconds",
        "charge~": "new_price * left / seconds",
        "net": "charge - credit",
        "seat_amount": _graduated(policy["seat_tiers"], "price", "seats"),
        "included": "included_in[new_plan]",
        "billable": "$max([0, tokens - included])",
        "usage_raw": f"({_graduated(policy['token_tiers'], 'per_million', 'billable')}) / 1000000",
        "usage~": "usage_raw",
        "subtotal": "net + seat_amount + usage",
        "coupon_rate": "coupons[coupon]",
        "coupon_amount~": "$max([subtotal, 0]) * coupon_rate",
        "after_coupon": "subtotal - coupon_amount",
        "volume_rate": volume,
        "volume_amount~": "$max([after_coupon, 0]) * volume_rate",
        "discounted": "after_coupon - volume_amount",
        "commitment": "commitments[new_plan]",
        "shortfall": "$max([0, commitment - discounted])",
        "committed": "discounted + shortfall",
        "balance": f"$min([credit_balance, {policy['credit_cap']}])",
        "applied": "$min([balance, $max([committed, 0])])",
        "taxable": "committed - applied",
        "tax_rate": "taxes[country]",
        "tax~": "taxable * tax_rate",
        "total": "taxable + tax",
        "share": "coupon_rate + volume_rate",
        "risk": "risks[standing]",
        "approval": f"total > {approval['amount']} or share > {approval['discount']} or risk >= 3",
        "region": "regions[country]",
        "account_found": 'accounts[product + "/" + region]',
        "status": 'approval ? "pending_approval" : (total > 0 ? "charge" : "no_charge")',
    }


WORKLOADS = {"w1": PriceCall, "w2": MayUse, "w3": Bill}
