"""CSV is read as RFC 4180 has it and no looser; every field keeps its place."""

from __future__ import annotations

import csv as python_csv
import io
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.language import csv
from policyengine.language.csv import Sheet
from policyengine.source import Diagnostic, Report, Source, Span
from policyengine.values import types

CHARACTERS = "ab,;\"'| \t\r\n0.é\U0001f600"
# Before Python 3.13 its writer leaves a lone carriage return without the quotes that it needs.
FIELDS = st.text(CHARACTERS.replace("\r", ""), max_size=6)
TABLES = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(FIELDS, min_size=width, max_size=width), max_size=6))


def read(text: str) -> tuple[Sheet | None, list[Diagnostic]]:
    report = Report()
    return csv.read(Source("prices.csv", text), report), report.in_order()


def sheet(text: str) -> Sheet:
    found, diagnostics = read(text)
    assert [] == diagnostics
    assert found is not None
    return found


def rows(found: Sheet) -> list[list[str]]:
    return [[column[row] for column in found.columns] for row in range(len(found.lines))]


def names(text: str) -> list[str]:
    return [diagnostic.name for diagnostic in read(text)[1]]


def place(text: str) -> tuple[int, int]:
    """Line and column of the only diagnostic."""
    (diagnostic,) = read(text)[1]
    assert diagnostic.at is not None
    return diagnostic.at.line, diagnostic.at.column


def shown(span: Span) -> str:
    return span.source.text[span.start : span.end]


STYLES = [(python_csv.QUOTE_MINIMAL, "\n"), (python_csv.QUOTE_MINIMAL, "\r\n"), (python_csv.QUOTE_ALL, "\r")]


@given(TABLES, st.sampled_from(STYLES))
def test_what_python_writes_is_read_back(table: list[list[str]], style: tuple[Literal[0, 1], str]) -> None:
    """Quotes, commas and line breaks in fields come back as they were."""
    header = [f"column_{number}" for number in range(len(table[0]) if table else 2)]
    out = io.StringIO(newline="")
    python_csv.writer(out, quoting=style[0], lineterminator=style[1]).writerows([header, *table])

    found = sheet(out.getvalue())

    assert header == found.header
    assert table == rows(found)


@given(TABLES)
def test_every_field_has_its_place(table: list[list[str]]) -> None:
    """The text at a field's span, read alone, is the field."""
    out = io.StringIO(newline="")
    python_csv.writer(out, lineterminator="\n\n").writerows(
        [["a", "b", "c", "d"][: len(table[0]) if table else 2], *table]
    )

    found = sheet(out.getvalue())

    for number, row in enumerate(rows(found)):
        places = [shown(found.span(number, column)) for column in range(len(row))]
        assert row == [p[1:-1].replace('""', '"') if p.startswith('"') else p for p in places]


@given(st.text(CHARACTERS + "\x00\ufeff\u2028\xa0"))
def test_any_text_is_read_or_explained(text: str) -> None:
    """Whatever stands in the file, there is either a table of equal rows or a diagnostic, never another exception."""
    found, diagnostics = read(text)

    assert (found is None) == bool(diagnostics)
    if found is not None:
        assert {len(found.header)} >= {len(row) for row in rows(found)}
    for diagnostic in diagnostics:
        diagnostic.render()


def test_blank_lines_and_a_byte_order_mark_are_no_rows() -> None:
    """Spreadsheets leave them behind."""
    found = sheet("\ufeff\r\nid,price\r\n\r\n  \r\na,1\r\n\r\n")

    assert ["id", "price"] == found.header
    assert [["a", "1"]] == rows(found)
    assert "price" == shown(found.header_span(1))
    assert "a,1" == shown(found.row_span(0))


def test_line_breaks_in_quotes_belong_to_the_field() -> None:
    """Whatever the kind of line break."""
    assert [["1\r2", "3\r\n4"], ["5", "6\n7"]] == rows(sheet('a,b\r\n"1\r2","3\r\n4"\r\n5,"6\n7"'))


def test_an_empty_text_in_quotes_is_a_row() -> None:
    """A column alone may hold an empty text, which is no blank line."""
    assert [[""], ["a"]] == rows(sheet('id\n""\n\na\n'))


