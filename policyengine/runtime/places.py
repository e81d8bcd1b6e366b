"""Where the parts of a program are written, for people: node or row path -> `file:line`.

The rows of a file have a column of line numbers, and a row is looked for only when somebody asks where it stands: a
table may have a hundred thousand of them.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policyengine.errors import InvalidArtifact
from policyengine.runtime.column_json import numbers_json, numbers_of
from policyengine.runtime.well_formed import check_size
from policyengine.values.canonical_json import canonical_bytes


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


def to_json(places: Places) -> bytes:
    """The places as canonical JSON."""
    rows = {table: [own.file, numbers_json(own.lines)] for table, own in places.rows.items()}
    body = {"named": places.named, "rows": rows}
    return canonical_bytes(body)


def from_json(data: bytes, ids: Mapping[str, Sequence[str]]) -> Places:
    """The places of a program whose tables have rows of these ids; raises InvalidArtifact where they are none."""
    try:
        check_size(data)
        body = json.loads(data)
        rows = {
            table: RowLines(_text(file), ids[table], numbers_of(lines)) for table, (file, lines) in body["rows"].items()
        }
        if any(len(own.lines) > len(own.ids) for own in rows.values()):
            raise ValueError("a table has more places than rows")
        return Places({name: _text(place) for name, place in body["named"].items()}, rows)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as fault:
        raise InvalidArtifact(f"the places cannot be read: {fault}") from fault


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a place is a text")
    return value
