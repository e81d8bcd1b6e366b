"""Maps of the language: their keys never confuse `true`, `1` and `"1"`, which Python's dict does.

A key is text, an int or a bool. A whole decimal finds the int that it equals; nothing else is ever a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Final

_TRUE: Final = ("true",)
_FALSE: Final = ("false",)


class MapValue:
    """An immutable map in the order in which its entries were given."""

    __slots__ = ("_entries",)

    def __init__(self, entries: dict[Any, Any]) -> None:
        """`entries` are keyed as `encoded` says; use `map_of` for keys of the language."""
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: Any, absent: Any = None) -> Any:
        """The value of a key, or `absent`; what cannot be a key is not found."""
        return self._entries.get(encoded(key), absent)

    def has(self, key: Any) -> bool:
        return encoded(key) in self._entries

    def keys(self) -> Iterator[Any]:
        return map(decoded, self._entries)

    def values(self) -> Iterable[Any]:
        return self._entries.values()

    def items(self) -> Iterator[tuple[Any, Any]]:
        return zip(map(decoded, self._entries), self._entries.values(), strict=True)

    def __repr__(self) -> str:
        return f"MapValue({dict(self.items())!r})"


def encoded(key: Any) -> Any:
    """A key as Python's dict may hold it; a value of its own, equal to no other, where it cannot be a key."""
    its = type(key)
    if its is str or its is int:
        return key
    if its is bool:
        return _TRUE if key else _FALSE
    if its is Fraction and key.denominator == 1:
        return key.numerator
    return _NO_KEY


_NO_KEY: Final = ("no key",)


def decoded(key: Any) -> Any:
    """The key that was encoded."""
    if type(key) is tuple:
        return key is _TRUE
    return key


def may_be_key(value: Any) -> bool:
    """Whether a value may stand as a key where a map is made: decimals may not, even whole ones."""
    return type(value) in (str, int, bool)


def map_of(entries: Iterable[tuple[Any, Any]]) -> MapValue | None:
    """The map of these entries, whose keys are known to be allowed; None where one is repeated."""
    made: dict[Any, Any] = {}
    for key, value in entries:
        its = encoded(key)
        if its in made:
            return None
        made[its] = value
    return MapValue(made)
