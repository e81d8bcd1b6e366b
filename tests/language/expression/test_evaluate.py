"""`evaluate_expression`: what CEL's cases leave open, our deviations, and what may go in and come out."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

import policyengine as pe


def value(text: str, **variables: Any) -> Any:
    return pe.evaluate_expression(text, variables)


def code(text: str, **variables: Any) -> str:
    """The code of the evaluation error that an expression ends in."""
    with pytest.raises(pe.EvaluationError) as caught:
        pe.evaluate_expression(text, variables)
    return caught.value.code


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 / 4", Decimal("2.5")),
        ("div(10, 4)", 2),
        ("div(-7, 2)", -3),
        ("div(7.5, 2)", Decimal(3)),
        ("1 / 3 * 3", Decimal(1)),
        ("1 + 0.5", Decimal("1.5")),
        ("47.5 % 5.5", Decimal("3.5")),
        ("-7 % 2", -1),
        ("0.1 + 0.2 == 0.3", True),
        ("1 == 1.0 && 2 < 2.5 && 1.0 in [1]", True),
        ("type(1.0) == double && type(1.0) != int", True),
        ("round(-0.125, 2, half_up)", Decimal("-0.13")),
        ("round(-0.125, 2, half_even)", Decimal("-0.12")),
        ("9223372036854775807 + 1.0", Decimal(9223372036854775808)),
    ],
)
def test_numbers_are_exact(text, expected):
    """D1 to D4: decimals are exact, ints and decimals mix, division is exact, nothing is rounded unasked."""
    found = value(text)

    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9223372036854775807 + 1", "overflow"),
        ("-(-9223372036854775808)", "overflow"),
        ("9223372036854775807 * 2", "overflow"),
        ("1 / 0", "division_by_zero"),
        ("1.5 % 0", "division_by_zero"),
        ("1 / 3", "not_exact"),
        ("string(1 / 3)", "not_exact"),
        ("1.5 / 7e30 + 1e30", "not_exact"),
        ("1e33 + 0.1", "too_many_digits"),
        ("decimal('1e5')", "not_a_number"),
        ("int('1_000')", "not_a_number"),
        ("[1][1]", "no_item"),
        ("{'a': 1}.b", "no_key"),
        ("{'a': 1, 'a': 2}", "repeated_key"),
        ("{1.5: 1}", "bad_key"),
        ("nothing", "unknown_name"),
        ("optional.none().value()", "no_value"),
        ("timestamp('9999-12-31T23:59:59Z') + 1s", "time_range"),
        ("lists.range(2000000)", "cost_exceeded"),
        ("'a'.matches(p)", "bad_pattern"),
        ("'%z'.format([1])", "bad_argument"),
        ("{true: 1, 1: 2}", "bad_key"),
    ],
)
def test_what_has_no_answer_has_a_code(text, expected):
    """Every way to fail has a stable code."""
    assert expected == code(text, p="(a")


def test_an_error_says_where():
    """The place is that of the operation that failed."""
    with pytest.raises(pe.EvaluationError) as caught:
        value("1 +\n  xs[5]", xs=[1])

    assert "2:3" == caught.value.place
    assert "policy" == caught.value.fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 / 0 == 1 || true", True),
        ("true || 1 / 0 == 1", True),
        ("nothing && false", False),
        ("nothing(1) || true", True),
        ("[0, 1].exists(x, 1 / x == 1)", True),
        ("[0, 1].all(x, 1 / x == 2)", False),
        ("cel.bind(x, 1 / 0, 2)", 2),
        ("optional.of(1).orValue(1 / 0)", 1),
        ("optional.of(1).or(1 / 0).value()", 1),
        ("true ? 1 : 1 / 0", 1),
    ],
)
def test_what_decides_absorbs_failures(text, expected):
    """A failure matters only where its value is needed."""
    assert expected == value(text)


def test_the_leftmost_failure_is_told():
    """Of several failures the first one in the text is the one that is told."""
    assert "division_by_zero" == code("1 / 0 == 1 && [1][5] == 1")
    assert "no_item" == code("[1][5] + 1 / 0")


def test_the_budget_is_never_absorbed():
    """What costs too much ends the evaluation, whatever stands beside it."""
    assert "cost_exceeded" == code("xs.exists(a, xs.exists(b, xs.exists(c, false))) || true", xs=list(range(1000)))


@pytest.mark.parametrize(
    ("text", "diagnostic"),
    [
        ("true + 1", "wrong_operands"),
        ('"10" < 9', "wrong_operands"),
        ("1 ? 2 : 3", "wrong_operands"),
        ("[] || true", "wrong_operands"),
        ("true == 1", "not_comparable"),
        ("nothing(1)", "unknown_function"),
        ("x.pop()", "unknown_function"),
        ("size(5)", "wrong_operands"),
        ('"a".b', "unknown_field"),
        ("x.__class__", "special_name"),
        ("__name__ || true", "special_name"),
        ("has(x)", "has_needs_a_field"),
        ("[1].all(a.b, true)", "not_a_variable"),
        ("[1].all(a, a, true)", "variable_twice"),
        ("5 USD", "needs_declarations"),
        ('false && "a".matches("(?=a)")', "bad_expression_pattern"),
        ("[1].map(a, [1].map(b, [1].map(c, [1].map(d, d))))", "too_nested"),
        ("round(1.5, 1)", "needs_constant"),
    ],
)
def test_what_can_only_fail_cannot_be_compiled(text, diagnostic):
    """A mistake that needs no facts to be seen is the author's, with a place and a name."""
    with pytest.raises(pe.InvalidPolicy) as caught:
        value(text, x={"a": 1})

    assert diagnostic == caught.value.diagnostics[0].name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x.a + x.b", 3),
        ("x.`__class__`", "quoted"),
        ("has(x.a) && !has(x.c)", True),
        ("x.?c.orValue(7)", 7),
        ("x[?'a'].hasValue()", True),
        ("[?x.?a, ?x.?c]", [1]),
        ("{?'k': x.?c, 'l': 1}", {"l": 1}),
        ("x.?a", 1),
        ("x.?c", None),
        ("x.map(k, k)", ["__class__", "a", "b"]),
        ("{2: 'int', true: 'bool', '2': 'text'}[2]", "int"),
        ("{2: 'int', true: 'bool', '2': 'text'}[true]", "bool"),
        ("{2: 'int', true: 'bool', '2': 'text'}['2']", "text"),
        ("1 in {true: 1}", False),
    ],
)
def test_maps_and_optionals(text, expected):
    """Keys are told apart by their kind, and what may be absent can be asked for."""
    assert expected == value(text, x={"b": 2, "a": 1, "__class__": "quoted"})


