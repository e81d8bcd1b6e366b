"""What callers see of a held value: Decimals, texts, lists and dicts instead of ints over denominators and tuples.

A denominator is never visible: a number is the shortest exact decimal, and one that would need more than 34 digits
(or endlessly many, as a third does) is a failure.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.runtime.cells import UNLIMITED
from policyengine.runtime.failure import TOO_MANY_DIGITS, Failure
from policyengine.values import types
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.number_text import DIGITS_MAX, decimal_text, shortest
from policyengine.values.types import Number, Type

_WHOLE_MAX = 10**DIGITS_MAX


def plain(value: Any, its_type: Type) -> Any:
    """A held value as callers see it, or the failure that stands in it; whoever answers with one raises."""
    if value is None or isinstance(value, Failure):
        return value
    match its_type:
        case Number(integer=True, den=1):
            return value if -_WHOLE_MAX < value < _WHOLE_MAX or _fits(value, 1) else TOO_MANY_DIGITS
        case Number(den=den):
            return number(value, den)
        case types.Limit(number=inner):
            return UNLIMITED if value == UNLIMITED else plain(value, inner)
        case types.Optional(item=item):
            return plain(value, item)
        case types.TIMESTAMP:
            return Timestamp(value)
        case types.DURATION:
            return Duration(value)
        case types.List(item=item):
            return _whole([plain(each, item) for each in value])
        case types.Map(value=item):
            return _whole({key: plain(each, item) for key, each in value.items()})
        case types.Record(fields=fields):
            return _whole({name: plain(each, its) for each, (name, its) in zip(value, fields, strict=True)})
        case types.LINES | types.ANY | types.DYN:
            return _untyped(value)
    return value


def number(n: int, den: int) -> Decimal | Failure:
    """n / den as the shortest exact Decimal, which has no needless zeros and no exponent for a whole number."""
    whole, rest = divmod(n, den)
    if not rest and -_WHOLE_MAX < whole < _WHOLE_MAX:
        return Decimal(whole)
    return Decimal(decimal_text(n, den)) if _fits(n, den) else TOO_MANY_DIGITS


def _fits(n: int, den: int) -> bool:
    form = shortest(n, den)
    return form is not None and len(form[0]) <= DIGITS_MAX


def _untyped(value: Any) -> Any:
    """A value that says by itself what it is, as the interpreter computes it: exact numbers are Fractions."""
    match value:
        case Fraction():
            return number(value.numerator, value.denominator)
        case tuple() | list():
            return _whole([_untyped(each) for each in value])
        case dict():
            return _whole({key: _untyped(each) for key, each in value.items()})
    return value


def _whole(made: Any) -> Any:
    """A list or dict, or the first failure in it."""
    parts = made.values() if isinstance(made, dict) else made
    return next((part for part in parts if isinstance(part, Failure)), made)
