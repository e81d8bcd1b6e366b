"""The canonical input: the declared facts that a decision can read, after defaults, as JSON.

It is what a record keeps and what the decision id is hashed from, so equal facts have equal bytes however the caller
wrote them. Numbers are texts in shortest exact form, in the unit in which they are given; times are RFC 3339 in UTC; an
absent optional is left out. Reading it back gives an input that holds the same facts, without the caller's zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.runtime.failure import Failure
from policyengine.runtime.given.leaf_readers import ANY_DEPTH_MAX
from policyengine.runtime.program import Entry, Group, Leaf, Program
from policyengine.runtime.unavailable import UNAVAILABLE
from policyengine.values import types
from policyengine.values.civil import date_text
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.invalid import InvalidValue
from policyengine.values.number_text import decimal_text, parse_plain
from policyengine.values.types import UNLIMITED

Path = tuple[str, ...]

MARK = "$unavailable"
"""`{"$unavailable": true}` stands where a fact could not be fetched. A map's own keys that begin with `$` double it."""
WHOLE, DECIMAL = "$int", "$decimal"
"""Numbers in a fact of any type, which no declaration tells from a text."""


def canonical(program: Program, entry: Entry, held: Sequence[Any]) -> dict[str, Any]:
    """The held facts of an entry point as JSON values."""
    places = {program.facts[i].path: i for i in entry.facts if program.facts[i].path}
    return _group(program.inputs, (), places, held)


def from_canonical(program: Program, entry: Entry, data: object) -> Any:
    """The input that a record's canonical form stands for.

    Nothing is checked here: what is no canonical form is handed on as it is, and refused when it is checked as input.
    """
    return _given_group(program.inputs, data)


def _group(group: Group, path: Path, places: dict[Path, int], held: Sequence[Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in group.fields:
        where = (*path, field.name)
        if isinstance(field, Group):
            inner = _given_inner(field, where, places, held)
        else:
            inner = written(held[places[where]], field) if where in places else None
        if inner is not None:
            out[field.name] = inner
    return out


def _given_inner(group: Group, path: Path, places: dict[Path, int], held: Sequence[Any]) -> dict[str, Any] | None:
    """A group inside the input, or None where it is absent or nothing of it is read."""
    present = held[places[path]] if group.optional and path in places else None
    if isinstance(present, Failure):
        return {MARK: True}
    if present is False:
        return None
    inner = _group(group, path, places, held)
    return inner if inner or present else None


def written(value: Any, item: Leaf | Group) -> Any:
    """A held value as JSON; an absent one is None."""
    if value is None:
        return None
    if isinstance(value, Failure):
        return {MARK: True}
    if isinstance(item, Group):
        fields = zip(item.fields, value, strict=True)
        return {field.name: written(its, field) for field, its in fields if its is not None}
    match item.type:
        case types.Number():
            return decimal_text(value, item.scale)
        case types.Limit():
            return UNLIMITED if value == UNLIMITED else decimal_text(value, item.scale)
        case types.TIMESTAMP:
            return str(Timestamp(value))
        case types.DURATION:
            return str(Duration(value))
        case types.DATE:
            return date_text(value)
        case types.List():
            assert item.items is not None
            return [written(each, item.items) for each in value]
        case types.Map():
            assert item.items is not None
            return {_escaped(key): written(each, item.items) for key, each in value.items()}
        case types.ANY:
            return _written_any(value)
    return value


def _escaped(key: str) -> str:
    return "$" + key if key.startswith("$") else key


def _written_any(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int():
            return {WHOLE: decimal_text(value, 1)}
        case Fraction():
            return {DECIMAL: decimal_text(value.numerator, value.denominator)}
        case tuple():
            return [_written_any(each) for each in value]
        case dict():
            return {_escaped(key): _written_any(each) for key, each in value.items()}
    raise AssertionError(f"not held in a fact of any type: {value!r}")


# --------------------------------------------------------------------------------------------------------- and back


def _given_group(group: Group, data: object) -> Any:
    if type(data) is not dict:
        return data
    fields = {field.name: field for field in group.fields}
    return {key: _given(fields[key], each) if key in fields else each for key, each in data.items()}


def _given(item: Leaf | Group, data: Any) -> Any:
    if type(data) is dict and len(data) == 1 and data.get(MARK) is True:
        return UNAVAILABLE
    if isinstance(item, Group):
        return _given_group(item, data)
    match item.type:
        case types.Number() | types.Limit():
            return _given_number(data)
        case types.List() if type(data) is list and item.items is not None:
            items = item.items
            return [_given(items, each) for each in data]
        case types.Map() if type(data) is dict and item.items is not None:
            items = item.items
            return {_unescaped(key): _given(items, each) for key, each in data.items()}
        case types.ANY:
            return _given_any(data, 0)
    return data


def _unescaped(key: Any) -> Any:
    return key[1:] if type(key) is str and key.startswith("$$") else key


def _given_number(data: Any) -> Any:
    """The number in a text; what is no number stays what it is."""
    if type(data) is not str:
        return data
    try:
        n, d = parse_plain(data)
    except InvalidValue:
        return data
    return n if d == 1 else Decimal(data)


def _given_any(data: Any, depth: int) -> Any:
    if depth > ANY_DEPTH_MAX:  # refused when it is checked
        return data
    if type(data) is list:
        return [_given_any(each, depth + 1) for each in data]
    if type(data) is not dict:
        return data
    if len(data) == 1 and WHOLE in data:
        return _given_number(data[WHOLE])
    if len(data) == 1 and DECIMAL in data:
        number = data[DECIMAL]
        return Decimal(number) if type(_given_number(number)) in (int, Decimal) else number
    return {_unescaped(key): _given_any(each, depth + 1) for key, each in data.items()}
