"""Conversions: from one kind of value to another, exactly or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from policyengine.runtime.failure import BAD_TEXT, NOT_A_NUMBER, OVERFLOW, TEXT_TOO_LONG, TIME_RANGE, Failure
from policyengine.runtime.functions.function import (
    DECIMAL,
    INT,
    NUMBER,
    Function,
    K,
    T,
    V,
    list_of,
    map_of,
    method,
    plain,
)
from policyengine.runtime.functions.kinds import TYPE_NAMES
from policyengine.runtime.functions.texts import decoded, text_of
from policyengine.runtime.limits import TEXT_MAX
from policyengine.values.civil import SECOND
from policyengine.values.instant import TIMESTAMP_MAX, TIMESTAMP_MIN, Duration, Timestamp
from policyengine.values.invalid import InvalidValue
from policyengine.values.number_text import parse_literal, parse_plain
from policyengine.values.type_name import TypeName
from policyengine.values.types import (
    BOOL,
    BYTES,
    DATE,
    DURATION,
    DYN,
    INT64_MAX,
    INT64_MIN,
    STRING,
    TIMESTAMP,
    TYPE,
)

_WHOLE = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
_NUMBER_TEXT_MAX = 10_000
_TIME_TEXT_MAX = 100
_TRUE = frozenset(("1", "t", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "false", "FALSE", "False"))


def whole(value: int | Fraction) -> int | Failure:
    """A number cut towards zero."""
    found = value.__trunc__()
    return found if INT64_MIN <= found <= INT64_MAX else OVERFLOW


def whole_of_text(text: str) -> int | Failure:
    if _WHOLE.fullmatch(text) is None:
        return NOT_A_NUMBER.saying(f"`{_short(text)}` is not a whole number in plain digits")
    return whole(int(text))


def _number_reader(read: Callable[[str], tuple[int, int]]) -> Callable[[str], Fraction | Failure]:
    def run(text: str) -> Fraction | Failure:
        if len(text) > _NUMBER_TEXT_MAX:
            return NOT_A_NUMBER.saying("the text has too many digits")
        try:
            return Fraction(*read(text))
        except InvalidValue as fault:
            return NOT_A_NUMBER.saying(fault.message)

    return run


def bool_of_text(text: str) -> bool | Failure:
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return BAD_TEXT.saying(f"`{_short(text)}` is neither `true` nor `false`")


def timestamp_of_text(text: str) -> Timestamp | Failure:
    try:
        return Timestamp.parse(text[:_TIME_TEXT_MAX])
    except InvalidValue as fault:
        return TIME_RANGE if "out of range" in fault.message else BAD_TEXT.saying(fault.message)


def timestamp_of_seconds(seconds: int) -> Timestamp | Failure:
    found = seconds * SECOND
    return Timestamp(found) if TIMESTAMP_MIN <= found <= TIMESTAMP_MAX else TIME_RANGE


def duration_of_text(text: str) -> Duration | Failure:
    if len(text) > _TIME_TEXT_MAX:
        return BAD_TEXT.saying("the text is not a duration")
    try:
        return Duration.parse(text)
    except InvalidValue as fault:
        return BAD_TEXT.saying(f"{fault.message}: {fault.hint}" if fault.hint else fault.message)


def bytes_of(text: str) -> bytes | Failure:
    data = text.encode()
    return data if len(data) <= TEXT_MAX else TEXT_TOO_LONG


def type_of(value: Any) -> TypeName:
    return TYPE_NAMES[type(value)]


def _same(value: Any) -> Any:
    return value


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _length(value: Any) -> int:
    return len(value) // 10 if type(value) in (str, bytes) else 1


_ITEMS = list_of(T)
_SIZED = (STRING, BYTES, _ITEMS, map_of(K, V))

CONVERSIONS = (
    Function(
        "size",
        tuple(form(each, gives=INT) for form in (plain, method) for each in _SIZED),
        len,
        "how many characters, bytes, items or entries there are",
    ),
    Function(
        "int",
        (
            plain(INT, gives=INT, run=_same),
            plain(NUMBER, gives=INT, may_fail=True, run=whole),
            plain(STRING, gives=INT, may_fail=True, run=whole_of_text),
            plain(TIMESTAMP, gives=INT, run=lambda at: at // SECOND),
        ),
        whole,
        "a decimal cut towards zero, the number that plain digits write, or the seconds since 1970",
        cost=_length,
    ),
    Function(
        "decimal",
        (plain(NUMBER, gives=DECIMAL, run=Fraction), plain(STRING, gives=DECIMAL, may_fail=True)),
        _number_reader(parse_plain),
        "the exact number that plain digits write, or an int as a decimal",
        cost=_length,
    ),
    Function(
        "double",
        (plain(NUMBER, gives=DECIMAL, run=Fraction), plain(STRING, gives=DECIMAL, may_fail=True)),
        _number_reader(parse_literal),
        "CEL's name of `decimal`; its text may have an exponent",
        cost=_length,
    ),
    Function(
        "string",
        (
            *(plain(each, gives=STRING) for each in (STRING, BOOL, INT, TIMESTAMP, DURATION, DATE)),
            plain(DECIMAL, gives=STRING, may_fail=True),
            plain(BYTES, gives=STRING, may_fail=True, run=decoded),
        ),
        text_of,
        "the text of a value; bytes are read as UTF-8",
        cost=_length,
    ),
    Function(
        "bytes",
        (plain(BYTES, gives=BYTES, run=_same), plain(STRING, gives=BYTES, may_fail=True)),
        bytes_of,
        "a text as UTF-8",
        cost=_length,
    ),
    Function(
        "bool",
        (plain(BOOL, gives=BOOL, run=_same), plain(STRING, gives=BOOL, may_fail=True)),
        bool_of_text,
        "`true` or `false` from text: also `1`, `t`, `True`, `TRUE` and their like",
    ),
    Function(
        "timestamp",
        (
            plain(TIMESTAMP, gives=TIMESTAMP, run=_same),
            plain(STRING, gives=TIMESTAMP, may_fail=True),
            plain(INT, gives=TIMESTAMP, may_fail=True, run=timestamp_of_seconds),
        ),
        timestamp_of_text,
        cost=5,
        doc="the instant that text such as `2026-12-01T00:00:00Z` names, or that is so many seconds after 1970",
    ),
    Function(
        "duration",
        (plain(DURATION, gives=DURATION, run=_same), plain(STRING, gives=DURATION, may_fail=True)),
        duration_of_text,
        cost=10,
        doc="the length of time that text such as `1h30m` names",
    ),
    Function("type", (plain(DYN, gives=TYPE),), type_of, "the type of a value"),
    Function("dyn", (plain(T, gives=DYN),), _same, "the same value, of a type that is not known before it is there"),
)
