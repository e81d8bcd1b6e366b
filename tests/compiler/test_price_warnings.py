"""`check` warns of prices that are legal and probably not meant."""

from __future__ import annotations

import pytest
from bundles import MANIFEST

from policyengine import InvalidPolicy
from policyengine.compiler.pipeline import compile_texts


def warnings(charge: str, units: str = "int unit, min: 0", more: str = "") -> list[str]:
    """Code, line and message of what is said about one charge over `units`."""
    inputs = f"inputs:\n  units: {{type: {units}}}\n  plan: {{enum: [team, solo]}}\n"
    text = f"{MANIFEST}{inputs}{more}charges:\n  usage:\n{charge}"
    return [f"{d.code} {d.at.line if d.at else 0}: {d.message}" for d in compile_texts({"bundle.yaml": text}).lints]


VOLUME = "    charge_model: tiered\n    mode: volume\n    quantity: units\n    flat_at_zero: false\n"


def test_a_cliff_names_both_sides_of_the_edge():
    tiers = "    tiers:\n      - {up_to: 10, unit_amount: 10}\n      - {unit_amount: 9}\n"

    expected = "B095 17: more costs less: a quantity of 10 costs 100, and 11 costs 99"
    assert [expected] == warnings(VOLUME + tiers)


def test_a_step_that_whole_units_do_not_see_is_none():
    """11 whole units cost more than 10; from 10 to 10.01 the price falls for decimals only."""
    tiers = "    tiers:\n      - {up_to: 10, unit_amount: 10}\n      - {unit_amount: 9.5}\n"

    assert [] == warnings(VOLUME + tiers)
    expected = "B095 17: more costs less: a quantity of 10 costs 100, and 10.01 costs 95.095"
    assert [expected] == warnings(VOLUME + tiers, "decimal unit, min: 0, places: 2")


def test_graduated_tiers_have_no_cliff():
    tiers = "    tiers:\n      - {up_to: 10, unit_amount: 10}\n      - {unit_amount: 1}\n"

    assert [] == warnings(VOLUME.replace("volume", "graduated") + tiers)


def test_a_flat_amount_makes_up_for_the_cliff():
    tiers = "    tiers:\n      - {up_to: 10, unit_amount: 10}\n      - {unit_amount: 5, flat_amount: 50}\n"

    assert [] == warnings(VOLUME + tiers)


def test_factors_of_an_unknown_price_are_compared_without_amounts():
    tiers = "    unit_amount: 'plan == \"team\" ? 2 USD / 1 unit : 3 USD / 1 unit'\n"
    tiers += "    tiers:\n      - {up_to: 10, factor: 1}\n      - {factor: 0.5}\n"

    assert ["B095 18: more costs less: 11 less than 10"] == warnings(VOLUME + tiers)


def test_packages_have_cliffs_too():
    tiers = "    package_rounding: per_tier\n    tiers:\n"
    tiers += "      - {up_to: 10, unit_amount: 10, package_size: 5}\n      - {unit_amount: 4, package_size: 5}\n"

    expected = "B095 18: more costs less: a quantity of 10 costs 20, and 11 costs 12"
    assert [expected] == warnings(VOLUME + tiers)


def test_rows_of_a_table_are_judged_each():
    table = """tables:
  price:
    when: {plan: plan}
    then: {tiers: {up_to: int unit, unit_amount: money / unit}}
    rows:
      - {id: team, plan: team, tiers: [{up_to: 10, unit_amount: 10}, {unit_amount: 1}]}
      - {id: solo, plan: solo, tiers: [{unit_amount: 10}]}
"""

    expected = "B095 14: more costs less in `price.team`: a quantity of 10 costs 100, and 11 costs 11"
    assert [expected] == warnings(VOLUME + "    tiers: price.tiers\n", more=table)


@pytest.mark.parametrize("free_as", ["quantity", "tier"])
def test_a_free_quantity_that_costs(free_as):
    """Eleven units cost 66; with one of them free, the other ten (or all eleven) are in the dearer tier."""
    tiers = "    tiers:\n      - {up_to: 10, unit_amount: 10}\n      - {unit_amount: 6}\n"
    free = f"    free_quantity: 1\n    free_quantity_as: {free_as}\n"

    dearer = {"quantity": "100", "tier": "110"}[free_as]
    expected = f"B096 15: a free quantity of 1 makes 11 dearer: {dearer} instead of 66"
    assert expected in warnings(VOLUME + free + tiers)


def test_a_free_quantity_of_graduated_tiers_never_costs():
    tiers = "    free_quantity: 1\n    tiers:\n      - {up_to: 10, unit_amount: 10}\n      - {unit_amount: 6}\n"

    assert [] == warnings(VOLUME.replace("volume", "graduated") + tiers)


def test_a_tier_beyond_all_quantities():
    tiers = "    tiers:\n      - {up_to: 10, unit_amount: 1}\n      - {up_to: 50, unit_amount: 2}\n"
    tiers += "      - {unit_amount: 3}\n"

    assert ["B094 18: no quantity reaches tier 3"] == warnings(VOLUME + tiers, "int unit, min: 0, max: 50")


def test_a_committed_quantity_says_nothing_of_reach():
    """The tiers are judged by what may be used, not by what was committed."""
    tiers = "    commitment: {quantity: 5, true_up: true}\n    tiers:\n"
    tiers += "      - {up_to: 10, unit_amount: 1}\n      - {unit_amount: 2}\n"

    assert [] == warnings(VOLUME + tiers)


def test_a_tier_between_two_whole_numbers():
    tiers = "    tiers:\n      - {up_to: 10, unit_amount: 1}\n      - {up_to: 10.5, unit_amount: 2}\n"
    tiers += "      - {unit_amount: 3}\n"

    assert ["B094 17: no quantity reaches tier 2"] == warnings(VOLUME + tiers)


def test_the_free_quantity_counts_when_reach_is_judged():
    """Of at most 50 units 40 are free, so that ten are priced."""
    tiers = "    free_quantity: 40\n    free_quantity_as: quantity\n    tiers:\n"
    tiers += "      - {up_to: 10, unit_amount: 1}\n      - {unit_amount: 2}\n"

    assert ["B094 19: no quantity reaches tier 2"] == warnings(VOLUME + tiers, "int unit, min: 0, max: 50")


@pytest.mark.parametrize("mode", ["volume", "graduated"])
def test_a_package_of_nothing_is_an_error_and_has_no_cliffs(mode: str):
    tiers = "    package_rounding: per_tier\n    tiers:\n"
    tiers += "      - {up_to: 10, unit_amount: 10, package_size: 0}\n      - {unit_amount: 4, package_size: 5}\n"

    with pytest.raises(InvalidPolicy) as refused:
        warnings(VOLUME.replace("volume", mode) + tiers)

    assert ["T014"] == [diagnostic.code for diagnostic in refused.value.diagnostics]


PACKAGES = "    charge_model: package\n    quantity: units\n    unit_amount: 5\n    package_rounding: ceiling\n"
PACKAGE_TIERS = VOLUME + "    package_rounding: per_tier\n"


@pytest.mark.parametrize(
    "charge",
    [f"{PACKAGES}    package_size: -10\n", f"{PACKAGE_TIERS}    tiers: [{{unit_amount: 5, package_size: -10}}]\n"],
)
def test_a_package_of_less_than_nothing_is_an_error(charge: str):
    with pytest.raises(InvalidPolicy) as refused:
        warnings(charge)

    assert ["B067"] == [diagnostic.code for diagnostic in refused.value.diagnostics]
