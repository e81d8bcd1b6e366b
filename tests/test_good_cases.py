"""The bundles of tests/cases/good, each of which teaches one thing, keep the word that their own tests give."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.analysis import bundle_tests
from policyengine.compiler.pipeline import compile_path
from policyengine.errors import InvalidPolicy

GOOD = sorted((Path(__file__).parent / "cases" / "good").glob("*.yaml"))

# What the schema lets through and no stage lowers yet. A case that starts to pass fails here: take it off the list.
KNOWN = {
    "a_commitment_with_overage": "commitment",
    "a_markup_on_provider_cost": "charge_model: pass_through",
    "a_minimum_for_the_month": "minimum",
    "a_share_by_tiers_of_the_amount": "charge_model: tiered_percentage",
    "a_share_of_the_payment": "charge_model: percentage",
    "an_invoice_of_several_subscriptions": "a decision with each",
    "discounts_credits_and_tax": "discounts",
    "messages_sold_in_packages": "charge_model: package",
    "quantities_counted_in_thousands": "quantity_transform",
}


def cases() -> list[object]:
    """The bundles; those that are known not to compile yet are expected to fail, and only by a diagnostic."""
    return [
        pytest.param(path, id=path.stem, marks=pytest.mark.xfail(raises=InvalidPolicy, reason=KNOWN[path.stem]))
        if path.stem in KNOWN
        else pytest.param(path, id=path.stem)
        for path in GOOD
    ]


@pytest.mark.parametrize("path", cases())
def test_a_good_bundle_passes_its_tests(path: Path) -> None:
    """It compiles without a warning, has tests, and each of them passes."""
    compiled = compile_path(path)
    outcomes = bundle_tests.run(compiled)

    assert () == compiled.warnings
    assert outcomes
    assert [] == [f"{outcome.test.name}: {m}" for outcome in outcomes for m in outcome.mismatches]


def test_known_cases_exist() -> None:
    """No case stays on the list after it was renamed."""
    assert set() == KNOWN.keys() - {path.stem for path in GOOD}
