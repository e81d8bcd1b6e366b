"""The paths that an expression reads from outside."""

from __future__ import annotations

import pytest

from policyengine.language.expression.names import FreePath, bound_variables, free_paths
from policyengine.language.expression.parser import parse
from policyengine.language.expression.syntax import Call


def paths(text: str) -> list[str]:
    return [".".join(found.path) for found in free_paths(parse(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", []),
        ("a", ["a"]),
        ("usage.tokens > plan.included && a", ["usage.tokens", "plan.included", "a"]),
        ("a.b.c.startsWith(d)", ["a.b.c", "d"]),
        ("a.?b.orValue(0)", ["a.b"]),
        ("a[b.c].d", ["a", "b.c"]),
        ("f(a).b", ["a"]),
        ("(a).b", ["a.b"]),
        ("a.`b c`", ["a.b c"]),
        ("{a: b, ?c: [d]}", ["a", "b", "c", "d"]),
        ("a ? -b : !c", ["a", "b", "c"]),
        ("a + a", ["a", "a"]),
        ("xs.all(x, x.y > x.limit)", ["xs"]),
        ("xs.all(x, x > limit)", ["xs", "limit"]),
        ("xs.exists(x, x == .x)", ["xs", "x"]),
        ("xs.exists_one(x, x) || x", ["xs", "x"]),
        ("xs.existsOne(i, v, i == v && w)", ["xs", "w"]),
        ("xs.filter(x, ys.map(y, x + y + z))", ["xs", "ys", "z"]),
        ("xs.map(x, x > a, x * b)", ["xs", "a", "b"]),
        ("xs.map(x, y, x)", ["xs", "y"]),
        ("m.all(k, v, k == v)", ["m"]),
        ("m.transformList(k, v, k + v + a)", ["m", "a"]),
        ("m.transformMap(k, v, k > a, v)", ["m", "a"]),
        ("m.transformMapEntry(k, v, {v: k})", ["m"]),
        ("xs.sortBy(x, x.age - a)", ["xs", "a"]),
        ("a.?b.optMap(x, x + c)", ["a.b", "c"]),
        ("a.?b.optFlatMap(x, x.?y)", ["a.b"]),
        ("cel.bind(x, a.b, x + c)", ["a.b", "c"]),
        ("cel.bind(x, x.y, x.z)", ["x.y"]),
        ("x.map(x, x)", ["x"]),
        ("math.greatest(a, b)", ["a", "b"]),
        ("math.limit + math.other(a)", ["math.limit", "math", "a"]),
        ("lists.range(n).map(i, i)", ["n"]),
        ("lists.map(i, i)", ["lists"]),
        ("optional.of(a).or(optional.none())", ["a"]),
        ("xs.map(math, math.abs(a))", ["xs", "a"]),
        ("type(a) == int", ["a", "int"]),
        ("xs.all(x.y, x)", ["xs", "x.y", "x"]),
        ("has(a.b) && has(c)", ["a.b", "c"]),
        ("xs.all(x, has(x.y))", ["xs"]),
    ],
)
def test_paths_read_from_outside(text: str, expected: list[str]) -> None:
    """Paths come in the order of the text, without what a macro binds and without names of functions."""
    assert expected == paths(text)


def test_presence_and_place() -> None:
    """A path says where it stands, whether only its presence is asked, and whether it begins with a dot."""
    found = free_paths(parse("has(a.b) || .c.d > 1"))

    assert [FreePath(("a", "b"), 4, 7, presence_only=True), FreePath(("c", "d"), 12, 16, root=True)] == found


@pytest.mark.parametrize("text", ["has(a[k].b)", "has(f(a, k).b)"])
def test_presence_behind_a_value_reads_the_value(text: str) -> None:
    """What must be evaluated before a field of it can be asked for is read, not asked for."""
    assert [("a", False), ("k", False)] == [(found.path[0], found.presence_only) for found in free_paths(parse(text))]


def test_own_functions_with_a_dot() -> None:
    """Who knows other functions with a dot says so."""
    assert [] == free_paths(parse("tax.of(1)"), functions={"tax.of"})


def test_variables_of_a_macro() -> None:
    """A call says which variables it binds."""
    call = parse("m.all(k, v, k < v)")

    assert isinstance(call, Call)
    assert ("k", "v") == bound_variables(call)
