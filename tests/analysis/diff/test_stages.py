"""The folders of a diff are its stages: each imports those below it only."""

from __future__ import annotations

import pytest
from stages import imported

from policyengine.analysis import diff

STAGES = {
    "contents": (),
    "changes": ("contents",),
    "judging": ("contents", "changes"),
    "meaning": ("changes",),
    "rating": (),
    "report": ("changes", "judging", "meaning", "rating"),
    "reports": ("judging", "meaning", "rating", "report"),
}
"""What each stage may import beside itself; `docs/ARCHITECTURE.md` tells what they do."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_those_below_it_only(stage):
    """A report reads everything, the contents of a bundle know nothing of what is made of them."""
    assert set() == imported(diff, stage) - set(STAGES[stage])
