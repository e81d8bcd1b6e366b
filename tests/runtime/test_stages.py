"""The folders of the runtime import those below them only, and the files beside them are what all of them speak of."""

from __future__ import annotations

from pathlib import Path

import pytest
from stages import imported

from policyengine import runtime

BELOW = {"exact", "failure", "limits", "places", "program", "tier_column", "unavailable"}
"""The files that say what a program, a failure and the limits are."""
FOLDERS = {
    "functions": (),
    "tables": ("functions",),
    "meaning": ("functions", "tables"),
    "artifacts": ("functions", "meaning", "tables"),
    "given": (),
    "answers": ("given", "meaning", "tables", "engine"),  # the type checker alone: a decision keeps who made it
    "codegen": ("answers", "functions", "given", "meaning", "tables"),
}
"""What each folder may import beside itself; `docs/ARCHITECTURE.md` tells what they do."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_those_below_it_only(folder: str) -> None:
    """Generated code and the interpreter meet in the engine, and nothing below knows of it."""
    assert set() == imported(runtime, folder) - {*FOLDERS[folder], *BELOW}


@pytest.mark.parametrize("file", sorted(BELOW))
def test_what_all_speak_of_knows_nothing_of_them(file: str) -> None:
    assert imported(runtime, file) <= BELOW


def test_every_folder_has_its_place() -> None:
    found = {path.name for path in Path(str(runtime.__file__)).parent.iterdir() if path.is_dir()}
    assert found - {"__pycache__"} == set(FOLDERS)
