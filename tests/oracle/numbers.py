"""Exact arithmetic as the language defines it, on Fractions."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

HALF = Fraction(1, 2)
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
DIGITS_MAX = 34

seen: Counter[str] = Counter()
"""How often a rounding met an exact tie or dropped something: generators must reach the hard cases."""


def rounded(value: Fraction, places: int, mode: str) -> Fraction:
    """`value` at so many places; half modes look at the distance, `up` and `down` at the absolute value."""
    step = Fraction(10) ** -places
    below, rest = divmod(value / step, 1)
    if rest == HALF:
        seen["tie"] += 1
    if rest:
        seen["rounded"] += 1
    return (below + (1 if _goes_up(below, rest, mode) else 0)) * step


def _goes_up(below: int, rest: Fraction, mode: str) -> bool:
    """Whether the number lies nearer to the next step above, in this mode; `below` is the step under it."""
    negative = below < 0
    match mode:
        case "floor":
            return False
        case "ceiling":
            return rest > 0
        case "down":
            return negative and rest > 0
        case "up":
            return not negative and rest > 0
        case "half_up":
            return rest > HALF or (rest == HALF and not negative)
        case "half_down":
            return rest > HALF or (rest == HALF and negative)
        case "half_even":
            return rest > HALF or (rest == HALF and below % 2 == 1)
    raise ValueError(mode)


def truncated(a: Fraction | int, b: Fraction | int) -> int:
    """a / b towards zero."""
    quotient = abs(Fraction(a)) // abs(Fraction(b))
    return quotient if (a >= 0) == (b > 0) else -quotient


def fits(value: Fraction | int) -> bool:
    """Whether a whole number is an `int` of the language."""
    return INT_MIN <= value <= INT_MAX


def digits(value: Fraction) -> int | None:
    """How many significant digits the shortest exact decimal has; None where it never ends."""
    scaled, places = value, 0
    while scaled.denominator != 1:
        scaled *= 10
        places += 1
        if places > 2_000:
            return None
    return len(str(abs(scaled.numerator)).rstrip("0")) or 1


def text_of(value: Fraction | int) -> str:
    """The shortest exact decimal."""
    exact = Fraction(value)
    places = 0
    while (exact * 10**places).denominator != 1:
        places += 1
    whole = str(abs((exact * 10**places).numerator)).rjust(places + 1, "0")
    shown = whole if not places else f"{whole[:-places]}.{whole[-places:]}"
    return f"-{shown}" if exact < 0 else shown
