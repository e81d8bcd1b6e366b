"""Condition cells mean in YAML and in CSV what they say, and what only looks like a cell is explained."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.compiler import extents
from policyengine.compiler.cells import (
    ExactCell,
    TextReader,
    cell_den,
    held_cell,
    named_texts,
    read_cell,
)
from policyengine.compiler.literals import Literals, Unreadable
from policyengine.language import yaml
from policyengine.language.declared import Declared, declared_number
from policyengine.runtime.tables.cells import accepts
from policyengine.source import Diagnostic, Report, Source, Span
from policyengine.values import types
from policyengine.values.types import UNLIMITED, Number
from policyengine.values.zones import UTC

INT = declared_number("int", (), Fraction(1))
DECIMAL = declared_number("decimal", (("GB", 1),), Fraction(1))
PER_MILLION = declared_number("money", (("USD", 1), ("token", -1)), Fraction(1, 1_000_000))
LIMIT = declared_number("limit", (), Fraction(1))
PLAN = Declared(types.Enum("Plan", ("free", "pro", "team", "any")))
TEXT = Declared(types.STRING)
BOOL = Declared(types.BOOL)
TIME = Declared(types.TIMESTAMP)
LENGTH = Declared(types.DURATION)
COLUMNS = [INT, DECIMAL, PER_MILLION, LIMIT, PLAN, TEXT, BOOL, TIME, LENGTH]
DAY = 86_400_000_000_000
YEAR_2026 = 20_454 * DAY

Found = tuple[Any, list[Diagnostic]]
WRONG = object()


def from_yaml(cell: str, declared: Declared) -> Found:
    report = Report()
    root = yaml.parse(Source("prices.yaml", f"cell: {cell}\n"), report)
    assert root is not None, cell
    try:
        return read_cell(root.entries["cell"].value, declared, Literals(report, UTC)), report.found
    except Unreadable:
        return WRONG, report.found


def from_csv(text: str, declared: Declared) -> Found:
    report = Report()
    at = Span(Source("prices.csv", text), 0, len(text))
    try:
        return TextReader(declared, Literals(report, UTC)).cell(text, at), report.found
    except Unreadable:
        return WRONG, report.found


def number(n: int) -> Fraction:
    return Fraction(n)


def at_least(n: Any) -> ExactCell:
    return ("range", n, True, None, False)


def below(n: Any) -> ExactCell:
    return ("range", None, False, n, False)


# --- what cells mean


@pytest.mark.parametrize(
    ("written", "declared", "expected"),
    [
        ("5", INT, number(5)),
        ("any", INT, None),
        ("[1, 2]", INT, ("any", number(1), number(2))),
        ('">= 10"', INT, at_least(number(10))),
        ('">=10"', INT, at_least(number(10))),
        ("< 5", INT, below(number(5))),
        ('">= -5"', INT, at_least(number(-5))),
        ('"[1_000..2_000)"', INT, ("range", number(1000), True, number(2000), False)),
        ('"(1 .. 10]"', INT, ("range", number(1), False, number(10), True)),
        ('"< 5, > 10"', INT, ("any", below(number(5)), ("range", number(10), False, None, False))),
        ('"5, >= 10"', INT, ("any", number(5), at_least(number(10)))),
        ('[5, ">= 10"]', INT, ("any", number(5), at_least(number(10)))),
        ("{not: 5}", INT, ("not", number(5))),
        ("{not: [5, 6]}", INT, ("not", ("any", number(5), number(6)))),
        ("{not: {not: 5}}", INT, number(5)),
        ("10%", DECIMAL, Fraction(1, 10)),
        ('"< 10%"', DECIMAL, below(Fraction(1, 10))),
        ('"[0.5..1.5)"', DECIMAL, ("range", Fraction(1, 2), True, Fraction(3, 2), False)),
        ('"< 15"', PER_MILLION, below(Fraction(15, 1_000_000))),
        ("unlimited", LIMIT, UNLIMITED),
        ('"[5..unlimited]"', LIMIT, at_least(number(5))),
        ('"< unlimited"', LIMIT, below(UNLIMITED)),
        ("2026-01-01", TIME, YEAR_2026),
        ('">= 2026-01-01T00:00:01Z"', TIME, at_least(YEAR_2026 + 1_000_000_000)),
        ('"[2026-01-01..2026-01-02)"', TIME, ("range", YEAR_2026, True, YEAR_2026 + DAY, False)),
        ('">= 3d"', LENGTH, at_least(3 * DAY)),
        ("true", BOOL, True),
        ("[true, false]", BOOL, ("any", True, False)),
        ("pro", PLAN, "pro"),
        ('"any"', PLAN, "any"),
        ("{starts_with: p}", PLAN, "pro"),
        ('{matches: "^(pro|team)$"}', PLAN, ("any", "pro", "team")),
        ("gpt-4", TEXT, "gpt-4"),
        ('"> 5"', TEXT, "> 5"),
        ('"[a..b)"', TEXT, "[a..b)"),
        ('"a, b"', TEXT, "a, b"),
        ('"any"', TEXT, "any"),
        ("{starts_with: gpt-}", TEXT, ("starts", "gpt-")),
        ("{ends_with: [a, b]}", TEXT, ("any", ("ends", "a"), ("ends", "b"))),
        ("{not: {contains: mini}}", TEXT, ("not", ("contains", "mini"))),
        ('{matches: "^gpt-[0-9]+"}', TEXT, ("matches", "^gpt-[0-9]+")),
    ],
)
def test_a_cell_in_yaml(written: str, declared: Declared, expected: ExactCell) -> None:
    """Each form of a cell, in a column of each type that has it."""
    assert (expected, []) == from_yaml(written, declared)


@pytest.mark.parametrize(
    ("written", "declared", "expected"),
    [
        ("", INT, None),
        ("  ", INT, None),
        ("any", INT, None),
        (" 5 ", INT, number(5)),
        ("5 | 7", INT, ("any", number(5), number(7))),
        ("5|>= 20", INT, ("any", number(5), at_least(number(20)))),
        ("< 5, >= 10", INT, ("any", below(number(5)), at_least(number(10)))),
        ("[1..10)", INT, ("range", number(1), True, number(10), False)),
        ("not: 5 | 6", INT, ("not", ("any", number(5), number(6)))),
        ("10%", DECIMAL, Fraction(1, 10)),
        ("15", PER_MILLION, Fraction(15, 1_000_000)),
        ("unlimited | < 5", LIMIT, ("any", UNLIMITED, below(number(5)))),
        (">= 2026-01-01 | 2025-12-31", TIME, ("any", at_least(YEAR_2026), YEAR_2026 - DAY)),
        ("3d", LENGTH, 3 * DAY),
        ("TRUE", BOOL, True),
        ("pro | team", PLAN, ("any", "pro", "team")),
        ("'any", PLAN, "any"),
        ("a | b", TEXT, ("any", "a", "b")),
        ("'a | b", TEXT, "a | b"),
        ("' a ", TEXT, " a "),
        ("'", TEXT, ""),
        ("5", TEXT, "5"),
        ("no", TEXT, "no"),
        ("> 5", TEXT, "> 5"),
        ("https://example.com", TEXT, "https://example.com"),
        ("starts_with: gpt- | o1", TEXT, ("any", ("starts", "gpt-"), ("starts", "o1"))),
        ("starts_with: 'a | b", TEXT, ("starts", "a | b")),
        ("matches: ^(a|b)$", TEXT, ("matches", "^(a|b)$")),
        ("not: contains: mini", TEXT, ("not", ("contains", "mini"))),
    ],
)
def test_a_cell_in_csv(written: str, declared: Declared, expected: ExactCell) -> None:
    """The forms of YAML without its braces and quotes."""
    assert (expected, []) == from_csv(written, declared)


# --- what is wrong with cells


@pytest.mark.parametrize(
    ("written", "declared", "name", "hint"),
    [
        ('"[10..5]"', INT, "empty_range", "did you mean `[5..10]`?"),
        ('"(3..3)"', DECIMAL, "empty_range", "write `3` for the value alone"),
        ('"(3..4)"', INT, "empty_range", "write `[3..4]` for both and what lies between"),
        ('"> unlimited"', LIMIT, "empty_range", None),
        ('"> 10, < 20"', INT, "cell_accepts_everything", "a comma means or: where both must hold, write `(10..20)`"),
        ('"< 20, >= 10"', INT, "cell_accepts_everything", "a comma means or: where both must hold, write `[10..20)`"),
        ('"<= 5, >= 6"', INT, "cell_accepts_everything", "write `any`, or leave the cell out"),
        ('["<= 5", "> 5"]', DECIMAL, "cell_accepts_everything", "write `any`, or leave the cell out"),
        ("[5, any]", INT, "cell_accepts_everything", "write `any`, or leave the cell out"),
        ("[a, {not: a}]", TEXT, "cell_accepts_everything", "write `any`, or leave the cell out"),
        ('{contains: ""}', TEXT, "cell_accepts_everything", "write `any`, or leave the cell out"),
        ("{not: any}", INT, "cell_accepts_nothing", None),
        ("{not: [true, false]}", BOOL, "cell_accepts_nothing", None),
        ('{not: [free, pro, team, "any"]}', PLAN, "cell_accepts_nothing", None),
        ("{starts_with: x}", PLAN, "cell_accepts_nothing", None),
        ("[]", INT, "cell_accepts_nothing", "write `any`, or leave the cell out"),
        ("[1, 1.0]", DECIMAL, "repeated_alternative", "remove one"),
        ("[a, b, a]", TEXT, "repeated_alternative", "remove one"),
        ('"> 10 && < 20"', INT, "bad_range", "where both must hold, write `(10..20)`"),
        ('"=> 5"', INT, "bad_range", "write `>= 5`"),
        ('"!= 5"', INT, "bad_range", "write `{not: 5}`"),
        ('"== 5"', INT, "bad_range", "write `5` alone"),
        ('"1..10"', INT, "bad_range", "write `[1..10]`, or `[1..10)` without its end"),
        ('"1 - 10"', INT, "bad_range", "write `[1..10]`, or `[1..10)` without its end"),
        ('"[1, 10]"', INT, "bad_range", "write `[1..10]`"),
        ('"]1..10["', INT, "bad_range", "write `(1..10)`"),
        ('"[1..10["', INT, "bad_range", "write `[1..10)`"),
        ('"[5..)"', INT, "bad_range", "write `>= 5` for a range without an end"),
        ('"(..5]"', INT, "bad_range", "write `<= 5` for a range without a beginning"),
        ('"-"', INT, "bad_range", "write `any`, or leave the cell out to accept everything"),
        ('"1,000"', INT, "comma_in_number", "write 1_000"),
        (
            '"> 1,500"', INT, "comma_in_number",
            "write `1_500` or `1.5` for one number, and a space after a comma for two",
        ),
        ('"10"', INT, "bad_literal", "write 10 without quotes"),
        ('"< 1e3"', INT, "bad_literal", "write 1000"),
        ("1.5", INT, "bad_literal", None),
        ("[[1], 2]", INT, "bad_literal", "write all alternatives in one list"),
        ("5", TEXT, "bad_literal", "put it in quotes"),
        ("prr", PLAN, "not_a_member", "did you mean `pro`?"),
        ('"> 2026-02-30"', TIME, "bad_date", None),
        ("{}", TEXT, "one_form_only", "write one of `not`, `starts_with`, `ends_with`, `contains` and `matches`"),
        ("{start_with: a}", TEXT, "unknown_cell_form", "did you mean `starts_with`?"),
        ("{contains: a}", INT, "pattern_needs_text", None),
        (
            "any", PLAN, "any_is_a_member",
            'write "any" in quotes for the member; leave the cell out to accept everything',
        ),
        ('"> 5,"', INT, "empty_alternative", "write one, or remove the separator"),
    ],
)  # fmt: skip
def test_a_bad_cell_in_yaml(written: str, declared: Declared, name: str, hint: str | None) -> None:
    """One mistake is one diagnostic, and where it can be guessed the hint says what was meant."""
    cell, found = from_yaml(written, declared)

    assert WRONG is cell
    assert [name] == [each.name for each in found]
    if hint is not None:
        assert hint == found[0].hint


@pytest.mark.parametrize(
    ("written", "declared", "name"),
    [
        ("5 | ", INT, "empty_alternative"),
        ("not:", INT, "empty_alternative"),
        ("not: any", TEXT, "cell_accepts_nothing"),
        ("> 10 | < 20", INT, "cell_accepts_everything"),
        ("5 | 5", INT, "repeated_alternative"),
        ("!= 5", INT, "bad_range"),
        ("1,000", INT, "comma_in_number"),
        ("1e3", INT, "bad_literal"),
        ("'5", INT, "bad_literal"),
        ("no", BOOL, "bad_literal"),
        ("start_with: a", TEXT, "unknown_cell_form"),
        ("starts_with: 5", INT, "pattern_needs_text"),
        ("matches: (a+)+", TEXT, "bad_pattern"),
        ("any", PLAN, "any_is_a_member"),
    ],
)
def test_a_bad_cell_in_csv(written: str, declared: Declared, name: str) -> None:
    """What is wrong in YAML is wrong in CSV, once."""
    cell, found = from_csv(written, declared)

    assert WRONG is cell
    assert [name] == [each.name for each in found]


def test_a_mistake_is_shown_where_it_stands() -> None:
    """The carets are under the part that is wrong, quotes or not."""
    _, found = from_yaml('[1, "< 5, > x"]', INT)

    assert ["prices.yaml:1:19"] == [str(each.at) for each in found]


def test_each_wrong_alternative_is_told() -> None:
    """One does not hide the next."""
    _, found = from_yaml("[a, 1, b, 1]", INT)

    assert ["bad_literal", "bad_literal", "repeated_alternative"] == [each.name for each in found]


# --- laws


BOUNDS = st.integers(0, 9).map(Fraction)
RANGES = st.one_of(
    st.tuples(st.just("range"), st.none(), st.just(False), BOUNDS, st.booleans()),
    st.tuples(st.just("range"), BOUNDS, st.booleans(), st.none(), st.just(False)),
    st.tuples(st.just("range"), BOUNDS, st.booleans(), BOUNDS, st.booleans()),
)
SAFE_TEXTS = st.text("abc-09", min_size=1, max_size=4)
ANY_TEXTS = st.text("ab|'\"[]().,:#{}- \u00e9\U0001f600", max_size=5)
PATTERNS = st.tuples(st.sampled_from(["starts", "ends", "contains"]), SAFE_TEXTS)


def composed(simple: st.SearchStrategy[ExactCell]) -> st.SearchStrategy[ExactCell]:
    several = st.lists(simple, min_size=2, max_size=4, unique=True).map(lambda each: ("any", *each))
    return st.one_of(simple, several, st.one_of(simple, several).map(lambda each: ("not", each)))


def is_sensible(cell: ExactCell, its_type: types.Type) -> bool:
    """Whether an author may write the cell: no part of it is empty, and the whole is neither empty nor everything."""
    parts = cell[1:] if isinstance(cell, tuple) and cell[0] in ("any", "not") else ()
    if any(isinstance(part, tuple) and not is_sensible(part, its_type) for part in parts):
        return False
    return not extents.accepts_everything(cell, its_type) and not extents.accepts_nothing(cell, its_type)


def ordered_cells(declared: Declared) -> st.SearchStrategy[ExactCell]:
    return composed(st.one_of(BOUNDS, RANGES)).filter(lambda cell: is_sensible(cell, declared.type))


TEXT_CELLS = composed(st.one_of(SAFE_TEXTS, PATTERNS)).filter(lambda cell: is_sensible(cell, types.STRING))
KEYS = {"starts": "starts_with", "ends": "ends_with", "contains": "contains"}


def range_text(cell: ExactCell) -> str:
    _, low, low_in, high, high_in = cell
    if low is None:
        return f"{'<=' if high_in else '<'} {high}"
    if high is None:
        return f"{'>=' if low_in else '>'} {low}"
    return f"{'[' if low_in else '('}{low}..{high}{']' if high_in else ')'}"


def as_yaml(cell: ExactCell) -> str:
    match cell:
        case ("any", *inner):
            return "[" + ", ".join(as_yaml(each) for each in inner) + "]"
        case ("not", inner):
            return f"{{not: {as_yaml(inner)}}}"
        case ("range", *_):
            return f'"{range_text(cell)}"'
        case (str(form), text):
            return f"{{{KEYS[form]}: {as_yaml(text)}}}"
    return str(cell) if isinstance(cell, Fraction) else json.dumps(cell, ensure_ascii=False)


def as_csv(cell: ExactCell) -> str:
    match cell:
        case ("any", *inner):
            return " | ".join(as_csv(each) for each in inner)
        case ("not", inner):
            return f"not: {as_csv(inner)}"
        case ("range", *_):
            return range_text(cell)
    return str(cell)


@given(ordered_cells(DECIMAL))
def test_a_printed_cell_is_read_back(cell: ExactCell) -> None:
    """Numbers and ranges, alone, in lists and negated, in both notations."""
    assert (cell, []) == from_yaml(as_yaml(cell), DECIMAL)
    assert (cell, []) == from_csv(as_csv(cell), DECIMAL)


@given(TEXT_CELLS)
def test_a_printed_cell_of_texts_is_read_back(cell: ExactCell) -> None:
    """Texts and patterns, alone, in lists and negated."""
    assert (cell, []) == from_yaml(as_yaml(cell), TEXT)


@given(ANY_TEXTS)
def test_every_text_can_be_written(text: str) -> None:
    """In quotes in YAML, behind a `'` in CSV."""
    assert (text, []) == from_yaml(json.dumps(text, ensure_ascii=False), TEXT)
    assert (text, []) == from_csv("'" + text, TEXT)


SIGNS = st.sampled_from(
    ["<", ">", "=", "[", "]", "(", ")", "..", ",", "|", "not: ", "any", "starts_with: ", "matches: ", "'", "-", "5",
     "1_000", "10%", "1e3", "a", "pro", "unlimited", "2026-01-01", "3d", " ", "&&", "!", "*", "true", "\u00e9", "and"],
)  # fmt: skip


@given(st.lists(SIGNS, max_size=7).map("".join), st.sampled_from(COLUMNS))
def test_any_text_is_a_cell_or_explained(text: str, declared: Declared) -> None:
    """Whatever stands in a cell, there is either a cell or a diagnostic that can be shown, never another exception."""
    for cell, found in (from_csv(text, declared), from_yaml(json.dumps(text, ensure_ascii=False), declared)):
        assert (cell is WRONG) == bool(found)
        assert all(each.render() for each in found)
        if cell is not WRONG and isinstance(declared.type, Number):
            held_cell(cell, Number(False, declared.type.unit, cell_den([cell])))


NODES = st.recursive(
    st.sampled_from(["1", "2.5", "any", "true", "null", '"< 5"', '"> 3, < 9"', "a", '"x"', "10%", "unlimited", '""']),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: "[" + ", ".join(each) + "]"),
        inner.map(lambda each: f"{{not: {each}}}"),
        st.tuples(st.sampled_from([*KEYS.values(), "matches", "foo"]), inner).map(lambda p: f"{{{p[0]}: {p[1]}}}"),
        st.just("{}"),
    ),
    max_leaves=5,
)


@given(NODES, st.sampled_from(COLUMNS))
def test_any_node_is_a_cell_or_explained(written: str, declared: Declared) -> None:
    """The same for values of every shape."""
    cell, found = from_yaml(written, declared)

    assert (cell is WRONG) == bool(found)


@given(composed(st.one_of(BOUNDS, RANGES)), st.sampled_from([INT, DECIMAL]))
def test_the_extent_of_a_cell_is_what_it_accepts(cell: ExactCell, declared: Declared) -> None:
    """A cell is called empty or total exactly if it accepts none or all of enough samples around its bounds."""
    step = Fraction(1) if declared is INT else Fraction(1, 2)
    answers = [accepts(cell, step * n) for n in range(-4, 24)]

    assert all(answers) == extents.accepts_everything(cell, declared.type)
    assert (not any(answers)) == extents.accepts_nothing(cell, declared.type)


@given(composed(st.sampled_from(["free", "pro", "team", "any"])))
def test_the_extent_of_members_is_what_they_accept(cell: ExactCell) -> None:
    """The same for the members of an enum."""
    answers = [accepts(cell, member) for member in ("free", "pro", "team", "any")]

    assert all(answers) == extents.accepts_everything(cell, PLAN.type)
    assert (not any(answers)) == extents.accepts_nothing(cell, PLAN.type)


@given(st.lists(ordered_cells(DECIMAL), max_size=4), st.fractions(0, 9, max_denominator=8))
def test_a_held_cell_accepts_what_the_exact_one_accepts(column: list[ExactCell], value: Fraction) -> None:
    """Over a common denominator nothing is lost."""
    den = cell_den([*column, value])
    its_type = Number(False, (), den)

    for cell in column:
        assert accepts(cell, value) == accepts(held_cell(cell, its_type), int(value * den))


def test_a_held_limit_keeps_unlimited() -> None:
    """`unlimited` is no number and has no denominator."""
    cell = ("any", UNLIMITED, ("range", Fraction(1, 4), True, UNLIMITED, False))

    assert 4 == cell_den([cell])
    assert ("any", UNLIMITED, ("range", 1, True, UNLIMITED, False)) == held_cell(
        cell, types.Limit(Number(False, (), 4))
    )


@pytest.mark.parametrize(
    ("text", "declared", "expected"),
    [
        ("", INT, None),
        ("  ", TEXT, None),
        ("'", TEXT, ""),
        ("1_000", INT, number(1000)),
        ("15", PER_MILLION, Fraction(15, 1_000_000)),
        ("a | b", TEXT, "a | b"),
        ("> 5", TEXT, "> 5"),
        ("pro", PLAN, "pro"),
        ("any", PLAN, "any"),
        ("unlimited", LIMIT, UNLIMITED),
        ("2026-01-01", TIME, YEAR_2026),
    ],
)
def test_a_result_in_csv_is_one_value(text: str, declared: Declared, expected: object) -> None:
    """Bars and ranges mean nothing in a result column; an empty field is no value."""
    report = Report()
    at = Span(Source("prices.csv", text), 0, len(text))

    assert expected == TextReader(declared, Literals(report, UTC)).value(text, at)
    assert [] == report.found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gpt-4", ("gpt-4",)),
        (" a | b ", ("a", "b")),
        ("not: a | b", ("a", "b")),
        ("'a | b", ("a | b",)),
        ("starts_with: gpt-", ()),
        ("", ()),
        ("any", ()),
        ("a | a", ()),
    ],
)
def test_a_field_names_texts(text: str, expected: tuple[str, ...]) -> None:
    """The members of an enum that is a column are the texts that its cells name; a bad cell is told elsewhere."""
    assert expected == named_texts(text)
