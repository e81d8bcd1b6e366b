"""What may be absent: where a guard makes a name plain, and what can be done with an optional value."""

from __future__ import annotations

from typing import Any

import pytest

import policyengine as pe

DECLARED: dict[str, Any] = {
    "o": {"type": "int", "optional": True},
    "q": {"type": "int", "optional": True},
    "b": "bool",
    "g": {"optional": True, "fields": {"x": "int", "y": {"type": "int", "optional": True}}},
}
FULL: dict[str, Any] = {"o": 2, "q": 3, "b": True, "g": {"x": 4, "y": 5}}
PLAIN: list[tuple[str, Any, Any]] = [
    ("has(o) ? o : 0", 2, 0),
    ("has(o) && o > 1", True, False),
    ("!has(o) || o > 1", True, True),
    ("!(has(o) && has(q)) || o > q", False, True),
    ("has(o) && has(q) ? o + q : 0", 5, 0),
    ("b && has(o) ? o : 1", 2, 1),
    ("has(g.y) ? g.x + g.y : 0", 9, 0),
    ("has(g) ? g.x : 0", 4, 0),
    ("o.orValue(1) + q.orValue(2)", 5, 3),
    ("o.or(q).orValue(3)", 2, 3),
    ("o.hasValue() ? 1 : 0", 1, 0),
    ("g.?y.orValue(4)", 5, 4),
    ("g.?x.optMap(x, x + 1).orValue(0)", 5, 0),
    ("[?o, ?q]", [2, 3], []),
    ('{"a": 1, ?"b": o}', {"a": 1, "b": 2}, {"a": 1}),
    ("lists.range(2).map(i, has(o) ? o : i)", [2, 2], [0, 1]),
    ("cel.bind(z, o.orValue(5), z * z)", 4, 25),
]
UNGUARDED = [
    "o + 1",
    "has(o) || o > 1",
    "has(o) ? 1 : o",
    "has(q) ? o : 0",
    "g.x",
    "has(g) ? g.y : 0",
    "b ? o : 0",
    "-o",
]


@pytest.mark.parametrize(("text", "there", "absent"), PLAIN, ids=[text for text, *_ in PLAIN])
def test_a_guarded_value_is_plain(text: str, there: Any, absent: Any) -> None:
    """With everything there, and with nothing there."""
    assert there == pe.evaluate_expression(text, FULL, declarations=DECLARED)
    assert absent == pe.evaluate_expression(text, {"b": True}, declarations=DECLARED)


@pytest.mark.parametrize("text", UNGUARDED)
def test_an_unguarded_value_is_refused(text: str) -> None:
    """A read that may find nothing is a diagnostic with the guard that is missing."""
    with pytest.raises(pe.InvalidPolicy) as refused:
        pe.check_expression(text, declarations=DECLARED)

    (diagnostic,) = refused.value.diagnostics
    assert "T007" == diagnostic.code
    assert "has(" in str(diagnostic.hint)
