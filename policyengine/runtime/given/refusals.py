"""Why a given fact is refused: one function a sentence, so that the wording is reviewed as a whole.

A reader does not know where it stands, so a refusal travels up and collects its path on the way; the outermost reader
turns it into `InvalidInput`. Whatever the caller wrote is shown short, and without characters that no terminal shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.runtime.unavailable import UNAVAILABLE
from policyengine.values import types
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.invalid import did_you_mean
from policyengine.values.number_text import DIGITS_MAX, decimal_text, fraction_text, shortest, split_decimal
from policyengine.values.types import Number, Type

SHOWN_MAX = 60
FLOAT_HINT = "parse JSON with `parse_float=Decimal`, or use `decide_json`"
TEXT_NUMBER_HINT = "a number in quotes is a text: leave the quotes out"
ENUM_HINT = "give its `.value`"
WHOLE_HINT = "`UNAVAILABLE` stands for a whole input or a group of inputs, never for a part of one"
PLAIN_HINT = "convert it to a plain number, text, list or dict"
OFFSET_HINT = "end it with `Z` or an offset such as `+02:00`"
DATETIME_HINT = "convert it to UTC with `astimezone(datetime.timezone.utc)`, or give it as text"


class Refused(Exception):
    """A given value is refused; `field` is set where the fault is another field's than the one being read."""

    def __init__(self, message: str, hint: str | None = None, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.steps: list[str | int] = []

    def within(self, step: str | int) -> Refused:
        """The same refusal, one field or position further out."""
        self.steps.append(step)
        return self

    def invalid(self) -> InvalidInput:
        """The exception that the caller sees."""
        return InvalidInput(self.message, self.field or path_text(self.steps[::-1]), self.hint)


def path_text(steps: Iterable[str | int]) -> str:
    """A path as people write it: `coupons[2].percent`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{shown(step)}" if text else shown(step)
    return text


def shown(text: str) -> str:
    """A text of the caller, fit for a message."""
    short = text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in short)


# INVARIANT: nothing here calls a method of a given value or asks for its attributes, not even `__class__`, before its
# exact type is known. `isinstance` would ask; `issubclass(type(value), ...)` does not.
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (Enum, "a member of an enumeration"),
    (Timestamp, "a time"),
    (Duration, "a duration"),
    (int, "a whole number"),
    (Decimal, "a number"),
    (str, "a text"),
    (dict, "a mapping"),
    (list, "a list"),
    (tuple, "a list"),
    (datetime, "a time"),
    (date, "a date"),
    (timedelta, "a duration"),
    (bytes, "bytes"),
)


def found(value: Any) -> str:
    """What was given, in words."""
    if value is None:
        return "nothing"
    if value is UNAVAILABLE:
        return "unavailable"
    its = type(value)
    if is_float(its):
        return "a float"
    for kind, words in _KINDS:
        if issubclass(its, kind):
            return words if its is kind or kind not in (int, Decimal) else f"{words} of a special kind"
    return "something that is no plain value"


def is_float(its: type) -> bool:
    """Whether a type is a float or made of one, as those of numpy are."""
    return any(base is float for base in type.mro(its))


def wanted(its_type: Type) -> str:
    """What a type asks for, in words."""
    match its_type:
        case Number(integer=integer, unit=unit):
            word = "a whole number" if integer else "a number"
            return f"{word} ({its_type})" if unit else word
        case types.Limit(number=number):
            return f"{wanted(number)} or `unlimited`"
        case types.Enum(members=members):
            few = ", ".join(f"`{shown(m)}`" for m in members[:5])
            return f"one of {few}" + (", ..." if len(members) > 5 else "")
        case types.List():
            return "a list"
        case types.Map() | types.Record():
            return "a mapping"
    return _SIMPLE_WORDS.get(its_type, "a plain value")


_SIMPLE_WORDS: dict[Type, str] = {
    types.BOOL: "true or false",
    types.STRING: "a text",
    types.TIMESTAMP: "a time",
    types.DURATION: "a duration",
    types.DATE: "a date",
}


def not_a_date(value: Any, hint: str | None) -> Refused:
    """A text that is no calendar day."""
    return Refused(f"is {found(value)}; a date is wanted", hint or "write it as 2026-12-01")


def wrong_kind(value: Any, want: str) -> Refused:
    """A number where a text belongs, and its like."""
    return Refused(f"is {found(value)}; {want} is wanted", _kind_hint(value, want))


def _kind_hint(value: Any, want: str) -> str | None:
    its = type(value)
    if value is UNAVAILABLE:
        return WHOLE_HINT
    if is_float(its):
        return FLOAT_HINT
    if issubclass(its, Enum):
        return ENUM_HINT
    if issubclass(its, datetime):
        return DATETIME_HINT
    if its is str and want.startswith(("a number", "a whole number")) and value[:1] in set("+-.0123456789"):
        return TEXT_NUMBER_HINT
    return PLAIN_HINT if found(value).endswith(("plain value", "special kind")) else None


def wrong_number(value: Any, its_type: Number, scale: int, places: int, want: str) -> Refused:
    """A number that is not one, is too fine or out of range; or no number at all."""
    if type(value) is int:
        return _out_of_range(value, 0, its_type, scale)
    if type(value) is not Decimal:
        return wrong_kind(value, want)
    if not value.is_finite():
        return Refused("is not a finite number", "leave the field out if the number is unknown")
    if not value:
        return _out_of_range(0, 0, its_type, scale)
    digits = significant(value)
    if digits > DIGITS_MAX:
        return Refused(f"has {digits} significant digits; at most {DIGITS_MAX} are exact here")
    if abs(value.adjusted()) > 2 * DIGITS_MAX:  # never written out
        return Refused("is out of range: its exponent is too large")
    n, decimals = split_decimal(value)
    if decimals > places and its_type.integer:
        return Refused(f"is {decimal_text(n, 10**decimals)}; {want} is wanted")
    if decimals > places:
        return Refused(f"has {decimals} decimal places; at most {places} are allowed", "round it first")
    return _out_of_range(n, decimals, its_type, scale)


def significant(value: Decimal) -> int:
    """The digits of a finite Decimal, without the zeros that only place the point."""
    return len("".join(map(str, value.as_tuple().digits)).strip("0"))


def _out_of_range(n: int, decimals: int, its_type: Number, scale: int) -> Refused:
    if abs(n) >= 10 ** (2 * DIGITS_MAX):
        return Refused(f"has more than {DIGITS_MAX} digits")
    above, below = (n * 10**-decimals, 1) if decimals < 0 else (n, 10**decimals)
    text = decimal_text(above, below)
    if above * scale < its_type.lo * below:
        return Refused(f"is {text}, less than the minimum {_bound(its_type.lo, scale)}")
    return Refused(f"is {text}, more than the maximum {_bound(its_type.hi, scale)}")


def _bound(held: int, scale: int) -> str:
    """A bound in the unit that the author wrote it in."""
    return fraction_text(held, scale) if shortest(held, scale) is None else decimal_text(held, scale)


def not_a_member(text: str, members: Iterable[str], its_type: types.Enum) -> Refused:
    """A text that the list of words does not hold."""
    hint = did_you_mean(text[:SHOWN_MAX], members)
    return Refused(f"is `{shown(text)}`; {wanted(its_type)} is wanted", hint)


def not_a_time(text: str, hint: str | None = None) -> Refused:
    """A text that names no instant."""
    return Refused(f"is `{shown(text)}`, which is not a time", hint or "write it as 2026-12-01T00:00:00Z")


def no_offset() -> Refused:
    """A time that could be many instants."""
    return Refused("has neither an offset nor a zone", OFFSET_HINT)


def zone_missing(zone: str) -> Refused:
    """A wall-clock time whose zone was not given."""
    return Refused("is required: it names the zone of a wall-clock time", field=zone)


def unknown_zone(name: str, zone: str, hint: str | None) -> Refused:
    """A text that names no time zone, where one is asked for."""
    return Refused(f"is `{shown(name)}`, which is not a time zone", hint, field=zone)


def not_a_duration(text: str, hint: str | None) -> Refused:
    """A text that is no length of time."""
    return Refused(f"is `{shown(text)}`, which is not a duration", hint or "write it as 1h30m or 90s")


def not_unicode() -> Refused:
    """A text with half of a surrogate pair, which no encoding can write."""
    return Refused("holds a lone surrogate, which is no character")


def bad_key(key: Any) -> Refused:
    """A key that is not plain text."""
    return Refused(f"has a key that is {found(key)}; keys are plain texts")


def unknown_field(key: str, known: Iterable[str]) -> Refused:
    """A key that the inputs do not declare."""
    return Refused("is not an input", did_you_mean(key[:SHOWN_MAX], known))


def missing() -> Refused:
    """A field without a value and without a default."""
    return Refused("is required")


def too_many(count: int, most: int, what: str) -> Refused:
    """A list or map with more in it than declared."""
    return Refused(f"has {count} {what}; at most {most} are allowed")


def too_deep(most: int) -> Refused:
    """Lists within lists without an end, or a list that holds itself."""
    return Refused(f"is nested more than {most} deep")
