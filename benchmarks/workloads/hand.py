"""What an engineer writes without an engine: one function a workload, exact decimals, its reasons collected at once.

They are the reference of every ratio, and their answers are the right ones.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from workloads.data import Row

ZERO, CENT, MILLION = Decimal(0), Decimal("0.01"), Decimal(1_000_000)


def _schedule(row: Row) -> list[tuple[int | None, Decimal]]:
    return [(tier["up_to"], Decimal(tier["per_million"])) for tier in row["tiers"]]


class PriceCall:
    """W1: tiers of a price or a contract over the month's tokens, less the free ones, rounded by the currency."""

    def __init__(self, policy: Row) -> None:
        self.version = policy["version"]
        self.list_prices = {(row["model"], row["token_type"]): (row["id"], _schedule(row)) for row in policy["prices"]}
        self.contracts = {
            (row["tenant"], row["model"], row["token_type"]): (row["id"], _schedule(row)) for row in policy["overrides"]
        }
        self.free = {row["plan"]: (row["id"], row["tokens"]) for row in policy["free_quota"]}
        self.unit = {code: Decimal(1).scaleb(-places) for code, places in policy["currencies"].items()}

    def decide(self, request: Row) -> Row:
        """The amount with its lines and what decided."""
        model, kind = request["model"], request["token_type"]
        found = self.contracts.get((request["tenant"], model, kind))
        rule, tiers = self.list_prices[model, kind] if found is None else found
        reasons = [rule]
        begin = request["month_quantity"]
        end = begin + request["quantity"]
        granted = self.free.get(request["plan"])
        if granted is not None:
            grant, tokens = granted
            if begin < tokens:
                reasons.append(grant)
            begin, end = max(0, begin - tokens), max(0, end - tokens)
        amount, lines, floor = ZERO, [], 0
        for number, (up_to, price) in enumerate(tiers):
            ceiling = end if up_to is None else min(end, up_to)
            units = ceiling - max(begin, floor)
            if units > 0:
                part = units * price / MILLION
                amount += part
                lines.append({"rule": rule, "tier": number, "quantity": units, "per_million": price, "amount": part})
            if up_to is None or end <= up_to:
                break
            floor = up_to
        currency = request["currency"]
        rounded = amount.quantize(self.unit[currency], ROUND_HALF_UP)
        return {
            "amount": rounded, "currency": currency, "lines": lines, "fired": reasons, "version": self.version,
        }  # fmt: skip


class MayUse:
    """W2: the limit of a tenant's plan for a feature, or the tenant's own at that day."""

    def __init__(self, policy: Row) -> None:
        self.version = policy["version"]
        self.by_plan, self.plan_of = policy["plans"], policy["tenants"]
        self.own = {(row["tenant"], row["feature"]): row for row in policy["overrides"]}

    def decide(self, request: Row) -> Row:
        """Whether it is allowed, the limit and what is left of it."""
        tenant, feature = request["tenant"], request["feature"]
        plan = self.plan_of[tenant]
        limit, rule = self.by_plan[plan].get(feature, 0), f"plan:{plan}"
        own = self.own.get((tenant, feature))
        if own is not None and own["valid_from"] <= request["at"] < own["valid_to"]:
            limit, rule = own["limit"], own["id"]
        left = limit - request["usage"]
        if limit == 0:
            allowed, reason = False, "not_in_plan"
        elif request["quantity"] > left:
            allowed, reason = False, "limit_exceeded"
        else:
            allowed, reason = True, "ok"
        return {
            "allowed": allowed, "limit": limit, "remaining": left, "reason": reason, "fired": [rule],
            "version": self.version,
        }  # fmt: skip


