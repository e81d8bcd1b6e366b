"""Any value as text, as `%s` writes it: `[abc, 3.14, null]`, `{key: value}`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from policyengine.runtime.failure import BAD_TEXT, NO_OVERLOAD, TEXT_TOO_LONG, Failure
from policyengine.runtime.functions.kinds import word
from policyengine.runtime.functions.maps import MapValue
from policyengine.runtime.functions.number_forms import shortest_text
from policyengine.runtime.limits import TEXT_MAX, Meter
from policyengine.values.civil import Date
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.type_name import TypeName


def text_of(value: Any) -> str | Failure:
    """A single value as text, as `string(x)` and `%s` give it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Timestamp() | Duration() | Date():
            return str(value)
        case int() | Fraction():
            return shortest_text(value)
        case TypeName():
            return str.__str__(value)
        case str():
            return value
        case bytes():
            return decoded(value)
    return NO_OVERLOAD.saying(f"{word(value)} cannot become a text")


def decoded(data: bytes) -> str | Failure:
    """Bytes read as UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return BAD_TEXT.saying("the bytes are not UTF-8")


def display(meter: Meter, value: Any) -> str | Failure:
    """A value with everything inside it as text; maps in the order of their keys' texts."""
    written: list[str] = []
    size = 0
    pending: list[Any] = [value]
    while pending:
        part = pending.pop()
        piece = part.text if type(part) is _Written else _opened(meter, part, pending)
        if isinstance(piece, Failure):
            return piece
        size += len(piece)
        meter.charge(1 + len(piece) // 10)
        if size > TEXT_MAX:
            return TEXT_TOO_LONG
        written.append(piece)
    return "".join(written)


class _Written:
    """Text that stands between values."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


_COMMA = _Written(", ")


def _opened(meter: Meter, value: Any, pending: list[Any]) -> str | Failure:
    """The text of a single value; of a list or map the bracket, with its parts put on the stack."""
    if type(value) is tuple:
        meter.charge(len(value))
        pending.append(_Written("]"))
        for item in reversed(value):
            pending += [item, _COMMA]
        if value:
            pending.pop()
        return "["
    if type(value) is not MapValue:
        return text_of(value)
    meter.charge(4 * len(value))
    entries = [(text_of(key), content) for key, content in value.items()]
    entries.sort(key=lambda entry: str(entry[0]), reverse=True)
    pending.append(_Written("}"))
    for key, content in entries:
        pending += [content, _Written(f"{key}: "), _COMMA]
    if entries:
        pending.pop()
    return "{"
