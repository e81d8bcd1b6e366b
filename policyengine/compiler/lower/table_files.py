"""Tables whose rows stand in a CSV file: the header names `id`, `from`, `until`, condition and result columns.

In a table with tiers, one line is one tier: lines with the same id form the row, an empty `up_to` is the open tier.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise
from typing import Any, cast

from policyengine.compiler import diagnostics as say
from policyengine.compiler.cells import TextReader, named_texts
from policyengine.compiler.columns import Cells, TierCells, repeated
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.sheet import DATES, FAILED, RowSpans, Sheet, attempt
from policyengine.compiler.sources import Sources
from policyengine.language import csv
from policyengine.language.declared import Declared, DeclaredGroup
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import Table
from policyengine.source import Report, Span
from policyengine.values import types

ZERO = Fraction(0)
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
        texts = sheet.columns[sheet.header.index(column)].texts
        return tuple(dict.fromkeys(text for written in texts for text in named_texts(written)))

    return members


@dataclass(slots=True)
class _File:
    """One file being read into a table's rows, column by column: equal texts of a column are read once."""

    context: Context
    table: Table
    sheet: csv.Sheet
    keys: dict[str, Declared]
    columns: dict[str, Declared]
    into: Sheet

    def position(self, name: str) -> int | None:
        return self.sheet.header.index(name) if name in self.sheet.header else None

    def column(self, name: str) -> csv.Column:
        return self.sheet.columns[self.sheet.header.index(name)]

    def read(self, name: str, lines: Sequence[int], read: Callable[[str, Span], Any]) -> Cells:
        """The fields of a column on these lines; `read` gets each text with its place. FAILED where wrong."""
        position = self.sheet.header.index(name)
        column = self.sheet.columns[position]
        whole = len(lines) == len(column.codes)
        codes = column.codes[:] if whole else array("I", map(column.codes.__getitem__, lines))
        found: list[Any] = [None] * len(column.texts)

        @cache
        def first() -> dict[int, int]:
            """The first line of each text, which only mistakes ask for."""
            return dict(zip(reversed(codes[: len(lines)]), reversed(lines), strict=True))

        def first_span(code: int) -> Span:
            return self.sheet.span(first()[code], position)

        for code in dict.fromkeys(codes):
            found[code] = attempt(partial(read, column.texts[code], place_of(partial(first_span, code))))
        wrong = {code for code, value in enumerate(found) if value is FAILED}
        for line, code in zip(lines, codes, strict=True) if wrong else ():
            if code in wrong and line != first()[code]:  # a wrong text is told wherever it stands
                attempt(partial(read, column.texts[code], place_of(partial(self.sheet.span, line, position))))
        return Cells(found, codes)

    def cells(self, name: str, declared: Declared, lines: Sequence[int]) -> Cells:
        """A condition column; an empty field is a wildcard, as is a column that is not there."""
        if self.position(name) is None:
            return repeated(None, len(lines))
        return self.read(name, lines, TextReader(declared, self.context.literals).cell)

    def values(self, name: str, declared: Declared, lines: Sequence[int]) -> Cells:
        """A result column; an empty field is absent, has its default, or is a mistake."""
        literals = self.context.literals
        if self.position(name) is None:
            missing = None
            if declared.default is not None:
                missing = attempt(partial(literals.read, declared.default, declared))
            return repeated(missing, len(lines))
        reader = TextReader(declared, literals)

        def read(text: str, at: Span) -> Any:
            if text or (declared.type == types.STRING and not declared.optional):
                return reader.value(text, at)
            if declared.optional:
                return None
            if declared.default is not None:
                return literals.read(declared.default, declared)
            self.context.error(say.missing_cell(name, at))
            return FAILED

        return self.read(name, lines, read)

    def dates(self, name: str, lines: Sequence[int]) -> Cells:
        """The instants of `from` or `until`."""
        if self.position(name) is None:
            return repeated(None, len(lines))
        literals = self.context.literals
        return self.read(name, lines, lambda text, at: literals.instant(text, at) if text else None)

    def tiers(self, name: str, declared: object, empty: Any) -> Cells | None:
        """One field of every tier, `empty` where nothing is written; None where the column is not there."""
        if self.position(name) is None or not isinstance(declared, Declared):
            return None
        reader = TextReader(declared, self.context.literals)

        def read(text: str, at: Span) -> Any:
            value = reader.value(text, at) if text else None
            return empty if value is None else value

        return self.read(name, range(len(self.sheet.lines)), read)


