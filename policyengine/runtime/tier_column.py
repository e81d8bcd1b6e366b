"""A column of tiers in parts: a table of a hundred thousand rows has few bounds, and most rows are never asked."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import Any

Schedule = tuple[tuple[int | None, ...], tuple[int, ...], tuple[int, ...]] | None
Coded = tuple[Sequence[Any], "array[int]"]
"""Distinct values, and for each place the number of its value."""


class TierColumn(Sequence[Schedule]):
    """The schedules of all rows, each `(bounds, rates, flat amounts)` or None, made when a row is asked for.

    `bounds` and `flats` are coded by row, `rates` by tier, the tiers of all rows one after another.
    """

    __slots__ = ("_starts", "bounds", "flats", "rates")

    def __init__(self, bounds: Coded, rates: Coded, flats: Coded) -> None:
        self.bounds = bounds
        self.rates = rates
        self.flats = flats
        lengths = [len(own or ()) for own in bounds[0]]
        self._starts = array("I", accumulate(map(lengths.__getitem__, bounds[1]), initial=0))

    @classmethod
    def of(cls, schedules: Iterable[Schedule]) -> TierColumn:
        """A column of schedules that are there already."""
        rows = list(schedules)
        bounds, flats = ([row and row[part] for row in rows] for part in (0, 2))
        return cls(coded(bounds), coded(list(chain.from_iterable(row[1] for row in rows if row))), coded(flats))

    @property
    def tiers(self) -> int:
        """How many tiers all rows have together."""
        return self._starts[-1]

    def __len__(self) -> int:
        return len(self.bounds[1])

    def __getitem__(self, row: Any) -> Any:
        bounds, numbers = self.bounds
        own = bounds[numbers[row]]
        if own is None:
            return None
        rates, of_tiers = self.rates
        flats, of_rows = self.flats
        tiers = of_tiers[self._starts[row] : self._starts[row] + len(own)]
        return own, tuple([rates[number] for number in tiers]), flats[of_rows[row]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)


def bounds_of(schedules: Sequence[Schedule]) -> Iterable[tuple[int | None, ...] | None]:
    """The bounds of each row alone, which of a column need not be put together with its rates."""
    if isinstance(schedules, TierColumn):
        bounds, numbers = schedules.bounds
        return map(bounds.__getitem__, numbers)
    return [row and row[0] for row in schedules]


def coded(values: Sequence[Any]) -> Coded:
    """Distinct values in the order in which they come, and where each stands."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return list(numbers), array("I", map(numbers.__getitem__, values))
