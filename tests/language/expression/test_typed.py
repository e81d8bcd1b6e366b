"""Expressions over declared inputs: each built-in and macro, by the interpreter and by both kinds of generated code."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import agreement
import pytest

import policyengine as pe

GIVEN: dict[str, Any] = {
    "i": 3,
    "j": 2**63 - 1,
    "d": Decimal("2.50"),
    "s": "a-b-c",
    "u": "x1 y22",
    "b": True,
    "t": pe.Timestamp.parse("2026-01-31T22:30:15.250Z"),
    "l": pe.Duration.parse("90m"),
    "day": pe.Date.parse("2026-01-31"),
    "xs": [3, 1, 2, 3],
    "ds": [Decimal("0.5"), Decimal("-1.25")],
    "ss": ["b", "a"],
    "rs": [{"id": "one", "n": 2, "on": True}, {"id": "two", "n": 1, "on": False}],
    "m": {"a": 1, "b": 2},
}
ANSWERS: list[tuple[str, Any]] = [
    ('s.split("-")', ["a", "b", "c"]),
    ('s.split("-", 2)', ["a", "b-c"]),
    ('ss.join("+")', "b+a"),
    ('s.replace("-", "")', "abc"),
    ('s.replace("-", "", 1)', "ab-c"),
    ('"%s has %d, %.1f".format([s, i, d])', "a-b-c has 3, 2.5"),
    ('"%s".format([rs[0]])', "{id: one, n: 2, on: true}"),
    ('"%s".format(xs.map(x, x))', "3"),
    ('s.matches("^a.*c$")', True),
    ('matches(s, "z")', False),
    (r"regex.replace(u, '([a-z])([0-9]+)', '\\2\\1')", "1x 22y"),
    ('regex.extract(u, "[0-9]+")', "1"),
    ('regex.extract(u, "z").orValue("none")', "none"),
    ('regex.extractAll(u, "[a-z]([0-9]+)")', ["1", "22"]),
    ("strings.quote(s)", '"a-b-c"'),
    ("s.reverse()", "c-b-a"),
    ("b'ab' + b'c' == b'abc'", True),
    ("size(b'abc')", 3),
    ("base64.encode(bytes(s))", "YS1iLWM="),
    ("string(base64.decode('YS1i'))", "a-b"),
    ("xs.sort()", [1, 2, 3, 3]),
    ("xs.distinct()", [3, 1, 2]),
    ("xs.slice(1, 3)", [1, 2]),
    ("xs.reverse()", [3, 2, 1, 3]),
    ("[xs, [9]].flatten()", [3, 1, 2, 3, 9]),
    ("lists.range(i)", [0, 1, 2]),
    ("xs.first().value() + xs.last().orValue(0)", 6),
    ("xs.sortBy(x, -x)", [3, 3, 2, 1]),
    ("rs.sortBy(r, r.n).map(r, r.id)", ["two", "one"]),
    ("sets.contains(xs, [1, 2.0])", True),
    ("sets.equivalent(xs, [1, 2, 3])", True),
    ("sets.intersects(xs, [9])", False),
    ("xs.all(k, v, v > k - 2)", True),
    ("xs.exists(k, v, k == v)", True),
    ("m.exists_one(k, v, k == 'b' && v == 2)", True),
    ("xs.transformList(k, v, v != 1, k * 10 + v)", [3, 22, 33]),
    ("m.transformMap(k, v, v * 2)", {"a": 2, "b": 4}),
    ("m.transformMap(k, v, v > 1, v * 2)", {"b": 4}),
    ("m.transformMapEntry(k, v, {string(v): k})", {"1": "a", "2": "b"}),
    ("cel.bind(x, i + 1, x * x)", 16),
    ("cel.bind(x, 1 / (i - 3), b || x > 0)", True),
    ("optional.of(i).optMap(x, x + 1).orValue(0)", 4),
    ("m[?'z'].optFlatMap(x, xs[?x]).hasValue()", False),
    ("m[?'z'].or(m[?'a']).value()", 1),
    ("optional.ofNonZeroValue(0).orValue(7)", 7),
    ("optional.of(i).orValue(div(1, i - 3))", 3),
    ("[?m[?'a'], ?m[?'z'], 5]", [1, 5]),
    ("{'x': 1, ?'y': m[?'z']}", {"x": 1}),
    ("m.a + m['b']", 3),
    ("has(m.a) && !has(m.z)", True),
    ("m.?z.orValue(0)", 0),
    ('optional.of({"a": {"b": 1}}).a.b.orValue(0)', 1),
    ('{"a": {"b": 1}}.?z.b.orValue(7)', 7),
    ("rs[?0].n.orValue(0) + rs[?9].n.orValue(5)", 7),
    ("has(rs[?9].n) || has(rs[?0].id)", True),
    ("math.ceil(d) + math.floor(d) + math.trunc(-d)", 3),
    ("math.round(d)", 3),
    ("math.sqrt(6.25)", Decimal("2.5")),
    ("math.sign(-d)", -1),
    ("math.greatest(i, 7, d)", 7),
    ("math.least(xs)", 1),
    ("math.bitAnd(i, 6)", 2),
    ("math.bitShiftLeft(i, 2)", 12),
    ("math.isNaN(d)", False),
    ("strictest(i, 2)", 2),
    ("type(i) == int && type(d) == decimal && type(s) == string", True),
    ("type(xs) == list && type(m) == map && type(t) == google.protobuf.Timestamp", True),
    ("t.getFullYear()", 2026),
    ('t.getDate("Europe/Berlin")', 31),
    ('t.getHours("+02:30")', 1),
    ("t.getMilliseconds()", 250),
    ("t.getDayOfWeek()", 6),
    ("l.getMinutes()", 90),
    ('date("2026-02-28") > day', True),
    (
        'period_of(t, "1 month", timestamp("2026-03-01T00:00:00Z")).start',
        pe.Timestamp.parse("2026-02-28T22:30:15.250Z"),
    ),
    ('periods(t, "1 month", t, timestamp("2026-04-30T00:00:00Z")).map(p, p.number)', [0, 1, 2]),
    ('add_months(t, 1, "UTC")', pe.Timestamp.parse("2026-02-28T22:30:15.250Z")),
    ('timestamp("2026-01-31T22:30:00Z") < t', True),
    ('duration("1h30m") == l', True),
    ("min([l, 1h])", pe.Duration.parse("1h")),
    ("sum([l, 30m])", pe.Duration.parse("2h")),
    ("avg(xs) > 2.2", True),
    ("xs.size() + s.size()", 9),
    ('int("+7") + int(" 7".trim())', 14),
    ('bool("true") && double("1e2") == 100', True),
    ("round(d / 3, 1 + 1, half_up)", Decimal("0.83")),
]
FAILURES: list[tuple[str, str]] = [
    ("j + 1", "overflow"),
    ("xs[9]", "no_item"),
    ("m['z']", "no_key"),
    ("m.z", "no_key"),
    ("m[?'z'].value()", "no_value"),
    ("s.charAt(99)", "bad_argument"),
    ("xs.slice(2, 1)", "bad_argument"),
    ("matches(s, s + '(')", "bad_pattern"),
    ("math.sqrt(2)", "not_exact"),
    ("timestamp(s)", "bad_text"),
    ("bool(s)", "bad_text"),
    ("int(s)", "not_a_number"),
    ("min(xs.filter(x, x > 9))", "empty"),
    ("xs.transformMapEntry(k, v, {v: k})", "repeated_key"),
    ("add_months(t, 200000)", "time_range"),
    ("string(base64.decode('/w=='))", "bad_text"),
    ("xs.map(x, div(1, x - 2))", "division_by_zero"),
    ("{s: i, u: 1 / (i - 3) > 1 ? 1 : 2}", "division_by_zero"),
]


@pytest.mark.parametrize(("text", "expected"), ANSWERS, ids=[text for text, _ in ANSWERS])
def test_every_evaluator_answers(text: str, expected: Any) -> None:
    """The same answer interpreted, generated and generated carefully."""
    answers, _ = agreement.typed(text, GIVEN)

    assert {"interpreter", "generated", "careful"} == answers.keys()
    assert all(agreement.same(answer, expected) for answer in answers.values()), answers


@pytest.mark.parametrize(("text", "code"), FAILURES, ids=[text for text, _ in FAILURES])
def test_every_evaluator_fails_alike(text: str, code: str) -> None:
    """The same code interpreted, generated and generated carefully."""
    answers, _ = agreement.typed(text, GIVEN)

    assert {name: [code] for name in ("interpreter", "generated", "careful")} == answers


UNLIMITED: list[tuple[str, Any, Any]] = [
    ("cap == unlimited", True, False),
    ("unlimited != cap", False, True),
    ("cap < 5", False, False),
    ("cap > 5", True, True),
    ("cap - 2", "unlimited", 5),
    ("min(cap, 9)", 9, 7),
    ("strictest(cap, unlimited)", "unlimited", 7),
    ("strictest([cap, 8, unlimited])", 8, 7),
    ("cap > 6 ? unlimited : 0", "unlimited", "unlimited"),
    ("cap in [unlimited, 1]", True, False),
    ("cap == unlimited ? -1 : 1", -1, 1),
]


@pytest.mark.parametrize(("text", "without_end", "seven"), UNLIMITED, ids=[text for text, *_ in UNLIMITED])
def test_unlimited_is_a_value_of_limits(text: str, without_end: Any, seven: Any) -> None:
    """`unlimited` is written like a name, is above every number and is less nothing else."""
    declared = {"cap": "limit"}

    assert without_end == pe.evaluate_expression(text, {"cap": "unlimited"}, declarations=declared)
    assert seven == pe.evaluate_expression(text, {"cap": 7}, declarations=declared)


def test_patterns_and_formats_are_read_at_compile_time() -> None:
    """A literal that can never be right is a diagnostic, wherever it stands."""
    codes = {
        "s.matches('(a')": "T031",
        "regex.extractAll(s, 'a**')": "T031",
        "'%d'.format([s])": "T033",
        "'%s %s'.format([s])": "T033",
        "period_of(t, 'monthly', t).end": "T032",
        "t.getHours('Mars/Olympus')": "T027",
    }

    for text, code in codes.items():
        with pytest.raises(pe.InvalidPolicy) as refused:
            pe.check_expression(text, declarations=agreement.DECLARED)
        assert [code] == [d.code for d in refused.value.diagnostics], text
