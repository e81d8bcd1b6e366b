"""Overrides -> deltas over tables: `tenant -> (table, row, column) -> dated values`, validated after the merge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.columns import (
    Cells,
    TierCells,
    are_held_alike,
    column_for,
    held_column,
    rescaled,
    tight_column,
    widened,
)
from policyengine.compiler.literals import Unreadable, tight
from policyengine.compiler.literals import held as as_held
from policyengine.compiler.lower import override_files, ranges, tier_cells
from policyengine.compiler.lower.context import Broken, Context, Override
from policyengine.language.declared import Declared
from policyengine.language.model import Override as Authored
from policyengine.language.parts import Overridable
from policyengine.language.yaml import Mapping, Node, plain
from policyengine.runtime.exact import exact
from policyengine.runtime.program import CellOverride, TableData
from policyengine.runtime.tier_column import TierColumn
from policyengine.source import Diagnostic, Span
from policyengine.values import types
from policyengine.values.number_text import fraction_text

not_allowed = say.override_not_allowed
_Read = tuple[Override, list[int], Any]
"""An override with the rows that it replaces and its exact value."""


def collect(context: Context) -> None:
    """Every leaf that an override sets, by the name of its parameter or table."""
    names = {**context.bundle.parameters, **context.bundle.tables, **context.bundle.accounts}
    for authored in context.bundle.overrides:
        if isinstance(authored, Authored):
            _collect_one(context, authored, names)
        else:
            override_files.collect(context, *authored, names)


def _collect_one(context: Context, authored: Authored, names: dict[str, Any]) -> None:
    try:
        start = None if authored.start is None else context.literals.instant(authored.start, authored.at)
        end = None if authored.end is None else context.literals.instant(authored.end, authored.at)
    except Unreadable:
        return
    if start is not None and end is not None and end <= start:
        context.error(say.never_in_force(f"the override `{authored.id}`", authored.at))
        return
    index = len(context.override_ids)
    context.override_ids.append((authored.id, authored.reason))
    context.places[f"override {authored.id}"] = f"{authored.at.source.name}:{authored.at.line}"
    for entry in authored.set.entries.values():
        if entry.key not in names:
            known = [n for n, part in names.items() if part.overridable is not None]
            context.error(say.override_target(entry.key, "the bundle", entry.key_span, known))
            continue
        for row, column, node, at in _leaves(entry.key, entry.value, entry.key_span, context):
            read = partial(tier_cells.read_node, context, node)
            found = Override(authored.id, authored.tenant, start, end, row, column, read, at, index)
            context.overrides.setdefault(entry.key, []).append(found)


def _leaves(name: str, node: Node, at: Span, context: Context) -> list[tuple[str, str, Node, Span]]:
    """The leaves of one name: (row path, column, value, place)."""
    if name in context.bundle.parameters:
        return list(_parameter_leaves(node, "", at))
    out: list[tuple[str, str, Node, Span]] = []
    if isinstance(node, Mapping):
        for row in node.entries.values():
            if isinstance(row.value, Mapping):
                columns = row.value.entries.values()
                out += [(row.key, column.key, column.value, column.key_span) for column in columns]
    return out


def _parameter_leaves(node: Node, path: str, at: Span) -> list[tuple[str, str, Node, Span]]:
    if isinstance(node, Mapping):
        out = []
        for entry in node.entries.values():
            grown = f"{path}.{entry.key}" if path else entry.key
            out += _parameter_leaves(entry.value, grown, entry.key_span)
        return out
    return [(path, "value", node, at)]


def apply(
    context: Context, name: str, columns: dict[str, Declared], own: list[Override], bounds: Overridable | None
) -> None:
    """Put the overrides of one table beside its cells; the columns' types grow to hold them."""
    table = context.tables[name]
    read: list[_Read] = []
    failed = False
    by_path = _rows(table, {override.row for override in own})
    for override in own:
        one = _read(context, name, columns, override, by_path)
        if one is None:
            failed = True
        else:
            read.append((override, *one))
    if failed:
        raise Broken
    new_types, new_columns = dict(table.column_types), dict(table.columns)
    held: list[tuple[list[_Read], Sequence[Any]]] = []
    for column in dict.fromkeys(override.column for override in own):
        old, cells = table.column_types[column], table.columns[column]
        mine = [one for one in read if one[0].column == column]
        values = column_for(columns[column].type)
        for _, _, value in mine:
            values.append(value)
        new_types[column] = _wide_enough(old, columns[column], cells, values, [value for _, _, value in mine])
        if new_types[column] != old:
            new_columns[column] = _moved(cells, old, new_types[column])
        _check_bounds(context, old, cells, mine, bounds, columns[column])
        held.append((mine, held_column(values, new_types[column])))
    context.tables[name] = replace(table, columns=new_columns, column_types=new_types)
    for mine, found in held:
        for (override, rows, _), value in zip(mine, found, strict=True):
            _place(context, name, override, rows, value)


