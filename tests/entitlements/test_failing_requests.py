"""A request that can not be computed fails with its own code, in both evaluators, wherever the draw would meet it."""

from __future__ import annotations

import pytest

from entitlements.asking import asked, policy_of

UNPRICED = """\
policyengine: 1
bundle: wallet
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  feature: string
  grants: {list: {id: string, balance: {type: decimal, min: 0, max: 1_000, places: 2}}, max: 3}
tables:
  cost:
    when: {feature: feature}
    then: {credits: decimal}
    rows: [{id: call, feature: call, credits: 2}]
    otherwise: error
entitlements:
  wallet: {grants: grants, requested: cost.credits, when_exceeded: block, on_excess: ON_EXCESS}
"""


@pytest.mark.parametrize("on_excess", ["refuse", "clamp", "overflow"])
@pytest.mark.parametrize("balances", [[], [5], [1, 1, 5]])
def test_a_request_without_a_price_fails_as_such(on_excess: str, balances: list[int]):
    """It starts the loop over the grants, whose every turn would compare it."""
    policy = policy_of(UNPRICED.replace("ON_EXCESS", on_excess))
    grants = [{"id": f"g{n}", "balance": held} for n, held in enumerate(balances)]

    assert asked(policy, "wallet", {"feature": "image", "grants": grants}) == "no_match"
    assert asked(policy, "wallet", {"feature": "call", "grants": grants})["requested"] == 2
