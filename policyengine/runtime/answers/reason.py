"""What a rationale is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that decided (a row, tier, parameter, override or guard) and where it is written."""

    path: str
    kind: str
    place: str
    text: str = ""

    def __str__(self) -> str:
        return self.path
