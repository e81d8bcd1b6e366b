"""Optionals: a value that may be absent, and what expressions do with one."""

from __future__ import annotations

from typing import Any, Final


class OptionalValue:
    """A value, or none. It never holds an absent value: `NONE` is the only empty one."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "optional.none()" if self is NONE else f"optional.of({self.value!r})"


NONE: Final = OptionalValue(None)
