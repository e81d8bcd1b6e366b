"""Tiers in DuckDB SQL: a schedule lies in columns, so that one from a constant, a row or expressions is priced alike.

A schedule of up to k tiers is k - 1 bounds, k rates and k flat amounts. A schedule with fewer tiers has NULL in the
rest: its open tier is the first without a bound, and a tier whose lower bound is NULL is never reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import lcm

from policyengine.batch.duckdb_query import Query, Val, error_of
from policyengine.batch.sql_text import (
    Sql,
    choice,
    compared,
    constant_of,
    either,
    is_null,
    minus,
    plus,
    scaled,
    times,
    whole,
)
from policyengine.values import types
from policyengine.values.types import Number, Type

TIERS_MAX = 100
"""Schedules with more tiers are not written out in a query."""


def parts(schedule: Val) -> tuple[list[Sql], list[Sql], list[Sql]]:
    """Bounds, rates and flats."""
    count = (len(schedule.parts) + 1) // 3
    own = list(schedule.parts)
    return own[: count - 1], own[count - 1 : 2 * count - 1], own[2 * count - 1 :]


def padded(schedule: Val, count: int) -> tuple[Sql, ...]:
    """The slots of a schedule beside one of `count` tiers."""
    bounds, rates, flats = parts(schedule)
    missing = count - len(rates)
    nothing = [Sql("NULL::BIGINT", "BIGINT")] * missing
    return (*bounds, *nothing, *rates, *nothing, *flats, *nothing)


def _scaled_quantity(query: Query, values: Sequence[Val], kinds: Sequence[Type]) -> tuple[list[Sql], Sql]:
    """Bounds and quantity over their common denominator."""
    schedule, quantity = kinds[0], kinds[1]
    assert isinstance(schedule, types.Tiers)
    assert isinstance(quantity, Number)
    den = lcm(schedule.bound.den, quantity.den)
    bounds = [query.stored(scaled(b, den // schedule.bound.den)) for b in parts(values[0])[0]]
    return bounds, query.stored(scaled(values[1].code, den // quantity.den))


def graduated(query: Query, values: Sequence[Val], kinds: Sequence[Type]) -> Val:
    """Every part of the quantity at the rate of its tier."""
    bounds, quantity = _scaled_quantity(query, values, kinds)
    low, total = whole(0), whole(0)
    for tier, rate in enumerate(parts(values[0])[1]):
        bound = bounds[tier] if tier < len(bounds) else None
        total = plus(total, _part(quantity, low, bound, rate))
        low = low if bound is None else bound
    return Val((total,), error_of(values[:2]))


def _part(quantity: Sql, low: Sql, bound: Sql | None, rate: Sql) -> Sql:
    """What one tier adds: the part of the quantity between its bounds at its rate, 0 where it is not reached."""
    reached = compared(quantity, ">", low)
    if bound is None:
        amount = times(minus(quantity, low), rate)
        return _bounded(choice([(reached, amount)], whole(0)), 0, quantity.hi - low.lo, rate)
    high = choice([(compared(quantity, ">", bound), bound)], quantity)
    most = quantity.hi if constant_of(bound) is None else min(quantity.hi, bound.hi)
    amount = times(minus(high, low), rate)
    return _bounded(choice([(reached, amount)], whole(0)), bound.lo - low.hi, most - low.lo, rate)


def _bounded(part: Sql, least: int, most: int, rate: Sql) -> Sql:
    """The bounds of a tier's part where it is reached; elsewhere it is 0, whatever the other branch would have been."""
    corners = [x * y for x in (min(least, 0), max(most, 0)) for y in (rate.lo, rate.hi)]
    return replace(part, lo=min(corners), hi=max(corners))


def graduated_flat(query: Query, values: Sequence[Val], kinds: Sequence[Type]) -> Val:
    """The flat amounts of every tier entered; the first is entered at zero only where that is said."""
    bounds, quantity = _scaled_quantity(query, values, kinds)
    flats = parts(values[0])[2]
    total = flats[0]
    for low, amount in zip(bounds, flats[1:], strict=True):
        total = plus(total, choice([(compared(quantity, ">", low), amount)], whole(0)))
    return Val((_from_zero(quantity, values, flats[0], total),), error_of(values))


def _from_zero(quantity: Sql, values: Sequence[Val], first: Sql, amount: Sql) -> Sql:
    """Flat amounts below, at and above zero; the third argument says whether the first is due at zero."""
    at_zero = values[2].code.code == "TRUE"
    cases = [(compared(quantity, ">", whole(0)), amount)]
    if at_zero:
        cases.append((compared(quantity, "=", whole(0)), first))
    return choice(cases, whole(0))


def _of_tier(bounds: Sequence[Sql], quantity: Sql, amounts: Sequence[Sql]) -> Sql:
    """What stands in the tier that holds a quantity."""
    cases = [
        (either([is_null(bound), compared(quantity, "<=", bound)]), amount)
        for bound, amount in zip(bounds, amounts, strict=False)
    ]
    return choice(cases, amounts[-1]) if cases else amounts[0]


def volume(query: Query, values: Sequence[Val], kinds: Sequence[Type]) -> Val:
    """The whole quantity at the rate of the tier that holds it."""
    bounds, quantity = _scaled_quantity(query, values, kinds)
    priced = times(quantity, _of_tier(bounds, quantity, parts(values[0])[1]))
    found = choice([(compared(quantity, ">", whole(0)), priced)], whole(0))
    return Val((found,), error_of(values[:2]))


def volume_flat(query: Query, values: Sequence[Val], kinds: Sequence[Type]) -> Val:
    bounds, quantity = _scaled_quantity(query, values, kinds)
    flats = parts(values[0])[2]
    amount = _of_tier(bounds, quantity, flats)
    return Val((_from_zero(quantity, values, flats[0], amount),), error_of(values))


def free_tier(values: Sequence[Val], kinds: Sequence[Type], made: Type) -> Val:
    """A schedule behind a tier that costs nothing; a bound that is missing stays so."""
    own, free = kinds
    assert isinstance(own, types.Tiers)
    assert isinstance(made, types.Tiers)
    assert isinstance(free, Number)
    bounds, rates, flats = parts(values[0])
    first = scaled(values[1].code, made.bound.den // free.den)
    moved = [plus(scaled(bound, made.bound.den // own.bound.den), first) for bound in bounds]
    return Val((first, *moved, whole(0), *rates, whole(0), *flats), error_of(values))


def tier_index(query: Query, values: Sequence[Val], kinds: Sequence[Type]) -> Val:
    bounds, quantity = _scaled_quantity(query, values, kinds)
    return Val((_of_tier(bounds, quantity, [whole(i) for i in range(len(bounds) + 1)]),), error_of(values[:2]))
