"""The functions that no public suite covers: lists, sets, patterns, times, amounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import policyengine as pe
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.functions.function import held_as
from policyengine.runtime.functions.kinds import TYPE_NAMES

T = 'timestamp("2026-01-31T10:30:00Z")'


def value(text: str, **variables: Any) -> Any:
    return pe.evaluate_expression(text, variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lists.range(4)", [0, 1, 2, 3]),
        ("lists.range(0)", []),
        ("[1, 1.0, '1', true, 1, [1], [1.0], null, null].distinct()", [1, "1", True, [1], None]),
        ("[[1, [2]], 3].flatten()", [1, [2], 3]),
        ("[[1, [2, [3]]], 3].flatten(2)", [1, 2, [3], 3]),
        ("[1, 2, 3].reverse()", [3, 2, 1]),
        ("[1, 2, 3, 4].slice(1, 3)", [2, 3]),
        ("[3, 1.5, 2].sort()", [Decimal("1.5"), 2, 3]),
        ("['b', 'a', 'B'].sort()", ["B", "a", "b"]),
        ("[].sort()", []),
        ("[{'n': 2}, {'n': 1}].sortBy(x, x.n)", [{"n": 1}, {"n": 2}]),
        ("['bb', 'a', 'cc'].sortBy(x, size(x))", ["a", "bb", "cc"]),
        ("[1, 2].first().value() + [1, 2].last().value()", 3),
        ("[].first().hasValue()", False),
        ("sets.contains([1, 2, 3], [3, 1.0])", True),
        ("sets.contains([1], ['1'])", False),
        ("sets.contains([[1], [2]], [[2]])", True),
        ("sets.equivalent([1, 1, 2], [2, 1])", True),
        ("sets.equivalent([1, 2], [1])", False),
        ("sets.intersects([1, 2], [2, 3])", True),
        ("sets.intersects([], [1])", False),
        ("{'a': 1, 'b': 2}.transformMapEntry(k, v, {v: k})", {1: "a", 2: "b"}),
    ],
)
def test_lists_and_sets(text, expected):
    """The lists and sets extensions, which have no public cases."""
    assert expected == value(text)


@pytest.mark.parametrize(
    "text",
    [
        "[1, 'a'].sort()",
        "[true, 1].sort()",
        "[[1]].sort()",
        "[1].slice(0, 2)",
        "[1].slice(1, 0)",
        "[1].flatten(-1)",
        "lists.range(-1)",
        "[1, 2].sortBy(x, x == 1 ? 'a' : 1)",
        "{'a': 1, 'b': 1}.transformMapEntry(k, v, {v: k})",
    ],
)
def test_lists_that_have_no_answer(text):
    """Each is an evaluation error."""
    with pytest.raises(pe.EvaluationError):
        value(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'abc'.matches('b')", True),
        ("'abc'.matches('^b')", False),
        ("matches('abc', 'c$')", True),
        ("'a\\n'.matches('a$')", False),
        ("'ABC'.matches('(?i)b')", True),
        ("'a.c'.matches('a\\\\.c')", True),
        ("'a1'.matches('^\\\\w\\\\d$')", True),
        ("'a b'.matches('\\\\bb')", True),
        ("'ab'.matches('a\\\\Bb')", True),
        ("''.matches('^$')", True),
        ("'aaa'.matches('^a{2,3}$') && !'aaaa'.matches('^a{2,3}$')", True),
        ("'x' .matches('[^a-w]')", True),
        ("'é'.matches('^.$')", True),
        ("'a]'.matches('[]a]{2}')", True),
        ("'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'.matches('^(x+x+)+y$')", False),
        ("regex.replace('hello world', 'l+', 'L')", "heLo worLd"),
        ("regex.replace('a-b a-b', '(a)-(b)', '\\\\2-\\\\1', 1)", "b-a a-b"),
        ("regex.replace('abc', '', '.')", ".a.b.c."),
        ("regex.replace('aab', 'a*', 'x')", "xbx"),
        ("regex.extract('id=42', '[a-z]+=(\\\\d+)').value()", "42"),
        ("regex.extract('id=42', 'x').hasValue()", False),
        ("regex.extractAll('a1 b2', '[a-z](\\\\d)')", ["1", "2"]),
        ("regex.extractAll('a1 b2', '[a-z]\\\\d')", ["a1", "b2"]),
        ("regex.extract('abab', '(?:ab)+').value()", "abab"),
        ("regex.extract('abab', '(?:ab)+?').value()", "ab"),
        ("regex.extract('abc', 'a|ab').value()", "a"),
    ],
)
def test_patterns(text, expected):
    """Patterns find what a matcher that goes back finds, in linear time."""
    assert expected == value(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{T}.getHours('Asia/Kolkata')", 16),
        (f"{T}.getDayOfWeek()", 6),
        ("(-90m).getHours()", -1),
        ("duration('1.234s').getMilliseconds()", 234),
        (f"date({T})", pe.Date.parse("2026-01-31")),
        (f"date({T}, 'Pacific/Auckland') == date('2026-01-31')", True),
        ("string(date('2026-01-31'))", "2026-01-31"),
        (f"time_of_day({T}, '+01:00')", pe.Duration.parse("11h30m")),
        (f"add_months({T}, 1)", pe.Timestamp.parse("2026-02-28T10:30:00Z")),
        (f"days_between({T}, {T} + 36h)", 1),
        (f"seconds_between({T}, {T} + 1500ms)", Decimal("1.5")),
        (f"period_of({T}, '1 month', {T} + 40d).number", 1),
        (f"periods({T}, '1 month', {T}, {T} + 60d).map(p, string(p.start))",
         ["2026-01-31T10:30:00Z", "2026-02-28T10:30:00Z", "2026-03-31T10:30:00Z"]),
        (f"period_of({T}, '1 month', {T} + 40d, 15).start", pe.Timestamp.parse("2026-02-15T10:30:00Z")),
        (f"period_of({T}, '1 month', {T} + 40d, 'Asia/Tokyo').end", pe.Timestamp.parse("2026-03-31T10:30:00Z")),
        (f"period_of({T}, '1 month', {T}, 31, 'Asia/Tokyo').number", 0),
        (f"periods({T}, '1 month', {T}, {T})", []),
        (f"calendar_period('1 quarter', {T}).end", pe.Timestamp.parse("2026-04-01T00:00:00Z")),
        (f"next_boundary({T}, '2 months', {T} + 1d)", pe.Timestamp.parse("2026-03-31T10:30:00Z")),
        (f"first_bill({T}, '1 month', 17)", pe.Timestamp.parse("2026-02-17T10:30:00Z")),
        (f"add_days({T}, 29, 'Europe/Berlin')", pe.Timestamp.parse("2026-03-01T10:30:00Z")),
        (f"midnight(date({T}), 'Asia/Tokyo')", pe.Timestamp.parse("2026-01-30T15:00:00Z")),
        (f"fixed_days_between({T}, {T} + 1d, 28)", -2),
        (f"month_fraction({T}, {T} + 1d, 'actual_month')", {"numerator": 1, "denominator": 31}),
        (f"{T} - {T} == 0s && {T} + 1d > {T}", True),
    ],
)  # fmt: skip
def test_times(text, expected):
    """Days, clocks and periods in a zone."""
    assert expected == value(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{T}.getHours('Mars/Olympus')", "unknown_zone"),
        (f"{T}.getHours('+25:00')", "unknown_zone"),
        (f"add_months({T}, 1000000)", "time_range"),
        (f"period_of({T}, '1 fortnight', {T})", "bad_argument"),
        (f"periods({T}, '1 second', {T}, {T} + 1d)", "bad_argument"),
        (f"calendar_period('2 weeks', {T})", "bad_argument"),
        (f"first_bill({T}, '1 month', 32)", "bad_argument"),
        (f"add_days({T}, 10000000)", "time_range"),
        (f"month_fraction({T}, {T}, 'thirty')", "bad_argument"),
        ("date('2026-02-30')", "bad_text"),
        ("allocate(1, [0, 0])", "division_by_zero"),
        ("allocate(1, [-1, 2])", "bad_argument"),
        ("allocate(0.001, [1, 2], 2)", "bad_argument"),
        ("draw(-1, [1])", "bad_argument"),
        ("min([])", "empty"),
        ("max(1, 'a')", "no_overload"),
        ("avg([])", "division_by_zero"),
        ("sum([1, 'a'])", "no_overload"),
        ("strictest([])", "empty"),
        ("strictest(1, 'none')", "no_overload"),
        ("round(1.5, 0, mode)", "bad_argument"),
        ("math.sqrt(2)", "not_exact"),
        ("floor(1e30)", "overflow"),
    ],
)
def test_what_has_no_answer(text, code):
    """Each with its code."""
    with pytest.raises(pe.EvaluationError) as caught:
        value(text, mode="sideways")

    assert code == caught.value.code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("min(3, 1.5, 2)", Decimal("1.5")),
        ("max([3, 1.5])", 3),
        ("min(1h, 30m)", pe.Duration.parse("30m")),
        ("sum([])", 0),
        ("sum([1, 2.5])", Decimal("3.5")),
        ("sum([1h, 30m])", pe.Duration.parse("1h30m")),
        ("avg([1, 2])", Decimal("1.5")),
        ("floor(-1.5)", -2),
        ("ceil(-1.5)", -1),
        ("abs(-1.5)", Decimal("1.5")),
        ("clamp(5, 0, 3)", 3),
        ("clamp(-1, 0, 3.5)", 0),
        ("strictest([5, 'unlimited', 3])", 3),
        ("strictest('unlimited')", "unlimited"),
        ("allocate(10, [1, 1, 2])", [Decimal("2.5"), Decimal("2.5"), Decimal(5)]),
        ("allocate(10, [1, 1, 1], 2)", [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]),
        ("allocate(-10, [1, 1, 1], 2)", [Decimal("-3.34"), Decimal("-3.33"), Decimal("-3.33")]),
        ("sum(allocate(0.05, [1, 3, 7, 9], 2)) == 0.05", True),
        ("draw(70, [50, 30, 10])", [50, 20, 0]),
        ("draw(100, [50, 30])", [50, 30]),
        ("math.sqrt(6.25)", Decimal("2.5")),
        ("round(1234.5, -2, half_up)", Decimal(1200)),
    ],
)
def test_amounts(text, expected):
    """Extremes, sums, shares."""
    found = value(text)

    assert expected == found


def test_the_table_is_whole():
    """Each form names types that something holds, and no two forms of a function take the same things."""
    every = set(TYPE_NAMES)
    for function in FUNCTIONS.values():
        assert function.signatures, function.name
        for form in function.signatures:
            assert all(held_as(parameter) <= every for parameter in form.parameters), function.name
            assert callable(form.run or function.run)
