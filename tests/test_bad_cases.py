"""What authors see when something is wrong: every case of tests/cases/bad through the whole pipeline.

A case is a bundle, or a part of one that is compiled beside a small manifest. The cases of the folder `yaml` are
documents that need not be bundles: tests/language/test_yaml.py reads them, with either parser.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidPolicy
from policyengine.source import Diagnostic

FOLDER = Path(__file__).parent / "cases" / "bad"
BAD = sorted(path for path in FOLDER.rglob("*.yaml") if path.parent.name != "yaml")
MANIFEST = "policyengine: 1\nbundle: case\nversion: 1.0.0\ncurrency: USD\ntimezone: UTC\n"


def diagnostics(path: Path) -> list[Diagnostic]:
    """Everything that compiling a case says."""
    texts: dict[str, str | bytes] = {path.name: path.read_text(encoding="utf-8")}
    texts |= {table.name: table.read_bytes() for table in path.parent.glob(f"{path.stem}*.csv")}
    if not re.search("^policyengine:", str(texts[path.name]), re.MULTILINE):
        texts["bundle.yaml"] = MANIFEST
    try:
        return list(compile_texts(texts).warnings)
    except InvalidPolicy as invalid:
        return list(invalid.diagnostics)


@pytest.mark.parametrize("path", BAD, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_bad_bundle_is_explained(path: Path, request: pytest.FixtureRequest) -> None:
    """The author sees exactly what lies beside the case; `pytest --update` rewrites it."""
    seen = "\n\n".join(diagnostic.render() for diagnostic in diagnostics(path)) + "\n"
    expected = path.with_suffix(".txt")
    if request.config.getoption("--update"):
        expected.write_text(seen, encoding="utf-8")

    assert expected.read_text(encoding="utf-8") == seen


def test_every_text_belongs_to_a_case() -> None:
    """No expected text is left behind where a case was renamed."""
    assert [] == [text.name for text in FOLDER.rglob("*.txt") if not text.with_suffix(".yaml").exists()]
