"""CSV text -> rows with places: RFC 4180 and nothing looser.

Python's reader takes the text apart, because it is fast; it lets stray quotes pass, so every row with a quote is held
against the grammar of the RFC as well. A sheet keeps columns, each text of a column once, and the line of each row: the
place of a field is worked out when somebody asks for it. Nothing is guessed about types; `scalar_value` reads a field
once its column's type is known.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

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


ROWS_AT_ONCE = 100
"""Few enough to be gone before Python looks for garbage among them, which would take as long as reading."""


@dataclass(frozen=True, slots=True)
class Column:
    """The fields of one column: row r has the text `texts[codes[r]]`, and no text stands in `texts` twice."""

    texts: list[str]
    codes: array[int]

    def __getitem__(self, row: int) -> str:
        return self.texts[self.codes[row]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and the columns below it, all of one length; `lines` says where each row begins, counted from 1."""

    source: Source
    header: list[str]
    columns: list[Column]
    lines: array[int]
    header_line: int = 1

    def span(self, row: int, column: int) -> Span:
        """The place of a field, quotes included."""
        return _field_span(self.source, self.lines[row], column)

    def row_span(self, row: int) -> Span:
        """The place of a row, from its first field to its last."""
        first, last = (_field_span(self.source, self.lines[row], column) for column in (0, len(self.header) - 1))
        return Span(self.source, first.start, last.end)

    def header_span(self, column: int) -> Span:
        """The place of a column's name."""
        return _field_span(self.source, self.header_line, column)


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
    """Reads one text. Everything that is wrong is told, up to a place from which on the text could be misread."""

    def __init__(self, source: Source, report: Report) -> None:
        self.source = source
        self.report = report
        self.errors = 0
        self.has_quotes = '"' in source.text
        # Of the characters that `splitlines` takes for the end of a line, only those of CSV can stand here.
        self.text_lines = source.text.removeprefix("\ufeff").splitlines(keepends=True)
        self.lines = array("I")
        self.columns: list[tuple[defaultdict[str, int], array[int]]] = []

    def sheet(self) -> Sheet | None:
        records = self._records(0)
        try:
            header, header_line = next(records, ([], 0))
            if not header:
                self.report.add(diagnostics.csv_empty(Span(self.source, 0, 0)))
                return None
            header = [name.strip() for name in header]
            self._check_header(header, header_line)
            for _ in header:
                numbers: defaultdict[str, int] = defaultdict(count().__next__)  # a new text gets the next number
                self.columns.append((numbers, array("I")))
            if not self.has_quotes:
                records = self._records(self._read_plain(header_line, len(header)))
            self._read_rows(records, len(header))
        except _Stop:
            return None
        columns = [Column(list(numbers), codes) for numbers, codes in self.columns]
        return Sheet(self.source, header, columns, self.lines, header_line)

    def _read_rows(self, records: Iterator[tuple[list[str], int]], width: int) -> None:
        rows: list[list[str]] = []
        for fields, line in records:
            if len(fields) != width:
                self._wrong_length(fields, width, line)
            elif len(self.lines) == ROWS_MAX:
                self._stop(diagnostics.csv_too_large(f"more than {ROWS_MAX:,} rows", self._line(line)))
            else:
                rows.append(fields)
                self.lines.append(line)
                if len(rows) == ROWS_AT_ONCE:
                    self._take(rows)
        self._take(rows)

    def _read_plain(self, first: int, width: int) -> int:
        """Take lines without quotes, many at once, as long as each is a row and there is nothing to say about any; how
        far it came. Nearly every file is read so, in hardly more time than the `csv` module takes.
        """
        while width > 1 and len(self.lines) + ROWS_AT_ONCE <= ROWS_MAX:
            part = self.text_lines[first : first + ROWS_AT_ONCE]
            try:
                rows = list(csv.reader(part, strict=True))
            except csv.Error:
                break
            if set(map(len, rows)) != {width} or len(rows) != len(part):
                break
            self.lines.extend(range(first + 1, first + 1 + len(rows)))
            self._take(rows)
            first += len(part)
        return first

    def _take(self, rows: list[list[str]]) -> None:
        """Move the fields of some rows into their columns."""
        for (numbers, codes), fields in zip(self.columns, zip(*rows, strict=True), strict=bool(rows)):
            codes.extend(map(numbers.__getitem__, fields))
        rows.clear()

    def _records(self, first: int) -> Iterator[tuple[list[str], int]]:
        """The fields of each row after so many lines, and the line in which it begins, without blank lines."""
        reader = csv.reader(islice(self.text_lines, first, None), strict=True)
        line = first + 1
        try:
            for fields in reader:
                if self.has_quotes:
                    self._check_quotes(line, first + reader.line_num)
                if len(fields) > 1 or not self._is_blank(fields, line):
                    yield fields, line
                line = first + reader.line_num + 1
        except csv.Error as problem:
            self._syntax(line, first + reader.line_num, problem)

    def _is_blank(self, fields: list[str], line: int) -> bool:
        """A line of nothing but spaces; an empty text in quotes is a value."""
        return not fields or (len(fields) == 1 and not fields[0].strip() and '"' not in self.source.line(line))

    def _check_quotes(self, first: int, last: int) -> None:
        """Quotes stand around a whole field or not at all, which Python's reader does not ask for."""
        raw = self.source.text[slice(*self._stretch(first, last))]
        if '"' in raw and _ROW.fullmatch(raw) is None:
            self._error(diagnostics.stray_quote(*self._stray_quote(first, last)))

    def _stretch(self, first: int, last: int) -> tuple[int, int]:
        """Where these lines begin and end, without a byte order mark."""
        return _start_of(self.source, first), self.source.start_of(last + 1)

    def _stray_quote(self, first: int, last: int) -> tuple[Span, str]:
        """Where the grammar breaks in a row, and what the field holds up to there."""
        text = self.source.text
        at, end = self._stretch(first, last)
        while at < end:
            found = _FIELD.match(text, at, end)
            assert found is not None
            if found.end() == end or text[found.end()] != ",":
                return Span(self.source, found.end(), found.end() + 1), found[0]
            at = found.end() + 1
        return Span(self.source, at, at), ""

    def _syntax(self, line: int, last: int, problem: csv.Error) -> None:
        if "field larger" in str(problem):
            limit = f"a field of more than {csv.field_size_limit():,} characters"
            self._stop(diagnostics.csv_too_large(limit, self._line(line)))
        at, field = self._stray_quote(line, last)
        if field.startswith('"'):
            self._stop(diagnostics.stray_quote(at, field))
        self._stop(diagnostics.unclosed_quote(at))

    def _check_header(self, header: list[str], line: int) -> None:
        if len(header) > COLUMNS_MAX:
            self._stop(diagnostics.csv_too_large(f"more than {COLUMNS_MAX} columns", self._line(line)))
        if len(header) == 1 and (separator := re.search("[;\t]", header[0])):
            self._stop(diagnostics.csv_separator(separator[0], self._line(line)))
        first: dict[str, int] = {}
        for column, name in enumerate(header):
            if not name:
                self._error(diagnostics.column_without_name(column + 1, _field_span(self.source, line, column)))
            elif name in first:
                places = _field_span(self.source, line, column), _field_span(self.source, line, first[name])
                self._error(diagnostics.column_twice(name, *places))
            first.setdefault(name, column)

    def _name_span(self, line: int, column: int) -> Span:
        return _field_span(self.source, line, column)

    def _wrong_length(self, fields: list[str], wanted: int, line: int) -> None:
        self._error(diagnostics.csv_row_length(len(fields), wanted, self._line(line)))

    def _line(self, line: int) -> Span:
        start = _start_of(self.source, line)
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


def _start_of(source: Source, line: int) -> int:
    """Where a line begins; a byte order mark belongs to none."""
    start = source.start_of(line)
    return 1 if start == 0 and source.text.startswith("\ufeff") else start


def _field_span(source: Source, line: int, column: int) -> Span:
    found = _FIELD.match(source.text, _start_of(source, line))
    for _ in range(column):
        assert found is not None
        found = _FIELD.match(source.text, found.end() + 1)
    assert found is not None
    return Span(source, *found.span())
