"""Where the parts of a program are written, for people: node or row path -> `file:line`.

The rows of a file have a column of line numbers, and a row is looked for only when somebody asks where it stands: a
table may have a hundred thousand of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class RowLines:
    """The rows of a table that stand in one file: the lines at which they begin, in the order of the rows' ids."""

    file: str
    ids: Sequence[str]
    lines: array[int]
    _rows: dict[str, int] | None = field(default=None, repr=False, compare=False)

    @property
    def rows(self) -> dict[str, int]:
        """The rows by their ids; of dated rows with one id the last."""
        if self._rows is None:
            self._rows = {own: row for row, own in enumerate(self.ids[: len(self.lines)])}
        return self._rows


class Places(Mapping[str, str]):
    """The places of a program: `named` ones, and the rows of tables by the name of their table."""

    __slots__ = ("named", "rows")

    def __init__(self, named: dict[str, str] | None = None, rows: dict[str, RowLines] | None = None) -> None:
        self.named = named or {}
        self.rows = rows or {}

    def __getitem__(self, path: str) -> str:
        if path in self.named:
            return self.named[path]
        for table, own in self.rows.items():
            row = own.rows.get(path.removeprefix(f"{table}.")) if path.startswith(f"{table}.") else None
            if row is not None:
                return f"{own.file}:{own.lines[row]}"
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        yield from self.named
        for table, own in self.rows.items():
            yield from (path for row in own.rows if (path := f"{table}.{row}") not in self.named)

    def __len__(self) -> int:
        return sum(1 for _ in self)
