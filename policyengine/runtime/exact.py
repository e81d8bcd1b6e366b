"""Exact values, as the reference interpreter computes with them: ints and Fractions, and their rounding.

Generated code rescales and rounds ints over static denominators. The interpreter is the specification that it is
compared with, so it must reach its answers in another way, and nothing is shared with `values.rounding`: a mistake in
the one is then not repeated in the other.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from policyengine.runtime.failure import Failure
from policyengine.values import types
from policyengine.values.types import UNLIMITED, Type

_HALF = Fraction(1, 2)


def exact(value: Any, its_type: Type) -> Any:
    """A held value (ints over static denominators) as the interpreter computes with it."""
    match its_type:
        case types.Number(integer=True):
            return value
        case types.Number(den=den):
            return Fraction(value, den)
        case types.Limit(number=number):
            return value if value == UNLIMITED else exact(value, number)
        case types.Optional(item=item):
            return None if value is None else exact(value, item)
        case types.List(item=item):
            return tuple(exact(v, item) for v in value)
        case types.Map(value=of):
            return {k: exact(v, of) for k, v in value.items()}
        case types.Record(fields=fields):
            return tuple(exact(v, t) for v, (_, t) in zip(value, fields, strict=True))
        case types.Tiers():
            bounds, rates, flats = value
            return (
                tuple(None if b is None else exact(b, its_type.bound) for b in bounds),
                tuple(exact(r, its_type.rate) for r in rates),
                tuple(exact(f, its_type.flat) for f in flats),
            )
    return value


def held(value: Any, its_type: Type) -> Any:
    """The inverse of `exact`: a value as generated code gives it."""
    if isinstance(value, Failure) or value is None:
        return value
    match its_type:
        case types.Number(den=den):
            scaled = Fraction(value) * den
            assert scaled.denominator == 1, "a value fits its static denominator"
            return scaled.numerator
        case types.Quotient():
            return (Fraction(value).numerator, Fraction(value).denominator)
        case types.Limit(number=number):
            return value if value == UNLIMITED else held(value, number)
        case types.Optional(item=item):
            return held(value, item)
        case types.List(item=item):
            return tuple(held(v, item) for v in value)
        case types.Map(value=of):
            return {k: held(v, of) for k, v in value.items()}
        case types.Record(fields=fields):
            return tuple(held(v, t) for v, (_, t) in zip(value, fields, strict=True))
        case types.Tiers():
            bounds, rates, flats = value
            return (
                tuple(held(b, its_type.bound) for b in bounds),
                tuple(held(r, its_type.rate) for r in rates),
                tuple(held(f, its_type.flat) for f in flats),
            )
    return value


def round_fraction(x: Fraction, places: int, mode: str) -> Fraction:
    """The multiple of 10**-places that the mode names for x; x itself if it is one already."""
    unit = Fraction(10) ** -places
    size = abs(x) / unit
    below = Fraction(size.numerator // size.denominator)
    rest = size - below
    if rest == 0:
        return x
    grown = below + 1 if _grows(mode, rest, x < 0, below.numerator % 2 == 1) else below
    return (-grown if x < 0 else grown) * unit


def _grows(mode: str, rest: Fraction, negative: bool, odd: bool) -> bool:
    """Whether the absolute value goes to the next unit, given the part of a unit that is left over."""
    match mode:
        case "half_even":
            return rest > _HALF or (rest == _HALF and odd)
        case "half_up":
            return rest >= _HALF
        case "half_down":
            return rest > _HALF
        case "up":
            return True
        case "down":
            return False
        case "ceiling":
            return not negative
        case "floor":
            return negative
        case _:
            raise ValueError(f"unknown rounding mode {mode!r}")
