"""Prepared tiers: what generated code asks for the price of a quantity, by one bisection.

A prepared schedule is (bounds, rates, flats, offsets, flats before): the bounds without the open last one, and for
each tier the number that is added to `quantity * rate` so that the tiers below count at their own rates, and the flat
amounts of all tiers below. Bounds are ints over the quantity's denominator; quantities here are not negative.
"""

from __future__ import annotations

from bisect import bisect_left as bisect_left  # generated code asks it, too
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from policyengine.runtime.failure import Failure
from policyengine.runtime.program import CellOverride
from policyengine.runtime.support import overridden

Ints = tuple[int, ...]
Prepared = tuple[Ints, Ints, Ints, Ints, Ints]


def prepare_all(schedules: Iterable[Any], bound_factor: int) -> list[Prepared]:
    """The schedules of a column; equal bounds are one object, so that many rows use the same memory."""
    shared: dict[Ints, Ints] = {}
    made = [prepare(schedule, bound_factor) for schedule in schedules]
    return [tuple([shared.setdefault(part, part) for part in one]) for one in made]  # type: ignore[misc]


def prepare(schedule: Any, bound_factor: int) -> Prepared:
    """A schedule ready for `graduated` and its like; `bound_factor` brings bounds to the quantity's denominator."""
    bounds, rates, flats = schedule
    edges = tuple([b * bound_factor for b in bounds[:-1]])
    offsets, flats_before = [0], [0]
    for i, edge in enumerate(edges):
        offsets.append(offsets[-1] + edge * (rates[i] - rates[i + 1]))
        flats_before.append(flats_before[-1] + flats[i])
    return edges, tuple(rates), tuple(flats), tuple(offsets), tuple(flats_before)


@lru_cache(maxsize=10_000)
def _prepared(schedule: Any, bound_factor: int) -> Prepared:
    return prepare(schedule, bound_factor)


def overridden_tiers(
    own: Prepared, candidates: Sequence[CellOverride] | None, at: int | Failure | None, bound_factor: int
) -> Any:
    """The tenant's tiers in force for a row, else the row's own."""
    if not candidates:
        return own
    found = overridden(None, candidates, at)
    if found is None:
        return own
    return found if found.__class__ is Failure else _prepared(found, bound_factor)


def graduated(s: Prepared, quantity: int) -> int:
    """Every part of the quantity at the rate of its tier."""
    tier = bisect_left(s[0], quantity)
    return s[3][tier] + quantity * s[1][tier]


def graduated_growth(s: Prepared, after: int, before: int) -> int:
    """`graduated(s, after) - graduated(s, before)`, where they lie in two tiers."""
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


def tier_index(s: Prepared, quantity: int) -> int:
    """Which tier holds the quantity, counted from 0."""
    return bisect_left(s[0], quantity)
