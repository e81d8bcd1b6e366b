"""CSV text -> rows with places: RFC 4180 and nothing looser.

Python's reader takes the text apart, because it is fast; it lets stray quotes pass, so every row with a quote is held
against the grammar of the RFC as well. Only where rows begin is kept: the place of a field is worked out when somebody
asks for it. Nothing is guessed about types; `scalar_value` reads a field once its column's type is known.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from policyengine.language import characters, diagnostics, scalars, yaml
from policyengine.language.scalars import Refused, Value
from policyengine.source import Diagnostic, Report, Source, Span
from policyengine.values import types
from policyengine.values.types import Type

BYTES_MAX = 50_000_000
ROWS_MAX = 1_000_000
COLUMNS_MAX = 200
ERRORS_MAX = 100

_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
_FIELD = re.compile(rf'{_QUOTED}|[^",\r\n]*+')
_ROW = re.compile(rf"(?:{_FIELD.pattern})(?:,(?:{_FIELD.pattern}))*+(?:\r\n|\r|\n)?")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and its rows, all of one length; `starts` says where each row begins, the header first."""

    source: Source
    header: list[str]
    rows: list[list[str]]
    starts: list[int]

    def span(self, row: int, column: int) -> Span:
        """The place of a field, quotes included."""
        return self._field(self.starts[row + 1], column)

    def row_span(self, row: int) -> Span:
        """The place of a row, from its first field to its last."""
        start = self.starts[row + 1]
        return Span(self.source, start, self._field(start, len(self.header) - 1).end)

    def header_span(self, column: int) -> Span:
        """The place of a column's name."""
        return self._field(self.starts[0], column)

    def _field(self, start: int, column: int) -> Span:
        return _field_span(self.source, start, column)


def decode(data: bytes, name: str, report: Report) -> Source | None:
    """The text of a file: UTF-8, with or without a byte order mark."""
    if len(data) > BYTES_MAX:
        report.add(diagnostics.csv_too_large(f"more than {BYTES_MAX // 1_000_000} MB", None))
        return None
    return yaml.decode(data, name, report)


def read(source: Source, report: Report) -> Sheet | None:
    """The rows of a CSV text, or None after reporting what is wrong with it."""
    if len(source.text) > BYTES_MAX:
        report.add(diagnostics.csv_too_large(f"more than {BYTES_MAX:,} characters", Span(source, 0, 1)))
        return None
    if found := characters.forbidden(source):
        for each in found:
            assert each.at is not None
            report.add(diagnostics.csv_character(source.text[each.at.start], each.at))
        return None
    errors = len(report.errors)
    sheet = _Reader(source, report).sheet()
    return sheet if len(report.errors) == errors else None


def scalar_value(text: str, its_type: Type) -> tuple[Value, str]:
    """What a field means as a value of its column's type, and the text that it is shown as.

    Spaces around a value do not count. A leading `'` makes the rest literal text. In a column of texts `5` and `no` are
    texts; everywhere else the strict rules of YAML hold, and what they refuse stays text that is no number.
    """
    stripped = text.strip()
    if stripped.startswith("'"):
        literal = text.lstrip()[1:]
        return literal, literal
    if types.is_text(its_type):
        return stripped, stripped
    value = scalars.read(stripped)
    return (stripped if isinstance(value, Refused) else value), stripped


class _Stop(Exception):
    """Enough is known: the rest of the text is not read."""


