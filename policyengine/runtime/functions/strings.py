"""Functions of texts: those of CEL's core and of its strings extension. Positions and sizes count code points."""

from __future__ import annotations

import re
from typing import Any

from policyengine.runtime.failure import BAD_ARGUMENT, NO_OVERLOAD, TEXT_TOO_LONG, Failure
from policyengine.runtime.functions.formatting import formatted
from policyengine.runtime.functions.function import INT, Function, list_of, method, plain
from policyengine.runtime.functions.kinds import word
from policyengine.runtime.limits import TEXT_MAX, Meter
from policyengine.values.types import BOOL, DYN, STRING

_LOWER = {ord(c): ord(c.lower()) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_UPPER = {lower: upper for upper, lower in _LOWER.items()}
# Unicode's White_Space, which is less than what Python strips: the separators U+001C to U+001F are no white space.
_BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
)
_WHITE_SPACE = _BLANKS + "\u205f\u3000"
_QUOTED = re.compile(r'["\\\a\b\f\n\r\t\v]')
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def searching(text: str, part: str, *rest: Any) -> int:
    """What it costs to look for a part: Python compares a short part at every position of a text."""
    return len(text) * (1 + min(len(part), 100) // 10) // 10


def going_through(text: str, *rest: Any) -> int:
    """What it costs to copy a text."""
    return len(text) // 10


def _outside(index: int) -> Failure:
    return BAD_ARGUMENT.saying(f"the index {index} is outside the text")


def char_at(text: str, index: int) -> str | Failure:
    if not 0 <= index <= len(text):
        return _outside(index)
    return text[index : index + 1]


def index_of(text: str, part: str, start: int = 0) -> int | Failure:
    if not 0 <= start <= len(text):
        return _outside(start)
    return text.find(part, start)


def last_index_of(text: str, part: str, last: int | None = None) -> int | Failure:
    if last is None:
        return text.rfind(part)
    if not 0 <= last <= len(text):
        return _outside(last)
    return text.rfind(part, 0, last + len(part))


def substring(text: str, start: int, end: int | None = None) -> str | Failure:
    stop = len(text) if end is None else end
    for index in (start, stop):
        if not 0 <= index <= len(text):
            return _outside(index)
    if start > stop:
        return BAD_ARGUMENT.saying(f"the part of a text cannot begin at {start} and end at {stop}")
    return text[start:stop]


def replace(meter: Meter, text: str, old: str, new: str, count: int = -1) -> str | Failure:
    meter.charge(searching(text, old))
    found = text.count(old) if count < 0 else min(count, text.count(old))
    size = len(text) + found * (len(new) - len(old))
    if size > TEXT_MAX:
        return TEXT_TOO_LONG
    meter.characters(size)
    return text.replace(old, new, -1 if count < 0 else count)


def split(meter: Meter, text: str, separator: str, count: int = -1) -> tuple[str, ...]:
    if count == 0:
        return ()
    meter.charge(searching(text, separator))
    if separator:
        parts = text.count(separator) + 1
        meter.charge(2 * (parts if count < 0 else min(parts, count)))
        return tuple(text.split(separator, -1 if count < 0 else count - 1))
    single = len(text) if count < 0 else min(count - 1, len(text))
    meter.charge(2 * single)
    return (*text[:single], *([text[single:]] if text[single:] else []))


def join(meter: Meter, parts: tuple[Any, ...], separator: str = "") -> str | Failure:
    meter.charge(len(parts))
    for part in parts:
        if type(part) is not str:
            return NO_OVERLOAD.saying(f"`join` takes a list of texts, and {word(part)} is in the list")
    size = sum(map(len, parts)) + len(separator) * max(0, len(parts) - 1)
    if size > TEXT_MAX:
        return TEXT_TOO_LONG
    meter.characters(size)
    return separator.join(parts)


def quote(meter: Meter, text: str) -> str | Failure:
    meter.characters(2 * len(text))
    made = '"' + _QUOTED.sub(lambda found: _ESCAPES[found.group()], text) + '"'
    return made if len(made) <= TEXT_MAX else TEXT_TOO_LONG


STRINGS = (
    Function(
        "contains",
        (method(STRING, STRING, gives=BOOL),),
        lambda text, part: part in text,
        "whether the part occurs in the text",
        cost=searching,
    ),
    Function(
        "startsWith",
        (method(STRING, STRING, gives=BOOL),),
        lambda text, start: text.startswith(start),
        "whether the text begins so",
        cost=lambda text, start: len(start) // 10,
    ),
    Function(
        "endsWith",
        (method(STRING, STRING, gives=BOOL),),
        lambda text, end: text.endswith(end),
        "whether the text ends so",
        cost=lambda text, end: len(end) // 10,
    ),
    Function(
        "charAt",
        (method(STRING, INT, gives=STRING, may_fail=True),),
        char_at,
        "the character at a position, counted from 0; an empty text right after the last one",
    ),
    Function(
        "indexOf",
        (method(STRING, STRING, gives=INT), method(STRING, STRING, INT, gives=INT, may_fail=True)),
        index_of,
        "where the part first occurs, at or after a position; -1 if it does not",
        cost=searching,
    ),
    Function(
        "lastIndexOf",
        (method(STRING, STRING, gives=INT), method(STRING, STRING, INT, gives=INT, may_fail=True)),
        last_index_of,
        "where the part last occurs, at or before a position; -1 if it does not",
        cost=searching,
    ),
    Function(
        "substring",
        (method(STRING, INT, gives=STRING, may_fail=True), method(STRING, INT, INT, gives=STRING, may_fail=True)),
        substring,
        "the part from one position up to, and without, another one",
        cost=going_through,
    ),
    Function(
        "replace",
        (
            method(STRING, STRING, STRING, gives=STRING, may_fail=True),
            method(STRING, STRING, STRING, INT, gives=STRING, may_fail=True),
        ),
        replace,
        "the text with a part replaced wherever it occurs, or the first so many times",
        metered=True,
    ),
    Function(
        "split",
        (method(STRING, STRING, gives=list_of(STRING)), method(STRING, STRING, INT, gives=list_of(STRING))),
        split,
        "the parts between separators, at most so many of them",
        metered=True,
    ),
    Function(
        "join",
        (
            method(list_of(STRING), gives=STRING, may_fail=True),
            method(list_of(STRING), STRING, gives=STRING, may_fail=True),
        ),
        join,
        "the texts of a list one after another, with a separator between them",
        metered=True,
    ),
    Function(
        "trim",
        (method(STRING, gives=STRING),),
        lambda text: text.strip(_WHITE_SPACE),
        "the text without white space at both ends",
        cost=going_through,
    ),
    Function(
        "lowerAscii",
        (method(STRING, gives=STRING),),
        lambda text: text.translate(_LOWER),
        "the letters A to Z in lower case",
        cost=lambda text: len(text),
    ),
    Function(
        "upperAscii",
        (method(STRING, gives=STRING),),
        lambda text: text.translate(_UPPER),
        "the letters a to z in upper case",
        cost=lambda text: len(text),
    ),
    Function(
        "format",
        (method(STRING, list_of(DYN), gives=STRING, may_fail=True),),
        formatted,
        'the text with `%s %d %f %e %b %o %x %X` filled in from the list, as in `"%.2f".format([x])`',
        metered=True,
    ),
    Function(
        "strings.quote",
        (plain(STRING, gives=STRING, may_fail=True),),
        quote,
        "the text as a literal, in double quotes and with escapes",
        metered=True,
    ),
)
