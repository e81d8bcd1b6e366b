"""A program as JSON, and its digest: one canonical text without code, which fixes every result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from policyengine.errors import InvalidArtifact
from policyengine.runtime.artifacts import soundness, well_formed
from policyengine.runtime.artifacts.column_json import (
    cells_json,
    cells_of,
    column_json,
    column_of,
    frozen,
    numbers_json,
    numbers_of,
)
from policyengine.runtime.program import (
    All,
    Any_,
    Call,
    CellOverride,
    Column,
    Const,
    Entry,
    Expr,
    Fact,
    FactPath,
    Field,
    Fold,
    Group,
    If,
    Leaf,
    Let,
    Local,
    MakeList,
    MakeMap,
    MakeRecord,
    MakeTiers,
    Node,
    Program,
    Read,
    Row,
    TableData,
)
from policyengine.values import types
from policyengine.values.canonical_json import canonical_bytes
from policyengine.values.types import Type

FORMAT = 2
MESSAGE_MAX = 300

_KINDS: dict[str, type] = {
    "const": Const,
    "fact": Fact,
    "read": Read,
    "local": Local,
    "call": Call,
    "if": If,
    "all": All,
    "any": Any_,
    "let": Let,
    "field": Field,
    "record": MakeRecord,
    "list": MakeList,
    "map": MakeMap,
    "fold": Fold,
    "row": Row,
    "column": Column,
    "tiers": MakeTiers,
}
_TAGS = {kind: tag for tag, kind in _KINDS.items()}


class _Kinds(list[Type]):
    """The types of a program, which are found by their places, counted from the first one only."""

    def at(self, place: Any) -> Type:
        if type(place) is not int or place < 0:
            raise ValueError("a type is found at no place")
        return self[place]


class _Types:
    """Types are written once and referred to by their index."""

    def __init__(self) -> None:
        self.index: dict[Type, int] = {}

    def __call__(self, a: Type) -> int:
        return self.index.setdefault(a, len(self.index))


def to_json(program: Program) -> bytes:
    """The program's bytes: canonical JSON with sorted keys, without the places."""
    interned = _Types()
    body: dict[str, Any] = {
        "bundle": program.bundle,
        "version": program.version,
        "source_digest": program.source_digest,
        "currency": program.currency,
        "effective": list(program.effective),
        "inputs": _input_json(program.inputs, interned),
        "facts": [[list(f.path), interned(f.type)] for f in program.facts],
        "nodes": [
            [n.name, interned(n.type), _expr_json(n.expr, interned), n.owner, n.section, n.cite, n.deferred]
            for n in program.nodes.values()
        ],
        "tables": [_table_json(t, interned) for t in program.tables.values()],
        "entries": [
            [e.name, e.section, [list(o) for o in e.outputs], list(e.facts), list(e.guards), list(e.requires)]
            + [list(e.checks), e.dated]
            for e in program.entries.values()
        ],
        "override_ids": [list(o) for o in program.override_ids],
        "tenant_cells": _tenant_cells_json(program),
        "zones": program.zones,
        "reasons": program.reasons,
        "approvers": program.approvers,
        "effects": program.effects,
        "codes": program.codes,
        "on_error": {name: list(effects) for name, effects in program.on_error.items()},
    }  # fmt: skip
    body["types"] = [types.to_json(t) for t in interned.index]
    body["format"] = FORMAT
    return canonical_bytes(body)


def digest(program: Program) -> str:
    """The program digest: sha256 of the program's bytes."""
    return "sha256:" + hashlib.sha256(to_json(program)).hexdigest()


def _expr_json(expr: Expr, interned: _Types) -> list[Any]:
    out: list[Any] = [_TAGS[type(expr)]]
    for part in fields(expr):
        value = getattr(expr, part.name)
        if part.name == "type":
            out.append(interned(value))
        elif type(value) in _TAGS:
            out.append(_expr_json(value, interned))
        elif isinstance(value, tuple) and value and type(value[0]) in _TAGS:
            out.append([_expr_json(v, interned) for v in value])
        elif isinstance(value, bytes):
            out.append(value.hex())
        else:
            out.append(value)
    return out