class _Reader:
    def __init__(self, source: Source, report: Report) -> None:
        self.source = source
        self.report = report
        self.base = 1 if source.text.startswith("\ufeff") else 0
        self.errors = 0
        self.has_quotes = '"' in source.text

    def sheet(self) -> Sheet | None:
        """Everything that is wrong is told, up to a place from which on the text could be misread."""
        header: list[str] = []
        rows: list[list[str]] = []
        starts: list[int] = []
        try:
            for fields, start in self._records():
                if not header:
                    header = [name.strip() for name in fields]
                    self._check_header(header, start)
                elif len(fields) != len(header):
                    self._wrong_length(fields, len(header), start)
                elif len(rows) == ROWS_MAX:
                    self._stop(diagnostics.csv_too_large(f"more than {ROWS_MAX:,} rows", self._line(start)))
                else:
                    rows.append(fields)
                starts.append(start)
        except _Stop:
            return None
        if not header:
            self.report.add(diagnostics.csv_empty(Span(self.source, 0, 0)))
            return None
        return Sheet(self.source, header, rows, starts)

    def _records(self) -> Iterator[tuple[list[str], int]]:
        """The fields of each row and where it begins, without blank lines."""
        text = self.source.text[self.base :]
        lines = list(io.StringIO(text, newline=""))
        line_starts = [*accumulate(map(len, lines), initial=self.base)]
        reader = csv.reader(lines, strict=True)
        start = self.base
        try:
            for fields in reader:
                end = line_starts[reader.line_num]
                if not self._is_blank(fields, start, end):
                    if self.has_quotes:
                        self._check_quotes(start, end)
                    yield fields, start
                start = end
        except csv.Error as problem:
            self._syntax(start, line_starts[reader.line_num], problem)

    def _is_blank(self, fields: list[str], start: int, end: int) -> bool:
        """A line of nothing but spaces; an empty text in quotes is a value."""
        return not fields or (len(fields) == 1 and not fields[0].strip() and '"' not in self.source.text[start:end])

    def _check_quotes(self, start: int, end: int) -> None:
        """Quotes stand around a whole field or not at all, which Python's reader does not ask for."""
        raw = self.source.text[start:end]
        if '"' in raw and _ROW.fullmatch(raw) is None:
            self._error(diagnostics.stray_quote(*self._stray_quote(start, end)))

    def _stray_quote(self, start: int, end: int) -> tuple[Span, str]:
        """Where the grammar breaks in a row, and what the field holds up to there."""
        text = self.source.text
        at = start
        while at < end:
            found = _FIELD.match(text, at, end)
            assert found is not None
            if found.end() == end or text[found.end()] != ",":
                return Span(self.source, found.end(), found.end() + 1), found[0]
            at = found.end() + 1
        return Span(self.source, at, at), ""

    def _syntax(self, start: int, end: int, problem: csv.Error) -> None:
        if "field larger" in str(problem):
            limit = f"a field of more than {csv.field_size_limit():,} characters"
            self._stop(diagnostics.csv_too_large(limit, self._line(start)))
        at, field = self._stray_quote(start, end)
        if field.startswith('"'):
            self._stop(diagnostics.stray_quote(at, field))
        self._stop(diagnostics.unclosed_quote(at))

    def _check_header(self, header: list[str], start: int) -> None:
        if len(header) > COLUMNS_MAX:
            self._stop(diagnostics.csv_too_large(f"more than {COLUMNS_MAX} columns", self._line(start)))
        if len(header) == 1 and (separator := re.search("[;\t]", header[0])):
            self._stop(diagnostics.csv_separator(separator[0], self._line(start)))
        first: dict[str, int] = {}
        for column, name in enumerate(header):
            at = _field_span(self.source, start, column)
            if not name:
                self._error(diagnostics.column_without_name(column + 1, at))
            elif name in first:
                other = _field_span(self.source, start, first[name])
                self._error(diagnostics.column_twice(name, at, other))
            first.setdefault(name, column)

    def _wrong_length(self, fields: list[str], wanted: int, start: int) -> None:
        self._error(diagnostics.csv_row_length(len(fields), wanted, self._line(start)))

    def _line(self, start: int) -> Span:
        found = re.compile(r"[^\r\n]*").match(self.source.text, start)
        assert found is not None
        return Span(self.source, start, found.end())

    def _error(self, diagnostic: Diagnostic) -> None:
        self.errors += 1
        if self.errors > ERRORS_MAX:
            assert diagnostic.at is not None
            self._stop(diagnostics.csv_too_many(diagnostic.at))
        self.report.add(diagnostic)

    def _stop(self, diagnostic: Diagnostic) -> None:
        self.report.add(diagnostic)
        raise _Stop


def _field_span(source: Source, start: int, column: int) -> Span:
    found = _FIELD.match(source.text, start)
    for _ in range(column):
        assert found is not None
        found = _FIELD.match(source.text, found.end() + 1)
    assert found is not None
    return Span(source, *found.span())
