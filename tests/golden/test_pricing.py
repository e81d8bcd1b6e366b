"""Amounts that other systems publish, for the same prices, are ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.case_files import Case, read
from golden.runner import Result, run, run_files
from golden.translate import TRANSLATORS

CASES = Path(__file__).parent / "cases"
HERE = read(CASES / "pricing.json")
OPTIONS = read(CASES / "pricing_options.json")
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "pricing_cases.json"
is_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared case files lie outside of this repository")

# Shared cases that do not pass yet. This list only ever shrinks.
NOT_YET: frozenset[str] = frozenset()


@pytest.mark.parametrize("case", HERE, ids=lambda case: case.id)
def test_a_published_amount_is_ours(case: Case):
    """One case of every kind, field and option of a price that occurs."""
    assert Result(case.id, "passed") == run(case)


@pytest.mark.parametrize("case", OPTIONS, ids=lambda case: case.id)
def test_an_option_means_what_the_case_files_say(case: Case):
    """Options side by side that no published case combines; the amounts are worked out by hand."""
    assert Result(case.id, "passed") == run(case)


def test_every_kind_is_here():
    """No translator is without a case that is always run."""
    assert TRANSLATORS.keys() - {"dmn"} == {case.kind for case in HERE}


@is_shared
def test_all_shared_cases_pass_but_those_that_we_know():
    """What fails is listed by its name, so that nothing is lost and nothing is forgotten on the list."""
    assert NOT_YET == {result.id for result in run_files([SHARED]) if result.status == "failed"}


@is_shared
def test_hardly_any_shared_case_is_left_out():
    """At most one in twenty."""
    skipped = [result.id for result in run_files([SHARED]) if result.status == "skipped"]

    assert len(skipped) * 20 <= len(read(SHARED))
