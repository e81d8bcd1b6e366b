"""CEL's conformance cases pass, but for the listed deviations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from conformance.cel import DEVIATIONS, is_same, run, surprises

CASES = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "cel"
needs_cases = pytest.mark.skipif(not CASES.exists(), reason="the case files lie beside the repository")


@needs_cases
def test_every_claimed_case_passes_but_the_listed_ones():
    """No case fails that is not listed, and none that is listed passes."""
    assert [] == surprises(list(run(CASES)))


@needs_cases
def test_no_case_is_lost():
    """As many cases run as the claim in the documentation says."""
    verdicts = Counter(outcome.verdict for outcome in run(CASES))

    assert verdicts["pass"] >= 1_333
    assert len(DEVIATIONS) == verdicts["fail"]


def test_few_cases_deviate():
    """The list of deviations stays short, and each has its reason."""
    assert len(DEVIATIONS) <= 6
    assert all(len(reason) > 10 for reason in DEVIATIONS.values())


@pytest.mark.parametrize(("a", "b"), [(1, True), ("1", 1), (None, False), ([1], (1,)), ({1: 2}, {True: 2}), (b"", "")])
def test_values_of_different_kinds_are_not_the_same(a, b):
    """The comparison does not take Python's word for it."""
    assert not is_same(a, b)
