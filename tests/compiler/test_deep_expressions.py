"""Long and deep expressions through the whole pipeline: an answer or a diagnostic, never an end of Python's stack."""

from __future__ import annotations

from typing import Any

import pytest

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts
from policyengine.runtime.artifacts.program_json import from_json, to_json
from policyengine.runtime.engine import Policy

HEAD = """
policyengine: 1
bundle: deep
version: 1.0.0
currency: USD
timezone: UTC
inputs: {x: int, b: bool, s: string, d: {type: decimal, min: 1, max: 9, places: 2}, t: timestamp}
"""
GIVEN = {"x": 1, "b": True, "s": "a", "d": 2, "t": "2026-01-01T00:00:00Z"}


def policy(text: str) -> Policy:
    return Policy(compile_texts({"bundle.yaml": f"{HEAD}values:\n  v: '{text}'\n"}).program)


ANSWERS: dict[str, tuple[str, Any]] = {
    "250 literals": ("1" + "-1" * 249, -248),
    "250 differences": ("x" + "-x" * 249, -248),
    "sums and differences": ("x" + " - x + x" * 120, 1),
    "64 brackets": ("(" * 64 + "x" + ")" * 64, 1),
    "brackets with operators": ("(" * 60 + "x" + "+1)" * 60, 61),
    "brackets with products": ("(" * 60 + "x" + "*1+1)" * 60, 61),
    "brackets with choices": ("(" * 60 + "x" + ">1?1:2)" * 60, 1),
    "2000 conditions": ("&&".join(["b"] * 2_000), True),
    "1000 alternatives": ("||".join(["!b"] * 1_000), False),
    "2400 terms": ("+".join(["x"] * 2_400), 2_400),
    "1500 texts": ("size(" + "+".join(["s"] * 1_500) + ")", 1_500),
    "900 lists": ("size(" + "+".join(["[x]"] * 900) + ")", 900),
    "500 factors": ("d" + "*1.0" * 500, 2),
    "200 remainders": ("d" + " % 7" * 200, 2),
    "200 divisions": ("round(d" + " / 2" * 200 + ", 2, half_up)", 0),
    "200 equalities": ("(x == 1) == b" + " == b" * 200, True),
    "100 durations": ("t" + " + 1d" * 100 + " > t", True),
    "60 choices in a row": ("x == 1 ? 1 : " * 60 + "2", 1),
    "60 calls": ("abs(" * 60 + "x" + ")" * 60, 1),
    "60 lists": ("size(" + "[" * 60 + "x" + "]" * 60 + ")", 1),
    "conditions in conditions": ("b" + " && b || b" * 400, True),
}
REFUSED = {
    "5000 differences": "x" + "-x" * 5_000,
    "300 differences": "x" + " - x" * 300,
    "65 brackets": "(" * 65 + "x" + ")" * 65,
    "6000 terms": "+".join(["x"] * 6_000),
    "70 calls": "abs(" * 70 + "x" + ")" * 70,
    "too many characters": "x + " * 6_000 + "x",
}


@pytest.mark.parametrize(("text", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_a_long_expression_is_answered(text: str, expected: Any) -> None:
    """Compiled, written down and read, decided and explained."""
    made = policy(text)
    again = Policy(from_json(to_json(made.program)))
    decision = again.decide("v", GIVEN)

    assert expected == decision.outputs["value"]
    assert decision.explain()


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_too_long_is_a_diagnostic(text: str) -> None:
    """One diagnostic at the expression."""
    with pytest.raises(pe.InvalidPolicy) as refused:
        policy(text)

    (diagnostic,) = refused.value.diagnostics
    assert "E001" == diagnostic.code
    assert diagnostic.hint


def at_depth(frames: int, run: Any) -> Any:
    return run() if frames == 0 else at_depth(frames - 1, run)


@pytest.mark.parametrize("frames", [200, 400, 600, 800])
def test_a_deep_caller_gets_a_diagnostic(frames: int) -> None:
    """Where the caller has used most of the stack, an expression is answered or refused like any other."""

    def run() -> set[str]:
        try:
            policy("x" + " - (x + (x * (x - 1)))" * 40)
        except pe.InvalidPolicy as refused:
            return {d.code for d in refused.diagnostics}
        return set()

    assert at_depth(frames, run) in (set(), {"E001"})
