"""Whether an expression grows where another one stood, and with which of the names that it reads."""

from __future__ import annotations

import pytest

from policyengine.analysis.diff.judging.shift import reads, shift
from policyengine.language.expression.parser import parse

SHIFTS = [
    ("a", "a", 0),
    ("1_000", "1000.0", 0),
    ("5 USD", "6 USD", 1),
    ("5 USD", "5 EUR", None),
    ("a * 1.1", "a * 1.2", 1),
    ("a / 2", "a / 3", -1),
    ("a - 2", "a - 3", -1),
    ("-a * 2", "-a * 3", 1),
    ("max(a, 2)", "max(a, 3)", 1),
    ("string(2)", "string(3)", None),
    ("a > 5", "a > 6", -1),
    ("a > 5", "a >= 5", 1),
    ("a >= 5", "a > 6", -1),
    ("a < 5", "a < 6", 1),
    ("a < 5", "a <= 4", None),
    ("!(a > 5)", "!(a > 6)", 1),
    ("a > 5", "a > 5 && b", -1),
    ("a > 5", "b || a > 5", 1),
    ("a && b", "a || b", 1),
    ("a && b && c", "a && c", 1),
    ("a == 5", "a == 6", None),
    ("a in [1, 2]", "b in [1, 2]", None),
    ("a ? 1 : 2", "a ? 1 : 3", 1),
    ("a ? 1 : 2", "b ? 1 : 2", None),
    ("a + 1 > b + 2", "a + 2 > b + 3", None),
    ("true", "false", -1),
]


@pytest.mark.parametrize(("old", "new", "expected"), SHIFTS)
def test_an_expression_moves(old, new, expected):
    """Up, down, not at all, or in a way that cannot be told; and the other way round backwards."""
    assert expected == shift(parse(old), parse(new))
    assert (None if expected is None else -expected) == shift(parse(new), parse(old))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b + c", {("a", "b"): 1, ("c",): 1}),
        ("a - b", {("a",): 1, ("b",): -1}),
        ("a / b", {("a",): 1, ("b",): -1}),
        ("a > b", {("a",): 1, ("b",): -1}),
        ("!(a < b)", {("a",): 1, ("b",): -1}),
        ("a in b", {("a",): None, ("b",): 1}),
        ("a == b", {("a",): None, ("b",): None}),
        ("a ? b : c", {("a",): None, ("b",): 1, ("c",): 1}),
        ("min(a, b)", {("a",): 1, ("b",): 1}),
        ("price(a).each", {("price", "each"): 1, ("price",): None, ("a",): None}),
    ],
)
def test_an_expression_moves_with_what_it_reads(text, expected):
    """The sign of every path, None where it cannot be told."""
    found = dict(reads(parse(text)))

    assert expected == {path: sign for path, sign in found.items() if path in expected}
