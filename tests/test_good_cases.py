"""The bundles of tests/cases/good, each of which teaches one thing, keep the word that their own tests give."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.analysis import bundle_tests
from policyengine.compiler.pipeline import compile_path
from policyengine.errors import InvalidPolicy

GOOD = sorted((Path(__file__).parent / "cases" / "good").glob("*.yaml"))

# What the schema lets through and no stage lowers yet. A case that starts to pass fails here: take it off the list.
KNOWN: dict[str, str] = {}


def cases() -> list[object]:
    """The bundles; those that are known not to compile yet are expected to fail, and only by a diagnostic."""
    return [
        pytest.param(path, id=path.stem, marks=pytest.mark.xfail(raises=InvalidPolicy, reason=KNOWN[path.stem]))
        if path.stem in KNOWN
        else pytest.param(path, id=path.stem)
        for path in GOOD
    ]


@pytest.mark.parametrize("path", cases())
def test_a_good_bundle_passes_its_tests(path: Path) -> None:
    """It compiles without a warning, has tests, and each of them passes."""
    compiled = compile_path(path)
    outcomes = bundle_tests.run(compiled)

    assert () == compiled.warnings
    assert outcomes
    assert [] == [f"{outcome.test.name}: {m}" for outcome in outcomes for m in outcome.mismatches]


def test_known_cases_exist() -> None:
    """No case stays on the list after it was renamed."""
    assert set() == KNOWN.keys() - {path.stem for path in GOOD}
