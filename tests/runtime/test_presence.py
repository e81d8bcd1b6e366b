"""A part that is not there asks for nothing: what its nodes read may be absent, whoever else computes them."""

from __future__ import annotations

from typing import Any

import pytest
from bundles import policy

import policyengine as pe

GROUP = (
    "inputs: {there: {optional: true, fields: {count: {type: int token, min: 0}, fee: {type: money, min: 0}}}, %s}\n"
)
TABLE = """
inputs: {key: {type: string, optional: true}, %s}
tables:
  there:
    when: {key: key}
    then: {count: int token, fee: money, tiers: {up_to: int token, unit_amount: money / 1 token}}
    otherwise: error
    rows: [{id: a, key: a, count: 12, fee: 3, tiers: [{up_to: 10, unit_amount: 2}, {unit_amount: 1}]}]
"""
MORE = "before: {type: int token, min: 0, default: 5}"
CHARGE = "charges: {charge: {when: has(there), quantity: there.count, %s}}\n"
MODELS = {
    "units": "charge_model: per_unit, unit_amount: 1 USD / 1 token",
    "packages": "charge_model: package, package_size: 10, package_rounding: ceiling, unit_amount: 3",
    "tiers": "charge_model: tiered, mode: graduated, tiers: [{up_to: 10, unit_amount: 2}, {unit_amount: 1}]",
}
PARTS = [
    "already_rated: before",
    "free_quantity: 10",
    "already_rated: before, free_quantity: there.count",
    "discounts: [{amount: there.fee}], minimum: there.fee, tax: {rate: 20%, behavior: exclusive}",
]


def answers(policy: pe.Policy, given: dict[str, Any]) -> set[Any]:
    decision = policy.decide("charge", given)
    assert decision.trace.values["charge.when"] is False
    assert decision.rationale == ()
    return {None if value == [] else value for value in decision.outputs.values()}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("model", MODELS)
def test_a_charge_of_something_absent_is_absent(model: str, part: str) -> None:
    """Whether a group of the input or a table is absent."""
    charge = CHARGE % f"{MODELS[model]}, {part}"

    assert {None} == answers(policy(GROUP % MORE + charge), {})
    assert {None} == answers(policy(TABLE % MORE + charge), {})


def test_the_tiers_of_a_table_may_be_absent() -> None:
    made = policy(
        TABLE % MORE + CHARGE % "charge_model: tiered, mode: graduated, tiers: there.tiers, already_rated: before"
    )

    assert {None} == answers(made, {})
    assert 17 == made.decide("charge", {"key": "a"}).outputs["amount"]


def test_a_fact_asked_for_in_one_branch_is_not_asked_for_in_the_other() -> None:
    """Also where a part is computed once for several outputs, and only one of two facts is there."""
    made = policy(
        "inputs:\n"
        "  first: {optional: true, fields: {count: {type: int token, min: 0}}}\n"
        "  second: {optional: true, fields: {count: {type: int token, min: 0}}}\n"
        "  swapped: bool\n"
        "charges:\n"
        "  charge:\n"
        "    when: has(first) && has(second)\n"
        "    charge_model: per_unit\n"
        "    quantity: 'swapped ? first.count : second.count'\n"
        "    unit_amount: 1\n"
        "    free_quantity: 1\n"
    )
    first, second = {"first": {"count": 5}}, {"second": {"count": 7}}

    assert {None} == answers(made, {**first, "swapped": False})
    assert {None} == answers(made, {**second, "swapped": True})
    assert 4 == made.decide("charge", {**first, **second, "swapped": True}).outputs["amount"]
    assert 6 == made.decide("charge", {**first, **second, "swapped": False}).outputs["amount"]
