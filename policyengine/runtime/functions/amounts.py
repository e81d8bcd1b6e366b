"""The functions of billing on numbers: extremes, sums, rounding by name, shares of a total."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from policyengine.runtime.exact import round_fraction
from policyengine.runtime.failure import BAD_ARGUMENT, DIVISION_BY_ZERO, EMPTY, NO_OVERLOAD, OVERFLOW, Failure
from policyengine.runtime.functions import operators
from policyengine.runtime.functions.equality import compared
from policyengine.runtime.functions.function import (
    DECIMAL,
    INT,
    NUMBER,
    Function,
    T,
    list_of,
    plain,
)
from policyengine.runtime.functions.kinds import word
from policyengine.runtime.functions.math import absolute
from policyengine.runtime.limits import Meter
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.rounding import MODES
from policyengine.values.types import DYN, INT64_MAX, INT64_MIN, STRING, UNLIMITED

PLACES_MAX = 34
_NUMBERS = (int, Fraction)
_MEASURES = (int, Fraction, Timestamp, Duration)


def _not_a_number(name: str, value: Any) -> Failure:
    return NO_OVERLOAD.saying(f"`{name}` takes numbers, and {word(value)} is among them")


def _extreme(name: str, wanted: int) -> Callable[..., Any]:
    """`min` or `max`, of several values or of those in one list; `wanted` is the order of a better one."""

    def run(meter: Meter, *given: Any) -> Any:
        values = given[0] if len(given) == 1 and type(given[0]) is tuple else given
        if not values:
            return EMPTY
        meter.charge(2 * len(values))
        best = values[0]
        for value in values:
            if type(value) not in _MEASURES:
                return _not_a_number(name, value)
            order = compared(meter, value, best)
            if isinstance(order, Failure):
                return order
            if order == wanted:
                best = value
        return best

    return run


def total(meter: Meter, items: tuple[Any, ...]) -> Any:
    """The sum of a list; 0 if it is empty."""
    meter.charge(3 * len(items))
    if not items:
        return 0
    found = items[0]
    for value in items:
        if type(value) not in (int, Fraction, Duration):
            return _not_a_number("sum", value)
    for value in items[1:]:
        found = operators.add(meter, found, value)
        if isinstance(found, Failure):
            return found
    return found


def average(meter: Meter, items: tuple[Any, ...]) -> Any:
    """The exact mean of a list of numbers."""
    found = total(meter, items)
    if isinstance(found, Failure):
        return found
    return operators.divide(meter, found, len(items))


def rounded(value: int | Fraction, places: int, mode: str) -> Any:
    """The multiple of 10**-places that the mode names."""
    if abs(places) > PLACES_MAX:
        return BAD_ARGUMENT.saying(f"a number is rounded to at most {PLACES_MAX} places")
    if mode not in MODES:
        return BAD_ARGUMENT.saying(f"`{mode[:40]}` is no rounding mode: it is one of {', '.join(MODES)}")
    return round_fraction(Fraction(value), places, mode)


def _whole(value: int) -> int | Failure:
    return value if INT64_MIN <= value <= INT64_MAX else OVERFLOW


def clamp(value: Any, low: Any, high: Any) -> Any:
    return min(max(value, low), high)


def strictest(*given: Any) -> Any:
    """The smallest of several limits; `unlimited` is above every number."""
    limits = given[0] if len(given) == 1 and type(given[0]) is tuple else given
    for limit in limits:
        if type(limit) not in _NUMBERS and not (type(limit) is str and limit == UNLIMITED):
            return NO_OVERLOAD.saying(f"`strictest` takes numbers and `{UNLIMITED}`, and {word(limit)} is among them")
    numbers = [limit for limit in limits if type(limit) is not str]
    if numbers:
        return min(numbers)
    return UNLIMITED if limits else EMPTY


def _refused_shares(name: str, whole: Any, parts: Sequence[Any]) -> Failure | None:
    for part in parts:
        if type(part) not in _NUMBERS:
            return _not_a_number(name, part)
        if part < 0:
            return BAD_ARGUMENT.saying(f"`{name}` takes no negative parts")
    return None


def allocate(meter: Meter, whole: Any, weights: tuple[Any, ...], places: int | None = None) -> Any:
    """A total divided by weights: exactly, or to so many places with the largest remainders rounded up.

    The shares always add up to the total, which must itself have no more places. Of equal remainders the earlier one
    goes first.
    """
    meter.charge(40 * len(weights))
    refused = _refused_shares("allocate", whole, weights)
    if refused is not None:
        return refused
    every = sum(map(Fraction, weights), Fraction(0))
    if not whole:
        return (Fraction(0),) * len(weights)
    if not every:
        return DIVISION_BY_ZERO.saying("the weights add up to nothing")
    shares = [Fraction(whole) * weight / every for weight in weights]
    if places is None:
        return tuple(shares)
    return _largest_remainders(Fraction(whole), shares, places)


def _largest_remainders(whole: Fraction, shares: list[Fraction], places: int) -> Any:
    if abs(places) > PLACES_MAX:
        return BAD_ARGUMENT.saying(f"a number is rounded to at most {PLACES_MAX} places")
    unit = Fraction(10) ** -places
    if (abs(whole) / unit).denominator != 1:
        return BAD_ARGUMENT.saying(f"the total has more than {places} places: round it first")
    sign = -1 if whole < 0 else 1
    units = [abs(share) // unit for share in shares]
    missing = int(abs(whole) / unit) - sum(units)
    by_remainder = sorted(range(len(shares)), key=lambda i: (units[i] * unit - abs(shares[i]), i))
    for i in by_remainder[:missing]:
        units[i] += 1
    return tuple(sign * count * unit for count in units)


def draw(meter: Meter, whole: Any, capacities: tuple[Any, ...]) -> Any:
    """What a total takes from each of several capacities, one after another; what none has room for is not drawn."""
    meter.charge(5 * len(capacities))
    refused = _refused_shares("draw", whole, (whole, *capacities))
    if refused is not None:
        return refused
    left = whole
    drawn = []
    for capacity in capacities:
        part = min(left, capacity)
        drawn.append(part)
        left -= part
    return tuple(drawn)


_MANY = (plain(T, gives=T, repeats=True, may_fail=True), plain(list_of(T), gives=T, may_fail=True))
_NUMBERS_LIST = list_of(NUMBER)

AMOUNTS = (
    Function("min", _MANY, _extreme("min", -1), "the smallest of several numbers, instants or durations", metered=True),
    Function("max", _MANY, _extreme("max", 1), "the largest of several numbers, instants or durations", metered=True),
    Function(
        "sum",
        (plain(list_of(T), gives=DYN, may_fail=True),),  # of no durations it is the number 0
        total,
        "the sum of a list; 0 if it is empty",
        metered=True,
    ),
    Function("avg", (plain(_NUMBERS_LIST, gives=DECIMAL, may_fail=True),), average, "the mean of a list", metered=True),
    Function(
        "round",
        (plain(NUMBER, INT, STRING, gives=DECIMAL, may_fail=True),),
        rounded,
        "a number rounded to places by a named mode, as in `round(x, 2, half_up)`",
        cost=10,
    ),
    Function(
        "floor",
        (plain(NUMBER, gives=INT, may_fail=True),),
        lambda value: _whole(value.__floor__()),
        "down to an int",
    ),
    Function(
        "ceil",
        (plain(NUMBER, gives=INT, may_fail=True),),
        lambda value: _whole(value.__ceil__()),
        "up to an int",
    ),
    Function("abs", (plain(NUMBER, gives=NUMBER, may_fail=True),), absolute, "the absolute value"),
    Function(
        "clamp",
        (plain(NUMBER, NUMBER, NUMBER, gives=NUMBER),),
        clamp,
        "a number, or the nearer of two bounds if it lies outside of them",
    ),
    Function(
        "div",
        (plain(NUMBER, NUMBER, gives=NUMBER, may_fail=True),),
        operators.truncate_divide,
        "a division without its rest, towards zero: `div(10, 4)` is 2",
        metered=True,
    ),
    Function(
        "strictest",
        (plain(DYN, gives=DYN, repeats=True, may_fail=True),),
        strictest,
        "the smallest of several limits, where `unlimited` is above every number",
    ),
    Function(
        "allocate",
        (
            plain(NUMBER, _NUMBERS_LIST, gives=list_of(DECIMAL), may_fail=True),
            plain(NUMBER, _NUMBERS_LIST, INT, gives=list_of(DECIMAL), may_fail=True),
        ),
        allocate,
        "a total divided by weights: exactly, or to places so that the shares still add up to it",
        metered=True,
    ),
    Function(
        "draw",
        (plain(NUMBER, _NUMBERS_LIST, gives=_NUMBERS_LIST, may_fail=True),),
        draw,
        "what a total takes from each of several capacities in order",
        metered=True,
    ),
)
