"""One mistake, one diagnostic: for every single edit of five kinds in every good bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from single_edits import edits

from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidPolicy
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


def heard(text: str) -> int:
    """How many diagnostics the whole pipeline gives for this text."""
    try:
        return len(compile_texts({"bundle.yaml": text}).warnings)
    except InvalidPolicy as found:
        return len(found.diagnostics)


def share_told_once(every: int) -> float:
    texts = [edit.text for path in GOOD for edit in edits(path.read_text(encoding="utf-8"))][::every]
    return sum(heard(text) == 1 for text in texts) / len(texts)


def test_the_whole_pipeline_tells_a_mistake_once() -> None:
    """Later stages add nothing to what the schema has said: one edit in nine, at least 98 in 100."""
    assert share_told_once(9) >= 0.98


@pytest.mark.slow
def test_the_whole_pipeline_tells_every_mistake_once() -> None:
    """The same for all edits."""
    assert share_told_once(1) >= 0.98


def misspellings(text: str) -> Iterator[str]:
    """The bundle with one name or one word misspelt, wherever authors choose names: columns, members, outputs."""
    root = yaml.parse(Source("bundle.yaml", text), Report())
    assert root is not None
    pending: list[tuple[yaml.Node, int]] = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        match node:
            case yaml.Mapping():
                for entry in node.entries.values():
                    if depth or entry.key != "tests":
                        pending.append((entry.value, depth + 1))
                    if depth > 2:
                        yield text[: entry.key_span.start] + entry.key + "x" + text[entry.key_span.end :]
            case yaml.Sequence():
                pending += [(item, depth) for item in node.items]
            case yaml.Scalar() if depth > 2:
                yield text[: node.span.start] + "zzz" + text[node.span.end :]


def test_a_misspelt_name_is_told_at_most_once() -> None:
    """A name of the author's own that is misspelt where it is declared is one mistake, however many rows use it."""
    texts = [text for path in GOOD for text in list(misspellings(path.read_text(encoding="utf-8")))[::5]]

    assert len(texts) > 200
    assert max(heard(text) for text in texts) <= 1
