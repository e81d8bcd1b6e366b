"""What a caller gives becomes the facts that rules compute with, or `InvalidInput` that names the field.

Facts are taken exactly or refused: nothing is rounded, cut or guessed, and a text is never read as a number. Only the
facts that an entry point reads are required and checked; a group that it does not look into may be missing or present
unchecked. In every mapping that is looked into, an unknown key is an error.

A `Reader` is made once for each entry point, so that a decision pays for its own facts only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.frozen import frozen
from policyengine.runtime import failure
from policyengine.runtime.given import refusals
from policyengine.runtime.given.leaf_readers import Read, ZoneUnavailable, instant, is_zoned, reader, text
from policyengine.runtime.given.mappings import mapping
from policyengine.runtime.given.refusals import Refused
from policyengine.runtime.program import Entry, Group, Leaf, Program
from policyengine.runtime.unavailable import UNAVAILABLE

Path = tuple[str, ...]


@dataclass(slots=True)
class Facts:
    """The held facts by their index in the program, and whether one of them could not be fetched."""

    held: list[Any]
    unavailable: bool = False


def check(program: Program, entry: Entry, given: object, at: object = None, tenant: object = None) -> Facts:
    """The facts of one request; whoever asks more than once keeps a `Reader`."""
    return Reader(program, entry).check(given, at, tenant)


class Reader:
    """Reads what one entry point needs; it has no state between requests."""

    __slots__ = ("_at", "_facts", "_root", "_tenant", "_zoned")

    def __init__(self, program: Program, entry: Entry) -> None:
        needed = frozenset(entry.facts)
        places = {fact.path: i for i, fact in enumerate(program.facts) if i in needed and fact.path}
        self._zoned = is_zoned(program.inputs)
        self._root = _Group(program.inputs, (), places, program.inputs)
        self._facts: list[Any] = [None] * len(program.facts)
        self._root.fill_absent(self._facts)
        self._at = "prices are dated" if entry.dated else "a rule reads it" if Program.AT in needed else ""
        self._tenant = ""  # a rule that reads the tenant has guarded it: it may always be absent

    def check(self, given: object, at: object = None, tenant: object = None) -> Facts:
        """The facts of one request, or `InvalidInput`."""
        facts = Facts(self._facts.copy())
        given = mapping(given)
        try:
            facts.held[Program.AT] = _aside("at", at, instant, self._at)
            facts.held[Program.TENANT] = _aside("tenant", tenant, text, self._tenant)
            self._root.read(given, facts, given)
        except Refused as refused:
            raise refused.invalid() from None
        if self._zoned and not facts.unavailable:  # a time is unavailable where its zone is
            facts.unavailable = any(held is failure.UNAVAILABLE for held in facts.held)
        return facts


def name_aside(name: str, value: object) -> str | None:
    """The caller's `event` or `purpose`: a text or nothing. Raises InvalidInput."""
    try:
        held: str | None = _aside(name, value, text, "")
    except Refused as refused:
        raise refused.invalid() from None
    return held


def _aside(name: str, value: object, read: Callable[[Any], Any], reason: str) -> Any:
    """`at` or `tenant`, which stand beside the input: `reason` says why it is required, if it is."""
    if value is None:
        if reason:
            raise InvalidInput(f"is required: {reason}", name)
        return None
    try:
        return read(value)
    except Refused as refused:
        raise refused.within(name) from None


@frozen
class _Slot:
    """One declared field: a leaf that is read, a group that is looked into, or neither."""

    required: bool = False
    index: int = -1
    read: Read | None = None
    group: _Group | None = None


