"""Exact numbers as text: shortest, with a fixed number of places, or with an exponent."""

from __future__ import annotations

from fractions import Fraction

from policyengine.runtime.exact import round_fraction
from policyengine.runtime.failure import NOT_EXACT, NUMBER_TOO_LARGE, Failure
from policyengine.runtime.limits import TEXT_EXPONENT_MAX
from policyengine.values.number_text import decimal_text, digits_text, shortest

_BITS_MAX = 4 * TEXT_EXPONENT_MAX
"""More than a number needs whose digits all lie within `TEXT_EXPONENT_MAX` places of the point."""


def shortest_text(value: int | Fraction) -> str | Failure:
    """The shortest exact decimal; a failure where there is none, or where it is a thousand digits long."""
    if type(value) is int:
        return str(value)
    n, d = value.numerator, value.denominator
    if max(n.bit_length(), d.bit_length()) > _BITS_MAX:
        return NUMBER_TOO_LARGE.saying("the number is too long to be written out")
    form = shortest(n, d)
    if form is None:
        return NOT_EXACT.saying("the number has no end of digits: round it before it becomes a text")
    digits, scale = form
    if max(abs(scale), len(digits)) > TEXT_EXPONENT_MAX:
        return NUMBER_TOO_LARGE.saying("the number is too long to be written out")
    return decimal_text(n, d)


def fixed(value: int | Fraction, places: int) -> str | Failure:
    """With exactly so many places, rounded half to even."""
    exact = Fraction(value)
    if max(exact.numerator.bit_length(), exact.denominator.bit_length()) > _BITS_MAX:
        return NUMBER_TOO_LARGE.saying("the number is too long to be written out")
    rounded = round_fraction(exact, places, "half_even")
    digits = digits_text(abs(rounded.numerator) * 10**places // rounded.denominator).rjust(places + 1, "0")
    sign = "-" if rounded < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def scientific(value: int | Fraction, places: int) -> str | Failure:
    """One digit, so many places and an exponent of two digits or more, rounded half to even: `1.052033e+03`."""
    exact = Fraction(value)
    if max(exact.numerator.bit_length(), exact.denominator.bit_length()) > _BITS_MAX:
        return NUMBER_TOO_LARGE.saying("the number is too long to be written out")
    exponent = _exponent(exact)
    mantissa = round_fraction(exact / Fraction(10) ** exponent, places, "half_even")
    if abs(mantissa) >= 10:  # rounded up to the next power of ten
        exponent += 1
        mantissa /= 10
    return f"{fixed(mantissa, places)}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _exponent(value: Fraction) -> int:
    """The power of ten of the first digit that is not zero."""
    if not value:
        return 0
    size = abs(value)
    guess = len(digits_text(size.numerator)) - len(digits_text(size.denominator))
    return guess if size >= Fraction(10) ** guess else guess - 1
