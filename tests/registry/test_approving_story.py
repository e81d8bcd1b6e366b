"""The story of docs/approving.md, on every kind of registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from test_docs import ROOT, fences_of, run_python

from policyengine.clock import now
from policyengine.registry.registry import Registry
from policyengine.storage.open_store import open_store

PAGE = Path(__file__).resolve().parents[2] / "docs" / "approving.md"


def test_the_story_is_in_the_history(address, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Who planned, approved and activated what."""
    monkeypatch.setenv("POLICYENGINE_REGISTRY", address)
    monkeypatch.chdir(ROOT)
    story: dict[str, Any] = {"__name__": "story"}
    for fence in fences_of(PAGE, PAGE.read_text(encoding="utf-8")):
        if fence.language == "python":
            run_python(fence.text, story, str(fence))

    with Registry(open_store(address, make=False), now) as registry:
        done = [f"{event.actor} {event.kind}" for event in registry.history()]
        assert len(done) == registry.verify()
    assert [
        "ada published", "ada published", "ada activated", "olga rules",
        "bob planned", "pia approved", "bob activated",
        "bob planned", "pia approved", "pit approved", "fay approved",
        "pia rolled_back",
    ] == done  # fmt: skip
