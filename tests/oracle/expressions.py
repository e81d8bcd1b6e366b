"""What an expression means: exact values, failures as values, and only the chosen branch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Protocol

from oracle import numbers
from oracle.outcome import ABSENT, Failed, leftmost
from oracle.tree import Kind, Tree

ZERO = Failed.of("division_by_zero")
OVERFLOW = Failed.of("overflow")
EMPTY = Failed.of("empty")
NO_ITEM = Failed.of("no_item")
TIME_RANGE = Failed.of("time_range")
FIRST_INSTANT = -62_135_596_800 * 10**9
LAST_INSTANT = 253_402_300_800 * 10**9


class Names(Protocol):
    """What a bundle answers to an expression's questions."""

    def read(self, path: str) -> Any: ...

    def is_present(self, path: str) -> Any: ...

    def call(self, name: str, keys: list[Any], column: str) -> Any: ...


Locals = Mapping[str, Any]


def evaluate(tree: Tree, names: Names, local: Locals | None = None) -> Any:
    """The value of an expression: a bool, int, Fraction, str, tuple or dict, ABSENT, or Failed."""
    local = local or {}
    match tree.op:
        case "number":
            return int(tree.data) if tree.kind.is_whole else tree.data
        case "literal":
            return tree.data
        case "member":
            return tree.data[1]
        case "name":
            return local[tree.data] if tree.data in local else names.read(tree.data)
        case "has":
            return names.is_present(tree.data)
        case "?:":
            return _choice(tree, names, local)
        case "&&":
            return _logic(tree.args, names, local, decides=False)
        case "||":
            return _logic(tree.args, names, local, decides=True)
        case "all" | "exists":
            return _quantified(tree, names, local)
        case "map" | "filter" | "exists_one":
            return _each(tree, names, local)
        case "orValue":
            return _or_value(tree, names, local)
    values = [evaluate(arg, names, local) for arg in tree.args]
    if tree.op == "call":
        failed = leftmost(values)
        name, column, _ = tree.data
        return failed or settled(names.call(name, values, column), tree.kind)
    if tree.op in CHAINED:
        return _chained(tree, values)
    return leftmost(values) or settled(OPERATIONS[tree.op](tree, *values), tree.kind)


def settled(value: Any, kind: Kind) -> Any:
    """A number in its own kind: an int that does not fit into 64 bits fails."""
    if isinstance(value, Failed) or value is ABSENT:
        return value
    if kind.is_whole:
        assert Fraction(value).denominator == 1
        return int(value) if numbers.fits(value) else OVERFLOW
    if kind.word == "decimal":
        return Fraction(value)
    if kind.word == "list":
        assert kind.item is not None
        item = kind.item
        return tuple(settled(each, item) for each in value)
    return value


def _choice(tree: Tree, names: Names, local: Locals) -> Any:
    condition = evaluate(tree.args[0], names, local)
    if isinstance(condition, Failed):
        return condition
    return settled(evaluate(tree.args[1 if condition else 2], names, local), tree.kind)


def _logic(operands: tuple[Tree, ...], names: Names, local: Locals, *, decides: bool) -> Any:
    """`&&` and `||`: a side that decides wins over failures before and after it."""
    return _verdict((evaluate(operand, names, local) for operand in operands), decides=decides)


def _verdict(values: Iterable[Any], *, decides: bool) -> Any:
    """The first value that decides (what stands after it may be absent), else the leftmost failure."""
    failed: Failed | None = None
    for value in values:
        if value is decides:
            return decides
        if isinstance(value, Failed):
            failed = failed or value
    return failed or (not decides)


def _quantified(tree: Tree, names: Names, local: Locals) -> Any:
    items = evaluate(tree.args[0], names, local)
    if isinstance(items, Failed):
        return items
    found = (evaluate(tree.args[1], names, {**local, tree.data: item}) for item in items)
    return _verdict(found, decides=tree.op == "exists")


def _each(tree: Tree, names: Names, local: Locals) -> Any:
    """`map`, `filter` and `exists_one`: a failure at any element fails the whole."""
    items = evaluate(tree.args[0], names, local)
    if isinstance(items, Failed):
        return items
    kept: list[Any] = []
    for item in items:
        inner = {**local, tree.data: item}
        if tree.op == "map" and len(tree.args) == 2:
            taken, value = True, evaluate(tree.args[1], names, inner)
        else:
            taken = evaluate(tree.args[1], names, inner)
            if isinstance(taken, Failed):
                return taken
            value = evaluate(tree.args[2], names, inner) if tree.op == "map" and taken else item
        if isinstance(value, Failed):
            return value
        if taken:
            kept.append(value)
    return len(kept) == 1 if tree.op == "exists_one" else settled(tuple(kept), tree.kind)


