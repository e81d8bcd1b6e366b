"""What callers see of a held value: Decimals, texts, lists and dicts instead of ints over denominators and tuples.

A denominator is never visible: a number is the shortest exact decimal, and one that would need more than 34 digits
(or endlessly many, as a third does) is a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, Inexact
from fractions import Fraction
from typing import Any

from policyengine.runtime.failure import RESULT_TOO_LARGE, TOO_MANY_DIGITS, Failure
from policyengine.runtime.given.leaf_readers import DECIMAL128
from policyengine.runtime.limits import RESULT_PARTS_MAX
from policyengine.runtime.meaning.costs import is_nested
from policyengine.values import types
from policyengine.values.civil import Date
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.number_text import DIGITS_MAX, decimal_text, shortest
from policyengine.values.types import UNLIMITED, Number, Type

_WHOLE_MAX = 10**DIGITS_MAX
_EASY = 10 ** (DIGITS_MAX - 1)
"""Below it no whole number has too many digits, so that one division tells all."""
_divide = DECIMAL128.divide


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
        case types.DATE:
            return Date(value)
        case types.List(item=item):
            return _whole([plain(each, item) for each in value])
        case types.Map(value=item):
            return _whole({key: plain(each, item) for key, each in value.items()})
        case types.Record(fields=fields):
            return _whole({name: plain(each, its) for each, (name, its) in zip(value, fields, strict=True)})
        case types.Tiers():
            return _whole([_tier(its_type, *parts) for parts in zip(*value, strict=True)])
        case types.LINES | types.ANY | types.DYN:
            return _untyped(value)
    return value


def shower(its_type: Type) -> Callable[[Any], Any]:
    """`plain` for one type, made once for each output: it is most of what reading an amount costs."""
    match its_type:
        case Number(integer=True, den=1):
            return lambda value: (
                value if value.__class__ is int and -_WHOLE_MAX < value < _WHOLE_MAX else plain(value, its_type)
            )
        case Number(den=den):
            return lambda value: plain(value, its_type) if value.__class__ is Failure else number(value, den)
        case types.BOOL | types.STRING | types.Enum():
            return lambda value: value
    if is_nested(its_type):
        return lambda value: RESULT_TOO_LARGE if is_too_large(value) else plain(value, its_type)
    return lambda value: plain(value, its_type)


def is_too_large(value: Any) -> bool:
    """Whether a value has more parts than a caller is given; a list that stands in many places counts in each."""
    left = RESULT_PARTS_MAX
    pending = [value]
    while pending:
        part = pending.pop()
        if type(part) is dict:
            part = tuple(part.values())
        if type(part) is tuple:
            left -= len(part)
            if left < 0:
                return True
            pending += [item for item in part if type(item) in (tuple, dict)]
    return False


def _tier(its_type: types.Tiers, up_to: int | None, rate: int, flat: int) -> Any:
    """A tier by the names of its fields; a rate that has no unit is the factor of a charge's own amount."""
    name = "unit_amount" if its_type.rate.unit else "factor"
    numbers = {"up_to": plain(up_to, its_type.bound), name: plain(rate, its_type.rate)}
    return _whole({**numbers, "flat_amount": plain(flat, its_type.flat)})


def number(n: int, den: int) -> Decimal | Failure:
    """n / den as the shortest exact Decimal, which has no needless zeros and no exponent for a whole number."""
    if -_EASY < n < _EASY:
        try:
            return _divide(n, den)
        except Inexact:
            return TOO_MANY_DIGITS
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
