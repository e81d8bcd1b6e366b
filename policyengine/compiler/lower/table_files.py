"""Tables whose rows stand in a CSV file: the header names `id`, `from`, `until`, condition and result columns.

In a table with tiers, one line is one tier: lines with the same id form the row, an empty `up_to` is the open tier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any, cast

from policyengine.compiler import diagnostics as say
from policyengine.compiler.cells import named_texts, read_cell_text, read_value_text
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.sheet import DATES, FAILED, Sheet, attempt
from policyengine.compiler.sources import Sources
from policyengine.language import csv
from policyengine.language.declared import Declared, DeclaredGroup
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import Table
from policyengine.source import Report, Span
from policyengine.values import types

TIER_COLUMNS = ("up_to", "unit_amount", "factor", "flat_amount")


def sheet_of(sources: Sources, name: str, at: Span, report: Report) -> csv.Sheet | None:
    """The CSV file beside the YAML; read once however often it is asked for."""
    if name in sources.sheets:
        return sources.sheets[name]
    data = sources.csv(name)
    if data is None:
        report.add(say.unreadable(name, "there is no such file beside the bundle", at))
        found = None
    else:
        source = csv.decode(data, sources.place_of(name), report)
        found = None if source is None else csv.read(source, report)
    sources.sheets[name] = found
    return found


def columns_of(sources: Sources, report: Report) -> Callable[[str, Span], tuple[str, ...] | None]:
    """Reads `{enum: {column: prices.csv#model}}`: the texts of a column, in order, each once."""

    def members(reference: str, at: Span) -> tuple[str, ...] | None:
        name, _, column = reference.partition("#")
        sheet = sheet_of(sources, name, at, report)
        if sheet is None:
            return None
        if column not in sheet.header:
            report.add(say.unknown_column(column, at, sheet.header))
            return None
        position = sheet.header.index(column)
        return tuple(dict.fromkeys(text for row in sheet.rows for text in named_texts(row[position])))

    return members


@dataclass(slots=True)
class _File:
    """One file being read into a table's rows."""

    context: Context
    table: Table
    sheet: csv.Sheet
    keys: dict[str, Declared]
    columns: dict[str, Declared]
    into: Sheet
    read: dict[int, dict[str, Any]] = field(default_factory=dict)

    def cell(self, row: int, column: int, declared: Declared) -> Any:
        """A condition cell; equal texts of one column are read once."""
        text = self.sheet.rows[row][column]
        if text == "":
            return None
        known = self.read.setdefault(column, {})
        if text not in known:
            known[text] = read_cell_text(text, declared, self.context.literals, _place(self.sheet, row, column))
        return known[text]

    def value(self, row: int, column: int, declared: Declared) -> Any:
        """A result cell; an empty one is absent, has its default, or is a mistake."""
        text = self.sheet.rows[row][column]
        if text == "" and (declared.optional or declared.type != types.STRING):
            if declared.optional:
                return None
            if declared.default is not None:
                return self.context.literals.read(declared.default, declared)
            self.context.error(say.missing_cell(self.sheet.header[column], self.sheet.span(row, column)))
            return FAILED
        known = self.read.setdefault(column, {})
        if text not in known:
            known[text] = read_value_text(text, declared, self.context.literals, _place(self.sheet, row, column))
        return known[text]

    def date(self, row: int, column: int | None) -> int | None:
        if column is None or self.sheet.rows[row][column] == "":
            return None
        return self.context.literals.instant(self.sheet.rows[row][column], _place(self.sheet, row, column))


class _Lazy:
    """A place of a field that is computed only when somebody has to say something about it."""

    __slots__ = ("_column", "_row", "_sheet", "_span")

    def __init__(self, sheet: csv.Sheet, row: int, column: int) -> None:
        self._sheet, self._row, self._column = sheet, row, column
        self._span: Span | None = None

    @property
    def span(self) -> Span:
        if self._span is None:
            self._span = self._sheet.span(self._row, self._column)
        return self._span

    def __getattr__(self, name: str) -> Any:
        return getattr(self.span, name)

    def __str__(self) -> str:
        return str(self.span)


def _place(sheet: csv.Sheet, row: int, column: int) -> Span:
    """Where a field stands: it answers everything that a Span does, and costs nothing until it is asked."""
    return cast(Span, _Lazy(sheet, row, column))


def read(context: Context, table: Table, keys: dict[str, Declared], columns: dict[str, Declared], into: Sheet) -> None:
    """Fill a table's sheet from its file; raises Rejected, or reports and marks the sheet broken."""
    assert table.file is not None
    assert table.file_at is not None
    before = len(context.report.errors)
    sheet = sheet_of(context.sources, table.file, table.file_at, context.report)
    if sheet is None:
        into.broken = True
        return
    file = _File(context, table, sheet, keys, columns, into)
    _check_header(file)
    tiers = columns.get("tiers")
    if tiers is not None and isinstance(tiers.type, types.Tiers):
        _read_tiers(file, tiers)
    else:
        for row in range(len(sheet.rows)):
            _read_row(file, row)
    into.broken = into.broken or len(context.report.errors) > before


