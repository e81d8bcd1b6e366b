"""The folders of a diff are its stages: each imports those below it only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from policyengine.analysis import diff

FOLDER = Path(diff.__file__).parent
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
    files = sorted((FOLDER / stage).glob("*.py")) or [FOLDER / f"{stage}.py"]
    found = {name for file in files for name in imported(file)}

    assert set() == found - {stage, *STAGES[stage]}


def imported(file):
    """The stages that a file imports."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules = (node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    prefix = f"{diff.__name__}."
    return {module.removeprefix(prefix).partition(".")[0] for module in modules if module.startswith(prefix)}
