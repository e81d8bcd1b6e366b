"""Lines by generated code are those of the interpreter, digit by digit, and add up to the amount."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bundles import policy
from hypothesis import given
from hypothesis import strategies as st

from policyengine.runtime.answers import explain

INPUTS = """
inputs:
  now: {type: int call, min: 0, max: 1_000}
  before: {type: int call, min: 0, max: 1_000}
  free: {type: int call, min: 0, max: 50}
"""
CHARGE = """
  %s:
    charge_model: tiered
    mode: %s
    quantity: now
    already_rated: before
    %s
    tiers:
      - {up_to: 10, unit_amount: 0.125, flat_amount: 1}
      - {up_to: 100, unit_amount: 0.0333333}
      - {up_to: 101, unit_amount: 0, flat_amount: 0.007}
      - {unit_amount: 0.02}
    round: {places: 2, mode: half_even}
"""
CHARGES = {
    "at_zero": ("graduated", "flat_at_zero: true"),
    "later": ("graduated", "flat_at_zero: false"),
    "freed": ("graduated", "flat_at_zero: false\n    free_quantity: free"),
    "volume": ("volume", "flat_at_zero: true"),
}
OUTPUTS = "".join(f"      {name}_amount: {name}.amount\n      {name}: {name}.lines\n" for name in CHARGES)
POLICY = policy(
    INPUTS
    + "charges:\n"
    + "".join(CHARGE % (name, *how) for name, how in CHARGES.items())
    + f"decisions:\n  bill:\n    outputs:\n{OUTPUTS}"
)
QUANTITY = st.sampled_from([0, 1, 9, 10, 11, 99, 100, 101, 102]) | st.integers(0, 1_000)


@given(now=QUANTITY, before=QUANTITY, free=st.integers(0, 50))
def test_lines_are_those_of_the_interpreter(now: int, before: int, free: int) -> None:
    decision = POLICY.decide("bill", {"now": now, "before": before, "free": free})

    for name in CHARGES:
        expected: Any = explain.lines(decision.trace.values[f"bill.{name}"])
        assert repr(expected) == repr(decision.outputs[name])
        if expected:
            assert decision.outputs[f"{name}_amount"] == sum((line["amount"] for line in expected), Decimal(0))


def test_lines_are_the_callers_own() -> None:
    """What a caller does to them is not seen by the next one."""
    decision = POLICY.decide("bill", {"now": 20, "before": 0, "free": 0})
    decision.outputs["later"][0]["amount"] = None

    assert decision.outputs["later"][0]["amount"] is not None
