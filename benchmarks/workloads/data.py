"""The data of the workloads, made from seeds: prices, tenants and requests as plain values, decimals as text.

W1 prices a call of a language model, W2 answers an entitlement, W3 bills a subscription in about 34 steps. Equal seeds
give equal data, whatever the machine.
"""

from __future__ import annotations

import datetime
from random import Random
from typing import Any

TOKEN_TYPES = ("input", "output", "cached_input", "cache_write", "reasoning")
CURRENCIES = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
PLANS = ("free", "starter", "pro", "enterprise")
FEATURES = tuple(f"feature_{number:02d}" for number in range(20))
FIRST_DAY = datetime.date(2026, 1, 1)
FIRST_SECOND = 1_767_225_600
"""2026-01-01T00:00:00Z in seconds since 1970."""

Row = dict[str, Any]


# ------------------------------------------------------------------------------------------------ W1: price a call


def prices(rows: int, seed: int = 11) -> Row:
    """`rows` prices by model and token type with tiers, a tenth as many contract prices, and free quantities."""
    random = Random(seed * 1_000_003 + rows)
    price_rows: list[Row] = [
        {
            "id": f"price-{number:06d}",
            "model": f"model-{number // len(TOKEN_TYPES):05d}",
            "token_type": TOKEN_TYPES[number % len(TOKEN_TYPES)],
            "tiers": _tiers(random),
        }
        for number in range(rows)
    ]
    contracts: dict[tuple[str, str, str], Row] = {}
    while len(contracts) < max(2, rows // 10):
        row = price_rows[random.randrange(rows)]
        tenant = f"tenant-{random.randrange(_tenants(rows)):06d}"
        key = (tenant, row["model"], row["token_type"])
        if key not in contracts:
            name = f"override-{len(contracts):06d}"
            contracts[key] = {**row, "id": name, "row": row["id"], "tenant": tenant, "tiers": _tiers(random)}
    return {
        "version": f"w1-{rows}",
        "currencies": CURRENCIES,
        "prices": price_rows,
        "overrides": list(contracts.values()),
        "free_quota": [
            {"id": "quota-free", "plan": "free", "tokens": 100_000},
            {"id": "quota-starter", "plan": "starter", "tokens": 1_000_000},
        ],
    }


def _tenants(rows: int) -> int:
    return max(5, rows // 5)


def _tiers(random: Random) -> list[Row]:
    price = random.randrange(5, 8000) * 5
    bounds = sorted(random.sample([1, 2, 5, 10, 20, 50, 100], random.choice([1, 2, 2, 3])))
    tiers: list[Row] = []
    for millions in bounds:
        tiers.append({"up_to": millions * 1_000_000, "per_million": _hundredths(price)})
        price = max(1, price * random.choice([70, 80, 90]) // 100)
    return [*tiers, {"up_to": None, "per_million": _hundredths(price)}]


def _hundredths(count: int) -> str:
    return f"{count // 100}.{count % 100:02d}"


def calls(policy: Row, count: int, seed: int = 5) -> list[Row]:
    """`count` requests to price a call, a good sixth of them by tenants with a contract."""
    random = Random(seed)
    rows, contracts = policy["prices"], policy["overrides"]
    made = []
    for _ in range(count):
        if random.random() < 0.15:
            row = random.choice(contracts)
            tenant = row["tenant"]
        else:
            row = random.choice(rows)
            tenant = f"tenant-{random.randrange(_tenants(len(rows))):06d}"
        quantity = random.choice(
            [random.randrange(1, 5_000), random.randrange(1, 400) * 250, random.randrange(1, 3_000_000)]
        )
        made.append(
            {
                "tenant": tenant,
                "plan": random.choice(PLANS),
                "currency": random.choice(["USD", "USD", "EUR", "JPY", "KWD"]),
                "model": row["model"],
                "token_type": row["token_type"],
                "quantity": quantity,
                "month_quantity": random.choice([0, random.randrange(0, 2_000_000), random.randrange(0, 120_000_000)]),
            }
        )
    return made


# ------------------------------------------------------------------------------------------------ W2: may this tenant


def limits(tenants: int, seed: int = 13) -> Row:
    """Limits by plan and feature, tenants with their plans, and dated limits of a tenth of the tenants."""
    random = Random(seed * 1_000_003 + tenants)
    by_plan: dict[str, dict[str, int]] = {}
    for number, plan in enumerate(PLANS):
        by_plan[plan] = {
            feature: 0 if random.random() < 0.3 and number < 3 else random.randrange(1, 20) * 100 * 10**number
            for feature in FEATURES
        }
    plan_of: dict[str, str] = {}
    dated: list[Row] = []
    for number in range(tenants):
        tenant = f"tenant-{number:07d}"
        plan_of[tenant] = PLANS[random.choice([0, 0, 1, 1, 2, 3])]
        if random.random() < 0.10 or number == 0:
            start = random.randrange(0, 300)
            feature, limit = random.choice(FEATURES), random.randrange(1, 1000) * 100
            end = start + random.randrange(1, 200)
            dated.append(
                {
                    "id": f"ov-{len(dated):07d}",
                    "tenant": tenant,
                    "feature": feature,
                    "limit": limit,
                    "valid_from": _day(start),
                    "valid_to": _day(end),
                }
            )
    return {"version": f"w2-{tenants}", "plans": by_plan, "tenants": plan_of, "overrides": dated}


def _day(number: int) -> str:
    return (FIRST_DAY + datetime.timedelta(days=number)).isoformat()


def asked(policy: Row, count: int, seed: int = 6) -> list[Row]:
    """`count` requests for a feature, a fifth of them by tenants with a limit of their own."""
    random = Random(seed)
    tenants = len(policy["tenants"])
    made = []
    for _ in range(count):
        if random.random() < 0.2:
            own = random.choice(policy["overrides"])
            tenant, feature = own["tenant"], own["feature"]
        else:
            tenant, feature = f"tenant-{random.randrange(tenants):07d}", random.choice(FEATURES)
        usage = random.choice([0, random.randrange(0, 2_000), random.randrange(0, 200_000)])
        quantity = random.randrange(1, 50)
        day = _day(random.randrange(0, 500))
        made.append({"tenant": tenant, "feature": feature, "usage": usage, "quantity": quantity, "at": day})
    return made


# ------------------------------------------------------------------------------------------ W3: bill a subscription


def subscription() -> Row:
    """The prices and rates of one subscription business."""
    products, areas = ("chat", "embed", "agents", "images"), ("AMER", "EMEA", "APAC")
    pairs = [(product, area) for product in products for area in areas]
    return {
        "version": "w3",
        "plans": {"starter": "19.00", "pro": "99.00", "business": "349.00", "enterprise": "1499.00"},
        "seat_tiers": [
            {"up_to": 10, "price": "12.00"},
            {"up_to": 50, "price": "10.00"},
            {"up_to": None, "price": "8.50"},
        ],
        "included_tokens": {"starter": 100_000, "pro": 1_000_000, "business": 10_000_000, "enterprise": 50_000_000},
        "token_tiers": [
            {"up_to": 10_000_000, "per_million": "2.40"},
            {"up_to": 100_000_000, "per_million": "1.95"},
            {"up_to": None, "per_million": "1.35"},
        ],
        "coupons": {"LAUNCH15": "0.15", "NONPROFIT": "0.40", "WINTER5": "0.05"},
        "volume_discounts": [
            {"from": "0", "rate": "0"},
            {"from": "500", "rate": "0.03"},
            {"from": "2500", "rate": "0.07"},
        ],
        "commitments": {"starter": "0", "pro": "50.00", "business": "300.00", "enterprise": "2000.00"},
        "tax": {"US": "0", "DE": "0.19", "FR": "0.20", "JP": "0.10", "GB": "0.20"},
        "credit_cap": "5000.00",
        "approval": {"amount": "2000.00", "discount": "0.30"},
        "accounts": {f"{product}/{area}": f"{4000 + n}-{area}" for n, (product, area) in enumerate(pairs)},
        "regions": {"US": "AMER", "DE": "EMEA", "FR": "EMEA", "GB": "EMEA", "JP": "APAC"},
        "risk": {"new": 3, "known": 1, "trusted": 0},
    }


def changes(count: int, seed: int = 9) -> list[Row]:
    """`count` subscriptions that change inside their period; times in seconds since 1970."""
    random = Random(seed)
    plans = ["starter", "pro", "business", "enterprise"]
    made = []
    for _ in range(count):
        start = FIRST_SECOND + random.randrange(0, 365) * 86_400
        end = start + random.choice([28, 30, 31, 365]) * 86_400
        request = {
            "tenant": f"tenant-{random.randrange(10_000):06d}",
            "old_plan": random.choice(plans),
            "new_plan": random.choice(plans),
            "seats": random.randrange(1, 120),
            "tokens": random.randrange(0, 250_000_000),
            "period_start": start,
            "period_end": end,
            "change_at": random.randrange(start, end),
            "coupon": random.choice(["", "", "LAUNCH15", "NONPROFIT", "WINTER5"]),
        }
        has_credit = random.random() < 0.5
        request["credit_balance"] = _hundredths(random.randrange(0, 30_000)) if has_credit else "0.00"
        request["country"] = random.choice(["US", "DE", "FR", "JP", "GB"])
        request["product"] = random.choice(["chat", "embed", "agents", "images"])
        request["standing"] = random.choice(["new", "known", "trusted"])
        made.append(request)
    return made
