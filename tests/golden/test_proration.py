"""Changes, parts of periods and calendars: what other systems publish for the same rules is ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import asking
from golden.case_files import Case, read
from golden.runner import Result, run, run_files
from policyengine.compiler.lower.proration import legs
from policyengine.values import calendar, day_count

CASES = Path(__file__).parent / "cases"
HERE = read(CASES / "proration.json")
OPTIONS = read(CASES / "proration_options.json")
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "proration_cases.json"
is_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared case files lie outside of this repository")


@pytest.mark.parametrize("case", HERE, ids=lambda case: case.id)
def test_a_published_answer_is_ours(case: Case):
    """One case of every kind, field and option of a proration that occurs."""
    assert Result(case.id, "passed") == run(case)


@pytest.mark.parametrize("case", OPTIONS, ids=lambda case: case.id)
def test_an_option_means_what_the_case_files_say(case: Case):
    """Edges and options side by side; the answers are worked out apart from the engine."""
    assert Result(case.id, "passed") == run(case)


@is_shared
def test_all_shared_cases_pass():
    """None fails, and none is left out."""
    assert [] == [result for result in run_files([SHARED]) if result.status != "passed"]


# ------------------------------------------------------------------------------------- an engine that is a little wrong


def from_the_boundary_before(anchor, interval, zone, bill_day=None, right=calendar.anniversary):
    """The day of the month is forgotten where a month is too short for it."""
    return right(anchor, interval, zone, min(bill_day or 31, 28) if interval.months else None)


def without_a_cap(context, proration, scope, credit):
    """More is given back than was paid."""
    return credit


def rounded_once(context, proration, scope, price, part, right=legs._share):
    """The price of a day is never rounded."""
    return right(context, proration.model_copy(update={"round_rate": None}), scope, price, part)


def every_month_of_28_days(start, end, days_in_each_month=30, right=day_count.fixed_days):
    """Months of another length than was asked for."""
    return right(start, end, 28)


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
        pytest.param(calendar, "anniversary", from_the_boundary_before, id="drifting boundaries"),
        pytest.param(legs, "_capped", without_a_cap, id="credit above what was paid"),
        pytest.param(legs, "_share", rounded_once, id="exact price of a day"),
        pytest.param(day_count, "fixed_days", every_month_of_28_days, id="months of 28 days"),
    ],
)
def test_a_wrong_engine_is_found(monkeypatch, module, name, wrong):
    """The published cases see each of the mistakes that are made most easily."""
    monkeypatch.setattr(module, name, wrong)

    assert [] != [case.id for case in HERE if run(case).status == "failed"]
