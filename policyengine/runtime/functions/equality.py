"""Equality and order of values: the one place where both are decided.

Equality never fails: values of different kinds are unequal, except that an int equals a decimal of the same value.
Python's own `==` is wrong three ways (`True == 1`, `Timestamp(5) == 5`, `1 == 1.0` as keys), so it is only asked of two
values of one kind. Nothing recurses: a value may hold lists in lists to any depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from policyengine.runtime.failure import NO_OVERLOAD, Failure
from policyengine.runtime.functions.kinds import word
from policyengine.runtime.functions.maps import MapValue
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.runtime.limits import CHARACTERS_PER_UNIT, Meter
from policyengine.values.civil import Date
from policyengine.values.instant import Duration, Timestamp

_NUMBERS = (int, Fraction)
_SCALARS = frozenset((bool, int, Fraction, type(None), Timestamp, Duration, Date))
_ORDERED = frozenset((bool, str, bytes, Timestamp, Duration, Date))
_ABSENT = object()


def equal(meter: Meter, a: Any, b: Any) -> bool:
    """Whether two values of any kinds are equal."""
    its, other = type(a), type(b)
    if its is not other:
        return its in _NUMBERS and other in _NUMBERS and bool(a == b)
    if its in _SCALARS:
        return bool(a == b)
    if its is str or its is bytes:
        meter.charge(min(len(a), len(b)) // CHARACTERS_PER_UNIT)
        return bool(a == b)
    return _equal_parts(meter, a, b)


def _equal_parts(meter: Meter, a: Any, b: Any) -> bool:
    """Equality of two things with parts, one pair of parts after the other."""
    meter.charge(2)
    pending = [(a, b)]
    while pending:
        a, b = pending.pop()
        if a is b:
            continue
        if type(a) is not type(b):
            if not equal(meter, a, b):
                return False
        elif type(a) is tuple:
            if len(a) != len(b):
                return False
            meter.charge(len(a))
            pending += zip(a, b, strict=True)
        elif type(a) is MapValue:
            if len(a) != len(b):
                return False
            meter.charge(2 * len(a))
            pending += [(value, b.find(key, _ABSENT)) for key, value in a.items()]
        elif type(a) is OptionalValue:
            if NONE in (a, b):
                return False
            pending.append((a.value, b.value))
        elif not (equal(meter, a, b) if type(a) in (str, bytes) else bool(a == b)):
            return False
    return True


def is_in(meter: Meter, value: Any, items: Sequence[Any]) -> bool:
    """Whether a list holds a value that is equal to this one."""
    meter.charge(len(items))
    return any(equal(meter, value, item) for item in items)


def compared(meter: Meter, a: Any, b: Any) -> int | Failure:
    """-1, 0 or 1 for below, equal or above; a failure where two values have no order."""
    its, other = type(a), type(b)
    if not (its in _NUMBERS and other in _NUMBERS) and (its is not other or its not in _ORDERED):
        return NO_OVERLOAD.saying(f"{word(a)} and {word(b)} have no order")
    if its is str or its is bytes:
        meter.charge(min(len(a), len(b)) // CHARACTERS_PER_UNIT)
    return -1 if a < b else int(a > b)


def identity(value: Any) -> Any:
    """Something hashable that is equal for equal values and for no others; None for a value with parts."""
    its = type(value)
    if its is int or its is Fraction or its is str or its is bytes:
        return value
    return None if its in _PARTED else (its, value)


_PARTED = frozenset((tuple, MapValue, OptionalValue))
