"""Hostile expressions and inputs end in their class of outcome, within a second of CPU time and 100 MB.

`tests/cases/attacks.json` holds our own cases; those beside the repository are run where they are there. Each case runs
in a process of its own under its limits.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent
OWN = TESTS / "cases" / "attacks.json"
GIVEN = TESTS.parents[1] / "shared" / "cases" / "attacks.json"
EXACT_MIN = 0.95

Case = dict[str, Any]


def outcomes(file: Path) -> list[tuple[Case, dict[str, str]]]:
    """Every case of a file with what became of it; those that describe bundles are tested elsewhere."""
    document = json.loads(file.read_text(encoding="utf-8"))
    document["cases"] = [case for case in document["cases"] if "spec" not in case]
    runner = [sys.executable, str(TESTS / "attack_runner.py")]
    done = subprocess.run(runner, input=json.dumps(document), capture_output=True, text=True, check=True, timeout=600)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [case["id"] for case in document["cases"]] == [each["id"] for each in found]
    return list(zip(document["cases"], found, strict=True))


def wrong(judged: list[tuple[Case, dict[str, str]]]) -> list[str]:
    """The cases that ended in no class that is allowed for them."""
    return [
        f"{case['id']}: {found['outcome']} instead of {case['outcome']}: {found['detail']}"
        for case, found in judged
        if found["outcome"] not in (case["outcome"], *case.get("also_ok", ()))
    ]


@pytest.mark.parametrize("file", [pytest.param(OWN, id="own"), pytest.param(GIVEN, id="given")])
def test_every_attack_ends_in_its_class(file: Path) -> None:
    """No traceback, no hang, no flood of memory; and nearly all in exactly the class that is named."""
    if not file.exists():
        pytest.skip("the case file lies beside the repository")
    judged = outcomes(file)

    assert [] == wrong(judged)
    exact = sum(case["outcome"] == found["outcome"] for case, found in judged)
    assert exact >= EXACT_MIN * len(judged)
