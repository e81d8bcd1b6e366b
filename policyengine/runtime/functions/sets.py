"""CEL's sets extension: lists compared without regard to order and repetition."""

from __future__ import annotations

from typing import Any

from policyengine.runtime.functions.equality import identity, is_in
from policyengine.runtime.functions.function import Function, T, list_of, plain
from policyengine.runtime.limits import Meter
from policyengine.values.types import BOOL


class _Members:
    """What is in a list, to be asked about often."""

    __slots__ = ("_meter", "_parted", "_plain")

    def __init__(self, meter: Meter, items: tuple[Any, ...]) -> None:
        meter.charge(2 * len(items))
        self._meter = meter
        self._plain = {key for item in items if (key := identity(item)) is not None}
        self._parted = [item for item in items if identity(item) is None]

    def has(self, value: Any) -> bool:
        key = identity(value)
        return key in self._plain if key is not None else is_in(self._meter, value, self._parted)


def contains(meter: Meter, items: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    meter.charge(2 * len(others))
    members = _Members(meter, items)
    return all(members.has(other) for other in others)


def equivalent(meter: Meter, items: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return contains(meter, items, others) and contains(meter, others, items)


def intersects(meter: Meter, items: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    meter.charge(2 * len(others))
    members = _Members(meter, items)
    return any(members.has(other) for other in others)


_FORM = (plain(list_of(T), list_of(T), gives=BOOL),)

SETS = (
    Function("sets.contains", _FORM, contains, "whether the first list has every item of the second", metered=True),
    Function("sets.equivalent", _FORM, equivalent, "whether each list has every item of the other", metered=True),
    Function("sets.intersects", _FORM, intersects, "whether some item is in both lists", metered=True),
)