def _check_header(file: _File) -> None:
    """Every column is known and none is missing."""
    tiers = file.columns.get("tiers")
    in_lines = TIER_COLUMNS if tiers is not None and isinstance(tiers.type, types.Tiers) else ()
    results = [c for c in file.columns if c != "tiers" or not in_lines]
    known = ["id", *DATES, *file.keys, *results, *in_lines]
    for position, name in enumerate(file.sheet.header):
        if name not in known:
            raise Rejected(say.unknown_column(name, file.sheet.header_span(position), known))
    for name in results:
        declared = file.columns[name]
        if name not in file.sheet.header and not declared.optional and declared.default is None:
            raise Rejected(say.missing_cell(name, file.sheet.header_span(0)))


def _column(file: _File, name: str) -> int | None:
    return file.sheet.header.index(name) if name in file.sheet.header else None


def _read_row(file: _File, row: int) -> None:
    cells = [_cell(file, row, name, declared) for name, declared in file.keys.items()]
    values = [_value(file, row, name, declared) for name, declared in file.columns.items()]
    dates = [attempt(partial(file.date, row, _column(file, name))) for name in DATES]
    if FAILED in cells or FAILED in values or FAILED in dates:
        return
    _append(file, row, cells, dict(zip(file.columns, values, strict=True)), dates)


def _cell(file: _File, row: int, name: str, declared: Declared) -> Any:
    position = _column(file, name)
    return None if position is None else attempt(partial(file.cell, row, position, declared))


def _value(file: _File, row: int, name: str, declared: Declared) -> Any:
    position = _column(file, name)
    if position is None:
        if declared.default is not None:
            return attempt(partial(file.context.literals.read, declared.default, declared))
        return None
    return attempt(partial(file.value, row, position, declared))


def _append(file: _File, row: int, cells: list[Any], values: dict[str, Any], dates: list[int | None]) -> None:
    into = file.into
    for cell_list, cell in zip(into.conditions, cells, strict=True):
        cell_list.append(cell)
    for name, value in values.items():
        into.results[name].append(value)
    into.starts.append(dates[0])
    into.ends.append(dates[1])
    into.spans.append(file.sheet.row_span(row))
    into.ids.append(_row_id(file, row))


def _row_id(file: _File, row: int) -> str:
    position = _column(file, "id")
    if position is not None and file.sheet.rows[row][position]:
        return file.sheet.rows[row][position]
    if file.table.overridable is not None:
        file.context.error(say.row_without_id(file.sheet.row_span(row)))
    header = file.sheet.header
    parts = [f"{k}={file.sheet.rows[row][header.index(k)]}" for k in file.keys if k in header]
    return ",".join(p for p in parts if not p.endswith("=")) or "any"


def _read_tiers(file: _File, tiers: Declared) -> None:
    """Lines with one id, one after another, are the tiers of one row."""
    if _column(file, "id") is None:
        raise Rejected(say.row_without_id(file.sheet.header_span(0)))
    group: list[int] = []
    position = _column(file, "id")
    assert position is not None
    for row in range(len(file.sheet.rows)):
        if group and file.sheet.rows[row][position] != file.sheet.rows[group[0]][position]:
            _tier_group(file, group, tiers)
            group = []
        group.append(row)
    if group:
        _tier_group(file, group, tiers)


def _tier_group(file: _File, group: list[int], tiers: Declared) -> None:
    bounds: list[Fraction | None] = []
    rates: list[Any] = []
    flats: list[Any] = []
    assert isinstance(tiers.items, DeclaredGroup)
    fields = {name: its for name, (_, its) in tiers.items.fields.items()}
    for place, row in enumerate(group):
        given: dict[str, Any] = {}
        for name in TIER_COLUMNS:
            position = _column(file, name)
            its = fields.get(name)
            if position is not None and isinstance(its, Declared) and file.sheet.rows[row][position] != "":
                given[name] = attempt(partial(file.value, row, position, its))
        if FAILED in given.values():
            return
        if not _fits(file, row, given.get("up_to"), bounds, place == len(group) - 1):
            return
        bounds.append(given.get("up_to"))
        rates.append(given.get("unit_amount", given.get("factor", Fraction(0))))
        flats.append(given.get("flat_amount", Fraction(0)))
    first = group[0]
    cells = [_cell(file, first, name, declared) for name, declared in file.keys.items()]
    others = {n: d for n, d in file.columns.items() if n != "tiers"}
    values = {name: _value(file, first, name, declared) for name, declared in others.items()}
    dates = [attempt(partial(file.date, first, _column(file, name))) for name in DATES]
    if FAILED in cells or FAILED in values.values() or FAILED in dates:
        return
    values["tiers"] = (tuple(bounds), tuple(rates), tuple(flats))
    _append(file, first, cells, {name: values[name] for name in file.columns}, dates)


def _fits(file: _File, row: int, up_to: Any, bounds: list[Fraction | None], last: bool) -> bool:
    at = file.sheet.row_span(row)
    if up_to is None and not last:
        file.context.error(say.open_tier_not_last(at))
    elif up_to is not None and last:
        file.context.error(say.last_tier_not_open(at))
    elif up_to is not None and bounds and bounds[-1] is not None and up_to <= bounds[-1]:
        file.context.error(say.tiers_not_increasing(at))
    else:
        return True
    return False
