"""CEL's conformance cases with declared types: what the checker accepts is answered as without them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import agreement
import pytest
from conformance.cel import FILES, Case, is_claimed

CASES = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "cel"
ACCEPTED = 990
"""Cases at least that have one static type; the others mix types, or use `dyn` or `null`."""


def alone(case: Case) -> bool:
    """Whether a case is an expression without variables."""
    return is_claimed(case) and not any(case.get(part) for part in ("check_only", "bindings", "container"))


@pytest.mark.skipif(not CASES.exists(), reason="the case files lie beside the repository")
def test_declared_types_change_no_answer() -> None:
    """The interpreter and both kinds of generated code answer each case as the evaluation without types does."""
    met: Counter[str] = Counter()
    found: dict[str, list[str]] = {}
    for name in FILES:
        for case in filter(alone, json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))):
            answers, _ = agreement.typed(case["expr"], {}, {})
            met["accepted" if answers else "refused"] += 1
            differences = agreement.differences(case["expr"], {}, {})
            if differences:
                found[case["expr"]] = differences

    assert {} == found
    assert met["accepted"] >= ACCEPTED
