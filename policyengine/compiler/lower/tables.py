"""Tables -> columns of cells, one node for the chosen row and one for each result column."""

from __future__ import annotations

from array import array
from functools import partial
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.cells import cell_den, held_cell, read_cell
from policyengine.compiler.columns import Cells, column_for, held_column, tight_column
from policyengine.compiler.literals import Unreadable
from policyengine.compiler.lower import overrides, ranges, table_files, tier_cells
from policyengine.compiler.lower.context import Broken, Context
from policyengine.compiler.lower.sheet import DATES, FAILED, Sheet, attempt
from policyengine.compiler.table_check import examine
from policyengine.language.declared import Declared, DeclaredGroup
from policyengine.language.expression import builtins, diagnostics
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import Condition, Table
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence, plain
from policyengine.runtime.places import RowLines
from policyengine.runtime.program import All, Call, Column, Expr, MakeRecord, Row, TableData
from policyengine.runtime.tables.cells import COLLECTING
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number, Type

ROW = types.Simple("row")


def lower(context: Context, table: Table, given: dict[str, Declared] | None = None, section: str = "tables") -> None:
    """The node `NAME` (the row) and `NAME.column` for each result; a table can also be called with its conditions.

    A section of its own `given`s the types of the result columns.
    """
    scope = context.scope()
    keys: list[Expr | None] = []
    declared_keys: list[Declared] = []
    requires: frozenset[str] = frozenset()
    for condition in table.when:
        expr, declared, needs = _key(context, condition, scope)
        keys.append(expr)
        declared_keys.append(declared)
        requires |= needs
    columns = _columns(context, table) if given is None else given
    sheet = _read(context, table, declared_keys, columns)
    data = _table_data(context, table, declared_keys, columns, sheet)
    context.tables[table.name] = examine(context, table, data, [d.type for d in declared_keys], sheet.spans)
    context.row_places[table.name] = sheet.spans
    _keep_places(context, table.name, sheet)
    own = context.overrides.get(table.name, [])
    if own:
        if table.overridable is None:
            for override in own:
                context.error(overrides.not_allowed(table.name, override.at))
            raise Broken
        overrides.apply(context, table.name, columns, own, table.overridable)
    _define(context, table, keys, requires, section)


def _keep_places(context: Context, name: str, sheet: Sheet) -> None:
    """The rows of a file are in a column of lines, which costs little for as many as there may be."""
    spans, count = sheet.spans, len(sheet.spans.lines)
    if spans.file is not None:
        lines = array("I", map(spans.file.lines.__getitem__, spans.lines))
        context.row_lines[name] = RowLines(spans.file.source.name, sheet.ids[:count], lines)
    for row_id, span in zip(sheet.ids[count:], spans.written, strict=True):
        context.places[f"{name}.{row_id}"] = f"{span.source.name}:{span.line}"


def _key(context: Context, condition: Condition, scope: Any) -> tuple[Expr | None, Declared, frozenset[str]]:
    """A condition column's expression and the declared type of its cells."""
    if condition.expression is None:
        assert condition.type is not None
        declared = context.reader.leaf(condition.type)
        if declared is None:
            raise Broken
        return None, declared, frozenset()
    requires = context.required_by(condition.expression)
    expr = context.expression(condition.expression, scope.knowing(requires))
    if isinstance(expr.type, types.Quotient):
        raise Rejected(diagnostics.quotient_escapes("a table's condition", condition.expression.span))
    if isinstance(expr.type, types.Optional):
        raise Rejected(diagnostics.may_be_absent(condition.name, condition.expression.span, condition.name))
    factor = context.factor_of(condition.expression)
    return expr, Declared(expr.type, factor=factor), requires


def _columns(context: Context, table: Table) -> dict[str, Declared]:
    columns: dict[str, Declared] = {}
    broken = False
    for name, node in table.then.items():
        found = context.reader.leaf(node) if name != "tiers" else tier_schedule(context, node)
        if found is None:
            broken = True
        else:
            columns[name] = found
    if broken:
        raise Broken
    return columns


