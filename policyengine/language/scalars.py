"""What an unquoted YAML value means: a number, true, false, null or text.

Nothing here guesses. A spelling that YAML 1.1, YAML 1.2 and JSON read differently (`no`, `014`, `1e3`, `12:30`) is
refused with what to write instead. Numbers are exact and keep the digits that they were written with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, final

Value = str | int | Decimal | bool | None

# Python's own limit for reading a whole number is 4,300 digits; nobody writes a price with 400.
NUMBER_CHARACTERS_MAX = 400


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """A spelling without one meaning; `instead` is what to write if the obvious one was meant."""

    reason: Literal["number", "bool", "length"]
    instead: str | None = None


_WORDS: dict[str, Value | Refused] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), Refused("bool", "true")),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), Refused("bool", "false")),
}

_NUMBER = re.compile(
    r"-?(?:(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?|[1-9][0-9]{0,2}(?:_[0-9]{3})+)(?P<percent>%)?",
)

# Whatever some YAML 1.1, YAML 1.2 or JSON reader takes for a number, or what only looks like one of ours. Base 60 with
# a leading zero (`09:00`) is text in the YAML 1.1 specification, but 32400 in Ruby.
_LIKE_A_NUMBER = re.compile(
    r"""
    [-+]?0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*
    | [-+]?0[oO]_*[0-7][0-7_]*
    | [-+]?0[bB]_*[01][01_]*
    | (?P<base_60>[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)
    | (?P<no_number>[-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN))
    | (?P<decimal>[-+]?(?=\.?[0-9])[0-9_]*(?:\.[0-9_]*)?(?:[eE](?P<exponent>[-+]?[0-9]+))?)(?P<percent>%?)
    """,
    re.VERBOSE,
)


def read(text: str) -> Value | Refused:
    """The value of an unquoted scalar."""
    if text[:1] in "-+.0123456789" and text:
        return _number(text)
    return _WORDS.get(text, text)


def _number(text: str) -> Value | Refused:
    if (found := _NUMBER.fullmatch(text)) is None:
        return _doubtful_number(text)
    if len(text) > NUMBER_CHARACTERS_MAX:
        return Refused("length")
    if found["percent"]:
        return _hundredth(text[:-1])
    return _decimal(text) if found["fraction"] else int(text)


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    return number or number.copy_abs()  # there is no negative zero


def _hundredth(text: str) -> Decimal:
    """A percentage: exact, and without the zeros that only say how it was written (`10%` is 0.1)."""
    sign, digits, exponent = Decimal(text.replace("_", "")).as_tuple()
    assert isinstance(exponent, int)  # neither NaN nor infinity passes the pattern
    exponent -= 2
    while exponent < 0 and digits[-1] == 0 and len(digits) > 1:
        digits, exponent = digits[:-1], exponent + 1
    number = Decimal((sign, digits, exponent))
    return number or Decimal(0)


def _doubtful_number(text: str) -> Value | Refused:
    if (found := _LIKE_A_NUMBER.fullmatch(text)) is None:
        return text
    if len(text) > NUMBER_CHARACTERS_MAX:
        return Refused("length")
    if found["base_60"] or found["no_number"]:
        return Refused("number")
    if found["decimal"] is None:
        return Refused("number", str(int(text.replace("_", ""), 0)))
    return Refused("number", _plain_digits(found))


def _plain_digits(found: re.Match[str]) -> str | None:
    """The number without plus, exponent, needless zeros and odd groups, if it is of a size that one would write out."""
    if found["exponent"] and abs(int(found["exponent"])) > 30:
        return None
    number = Decimal(found["decimal"].replace("_", ""))
    return format(number, "f") + found["percent"]
