"""W3, bill a subscription that changes: about 34 steps from two prices to an amount, a status and an account."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import policyengine as pe
from workloads.data import Row

DECISION = "bill"
BUNDLE = """\
policyengine: 1
bundle: subscription
version: 1.0.0
description: What a subscription pays that changes its plan inside a period.
currency: USD
timezone: UTC

types:
  Plan: {enum: [starter, pro, business, enterprise]}

inputs:
  old_plan: Plan
  new_plan: Plan
  seats: {type: int seat, min: 0, max: 1_000_000}
  tokens: {type: int token, min: 0, max: 1_000_000_000_000}
  period: {start: timestamp, end: timestamp}
  change_at: timestamp
  coupon: string
  credit_balance: {type: money, min: 0, max: 1_000_000, places: 2}
  country: {enum: [US, DE, FR, JP, GB]}
  product: {enum: [chat, embed, agents, images]}
  standing: {enum: [new, known, trusted]}

parameters:
  included:
    type: int token
    value: {new_plan: {starter: 100_000, pro: 1_000_000, business: 10_000_000, enterprise: 50_000_000}}
  commitment: {type: money, value: {new_plan: {starter: 0, pro: 50, business: 300, enterprise: 2_000}}}
  tax_rate: {type: decimal, value: {country: {US: 0, DE: 19%, FR: 20%, JP: 10%, GB: 20%}}}
  risk: {type: int, value: {standing: {new: 3, known: 1, trusted: 0}}}
  credit_cap: {type: money, value: 5_000}

tables:
  price:
    when: {plan: {type: Plan}}
    then: {monthly: money}
    rows:
      - {id: starter, plan: starter, monthly: 19}
      - {id: pro, plan: pro, monthly: 99}
      - {id: business, plan: business, monthly: 349}
      - {id: enterprise, plan: enterprise, monthly: 1_499}
  coupons:
    when: {coupon: coupon}
    then: {rate: decimal}
    rows:
      - {id: launch, coupon: LAUNCH15, rate: 15%}
      - {id: nonprofit, coupon: NONPROFIT, rate: 40%}
      - {id: winter, coupon: WINTER5, rate: 5%}
    otherwise: {rate: 0}
  volume:
    when: {amount: after_coupon}
    then: {rate: decimal}
    rows:
      - {id: small, amount: "< 500", rate: 0}
      - {id: middle, amount: "[500..2500)", rate: 3%}
      - {id: large, amount: ">= 2500", rate: 7%}

proration:
  change:
    basis: second
    period: period
    at: change_at
    credit: price(old_plan)
    charge: price(new_plan)
    round: {places: 2, mode: half_up}

charges:
  seat_fee:
    charge_model: tiered
    mode: graduated
    quantity: seats
    tiers: [{up_to: 10, unit_amount: 12}, {up_to: 50, unit_amount: 10}, {unit_amount: 8.50}]
  usage:
    charge_model: tiered
    mode: graduated
    quantity: tokens
    free_quantity: included
    unit_amount: 0.000001
    tiers: [{up_to: 10_000_000, factor: 2.40}, {up_to: 100_000_000, factor: 1.95}, {factor: 1.35}]
    round: {places: 2, mode: half_up}

values:
  subtotal: change.net + seat_fee.amount + usage.amount
  coupon_amount: {value: "max(subtotal, 0 USD) * coupons.rate", round: {places: 2, mode: half_up}}
  after_coupon: subtotal - coupon_amount
  volume_amount: {value: "max(after_coupon, 0 USD) * volume.rate", round: {places: 2, mode: half_up}}
  discounted: after_coupon - volume_amount
  shortfall: max(0 USD, commitment - discounted)
  committed: discounted + shortfall
  applied: min(min(credit_balance, credit_cap), max(committed, 0 USD))
  taxable: committed - applied
  tax: {value: taxable * tax_rate, round: {places: 2, mode: half_up}}
  total: taxable + tax
  discount_share: coupons.rate + volume.rate
  needs_person: total > 2_000 USD || discount_share > 0.30 || risk >= 3
  status: 'needs_person ? "pending_approval" : total > 0 USD ? "charge" : "no_charge"'

chart:
CHART

accounts:
  sale:
    when: {product: product, country: country}
    rows:
ROWS

guards:
  approval: {when: needs_person, effect: review, approver: finance, reason: a person must agree}

decisions:
  bill:
    guards: [approval]
    outputs: {amount: total, status: status, account: sale.node}
"""


def write(policy: Row, folder: Path) -> Path:
    """The bundle, as a file below a folder; its accounts are those of the policy."""
    folder.mkdir(parents=True, exist_ok=True)
    chart, rows = [], []
    for name, account in policy["accounts"].items():
        product, area = name.split("/")
        node = f"a{account.replace('-', '_').lower()}"
        chart.append(f"  {node}: {{}}")
        countries = [country for country, its in policy["regions"].items() if its == area]
        rows.append(
            f"      - {{id: {product}-{area}, product: {product}, country: [{', '.join(countries)}], node: {node}}}"
        )
    text = BUNDLE.replace("CHART", "\n".join(chart)).replace("ROWS", "\n".join(rows))
    (folder / "bundle.yaml").write_text(text, "utf-8")
    return folder


def asked(request: Row) -> tuple[dict[str, Any], str | None, object]:
    """What a request asks: its facts, its tenant and its instant."""
    kept = ("old_plan", "new_plan", "seats", "tokens", "coupon", "country", "product", "standing")
    facts: dict[str, Any] = {name: request[name] for name in kept}
    facts["period"] = {"start": _time(request["period_start"]), "end": _time(request["period_end"])}
    facts["change_at"] = _time(request["change_at"])
    facts["credit_balance"] = Decimal(request["credit_balance"])
    return facts, request["tenant"], _time(request["change_at"])


def _time(seconds: int) -> pe.Timestamp:
    return pe.Timestamp(seconds * 10**9)


def same(outputs: Any, answer: Row) -> bool:
    """Whether an answer is the right one."""
    account = f"a{answer['account'].replace('-', '_').lower()}"
    return (outputs["amount"], outputs["status"], outputs["account"]) == (answer["amount"], answer["status"], account)
