"""Prepared tiers: what generated code asks for the price of a quantity, by one bisection.

A prepared schedule is (bounds, rates, flats, offsets, flats before): the bounds without the open last one, and for
each tier the number that is added to `quantity * rate` so that the tiers below count at their own rates, and the flat
amounts of all tiers below. Bounds are ints over the quantity's denominator; quantities here are not negative.
"""

from __future__ import annotations

from bisect import bisect_left as bisect_left  # generated code asks it, too
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from policyengine.runtime.failure import Failure
from policyengine.runtime.program import CellOverride
from policyengine.runtime.tables.overriding import overriding

Ints = tuple[int, ...]
Prepared = tuple[Ints, Ints, Ints, Ints, Ints]


class _PreparedColumn(dict[int, Prepared]):
    """The schedules of a column by row, each prepared when it is first asked for: most of a large table never are.

    Equal bounds are one object, so that many rows use the same memory.
    """

    def __init__(self, schedules: Sequence[Any], bound_factor: int) -> None:
        self._schedules = schedules
        self._factor = bound_factor
        self._shared: dict[Ints, Ints] = {}

    def __missing__(self, row: int) -> Prepared:
        made = prepare(self._schedules[row], self._factor)
        shared = self[row] = cast(Prepared, tuple([self._shared.setdefault(part, part) for part in made]))
        return shared


def prepare_all(schedules: Sequence[Any], bound_factor: int) -> Mapping[int, Prepared]:
    """The schedules of a column, ready for `graduated` and its like, by row."""
    return _PreparedColumn(schedules, bound_factor)


def prepare(schedule: Any, bound_factor: int) -> Prepared:
    """A schedule ready for `graduated` and its like; `bound_factor` brings bounds to the quantity's denominator."""
    bounds, rates, flats = schedule
    edges = tuple([b * bound_factor for b in bounds[:-1]])
    offsets, flats_before = [0], [0]
    for i, edge in enumerate(edges):
        offsets.append(offsets[-1] + edge * (rates[i] - rates[i + 1]))
        flats_before.append(flats_before[-1] + flats[i])
    return edges, tuple(rates), tuple(flats), tuple(offsets), tuple(flats_before)


def overridden_tiers(bound_factor: int) -> Callable[[Prepared, Sequence[CellOverride], int | Failure | None], Any]:
    """What picks the tenant's tiers in force for a row, else the row's own; tenants' tiers are prepared when asked."""
    made: dict[int, Prepared] = {}  # by the identity of overrides, which live as long as their program

    def pick(own: Prepared, candidates: Sequence[CellOverride], at: int | Failure | None) -> Any:
        found = overriding(candidates, at)
        if found is None or found.__class__ is Failure:
            return own if found is None else found
        prepared = made.get(id(found))
        if prepared is None:
            prepared = made[id(found)] = prepare(found.value, bound_factor)
        return prepared

    return pick


def graduated_growth(s: Prepared, after: int, before: int) -> int:
    """The price of one quantity less that of another, each part at the rate of its tier; they lie in two tiers."""
    edges, rates, _, offsets, _ = s
    tier, first = bisect_left(edges, after), bisect_left(edges, before)
    return offsets[tier] + after * rates[tier] - offsets[first] - before * rates[first]


def graduated_flat(s: Prepared, quantity: int, at_zero: bool) -> int:
    """The flat amounts of every tier entered; the first is entered at zero only where that is said."""
    if quantity <= 0:
        return s[2][0] if at_zero and quantity == 0 else 0
    tier = bisect_left(s[0], quantity)
    return s[4][tier] + s[2][tier]


def volume(s: Prepared, quantity: int) -> int:
    """The whole quantity at the rate of the tier that holds it."""
    return s[1][bisect_left(s[0], quantity)] * quantity


def volume_flat(s: Prepared, quantity: int, at_zero: bool) -> int:
    """The flat amount of the tier that holds the quantity."""
    if quantity <= 0:
        return s[2][0] if at_zero and quantity == 0 else 0
    return s[2][bisect_left(s[0], quantity)]


def free_tier(schedule: Any, bound_factor: int, free: int) -> Any:
    """A schedule, not yet prepared, behind a tier that costs nothing; its bounds move up by the free quantity."""
    bounds, rates, flats = schedule
    return (free, *[b * bound_factor + free for b in bounds[:-1]], None), (0, *rates), (0, *flats)


def tiers_between(edges: Ints, start: int, end: int, whole: bool) -> tuple[int, int]:
    """The tiers that the growth from one quantity to another touches, as a range; of a whole quantity just its own.

    A quantity exactly at the end of a tier has used that tier up.
    """
    last = bisect_left(edges, end)
    if whole:
        return last, last + 1
    first = bisect_left(edges, start)
    if start < end and first < len(edges) and edges[first] == start:
        first += 1
    return (first, last + 1) if first <= last else (last, first + 1)


def tier_index(s: Prepared, quantity: int) -> int:
    """Which tier holds the quantity, counted from 0."""
    return bisect_left(s[0], quantity)
