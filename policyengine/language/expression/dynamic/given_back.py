"""What callers get: plain Python values of an expression's result, numbers as the shortest exact Decimals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from policyengine.runtime.answers.outputs import number
from policyengine.runtime.failure import BAD_KEY, NOT_EXACT, RESULT_TOO_LARGE, TOO_MANY_DIGITS, Failure
from policyengine.runtime.functions.maps import MapValue
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.runtime.limits import RESULT_DEPTH_MAX, RESULT_PARTS_MAX
from policyengine.values.number_text import EXPONENT_MAX
from policyengine.values.types import is_finite_decimal

_BITS_MAX = 4 * EXPONENT_MAX
TOO_DEEP = Failure("result_too_deep", f"the result is nested more than {RESULT_DEPTH_MAX} deep")


class Unfit(Exception):
    """The result cannot leave; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def given_back(value: Any) -> Any:
    """A held value as plain Python; raises Unfit where that would lose something."""
    return _Writer().write(value, 0)


class _Writer:
    """Copies values out. Parts are counted: a list that stands in many places is one here and many there."""

    def __init__(self) -> None:
        self.parts = 0

    def write(self, value: Any, depth: int) -> Any:
        self.parts += 1
        if self.parts > RESULT_PARTS_MAX:
            raise Unfit(RESULT_TOO_LARGE)
        if depth > RESULT_DEPTH_MAX:
            raise Unfit(TOO_DEEP)
        its = type(value)
        if its is tuple:
            return [self.write(item, depth + 1) for item in value]
        if its is MapValue:
            return self._map(value, depth)
        if its is OptionalValue:
            return None if value is NONE else self.write(value.value, depth + 1)
        return _decimal(value) if its is Fraction else value

    def _map(self, value: MapValue, depth: int) -> dict[Any, Any]:
        made = {key: self.write(content, depth + 1) for key, content in value.items()}
        if len(made) < len(value):
            raise Unfit(BAD_KEY.saying("a map with the keys 1 and true, or 0 and false, is no Python dict"))
        return made


def _decimal(value: Fraction) -> Any:
    n, d = value.numerator, value.denominator
    if max(n.bit_length(), d.bit_length()) > _BITS_MAX:
        raise Unfit(TOO_MANY_DIGITS)
    found = number(n, d)
    if isinstance(found, Failure):
        endless = not is_finite_decimal(d)
        raise Unfit(NOT_EXACT.saying("the result has no end of digits: round it") if endless else found)
    return found