@pytest.mark.parametrize(
    ("container", "expected"), [("", "y"), ("com", "y"), ("com.example", "inner"), ("com.example.deep", "inner")]
)
def test_names_are_looked_up_from_the_container_outwards(container, expected):
    """The longest scope that knows the name gives it."""
    variables = {"y": "y", "com.example.y": "inner"}

    assert expected == pe.evaluate_expression("y", variables, container=container)
    assert "y" == pe.evaluate_expression(".y", variables, container=container)


class Plan(StrEnum):
    TEAM = "team"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1, 1),
        (Decimal("2.50"), Decimal("2.5")),
        (Decimal("-0"), Decimal(0)),
        (Decimal("1E+3"), Decimal(1000)),
        (Plan.TEAM, "team"),
        ((1, [2]), [1, [2]]),
        ({"b": 1, "a": {1: True}}, {"a": {1: True}, "b": 1}),
        (b"\x00", b"\x00"),
        (pe.Timestamp(5), pe.Timestamp(5)),
        (datetime(2026, 1, 1, tzinfo=UTC), pe.Timestamp.parse("2026-01-01T00:00:00Z")),
        (timedelta(hours=1), pe.Duration.parse("1h")),
        (pe.Date.parse("2026-01-01"), pe.Date.parse("2026-01-01")),
        (pe.TypeName("int"), pe.TypeName("int")),
        (None, None),
    ],
)
def test_values_go_in_and_come_out(given, expected):
    """What is given comes back as the plain value that it is."""
    found = value("x", x=given)

    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        (0.5, "x", "a float"),
        ({"a": [1, 0.5]}, "x.a[1]", "a float"),
        (Decimal("NaN"), "x", "not a finite number"),
        (Decimal("Infinity"), "x", "not a finite number"),
        (Decimal("1E+7000"), "x", "exponent"),
        (Decimal("0." + "1" * 40), "x", "significant digits"),
        (2**63, "x", "64 bits"),
        ("\ud800", "x", "surrogate"),
        ({None: 1}, "x", "key"),
        ({1.5: 1}, "x", "key"),
        (object(), "x", "no plain value"),
        (iter([1]), "x", "no plain value"),
        (datetime(2026, 1, 1), "x", "neither an offset nor a zone"),  # noqa: DTZ001
        (pe.TypeName("money"), "x", "the name of no type"),
    ],
)
def test_what_is_not_allowed_is_refused_by_its_path(given, field, words):
    """A variable that cannot be taken exactly is the caller's mistake."""
    with pytest.raises(pe.InvalidInput) as caught:
        value("x", x=given)

    assert field == caught.value.field
    assert words in str(caught.value)


