"""A type as a value: what `type(x)` gives and what the names `int`, `string` and their like stand for."""

from __future__ import annotations


class TypeName(str):
    """The name of a type, such as `int`; it is equal to another type's name and to no text of the language."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"TypeName({str.__repr__(self)})"
