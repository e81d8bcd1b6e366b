"""Variables as a caller gives them, read into values that expressions compute with: copied, counted and exact.

INVARIANT: no code of the host runs. Nothing is asked of a value before its exact type is known, and of a subclass of
dict, list, tuple or str only the built-in part is read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.runtime.functions.kinds import NAMED_TYPES
from policyengine.runtime.functions.maps import MapValue, map_of
from policyengine.runtime.given import refusals
from policyengine.runtime.given.leaf_readers import DECIMAL128, instant, text
from policyengine.runtime.given.refusals import Refused
from policyengine.runtime.limits import GIVEN_CHARACTERS_MAX, GIVEN_DEPTH_MAX, GIVEN_PARTS_MAX
from policyengine.values.civil import Date
from policyengine.values.instant import (
    DURATION_MAX,
    DURATION_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Duration,
    Timestamp,
)
from policyengine.values.invalid import InvalidValue
from policyengine.values.number_text import DIGITS_MAX, EXPONENT_MAX, split_decimal
from policyengine.values.type_name import TypeName
from policyengine.values.types import INT64_MAX, INT64_MIN

_WANTED = "a plain value"
_INT_HINT = "give a larger number as a Decimal"


def read_variables(variables: object) -> dict[str, Any]:
    """The held values of variables by their names; raises InvalidInput for the first that is refused."""
    if variables is None:
        return {}
    if not issubclass(type(variables), dict):
        raise InvalidInput("the variables are given as a dict from names to values")
    reader = _Reader()
    try:
        return {text(name): reader.part(value, _shown(name), 0) for name, value in _entries(variables)}
    except Refused as refused:
        raise refused.invalid() from None


class _Reader:
    """Reads values, and counts what it has read."""

    def __init__(self) -> None:
        self.parts = 0
        self.characters = 0

    def read(self, value: Any, depth: int) -> Any:
        self.parts += 1
        if self.parts > GIVEN_PARTS_MAX:
            raise Refused(f"the variables have more than {GIVEN_PARTS_MAX:,} parts")
        if depth > GIVEN_DEPTH_MAX:
            raise refusals.too_deep(GIVEN_DEPTH_MAX)
        if value is None or value is True or value is False:
            return value
        its = type(value)
        if its in _SINGLE:
            return _SINGLE[its](value)
        if its is bytes:
            return self.counted(value)
        if its is TypeName:
            return _type_name(value)
        if issubclass(its, str):
            return self.counted(text(value))
        if issubclass(its, dict):
            return self.mapping(value, depth)
        if issubclass(its, list | tuple):
            return self.sequence(value, depth)
        raise refusals.wrong_kind(value, _WANTED)

    def counted(self, value: Any) -> Any:
        self.characters += len(value)
        if self.characters > GIVEN_CHARACTERS_MAX:
            raise Refused(f"the variables have more than {GIVEN_CHARACTERS_MAX:,} characters")
        return value

    def sequence(self, value: Any, depth: int) -> tuple[Any, ...]:
        built_in: Any = list if issubclass(type(value), list) else tuple
        if built_in.__len__(value) > GIVEN_PARTS_MAX:
            raise refusals.too_many(built_in.__len__(value), GIVEN_PARTS_MAX, "items")
        return tuple([self.part(item, i, depth) for i, item in enumerate(built_in.__iter__(value))])

    def mapping(self, value: Any, depth: int) -> MapValue:
        """A map in the order of its keys: how the caller ordered them must not be visible."""
        if dict.__len__(value) > GIVEN_PARTS_MAX:
            raise refusals.too_many(dict.__len__(value), GIVEN_PARTS_MAX, "entries")
        entries = [(self.key(key), each) for key, each in dict.items(value)]
        entries.sort(key=lambda entry: (type(entry[0]).__name__, entry[0]))
        made = map_of([(key, self.part(each, _shown(key), depth)) for key, each in entries])
        if made is None:
            raise Refused("has a key twice")
        return made

    def key(self, key: Any) -> Any:
        its = type(key)
        if its is bool:
            return key
        if its is int:
            return _whole(key)
        if issubclass(its, str) and its is not TypeName:
            self.parts += 1
            return self.counted(text(key))
        raise Refused(f"has a key that is {refusals.found(key)}; keys are texts, whole numbers, true or false")

    def part(self, value: Any, step: str | int, depth: int) -> Any:
        try:
            return self.read(value, depth + 1)
        except Refused as refused:
            raise refused.within(step) from None


def _entries(variables: Any) -> list[tuple[Any, Any]]:
    if dict.__len__(variables) > GIVEN_PARTS_MAX:
        raise refusals.too_many(dict.__len__(variables), GIVEN_PARTS_MAX, "variables")
    entries = list(dict.items(variables))
    for name, _ in entries:
        if not issubclass(type(name), str):
            raise refusals.bad_key(name)
    return entries


def _shown(key: Any) -> str:
    return str.__str__(key) if issubclass(type(key), str) else str(key)


def _whole(value: int) -> int:
    if not INT64_MIN <= value <= INT64_MAX:
        raise Refused("does not fit into the 64 bits of an int", _INT_HINT)
    return value


def _decimal(value: Decimal) -> Fraction:
    if not value.is_finite():
        raise Refused("is not a finite number")
    if value and abs(value.adjusted()) > EXPONENT_MAX:  # never multiplied out
        raise Refused("is out of range: its exponent is too large")
    if value and refusals.significant(value) > DIGITS_MAX:
        raise Refused(f"has more than {DIGITS_MAX} significant digits")
    n, scale = split_decimal(DECIMAL128.plus(value) if value else Decimal(0))
    return Fraction(n, 10**scale) if scale >= 0 else Fraction(n * 10**-scale)


def _timestamp(value: Timestamp) -> Timestamp:
    if not TIMESTAMP_MIN <= int(value) <= TIMESTAMP_MAX:
        raise Refused("is out of range: it lies outside the years 0001 to 9999")
    return Timestamp(int(value))


def _duration(value: Duration) -> Duration:
    if not DURATION_MIN <= int(value) <= DURATION_MAX:
        raise Refused("is out of range: it is longer than 292 years")
    return Duration(int(value))


def _length(value: timedelta) -> Duration:
    try:
        return Duration.from_timedelta(value)
    except InvalidValue:
        raise Refused("is out of range: it is longer than 292 years") from None


def _type_name(value: TypeName) -> TypeName:
    found = NAMED_TYPES.get(str.__str__(value))
    if found is None:
        raise Refused("is the name of no type")
    return found


_SINGLE: dict[type, Callable[[Any], Any]] = {
    int: _whole,
    Decimal: _decimal,
    Timestamp: _timestamp,
    Duration: _duration,
    Date: lambda value: Date(int(value)),
    timedelta: _length,
    date: Date.from_date,
    datetime: lambda value: Timestamp(instant(value)),
}
