"""The bundles that ship keep their own word, and those that teach a section reach every row and branch of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.analysis import bundle_tests, coverage
from policyengine.compiler.pipeline import compile_path

POLICIES = Path(__file__).parents[1] / "policies"
COVERED = ("checkout", "payments")


@pytest.mark.parametrize("name", COVERED)
def test_a_shipped_policy_is_tested_to_the_last_row(name: str) -> None:
    """It compiles without a warning, its tests pass, and nothing of it is left out."""
    compiled = compile_path(POLICIES / name)
    outcomes = bundle_tests.run(compiled)

    assert () == compiled.warnings
    assert [] == [f"{outcome.test.name}: {m}" for outcome in outcomes for m in outcome.mismatches]
    assert [] == [goal.what for goal in coverage.measure(compiled, outcomes).missed]