def tier_schedule(context: Context, node: Node) -> Declared | None:
    """A column `tiers`: the types of the tiers' own fields."""
    if not isinstance(node, Mapping):
        return context.reader.leaf(node)
    declared = context.reader.read(node)
    assert isinstance(declared, DeclaredGroup)
    kinds: dict[str, Type] = {}
    for name, (at, its) in declared.fields.items():
        if name not in ("up_to", "unit_amount", "flat_amount", "factor") or not isinstance(its, Declared):
            known = ("up_to", "unit_amount", "factor", "flat_amount")
            context.error(say.unknown_column(name, at, known))
            return None
        kinds[name] = its.type
    bound, rate, flat = (kinds.get(k) for k in ("up_to", "unit_amount", "flat_amount"))
    rate = rate or kinds.get("factor") or Number(False, (), 1, 0, 0)
    flat = flat or Number(False, context.money, 1, 0, 0)
    if not (isinstance(bound, Number) and isinstance(rate, Number) and isinstance(flat, Number)):
        context.error(say.missing_cell("up_to", node.span))
        return None
    return Declared(types.Tiers(bound, rate, flat), items=declared)


def _read(context: Context, table: Table, keys: list[Declared], columns: dict[str, Declared]) -> Sheet:
    sheet = Sheet([Cells() for _ in keys], {name: column_for(its.type) for name, its in columns.items()})
    if table.file is not None:
        names = [c.name for c in table.when]
        table_files.read(context, table, dict(zip(names, keys, strict=True)), columns, sheet)
    elif table.rows is not None:
        _read_rows(context, table, keys, columns, sheet)
    if isinstance(table.otherwise, Mapping):
        _otherwise_row(context, table.otherwise, columns, sheet)
    if sheet.broken:
        raise Broken
    _check_ids(context, sheet)
    return sheet


def _read_rows(
    context: Context, table: Table, keys: list[Declared], columns: dict[str, Declared], sheet: Sheet
) -> None:
    broken = False
    names = [c.name for c in table.when]
    before = len(context.report.found)
    assert table.rows is not None
    for node in table.rows.items:
        assert isinstance(node, Mapping)
        try:
            _read_row(context, table, node, dict(zip(names, keys, strict=True)), columns, sheet)
        except Unreadable:
            broken = True
    context.report.once(before)
    if broken:
        raise Broken


def _read_row(
    context: Context,
    table: Table,
    node: Mapping,
    keys: dict[str, Declared],
    columns: dict[str, Declared],
    sheet: Sheet,
) -> None:
    known = ["id", *keys, *columns, *(DATES if table.dated else ())]
    broken = False
    for entry in node.entries.values():
        if entry.key not in known:
            context.error(say.unknown_column(entry.key, entry.key_span, known))
            broken = True
    cells, values = [], []
    for name, declared in keys.items():
        cells.append(attempt(partial(_cell, context, node, name, declared)))
    misspelt = broken
    for name, declared in columns.items():
        values.append(attempt(partial(_result, context, node, name, declared, misspelt)))
    if broken or FAILED in cells or FAILED in values:
        raise Unreadable
    for cell_list, cell in zip(sheet.conditions, cells, strict=True):
        cell_list.append(cell)
    for name, value in zip(columns, values, strict=True):
        sheet.results[name].append(value)
    _dates(context, node, sheet)
    sheet.spans.written.append(node.span)
    sheet.ids.append(_row_id(context, table, node, list(keys)))


def _cell(context: Context, node: Mapping, name: str, declared: Declared) -> Any:
    entry = node.entries.get(name)
    return None if entry is None else read_cell(entry.value, declared, context.literals)


def _result(context: Context, node: Mapping, name: str, declared: Declared, misspelt: bool) -> Any:
    entry = node.entries.get(name)
    if entry is None:
        if declared.default is not None:
            return context.literals.read(declared.default, declared)
        if declared.optional:
            return None
        if not misspelt:  # a misspelt column is not also a missing one
            context.error(say.missing_cell(name, node.span))
        raise Unreadable
    if isinstance(declared.type, types.Tiers):
        return tier_cells.read(context, entry.value, declared)
    return context.literals.read(entry.value, declared)


