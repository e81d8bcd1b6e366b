"""What a change means: a question that both versions answer differently, and that has to do with the change."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policyengine.analysis.diff.meaning.answers import answer, differ, differences
from policyengine.analysis.diff.report import difference
from policyengine.compiler.pipeline import compile_texts
from policyengine.runtime.engine import Policy

HERE = Path(__file__).parents[1]
SHOP = (HERE / "shop.yaml").read_text(encoding="utf-8")
PLANTED = {each["name"]: each for each in yaml.safe_load((HERE / "planted.yaml").read_text(encoding="utf-8"))}
UNSEEN = {
    "a wait",  # the same in other words
    "a longer wait",  # no decision answers with the time
    "a budget of retries raised",  # the other budgets are used up first
    "a reason",
    "an input added that nothing reads",
    "what overrides may set",
    "a word removed",  # no input is of its type
    "a parameter removed that nothing reads",
    "a note that comes later",  # it stops nothing
    "a note not asked any more",
}
"""Changes that no decision of the shop shows."""


def compiled(name=""):
    """The shop, or the shop with a planted change."""
    text = SHOP.replace(PLANTED[name]["old"], PLANTED[name]["new"]) if name else SHOP
    return compile_texts({"bundle.yaml": text})


def found(before, after):
    """The witnesses of the changes between two bundles."""
    return [meaning.witness for meaning in difference(before, after, ("a", "b")).meanings]


@pytest.mark.parametrize("name", sorted(PLANTED.keys() - UNSEEN))
def test_every_change_that_can_be_seen_has_a_witness(name):
    """Asked again, both versions give the answers that the witness says, and they differ."""
    before, after = compiled(), compiled(name)
    report = difference(before, after, ("a", "b"))
    for finding, meaning in zip(report.findings, report.meanings, strict=True):
        witness = meaning.witness
        if finding.change is None:  # what follows from a change is shown by the change
            continue
        assert witness is not None
        old, _ = answer(Policy(before.program), witness.question)
        new, _ = answer(Policy(after.program), witness.question)
        assert (witness.before, witness.after) == (old, new)
        assert differ(old, new)


@pytest.mark.parametrize("name", sorted(UNSEEN))
def test_what_no_decision_shows_has_none(name):
    """Nothing is made up."""
    assert {None} >= set(found(compiled(), compiled(name)))


def test_a_witness_is_about_its_own_change():
    """Of two changes each is shown by a question that the other one does not touch."""
    text = SHOP.replace("call: 2.00", "call: 2.50").replace("team: 1_000,", "team: 900,")
    free, price = found(compiled(), compile_texts({"bundle.yaml": text}))

    assert "team" == free.question.input["customer"]["plan"]
    assert "small" == free.question.input["usage"]["model"]
    assert "big" == price.question.input["usage"]["model"]
    assert "team" != price.question.input["customer"]["plan"]


def test_a_threshold_is_shown_between_where_it_was_and_where_it_is():
    """No number of a rule is near the quantity whose price is the threshold: it is found by halving."""
    (witness,) = found(compiled(), compiled("a threshold of a guard raised"))

    assert [("effect", "review", "allow")] == list(differences(witness.before, witness.after))[:1]
    assert 800 < dict(witness.before.outputs)["amount"] <= 900


def test_a_guard_that_is_loosened_is_shown_by_what_it_lets_pass():
    """A price that rises at the same time stops others: that is no witness of the guard."""
    text = SHOP.replace("2026-01-01: 500", "2026-01-01: 600").replace("call: 2.00", "call: 2.50")
    guard, _ = found(compiled(), compile_texts({"bundle.yaml": text}))

    assert ("review", "allow") == (guard.before.effect, guard.after.effect)