def _wide_enough(
    old: types.Type, declared: Declared, cells: Sequence[Any], more_cells: Cells | TierCells, values: list[Any]
) -> types.Type:
    """The type of a column that holds its own cells and these values, given as a column too."""
    more = tight_column(declared.type, more_cells)
    if isinstance(old, types.Optional):
        more = types.Optional(more)
    wide = widened(old, more)
    if wide is not None:
        return wide
    wide = tight(declared.type, [*(exact(cell, old) for cell in cells), *values])
    return types.Optional(wide) if isinstance(old, types.Optional) else wide


def _moved(cells: Sequence[Any], old: types.Type, new: types.Type) -> Sequence[Any]:
    """A column's cells as values of its wider type."""
    if widened(old, new) != new:
        return tuple([as_held(exact(cell, old), new) for cell in cells])
    if are_held_alike(old, new):
        return cells
    moved = tuple([rescaled(cell, old, new) for cell in cells])
    return TierColumn.of(moved) if isinstance(cells, TierColumn) else moved


def _rows(table: TableData, wanted: set[str]) -> dict[str, list[int]]:
    """The rows by what an override may call them: their ids, and for a dated row its id without the date."""
    found: dict[str, list[int]] = {}
    for row, row_id in enumerate(table.ids):
        if row_id in wanted:
            found.setdefault(row_id, []).append(row)
        head, _, tail = row_id.rpartition(".")
        if head in wanted and tail[:4].isdigit() and tail[4:5] == "-":
            found.setdefault(head, []).append(row)
    return found


def _read(
    context: Context, name: str, columns: dict[str, Declared], override: Override, by_path: dict[str, list[int]]
) -> tuple[list[int], Any] | None:
    rows = by_path.get(override.row)
    if rows is None:
        context.error(_no_such_row(name, override, context.tables[name].ids))
        return None
    if override.column not in columns:
        context.error(say.override_target(override.column, f"`{name}`", override.at, columns))
        return None
    try:
        declared = columns[override.column]
        value = override.read(declared)
        if isinstance(declared.type, types.Number) and value is not None:
            ranges.check_one(context, declared, name, value, override.at)
        return rows, value
    except Unreadable:
        return None


def _no_such_row(name: str, override: Override, known: tuple[str, ...]) -> Diagnostic:
    if not override.row or known == ("",):
        return say.override_of_another_form(name, known, override.at)
    return say.override_target(override.row, f"`{name}`", override.at, known)


def _check_bounds(
    context: Context,
    its_type: types.Type,
    cells: Sequence[Any],
    read: list[_Read],
    bounds: Overridable | None,
    declared: Declared,
) -> None:
    """Bounds hold at any time at which the override is in force: against every row that it replaces."""
    if bounds is None or not isinstance(its_type, types.Number | types.Limit):
        return
    factor = declared.factor
    for override, rows, value in read:
        if not isinstance(value, Fraction | int):
            continue
        for wrong, bound in _violations(Fraction(value), [exact(cells[r], its_type) for r in rows], bounds, factor):
            shown = wrong / factor
            text = fraction_text(shown.numerator, shown.denominator)
            context.error(say.override_out_of_bounds(f"`{text}`", bound, override.at))
            raise Broken


def _violations(value: Fraction, own: list[Any], bounds: Overridable, factor: Fraction) -> list[tuple[Fraction, str]]:
    out: list[tuple[Fraction, str]] = []
    if bounds.min is not None and value < _number(bounds.min) * factor:
        out.append((value, f"min: {plain(bounds.min)}"))
    if bounds.max is not None and value > _number(bounds.max) * factor:
        out.append((value, f"max: {plain(bounds.max)}"))
    for cell in own:
        if bounds.min_factor is not None and value < _number(bounds.min_factor) * cell:
            out.append((value, f"min_factor: {plain(bounds.min_factor)}"))
        if bounds.max_factor is not None and value > _number(bounds.max_factor) * cell:
            out.append((value, f"max_factor: {plain(bounds.max_factor)}"))
    return out


def _number(node: Node) -> Fraction:
    value = plain(node)
    if isinstance(value, str):
        value = value.split()[0].replace("_", "")
    return Fraction(value)


def _place(context: Context, name: str, override: Override, rows: list[int], value: Any) -> None:
    by_cell = context.cells.setdefault(override.tenant, {}).setdefault(name, {})
    for row in rows:
        key = (row, override.column)
        own = CellOverride(override.start, override.end, value, override.index)
        for other in by_cell.get(key, ()):
            if _overlaps(own, other):
                first = context.override_ids[other.override][0]
                what = f"{name}.{override.row}" if override.row else name
                context.error(say.overrides_collide(first, override.id, what, override.at, override.at))
                return
        by_cell[key] = (*by_cell.get(key, ()), own)


def _overlaps(a: CellOverride, b: CellOverride) -> bool:
    starts_before = a.start is None or b.end is None or a.start < b.end
    return starts_before and (b.start is None or a.end is None or b.start < a.end)


__all__ = ["Diagnostic", "apply", "collect", "not_allowed"]