def _dates(context: Context, node: Mapping, sheet: Sheet) -> None:
    found: list[int | None] = []
    for key in DATES:
        scalar = _scalar(context, node, key, "a date")
        found.append(None if scalar is None else context.literals.instant(scalar.text, scalar.span))
    sheet.starts.append(found[0])
    sheet.ends.append(found[1])


def _scalar(context: Context, node: Mapping, key: str, wanted: str) -> Scalar | None:
    """A single value of a row, or None where it is not written."""
    entry = node.entries.get(key)
    if entry is None:
        return None
    if not isinstance(entry.value, Scalar):
        context.error(
            say.bad_literal("a list" if isinstance(entry.value, Sequence) else "a mapping", wanted, entry.value.span)
        )
        raise Unreadable
    return entry.value


def _row_id(context: Context, table: Table, node: Mapping, keys: list[str]) -> str:
    """The row's own id, else its condition: never its position, which would move in a diff."""
    own = _scalar(context, node, "id", "a text")
    if own is not None:
        return own.text
    if table.overridable is not None:
        context.error(say.row_without_id(node.span))
        raise Unreadable
    parts = [f"{key}={cell_text(plain(node.entries[key].value))}" for key in keys if key in node.entries]
    return ",".join(parts) or "any"


def cell_text(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(cell_text(v) for v in value)
    if isinstance(value, dict):
        return " ".join(f"{k} {cell_text(v)}" for k, v in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _otherwise_row(context: Context, node: Mapping, columns: dict[str, Declared], sheet: Sheet) -> None:
    for entry in node.entries.values():
        if entry.key not in columns:
            context.error(say.unknown_column(entry.key, entry.key_span, columns))
            raise Broken
    try:
        values = {name: _result(context, node, name, declared, False) for name, declared in columns.items()}
    except Unreadable:
        raise Broken from None
    for cells in sheet.conditions:
        cells.append(None)
    for name, value in values.items():
        sheet.results[name].append(value)
    sheet.starts.append(None)
    sheet.ends.append(None)
    sheet.spans.written.append(node.span)
    sheet.ids.append("otherwise")


def _check_ids(context: Context, sheet: Sheet) -> None:
    seen: dict[str, int] = {}
    for row, row_id in enumerate(sheet.ids):
        first = seen.setdefault(row_id, row)
        if first != row and sheet.starts[row] is None and sheet.ends[row] is None:
            context.error(say.row_id_twice(row_id, sheet.spans[row], sheet.spans[first]))
            raise Broken


def _table_data(
    context: Context, table: Table, keys: list[Declared], columns: dict[str, Declared], sheet: Sheet
) -> TableData:
    key_types: list[Type] = []
    conditions = []
    for declared, cells in zip(keys, sheet.conditions, strict=True):
        key_type = key_type_for(declared.type, cells.values)
        key_types.append(key_type)
        conditions.append(cells.after(partial(held_cell, its_type=key_type)))
    column_types: dict[str, Type] = {}
    results = {}
    for name, declared in columns.items():
        own = sheet.results[name]
        tightened = tight_column(declared.type, own)
        if isinstance(own, Cells):
            ranges.check(context, declared, f"{table.name}.{name}", tightened, own, sheet.spans)
        column_types[name] = types.Optional(tightened) if declared.optional else tightened
        results[name] = held_column(own, column_types[name])
    dated = any(instant is not None for instant in (*sheet.starts.values, *sheet.ends.values))
    text = plain(table.otherwise) if isinstance(table.otherwise, Scalar) else None
    otherwise = "row" if isinstance(table.otherwise, Mapping) else "error" if text == "error" else ""
    return TableData(
        table.name,
        table.hit,
        tuple(key_types),
        tuple(conditions),
        results,
        column_types,
        tuple(sheet.ids),
        sheet.starts.after(lambda instant: instant) if dated else (),
        sheet.ends.after(lambda instant: instant) if dated else (),
        tuple(c.name for c in table.when),
        otherwise,
    )


def key_type_for(declared: Type, cells: list[Any]) -> Type:
    """The type of a condition column: over a denominator that holds the key's values and every cell."""
    if isinstance(declared, Number):
        den = cell_den(cells)
        common = den * declared.den // _gcd(den, declared.den)
        return types.rescaled(declared, common)
    if isinstance(declared, types.Limit):
        inner = key_type_for(declared.number, [c for c in cells if c != "unlimited"])
        assert isinstance(inner, Number)
        return types.Limit(inner)
    return declared


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def _define(context: Context, table: Table, keys: list[Expr | None], requires: frozenset[str], section: str) -> None:
    data = context.tables[table.name]
    at = context.variables["at"].expr if data.starts else None
    context.callables[table.name] = partial(_call, context, table.name)
    if any(k is None for k in keys):
        return
    row_type: Type = types.List(ROW, len(data.ids)) if data.hit in COLLECTING else ROW
    given = tuple(
        builtins.as_key(k, t, c.at) for k, t, c in zip(keys, data.keys, table.when, strict=True) if k is not None
    )
    row: Expr = Row(row_type, table.name, given, at)
    row = context.only_where(row, requires)
    chosen = context.add(table.name, row, table.name, section, table.at, cite="row")
    if requires:
        tests = tuple(context.presence[atom] for atom in sorted(requires))
        context.presence[table.name] = tests[0] if len(tests) == 1 else All(types.BOOL, tests)
        context.equivalents[table.name] = requires
    groups = []
    for column in data.columns:
        value = result_of(context, table.name, column, context.present(chosen), context.variables["at"].expr)
        value = _aggregated(data, column, value, table.at)
        name = f"{table.name}.{column}"
        value = context.only_where(value, requires)
        read = context.add(name, value, table.name, section, table.at, cite="column")
        needs = requires
        if isinstance(data.column_types[column], types.Optional) and data.hit not in COLLECTING:
            context.presence[name] = context.is_present(read)
            needs = requires | {name}
        context.define(name, read, needs)
        groups.append(column)
    context.groups[table.name] = tuple(groups)


def _aggregated(data: TableData, column: str, values: Expr, at: Span) -> Expr:
    """What a collecting hit policy makes of a column: the list, or its sum, smallest, largest or number."""
    if data.hit not in COLLECTING or data.hit == "collect":
        return values
    if data.hit == "count":
        return Call(types.integer(0, len(data.ids)), "size", (values,))
    return builtins.of_list(data.hit, values, at)


def result_of(context: Context, table: str, column: str, row: Expr, instant: Expr) -> Expr:
    """A result column of a chosen row; only overridden ones ask for the instant."""
    data = context.tables[table]
    at = instant if context.has_cells(table, column) else None
    its_type = data.column_types[column]
    if data.hit in COLLECTING:
        its_type = types.List(its_type, len(data.ids))
    return Column(its_type, row, table, column, at)


def _call(context: Context, name: str, arguments: tuple[Expr, ...], at: Span) -> Expr:
    """`plan_price(change.old_plan)`: the single result column, or a record of all."""
    data = context.tables[name]
    if len(arguments) != len(data.keys):
        wanted = f"{len(data.keys)} conditions"
        raise Rejected(diagnostics.wrong_argument_count(name, wanted, len(arguments), at))
    keys = tuple(builtins.as_key(a, t, at) for a, t in zip(arguments, data.keys, strict=True))
    instant = context.variables["at"].expr
    row_type: Type = types.List(ROW, len(data.ids)) if data.hit in COLLECTING else ROW
    row = Row(row_type, name, keys, instant if data.starts else None)
    results = [_aggregated(data, c, result_of(context, name, c, row, instant), at) for c in data.columns]
    if len(results) == 1:
        return results[0]
    record = types.Record(name, tuple((c, r.type) for c, r in zip(data.columns, results, strict=True)))
    return MakeRecord(record, tuple(results))
