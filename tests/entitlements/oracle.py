"""What the entitlement `wallet` of `asking.BUNDLE` means, written down a second time, plainly and without the engine.

It shares nothing with the lowering: amounts are Decimals, `unlimited` is infinity, and the steps are those of the
reference (docs/language.md, "Entitlements").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

INFINITY = Decimal("Infinity")
HOUR, DAY = "2026-03-29T12:00:00Z", "2026-03-29T00:00:00Z"
"""The stretches of the windows at `asking.NOW`."""


@dataclass(frozen=True)
class Wallet:
    """What is there before the request."""

    grants: list[Mapping[str, Any]]
    left: Decimal
    given: Decimal
    overage: Decimal
    allows: bool
    purchase: Decimal
    spend: Decimal
    hour: Decimal
    hour_used: Decimal

    @property
    def beyond(self) -> Decimal:
        return min(self.purchase, self.spend) if self.allows else Decimal(0)

    @property
    def stop(self) -> str:
        if not self.allows:
            return "included"
        return "spend_limit" if self.spend <= self.purchase else "max_purchase"


def wallet(facts: Mapping[str, Any], now: str) -> Wallet:
    """The wallet of some facts."""
    grants = sorted(facts["grants"], key=lambda g: (g["priority"], g["expires_at"] or "9999", g["id"]))
    active = [grant for grant in grants if is_active(grant, now)]
    given = sum((grant["amount"] for grant in active), Decimal(0))
    said = facts["overage"]
    switch = said["customer"] if said["customer"] is not None else strictest(said["plans"])
    so_far = said["used"]
    most = INFINITY if switch is True else number(said["max_purchase"])
    share = (given * Decimal("0.33")).quantize(Decimal("0.01"), ROUND_FLOOR)
    used = counter(facts["counters"], "hour", HOUR)
    return Wallet(
        grants,
        sum((grant["balance"] for grant in active), Decimal(0)),
        given,
        so_far,
        switch is not False and (switch is True or said["allow"]),
        max(most - so_far, Decimal(0)),
        max(share - so_far, Decimal(0)),
        max(number(facts["window"]) - used, Decimal(0)),
        used,
    )


def is_active(grant: Mapping[str, Any], now: str) -> bool:
    began = grant["effective_at"] is None or grant["effective_at"] <= now
    return began and (grant["expires_at"] is None or now < grant["expires_at"])


def strictest(plans: list[bool]) -> bool | None:
    return None if not plans else all(plans)


def number(limit: Any) -> Decimal:
    return INFINITY if limit == "unlimited" else limit


def counter(counters: list[Mapping[str, Any]], name: str, since: str) -> Decimal:
    """What a window has counted in its present stretch."""
    own = [one for one in counters if one["id"] == name]
    return own[-1]["used"] if own and own[-1]["since"] == since else Decimal(0)


def answer(facts: Mapping[str, Any], now: str) -> dict[str, Any]:
    """The fields of the answer that follow from these steps."""
    held, asked, mode = wallet(facts, now), facts["requested"], facts["on_excess"]
    room = held.left + held.beyond
    in_window = held.hour > 0 and asked <= held.hour
    in_pool = room > 0 and asked <= room
    fits = in_window and in_pool
    granted = {
        "refuse": asked if fits else Decimal(0),
        "clamp": min(asked, held.hour, room),
        "overflow": min(asked, held.left + held.spend),
    }[mode]
    included = min(granted, held.left)
    refused = mode == "refuse" and not fits
    stops = not in_window if refused else held.hour <= granted
    ends = not in_pool if refused else room <= granted
    limit_type = "usage_limit" if stops else held.stop if ends else None
    return {
        "allowed": fits if mode == "refuse" or asked == 0 else granted > 0,
        "granted": granted,
        "balance": held.left - included,
        "limit": held.given,
        "limit_type": limit_type,
        "overage": held.overage + granted - included,
        "draw": drawn(held.grants, included, now),
        "windows": [
            ("hour", held.hour_used + granted),
            ("day", counter(facts["counters"], "day", DAY) + granted),
        ],
        "warnings": warnings(held, granted, limit_type),
    }


def drawn(grants: list[Mapping[str, Any]], total: Decimal, now: str) -> list[tuple[str, Decimal, Decimal]]:
    """(id, drawn, what is left) of each grant."""
    found = []
    for grant in grants:
        part = min(total, grant["balance"]) if is_active(grant, now) else Decimal(0)
        total -= part
        found.append((grant["id"], part, grant["balance"] - part))
    return found


def warnings(held: Wallet, granted: Decimal, limit_type: str | None) -> list[str]:
    before = max(held.given - held.left, Decimal(0)) + held.overage
    now = before + granted

    def reached(used: Decimal) -> dict[str, bool]:
        left = max(held.given - used, Decimal(0))
        return {"half": used * 2 >= held.given, "little": left * 10 <= held.given, "much": used >= 500}

    found = [name for name, is_so in reached(now).items() if is_so and not reached(before)[name]]
    return found + (["limit_reached"] if granted > 0 and limit_type else [])