class _Group:
    """A declared group as one entry point sees it."""

    __slots__ = (
        "absent",
        "defaults",
        "indexes",
        "is_needed",
        "is_required",
        "optional",
        "presence",
        "presences",
        "required",
        "slots",
    )

    def __init__(self, group: Group, path: Path, places: dict[Path, int], inputs: Group) -> None:
        self.optional = group.optional
        self.presence = places.get(path, -1) if group.optional else -1
        slots = {field.name: _slot(field, (*path, field.name), places, inputs) for field in group.fields}
        self.slots = {name: (s.required, s.index, s.read, s.group) for name, s in slots.items()}
        self.required = sum(slot.required for slot in slots.values())
        inner = [slot.group for slot in slots.values() if slot.group is not None]
        own = [slot.index for slot in slots.values() if slot.read is not None]
        presence = [self.presence] if self.presence >= 0 else []
        # What is held of a group that was given before its fields are read, and what is held of one that was not.
        self.defaults: list[tuple[int, Any]] = [*_defaults(group, slots), *(d for g in inner for d in g.absent)]
        self.indexes: list[int] = [*presence, *own, *(i for g in inner for i in g.indexes)]
        self.presences: list[int] = [*presence, *(i for g in inner for i in g.presences)]
        self.absent: list[tuple[int, Any]] = [(i, False) for i in self.presences] if self.optional else self.defaults
        self.is_needed = bool(self.indexes)
        self.is_required = self.required > 0 and not self.optional

    def fill_absent(self, held: list[Any]) -> None:
        for index, value in self.absent:
            held[index] = value

    def read(self, given: Any, facts: Facts, root: Any) -> None:
        """Fill in the facts of a mapping."""
        given = mapping(given)
        if type(given) is not dict and not issubclass(type(given), dict):
            raise refusals.wrong_kind(given, "a mapping")
        held, slots, missing = facts.held, self.slots, self.required
        key: Any = None
        try:
            for key, value in dict.items(given):
                if type(key) is not str and issubclass(type(key), str):
                    key = str.__str__(key)
                if type(key) is not str or key not in slots:
                    raise self.wrong_key(key)
                required, index, read, group = slots[key]
                missing -= required
                if read is not None:
                    if value is UNAVAILABLE:
                        held[index] = failure.UNAVAILABLE
                        facts.unavailable = True
                    else:
                        held[index] = read(value, root)
                elif group is not None:
                    group.enter(value, facts, root)
        except Refused as refused:
            raise (refused.within(key) if type(key) is str else refused) from None
        if missing:
            raise refusals.missing().within(self.first_missing(given))

    def enter(self, given: Any, facts: Facts, root: Any) -> None:
        """Read this group where it was given in another one."""
        if given is UNAVAILABLE:
            facts.unavailable = True
            for index in self.indexes:
                facts.held[index] = failure.UNAVAILABLE
            return
        if self.optional:
            if given is None:
                return
            for index, value in self.defaults:
                facts.held[index] = value
            if self.presence >= 0:
                facts.held[self.presence] = True
        self.read(given, facts, root)

    def wrong_key(self, key: Any) -> Refused:
        return refusals.unknown_field(key, self.slots) if type(key) is str else refusals.bad_key(key)

    def first_missing(self, given: Any) -> str:
        return next(name for name, slot in self.slots.items() if slot[0] and name not in dict.keys(given))


def _slot(field: Leaf | Group, path: Path, places: dict[Path, int], inputs: Group) -> _Slot:
    if isinstance(field, Group):
        group = _Group(field, path, places, inputs)
        return _Slot(group.is_required, group=group) if group.is_needed else _Slot()
    if path not in places:
        return _Slot()
    read = reader(field, inputs)
    required = not field.optional and not field.has_default
    return _Slot(required, places[path], _with_zone(read) if is_zoned(field) else read)


def _with_zone(read: Read) -> Read:
    """A fact with a wall-clock time in it could not be fetched where its zone could not."""

    def read_or_fail(value: Any, root: Any) -> Any:
        try:
            return read(value, root)
        except ZoneUnavailable:
            return failure.UNAVAILABLE

    return read_or_fail


def _defaults(group: Group, slots: dict[str, _Slot]) -> Iterator[tuple[int, Any]]:
    for field in group.fields:
        slot = slots[field.name]
        if isinstance(field, Leaf) and slot.read is not None and field.has_default:
            yield slot.index, field.default
