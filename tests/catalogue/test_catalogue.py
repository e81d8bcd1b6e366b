"""`policies/llm-catalog` prices every model as the package does that its prices come from.

The fast part runs always; all of it with

    python -m pytest -m slow tests/catalogue
"""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

import policyengine
from catalogue.comparison import REFUSED, amount_or_reason, differences, theirs
from catalogue.designed import FRACTION, NO_MODEL, NO_USAGE, NO_VARIANT, NOT_YET, PART, designed
from catalogue.reference import CATALOGUE, ROOT, Call, load_build
from catalogue.usages import RANDOM_CALLS, SEED, random_calls, refused, stratified
from policyengine.analysis import bundle_tests
from policyengine.compiler.pipeline import compile_path, compile_texts
from policyengine.runtime.engine import Policy

REFUSED_CALLS = 500
FAST_STEP = 21


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policyengine.load(CATALOGUE)


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """All valid calls, always the same."""
    return [*stratified(), *random_calls(random.Random(SEED), RANDOM_CALLS)]


def test_the_tables_are_what_the_script_makes() -> None:
    """The CSV files and the notice are those of the pinned version of the package."""
    made = load_build().files()

    assert {} == {name: text for name, text in made.items() if (CATALOGUE / name).read_text("utf-8") != text}


def test_the_bundles_own_tests_pass() -> None:
    """The examples beside the bundle hold."""
    outcomes = bundle_tests.run(compile_path(CATALOGUE))

    assert outcomes
    assert [] == [f"{outcome.test.name}: {m}" for outcome in outcomes for m in outcome.mismatches]


def test_a_margin_on_top_keeps_its_tests() -> None:
    """The file that docs/catalogue.md puts beside the others compiles with them, and its tests pass."""
    parts = [path for path in CATALOGUE.iterdir() if path.suffix in (".yaml", ".csv")]
    texts: dict[str, str | bytes] = {path.name: path.read_bytes() for path in parts}
    texts["margin.yaml"] = (ROOT / "docs" / "examples" / "margin.yaml").read_bytes()
    outcomes = bundle_tests.run(compile_texts(texts))

    assert "price_resale" in {outcome.test.decide for outcome in outcomes}
    assert [] == [f"{outcome.test.name}: {m}" for outcome in outcomes for m in outcome.mismatches]


def test_a_sample_of_all_calls_costs_the_same(policy: Policy, calls: list[Call]) -> None:
    """Every so many of the calls: of each kind, some; amounts are equal to 12 places."""
    sample = calls[::FAST_STEP]

    assert len(sample) > 1_000
    assert {call.kind for call in calls if ":" not in call.kind} <= {call.kind for call in sample}
    assert [] == [str(each) for each in differences(policy, sample)]


@pytest.mark.slow
def test_all_calls_cost_the_same(policy: Policy, calls: list[Call]) -> None:
    """Each price alone, all together at each edge of context, date and day, each variant, and random mixes."""
    kinds = Counter(call.kind.partition(":")[0] for call in calls)

    assert len(calls) > 20_000
    assert {
        "key alone", "all together", "context tier", "start date", "time of day", "variant", "random",
    } == kinds.keys()  # fmt: skip
    assert [] == [str(each) for each in differences(policy, calls)]


def test_what_the_package_refuses_is_refused(policy: Policy) -> None:
    """Usages that contradict themselves, and what is no count, are an error here as there."""
    calls = list(refused(random.Random(SEED), REFUSED_CALLS))

    assert REFUSED_CALLS == len(calls)
    assert {REFUSED} == {theirs(call) for call in calls}
    assert [] == [str(call) for call in calls if REFUSED != amount_or_reason(policy, call)[0]]


DESIGNED = {
    NO_MODEL: (179, r"call\.model: is|no row"),
    NO_USAGE: (2_151, "no price is known"),
    NO_VARIANT: (2_040, "no row"),
    NOT_YET: (174, "no row"),
    PART: (2_093, "more"),
    FRACTION: (2_086, "whole number"),
}


@pytest.mark.parametrize("reason", DESIGNED)
def test_differences_are_designed(policy: Policy, reason: str) -> None:
    """What the package prices at nothing, or as something else, is refused, and for that very reason."""
    count, words = DESIGNED[reason]
    calls = [call for why, call in designed(random.Random(SEED)) if why == reason]

    assert count == len(calls)
    assert REFUSED not in {theirs(call) for call in calls if reason != NO_VARIANT}
    said = [amount_or_reason(policy, call)[1] for call in calls]
    assert [] == [reason for reason in said if not re.search(words, reason)]
