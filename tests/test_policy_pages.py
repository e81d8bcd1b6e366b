"""The bundles that ship keep their promises: their tests pass and reach everything, and their pages' examples run."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import policyengine as pe
from policyengine.compiler.pipeline import compile_path
from policyengine.runtime.artifacts.program_json import from_json, to_json
from policyengine.runtime.engine import Policy

POLICIES = Path(__file__).resolve().parents[1] / "policies"


def test_the_page_of_the_credits_runs(monkeypatch):
    """A wallet that is handed on from answer to answer: three calls of 20 credits each."""
    page = (POLICIES / "credits" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(POLICIES.parent)
    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)

    assert Decimal(40) == names["wallet"]["grants"][0]["balance"]
    assert Decimal(60) == names["wallet"]["counters"][0]["used"]


def test_a_decision_with_a_refusal_says_why():
    """Effect, codes and reasons of entitlements, in the order in which the decision requires them."""
    policy = pe.load(POLICIES / "credits")
    facts = {
        "call": {"feature": "video", "units": 1},
        "customer": {"plan": "starter", "status": "past_due"},
        "month": {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"},
    }
    decision = policy.decide("may_call", facts, at="2026-03-10T10:00:00Z")

    assert "deny" == decision.effect
    assert ("account_not_active", "not_in_plan", "no_credits") == decision.codes
    reasons = {reason.path: reason.text for reason in decision.rationale if reason.kind == "entitlement"}
    assert "the account is past_due" == reasons["account"]
    assert "video is not part of the plan starter" == reasons["feature"]


def test_an_entitlement_in_many_questions_at_once_denies_for_all():
    """`preflight` repeats a decision; what that requires must allow for each of the elements."""
    policy = pe.load(POLICIES / "credits")
    facts = {
        "asked": [{"feature": "chat", "units": 1}],
        "customer": {"plan": "pro", "status": "closed"},
        "month": {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"},
    }
    decision = policy.decide("preflight", facts, at="2026-03-10T10:00:00Z")

    assert "deny" == decision.effect
    assert ("account_not_active",) == decision.codes


def test_a_program_with_entitlements_survives_its_file():
    """What is written down and read again decides alike, codes and reasons included."""
    program = compile_path(POLICIES / "credits").program
    again = Policy(replace(from_json(to_json(program)), places=program.places))
    facts = {
        "call": {"feature": "video", "units": 1},
        "customer": {"plan": "starter", "status": "closed"},
        "month": {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"},
    }
    mine = Policy(program).decide("may_call", facts, at="2026-03-10T10:00:00Z")
    theirs = again.decide("may_call", facts, at="2026-03-10T10:00:00Z")

    assert mine.codes == theirs.codes
    assert mine.rationale == theirs.rationale
    assert dict(mine.outputs) == dict(theirs.outputs)
    assert mine.record() == theirs.record()


def test_a_replay_of_a_refusal_is_the_same():
    """A record of a decision with grants and counters is answered alike again."""
    policy = pe.load(POLICIES / "credits")
    facts = json.loads((POLICIES / "credits" / "examples" / "call.json").read_text(encoding="utf-8"))
    decision = policy.decide("record", facts, at="2026-03-10T10:00:00Z", event="call-1")

    assert pe.replay(decision.record(), policy).same
