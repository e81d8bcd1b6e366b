"""What a host gives in the place of a fact that it could not fetch."""

from __future__ import annotations

from typing import Final


class Unavailable:
    """The class of `UNAVAILABLE`, of which there is one instance."""

    __slots__ = ()

    def __new__(cls) -> Unavailable:
        return UNAVAILABLE

    def __repr__(self) -> str:
        return "UNAVAILABLE"

    def __reduce__(self) -> str:
        return "UNAVAILABLE"


UNAVAILABLE: Final[Unavailable] = object.__new__(Unavailable)
"""Given in the place of a field or of a whole group: rules that need it fail with the code `unavailable`."""
