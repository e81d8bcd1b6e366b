"""What operations over limits and over lists in an order mean, on exact values: a part of the specification."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

from policyengine.runtime.program import Call
from policyengine.values import types
from policyengine.values.types import UNLIMITED


def _within(call: Call, value: Any, limit: Any) -> Any:
    """The number, or the limit where that is less: a number in any case."""
    return value if limit == UNLIMITED else min(Fraction(value), Fraction(limit))


def _added(call: Call, a: Any, b: Any) -> Any:
    return UNLIMITED if UNLIMITED in (a, b) else a + b


def _multiplied(call: Call, limit: Any, factor: Any) -> Any:
    return UNLIMITED if limit == UNLIMITED else limit * factor


def _cut(call: Call, limit: Any) -> Any:
    """The multiple of the type's own step at or below the limit."""
    assert isinstance(call.type, types.Limit)
    steps = call.type.number.den
    return UNLIMITED if limit == UNLIMITED else Fraction((Fraction(limit) * steps).__floor__(), steps)


def _ordered(call: Call, items: Any, keys: Any, descending: Any) -> Any:
    """Items in the order of their keys; an absent key comes last, and equal ones stay as they stand."""

    def compare(a: int, b: int) -> int:
        for mine, other, falls in zip(keys[a], keys[b], descending, strict=True):
            if mine == other:
                continue
            if mine is None or other is None:
                return 1 if mine is None else -1
            return 1 if (mine > other) != falls else -1
        return 0

    return tuple(items[i] for i in sorted(range(len(items)), key=cmp_to_key(compare)))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "within": _within,
    "limit_add": _added,
    "limit_multiply": _multiplied,
    "limit_cut": _cut,
    "order_by": _ordered,
}
