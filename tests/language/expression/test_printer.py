"""The canonical text of an expression, and the law that it is read as the same tree."""

from __future__ import annotations

from fractions import Fraction

import pytest
from expression_samples import CONFORMANCE, NO_CONFORMANCE, expressions, published_expressions, same
from hypothesis import given, reject
from hypothesis import strategies as st

from policyengine.language.expression.faults import SyntaxFault
from policyengine.language.expression.parser import parse
from policyengine.language.expression.printer import print_expression
from policyengine.language.expression.syntax import Bytes, Number, Text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a&&b||!c", "a && b || !c"),
        ("((a)) + (b*c)", "a + b * c"),
        ("(a+b)*c", "(a + b) * c"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("(a+b)+c", "(a + b) + c"),
        ("(a+b)-c", "a + b - c"),
        ("a+(b-c)", "a + (b - c)"),
        ("(a<b)==c", "a < b == c"),
        ("(a?b:c)?d:(a?b:c)", "(a ? b : c) ? d : a ? b : c"),
        ("a?(b?c:d):a", "a ? (b ? c : d) : a"),
        ("(a?b:c)+1", "(a ? b : c) + 1"),
        ("-(-a)", "--a"),
        ("!(-a)", "!(-a)"),
        ("!-5", "!-5"),
        ("-(5)", "-(5)"),
        ("(-5).e", "-5.e"),
        ("-(5.e)", "-(5.e)"),
        ("--5", "--5"),
        ("3 - -5", "3 - -5"),
        ("(-a).b", "(-a).b"),
        ("(a+b)[c]", "(a + b)[c]"),
        ("a . ? b [ ? c ]", "a.?b[?c]"),
        ("a.`b c`.`d`.`in`.if", "a.`b c`.d.`in`.if"),
        (" . a.b( 1,c )", ".a.b(1, c)"),
        ("[a,?b,]", "[a, ?b]"),
        ("{'a':1,?b:c}", '{"a": 1, ?b: c}'),
        ("0x1F", "31"),
        ("1_000.50", "1000.5"),
        (".5", "0.5"),
        ("2.0", "2.0"),
        ("0.000", "0.0"),
        ("1e39", "1" + "0" * 39 + ".0"),
        ("1e40", "1e40"),
        ("-12.5e-50", "-1.25e-49"),
        ("1e6144", "1e6144"),
        ("1e-6144", "1e-6144"),
        ("5USD", "5 USD"),
        ("3 d", "3d"),
        ("-1_000   token", "-1000 token"),
        ("r'\\d\"'", r'"\\d\""'),
        ("'a\\tb\\x00ÿ\\u200b'", r'"a\tb\u0000ÿ\u200b"'),
        (r"b'\xff\n\'a'", r"""b"\xff\n'a" """.strip()),
        ("a // why\n&& b", "a && b"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    """The fewest parentheses, one spelling of each literal, one blank around operators."""
    assert canonical == print_expression(parse(text))


@pytest.mark.skipif(not CONFORMANCE.is_dir(), reason=NO_CONFORMANCE)
@pytest.mark.parametrize("text", published_expressions())
def test_published_expressions_keep_their_tree(text: str) -> None:
    """The law holds for every expression of the conformance suite."""
    check_law(text)


@given(expressions)
def test_printing_keeps_the_tree(text: str) -> None:
    """Parsing the canonical text gives the same tree, and printing that gives the same text."""
    try:
        parse(text)
    except SyntaxFault:
        reject()
    check_law(text)


@given(st.text(), st.binary())
def test_literals_keep_their_value(text: str, data: bytes) -> None:
    """Whatever a text or bytes hold, they are read again as they were."""
    written = print_expression(Text(0, 0, text))

    assert same(Text(0, 0, text), parse(written))
    assert "\n" not in written
    assert same(Bytes(0, 0, data), parse(print_expression(Bytes(0, 0, data))))


@given(st.integers(-(10**34) + 1, 10**34 - 1), st.integers(-6144, 6110), st.sampled_from([None, "USD", "d", "e5"]))
def test_decimals_keep_their_value(digits: int, power: int, unit: str | None) -> None:
    """A decimal of any size within the limits is read again exactly."""
    number = Number(0, 0, Fraction(digits) * Fraction(10) ** power, False, unit)

    assert same(number, parse(print_expression(number)))


def test_deep_trees_are_printed() -> None:
    """The deepest tree that the parser gives is printed without recursion."""
    text = "a - " * 255 + "a"

    assert text == print_expression(parse(text))


def check_law(text: str) -> None:
    tree = parse(text)
    canonical = print_expression(tree)
    again = parse(canonical)

    assert same(tree, again)
    assert canonical == print_expression(again)
