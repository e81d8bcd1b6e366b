"""The story of docs/releasing.md, on every kind of registry."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from test_docs import fences_of, run_python

from policyengine.clock import now
from policyengine.registry.registry import Registry
from policyengine.runtime.answers.decision import Decision
from policyengine.storage.open_store import open_store

PAGE = Path(__file__).resolve().parents[2] / "docs" / "releasing.md"
NOBODY = frozenset[str]()
ONE = frozenset({"tenant-7"})
EVERYONE = frozenset(f"tenant-{number}" for number in range(1_000))
SHARE = frozenset(
    tenant
    for tenant in EVERYONE
    if int.from_bytes(hashlib.sha256(f"tokens\0{tenant}".encode()).digest()[:8]) % 10_000 < 500
)
HAVE_THE_SECOND = {2: NOBODY, 4: ONE, 5: ONE | SHARE, 6: EVERYONE, 7: ONE, 8: NOBODY}
"""Who is due 1.1.0 from when an event was recorded on; all others are due 1.0.0."""


def test_each_decision_of_the_story_names_the_version_that_was_due(address, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """10,000 of them, by a rule that knows the story and not the registry."""
    monkeypatch.setenv("POLICYENGINE_REGISTRY", address)
    story: dict[str, Any] = {"__name__": "story"}
    for fence in fences_of(PAGE, PAGE.read_text(encoding="utf-8")):
        if fence.language == "python":
            run_python(fence.text, story, str(fence))
    decisions: list[Decision] = story["decisions"]
    with Registry(open_store(address, make=False), now) as registry:
        assert 10 == registry.verify()
        recorded = {event.number: event.recorded for event in registry.history()}

    assert 10_000 == len(decisions)
    assert [] == [d for d in decisions if d.policy.version != expected(d, recorded)]
    assert {story["first"].digest, story["second"].digest} == {story["live"].why(d).artifact for d in decisions[::37]}


def expected(decision: Decision, recorded: dict[int, int]) -> str:
    """The version that a decision's tenant was due."""
    assert decision.at is not None
    if decision.at < min(recorded.values()):
        return "1.0.0"
    begun = [holders for number, holders in HAVE_THE_SECOND.items() if recorded[number] <= decision.at]
    is_second = decision.tenant in begun[-1] or decision.at > max(recorded.values()) + 10**18
    return "1.1.0" if is_second else "1.0.0"
