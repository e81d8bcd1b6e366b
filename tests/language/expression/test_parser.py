"""The parser accepts what CEL accepts and numbers with a unit, says what is wrong with the rest, and never breaks."""

from __future__ import annotations

from fractions import Fraction

import pytest
from expression_samples import CONFORMANCE, NO_CONFORMANCE, expressions, pieces, published_expressions, same
from hypothesis import given
from hypothesis import strategies as st

from policyengine.language.expression.faults import FAULTS, HEIGHT_MAX, NODES_MAX, SyntaxFault
from policyengine.language.expression.parser import is_unit, parse
from policyengine.language.expression.syntax import (
    Binary,
    Bytes,
    Call,
    Chain,
    Expression,
    Index,
    ListLiteral,
    MapLiteral,
    Name,
    Null,
    Number,
    Select,
    Ternary,
    Text,
    Unary,
)
from policyengine.language.expression.walk import children, walk


def fault_of(text: str) -> SyntaxFault:
    with pytest.raises(SyntaxFault) as caught:
        parse(text)
    return caught.value


def called_at_depth(frames: int, text: str) -> Expression:
    return parse(text) if frames == 0 else called_at_depth(frames - 1, text)


@pytest.mark.skipif(not CONFORMANCE.is_dir(), reason=NO_CONFORMANCE)
@pytest.mark.parametrize("text", published_expressions())
def test_published_expressions_are_accepted(text: str) -> None:
    """Every expression of the conformance suite that we claim is an expression here."""
    assert parse(text)


@pytest.mark.parametrize(
    ("text", "value", "integer", "unit"),
    [
        ("0", "0", True, None),
        ("42", "42", True, None),
        ("0x1F", "31", True, None),
        ("0XfF", "255", True, None),
        ("1_000_000", "1000000", True, None),
        ("007", "7", True, None),
        ("19.90", "19.9", False, None),
        ("2.0", "2", False, None),
        (".5", "1/2", False, None),
        ("1_000.25", "1000.25", False, None),
        ("1e3", "1000", False, None),
        ("1E-3", "1/1000", False, None),
        ("0.1e+2", "10", False, None),
        ("0.0", "0", False, None),
        ("0e0", "0", False, None),
        ("1e6144", "1e6144", False, None),
        ("1e-6144", "1e-6144", False, None),
        ("0." + "0" * 40 + "1" * 34, "0." + "0" * 40 + "1" * 34, False, None),
        ("5 USD", "5", True, "USD"),
        ("3d", "3", True, "d"),
        ("1_000 token", "1000", True, "token"),
        ("2.50 \t EUR", "2.5", False, "EUR"),
        ("-5 USD", "-5", True, "USD"),
        ("5 u", "5", True, "u"),
        ("1eur", "1", True, "eur"),
        ("1e3 eur", "1000", False, "eur"),
        ("9223372036854775807", "9223372036854775807", True, None),
        ("-9223372036854775808", "-9223372036854775808", True, None),
        ("- 9223372036854775808", "-9223372036854775808", True, None),
        ("-0x8000000000000000", "-9223372036854775808", True, None),
    ],
)
def test_numbers_are_exact(text: str, value: str, integer: bool, unit: str | None) -> None:
    """A number is read exactly, with its unit and the minus sign directly before it."""
    assert Number(0, len(text), Fraction(value), integer, unit) == parse(text)


@pytest.mark.parametrize(
    "text",
    ["x ? 1 : 2", "1 in xs", "1in xs", "[1, 2]", "{1: a}", "5 // USD", "1 == a", "f(1)", "42.charAt(2)", "5.e", "5\n"],
)
def test_what_follows_a_number_is_not_always_a_unit(text: str) -> None:
    """Operators, methods, fields and comments after a number are not units."""
    units = [node.unit for node, _ in walk(parse(text)) if isinstance(node, Number)]

    assert not any(units)


