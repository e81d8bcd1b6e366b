"""Readers of single facts: from what a caller gives to what evaluators hold, exactly or not at all.

`reader` makes, once for each entry point, a function for a declared leaf; the function is called for every decision.
It takes the value and the whole input, where a wall-clock time finds the name of its zone.

INVARIANT: no code of the host runs, but where a field of a dataclass or pydantic model is read (`mappings`). A value is
asked for nothing before its exact type is known; of a subclass of dict, list, tuple or str only the built-in part is
read. So a hostile value is refused like any other wrong one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from typing import Any

from policyengine.runtime.given import refusals
from policyengine.runtime.given.mappings import mapping
from policyengine.runtime.given.refusals import Refused
from policyengine.runtime.program import Group, Leaf
from policyengine.runtime.unavailable import UNAVAILABLE
from policyengine.values import types
from policyengine.values.civil import Date, parse_date, parse_wall
from policyengine.values.instant import (
    DURATION_MAX,
    DURATION_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Duration,
    Timestamp,
)
from policyengine.values.invalid import InvalidValue
from policyengine.values.number_text import DIGITS_MAX
from policyengine.values.types import UNLIMITED, Number

Read = Callable[[Any, Any], Any]
"""What turns a given value (the second argument is the whole input) into the held one, or raises `Refused`."""

MAP_ENTRIES_MAX = 1000
ANY_DEPTH_MAX = 32
ANY_PARTS_MAX = 10_000
TIME_TEXT_MAX = 64

# Digits are counted by the decimal module itself: a number with more than 34 that matter is inexact here, and an
# endless tail of zeros is cut off. Only the traps matter; what the host has set in its own context is never read.
DECIMAL128 = Context(DIGITS_MAX, ROUND_HALF_EVEN, -999_999, 999_999, 1, 0, [], [Inexact, InvalidOperation])


scaleb = DECIMAL128.scaleb


class ZoneUnavailable(Exception):
    """The host could not fetch the name of the zone in which a wall-clock time is given."""


def reader(item: Leaf | Group, inputs: Group) -> Read:
    """How one leaf, list element or map value is read; a group is a record here."""
    if isinstance(item, Group):
        read = _record(item, inputs)
        return _optional(read, None) if item.optional else read
    read = _whole(item, inputs)
    return _optional(read, item.default if item.has_default else None) if item.optional else read


def is_zoned(item: Leaf | Group | None) -> bool:
    """Whether a wall-clock time stands somewhere in it."""
    if isinstance(item, Group):
        return any(is_zoned(field) for field in item.fields)
    return item is not None and (item.zone != "" or is_zoned(item.items))


def _optional(read: Read, absent: Any) -> Read:
    return lambda value, root: absent if value is None else read(value, root)


def _whole(leaf: Leaf, inputs: Group) -> Read:
    match leaf.type:
        case Number():
            return _number(leaf.type, leaf.scale, refusals.wanted(leaf.type))
        case types.Limit():
            return _limit(leaf.type, leaf.scale)
        case types.Enum():
            return _member(leaf.type)
        case types.List(max=most):
            assert leaf.items is not None
            return _list(reader(leaf.items, inputs), most)
        case types.Map():
            assert leaf.items is not None
            return _map(reader(leaf.items, inputs))
        case types.TIMESTAMP:
            return _zoned(leaf.zone, inputs) if leaf.zone else lambda value, root: instant(value)
    return _SIMPLE[leaf.type]


# ---------------------------------------------------------------------------------------------------------- numbers


def places_of(its_type: Number, scale: int) -> int:
    """How many decimal places a given number may have: the zeros at the end of its scale."""
    places = 0
    while not its_type.integer and scale % 10 ** (places + 1) == 0:
        places += 1
    return places


def _number(its_type: Number, scale: int, want: str) -> Read:
    lo, hi = its_type.lo, its_type.hi
    least, most = -(-lo // scale), hi // scale
    places = places_of(its_type, scale)
    times = scale // 10**places
    low, high = Decimal(lo // times), Decimal(hi // times)

    def read(value: Any, root: Any) -> Any:
        if type(value) is int:
            if least <= value <= most:
                return value * scale
        elif type(value) is Decimal:
            try:
                moved = scaleb(value, places)
                # A number out of range is never multiplied out, and one that is too fine is no whole one.
                if low <= moved <= high and (held := int(moved)) == moved and lo <= held * times <= hi:
                    return held * times
            except (Inexact, InvalidOperation):
                pass
        raise refusals.wrong_number(value, its_type, scale, places, want)

    return read


def _limit(its_type: types.Limit, scale: int) -> Read:
    number = _number(its_type.number, scale, refusals.wanted(its_type))
    return lambda value, root: UNLIMITED if type(value) is str and value == UNLIMITED else number(value, root)


# ------------------------------------------------------------------------------------------------------------ texts


def text(value: Any) -> str:
    """A text as a plain str of whole characters. Of a subclass, such as `StrEnum`, only its characters are taken."""
    if type(value) is not str:
        if not issubclass(type(value), str):
            raise refusals.wrong_kind(value, "a text")
        value = str.__str__(value)
    plain: str = value
    if not plain.isascii():
        try:
            plain.encode()
        except UnicodeEncodeError:
            raise refusals.not_unicode() from None
    return plain


def _member(its_type: types.Enum) -> Read:
    # The program's own text is held: it is the very object that tables are keyed by, so it is found faster.
    members = {member: member for member in its_type.members}

    def read(value: Any, root: Any) -> str:
        if type(value) is str and value in members:
            return members[value]
        if not issubclass(type(value), str):
            raise refusals.wrong_kind(value, refusals.wanted(its_type))
        plain = text(value)
        if plain not in members:
            raise refusals.not_a_member(plain, members, its_type)
        return members[plain]

    return read


def _boolean(value: Any, root: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise refusals.wrong_kind(value, "true or false")


# ------------------------------------------------------------------------------------------------------------- times


def day(value: Any) -> int:
    """The number of a `Date`, a `datetime.date` or ISO 8601 text."""
    its = type(value)
    try:
        if its is str and len(value) <= TIME_TEXT_MAX:
            return parse_date(value)
        if its is Date:
            return int(value)
        if its is date:
            return int(Date.from_date(value))
    except InvalidValue as fault:
        raise refusals.not_a_date(value, fault.hint) from None
    raise refusals.wrong_kind(value, "a date")


def instant(value: Any) -> int:
    """The nanoseconds of a `Timestamp`, an aware datetime or RFC 3339 text."""
    its = type(value)
    if its is str:
        return _instant_of_text(value)
    if its is Timestamp and TIMESTAMP_MIN <= value <= TIMESTAMP_MAX:
        return int(value)
    if its is datetime:
        return _instant_of_datetime(value)
    raise refusals.wrong_kind(value, "a time")


def _instant_of_text(value: str) -> int:
    if len(value) > TIME_TEXT_MAX:
        raise refusals.not_a_time(value)
    try:
        return int(Timestamp.parse(value))
    except InvalidValue as fault:
        if _wall(value) is not None:
            raise refusals.no_offset() from None
        raise refusals.not_a_time(value, fault.hint) from None


def _wall(value: str) -> int | None:
    try:
        return parse_wall(value)
    except InvalidValue:
        return None


def _instant_of_datetime(value: datetime) -> int:
    zone = value.tzinfo
    if zone is None:
        raise refusals.no_offset()
    if zone is UTC:  # the common one
        span = value - _EPOCH
        at = (span.days * 86_400 + span.seconds) * 1_000_000_000 + span.microseconds * 1_000
        if TIMESTAMP_MIN <= at <= TIMESTAMP_MAX:
            return at
    # Other time zones are code of the host. A `ZoneInfo` can only be here if its module has been imported, which costs
    # a service that never meets one nothing.
    known = sys.modules.get("zoneinfo")
    if type(zone) is not timezone and (known is None or type(zone) is not known.ZoneInfo):
        raise Refused("has a time zone of a kind unknown here", refusals.DATETIME_HINT)
    offset = value.utcoffset()
    if offset is None:
        raise refusals.no_offset()
    if type(offset) is not timedelta:
        raise Refused("has a time zone of a kind unknown here", refusals.DATETIME_HINT)
    try:
        return int(Timestamp.from_datetime(value))
    except InvalidValue as fault:
        raise Refused("is out of range: " + fault.message, fault.hint) from None


def _duration(value: Any, root: Any) -> int:
    its = type(value)
    if its is Duration and DURATION_MIN <= value <= DURATION_MAX:
        return int(value)
    try:
        if its is timedelta:
            return int(Duration.from_timedelta(value))
        if its is str and len(value) <= TIME_TEXT_MAX:
            return int(Duration.parse(value))
    except InvalidValue as fault:
        if its is str:
            raise refusals.not_a_duration(value, fault.hint) from None
        raise Refused("is out of range: it is longer than 292 years") from None
    if its is str:
        raise refusals.not_a_duration(value, None)
    raise refusals.wrong_kind(value, "a duration")


def _zoned(zone: str, inputs: Group) -> Read:
    """A wall-clock time: text without an offset is read in the zone that another fact names."""
    path = tuple(zone.split("."))
    declared = _leaf_at(inputs, path)

    def read(value: Any, root: Any) -> int:
        if type(value) is str and len(value) <= TIME_TEXT_MAX:
            wall = _wall(value)
            if wall is not None:
                return _resolved(wall, _zone_name(root, path, declared), zone)
        return instant(value)

    return read


def _leaf_at(inputs: Group, path: tuple[str, ...]) -> Leaf | None:
    here: Leaf | Group | None = inputs
    for step in path:
        fields = here.fields if isinstance(here, Group) else ()
        here = next((field for field in fields if field.name == step), None)
    return here if isinstance(here, Leaf) else None


def _zone_name(root: Any, path: tuple[str, ...], declared: Leaf | None) -> str:
    here = root
    for step in path:
        here = _given_at(here, step)
        if here is UNAVAILABLE:
            raise ZoneUnavailable
    if here is None and declared is not None:
        here = declared.default
    dotted = ".".join(path)
    if here is None:
        raise refusals.zone_missing(dotted)
    try:
        return text(here)
    except Refused as refused:
        refused.field = dotted
        raise


def _given_at(group: Any, name: str) -> Any:
    """A field by its name, without a look-up: that would compare keys, and a key may be an object of the host."""
    given = mapping(group)
    if not issubclass(type(given), dict):
        return None
    return next((value for key, value in dict.items(given) if type(key) is str and key == name), None)


def _resolved(wall: int, name: str, zone: str) -> int:
    # Most programs never ask for a zone by name; reading the wheel doubles the time that an import takes.
    from policyengine.values import zone_data

    try:
        found = zone_data.zone(name)
    except InvalidValue as fault:
        raise refusals.unknown_zone(name, zone, fault.hint) from None
    held = found.from_wall(wall)
    if not TIMESTAMP_MIN <= held <= TIMESTAMP_MAX:
        raise Refused("is out of range: it lies outside the years 0001 to 9999")
    return held


# -------------------------------------------------------------------------------------------- lists, maps, records


def items_of(value: Any, most: int) -> list[Any]:
    """The elements of a list or tuple, whatever a subclass says about its length or its iterator."""
    built_in: type[list[Any]] | type[tuple[Any, ...]] = list if issubclass(type(value), list) else tuple
    if not issubclass(type(value), built_in):
        raise refusals.wrong_kind(value, "a list")
    count = built_in.__len__(value)
    if count > most:
        raise refusals.too_many(count, most, "items")
    return [*built_in.__iter__(value)]


def _list(read_item: Read, most: int) -> Read:
    def read(value: Any, root: Any) -> tuple[Any, ...]:
        items = items_of(value, most)
        held: list[Any] = []
        try:
            for item in items:
                held.append(read_item(item, root))  # noqa: PERF401 -- the position is needed where one is refused
        except Refused as refused:
            raise refused.within(len(held)) from None
        return tuple(held)

    return read


def _map(read_value: Read) -> Read:
    def read(value: Any, root: Any) -> dict[str, Any]:
        held = {}
        for key, each in entries_of(value):
            try:
                held[text(key)] = read_value(each, root)
            except Refused as refused:
                raise refused.within(key) from None
        return held

    return read


def entries_of(value: Any) -> list[tuple[str, Any]]:
    """The entries of a map in the order of their keys: how the caller ordered them must not be visible to rules."""
    if not issubclass(type(value), dict):
        raise refusals.wrong_kind(value, "a mapping")
    count = dict.__len__(value)
    if count > MAP_ENTRIES_MAX:
        raise refusals.too_many(count, MAP_ENTRIES_MAX, "entries")
    entries = list(dict.items(value))
    for key, _ in entries:
        if type(key) is not str:
            raise refusals.bad_key(key)
    return sorted(entries, key=lambda entry: entry[0])


def _record(group: Group, inputs: Group) -> Read:
    """A record inside a list or a map: a tuple in the order of the declared fields."""
    names = [field.name for field in group.fields]
    reads = {field.name: (i, reader(field, inputs)) for i, field in enumerate(group.fields)}
    absent = [field.default if isinstance(field, Leaf) else None for field in group.fields]
    required = [f.name for f in group.fields if not f.optional and not (isinstance(f, Leaf) and f.has_default)]

    def read(value: Any, root: Any) -> tuple[Any, ...]:
        value = mapping(value)
        if not issubclass(type(value), dict):
            raise refusals.wrong_kind(value, "a mapping")
        held = absent.copy()
        given = set()
        for key, each in dict.items(value):
            if type(key) is not str:
                raise refusals.bad_key(key)
            if key not in reads:
                raise refusals.unknown_field(key, names).within(key)
            place, read_field = reads[key]
            try:
                held[place] = read_field(each, root)
            except Refused as refused:
                raise refused.within(key) from None
            given.add(key)
        for name in required:
            if name not in given:
                raise refusals.missing().within(name)
        return tuple(held)

    return read


# --------------------------------------------------------------------------------------------------------------- any


def _any(value: Any, root: Any) -> Any:
    return _AnyReader().read(value, 0)


class _AnyReader:
    """Reads a fact of any type: JSON's values with exact numbers, copied.

    Parts are counted, since a value that refers to one list many times is small in memory and endless when copied.
    """

    def __init__(self) -> None:
        self.parts = 0

    def read(self, value: Any, depth: int) -> Any:
        self.parts += 1
        if self.parts > ANY_PARTS_MAX:
            raise refusals.too_many(self.parts, ANY_PARTS_MAX, "parts")
        if depth > ANY_DEPTH_MAX:
            raise refusals.too_deep(ANY_DEPTH_MAX)
        its = type(value)
        if value is None or value is True or value is False:
            return value
        if its is int or its is Decimal:
            return _any_number(value)
        if issubclass(its, str):
            return text(value)
        if issubclass(its, dict):
            return {text(key): self.part(each, key, depth) for key, each in entries_of(value)}
        if issubclass(its, list | tuple):
            return tuple(self.part(each, i, depth) for i, each in enumerate(items_of(value, ANY_PARTS_MAX)))
        raise refusals.wrong_kind(value, "a plain value")

    def part(self, value: Any, step: str | int, depth: int) -> Any:
        try:
            return self.read(value, depth + 1)
        except Refused as refused:
            raise refused.within(step) from None


_ANY_WHOLE = _number(Number(True, (), 1, 1 - 10**DIGITS_MAX, 10**DIGITS_MAX - 1), 1, "a number")
_ANY_DECIMAL = _number(types.decimal(places=DIGITS_MAX, bound=10**DIGITS_MAX), 10**DIGITS_MAX, "a number")


def _any_number(value: Any) -> int | Fraction:
    """An int stays one; another number is held as a Fraction, since no type says its denominator."""
    if type(value) is int:
        whole: int = _ANY_WHOLE(value, None)
        return whole
    return Fraction(_ANY_DECIMAL(value, None), 10**DIGITS_MAX)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIMPLE: dict[types.Type, Read] = {
    types.STRING: lambda value, root: text(value),
    types.BOOL: _boolean,
    types.DURATION: _duration,
    types.DATE: lambda value, root: day(value),
    types.ANY: _any,
}
