"""A column of cells as the program holds it, and what becomes of it when overrides need a wider type."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from math import lcm
from typing import Any, cast

from policyengine.compiler.literals import Exact, held, tight
from policyengine.runtime.tier_column import TierColumn, coded
from policyengine.values import types
from policyengine.values.types import Number, Type


@dataclass(slots=True)
class Cells:
    """A column of exact cells: row r has `values[codes[r]]`, so that what a file says often is read and held once."""

    values: list[Exact] = field(default_factory=list)
    codes: array[int] = field(default_factory=lambda: array("I"))

    def append(self, value: Exact) -> None:
        """One more row."""
        self.codes.append(len(self.values))
        self.values.append(value)

    def __getitem__(self, row: int) -> Exact:
        return self.values[self.codes[row]]

    def __iter__(self) -> Iterator[Exact]:
        return map(self.values.__getitem__, self.codes)

    def after(self, change: Callable[[Exact], Any]) -> tuple[Any, ...]:
        """Every row's cell after a change."""
        return tuple(map([change(value) for value in self.values].__getitem__, self.codes))


def repeated(value: Exact, count: int) -> Cells:
    """A column of one value."""
    return Cells([value], array("I", bytes(array("I").itemsize * count)))


@dataclass(slots=True)
class TierCells:
    """A column of schedules: the tiers of all rows, one after another, and how many each row has, 0 for none."""

    bounds: Cells = field(default_factory=Cells)
    rates: Cells = field(default_factory=Cells)
    flats: Cells = field(default_factory=Cells)
    lengths: array[int] = field(default_factory=lambda: array("I"))

    def append(self, schedule: Exact) -> None:
        """One more row: its bounds, rates and flat amounts, or None."""
        parts = schedule or ((), (), ())
        for column, part in zip((self.bounds, self.rates, self.flats), parts, strict=True):
            for value in part:
                column.append(value)
        self.lengths.append(len(parts[0]))


def column_for(its_type: Type) -> Cells | TierCells:
    """An empty column for exact values of a type."""
    return TierCells() if isinstance(its_type, types.Tiers) else Cells()


def tight_column(declared: Type, cells: Cells | TierCells) -> Type:
    """The declared type narrowed to exactly these cells."""
    if isinstance(cells, Cells):
        return tight(declared, cells.values)
    assert isinstance(declared, types.Tiers)
    parts = ((declared.bound, cells.bounds), (declared.rate, cells.rates), (declared.flat, cells.flats))
    return types.Tiers(*cast(list[Number], [tight(its, part.values) for its, part in parts]))


def held_column(cells: Cells | TierCells, its_type: Type) -> Sequence[Any]:
    """Exact cells as the program holds them."""
    if isinstance(cells, Cells):
        return cells.after(lambda cell: held(cell, its_type))
    inner = its_type.item if isinstance(its_type, types.Optional) else its_type
    assert isinstance(inner, types.Tiers)
    bounds, flats = held_column(cells.bounds, inner.bound), held_column(cells.flats, inner.flat)
    edges = list(pairwise(accumulate(cells.lengths, initial=0)))
    by_row = [coded([part[start:end] or None for start, end in edges]) for part in (bounds, flats)]
    rates = [held(rate, inner.rate) for rate in cells.rates.values], cells.rates.codes
    return TierColumn(by_row[0], rates, by_row[1])


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
