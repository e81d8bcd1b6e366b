"""What other systems allow, refuse and keep, for the same rights and usage, is what we say."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import asking
from golden.case_files import Case, read
from golden.runner import Result, run, run_files
from golden.translate import TRANSLATORS
from policyengine.compiler.lower.entitlements import overage, quantities
from policyengine.language.expression import arithmetic
from policyengine.runtime.codegen import support
from policyengine.runtime.engine import interpreted
from policyengine.runtime.meaning import burn_down

CASES = Path(__file__).parent / "cases"
HERE = [*read(CASES / "entitlements.json"), *read(CASES / "grant_burndown.json")]
OPTIONS = read(CASES / "entitlement_options.json")
SHARED = Path(__file__).parents[3] / "shared" / "cases"
FILES = [SHARED / "entitlement_cases.json", SHARED / "grant_burndown_cases.json"]
is_shared = pytest.mark.skipif(not FILES[0].exists(), reason="the shared case files lie outside of this repository")


@pytest.mark.parametrize("case", HERE, ids=lambda case: case.id)
def test_a_published_answer_is_ours(case: Case):
    """Cases of every kind, field and option of an entitlement and of a grant that occurs."""
    assert Result(case.id, "passed") == run(case)


@pytest.mark.parametrize("case", OPTIONS, ids=lambda case: case.id)
def test_an_option_means_what_the_case_files_say(case: Case):
    """Options side by side that no published case combines; the answers are worked out by hand."""
    assert Result(case.id, "passed") == run(case)


def test_every_kind_is_here():
    """No translator is without a case that is always run."""
    always = {case.kind for path in CASES.glob("*.json") if path.name != "yaml_cases.json" for case in read(path)}

    assert TRANSLATORS.keys() == always


@is_shared
def test_all_shared_cases_pass():
    """None fails, and none is left out."""
    assert {"passed"} == {result.status for result in run_files(FILES)}


@pytest.mark.parametrize("case", [*HERE, *OPTIONS], ids=lambda case: case.id)
def test_both_evaluators_answer_alike(monkeypatch, case: Case):
    """Generated code over whole numbers says what the interpreter says over fractions, in every question of a case."""
    monkeypatch.setattr(asking, "answer", answer_of_both)

    assert Result(case.id, "passed") == run(case)


def answer_of_both(ask: asking.Ask, answer=asking.answer) -> asking.Answer:
    """The answer, after it was compared with the interpreter's."""
    found = answer(ask)
    if found.decision is not None:
        policy = asking.compiled(ask.bundle)
        prepared = policy._prepared[ask.decide]
        facts = prepared.reader.check(asking.facts(ask.input), ask.at, ask.tenant)
        assert prepared._run is not None, "generated code answers"
        ours = interpreted(policy.program, prepared.entry, prepared.order, facts, ask.tenant)
        if not facts.unavailable:
            assert prepared._run(facts.held, None) == ours
    return found


# ------------------------------------------------------------------------------------- an engine that is a little wrong


def above_or_at(a, at, right=quantities.compare):
    """What is exhausted has access."""
    unit = a.type.number.unit if hasattr(a.type, "number") else a.type.unit
    return right(">=", a, quantities.zero(unit), at)


def active_to_the_last(grant, at):
    """A grant is active at its end."""
    return grant.effective <= at and (grant.end is None or at <= grant.end)


def without_spend_limit(context, value, scope, step, granted):
    """No spend limit holds."""
    return quantities.unlimited(step.unit)


def newest_first(items, keys, descending, right=support.order_by):
    """Equal grants the other way round."""
    return right(items[::-1], keys[::-1], descending)


def always_the_number(value, limit):
    """A limit that clamps nothing."""
    return value


@pytest.fixture
def _anew():
    """Bundles are compiled by the engine as it is now, and not remembered."""
    asking.compiled.cache_clear()
    yield
    asking.compiled.cache_clear()


@pytest.mark.usefixtures("_anew")
@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        pytest.param(quantities, "is_over", above_or_at, id="access at equality"),
        pytest.param(burn_down.Grant, "is_active", active_to_the_last, id="active at the end"),
        pytest.param(overage, "_spend_limit", without_spend_limit, id="no spend limit"),
        pytest.param(support, "order_by", newest_first, id="equal grants in another order"),
        pytest.param(support, "within", always_the_number, id="nothing is clamped"),
        pytest.param(arithmetic, "COMPARISONS", {**arithmetic.COMPARISONS, ">=": "gt"}, id="alerts above equality"),
    ],
)
def test_a_wrong_engine_is_found(monkeypatch, where, name, wrong):
    """The cases that are always here see each of the mistakes that are made most easily."""
    monkeypatch.setattr(where, name, wrong)

    assert [] != [case.id for case in [*HERE, *OPTIONS] if run(case).status == "failed"]
