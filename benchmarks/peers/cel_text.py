"""The workloads in CEL. It has whole numbers and doubles, so the author scales: money in hundredths, rates in 1e-4.

Every rounded amount is at least zero, where `(2n + d) / (2d)` with a truncating division is half up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workloads.data import Row

from peers.rows import hundredths, rate

Let = Callable[[str, str, str], str]
"""(name, value, body) -> the body with the name bound."""


def by_map(name: str, value: str, body: str) -> str:
    """A name for a value, in CEL as it is."""
    return f"[{value}].map({name}, {body})[0]"


def by_bind(name: str, value: str, body: str) -> str:
    """A name for a value, with the extension for it."""
    return f"cel.bind({name}, {value}, {body})"


def _larger(a: str, b: str) -> str:
    return f"({a} > {b} ? {a} : {b})"


def _smaller(a: str, b: str) -> str:
    return f"({a} < {b} ? {a} : {b})"


def _half_up(number: str, by: str) -> str:
    return f"((2 * ({number}) + {by}) / (2 * ({by})))"


def price_call(let: Let) -> str:
    """W1 over `request`, `row` with four bands, `grant`, and `unit`: how many 1e-8 the currency's least unit has."""
    units = f"{_smaller('end', 'b.high')} - {_larger('begin', 'b.low')}"
    amount = " + ".join(f"units[{n}] * row.bands[{n}].price" for n in range(4))
    answer = f"{{'rule': row.id, 'units': units, 'amount': {_half_up(amount, 'unit')}}}"
    text = let("units", f"row.bands.map(b, b.low >= end || b.high <= begin ? 0 : {units})", answer)
    text = let("end", _larger("used + request.quantity", "0"), text)
    return let("used", "request.month_quantity - grant.tokens", let("begin", _larger("used", "0"), text))


def may_use(let: Let) -> str:
    """W2 over `request`, `plan`, `plan_limit` and `own`."""
    reason = "limit == 0 ? 'not_in_plan' : request.quantity > left ? 'limit_exceeded' : 'ok'"
    answer = f"{{'limit': limit, 'remaining': left, 'reason': {reason}, 'rule': dated ? own.id : 'plan:' + plan}}"
    text = let("limit", "dated ? own.limit : plan_limit", let("left", "limit - request.usage", answer))
    return let("dated", "own.valid_from <= request.at && request.at < own.valid_to", text)


def _table(values: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"'{key}': {value}" for key, value in values.items()) + "}"


def _graduated(tiers: list[Row], price: str, quantity: str) -> str:
    low, parts = 0, []
    for tier in tiers:
        high = quantity if tier["up_to"] is None else _smaller(quantity, str(tier["up_to"]))
        parts.append(f"({quantity} > {low} ? ({high} - {low}) * {hundredths(tier[price])} : 0)")
        low = tier["up_to"]
    return " + ".join(parts)


def bill(policy: Row) -> dict[str, str]:
    """W3: the steps by name, in order; each reads `request` and the steps before it."""
    volume = "0"
    for step in policy["volume_discounts"][1:]:
        volume = f"after_coupon >= {hundredths(step['from'])} ? {rate(step['rate'])} : {volume}"
    plans = _table({key: hundredths(text) for key, text in policy["plans"].items()})
    commitments = _table({key: hundredths(text) for key, text in policy["commitments"].items()})
    coupons = _table({"": 0} | {key: rate(text) for key, text in policy["coupons"].items()})
    taxes = _table({key: rate(text) for key, text in policy["tax"].items()})
    approval = policy["approval"]
    return {
        "old_price": f"{plans}[request.old_plan]",
        "new_price": f"{plans}[request.new_plan]",
        "seconds": "request.period_end - request.period_start",
        "left": "request.period_end - request.change_at",
        "credit": _half_up("old_price * left", "seconds"),
        "charge": _half_up("new_price * left", "seconds"),
        "net": "charge - credit",
        "seats": _graduated(policy["seat_tiers"], "price", "request.seats"),
        "included": f"{_table(policy['included_tokens'])}[request.new_plan]",
        "billable": _larger("request.tokens - included", "0"),
        "usage_raw": _graduated(policy["token_tiers"], "per_million", "billable"),
        "usage": _half_up("usage_raw", "1000000"),
        "subtotal": "net + seats + usage",
        "coupon_rate": f"{coupons}[request.coupon]",
        "coupon": _half_up(f"{_larger('subtotal', '0')} * coupon_rate", "10000"),
        "after_coupon": "subtotal - coupon",
        "volume_rate": volume,
        "volume": _half_up(f"{_larger('after_coupon', '0')} * volume_rate", "10000"),
        "discounted": "after_coupon - volume",
        "commitment": f"{commitments}[request.new_plan]",
        "shortfall": _larger("commitment - discounted", "0"),
        "committed": "discounted + shortfall",
        "balance": _smaller("request.credit_balance", str(hundredths(policy["credit_cap"]))),
        "applied": _smaller("balance", _larger("committed", "0")),
        "taxable": "committed - applied",
        "tax_rate": f"{taxes}[request.country]",
        "tax": _half_up("taxable * tax_rate", "10000"),
        "total": "taxable + tax",
        "share": "coupon_rate + volume_rate",
        "risk": f"{_table(policy['risk'])}[request.standing]",
        "approval": f"total > {hundredths(approval['amount'])} || share > {rate(approval['discount'])} || risk >= 3",
        "region": _table({k: f"'{v}'" for k, v in policy["regions"].items()}) + "[request.country]",
        "account": _table({k: f"'{v}'" for k, v in policy["accounts"].items()}) + "[request.product + '/' + region]",
        "status": "approval ? 'pending_approval' : total > 0 ? 'charge' : 'no_charge'",
    }


def in_one(steps: Mapping[str, str], let: Let) -> str:
    """Steps as one expression that answers with all of them; a single one needs no name."""
    if len(steps) == 1:
        return _table(steps)
    text = _table({name: name for name in steps})
    for name, value in reversed(steps.items()):
        text = let(name, value, text)
    return text