@pytest.mark.parametrize("word", ["in", "true", "null", "if", "and", "or", "not", "_x", "", "é", "a.b", "'a'"])
def test_words_that_are_no_units(word: str) -> None:
    """Operators, literals, reserved words and whatever is no word are not units."""
    assert not is_unit(word)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'a\?\"\'\`\\'", "a?\"'`\\"),
        (r"'\a\b\f\n\r\t\v'", "\a\b\f\n\r\t\v"),
        (r"'\x41\X42\103\u0044\U00000045'", "ABCDE"),
        (r"'\U0001F62C ÿ'", "\U0001f62c ÿ"),
        (r"r'\n\\'", r"\n\\"),
        (r'R"\d+"', r"\d+"),
        ("''", ""),
        ('""""""', ""),
        ("'''it's'''", "it's"),
        ('"""a "quoted" word"""', 'a "quoted" word'),
        ("'''a\r\nb\rc\nd'''", "a\nb\nc\nd"),
        ("'''a\r\n\\r\\n'''", "a\n\r\n"),
        ("r'''a\r\nb'''", "a\nb"),
        (r"'''a\''''", "a'"),
        (r"b'\xff\377\x00A'", b"\xff\xff\x00A"),
        ("b'ÿ'", b"\xc3\xbf"),
        (r"br'\xff'", rb"\xff"),
        ("B'''a\r\nb'''", b"a\nb"),
        ("b'''a\r\n\\x00'''", b"a\n\x00"),
    ],
)
def test_literal_text(text: str, value: str | bytes) -> None:
    """Escapes, raw text, three quotes and bytes mean what they mean in CEL."""
    node = parse(text)

    assert isinstance(node, Text | Bytes)
    assert value == node.value


a, b, c, d = (Name(0, 0, name) for name in "abcd")
ONE = Number(0, 0, Fraction(1), True)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("null", Null(0, 0)),
        (".a", Name(0, 0, "a", root=True)),
        ("a && b && c", Chain(0, 0, "&&", (a, b, c))),
        ("a || b && c", Chain(0, 0, "||", (a, Chain(0, 0, "&&", (b, c))))),
        ("a && (b && c)", Chain(0, 0, "&&", (a, Chain(0, 0, "&&", (b, c))))),
        ("(a && b) && c", Chain(0, 0, "&&", (Chain(0, 0, "&&", (a, b)), c))),
        ("a + b - c + d", Chain(0, 0, "+", (Binary(0, 0, "-", Chain(0, 0, "+", (a, b)), c, 0), d))),
        ("a - b - c", Binary(0, 0, "-", Binary(0, 0, "-", a, b, 0), c, 0)),
        ("a * b / c", Binary(0, 0, "/", Chain(0, 0, "*", (a, b)), c, 0)),
        ("a + b * c", Chain(0, 0, "+", (a, Chain(0, 0, "*", (b, c))))),
        ("(a + b) * c", Chain(0, 0, "*", (Chain(0, 0, "+", (a, b)), c))),
        ("a < b == c", Binary(0, 0, "==", Binary(0, 0, "<", a, b, 0), c, 0)),
        ("a in b", Binary(0, 0, "in", a, b, 0)),
        ("a ? b : c ? d : a", Ternary(0, 0, a, b, Ternary(0, 0, c, d, a))),
        ("a ? (b ? c : d) : a", Ternary(0, 0, a, Ternary(0, 0, b, c, d), a)),
        ("a || b ? c : d", Ternary(0, 0, Chain(0, 0, "||", (a, b)), c, d)),
        ("!a", Unary(0, 0, "!", a)),
        ("--a", Unary(0, 0, "-", Unary(0, 0, "-", a))),
        ("-a.b", Unary(0, 0, "-", Select(0, 0, a, "b"))),
        ("-(1)", Unary(0, 0, "-", ONE)),
        ("a.if", Select(0, 0, a, "if")),
        ("a.`b-c/d e.f`", Select(0, 0, a, "b-c/d e.f")),
        ("a.?b.c", Select(0, 0, Select(0, 0, a, "b", optional=True), "c")),
        ("a[?1]", Index(0, 0, a, ONE, optional=True)),
        ("[a, ?b,]", ListLiteral(0, 0, ((a, False), (b, True)))),
        ("{a: b, ?c: d}", MapLiteral(0, 0, ((a, b, False), (c, d, True)))),
        ("{}", MapLiteral(0, 0, ())),
        ("f()", Call(0, 0, "f", None, (), 0)),
        (".f(a)", Call(0, 0, "f", None, (a,), 0)),
        ("a.in_(b, c)", Call(0, 0, "in_", a, (b, c), 0)),
        ("a // comment\n + b // end", Chain(0, 0, "+", (a, b))),
    ],
)
def test_shapes(text: str, tree: Expression) -> None:
    """Precedence, association and chains are those of CEL."""
    assert same(tree, parse(text))