def _input_json(item: Leaf | Group, interned: _Types) -> list[Any]:
    if isinstance(item, Group):
        return ["group", item.name, item.optional, [_input_json(f, interned) for f in item.fields]]
    inner = None if item.items is None else _input_json(item.items, interned)
    held = [item.optional, item.default, item.has_default]
    return ["leaf", item.name, interned(item.type), *held, inner, item.scale, item.zone]


def _table_json(table: TableData, interned: _Types) -> dict[str, Any]:
    return {
        "name": table.name,
        "hit": table.hit,
        "keys": [interned(t) for t in table.keys],
        "conditions": [cells_json(cells) for cells in table.conditions],
        "columns": [
            [name, interned(its_type), column_json(table.columns[name], its_type)]
            for name, its_type in table.column_types.items()
        ],
        "ids": table.ids,
        "starts": cells_json(table.starts),
        "ends": cells_json(table.ends),
        "names": table.names,
        "otherwise": table.otherwise,
    }


def _tenant_cells_json(program: Program) -> list[list[Any]]:
    """The overrides of each table's column as columns: tenants, rows, starts, ends, values and numbers of overrides."""
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for tenant, by_table in sorted(program.tenant_cells.items()):
        for table, by_cell in by_table.items():
            for (row, column), cells in by_cell.items():
                of_column = found.setdefault((table, column), [])
                of_column += [(tenant, row, c.start, c.end, c.value, c.override) for c in cells]
    out: list[list[Any]] = []
    for (table, column), overrides in sorted(found.items()):
        tenants, rows, starts, ends, values, numbers = zip(*overrides, strict=True)
        dates = [cells_json(starts), cells_json(ends)]
        held = column_json(values, program.tables[table].column_types[column])
        out.append([table, column, cells_json(tenants), numbers_json(rows), *dates, held, numbers_json(numbers)])
    return out


def from_json(data: bytes) -> Program:
    """Read a program, which has no places, whoever wrote it.

    Raises InvalidArtifact on what `to_json` does not write, and on what could not be run within bounds.
    """
    try:
        well_formed.check_size(data)
        body = json.loads(data, parse_float=_not_whole, parse_constant=_not_whole)
        if body["format"] != FORMAT:
            raise InvalidArtifact(f"the program has format {body['format']}, this version reads {FORMAT}")
        program = _program(body)
        soundness.check(program)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError) as fault:
        said = f"{fault}"
        raise InvalidArtifact(f"not a program: {said[:MESSAGE_MAX]}") from fault
    return program


def _not_whole(text: str) -> Any:
    raise ValueError(f"a number that is not whole, {text}")


def _program(body: dict[str, Any]) -> Program:
    kinds = _Kinds(types.from_json(t) for t in body["types"])
    well_formed.check_types(kinds)

    def expr(data: list[Any]) -> Expr:
        return _expr(data, kinds)

    inputs = _input(body["inputs"], kinds)
    if not isinstance(inputs, Group):
        raise ValueError("the inputs are not a group")
    nodes = {n[0]: Node(n[0], kinds.at(n[1]), expr(n[2]), *n[3:]) for n in body["nodes"]}
    entries = {
        name: Entry(
            name, section, tuple((a, b) for a, b in outputs), tuple(facts), tuple(guards), tuple(requires),
            tuple(checks), dated
        )
        for name, section, outputs, facts, guards, requires, checks, dated in body["entries"]
    }  # fmt: skip
    tables = {t["name"]: _table(t, kinds) for t in body["tables"]}
    return Program(
        body["bundle"],
        body["version"],
        body["source_digest"],
        body["currency"],
        inputs,
        tuple(FactPath(tuple(p), kinds.at(t)) for p, t in body["facts"]),
        nodes,
        tables,
        entries,
        (body["effective"][0], body["effective"][1]),
        tuple((a, b) for a, b in body["override_ids"]),
        _tenant_cells(body["tenant_cells"], tables, len(body["override_ids"])),
        body["zones"],
        body["reasons"],
        body["approvers"],
        body["effects"],
        {name: (effects[0], effects[1]) for name, effects in body["on_error"].items()},
        body["codes"],
    )


