"""What a condition cell accepts, as a set: back ends that cannot call `cells.accepts` test membership instead.

Numbers and times are ints over the key's denominator, so every interval is closed and the complement of a set of
intervals is one again. Texts, members and bools are a finite set or the complement of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policyengine.runtime.tables.cells import Cell
from policyengine.values import types
from policyengine.values.types import UNLIMITED, Type

Interval = tuple[int | None, int | None]
"""A closed interval of ints; None is open."""


class NoSet(Exception):
    """A text pattern: it accepts no set that can be written down."""


@dataclass(frozen=True, slots=True)
class Ints:
    """Disjoint intervals in ascending order. For a limit, whether `unlimited` is accepted too."""

    intervals: tuple[Interval, ...]
    unlimited: bool = True

    @property
    def everything(self) -> bool:
        return self.intervals == ((None, None),) and self.unlimited

    def complement(self) -> Ints:
        gaps: list[Interval] = []
        low: int | None = None
        for first, last in self.intervals:
            if first is not None:
                gaps.append((low, first - 1))
            if last is None:
                return Ints(_tidy(gaps), not self.unlimited)
            low = last + 1
        return Ints(_tidy([*gaps, (low, None)]), not self.unlimited)

    def union(self, other: Ints) -> Ints:
        return Ints(_tidy([*self.intervals, *other.intervals]), self.unlimited or other.unlimited)

    def disjoint(self, other: Ints) -> bool:
        if self.unlimited and other.unlimited:
            return False
        both = len(self.intervals) + len(other.intervals)
        joined = [*self.intervals, *other.intervals]
        return len(_merged(joined, touching=False)) == both


@dataclass(frozen=True, slots=True)
class Words:
    """Texts, members or bools: those in `values`, or all others."""

    values: tuple[Any, ...]
    inside: bool

    @property
    def everything(self) -> bool:
        return not self.inside and not self.values

    def complement(self) -> Words:
        return Words(self.values, not self.inside)

    def union(self, other: Words) -> Words:
        a, b = set(self.values), set(other.values)
        if self.inside and other.inside:
            return Words(_sorted(a | b), True)
        if not self.inside and not other.inside:
            return Words(_sorted(a & b), False)
        return Words(_sorted(b - a if self.inside else a - b), False)

    def disjoint(self, other: Words) -> bool:
        a, b = set(self.values), set(other.values)
        if self.inside and other.inside:
            return not a & b
        if not self.inside and not other.inside:
            return False
        return a <= b if self.inside else b <= a


CellSet = Ints | Words


def cell_set(cell: Cell, key: Type) -> CellSet:
    """The set that a cell accepts among the values of a key; a text pattern raises NoSet."""
    numeric = isinstance(key, types.Number | types.Limit) or key in (types.TIMESTAMP, types.DURATION)
    if not numeric:
        return _words(cell)
    found = _ints(cell)
    # `unlimited` is no value of a plain number, so that every set of such a key leaves it out
    return found if isinstance(key, types.Limit) or cell is None else Ints(found.intervals, False)


def _ints(cell: Cell) -> Ints:
    match cell:
        case None:
            return Ints(((None, None),))
        case str():
            assert cell == UNLIMITED
            return Ints((), True)
        case ("any", *cells):
            made = Ints((), False)
            for inner in cells:
                made = made.union(_ints(inner))
            return made
        case ("not", inner):
            return _ints(inner).complement()
        case ("range", low, low_in, high, high_in):
            first = low if low is None or low_in else low + 1
            last = high if high is None or high_in else high - 1
            return Ints(_tidy([(first, last)]), high is None)  # `unlimited` lies above every number
        case int():
            return Ints(((cell, cell),), False)
    raise NoSet


def _words(cell: Cell) -> Words:
    match cell:
        case None:
            return Words((), False)
        case ("any", *cells):
            made = Words((), True)
            for inner in cells:
                made = made.union(_words(inner))
            return made
        case ("not", inner):
            return _words(inner).complement()
        case tuple():
            raise NoSet
    return Words((cell,), True)


def _tidy(intervals: list[Interval]) -> tuple[Interval, ...]:
    """Ascending, without empty ones, and with neighbours that touch made one."""
    return tuple(_merged([(a, b) for a, b in intervals if a is None or b is None or a <= b], touching=True))


def _merged(intervals: list[Interval], touching: bool) -> list[Interval]:
    merged: list[Interval] = []
    for low, high in sorted(intervals, key=lambda i: (i[0] is not None, i[0] or 0)):
        if merged:
            first, last = merged[-1]
            if last is None or low is None or low <= last + touching:
                merged[-1] = (first, None if last is None or high is None else max(last, high))
                continue
        merged.append((low, high))
    return merged


def _sorted(values: set[Any]) -> tuple[Any, ...]:
    return tuple(sorted(values))


def disjoint(a: tuple[CellSet, ...], b: tuple[CellSet, ...]) -> bool:
    """Whether no keys can fit two rows: one column keeps them apart."""
    return any(_apart(x, y) for x, y in zip(a, b, strict=True))


def _apart(a: CellSet, b: CellSet) -> bool:
    match a, b:
        case (Ints(), Ints()):
            return a.disjoint(b)
        case (Words(), Words()):
            return a.disjoint(b)
    raise AssertionError("a column has cells of one kind")
