"""An input that holds parts of an earlier answer: its numbers are texts, so that no reader of JSON rounds them.

Where a number is declared, such a text is read as the number, in the shortest form only, in which records have it;
whatever else is given stays as it is, and is refused or not when it is checked as input.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from policyengine.runtime.program import Group, Leaf
from policyengine.values import types
from policyengine.values.invalid import InvalidValue
from policyengine.values.number_text import decimal_text, parse_plain


def read(declared: Group | Leaf | None, given: Any) -> Any:
    """A given value with its recorded numbers as numbers."""
    if isinstance(declared, Group):
        if not isinstance(given, Mapping):
            return given
        fields = {field.name: field for field in declared.fields}
        return {key: read(fields.get(key), its) for key, its in given.items()}
    if declared is None:
        return given
    match declared.type:
        case types.Number() | types.Limit() if isinstance(given, str):
            return _number(given)
        case types.List() if isinstance(given, list):
            return [read(declared.items, each) for each in given]
        case types.Map() if isinstance(given, Mapping):
            return {key: read(declared.items, each) for key, each in given.items()}
    return given


def _number(text: str) -> Any:
    try:
        n, d = parse_plain(text)
    except InvalidValue:
        return text
    if decimal_text(n, d) != text:
        return text
    return n if d == 1 else Decimal(text)
