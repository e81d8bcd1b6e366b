"""Exact numbers as text and as `Decimal`: the shortest form out, plain digits in, never a rounding in between.

A number inside is an integer over a positive denominator, or digits with a scale (value = digits / 10**scale).
Exponents are checked before anything is multiplied out: `int(Decimal("1e1000000"))` takes half a minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from math import gcd

from policyengine.values.invalid import InvalidValue

DIGITS_MAX = 34
"""Significant digits of a number that enters or leaves: those of IEEE 754 decimal128."""
EXPONENT_MAX = 6144
"""The first significant digit stands at most this many places from the point, as in decimal128."""

_PLAIN = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
_LITERAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,9}))?")
_CHUNK = 600  # digits; a host may lower its limit for int <-> str to 640, and no result may depend on that
_CHUNK_POWER = 10**_CHUNK

PLACES = {10**places: places for places in range(DIGITS_MAX + 1)}
"""The places of the denominators that nearly all numbers have."""


def digits_text(n: int) -> str:
    """The decimal digits of an integer of any size, with its sign."""
    if n < 0:
        return "-" + digits_text(-n)
    chunks: list[str] = []
    while n >= _CHUNK_POWER:
        n, low = divmod(n, _CHUNK_POWER)
        chunks.append(f"{low:0{_CHUNK}d}")
    chunks.append(str(n))
    return "".join(reversed(chunks))


def digits_value(text: str) -> int:
    """The non-negative integer that ASCII digits of any number write."""
    value = 0
    for start in range(0, len(text), _CHUNK):
        chunk = text[start : start + _CHUNK]
        value = value * 10 ** len(chunk) + int(chunk)
    return value


def shortest(n: int, d: int) -> tuple[str, int] | None:
    """The absolute value of n / d as (digits, scale) without needless zeros, or None where no finite decimal exists.

    The scale is negative for whole numbers that end in zeros: 1200 is ("12", -2). Zero is ("0", 0).
    """
    assert d > 0, "a denominator is positive"
    if n == 0:
        return "0", 0
    shared = gcd(n, d)
    scale = _scale_of(d // shared)
    if scale is None:
        return None
    digits = digits_text(abs(n) // shared * (10**scale // (d // shared)))
    bare = digits.rstrip("0")
    return bare, scale - (len(digits) - len(bare))


def _scale_of(d: int) -> int | None:
    """The smallest power of ten that d divides; None if it has a prime factor other than 2 and 5."""
    twos = (d & -d).bit_length() - 1
    rest, fives = d >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def decimal_text(n: int, d: int) -> str:
    """The shortest exact decimal text of n / d, such as `-0.5875`; never an exponent."""
    places = PLACES.get(d)
    if places is not None and -_CHUNK_POWER < n < _CHUNK_POWER:
        return _with_point(n, d, places)
    form = shortest(n, d)
    if form is None:
        raise InvalidValue(f"{fraction_text(n, d)} has no finite decimal form", "round it")
    digits, scale = form
    sign = "-" if n < 0 else ""
    if scale <= 0:
        return sign + digits + "0" * -scale
    padded = digits.rjust(scale + 1, "0")
    return f"{sign}{padded[:-scale]}.{padded[-scale:]}"


def _with_point(n: int, d: int, places: int) -> str:
    """n / d, where d is the power of ten with so many places."""
    whole, rest = divmod(abs(n), d)
    text = f"{whole}.{rest:0{places}d}".rstrip("0") if rest else str(whole)
    return "-" + text if n < 0 else text


def decimal_texts(d: int) -> Callable[[int], str]:
    """`decimal_text` of any n over this d."""
    places = PLACES.get(d)
    if places is None:
        return partial(decimal_text, d=d)
    return lambda n: _with_point(n, d, places) if -_CHUNK_POWER < n < _CHUNK_POWER else decimal_text(n, d)


def fraction_text(n: int, d: int) -> str:
    """n / d in lowest terms, such as `-1/3`; a whole number without the stroke."""
    shared = gcd(n, d)
    if d == shared:
        return digits_text(n // shared)
    return f"{digits_text(n // shared)}/{digits_text(d // shared)}"


def significant_digits(n: int, d: int) -> int:
    """How many digits the shortest form of n / d has, without the zeros that only place the point."""
    form = shortest(n, d)
    if form is None:
        raise InvalidValue(f"{fraction_text(n, d)} has no finite decimal form", "round it")
    return len(form[0])


def parse_plain(text: str) -> tuple[int, int]:
    """The number that plain digits write (`-12.50`), as n / d with d the smallest fitting power of ten."""
    found = _PLAIN.fullmatch(text)
    if found is None:
        raise InvalidValue(f"`{_shown(text)}` is not a number in plain digits", "write it as 1234.56")
    sign, whole, fraction = found.groups()
    return _checked(sign == "-", whole, fraction or "", 0, text)


def parse_literal(text: str) -> tuple[int, int]:
    """The number that a literal writes (`1.5e-7`, `.5`), as n / d with d the smallest fitting power of ten."""
    found = _LITERAL.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        raise InvalidValue(f"`{_shown(text)}` is not a number")
    sign, whole, fraction, exponent = found.groups()
    return _checked(sign == "-", whole, fraction or "", int(exponent or 0), text)


def _checked(negative: bool, whole: str, fraction: str, exponent: int, text: str) -> tuple[int, int]:
    """Digits and an exponent as n / d, once they are known to be within the limits."""
    digits = (whole + fraction).lstrip("0")
    bare = digits.rstrip("0")
    if not bare:
        return 0, 1
    power = exponent - len(fraction) + (len(digits) - len(bare))  # value = bare * 10**power
    _check_limits(len(bare), power + len(bare) - 1, text)
    n = int(bare) * 10 ** max(power, 0)
    return (-n if negative else n), 10 ** max(-power, 0)


def _check_limits(digits: int, exponent: int, text: str) -> None:
    if digits > DIGITS_MAX:
        raise InvalidValue(f"`{_shown(text)}` has {digits} significant digits; at most {DIGITS_MAX} are exact here")
    if abs(exponent) > EXPONENT_MAX:
        raise InvalidValue(f"`{_shown(text)}` is out of range: its exponent is beyond {EXPONENT_MAX}")


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def split_decimal(value: Decimal) -> tuple[int, int]:
    """A Decimal as (n, scale) without needless zeros: value = n / 10**scale exactly.

    The scale may be negative, so `Decimal("1E+6000")` is (1, -6000) and is never multiplied out here.
    """
    if not value.is_finite():
        raise InvalidValue(f"`{value}` is not a number that can be computed with")
    if value.is_zero():
        return 0, 0
    if abs(value.adjusted()) > EXPONENT_MAX:
        raise InvalidValue(f"a number with the exponent {value.adjusted()} is out of range")
    negative, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # only NaN and infinity have a letter here
    bare = "".join(map(str, digits)).lstrip("0").rstrip("0")
    _check_limits(len(bare), value.adjusted(), bare)
    scale = len(bare) - 1 - value.adjusted()
    return (-int(bare) if negative else int(bare)), scale


def scaled(value: Decimal, places: int, whole_digits: int = 15) -> int:
    """A Decimal as an integer at a scale, refused if it has more places or more digits before the point."""
    n, scale = split_decimal(value)
    if scale > places:
        raise InvalidValue(f"{decimal_text(n, 10**scale)} has more than {places} decimal places")
    if n and value.adjusted() >= whole_digits:
        raise InvalidValue(f"a number with {value.adjusted() + 1} digits before the point is out of range")
    factor: int = 10 ** (places - scale)  # the exponent is bounded by now
    return n * factor


def to_decimal(n: int, scale: int) -> Decimal:
    """n / 10**scale as a Decimal with exactly `scale` places, whatever the host's decimal context says."""
    return Decimal(f"{digits_text(n)}E{-scale}")
