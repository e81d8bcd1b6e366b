"""Overrides from CSV, one leaf a line: `id, tenant, from, until, reason, name, key, column, value`.

The tiers of a row are lines one after another that differ only in `up_to`, `unit_amount`, `factor` and `flat_amount`,
as in a table's own file; an empty `up_to` is the open tier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.literals import Unreadable
from policyengine.compiler.lower.context import Context, Override
from policyengine.compiler.lower.table_files import TIER_COLUMNS, sheet_of
from policyengine.language import scalars
from policyengine.language.csv import Sheet
from policyengine.language.yaml import Entry, Mapping, Node, Scalar, Sequence
from policyengine.source import Span

REQUIRED = ("id", "tenant", "from", "reason", "name")
IDENTITY = (*REQUIRED, "until", "key", "column")
COLUMNS = ("id", "tenant", "from", "until", "reason", "name", "key", "column", "value")


@dataclass(slots=True)
class _File:
    """One file being read; `place` is the position of each column."""

    context: Context
    sheet: Sheet
    place: dict[str, int]
    names: dict[str, Any]
    indexes: dict[tuple[str, str], int] = field(default_factory=dict)
    instants: dict[str, int] = field(default_factory=dict)

    def text(self, row: int, column: str) -> str:
        position = self.place.get(column)
        return "" if position is None else self.sheet.rows[row][position]


def collect(context: Context, name: str, at: Span, names: dict[str, Any]) -> None:
    """Every leaf that the file sets, by the name of its parameter or table; mistakes are reported."""
    sheet = sheet_of(context.sources, name, at, context.report)
    if sheet is None:
        return
    for position, column in enumerate(sheet.header):
        if column not in COLUMNS and column not in TIER_COLUMNS:
            context.error(say.unknown_column(column, sheet.header_span(position), (*COLUMNS, *TIER_COLUMNS)))
            return
    in_lines = [column for column in TIER_COLUMNS if column in sheet.header]
    missing = [column for column in REQUIRED if column not in sheet.header]
    if "value" not in sheet.header and not in_lines:
        missing.append("value")
    if missing:
        context.error(say.missing_cell(missing[0], sheet.header_span(0)))
        return
    file = _File(context, sheet, {column: position for position, column in enumerate(sheet.header)}, names)
    for rows in _groups(file, in_lines):
        _collect_one(file, rows, in_lines)


def _groups(file: _File, in_lines: list[str]) -> Iterator[list[int]]:
    """The lines of each leaf: one, or those of a row's tiers."""
    group: list[int] = []
    identity: tuple[str, ...] = ()
    for row in range(len(file.sheet.rows)):
        if not any(file.text(row, column) for column in in_lines):
            if group:
                yield group
                group = []
            yield [row]
            continue
        own = tuple([file.text(row, column) for column in IDENTITY])
        if group and own != identity:
            yield group
            group = []
        group.append(row)
        identity = own
    if group:
        yield group


def _collect_one(file: _File, rows: list[int], in_lines: list[str]) -> None:
    context, first = file.context, rows[0]
    at = file.sheet.row_span(first)
    name = file.text(first, "name")
    if name not in file.names:
        known = [known for known, part in file.names.items() if part.overridable is not None]
        context.error(say.override_target(name, "the bundle", file.sheet.span(first, file.place["name"]), known))
        return
    for required in REQUIRED:
        if not file.text(first, required):
            context.error(say.missing_cell(required, at))
            return
    try:
        start, end = _instant(file, first, "from"), _instant(file, first, "until")
    except Unreadable:
        return
    if start is not None and end is not None and end <= start:
        context.error(say.never_in_force(f"the override `{file.text(first, 'id')}`", at))
        return
    tiers = any(file.text(first, column) for column in in_lines)
    if tiers and file.text(first, "value"):
        span = file.sheet.span(first, file.place["value"])
        context.error(say.bad_literal("a value beside tiers", "either a value or the columns of a tier", span))
        return
    node = _tiers(file, rows, in_lines) if tiers else _scalar(file, first, "value", at)
    column = file.text(first, "column") or "value"
    owner = (file.text(first, "id"), file.text(first, "tenant"))
    key = file.text(first, "key")
    found = Override(*owner, start, end, key, column, node, at, _index(file, first, at))
    context.overrides.setdefault(name, []).append(found)


def _index(file: _File, row: int, at: Span) -> int:
    """The number of an override among all, by its id and reason."""
    identity = (file.text(row, "id"), file.text(row, "reason"))
    if identity not in file.indexes:
        file.indexes[identity] = len(file.context.override_ids)
        file.context.override_ids.append(identity)
        file.context.places.setdefault(f"override {identity[0]}", f"{file.sheet.source.name}:{at.line}")
    return file.indexes[identity]


def _instant(file: _File, row: int, column: str) -> int | None:
    text = file.text(row, column)
    if not text:
        return None
    if text not in file.instants:
        file.instants[text] = file.context.literals.instant(text, file.sheet.span(row, file.place[column]))
    return file.instants[text]


def _scalar(file: _File, row: int, column: str, at: Span) -> Scalar:
    text = file.text(row, column)
    value = scalars.read(text)
    return Scalar(text if isinstance(value, scalars.Refused) else value, at, "plain", text)


def _tiers(file: _File, rows: list[int], in_lines: list[str]) -> Node:
    """The same nodes as those of tiers written in YAML."""
    tiers: list[Node] = []
    for row in rows:
        at = file.sheet.row_span(row)
        given = [column for column in in_lines if file.text(row, column)]
        tiers.append(Mapping({column: Entry(column, at, _scalar(file, row, column, at)) for column in given}, at))
    return Sequence(tiers, file.sheet.row_span(rows[0]))
