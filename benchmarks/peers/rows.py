"""What users of an engine without tables write around it: dicts by key, and tiers as bands with a lower bound."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from workloads.data import Row

ENDLESS = 10**15
NOTHING = {"low": ENDLESS, "high": ENDLESS}
NO_GRANT = {"id": "", "tokens": 0}
NEVER = {"id": "", "limit": 0, "valid_from": "9999-12-31", "valid_to": "0001-01-01"}


def hundredths(text: str) -> int:
    """A decimal of two places as a whole number."""
    return int(Decimal(text) * 100)


def rate(text: str) -> int:
    """A decimal of four places as a whole number."""
    return int(Decimal(text) * 10_000)


class Prices:
    """W1: the row and the free tokens of a request."""

    def __init__(self, policy: Row, number: Callable[[str], Any], bands: int = 0) -> None:
        """`number` makes what the engine takes for a price; `bands` is how many bands a row has at least."""

        def row(of: Row) -> Row:
            found, low = [], 0
            for tier in of["tiers"]:
                high = ENDLESS if tier["up_to"] is None else tier["up_to"]
                found.append({"low": low, "high": high, "price": number(tier["per_million"])})
                low = high
            found += [{**NOTHING, "price": number("0")}] * (bands - len(found))
            return {"id": of["id"], "bands": found}

        self.lists = {(of["model"], of["token_type"]): row(of) for of in policy["prices"]}
        self.contracts = {(of["tenant"], of["model"], of["token_type"]): row(of) for of in policy["overrides"]}
        self.grants = {of["plan"]: of for of in policy["free_quota"]}
        self.places = policy["currencies"]

    def find(self, request: Row) -> tuple[Row, Row]:
        """The price row, of the contract or of the list, and the grant of the plan."""
        key = (request["model"], request["token_type"])
        row = self.contracts.get((request["tenant"], *key)) or self.lists[key]
        return row, self.grants.get(request["plan"], NO_GRANT)


class Limits:
    """W2: the limit of a plan and the tenant's own."""

    def __init__(self, policy: Row) -> None:
        self.plan_of, self.by_plan = policy["tenants"], policy["plans"]
        self.own = {(row["tenant"], row["feature"]): row for row in policy["overrides"]}

    def find(self, request: Row) -> tuple[str, int, Row]:
        """The plan, its limit, and a dated limit, which may be one that never holds."""
        tenant, feature = request["tenant"], request["feature"]
        plan = self.plan_of[tenant]
        return plan, self.by_plan[plan].get(feature, 0), self.own.get((tenant, feature), NEVER)


def fired(row: Row, grant: Row, request: Row) -> list[str]:
    """W1: what decided, for an engine that does not say."""
    return [row["id"], grant["id"]] if request["month_quantity"] < grant["tokens"] else [row["id"]]
