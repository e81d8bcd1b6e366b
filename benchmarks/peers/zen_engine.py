"""zen-engine: GoRules in Rust. It has decision tables, so the tables are its own; it reads them from top to bottom.

Its numbers are decimals inside an expression and doubles where they enter and leave.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import zen
from workloads.data import Row

from peers.rows import ENDLESS, Prices


def quoted(text: str) -> str:
    return json.dumps(text)


def table(name: str, reads: Sequence[str], gives: Sequence[str], rows: Iterable[Sequence[str]]) -> Row:
    """A decision table whose first row that fits answers; a row is its conditions and then its results."""
    columns = [*(("inputs", field) for field in reads), *(("outputs", field) for field in gives)]
    made: dict[str, list[Row]] = {"inputs": [], "outputs": []}
    for number, (side, field) in enumerate(columns):
        made[side].append({"id": f"c{number}", "name": field, "field": field})
    rules = [
        {"_id": f"r{number}", **{f"c{column}": cell for column, cell in enumerate(row)}}
        for number, row in enumerate(rows)
    ]
    content = {"hitPolicy": "first", "passThrough": True, **made, "rules": rules}
    return {"id": name, "name": name, "type": "decisionTableNode", "content": content}


def expressions(named: dict[str, str]) -> Row:
    """Values in order; one reads another before it as `$.name`."""
    listed = [{"id": f"e{n}", "key": key, "value": value} for n, (key, value) in enumerate(named.items())]
    content = {"passThrough": True, "expressions": listed}
    return {"id": "values", "name": "values", "type": "expressionNode", "content": content}


class Graph:
    """Nodes one after another, and their answer to a request."""

    def __init__(self, nodes: Sequence[Row]) -> None:
        ends = [{"id": name, "name": name, "type": f"{name}Node"} for name in ("input", "output")]
        path = [ends[0], *nodes, ends[1]]
        edges = [
            {"id": f"edge{n}", "type": "edge", "sourceId": path[n]["id"], "targetId": path[n + 1]["id"]}
            for n in range(len(path) - 1)
        ]
        self.engine = zen.ZenEngine()
        self.decision = self.engine.create_decision(json.dumps({"nodes": path, "edges": edges}))

    def run(self, request: Row) -> Row:
        answer: Row = self.decision.evaluate(request)["result"]
        return answer


def decimal(number: float, places: int) -> Decimal:
    """What a double stands for that was rounded to some places."""
    return Decimal(str(number)).quantize(Decimal(1).scaleb(-places))


class PriceCall:
    """W1: a table of contracts and prices, of free tokens, of currencies, and the amount over the row's bands."""

    def __init__(self, policy: Row) -> None:
        prices = Prices(policy, float)
        rows = [
            [*map(quoted, key), quoted(row["id"]), json.dumps(row["bands"])] for key, row in prices.contracts.items()
        ]
        rows += [
            ["", *map(quoted, key), quoted(row["id"]), json.dumps(row["bands"])] for key, row in prices.lists.items()
        ]
        grants = [[quoted(of["plan"]), str(of["tokens"]), quoted(of["id"])] for of in policy["free_quota"]]
        self.places = policy["currencies"]
        units = "max([0, min([$.end, #.high]) - max([$.begin, #.low])])"
        self.graph = Graph(
            [
                table("price", ["tenant", "model", "token_type"], ["rule", "bands"], rows),
                table("free", ["plan"], ["free", "grant"], [*grants, ["", "0", quoted("")]]),
                table("unit", ["currency"], ["places"], [[quoted(k), str(n)] for k, n in self.places.items()]),
                expressions(
                    {
                        "begin": "max([0, month_quantity - free])",
                        "end": "max([0, month_quantity + quantity - free])",
                        "lines": f"map(bands, {{units: {units}, price: #.price}})",
                        "amount": "round(sum(map($.lines, #.units * #.price)) / 1000000, places)",
                    }
                ),
            ]
        )

    def decide(self, request: Row) -> Row:
        found = self.graph.run(request)
        fired = [found["rule"], found["grant"]] if request["month_quantity"] < found["free"] else [found["rule"]]
        amount = decimal(found["amount"], self.places[request["currency"]])
        return {"amount": amount, "lines": found["lines"], "fired": fired}


def _day(text: str) -> int:
    return int(text.replace("-", ""))


