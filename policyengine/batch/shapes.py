"""How a held value lies in columns: each type is a fixed number of slots, and NULL never stands for two things.

An optional value is absent where its slot is NULL and its error is NULL too; a failed value is told by the error column
alone. A limit is a number and whether it is unlimited; a quotient is a numerator and a denominator; an optional record
says first whether it is there. A schedule of so many tiers is its bounds without the open one, its rates, its flats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from policyengine.batch.sql_text import BIGINT, BOOLEAN, VARCHAR
from policyengine.values import types
from policyengine.values.types import UNLIMITED, Type

INTEGER = BIGINT
"""The kind of a slot that holds an integer; how wide it is follows from its bounds."""


class NoColumns(Exception):
    """Values of this type have no fixed number of slots: lists, maps, lines."""


def slots(its_type: Type) -> tuple[str, ...]:
    """The kinds of a type's slots; schedules of tiers are measured by their own values."""
    match its_type:
        case types.Number() | types.TIMESTAMP | types.DURATION | types.Simple(name="row"):
            return (INTEGER,)
        case types.Quotient():
            return (INTEGER, INTEGER)
        case types.BOOL:
            return (BOOLEAN,)
        case types.STRING | types.Enum():
            return (VARCHAR,)
        case types.Limit():
            return (INTEGER, BOOLEAN)
        case types.Record(fields=fields):
            return tuple(kind for _, field in fields for kind in slots(field))
        case types.Optional(item=types.Record() as item):
            return (BOOLEAN, *slots(item))
        case types.Optional(item=item):
            return slots(item)
    raise NoColumns(f"a value of type {its_type} has no columns")


def flat(value: Any, its_type: Type) -> Iterator[Any]:
    """A held value, slot by slot; what failed or is absent is None in each."""
    match its_type:
        case types.Optional(item=types.Record() as item):
            yield value is not None
            yield from flat(value, item)
        case types.Optional(item=item):
            yield from flat(value, item)
        case types.Record(fields=fields):
            for position, (_, field) in enumerate(fields):
                yield from flat(None if value is None else value[position], field)
        case types.Limit():
            yield None if value == UNLIMITED else value
            yield None if value is None else value == UNLIMITED
        case types.Quotient():
            yield from (None, None) if value is None else value
        case _:
            yield value


def held(parts: Sequence[Any], its_type: Type) -> Any:
    """The inverse of `flat` for a value that has not failed."""
    match its_type:
        case types.Optional(item=types.Record() as item):
            return held(parts[1:], item) if parts[0] else None
        case types.Optional(item=types.Limit()) if parts[1] is None:
            return None
        case types.Optional(item=types.Quotient()) if parts[0] is None:
            return None
        case types.Optional(item=item):
            return held(parts, item)
        case types.Record(fields=fields):
            return _record(parts, fields)
        case types.Limit():
            return UNLIMITED if parts[1] else parts[0]
        case types.Quotient():
            return (parts[0], parts[1])
    return parts[0]


def _record(parts: Sequence[Any], fields: Sequence[tuple[str, Type]]) -> tuple[Any, ...]:
    made = []
    start = 0
    for _, field in fields:
        size = len(slots(field))
        made.append(held(parts[start : start + size], field))
        start += size
    return tuple(made)


def flat_tiers(schedule: Any, count: int) -> list[Any]:
    """The slots of a schedule among schedules of up to `count` tiers: what it lacks is None."""
    bounds, rates, flats = schedule if schedule is not None else ((None,), (), ())
    padded = [*bounds[:-1], *[None] * count][: count - 1]
    return [*padded, *([*rates, *[None] * count][:count]), *([*flats, *[None] * count][:count])]