class _Lazy:
    """A place that is computed only when somebody has to say something about it."""

    __slots__ = ("_find", "_span")

    def __init__(self, find: Callable[[], Span]) -> None:
        self._find = find
        self._span: Span | None = None

    @property
    def span(self) -> Span:
        if self._span is None:
            self._span = self._find()
        return self._span

    def __getattr__(self, name: str) -> Any:
        return getattr(self.span, name)

    def __str__(self) -> str:
        return str(self.span)


def place_of(find: Callable[[], Span]) -> Span:
    """The place that `find` gives: it answers everything that a Span does, and costs nothing until it is asked."""
    return cast(Span, _Lazy(find))


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
        _read_rows(file, range(len(sheet.lines)), {})
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


def _read_rows(file: _File, lines: Sequence[int], read: dict[str, TierCells]) -> None:
    """The rows that begin on these lines; `read` are the result columns that are known already."""
    into = file.into
    into.conditions[:] = [file.cells(name, declared, lines) for name, declared in file.keys.items()]
    for name, declared in file.columns.items():
        into.results[name] = read[name] if name in read else file.values(name, declared, lines)
    into.starts, into.ends = (file.dates(name, lines) for name in DATES)
    into.spans = RowSpans(file.sheet, lines)
    into.ids[:] = _row_ids(file, lines)


def _row_ids(file: _File, lines: Sequence[int]) -> list[str]:
    """The column `id`; a row without one is called by its conditions."""
    if file.position("id") is None:
        return [_named_by_conditions(file, line) for line in lines]
    ids = file.column("id")
    return [ids[line] or _named_by_conditions(file, line) for line in lines]


def _named_by_conditions(file: _File, line: int) -> str:
    if file.table.overridable is not None:
        file.context.error(say.row_without_id(file.sheet.row_span(line)))
    cells = {key: file.column(key)[line] for key in file.keys if file.position(key) is not None}
    return ",".join(f"{key}={text}" for key, text in cells.items() if text) or "any"


def _read_tiers(file: _File, tiers: Declared) -> None:
    """Lines with one id, one after another, are the tiers of one row."""
    if file.position("id") is None:
        raise Rejected(say.row_without_id(file.sheet.header_span(0)))
    assert isinstance(tiers.items, DeclaredGroup)
    fields = {name: its for name, (_, its) in tiers.items.fields.items()}
    count = len(file.sheet.lines)
    bounds = file.tiers("up_to", fields.get("up_to"), None) or repeated(None, count)
    flats = file.tiers("flat_amount", fields.get("flat_amount"), ZERO) or repeated(ZERO, count)
    own, factors = (file.tiers(name, fields.get(name), None) for name in ("unit_amount", "factor"))
    ids = file.column("id").codes
    begins = [line for line, (before, own) in enumerate(pairwise(ids), start=1) if own != before]
    firsts = array("I", [0, *begins] if count else [])
    lengths = array("I", [end - first for first, end in pairwise([*firsts, count])])
    _check_tiers(file, bounds, lengths)
    _read_rows(file, firsts, {"tiers": TierCells(bounds, _rates(own, factors, count), flats, lengths)})


def _rates(own: Cells | None, factors: Cells | None, count: int) -> Cells:
    """The rate of every tier: its amount, else its factor, else nothing."""
    if own is None or factors is None:
        only = own or factors or repeated(ZERO, count)
        return Cells([ZERO if value is None else value for value in only.values], only.codes)
    both = Cells()
    for line in range(count):
        amount, factor = own[line], factors[line]
        both.append(amount if amount is not None else ZERO if factor is None else factor)
    return both


def _check_tiers(file: _File, bounds: Cells, lengths: Iterable[int]) -> None:
    """Bounds grow, and the last tier, and no other, is open; rows with equal bounds are looked at once."""
    right: set[bytes] = set()
    first = 0
    for length in lengths:
        written = bounds.codes[first : first + length].tobytes()
        if written not in right and _are_right(file, bounds, first, first + length):
            right.add(written)
        first += length


def _are_right(file: _File, bounds: Cells, first: int, end: int) -> bool:
    before: Fraction | None = None
    for line in range(first, end):
        bound = None if bounds[line] is FAILED else bounds[line]
        if line == end - 1:
            wrong = None if bound is None else say.last_tier_not_open
        elif bound is None:
            wrong = say.open_tier_not_last
        else:
            wrong = say.tiers_not_increasing if before is not None and bound <= before else None
            before = bound
        if wrong is not None:
            file.context.error(wrong(file.sheet.row_span(line)))
            return False
    return True
