"""What an evaluation can give besides a value: a failure, or nothing where something optional is absent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no value. More than one code stands where the language does not say which fault comes first."""

    codes: frozenset[str]

    @classmethod
    def of(cls, code: str) -> Failed:
        return cls(frozenset({code}))


class Absent:
    """An optional that is not there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


def leftmost(values: list[object]) -> Failed | None:
    """An operation with a failed operand fails with the leftmost failure."""
    return next((value for value in values if isinstance(value, Failed)), None)


def any_of(values: list[object]) -> Failed | None:
    """A failure of one of several parts whose order the language leaves open."""
    codes = [value.codes for value in values if isinstance(value, Failed)]
    return Failed(frozenset().union(*codes)) if codes else None
