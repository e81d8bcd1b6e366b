"""Overrides from CSV, one leaf a line: `id, tenant, from, until, reason, name, key, column, value`.

The tiers of a row are lines one after another that differ only in `up_to`, `unit_amount`, `factor` and `flat_amount`,
as in a table's own file; an empty `up_to` is the open tier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.literals import Exact, Unreadable
from policyengine.compiler.lower import tier_cells
from policyengine.compiler.lower.context import Context, Override
from policyengine.compiler.lower.table_files import TIER_COLUMNS, place_of, sheet_of
from policyengine.compiler.lower.tier_cells import Tier, read_node
from policyengine.language import scalars
from policyengine.language.csv import Sheet
from policyengine.language.declared import Declared
from policyengine.language.yaml import Scalar
from policyengine.source import Span
from policyengine.values import types

REQUIRED = ("id", "tenant", "from", "reason", "name")
IDENTITY = (*REQUIRED, "until", "key", "column")
COLUMNS = ("id", "tenant", "from", "until", "reason", "name", "key", "column", "value")


@dataclass(slots=True)
class _File:
    """One file being read; `place` is the position of each column, `tiers` the columns of tiers that it has."""

    context: Context
    sheet: Sheet
    place: dict[str, int]
    tiers: list[str]
    names: dict[str, Any]
    indexes: dict[tuple[str, str], int] = field(default_factory=dict)
    instants: dict[str, int] = field(default_factory=dict)
    known: dict[tuple[str, int], Exact] = field(default_factory=dict)
    """What a text means as a value of a declared type: most texts of a file stand in many of its lines."""

    def text(self, row: int, column: str) -> str:
        position = self.place.get(column)
        return "" if position is None else self.sheet.columns[position][row]

    def exact(self, text: str, declared: Declared, at: Span) -> Exact:
        """A single value; raises Unreadable after reporting."""
        key = text, id(declared)
        if key not in self.known:
            value = scalars.read(text)
            node = Scalar(text if isinstance(value, scalars.Refused) else value, at, "plain", text)
            self.known[key] = read_node(self.context, node, declared)
        return self.known[key]


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
    place = {column: position for position, column in enumerate(sheet.header)}
    file = _File(context, sheet, place, in_lines, names)
    for rows in _groups(file):
        _collect_one(file, rows)


def _groups(file: _File) -> Iterator[range]:
    """The lines of each leaf: one, or those of a row's tiers."""
    columns = file.sheet.columns
    identities = zip(*(columns[file.place[name]].codes for name in IDENTITY if name in file.place), strict=True)
    first, before = 0, None
    for row, identity in enumerate(identities):
        own = identity if any(columns[file.place[name]][row] for name in file.tiers) else None
        if row and (own is None or own != before):
            yield range(first, row)
            first = row
        before = own
    if len(file.sheet.lines):
        yield range(first, len(file.sheet.lines))


def _collect_one(file: _File, rows: range) -> None:
    context, first = file.context, rows[0]
    at = place_of(partial(file.sheet.row_span, first))
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
    tiers = any(file.text(first, column) for column in file.tiers)
    if tiers and file.text(first, "value"):
        span = file.sheet.span(first, file.place["value"])
        context.error(say.bad_literal("a value beside tiers", "either a value or the columns of a tier", span))
        return
    read = partial(_tiers, file, rows) if tiers else partial(file.exact, file.text(first, "value"), at=at)
    column = file.text(first, "column") or "value"
    owner = (file.text(first, "id"), file.text(first, "tenant"))
    key = file.text(first, "key")
    found = Override(*owner, start, end, key, column, read, at, _index(file, first))
    context.overrides.setdefault(name, []).append(found)


def _index(file: _File, row: int) -> int:
    """The number of an override among all, by its id and reason."""
    identity = (file.text(row, "id"), file.text(row, "reason"))
    if identity not in file.indexes:
        file.indexes[identity] = len(file.context.override_ids)
        file.context.override_ids.append(identity)
        file.context.places.setdefault(f"override {identity[0]}", f"{file.sheet.source.name}:{file.sheet.lines[row]}")
    return file.indexes[identity]


def _instant(file: _File, row: int, column: str) -> int | None:
    text = file.text(row, column)
    if not text:
        return None
    if text not in file.instants:
        file.instants[text] = file.context.literals.instant(text, file.sheet.span(row, file.place[column]))
    return file.instants[text]


def _tiers(file: _File, rows: range, declared: Declared) -> Exact:
    """A schedule with one tier a line; raises Unreadable after reporting."""
    if not isinstance(declared.type, types.Tiers):
        file.context.error(
            say.bad_literal("a list", str(declared.type), place_of(partial(file.sheet.row_span, rows[0])))
        )
        raise Unreadable
    tiers = []
    for row in rows:
        at = place_of(partial(file.sheet.row_span, row))
        texts = {column: text for column in file.tiers if (text := file.text(row, column))}
        fields = tier_cells.fields_of(file.context, declared, dict.fromkeys(texts, at))
        tiers.append(Tier({name: file.exact(text, fields[name], at) for name, text in texts.items()}, at, at))
    return tier_cells.schedule(file.context, tiers)