class BillSubscription:
    """W3: a plan change, seats, tokens, a coupon, a discount, a commitment, credit, tax, approval and the account."""

    def __init__(self, policy: Row) -> None:
        def decimals(texts: dict[str, str]) -> dict[str, Decimal]:
            return {name: Decimal(text) for name, text in texts.items()}

        self.version = policy["version"]
        self.plans, self.coupons = decimals(policy["plans"]), decimals(policy["coupons"])
        self.commitments, self.tax = decimals(policy["commitments"]), decimals(policy["tax"])
        self.seats = [(tier["up_to"], Decimal(tier["price"])) for tier in policy["seat_tiers"]]
        self.tokens = [(tier["up_to"], Decimal(tier["per_million"])) for tier in policy["token_tiers"]]
        self.steps = [(Decimal(step["from"]), Decimal(step["rate"])) for step in policy["volume_discounts"]]
        self.included, self.accounts = policy["included_tokens"], policy["accounts"]
        self.regions, self.risk = policy["regions"], policy["risk"]
        self.cap = Decimal(policy["credit_cap"])
        self.large, self.deep = Decimal(policy["approval"]["amount"]), Decimal(policy["approval"]["discount"])

    @staticmethod
    def _graduated(tiers: list[tuple[int | None, Decimal]], quantity: int) -> Decimal:
        total, floor = ZERO, 0
        for up_to, price in tiers:
            ceiling = quantity if up_to is None else min(quantity, up_to)
            if ceiling > floor:
                total += (ceiling - floor) * price
            if up_to is None or quantity <= up_to:
                break
            floor = up_to
        return total

    def decide(self, request: Row) -> Row:
        """The amount, what is to be done and the account; every step with its value."""
        trace: list[tuple[str, Any]] = []

        def step(name: str, value: Any) -> Any:
            trace.append((name, value))
            return value

        old = step("old_price", self.plans[request["old_plan"]])
        new = step("new_price", self.plans[request["new_plan"]])
        period = step("period_seconds", request["period_end"] - request["period_start"])
        left = step("remaining_seconds", request["period_end"] - request["change_at"])
        credit = step("proration_credit", (old * left / period).quantize(CENT, ROUND_HALF_UP))
        charge = step("proration_charge", (new * left / period).quantize(CENT, ROUND_HALF_UP))
        net = step("proration_net", charge - credit)
        seats = step("seat_amount", self._graduated(self.seats, request["seats"]))
        included = step("included_tokens", self.included[request["new_plan"]])
        billable = step("billable_tokens", max(0, request["tokens"] - included))
        raw = step("usage_raw", self._graduated(self.tokens, billable) / MILLION)
        usage = step("usage_amount", raw.quantize(CENT, ROUND_HALF_UP))
        subtotal = step("subtotal", net + seats + usage)
        coupon_rate = step("coupon_rate", self.coupons.get(request["coupon"], ZERO))
        coupon = step("coupon_amount", (max(subtotal, ZERO) * coupon_rate).quantize(CENT, ROUND_HALF_UP))
        after_coupon = step("after_coupon", subtotal - coupon)
        found = ZERO
        for threshold, rate in self.steps:
            if after_coupon >= threshold:
                found = rate
        volume_rate = step("volume_rate", found)
        volume = step("volume_amount", (max(after_coupon, ZERO) * volume_rate).quantize(CENT, ROUND_HALF_UP))
        discounted = step("discounted", after_coupon - volume)
        commitment = step("commitment", self.commitments[request["new_plan"]])
        shortfall = step("commit_shortfall", max(ZERO, commitment - discounted))
        committed = step("committed_total", discounted + shortfall)
        balance = step("credit_balance", min(Decimal(request["credit_balance"]), self.cap))
        applied = step("credit_applied", min(balance, max(committed, ZERO)))
        taxable = step("taxable", committed - applied)
        tax_rate = step("tax_rate", self.tax[request["country"]])
        tax = step("tax", (taxable * tax_rate).quantize(CENT, ROUND_HALF_UP))
        total = step("total", taxable + tax)
        share = step("discount_rate_total", coupon_rate + volume_rate)
        risk = step("risk", self.risk[request["standing"]])
        approval = step("approval_required", total > self.large or share > self.deep or risk >= 3)
        region = step("region", self.regions[request["country"]])
        account = step("account", self.accounts[f"{request['product']}/{region}"])
        status = step("status", "pending_approval" if approval else ("charge" if total > 0 else "no_charge"))
        return {"amount": total, "status": status, "account": account, "trace": trace, "version": self.version}
