"""An input written as JSON, with every digit that it was written with.

JSON's own readers make floats of `0.1`, keep the last of two equal keys, know `NaN`, and can be made to work for
minutes by a long number. Here each is refused, with the path of the field where it stands.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.runtime.given import refusals

SIZE_MAX = 8 * 1024 * 1024
"""Bytes, or characters of a text."""
DEPTH_MAX = 64
NUMBER_MAX = 100
"""Characters of one number: enough for 34 digits with any exponent that is in range and some needless zeros."""

_EXPONENT = re.compile(r"[eE][+-]?0*[0-9]{6}")
# Linear in every text: a string takes what it can and never gives any of it back, and one without an end is a match.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?|([\[{])|([\]}])', re.DOTALL)


class _Fault:
    """Stands in the tree for what cannot be read, until its path is known."""

    __slots__ = ("hint", "key", "message")

    def __init__(self, message: str, hint: str | None = None, key: str | None = None) -> None:
        self.message = message
        self.hint = hint
        self.key = key


def given_json(data: bytes | str) -> dict[str, Any]:
    """The input in a JSON document, or `InvalidInput`."""
    text = _text(data)
    if text.count("[") + text.count("{") > DEPTH_MAX:
        _check_depth(text)
    reader = _Reader()
    try:
        tree = reader.decoder.decode(text)
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise InvalidInput(f"the input is not JSON: {fault.msg[:1].lower()}{fault.msg[1:]} at {place}") from None
    except RecursionError:
        raise _too_deep() from None
    if reader.faults:
        raise _located(tree)
    if type(tree) is not dict:
        raise InvalidInput(f"the input is {refusals.found(tree)}; a mapping is wanted")
    return tree


def _text(data: bytes | str) -> str:
    if len(data) > SIZE_MAX:
        raise InvalidInput(f"the input is larger than {SIZE_MAX} bytes")
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("the input is not UTF-8") from None


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[1] is not None) - (token[2] is not None)
        if depth > DEPTH_MAX:
            raise _too_deep()


def _too_deep() -> InvalidInput:
    return InvalidInput(f"the input is nested more than {DEPTH_MAX} deep")


class _Reader:
    """The hooks of one reading; `faults` counts what they could not read."""

    def __init__(self) -> None:
        self.faults = 0
        self.decoder = json.JSONDecoder(
            parse_float=self.number, parse_int=self.whole, parse_constant=self.constant, object_pairs_hook=self.object
        )

    def fault(self, message: str, hint: str | None = None, key: str | None = None) -> Any:
        self.faults += 1
        return _Fault(message, hint, key)

    def whole(self, text: str) -> Any:
        return int(text) if len(text) <= NUMBER_MAX else self.too_long(text)

    def number(self, text: str) -> Any:
        if len(text) > NUMBER_MAX:
            return self.too_long(text)
        # No Decimal can have every exponent, and whether that raises would depend on the host's decimal context.
        return self.fault("is out of range: its exponent is too large") if _EXPONENT.search(text) else Decimal(text)

    def too_long(self, text: str) -> Any:
        return self.fault(f"is a number of {len(text)} characters; at most 34 digits are exact here")

    def constant(self, text: str) -> Any:
        return self.fault("is not a finite number", "leave the field out if the number is unknown")

    def object(self, pairs: list[tuple[str, Any]]) -> Any:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        counts = Counter(key for key, _ in pairs)
        return self.fault("is given twice", key=counts.most_common(1)[0][0])


def _located(tree: Any) -> InvalidInput:
    """The first fault of a tree that holds one."""
    open_ends: list[tuple[Any, tuple[str | int, ...]]] = [(tree, ())]
    while open_ends:
        here, path = open_ends.pop()
        match here:
            case _Fault(message=message, hint=hint, key=key):
                return InvalidInput(message, refusals.path_text(path if key is None else (*path, key)), hint)
            case dict():
                open_ends += [(each, (*path, key)) for key, each in reversed(here.items())]
            case list():
                open_ends += [(each, (*path, i)) for i, each in reversed([*enumerate(here)])]
    raise AssertionError("every fault is in the tree")