@pytest.mark.parametrize("variables", [[("x", 1)], "x", 5, {1: 2}, {"x" * 3: {"\ud800": 1}}])
def test_variables_are_a_dict_of_texts(variables):
    """Anything else is refused."""
    with pytest.raises(pe.InvalidInput):
        pe.evaluate_expression("1", variables)


@pytest.mark.parametrize("text", [None, 5, b"1", ["1"]])
def test_an_expression_is_text(text):
    """Anything else is refused."""
    with pytest.raises(pe.InvalidInput):
        pe.evaluate_expression(text)


def test_what_is_given_is_not_changed_and_not_kept():
    """A result shares nothing with the variables."""
    given = {"a": [1, 2]}
    found = value("x", x=given)
    found["a"].append(3)

    assert {"a": [1, 2]} == given


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1", "int"),
        ("1 / 2", "decimal"),
        ("[1, 'a']", "list(dyn)"),
        ("{'a': [1.5]}", "map(string, list(decimal))"),
        ("x", "dyn"),
        ("[1, 2].map(i, string(i))", "list(string)"),
        ("'a'.split(',').size()", "int"),
        ("optional.of([b'x'])", "optional_type(list(bytes))"),
        ("timestamp(0) - timestamp(1)", "duration"),
        ("true ? null : optional.of(1)", "optional_type(int)"),
        ("[[1]].flatten()", "list(dyn)"),
        ("sum([1, 2])", "dyn"),
        ("type(1)", "type"),
        ("{'a': 1}.transformList(k, v, v)", "list(int)"),
    ],
)
def test_types_follow_without_declarations(text, name):
    """What is certain has a name, all else is `dyn`."""
    assert name == pe.check_expression(text)


def test_declared_expressions_are_checked_and_exact():
    """With declarations, units and ranges are those of a bundle."""
    declared = {"tokens": "int token", "price": "money / 1_000 token", "seats": {"type": "int", "min": 1}}

    assert Decimal("7.5") == pe.evaluate_expression(
        "tokens * price", {"tokens": 2500, "price": 3}, declarations=declared
    )
    assert Decimal("2.5") == pe.evaluate_expression("5 / seats", {"seats": 2}, declarations=declared)
    assert "int token" == pe.check_expression("tokens + 5 token", declared)
    with pytest.raises(pe.InvalidPolicy):
        pe.check_expression("tokens + 5", declared)
    with pytest.raises(pe.InvalidPolicy):
        pe.check_expression("x", {"x": "no such type"})
    with pytest.raises(pe.InvalidInput):
        pe.evaluate_expression("seats", {"seats": 0}, declarations=declared)
    with pytest.raises(pe.EvaluationError):
        pe.evaluate_expression("5 / seats", {"seats": 3}, declarations=declared)
    with pytest.raises(pe.InvalidInput):
        pe.check_expression("x", {"x": object()})


@pytest.mark.parametrize("text", ["1" + "-1" * 250, "-" * 250 + "x", '"a"' + ".trim()" * 250])
def test_what_is_too_deep_for_the_checker_is_said(text):
    """With declarations, too, no RecursionError leaves."""
    with suppress(pe.InvalidPolicy):
        pe.evaluate_expression(text, {"x": 1}, declarations={"x": "int"})


def test_a_caller_deep_in_the_stack_gets_an_error_of_ours():
    """No RecursionError leaves, however little of the stack is left."""

    def deep(levels: int) -> Any:
        return deep(levels - 1) if levels else value("[" * 60 + "1" + "]" * 60)

    for levels in range(500, 860, 20):
        with suppress(pe.InvalidPolicy):
            deep(levels)
