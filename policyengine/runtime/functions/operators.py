"""The operators over values whose types nobody declared: `+ - * / %`, the sign, order, indexing and `in`.

Ints stay within 64 bits or fail; decimals are exact and grow up to `NUMBER_BITS_MAX`. As soon as one side is a decimal
the result is one, and `/` always gives one. Every function takes the meter first and gives a value or a Failure.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from policyengine.runtime.failure import (
    DIVISION_BY_ZERO,
    NO_ITEM,
    NO_KEY,
    NO_OVERLOAD,
    NUMBER_TOO_LARGE,
    OVERFLOW,
    TEXT_TOO_LONG,
    TIME_RANGE,
    Failure,
)
from policyengine.runtime.functions.equality import is_in
from policyengine.runtime.functions.kinds import word
from policyengine.runtime.functions.maps import MapValue
from policyengine.runtime.limits import BITS_PER_UNIT, NUMBER_BITS_MAX, TEXT_MAX, Meter
from policyengine.values.instant import (
    DURATION_MAX,
    DURATION_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Duration,
    Timestamp,
)
from policyengine.values.types import INT64_MAX, INT64_MIN

_NUMBERS = frozenset((int, Fraction))
_ABSENT = object()


def no_overload(operator: str, *values: Any) -> Failure:
    """The operator has no meaning for values of these kinds."""
    return NO_OVERLOAD.saying(f"`{operator}` does not take {' and '.join(map(word, values))}")


def _bits(value: Any) -> int:
    return int(max(value.numerator.bit_length(), value.denominator.bit_length()))


def _measured(meter: Meter, a: Any, b: Any) -> None:
    """Charge for decimals before they are computed with, by the number of their digits."""
    if type(a) is Fraction or type(b) is Fraction:
        meter.charge(2 + ((_bits(a) + _bits(b)) // BITS_PER_UNIT) ** 2)


def _number(value: Any) -> Any:
    """A computed number, if it is within the limits of its kind."""
    if type(value) is int:
        return value if INT64_MIN <= value <= INT64_MAX else OVERFLOW
    return value if _bits(value) <= NUMBER_BITS_MAX else NUMBER_TOO_LARGE


def timestamp(nanoseconds: int) -> Timestamp | Failure:
    return Timestamp(nanoseconds) if TIMESTAMP_MIN <= nanoseconds <= TIMESTAMP_MAX else TIME_RANGE


def duration(nanoseconds: int) -> Duration | Failure:
    return (
        Duration(nanoseconds)
        if DURATION_MIN <= nanoseconds <= DURATION_MAX
        else TIME_RANGE.saying("the duration is longer than 292 years")
    )


def add(meter: Meter, a: Any, b: Any) -> Any:
    its, other = type(a), type(b)
    if its in _NUMBERS and other in _NUMBERS:
        _measured(meter, a, b)
        return _number(a + b)
    if its is other and (its is str or its is bytes):
        return joined(meter, a, b)
    if its is tuple and other is tuple:
        meter.charge(len(a) + len(b))
        return a + b
    if {its, other} == {Timestamp, Duration}:
        return timestamp(int(a) + int(b))
    if its is Duration and other is Duration:
        return duration(int(a) + int(b))
    return no_overload("+", a, b)


def joined(meter: Meter, first: Any, *others: Any) -> Any:
    """Texts one after the other, or bytes, as if each were put to those before it by itself."""
    size = len(first)
    for other in others:
        size += len(other)
        if size > TEXT_MAX:
            return TEXT_TOO_LONG
        meter.charge(size // 10)
    return type(first)().join((first, *others))


def subtract(meter: Meter, a: Any, b: Any) -> Any:
    its, other = type(a), type(b)
    if its in _NUMBERS and other in _NUMBERS:
        _measured(meter, a, b)
        return _number(a - b)
    if its is Timestamp and other is Duration:
        return timestamp(int(a) - int(b))
    if its is other and its in (Timestamp, Duration):
        return duration(int(a) - int(b))
    return no_overload("-", a, b)


def multiply(meter: Meter, a: Any, b: Any) -> Any:
    if type(a) not in _NUMBERS or type(b) not in _NUMBERS:
        return no_overload("*", a, b)
    _measured(meter, a, b)
    return _number(a * b)


def divide(meter: Meter, a: Any, b: Any) -> Any:
    if type(a) not in _NUMBERS or type(b) not in _NUMBERS:
        return no_overload("/", a, b)
    if not b:
        return DIVISION_BY_ZERO
    _measured(meter, a, b)
    return _number(Fraction(a) / b)


def truncate_divide(meter: Meter, a: Any, b: Any) -> Any:
    """`div(a, b)`: towards zero, an int of two ints."""
    if not b:
        return DIVISION_BY_ZERO
    _measured(meter, a, b)
    found = abs(a) // abs(b) * (-1 if (a < 0) is not (b < 0) else 1)
    return _number(found if type(a) is int and type(b) is int else Fraction(found))


def remainder(meter: Meter, a: Any, b: Any) -> Any:
    """What is left of a after `div`: it has the sign of a."""
    if type(a) not in _NUMBERS or type(b) not in _NUMBERS:
        return no_overload("%", a, b)
    if not b:
        return DIVISION_BY_ZERO.saying("the remainder of a division by zero")
    _measured(meter, a, b)
    rest = abs(a) % abs(b)
    return _number(-rest if a < 0 else rest)


def negate(meter: Meter, a: Any) -> Any:
    its = type(a)
    if its in _NUMBERS:
        return _number(-a)
    if its is Duration:
        return duration(-int(a))
    return no_overload("-", a)


def item(meter: Meter, target: Any, key: Any) -> Any:
    """`target[key]`; a failure where there is nothing."""
    its = type(target)
    if its is MapValue:
        found = target.find(key, _ABSENT)
        return NO_KEY.saying(f"the map has no key {_shown(key)}") if found is _ABSENT else found
    if its is not tuple:
        return no_overload("[]", target, key)
    if type(key) is Fraction and key.denominator == 1:
        key = key.numerator
    if type(key) is not int:
        return no_overload("[]", target, key)
    if not 0 <= key < len(target):
        return NO_ITEM.saying(f"the index {key} is outside the list of {len(target)}")
    return target[key]


def field(meter: Meter, target: Any, name: str) -> Any:
    """`target.name`: fields are those of maps."""
    if type(target) is not MapValue:
        return NO_OVERLOAD.saying(f"{word(target)} has no field `{name}`")
    found = target.find(name, _ABSENT)
    return (
        NO_KEY.saying(f"there is no field `{name}`: test it with `has(...)`, or read it with `.?`")
        if (found is _ABSENT)
        else found
    )


def contained(meter: Meter, value: Any, holder: Any) -> Any:
    """`value in holder`."""
    if type(holder) is tuple:
        return is_in(meter, value, holder)
    if type(holder) is MapValue:
        return holder.has(value)
    return no_overload("in", value, holder)


def _shown(key: Any) -> str:
    if type(key) is str:
        return f"`{key}`" if len(key) <= 40 else f"`{key[:37]}...`"
    if type(key) is bool:
        return "`true`" if key else "`false`"
    return f"`{key}`" if type(key) is int else f"of the type {word(key)}"


ARITHMETIC: dict[str, Callable[[Meter, Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
}
