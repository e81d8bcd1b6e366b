"""Amounts that other systems publish, for the same prices, are ours."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

import pytest

from golden import asking
from golden.case_files import Case, read
from golden.runner import Result, run, run_files
from policyengine.compiler.lower.charges import adjustments
from policyengine.runtime import emission, schedules

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


@is_shared
def test_all_shared_cases_pass_but_those_that_we_know():
    """What fails is listed by its name, so that nothing is lost and nothing is forgotten on the list."""
    assert NOT_YET == {result.id for result in run_files([SHARED]) if result.status == "failed"}


@is_shared
def test_hardly_any_shared_case_is_left_out():
    """At most one in twenty."""
    skipped = [result.id for result in run_files([SHARED]) if result.status == "skipped"]

    assert len(skipped) * 20 <= len(read(SHARED))


# ------------------------------------------------------------------------------------- an engine that is a little wrong


def rounded_to_even(w, n, d, mode, low, right=emission._division):
    """Half up, taken for half even."""
    return right(w, n, d, "half_even" if mode == "half_up" else mode, low)


def flat_of_the_next_tier(schedule, quantity, at_zero):
    """The flat amount of a tier of which nothing is used yet."""
    tier = bisect_right(schedule[0], quantity)
    return schedule[4][tier] + schedule[2][tier]


def always_the_last(context, charge, scope):
    """Each slice of a period takes itself for the last one."""
    return


@pytest.fixture
def _anew():
    """Bundles are compiled by the engine as it is now, and not remembered."""
    asking.compiled.cache_clear()
    yield
    asking.compiled.cache_clear()


@pytest.mark.usefixtures("_anew")
@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        pytest.param(emission, "_division", rounded_to_even, id="another rounding mode"),
        pytest.param(schedules, "bisect_left", bisect_right, id="up_to exclusive"),
        pytest.param(adjustments, "_closes", always_the_last, id="the minimum in each slice"),
        pytest.param(schedules, "graduated_flat", flat_of_the_next_tier, id="the flat amount of an empty tier"),
    ],
)
def test_a_wrong_engine_is_found(monkeypatch, module, name, wrong):
    """The cases that are always here see each of the mistakes that are made most easily."""
    monkeypatch.setattr(module, name, wrong)

    assert [] != [case.id for case in HERE if run(case).status == "failed"]