def test_names_of_columns_lose_their_spaces() -> None:
    """`id, price` names the column `price`."""
    assert ["id", "price"] == sheet("id, price\na,1\n").header


@pytest.mark.parametrize(
    ("text", "name", "line", "column"),
    [
        ('a,b\n1,x"y\n', "stray_quote", 2, 4),
        ('a,b\n1, "y"\n', "stray_quote", 2, 4),
        ('a,b\n1,"x"y\n', "stray_quote", 2, 6),
        ('a,b\n1,"x\n2,3\n', "unclosed_quote", 2, 3),
        ("a;b\n1;2\n", "csv_separator", 1, 1),
        ("a\tb\n1\t2\n", "csv_separator", 1, 1),
        ("a,,b\n1,2,3\n", "column_without_name", 1, 3),
        ("a,b,a\n1,2,3\n", "column_twice", 1, 5),
        ("a,b\n1\n", "csv_row_length", 2, 1),
        ("a,b\n1,2,3\n", "csv_row_length", 2, 1),
        ("", "empty_csv", 1, 1),
        ("\n \n", "empty_csv", 1, 1),
        ("a,b\n1,\x00\n", "csv_character", 2, 3),
        ("a,b\n1,x\u202ey\n", "csv_character", 2, 4),
        ("a,b\n1," + "x" * 200_000 + "\n", "csv_too_large", 2, 1),
    ],
)
def test_a_mistake_has_a_name_and_a_place(text: str, name: str, line: int, column: int) -> None:
    """One mistake is one diagnostic at the character that is wrong."""
    assert [name] == names(text)
    assert (line, column) == place(text)


def test_mistakes_in_different_rows_are_all_told() -> None:
    """A row of the wrong length does not hide the next one."""
    assert ["csv_row_length", "stray_quote", "csv_row_length"] == names('a,b\n1\n2,x"\n3,4\n1,2,3\n')


def test_mistakes_without_end_are_cut_short() -> None:
    """A hundred of one kind say enough."""
    found = names("a,b\n" + "1\n" * 500)

    assert 101 == len(found)
    assert "csv_too_many" == found[-1]


def test_caps_are_told_where_they_are_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and columns have a limit each, and the limit itself is fine."""
    monkeypatch.setattr(csv, "ROWS_MAX", 1_000)
    wide = ",".join(f"c{number}" for number in range(csv.COLUMNS_MAX))

    assert [] == names(wide + "\n")
    assert ["csv_too_large"] == names(wide + ",d\n")
    assert [] == names("a\n" + "1\n" * csv.ROWS_MAX)
    assert (csv.ROWS_MAX + 2, 1) == place("a\n" + "1\n" * (csv.ROWS_MAX + 1))


def test_bytes_that_are_no_utf_8_are_refused_with_their_place() -> None:
    """A file saved as Latin-1 says so at its first odd byte."""
    report = Report()

    assert csv.decode("a,é\n".encode("latin-1"), "prices.csv", report) is None
    assert ["encoding"] == [diagnostic.name for diagnostic in report.found]
    assert "prices.csv:1:3" == str(report.found[0].at)


@pytest.mark.parametrize(
    ("text", "its_type", "expected"),
    [
        (" 1_000 ", types.integer(), (1000, "1_000")),
        ("10%", types.decimal(), (Decimal("0.1"), "10%")),
        ("19.90", types.decimal(), (Decimal("19.90"), "19.90")),
        ("1e3", types.decimal(), ("1e3", "1e3")),
        ("TRUE", types.BOOL, (True, "TRUE")),
        ("no", types.BOOL, ("no", "no")),
        ("no", types.STRING, ("no", "no")),
        ("014", types.STRING, ("014", "014")),
        (" 'any ", types.STRING, ("any ", "any ")),
        ("'", types.STRING, ("", "")),
        ("5", types.Enum("Size", ("5",)), ("5", "5")),
        ("2026-01-01", types.TIMESTAMP, ("2026-01-01", "2026-01-01")),
    ],
)
def test_a_field_means_what_its_column_says(text: str, its_type: types.Type, expected: tuple[object, str]) -> None:
    """Numbers are as strict as in YAML; a column of texts takes `no` and `014` for texts."""
    assert expected == csv.scalar_value(text, its_type)