class MayUse:
    """W2: a table of tenants, of limits by plan, and of dated limits that ends in the plan's."""

    def __init__(self, policy: Row) -> None:
        tenants = [[quoted(tenant), quoted(plan)] for tenant, plan in policy["tenants"].items()]
        limits = [
            [quoted(plan), quoted(feature), str(limit), quoted(f"plan:{plan}")]
            for plan, of in policy["plans"].items()
            for feature, limit in of.items()
        ]
        own = [
            [
                quoted(of["tenant"]),
                quoted(of["feature"]),
                f"[{_day(of['valid_from'])}..{_day(of['valid_to'])})",
                str(of["limit"]),
                quoted(of["id"]),
            ]
            for of in policy["overrides"]
        ]
        own.append(["", "", "", "plan_limit", "plan_rule"])
        reason = "limit == 0 ? 'not_in_plan' : quantity > $.remaining ? 'limit_exceeded' : 'ok'"
        self.graph = Graph(
            [
                table("tenant", ["tenant"], ["plan"], tenants),
                table("plan", ["plan", "feature"], ["plan_limit", "plan_rule"], limits),
                table("own", ["tenant", "feature", "day"], ["limit", "rule"], own),
                expressions({"remaining": "limit - usage", "reason": reason}),
            ]
        )  # fmt: skip

    def decide(self, request: Row) -> Row:
        found = self.graph.run({**request, "day": _day(request["at"])})
        return {**found, "allowed": found["reason"] == "ok"}


class Bill:
    """W3: what is looked up in small tables, the rest in one list of values."""

    def __init__(self, policy: Row) -> None:
        self.graph = Graph([*_tables(policy), expressions(_bill(policy))])

    def decide(self, request: Row) -> Row:
        found = self.graph.run({**request, "credit_balance": float(request["credit_balance"])})
        amount = decimal(found["total"], 2)
        return {"amount": amount, "status": found["status"], "account": found["account"], "trace": found}


def _tables(policy: Row) -> list[Row]:
    looked_up: dict[str, tuple[str, dict[str, Any]]] = {
        "old_price": ("old_plan", policy["plans"]),
        "new_price": ("new_plan", policy["plans"]),
        "included": ("new_plan", policy["included_tokens"]),
        "commitment": ("new_plan", policy["commitments"]),
        "tax_rate": ("country", policy["tax"]),
        "risk": ("standing", policy["risk"]),
    }
    found = [
        table(name, [field], [name], [[quoted(key), str(value)] for key, value in values.items()])
        for name, (field, values) in looked_up.items()
    ]
    coupons = [[quoted(code), rate] for code, rate in policy["coupons"].items()]
    found.append(table("coupon_rate", ["coupon"], ["coupon_rate"], [*coupons, ["", "0"]]))
    regions = [[quoted(country), quoted(region)] for country, region in policy["regions"].items()]
    found.append(table("region", ["country"], ["region"], regions))
    accounts = [[*map(quoted, key.split("/")), quoted(account)] for key, account in policy["accounts"].items()]
    found.append(table("account", ["product", "region"], ["account"], accounts))
    return found


def _graduated(tiers: list[Row], price: str, quantity: str) -> str:
    low, parts = 0, []
    for tier in tiers:
        high = ENDLESS if tier["up_to"] is None else tier["up_to"]
        parts.append(f"max([0, min([{quantity}, {high}]) - {low}]) * {tier[price]}")
        low = high
    return " + ".join(parts)


def _bill(policy: Row) -> dict[str, str]:
    volume = "0"
    for step in policy["volume_discounts"][1:]:
        volume = f"$.after_coupon >= {step['from']} ? {step['rate']} : {volume}"
    approval = policy["approval"]
    return {
        "seconds": "period_end - period_start",
        "left": "period_end - change_at",
        "credit": "round(old_price * $.left / $.seconds, 2)",
        "charge": "round(new_price * $.left / $.seconds, 2)",
        "net": "$.charge - $.credit",
        "seat_amount": _graduated(policy["seat_tiers"], "price", "seats"),
        "billable": "max([0, tokens - included])",
        "usage_raw": f"({_graduated(policy['token_tiers'], 'per_million', '$.billable')}) / 1000000",
        "usage": "round($.usage_raw, 2)",
        "subtotal": "$.net + $.seat_amount + $.usage",
        "coupon_amount": "round(max([$.subtotal, 0]) * coupon_rate, 2)",
        "after_coupon": "$.subtotal - $.coupon_amount",
        "volume_rate": volume,
        "volume_amount": "round(max([$.after_coupon, 0]) * $.volume_rate, 2)",
        "discounted": "$.after_coupon - $.volume_amount",
        "shortfall": "max([0, commitment - $.discounted])",
        "committed": "$.discounted + $.shortfall",
        "balance": f"min([credit_balance, {policy['credit_cap']}])",
        "applied": "min([$.balance, max([$.committed, 0])])",
        "taxable": "$.committed - $.applied",
        "tax": "round($.taxable * tax_rate, 2)",
        "total": "$.taxable + $.tax",
        "share": "coupon_rate + $.volume_rate",
        "approval": f"$.total > {approval['amount']} or $.share > {approval['discount']} or risk >= 3",
        "status": "$.approval ? 'pending_approval' : $.total > 0 ? 'charge' : 'no_charge'",
    }


WORKLOADS = {"w1": PriceCall, "w2": MayUse, "w3": Bill}
