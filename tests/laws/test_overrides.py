"""A contract of one tenant changes nothing for any other: no amount, no digit, no line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from golden.bundle_text import Raw
from hypothesis import given
from hypothesis import strategies as st

from laws.drawing import numbers, tiers
from laws.evaluators import Asked
from laws.settings import LONG, QUICK

QUANTITY = {"type": "decimal unit", "min": Raw("0"), "max": Raw("1_000"), "places": Raw("2")}


def sections(schedule, free, overrides):
    """A charge by tiers of a table, with a free quantity of a parameter; both may be overridden."""
    kind = {"up_to": "decimal unit", "unit_amount": "money / unit", "flat_amount": "money"}
    found = {
        "inputs": {"plan": {"enum": ["team", "solo"]}, "used": QUANTITY},
        "parameters": {"included": {"type": "decimal unit", "value": {"plan": {"team": free, "solo": Raw("0")}}}},
        "tables": {
            "price": {
                "when": {"plan": "plan"},
                "then": {"tiers": kind, "seat": "money / unit"},
                "rows": [
                    {"id": "team", "plan": "team", "tiers": schedule["tiers"], "seat": Raw("1.5")},
                    {"id": "solo", "plan": "solo", "tiers": [{"unit_amount": Raw("1")}], "seat": Raw("2")},
                ],
            }
        },
        "charges": {
            "charge": {
                "charge_model": "tiered",
                "mode": "graduated",
                "quantity": Raw("used"),
                "tiers": "price.tiers",
                "free_quantity": Raw("included"),
                "flat_at_zero": schedule["flat_at_zero"],
            },
            "seats": {"charge_model": "per_unit", "quantity": Raw("used"), "unit_amount": "price.seat"},
        },
    }
    for name in ("parameters", "tables"):
        for one in found[name].values():
            one["overridable"] = True
    return {**found, "overrides": overrides} if overrides else found


@st.composite
def contracts(draw):
    """What one tenant has agreed, with more digits than anybody else."""
    own = draw(tiers("unit_amount"))["tiers"]
    change = {
        "included": {"team": draw(numbers(0, 30, 6))},
        "price": {"team": {"seat": draw(numbers(0, 9, 9))}, "solo": {"tiers": own}},
    }
    kept = draw(st.sets(st.sampled_from(["included", "price"]), min_size=1))
    dates = {"effective": {"from": Raw("2027-01-01"), "until": Raw("2028-01-01")}}
    terms = {"id": "contract", "tenant": "globex", "reason": "agreed", **dates}
    return [{**terms, "set": {name: change[name] for name in sorted(kept)}}]


def check_others(data):
    schedule, free = data.draw(tiers("unit_amount")), data.draw(numbers(0, 30, 1))
    without = Asked(sections(schedule, free, []))
    beside = Asked(sections(schedule, free, data.draw(contracts())))
    facts = {"plan": data.draw(st.sampled_from(["team", "solo"])), "used": Decimal(data.draw(numbers(0, 60, 2)))}
    year = data.draw(st.sampled_from(["2026", "2027", "2028"]))

    for name in ("charge", "seats"):
        for tenant in (None, "initech"):
            at = f"{year}-06-01T00:00:00Z"
            assert repr(without.outputs(name, facts, tenant, at)) == repr(beside.outputs(name, facts, tenant, at))
        if year != "2027":
            assert repr(without.outputs(name, facts, "globex", at)) == repr(beside.outputs(name, facts, "globex", at))


@QUICK
@given(st.data())
def test_an_override_changes_nothing_for_others(data):
    """Not for other tenants, not without one, and not outside of its dates."""
    check_others(data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_overrides_change_nothing_for_others(data):
    check_others(data)