def _tenant_cells(
    data: list[list[Any]], tables: dict[str, TableData], override_count: int
) -> dict[str, dict[str, dict[tuple[int, str], tuple[CellOverride, ...]]]]:
    found: dict[str, dict[str, dict[tuple[int, str], tuple[CellOverride, ...]]]] = {}
    for name, column, tenants, rows, starts, ends, values, numbers in data:
        table = tables[name]
        owners, places, ids = cells_of(tenants, None, _check_names), numbers_of(rows), numbers_of(numbers)
        if max(places, default=0) >= len(table.ids) or max(ids, default=0) >= override_count:
            raise ValueError(f"an override of `{name}` belongs to no row, or is none")
        dates = [cells_of(ends, len(owners), well_formed.check_dates) for ends in (starts, ends)]
        held = column_of(values, table.column_types[column], len(owners))
        of_column: dict[tuple[str, int], list[CellOverride]] = {}
        for tenant, row, own in zip(owners, places, map(CellOverride, *dates, held, ids), strict=True):
            of_column.setdefault((tenant, row), []).append(own)
        for (tenant, row), cells in of_column.items():
            by_cell = found.setdefault(tenant, {}).setdefault(name, {})
            by_cell[row, column] = (*by_cell.get((row, column), ()), *cells)
    return found


def _check_names(distinct: Sequence[Any]) -> None:
    if any(type(name) is not str for name in distinct):
        raise ValueError("a tenant has no name")


def _expr(data: list[Any], kinds: _Kinds) -> Expr:
    kind = _KINDS[data[0]]
    values: list[Any] = []
    for part, value in zip(fields(kind), data[1:], strict=True):
        reader = _READERS.get((kind, part.name)) or _READERS.get(part.name)
        values.append(reader(value, kinds) if reader else value)
    if kind is Const and values[0] == types.BYTES:
        values[1] = bytes.fromhex(values[1])
    made: Expr = kind(*values)
    return made


def _exprs(data: list[Any], kinds: _Kinds) -> tuple[Expr, ...]:
    return tuple(_expr(d, kinds) for d in data)


def _maybe(data: list[Any] | None, kinds: _Kinds) -> Expr | None:
    return None if data is None else _expr(data, kinds)


_READERS: dict[Any, Callable[[Any, _Kinds], Any]] = {
    "type": lambda value, kinds: kinds.at(value),
    (Const, "value"): lambda value, kinds: frozen(value),
    (Fold, "state"): lambda value, kinds: tuple(value),
    (Fold, "stop"): _maybe,
    (Row, "at"): _maybe,
    (Column, "at"): _maybe,
    (Let, "value"): _expr,
    **dict.fromkeys(("arguments", "operands", "items", "keys", "values", "starts", "steps"), _exprs),
    **dict.fromkeys(("bounds", "rates", "flats"), _exprs),
    **dict.fromkeys(("condition", "then", "otherwise", "body", "target", "over", "result", "row"), _expr),
}


def _input(data: list[Any], kinds: _Kinds) -> Leaf | Group:
    if data[0] == "group":
        return Group(data[1], tuple(_input(f, kinds) for f in data[3]), data[2])
    inner = None if data[6] is None else _input(data[6], kinds)
    return Leaf(data[1], kinds.at(data[2]), data[3], frozen(data[4]), data[5], inner, data[7], data[8])


def _table(data: dict[str, Any], kinds: _Kinds) -> TableData:
    ids, keys = tuple(data["ids"]), tuple(kinds.at(t) for t in data["keys"])
    rows = len(ids)
    starts, ends = (cells_of(data[name], None, well_formed.check_dates) for name in ("starts", "ends"))
    table = TableData(
        data["name"],
        data["hit"],
        keys,
        tuple(
            cells_of(column, rows, partial(well_formed.check_cells, key_type=key))
            for column, key in zip(data["conditions"], keys, strict=True)
        ),
        {name: column_of(cells, kinds.at(t), rows) for name, t, cells in data["columns"]},
        {name: kinds.at(t) for name, t, _ in data["columns"]},
        ids,
        starts,
        ends,
        tuple(data["names"]),
        data["otherwise"],
    )
    if any(len(dates) not in (0, rows) for dates in (starts, ends)):
        raise ValueError(f"the columns of `{table.name}` are not of one length")
    soundness.check_table(table)
    return table