def _or_value(tree: Tree, names: Names, local: Locals) -> Any:
    """`a.?b.orValue(c)`: the path is in `data`; the fallback is asked only where there is no value."""
    present = names.is_present(tree.data)
    value = present if isinstance(present, Failed) else names.read(tree.data) if present else ABSENT
    if isinstance(value, Failed):
        return value
    return settled(evaluate(tree.args[0], names, local) if value is ABSENT else value, tree.kind)


# ----------------------------------------------------------------------------------------------------- arithmetic


def _chained(tree: Tree, values: list[Any]) -> Any:
    """A chain is a tree to the left: `a + b + c` is `(a + b) + c`, and each step has a kind of its own."""
    step = CHAINED[tree.op]
    whole = tree.args[0].kind.is_whole
    so_far = values[0]
    for operand, value in zip(tree.args[1:], values[1:], strict=True):
        whole = whole and operand.kind.is_whole
        failed = leftmost([so_far, value])
        so_far = failed or settled(step(so_far, value), Kind("int" if whole else "decimal"))
    return so_far


CHAINED: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "*": lambda a, b: a * b,
    "min": min,
    "max": max,
}


def _divided(tree: Tree, a: Any, b: Any) -> Any:
    return ZERO if b == 0 else Fraction(a) / Fraction(b)


def _truncated(tree: Tree, a: Any, b: Any) -> Any:
    return ZERO if b == 0 else numbers.truncated(a, b)


def _remainder(tree: Tree, a: Any, b: Any) -> Any:
    return ZERO if b == 0 else a - b * numbers.truncated(a, b)


def _rounded(tree: Tree, a: Any) -> Any:
    places, mode = tree.data
    return numbers.rounded(Fraction(a), places, mode)


def _clamped(tree: Tree, a: Any, low: Any, high: Any) -> Any:
    return min(max(a, low), high)


def _average(tree: Tree, items: Any) -> Any:
    total = settled(sum(items), tree.args[0].kind.item or tree.kind)
    if isinstance(total, Failed):
        return total
    return ZERO if not items else Fraction(total) / len(items)


def _instant(value: int) -> Any:
    return value if FIRST_INSTANT <= value < LAST_INSTANT else TIME_RANGE


def _span(value: int) -> Any:
    return value if numbers.fits(value) else TIME_RANGE


def _is_in(tree: Tree, value: Any, items: Any) -> bool:
    return any(value == item for item in items)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "-": lambda tree, a, b: a - b,
    "negate": lambda tree, a: -a,
    "/": _divided,
    "div": _truncated,
    "%": _remainder,
    "abs": lambda tree, a: abs(a),
    "floor": lambda tree, a: Fraction(a).__floor__(),
    "ceil": lambda tree, a: Fraction(a).__ceil__(),
    "round": _rounded,
    "clamp": _clamped,
    "int": lambda tree, a: numbers.truncated(a, 1),
    "decimal": lambda tree, a: a,
    "string": lambda tree, a: ("true" if a else "false") if isinstance(a, bool) else numbers.text_of(a),
    "<": lambda tree, a, b: a < b,
    "<=": lambda tree, a, b: a <= b,
    ">": lambda tree, a, b: a > b,
    ">=": lambda tree, a, b: a >= b,
    "==": lambda tree, a, b: a == b,
    "!=": lambda tree, a, b: a != b,
    "!": lambda tree, a: not a,
    "in": _is_in,
    "list": lambda tree, *items: items,
    "record": lambda tree, *items: dict(zip((n for n, _ in tree.kind.fields), items, strict=True)),
    "concat": lambda tree, a, b: a + b,
    "size": lambda tree, a: len(a),
    "sum": lambda tree, items: sum(items),
    "min_of": lambda tree, items: min(items) if items else EMPTY,
    "max_of": lambda tree, items: max(items) if items else EMPTY,
    "avg": _average,
    "index": lambda tree, items, i: items[i] if 0 <= i < len(items) else NO_ITEM,
    "field": lambda tree, record: record[tree.data],
    "contains": lambda tree, a, b: b in a,
    "startsWith": lambda tree, a, b: a.startswith(b),
    "endsWith": lambda tree, a, b: a.endswith(b),
    "lowerAscii": lambda tree, a: "".join(c.lower() if "A" <= c <= "Z" else c for c in a),
    "upperAscii": lambda tree, a: "".join(c.upper() if "a" <= c <= "z" else c for c in a),
    "time + duration": lambda tree, a, b: _instant(a + b),
    "time - duration": lambda tree, a, b: _instant(a - b),
    "time - time": lambda tree, a, b: _span(a - b),
    "duration + duration": lambda tree, a, b: _span(a + b),
    "duration - duration": lambda tree, a, b: _span(a - b),
    "-duration": lambda tree, a: _span(-a),
    "seconds_between": lambda tree, a, b: Fraction(b - a, 10**9),
}
