"""Types as far as they are known without facts: how two of them join, and what is still open."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A type by its name, with the types of what is inside."""

    name: str
    parts: tuple[Inferred, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.parts))})" if self.parts else self.name


@dataclass(eq=False, slots=True)
class Open:
    """A type that may still be found out: that of the items of `[]`."""

    found: Inferred | None = None

    @property
    def name(self) -> str:
        """The name of what has been found out, `dyn` where nothing has."""
        known = settled(self)
        return known.name if type(known) is Kind else "dyn"

    @property
    def parts(self) -> tuple[Inferred, ...]:
        known = settled(self)
        return known.parts if type(known) is Kind else ()

    def __str__(self) -> str:
        return "dyn" if self.found is None else str(self.found)


Inferred = Kind | Open
BOOL, INT, DECIMAL, STRING, BYTES, NULL, TYPE, DYN = map(
    Kind, ("bool", "int", "decimal", "string", "bytes", "null", "type", "dyn")
)
TIMESTAMP, DURATION, DATE = Kind("timestamp"), Kind("duration"), Kind("date")
PLAIN = {kind.name: kind for kind in (BOOL, INT, DECIMAL, STRING, BYTES, NULL, TYPE, DYN, TIMESTAMP, DURATION, DATE)}
"""The types that have no parts, by name."""


def settled(a: Inferred) -> Inferred:
    """A type as far as it has been found out."""
    while type(a) is Open and a.found is not None:
        a = a.found
    return a


def part(a: Inferred, index: int) -> Inferred:
    """The type of one of the parts that are inside, `dyn` where it is not known."""
    parts = a.parts
    return parts[index] if index < len(parts) else DYN


def map_kind(key: Inferred, value: Inferred) -> Kind:
    """A map. INVARIANT: a key has no parts, so a type is as long as it is deep and never grows like a tree."""
    known = settled(key)
    return Kind("map", (known if isinstance(known, Kind) and not known.parts else DYN, value))


def joined(a: Inferred, b: Inferred) -> Inferred:
    """The type that values of both have: `dyn` where they have none in common."""
    a, b = settled(a), settled(b)
    if a is b:
        return a
    if isinstance(a, Open) or isinstance(b, Open):
        return _bound(a, b)
    if a == b:
        return a
    if "null" in (a.name, b.name) and "optional_type" in (a.name, b.name):
        return a if b == NULL else b
    if a.name == b.name == "map":
        return map_kind(joined(part(a, 0), part(b, 0)), joined(part(a, 1), part(b, 1)))
    if a.name == b.name and len(a.parts) == len(b.parts):
        return Kind(a.name, tuple(joined(x, y) for x, y in zip(a.parts, b.parts, strict=True)))
    return DYN


def _bound(a: Inferred, b: Inferred) -> Inferred:
    free, other = (a, b) if isinstance(a, Open) else (b, a)
    assert isinstance(free, Open)
    if _occurs(free, other):
        return DYN
    free.found = other
    return other


def _occurs(free: Open, inside: Inferred) -> bool:
    inside = settled(inside)
    if isinstance(inside, Open):
        return inside is free
    return any(_occurs(free, each) for each in inside.parts)
