"""A column of cells as the program holds it, and what becomes of it when overrides need a wider type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import lcm
from typing import Any, cast

from policyengine.compiler.literals import Exact, held
from policyengine.values import types
from policyengine.values.types import Number, Type


def held_all(values: Iterable[Exact], its_type: Type) -> tuple[Any, ...]:
    """Exact values as the program holds them; what is one object here is one there."""
    known: dict[int, Any] = {}
    kept: dict[int, Exact] = {}

    def hold(value: Exact, its_type: Type) -> Any:
        key = id(value)
        if key not in kept:
            kept[key] = value
            known[key] = held(value, its_type)
        return known[key]

    inner = its_type.item if isinstance(its_type, types.Optional) else its_type
    if not isinstance(inner, types.Tiers):
        return tuple([hold(value, its_type) for value in values])
    shared: dict[Any, Any] = {}
    found: list[Any] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        parts = []
        for cells, part_type in zip(value, (inner.bound, inner.rate, inner.flat), strict=True):
            part = tuple([hold(cell, part_type) for cell in cells])
            parts.append(shared.setdefault(part, part))
        found.append(tuple(parts))
    return tuple(found)


def widened(known: Type, more: Type) -> Type | None:
    """The type that holds the values of both, where it is a matter of numbers alone; else None."""
    match known, more:
        case Number(), Number():
            den = lcm(known.den, more.den)
            a, b = types.rescaled(known, den), types.rescaled(more, den)
            return replace(a, lo=min(a.lo, b.lo), hi=max(a.hi, b.hi))
        case types.Optional(), types.Optional():
            item = widened(known.item, more.item)
            return None if item is None else types.Optional(item)
        case types.Tiers(), types.Tiers():
            parts = [widened(getattr(known, part), getattr(more, part)) for part in ("bound", "rate", "flat")]
            return types.Tiers(*cast(list[Number], parts))
    return known if known == more else None


def rescaled(value: Any, known: Type, wider: Type) -> Any:
    """A held value of one type as one of a type that `widened` has given."""
    match known, wider:
        case Number(), Number():
            return value * (wider.den // known.den)
        case types.Optional(), types.Optional():
            return None if value is None else rescaled(value, known.item, wider.item)
        case types.Tiers(), types.Tiers():
            bounds, rates, flats = value
            return (
                tuple([None if b is None else rescaled(b, known.bound, wider.bound) for b in bounds]),
                tuple([rescaled(r, known.rate, wider.rate) for r in rates]),
                tuple([rescaled(f, known.flat, wider.flat) for f in flats]),
            )
    return value
