"""The rows of a table as they are read, from YAML or from CSV, before a column's type is settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from policyengine.compiler.columns import Cells, TierCells
from policyengine.compiler.literals import Unreadable
from policyengine.language import csv
from policyengine.source import Span

DATES = ("from", "until")
FAILED = object()
"""In the place of a value that could not be read; its diagnostic has been given."""


@dataclass(slots=True)
class RowSpans(Sequence[Span]):
    """Where each row is written: on `lines` of a file, and behind those in YAML. A place is found when it is asked."""

    file: csv.Sheet | None = None
    lines: Sequence[int] = ()
    written: list[Span] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines) + len(self.written)

    def __getitem__(self, row: Any) -> Any:
        if self.file is not None and row < len(self.lines):
            return self.file.row_span(self.lines[row])
        return self.written[row - len(self.lines)]


@dataclass(slots=True)
class Sheet:
    """Exact cells by column, and where each row is written."""

    conditions: list[Cells]
    results: dict[str, Cells | TierCells]
    ids: list[str] = field(default_factory=list)
    starts: Cells = field(default_factory=Cells)
    ends: Cells = field(default_factory=Cells)
    spans: RowSpans = field(default_factory=RowSpans)
    broken: bool = False


def attempt(read: Callable[[], Any]) -> Any:
    """A value, or FAILED where it could not be read."""
    try:
        return read()
    except Unreadable:
        return FAILED
