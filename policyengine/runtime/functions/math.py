"""CEL's math extension, over exact numbers. The rounding functions take decimals only, as theirs take doubles only."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any

from policyengine.runtime.failure import BAD_ARGUMENT, EMPTY, NO_OVERLOAD, NOT_EXACT, OVERFLOW, Failure
from policyengine.runtime.functions.function import DECIMAL, INT, NUMBER, Function, Signature, list_of, plain
from policyengine.runtime.functions.kinds import word
from policyengine.values.types import BOOL, INT64_MAX, INT64_MIN

_BITS = 2**64


def extreme(name: str, choose: Callable[[Any], Any]) -> Callable[..., Any]:
    """The implementation of `math.least` and `math.greatest`: of several numbers, or of those in one list."""

    def run(*given: Any) -> Any:
        numbers = given[0] if len(given) == 1 and type(given[0]) is tuple else given
        if not numbers:
            return EMPTY
        for number in numbers:
            if type(number) not in (int, Fraction):
                return NO_OVERLOAD.saying(f"`{name}` takes numbers, and {word(number)} is among them")
        return choose(numbers)

    return run


def within(value: int) -> int | Failure:
    """A whole result, if it fits into 64 bits."""
    return value if INT64_MIN <= value <= INT64_MAX else OVERFLOW


def half_up(value: Fraction) -> Fraction:
    """To the nearest whole number, ties away from zero."""
    nearest = (2 * abs(value) + 1) // 2
    return Fraction(-nearest if value < 0 else nearest)


def square_root(value: int | Fraction) -> Fraction | Failure:
    exact = Fraction(value)
    if exact < 0:
        return BAD_ARGUMENT.saying("a negative number has no square root")
    above, below = isqrt(exact.numerator), isqrt(exact.denominator)
    if above * above != exact.numerator or below * below != exact.denominator:
        return NOT_EXACT.saying("the square root has no exact value")
    return Fraction(above, below)


def absolute(value: int | Fraction) -> int | Fraction | Failure:
    return within(abs(value)) if isinstance(value, int) else abs(value)


def sign(value: int | Fraction) -> int | Fraction:
    found = (value > 0) - (value < 0)
    return found if type(value) is int else Fraction(found)


def signed(bits: int) -> int:
    """64 bits read as a signed number."""
    bits %= _BITS
    return bits - _BITS if bits > INT64_MAX else bits


def shift_left(value: int, places: int) -> int | Failure:
    if places < 0:
        return BAD_ARGUMENT.saying("a shift by a negative number of bits")
    return signed(value << places) if places < 64 else 0


def shift_right(value: int, places: int) -> int | Failure:
    if places < 0:
        return BAD_ARGUMENT.saying("a shift by a negative number of bits")
    return signed(value % _BITS >> places) if places < 64 else 0


def _many(gives_failure: bool = True) -> tuple[Signature, ...]:
    return (
        plain(NUMBER, gives=NUMBER, repeats=True),
        plain(list_of(NUMBER), gives=NUMBER, may_fail=gives_failure),
    )


_ROUNDED = (plain(DECIMAL, gives=DECIMAL),)
_SAME = (plain(INT, gives=INT, may_fail=True), plain(DECIMAL, gives=DECIMAL))
_TWO = (plain(INT, INT, gives=INT),)
_SHIFT = (plain(INT, INT, gives=INT, may_fail=True),)
_ASKED = (plain(DECIMAL, gives=BOOL),)


def _counted(*given: Any) -> int:
    return sum(len(each) if type(each) is tuple else 1 for each in given)


MATH = (
    Function("math.greatest", _many(), extreme("math.greatest", max), "the largest of several numbers", _counted),
    Function("math.least", _many(), extreme("math.least", min), "the smallest of several numbers", _counted),
    Function("math.ceil", _ROUNDED, lambda x: Fraction(x.__ceil__()), "up to a whole decimal"),
    Function("math.floor", _ROUNDED, lambda x: Fraction(x.__floor__()), "down to a whole decimal"),
    Function("math.round", _ROUNDED, half_up, "to the nearest whole decimal, ties away from zero"),
    Function("math.trunc", _ROUNDED, lambda x: Fraction(x.__trunc__()), "towards zero, to a whole decimal"),
    Function("math.abs", _SAME, absolute, "the absolute value"),
    Function("math.sign", (plain(INT, gives=INT), plain(DECIMAL, gives=DECIMAL)), sign, "-1, 0 or 1"),
    Function(
        "math.sqrt",
        (plain(NUMBER, gives=DECIMAL, may_fail=True),),
        square_root,
        "the square root, where it has an exact value",
        cost=100,
    ),
    Function("math.isNaN", _ASKED, lambda x: False, "false: every decimal is a number"),
    Function("math.isInf", _ASKED, lambda x: False, "false: no decimal is infinite"),
    Function("math.isFinite", _ASKED, lambda x: True, "true: every decimal is finite"),
    Function("math.bitAnd", _TWO, lambda a, b: a & b, "the bits that are set in both ints"),
    Function("math.bitOr", _TWO, lambda a, b: a | b, "the bits that are set in one of two ints"),
    Function("math.bitXor", _TWO, lambda a, b: a ^ b, "the bits that are set in just one of two ints"),
    Function("math.bitNot", (plain(INT, gives=INT),), lambda a: ~a, "the bits of the int, each turned over"),
    Function("math.bitShiftLeft", _SHIFT, shift_left, "the 64 bits moved to the left"),
    Function("math.bitShiftRight", _SHIFT, shift_right, "the 64 bits moved to the right, with zeros from the left"),
)
