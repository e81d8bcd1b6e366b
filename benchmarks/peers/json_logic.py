"""panzi-json-logic: JsonLogic in Python. Its numbers are doubles and it has no rounding: the caller rounds."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from json_logic import jsonLogic
from workloads.data import Row

from peers import rows


def var(*path: Any) -> Row:
    """A name, or one that is put together of parts."""
    return {"var": path[0] if len(path) == 1 else {"cat": [*path]}}


def op(name: str, *arguments: Any) -> Row:
    return {name: list(arguments)}


def larger(value: Any) -> Row:
    """The value, or zero where it is less."""
    return op("max", 0, value)


def rounded(value: float, places: int) -> Decimal:
    """Half up, of a number that is not negative."""
    return Decimal(math.floor(value * 10**places + 0.5)).scaleb(-places)


class PriceCall:
    """W1: the row is looked up in Python; what a band costs is written out for four bands."""

    def __init__(self, policy: Row) -> None:
        self.prices = rows.Prices(policy, float, bands=4)
        used = op("-", var("month_quantity"), var("free"))
        self.begin, self.end = larger(used), larger(op("+", used, var("quantity")))

        def line(n: int) -> Row:
            high, low = op("min", var("end"), var(f"bands.{n}.high")), op("max", var("begin"), var(f"bands.{n}.low"))
            return op("*", larger(op("-", high, low)), var(f"bands.{n}.price"))

        self.lines = [line(n) for n in range(4)]
        self.total = op("/", op("+", *(var(f"lines.{n}") for n in range(4))), 1_000_000)

    def decide(self, request: Row) -> Row:
        row, grant = self.prices.find(request)
        given = {**request, "free": grant["tokens"], "bands": row["bands"]}
        given["begin"], given["end"] = jsonLogic(self.begin, given), jsonLogic(self.end, given)
        given["lines"] = lines = jsonLogic(self.lines, given)
        amount = rounded(jsonLogic(self.total, given), self.prices.places[request["currency"]])
        return {"amount": amount, "lines": lines, "fired": rows.fired(row, grant, request)}


class MayUse:
    """W2: the plan and the limits are looked up in Python."""

    def __init__(self, policy: Row) -> None:
        self.limits = rows.Limits(policy)
        self.dated = op("and", op("<=", var("own.valid_from"), var("at")), op("<", var("at"), var("own.valid_to")))
        self.left = op("-", var("limit"), var("usage"))
        exceeded = op(">", var("quantity"), var("left"))
        self.reason = op("if", op("==", var("limit"), 0), "not_in_plan", exceeded, "limit_exceeded", "ok")

    def decide(self, request: Row) -> Row:
        plan, limit, own = self.limits.find(request)
        rule = f"plan:{plan}"
        given = {**request, "own": own}
        if jsonLogic(self.dated, given):
            limit, rule = own["limit"], own["id"]
        given["limit"] = limit
        given["left"] = left = jsonLogic(self.left, given)
        reason = jsonLogic(self.reason, given)
        return {"allowed": reason == "ok", "limit": limit, "remaining": left, "reason": reason, "rule": rule}


class Bill:
    """W3: an expression a step, tables in the data."""

    def __init__(self, policy: Row) -> None:
        def doubles(values: dict[str, str]) -> dict[str, float]:
            return {name: float(text) for name, text in values.items()}

        self.tables = {
            "plans": doubles(policy["plans"]),
            "included_in": policy["included_tokens"],
            "coupons": doubles(policy["coupons"]),
            "commitments": doubles(policy["commitments"]),
            "taxes": doubles(policy["tax"]),
            "risks": policy["risk"],
            "regions": policy["regions"],
            "accounts": policy["accounts"],
        }
        self.steps = [(name.rstrip("~"), rule, name.endswith("~")) for name, rule in _bill(policy).items()]

    def decide(self, request: Row) -> Row:
        found: dict[str, Any] = {**self.tables, **request, "credit_balance": float(request["credit_balance"])}
        for name, rule, is_rounded in self.steps:
            value = jsonLogic(rule, found)
            found[name] = float(rounded(value, 2)) if is_rounded else value
        amount = rounded(found["total"], 2)
        return {"amount": amount, "status": found["status"], "account": found["account_found"], "trace": found}


def _graduated(tiers: list[Row], price: str, quantity: str) -> Row:
    low, parts = 0, []
    for tier in tiers:
        high = var(quantity) if tier["up_to"] is None else op("min", var(quantity), tier["up_to"])
        parts.append(op("*", larger(op("-", high, low)), float(tier[price])))
        low = tier["up_to"]
    return op("+", *parts)


def _bill(policy: Row) -> Row:
    """The steps; what a `~` follows is rounded to cents."""
    volume: Any = 0
    for step in policy["volume_discounts"][1:]:
        volume = op("if", op(">=", var("after_coupon"), float(step["from"])), float(step["rate"]), volume)
    approval = policy["approval"]
    is_large = op(">", var("total"), float(approval["amount"]))
    is_deep = op(">", var("share"), float(approval["discount"]))
    to_left = op("/", var("left"), var("seconds"))
    return {
        "old_price": var("plans.", var("old_plan")),
        "new_price": var("plans.", var("new_plan")),
        "seconds": op("-", var("period_end"), var("period_start")),
        "left": op("-", var("period_end"), var("change_at")),
        "credit~": op("*", var("old_price"), to_left),
        "charge~": op("*", var("new_price"), to_left),
        "net": op("-", var("charge"), var("credit")),
        "seat_amount": _graduated(policy["seat_tiers"], "price", "seats"),
        "included": var("included_in.", var("new_plan")),
        "billable": larger(op("-", var("tokens"), var("included"))),
        "usage_raw": op("/", _graduated(policy["token_tiers"], "per_million", "billable"), 1_000_000),
        "usage~": var("usage_raw"),
        "subtotal": op("+", var("net"), var("seat_amount"), var("usage")),
        "coupon_rate": op("if", var("coupon"), var("coupons.", var("coupon")), 0),
        "coupon_amount~": op("*", larger(var("subtotal")), var("coupon_rate")),
        "after_coupon": op("-", var("subtotal"), var("coupon_amount")),
        "volume_rate": volume,
        "volume_amount~": op("*", larger(var("after_coupon")), var("volume_rate")),
        "discounted": op("-", var("after_coupon"), var("volume_amount")),
        "commitment": var("commitments.", var("new_plan")),
        "shortfall": larger(op("-", var("commitment"), var("discounted"))),
        "committed": op("+", var("discounted"), var("shortfall")),
        "balance": op("min", var("credit_balance"), float(policy["credit_cap"])),
        "applied": op("min", var("balance"), larger(var("committed"))),
        "taxable": op("-", var("committed"), var("applied")),
        "tax_rate": var("taxes.", var("country")),
        "tax~": op("*", var("taxable"), var("tax_rate")),
        "total": op("+", var("taxable"), var("tax")),
        "share": op("+", var("coupon_rate"), var("volume_rate")),
        "risk": var("risks.", var("standing")),
        "approval": op("or", is_large, is_deep, op(">=", var("risk"), 3)),
        "region": var("regions.", var("country")),
        "account_found": var("accounts.", var("product"), "/", var("region")),
        "status": op("if", var("approval"), "pending_approval", op(">", var("total"), 0), "charge", "no_charge"),
    }


WORKLOADS = {"w1": PriceCall, "w2": MayUse, "w3": Bill}
