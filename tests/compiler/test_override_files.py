"""Overrides from CSV: one line a leaf, the tiers of a row one line each, mistakes with their lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidPolicy
from policyengine.runtime.engine import Policy

BUNDLE = """
policyengine: 1
bundle: tokens
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  plan: {enum: [team, pro]}
  used: {type: int token, min: 0, max: 1_000_000}
parameters:
  fee: {type: money, value: 1, overridable: true}
tables:
  price:
    when: {plan: plan}
    then: {tiers: {up_to: int token, unit_amount: money / 1_000 token}}
    overridable: true
    rows:
      - {id: team, plan: team, tiers: [{unit_amount: 5}]}
      - {id: pro, plan: pro, tiers: [{unit_amount: 4}]}
charges:
  call: {charge_model: tiered, mode: graduated, quantity: used, tiers: price.tiers, flat_at_zero: false}
decisions:
  bill: {outputs: {amount: call.amount, fee: fee}}
overrides: [{file: contracts.csv}]
"""
HEADER = "id,tenant,from,until,reason,name,key,column,value,up_to,unit_amount\n"
GOOD = HEADER + (
    "a,acme,2027-01-01,,MSA,fee,,,0.5,,\n"
    "b,acme,2027-01-01,,MSA,price,team,tiers,,1000,3\n"
    "b,acme,2027-01-01,,MSA,price,team,tiers,,,2\n"
    "b,acme,2027-01-01,,MSA,price,pro,tiers,,,1\n"
)


def compiled(csv: str) -> Policy:
    return Policy(compile_texts({"bundle.yaml": BUNDLE, "contracts.csv": csv}).program)


def bill(policy: Policy, plan: str, used: int, tenant: str = "acme") -> dict[str, object]:
    found = policy.decide("bill", {"plan": plan, "used": used}, tenant=tenant, at="2027-06-01T00:00:00Z")
    return dict(found.outputs)


def test_tiers_stand_in_one_line_each() -> None:
    policy = compiled(GOOD)

    assert bill(policy, "team", 3_000) == {"amount": Decimal(7), "fee": Decimal("0.5")}  # 1 x 3 + 2 x 2
    assert bill(policy, "pro", 3_000) == {"amount": Decimal(3), "fee": Decimal("0.5")}
    assert bill(policy, "team", 3_000, "globex") == {"amount": Decimal(15), "fee": Decimal(1)}


@pytest.mark.parametrize(
    ("lines", "name", "line"),
    [
        ("b,acme,2027-01-01,,MSA,price,team,tiers,7,1000,3\n", "bad_literal", 2),
        ("b,acme,2027-01-01,,MSA,price,team,tiers,,1000,3\n", "last_tier_not_open", 2),
        ("b,acme,2027-01-01,,MSA,price,gold,tiers,,,3\n", "override_target", 2),
        ("b,,2027-01-01,,MSA,price,team,tiers,,,3\n", "missing_cell", 2),
        ("b,acme,2027-01-01,,MSA,cost,team,tiers,,,3\n", "override_target", 2),
        ("b,acme,2027-01-01,2026-01-01,MSA,price,team,tiers,,,3\n", "never_in_force", 2),
    ],
)
def test_a_mistake_has_its_line(lines: str, name: str, line: int) -> None:
    with pytest.raises(InvalidPolicy) as raised:
        compiled(HEADER + lines)

    (found,) = raised.value.diagnostics
    assert (found.name, found.at.source.name, found.at.line) == (name, "contracts.csv", line)
