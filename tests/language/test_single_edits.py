"""One mistake, one diagnostic: for every single edit of five kinds in every good bundle."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from single_edits import edits

from policyengine.language import schema, yaml
from policyengine.source import Diagnostic, Report, Source

GOOD = sorted((Path(__file__).parents[1] / "cases" / "good").glob("*.yaml"))
KINDS = {"key renamed", "key dropped", "wrong type", "wrong member", "duplicate"}

# Edits that do not give exactly one diagnostic, each with its reason: at most 2 in 100 of all.
KNOWN: set[str] = set()


def diagnose(text: str) -> list[Diagnostic]:
    """What an author hears of this text."""
    report = Report()
    root = yaml.parse(Source("bundle.yaml", text), report)
    if root is not None:
        schema.check(root, report, manifest=True)
    return report.found


def test_there_are_thirty_bundles_to_edit() -> None:
    """The claim is made of at least 30 valid bundles."""
    assert len(GOOD) >= 30


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_single_edit_gives_a_single_diagnostic(path: Path) -> None:
    """Each edit of a field of the language is noticed, and told once."""
    wrong = [
        f"{path.stem}: {edit.kind} at {edit.path}: {len(found)}"
        for edit in edits(path.read_text(encoding="utf-8"))
        if len(found := diagnose(edit.text)) != 1
    ]

    assert [] == [case for case in wrong if case not in KNOWN]


def test_every_kind_of_edit_is_made() -> None:
    """The generator of edits makes hundreds of each kind, so that the claim is not empty."""
    made = Counter(edit.kind for path in GOOD for edit in edits(path.read_text(encoding="utf-8")))

    assert set(made) == KINDS
    assert min(made.values()) >= 100