def test_places_cover_the_parentheses() -> None:
    """A node's place begins and ends where its text does, parentheses of its operands included."""
    node = parse(" (a + b) * -c.d  ")

    assert isinstance(node, Chain)
    assert (1, 15) == (node.start, node.end)
    assert (2, 7) == (node.operands[0].start, node.operands[0].end)
    assert (11, 15) == (node.operands[1].start, node.operands[1].end)


def test_places_of_operators_and_names() -> None:
    """Operators and called names have places of their own."""
    compared = parse("a.size() <= 1")

    assert isinstance(compared, Binary)
    assert isinstance(compared.left, Call)
    assert 9 == compared.operator_start
    assert 2 == compared.left.name_start


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("(" * 10_000 + ")" * 10_000, "nested_too_deeply"),
        ("(" * 65 + "1" + ")" * 65, "nested_too_deeply"),
        ("!(" * 5_000, "nested_too_deeply"),
        ("[" * 10_000, "nested_too_deeply"),
        ("{1:" * 5_000, "nested_too_deeply"),
        ("f(" * 5_000, "nested_too_deeply"),
        ("a[" * 5_000, "nested_too_deeply"),
        ("a ? b : " * 2_000 + "c", "nested_too_deeply"),
        ("-" * 9_999 + "1", "nested_too_deeply"),
        ("1" + " < 2" * 3_000, "nested_too_deeply"),
        ("1" + "-2" * 3_000, "nested_too_deeply"),
        ("a" + ".b" * 3_000, "nested_too_deeply"),
        ("[1]" + ".map(x, x)" * 1_500, "nested_too_deeply"),
        ("1" + " + 1" * NODES_MAX, "expression_too_long"),
        ("1" + "+1" * NODES_MAX, "too_many_nodes"),
        ("[" + "1," * 1_001 + "]", "list_too_long"),
        ("a" * 20_001, "expression_too_long"),
        ('"\\' * 9_999, "unterminated_text"),
        ("'''a" * 4_999, "unexpected_token"),
        ('a"\n', "unexpected_token"),
    ],
)
def test_hostile_text_is_refused(text: str, name: str) -> None:
    """What is too long, too deep or endless is refused by name, and at once."""
    assert name == fault_of(text[:20_001] if name == "expression_too_long" else text[:20_000]).name


@pytest.mark.parametrize(
    "text",
    [
        "(" * 64 + "1" + ")" * 64,
        "-" * (HEIGHT_MAX - 1) + "a",
        "1" + "-2" * (HEIGHT_MAX - 1),
        "1" + " + 1" * (NODES_MAX - 2),
        "!f(" * 64 + "1" + ")" * 64,
        "[" + "1," * 1_000 + "]",
    ],
)
def test_the_limits_themselves_are_allowed(text: str) -> None:
    """An expression just within a limit is accepted."""
    assert parse(text[:20_000])


@pytest.mark.parametrize("level", ["a||b&&c<d+e*!x.y(", "a||b&&c<d+e*!(", "!x[", "f("])
def test_no_recursion_error_deep_in_a_stack(level: str) -> None:
    """Called four hundred frames down, the deepest text is refused and not a crash."""
    with pytest.raises(SyntaxFault):
        called_at_depth(400, level * 65 + "1")
    with pytest.raises(SyntaxFault):
        called_at_depth(400, level * 64 + "1")


@given(st.text())
def test_any_text_is_parsed_or_a_fault(text: str) -> None:
    """Whatever is written, the answer is a tree or a fault with a place in the text."""
    check_total(text)


@given(pieces)
def test_any_pieces_are_parsed_or_a_fault(text: str) -> None:
    """The same for text that is almost an expression."""
    check_total(text)


@given(expressions)
def test_places_lie_in_the_text(text: str) -> None:
    """Every node of an expression has a place, and a part lies within its whole."""
    check_total(text)


def check_total(text: str) -> None:
    try:
        tree = parse(text)
    except SyntaxFault as caught:
        fault = caught
    else:
        assert all(0 <= node.start < node.end <= len(text) for node, _ in walk(tree))
        assert all(
            node.start <= child.start and child.end <= node.end for node, _ in walk(tree) for child in children(node)
        )
        return
    assert fault.name in FAULTS
    assert 0 <= fault.start <= fault.end <= len(text)
    assert "\n" not in fault.message
