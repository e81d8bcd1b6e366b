"""Functions of lists: CEL's core and its lists extension."""

from __future__ import annotations

from fractions import Fraction
from functools import cmp_to_key
from typing import Any

from policyengine.runtime.failure import BAD_ARGUMENT, Failure
from policyengine.runtime.functions.equality import compared, identity, is_in
from policyengine.runtime.functions.function import INT, Function, T, list_of, method, optional_of, plain
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.runtime.limits import Meter
from policyengine.values.types import DYN, STRING


def counted(meter: Meter, count: int) -> tuple[int, ...] | Failure:
    if count < 0:
        return BAD_ARGUMENT.saying("a list cannot have fewer than no items")
    meter.charge(2 * count)
    return tuple(range(count))


def distinct(meter: Meter, items: tuple[Any, ...]) -> tuple[Any, ...]:
    meter.charge(2 * len(items))
    seen: set[Any] = set()
    parted: list[Any] = []
    kept: list[Any] = []
    for item in items:
        key = identity(item)
        if key is None:
            if is_in(meter, item, parted):
                continue
            parted.append(item)
        elif key in seen:
            continue
        else:
            seen.add(key)
        kept.append(item)
    return tuple(kept)


def flatten(meter: Meter, items: tuple[Any, ...], depth: int = 1) -> tuple[Any, ...] | Failure:
    if depth < 0:
        return BAD_ARGUMENT.saying("a list cannot be flattened to a negative depth")
    flat: list[Any] = []
    pending: list[tuple[Any, int]] = [(item, depth) for item in reversed(items)]
    meter.charge(2 * len(items))
    while pending:
        item, left = pending.pop()
        if type(item) is tuple and left:
            meter.charge(2 * len(item) + 1)
            pending += [(inner, left - 1) for inner in reversed(item)]
        else:
            flat.append(item)
    return tuple(flat)


def part(meter: Meter, items: tuple[Any, ...], start: int, end: int) -> tuple[Any, ...] | Failure:
    if not 0 <= start <= end <= len(items):
        return BAD_ARGUMENT.saying(f"a list of {len(items)} items has no part from {start} to {end}")
    meter.charge(end - start)
    return items[start:end]


def ordered(meter: Meter, items: tuple[Any, ...]) -> tuple[Any, ...] | Failure:
    """The items from the least to the greatest; they must be of one kind that has an order."""
    positions = order_of(meter, items)
    return positions if isinstance(positions, Failure) else tuple(items[i] for i in positions)


def order_of(meter: Meter, keys: tuple[Any, ...]) -> list[int] | Failure:
    """The positions of keys from the least to the greatest, equal ones in the order in which they stand."""
    meter.charge(2 * len(keys))
    for key in keys:
        if isinstance(found := compared(meter, keys[0], key), Failure):
            return found
    if len(set(map(type, keys))) < 2 and Fraction not in map(type, keys[:1]):
        return sorted(range(len(keys)), key=keys.__getitem__)

    def compare(a: int, b: int) -> int:
        meter.charge(4)
        found = compared(meter, keys[a], keys[b])
        assert not isinstance(found, Failure), "keys of one kind have an order"
        return found

    return sorted(range(len(keys)), key=cmp_to_key(compare))


def first(items: tuple[Any, ...]) -> OptionalValue:
    return OptionalValue(items[0]) if items else NONE


def last(items: tuple[Any, ...]) -> OptionalValue:
    return OptionalValue(items[-1]) if items else NONE


def size(value: Any) -> int:
    return len(value)


_ITEMS = list_of(T)

LISTS = (
    Function(
        "lists.range",
        (plain(INT, gives=list_of(INT), may_fail=True),),
        counted,
        "the ints from 0 up to, and without, a number",
        metered=True,
    ),
    Function(
        "distinct",
        (method(_ITEMS, gives=_ITEMS),),
        distinct,
        "the items without those that equal an earlier one",
        metered=True,
    ),
    Function(
        "flatten",
        (method(list_of(DYN), gives=list_of(DYN)), method(list_of(DYN), INT, gives=list_of(DYN), may_fail=True)),
        flatten,
        "the items of the lists in a list, one level deep or as many as are given",
        metered=True,
    ),
    Function(
        "reverse",
        (method(STRING, gives=STRING), method(_ITEMS, gives=_ITEMS)),
        lambda items: items[::-1],
        "the characters or items in reverse order",
        cost=lambda items: len(items) // (10 if type(items) is str else 1),
    ),
    Function(
        "slice",
        (method(_ITEMS, INT, INT, gives=_ITEMS, may_fail=True),),
        part,
        "the items from one position up to, and without, another one",
        metered=True,
    ),
    Function(
        "sort",
        (method(_ITEMS, gives=_ITEMS, may_fail=True),),
        ordered,
        "the items from the least to the greatest",
        metered=True,
    ),
    Function("first", (method(_ITEMS, gives=optional_of(T)),), first, "the first item, if there is one"),
    Function("last", (method(_ITEMS, gives=optional_of(T)),), last, "the last item, if there is one"),
)
