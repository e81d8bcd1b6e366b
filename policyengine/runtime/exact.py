"""Rounding for the reference interpreter: fractions, signs and comparisons, nothing shared with `values.rounding`.

The generated code rounds integers over static denominators. The interpreter is the specification that it is compared
with, so it must reach its answers in another way: a mistake in the one is then not repeated in the other.
"""

from __future__ import annotations

from fractions import Fraction

_HALF = Fraction(1, 2)


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
