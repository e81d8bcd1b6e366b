"""What networks and providers publish about failed payments is what `policies/payments` answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import asking
from golden.case_files import Case, read
from golden.runner import Result, run, run_files
from policyengine.compiler.lower.retries import budgets, waits
from policyengine.language.expression import arithmetic

CASES = Path(__file__).parent / "cases"
HERE = read(CASES / "retry.json")
OPTIONS = read(CASES / "retry_options.json")
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "retry_cases.json"


@pytest.mark.parametrize("case", [*HERE, *OPTIONS], ids=lambda case: case.id)
def test_a_published_fact_is_ours(case: Case):
    """Every code, limit, fee and wait, on both sides of every date."""
    assert Result(case.id, "passed") == run(case)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared case files lie outside of this repository")
def test_all_shared_cases_pass():
    """None fails and none is left out."""
    assert [] == [str(result) for result in run_files([SHARED]) if result.status != "passed"]


# ------------------------------------------------------------------------------------- an engine that is a little wrong


def never_used_up(asked, listed, planned):
    """Budgets that nobody keeps."""
    return []


def a_bound_that_is_not_kept(operator, a, b, at, right=arithmetic.compare):
    """At least, taken for more than."""
    return right({">=": ">"}.get(operator, operator), a, b, at)


def never_stretched(asked, kind, due):
    """Jitter that nobody draws."""
    return due


@pytest.fixture
def _anew():
    """The policy is compiled by the engine as it is now, and not remembered."""
    asking.shipped.cache_clear()
    yield
    asking.shipped.cache_clear()


@pytest.mark.usefixtures("_anew")
@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        pytest.param(budgets, "lower", never_used_up, id="no budget"),
        pytest.param(arithmetic, "compare", a_bound_that_is_not_kept, id="one attempt too many"),
        pytest.param(waits, "_stretched", never_stretched, id="no jitter"),
        pytest.param(waits, "_not_below", never_stretched, id="no floor"),
    ],
)
def test_a_wrong_engine_is_found(monkeypatch, module, name, wrong):
    """The cases see each of the mistakes that are made most easily."""
    monkeypatch.setattr(module, name, wrong)

    assert [] != [case.id for case in [*HERE, *OPTIONS] if run(case).status == "failed"]
