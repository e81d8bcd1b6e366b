"""The class of an entry point is decided by the worst of its operations, and says where it stands."""

from __future__ import annotations

import pytest
from bundles import MANIFEST

from policyengine.batch.classes import Class, classify
from policyengine.compiler.pipeline import compile_texts

INPUTS = """
inputs:
  n: {type: int, min: 0, max: 9}
  word: string
  wide: money
  items: {list: int, max: 5}
"""
CASES = {
    "arithmetic": ("n * 2 + 1", Class("A")),
    "equality of texts": ('word == "a" || word in ["b", "c"]', Class("A")),
    "a choice": ('n > 3 ? "high" : "low"', Class("A")),
    "text functions": ('word.startsWith("a")', Class("B", "v", "`startsWith` is a function of single values")),
    "a list of facts": ("n in items", Class("B", "v", "reads a list of int")),
    "a loop": ("items.all(x, x > n)", Class("C", "v", "goes through a list")),
    "numbers that are too wide": (
        "wide * 0.123456789012 < wide * 0.987654321098 ? n : 0",
        Class("A", no_sql="v: needs more than 128 bits: Python integers"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_class_of(name):
    """Each operation's class, with the node and the reason."""
    written, expected = CASES[name]
    program = compile_texts({"bundle.yaml": f"{MANIFEST}{INPUTS}values:\n  v: '{written}'\n"}).program

    assert expected == classify(program, program.entries["v"])
