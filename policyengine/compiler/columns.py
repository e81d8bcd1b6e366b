"""A column of cells as the program holds it, and what becomes of it when overrides need a wider type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import lcm
from typing import Any, cast

from policyengine.compiler.literals import Exact, held, tight
from policyengine.values import types
from policyengine.values.types import Number, Type


@dataclass(slots=True)
class TierCells:
    """A column of schedules: the tiers of all rows, one after another, and how many each row has, 0 for none."""

    bounds: list[Exact] = field(default_factory=list)
    rates: list[Exact] = field(default_factory=list)
    flats: list[Exact] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def append(self, schedule: Exact) -> None:
        """One more row: its bounds, rates and flat amounts, or None."""
        bounds, rates, flats = schedule or ((), (), ())
        self.bounds += bounds
        self.rates += rates
        self.flats += flats
        self.lengths.append(len(bounds))


Cells = Sequence[Exact] | TierCells


def tight_column(declared: Type, cells: Cells) -> Type:
    """The declared type narrowed to exactly these cells."""
    if not isinstance(cells, TierCells):
        return tight(declared, cells)
    assert isinstance(declared, types.Tiers)
    parts = ((declared.bound, cells.bounds), (declared.rate, cells.rates), (declared.flat, cells.flats))
    return types.Tiers(*cast(list[Number], [tight(*part) for part in parts]))


def held_all(cells: Cells, its_type: Type) -> tuple[Any, ...]:
    """Exact values as the program holds them; what is one object here is one there."""
    if not isinstance(cells, TierCells):
        return each_once(cells, lambda cell: held(cell, its_type))
    inner = its_type.item if isinstance(its_type, types.Optional) else its_type
    assert isinstance(inner, types.Tiers)
    bounds, rates = held_all(cells.bounds, inner.bound), held_all(cells.rates, inner.rate)
    flats = held_all(cells.flats, inner.flat)
    shared: dict[Any, Any] = {}
    share = shared.setdefault
    found: list[Any] = []
    start = 0
    for length in cells.lengths:
        end = start + length
        own = bounds[start:end], rates[start:end], flats[start:end]
        found.append((share(own[0], own[0]), own[1], share(own[2], own[2])) if length else None)
        start = end
    return tuple(found)


def each_once(cells: Sequence[Exact], change: Callable[[Exact], Any]) -> tuple[Any, ...]:
    """Every cell after a change, which is asked once of cells that are one object."""
    known = {key: change(cell) for key, cell in {id(cell): cell for cell in cells}.items()}
    return tuple([known[id(cell)] for cell in cells])


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


def are_held_alike(known: Type, wider: Type) -> bool:
    """Whether values keep their held form in a type that `widened` has given."""
    match known, wider:
        case Number(), Number():
            return known.den == wider.den
        case types.Optional(), types.Optional():
            return are_held_alike(known.item, wider.item)
        case types.Tiers(), types.Tiers():
            return all(getattr(known, part).den == getattr(wider, part).den for part in ("bound", "rate", "flat"))
    return known == wider


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
