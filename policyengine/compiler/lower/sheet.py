"""The rows of a table as they are read, from YAML or from CSV, before a column's type is settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from policyengine.compiler.literals import Unreadable
from policyengine.source import Span

DATES = ("from", "until")
FAILED = object()
"""In the place of a value that could not be read; its diagnostic has been given."""


@dataclass(slots=True)
class Sheet:
    """Exact cells by column, and where each row is written."""

    conditions: list[list[Any]]
    results: dict[str, list[Any]]
    ids: list[str] = field(default_factory=list)
    starts: list[int | None] = field(default_factory=list)
    ends: list[int | None] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    broken: bool = False


def attempt(read: Callable[[], Any]) -> Any:
    """A value, or FAILED where it could not be read."""
    try:
        return read()
    except Unreadable:
        return FAILED
