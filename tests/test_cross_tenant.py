"""One program serves all tenants, and no tenant ever sees a value of another."""

from __future__ import annotations

import random

import pytest
from bundles import policy

BODY = """inputs:
  model: {enum: [a, b, c]}
  tokens: {type: int token, min: 0}
parameters:
  free: {type: int token, value: {model: {a: 10, b: 20, c: 30}}, overridable: true}
tables:
  price:
    when: {model: model}
    then: {unit: money / token}
    overridable: true
    rows:
      - {id: ra, model: a, unit: 1}
      - {id: rb, model: b, unit: 2}
      - {id: rc, model: c, unit: 3}
charges:
  usage: {charge_model: per_unit, quantity: tokens, free_quantity: free, unit_amount: price.unit}
overrides:
  - {file: contracts.csv}
"""
TENANTS = 1_000
MODELS = "abc"


def contracts() -> tuple[str, dict[tuple[str, str], tuple[int, int]]]:
    """Every tenant has a price of its own for one model and a free quantity for another, in 2027."""
    rows = ["id,tenant,from,until,reason,name,key,column,value"]
    own: dict[tuple[str, str], tuple[int, int]] = {}
    for i in range(TENANTS):
        model, other = MODELS[i % 3], MODELS[(i + 1) % 3]
        rows.append(f"c{i},t{i},2027-01-01,2028-01-01,contract {i},price,r{model},unit,{1000 + i}")
        rows.append(f"f{i},t{i},2027-01-01,2028-01-01,contract {i},free,{other},,{2000 + i}")
        own[f"t{i}", model] = (1000 + i, "abc".index(model) * 10 + 10)
        own[f"t{i}", other] = ("abc".index(other) + 1, 2000 + i)
    return "\n".join(rows) + "\n", own


def decide_many(count: int) -> None:
    text, own = contracts()
    shop = policy(BODY, contracts=text)
    chance = random.Random(7)
    for _ in range(count):
        tenant, model = f"t{chance.randrange(TENANTS + 50)}", chance.choice(MODELS)
        year, tokens = chance.choice((2026, 2027, 2028)), chance.randrange(5_000)
        decision = shop.decide("usage", {"model": model, "tokens": tokens}, tenant=tenant, at=f"{year}-06-01T00:00:00Z")
        listed = ("abc".index(model) + 1, "abc".index(model) * 10 + 10)
        price, free = own.get((tenant, model), listed) if year == 2027 else listed

        assert max(0, tokens - free) * price == decision.outputs["amount"]
        foreign = [r for r in decision.rationale if r.kind == "override" and r.path[1:] != tenant[1:]]
        assert not foreign


def test_no_decision_reads_a_value_of_another_tenant() -> None:
    """With 1,000 tenants' overrides loaded, amounts and reasons are each tenant's own."""
    decide_many(2_000)


@pytest.mark.slow
def test_no_decision_of_a_hundred_thousand_does() -> None:
    """The same over 10^5 random decisions."""
    decide_many(100_000)
