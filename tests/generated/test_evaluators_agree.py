"""Generated code, the reference interpreter and an independent oracle give the same answers and the same failures.

In CI 1,000 questions to generated bundles; nightly 100,000, with `python -m pytest -m slow tests/generated`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest
from generated.comparing import Compiled, compiled, differences
from generated.rows import Question, fails, questions
from generated.rows import given as as_given
from generated.strategies import EXPECTED, bundle, bundle_of_expressions
from generated.writing import instant_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import numbers
from oracle.bundle import Bundle

from policyengine.errors import InvalidPolicy

QUESTIONS_EACH = 20
REFUSED_MAX = 0.2
FAILING_MIN = 0.1


@dataclass(slots=True)
class Report:
    """What a run has seen."""

    bundles: int = 0
    questions: int = 0
    failing: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def policy_of(made: Bundle, report: Report) -> Compiled | None:
    """The policy of a bundle, or None where it is refused for one of the expected reasons."""
    report.bundles += 1
    try:
        return compiled(made)
    except InvalidPolicy as refused:
        report.refused[refused.diagnostics[0].name] += 1
        if all(each.name in EXPECTED for each in refused.diagnostics):
            return None
        raise


def assert_agreement(policy: Compiled, question: Question, random: Random | None = None) -> None:
    found = differences(policy, question, random)
    if found:
        row = as_given(policy.bundle, question.facts)
        asked = f"{question.decision}, tenant {question.tenant}, at {instant_text(question.at)}, {row}"
        raise AssertionError("\n".join([*map(str, found), asked, policy.text]))


def ask(seeds: range, make: object = bundle) -> Report:
    """Make a bundle for each seed and put questions to it; raises at the first difference."""
    report = Report()
    numbers.seen.clear()
    for seed in seeds:
        random = Random(seed)
        made = make(random)  # type: ignore[operator]
        policy = policy_of(made, report)
        if policy is None:
            continue
        for question in questions(made, random, QUESTIONS_EACH):
            report.questions += 1
            report.failing += fails(made, question)
            assert_agreement(policy, question, random)
    return report


def assert_covered(report: Report) -> None:
    """The questions were hard enough for their agreement to mean something."""
    assert sum(report.refused.values()) <= REFUSED_MAX * report.bundles
    assert report.failing >= FAILING_MIN * report.questions
    assert numbers.seen["tie"] > 0
    assert numbers.seen["rounded"] > numbers.seen["tie"]


def test_a_thousand_questions_to_generated_bundles() -> None:
    """Sections: inputs, parameters, tables, values, folds, charges, guards, decisions and overrides."""
    report = ask(range(45))

    assert report.questions >= 800
    assert_covered(report)


def test_expressions_of_every_operator() -> None:
    """Expressions alone, deeper and of more kinds, as the values of one bundle."""
    report = ask(range(20), bundle_of_expressions)

    assert report.questions >= 300
    assert_covered(report)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_hypothesis_finds_no_difference(random: Random) -> None:
    """The same generator, driven by hypothesis, which shrinks what it finds."""
    made = bundle(random)
    policy = policy_of(made, Report())
    if policy is not None:
        for question in questions(made, random, 3):
            assert_agreement(policy, question)


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(50))
def test_a_hundred_thousand_questions(hundred: int) -> None:
    """The nightly run: 50 times 2,000 questions to a hundred bundles each."""
    start = 1_000 + 100 * hundred

    assert_covered(ask(range(start, start + 100)))


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(10))
def test_expressions_at_length(hundred: int) -> None:
    """The nightly run over expressions alone."""
    start = 1_000 + 100 * hundred

    assert_covered(ask(range(start, start + 100), bundle_of_expressions))
