"""Parts of an amount add up to it: shares by weights, and capacities that are filled."""

from __future__ import annotations

from decimal import Decimal

import pytest
from golden.bundle_text import Raw
from hypothesis import given
from hypothesis import strategies as st

from laws.evaluators import Asked
from laws.settings import LONG, QUICK

AMOUNT = {"type": "money", "min": Raw("-1_000_000"), "max": Raw("1_000_000"), "places": Raw("2")}
WEIGHT = {"type": "decimal", "min": Raw("0"), "max": Raw("1_000"), "places": Raw("2")}
CAPACITY = {"type": "money", "min": Raw("0"), "max": Raw("1_000_000"), "places": Raw("2")}


@pytest.fixture(scope="module")
def shared() -> Asked:
    return Asked(
        {
            "inputs": {
                "total": AMOUNT,
                "debt": CAPACITY,
                "weights": {"list": WEIGHT, "max": Raw("20")},
                "capacities": {"list": CAPACITY, "max": Raw("20")},
            },
            "values": {"shares": "allocate(total, weights, 2)", "drawn": "draw(debt, capacities)"},
            "decisions": {
                "allocation": {"outputs": {"parts": Raw("shares"), "sum": "sum(shares)", "total": Raw("total")}},
                "waterfall": {"outputs": {"parts": Raw("drawn"), "sum": "sum(drawn)"}},
            },
        }
    )


cents = st.integers(-(10**8), 10**8).map(lambda n: Decimal(n).scaleb(-2))
weights = st.lists(st.integers(0, 10**4).map(lambda n: Decimal(n).scaleb(-2)), min_size=1, max_size=8)


def check_allocation(shared, total, weights):
    found = shared.outputs("allocation", {"total": total, "weights": weights, "debt": 0, "capacities": []})

    assert total == found["sum"] == sum(found["parts"])
    for part, weight in zip(found["parts"], weights, strict=True):
        exact = total * weight / sum(weights)
        assert abs(part - exact) < Decimal("0.01")
        assert part * total >= 0


@QUICK
@given(total=cents, weights=weights.filter(any))
def test_shares_add_up_to_the_total(shared, total, weights):
    """Each is within a cent of its exact share, and none has another sign."""
    check_allocation(shared, total, weights)


@pytest.mark.slow
@LONG
@given(total=cents, weights=weights.filter(any))
def test_many_shares_add_up(shared, total, weights):
    check_allocation(shared, total, weights)


@QUICK
@given(debt=cents.map(abs), capacities=st.lists(cents.map(abs), max_size=8))
def test_a_waterfall_draws_all_it_can(shared, debt, capacities):
    """Capacities are filled from the first on, and together take the debt or all they have."""
    given_facts = {"total": 0, "weights": [], "debt": debt, "capacities": capacities}

    parts = shared.outputs("waterfall", given_facts)["parts"]

    assert min(debt, sum(capacities)) == sum(parts)
    for number, (part, capacity) in enumerate(zip(parts, capacities, strict=True)):
        assert part == capacity or not any(parts[number + 1 :])
