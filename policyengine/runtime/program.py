"""The program: the typed core to which every section of a bundle is lowered, as plain data.

A program is a list of nodes in evaluation order. A node names one value and says by one expression how it follows from
facts and earlier nodes. Expressions are made of the few kinds below; no kind knows the name of a section. Numbers in a
program are ints over the denominator of their type. The program is JSON without code; `digest` fixes every result.

How values are held by every evaluator: text as str, timestamps and durations as int nanoseconds, lists as tuples,
maps as dicts, records as tuples in the order of their type's fields, an absent optional as None.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from policyengine.errors import InvalidArtifact
from policyengine.values import types
from policyengine.values.types import Type

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Const:
    """A value known at compile time. In a `Limit` it may be `"unlimited"`, in an `Optional` None is absent."""

    type: Type
    value: Any


@dataclass(frozen=True, slots=True)
class Fact:
    """An input leaf; `index` points into `Program.facts`. `at` and `tenant` are facts too."""

    type: Type
    index: int


@dataclass(frozen=True, slots=True)
class Read:
    """The value of an earlier node."""

    type: Type
    node: str


@dataclass(frozen=True, slots=True)
class Local:
    """A variable of an enclosing `Let` or `Fold`."""

    type: Type
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in function or operator. `may_fail` says that this call itself, not its arguments, can fail."""

    type: Type
    function: str
    arguments: tuple[Expr, ...]
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class If:
    """Only the chosen branch is taken; a failed condition fails the whole."""

    type: Type
    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class All:
    """`&&`: false if any operand is false, else the leftmost failure, else true."""

    type: Type
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    """`||`: true if any operand is true, else the leftmost failure, else false."""

    type: Type
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Let:
    """`name` stands for `value` in `body`; a failed value fails the body only where it is read."""

    type: Type
    name: str
    value: Expr
    body: Expr


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record."""

    type: Type
    target: Expr
    name: str


@dataclass(frozen=True, slots=True)
class MakeRecord:
    """A record; the items follow the fields of its type."""

    type: Type
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class MakeList:
    type: Type
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class MakeMap:
    """A map from `keys` to `values`; a repeated key fails."""

    type: Type
    keys: tuple[Expr, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """A bounded loop over `over`: `state` names start at `starts` and become `steps` for each item.

    `item` (and `index`, when not empty) are the loop's variables. The loop stops early when `stop` is true before a
    step. `result` reads the states. `absorb` marks the loops of `all` and `exists`, whose single state keeps a failure
    as a value that a later step may overcome; in every other loop a failed step fails the fold.
    """

    type: Type
    over: Expr
    item: str
    index: str
    state: tuple[str, ...]
    starts: tuple[Expr, ...]
    steps: tuple[Expr, ...]
    stop: Expr | None
    result: Expr
    absorb: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The row of a table that these keys (and this instant, in a dated table) select; None where no row is due and
    the type is optional, else a failure."""

    type: Type
    table: str
    keys: tuple[Expr, ...]
    at: Expr | None


@dataclass(frozen=True, slots=True)
class Column:
    """A result column of a row: the tenant's override in force at `at`, or the row's own cell."""

    type: Type
    row: Expr
    table: str
    column: str
    at: Expr | None


@dataclass(frozen=True, slots=True)
class MakeTiers:
    """A schedule of tiers from expressions: bounds (one less than the others: the last tier is open), rates, flats."""

    type: Type
    bounds: tuple[Expr, ...]
    rates: tuple[Expr, ...]
    flats: tuple[Expr, ...]


Expr = (
    Const
    | Fact
    | Read
    | Local
    | Call
    | If
    | All
    | Any_
    | Let
    | Field
    | MakeRecord
    | MakeList
    | MakeMap
    | Fold
    | Row
    | Column
    | MakeTiers
)

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

ROW = types.Simple("row")
"""The type of a table node: which row was selected."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One declared fact. `items` describes the elements of a list or the values of a map.

    A given number x is held as the int x * scale; `zone` is the fact that names the zone of a wall-clock time.
    """

    name: str
    type: Type
    optional: bool = False
    default: Any = None
    has_default: bool = False
    items: Leaf | Group | None = None
    scale: int = 1
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of facts; an optional group is present as a whole or not at all."""

    name: str
    fields: tuple[Leaf | Group, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class FactPath:
    """Where a fact is found in the caller's input: `("usage", "model")`. `at` and `tenant` have an empty path."""

    path: tuple[str, ...]
    type: Type

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Node:
    """One named value. `cite` says how it speaks in the rationale, `deferred` that it is computed when asked for."""

    name: str
    type: Type
    expr: Expr
    owner: str
    section: str
    cite: str = ""
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class TableData:
    """A decision table as columns. A condition column holds, for each row, a cell or None for the wildcard.

    `ids` are the row ids that the rationale cites. `hit` is the hit policy. Cells: see `runtime/cells.py`.
    `starts` and `ends` date the rows (nanoseconds, None for open) and are empty where no row is dated.
    """

    name: str
    hit: str
    keys: tuple[Type, ...]
    conditions: tuple[tuple[Any, ...], ...]
    columns: dict[str, tuple[Any, ...]]
    column_types: dict[str, Type]
    ids: tuple[str, ...]
    starts: tuple[int | None, ...] = ()
    ends: tuple[int | None, ...] = ()
    names: tuple[str, ...] = ()
    """The names of the condition columns, for people."""
    otherwise: str = ""
    """What a missing combination means: "" it cannot be, "error" a failure, "row" the last row is the answer."""


@dataclass(frozen=True, slots=True)
class CellOverride:
    """A tenant's value for one cell, in force in `[start, end)`; `override` points into `Program.override_ids`."""

    start: int | None
    end: int | None
    value: Any
    override: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry point: the nodes it answers with and the facts they can read."""

    name: str
    section: str
    outputs: tuple[tuple[str, str], ...]
    facts: tuple[int, ...]
    guards: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that decides: see the module. `tenant_cells` maps tenant -> table -> (row, column) -> overrides."""

    bundle: str
    version: str
    source_digest: str
    currency: str
    inputs: Group
    facts: tuple[FactPath, ...]
    nodes: dict[str, Node]
    tables: dict[str, TableData]
    entries: dict[str, Entry]
    effective: tuple[int | None, int | None] = (None, None)
    override_ids: tuple[tuple[str, str], ...] = ()
    tenant_cells: dict[str, dict[str, dict[tuple[int, str], tuple[CellOverride, ...]]]] = field(default_factory=dict)
    zones: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    """What a guard or a check says, by node."""
    approvers: dict[str, str] = field(default_factory=dict)
    effects: dict[str, str] = field(default_factory=dict)
    """What a guard does when it speaks, by node."""
    on_error: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What a named part answers with where it fails: (for a fact that is unavailable, for anything else)."""
    places: dict[str, str] = field(default_factory=dict)
    """Node or row path -> `file:line`; for people only, not part of the digest."""

    AT: ClassVar[int] = 0
    TENANT: ClassVar[int] = 1


def children(expr: Expr) -> Iterator[Expr]:
    """The direct sub-expressions, in order of evaluation."""
    match expr:
        case Const() | Fact() | Read() | Local():
            return
        case Call(arguments=items) | All(operands=items) | Any_(operands=items):
            yield from items
        case MakeRecord(items=items) | MakeList(items=items):
            yield from items
        case If(condition=a, then=b, otherwise=c):
            yield from (a, b, c)
        case Let(value=a, body=b):
            yield from (a, b)
        case Field(target=a):
            yield a
        case MakeMap(keys=keys, values=values):
            yield from keys
            yield from values
        case Fold():
            yield expr.over
            yield from expr.starts
            if expr.stop is not None:
                yield expr.stop
            yield from expr.steps
            yield expr.result
        case Row(keys=keys, at=at):
            yield from keys
            if at is not None:
                yield at
        case Column(row=row, at=at):
            yield row
            if at is not None:
                yield at
        case MakeTiers():
            yield from expr.bounds
            yield from expr.rates
            yield from expr.flats


def rebuilt(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The same expression with `change` applied to its direct sub-expressions."""
    made: dict[str, Any] = {}
    for part in fields(expr):
        value = getattr(expr, part.name)
        if type(value) in _TAGS:
            made[part.name] = change(value)
        elif isinstance(value, tuple) and value and type(value[0]) in _TAGS:
            made[part.name] = tuple(change(v) for v in value)
    return replace(expr, **made) if made else expr


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all below it."""
    stack = [expr]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(children(top))


def reads(expr: Expr) -> set[str]:
    """The nodes that an expression reads."""
    return {e.node for e in walk(expr) if isinstance(e, Read)}


# ---------------------------------------------------------------------------------------------------------- as JSON


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
        "tenant_cells": {
            tenant: {
                table: [[row, column, [[c.start, c.end, c.value, c.override] for c in cells]]
                        for (row, column), cells in by_cell.items()]
                for table, by_cell in by_table.items()
            }
            for tenant, by_table in program.tenant_cells.items()
        },
        "zones": program.zones,
        "reasons": program.reasons,
        "approvers": program.approvers,
        "effects": program.effects,
        "on_error": {name: list(effects) for name, effects in program.on_error.items()},
    }  # fmt: skip
    body["types"] = [types.to_json(t) for t in interned.index]
    body["format"] = FORMAT
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


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
        "conditions": table.conditions,
        "columns": [[name, interned(table.column_types[name]), cells] for name, cells in table.columns.items()],
        "ids": table.ids,
        "starts": table.starts,
        "ends": table.ends,
        "names": table.names,
        "otherwise": table.otherwise,
    }


def from_json(data: bytes, places: dict[str, str] | None = None) -> Program:
    """Read a program; raises InvalidArtifact on anything that `to_json` does not write."""
    try:
        body = json.loads(data, parse_float=_no_float)
        if body["format"] != FORMAT:
            raise InvalidArtifact(f"the program has format {body['format']}, this version reads {FORMAT}")
        return _program(body, places or {})
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as fault:
        raise InvalidArtifact(f"not a program: {fault}") from fault


def _no_float(text: str) -> Any:
    raise ValueError(f"a number with a point, {text}")


def _program(body: dict[str, Any], places: dict[str, str]) -> Program:
    kinds = [types.from_json(t) for t in body["types"]]

    def expr(data: list[Any]) -> Expr:
        return _expr(data, kinds)

    inputs = _input(body["inputs"], kinds)
    if not isinstance(inputs, Group):
        raise ValueError("the inputs are not a group")
    nodes = {n[0]: Node(n[0], kinds[n[1]], expr(n[2]), *n[3:]) for n in body["nodes"]}
    entries = {
        name: Entry(
            name, section, tuple((a, b) for a, b in outputs), tuple(facts), tuple(guards), tuple(requires),
            tuple(checks), dated
        )
        for name, section, outputs, facts, guards, requires, checks, dated in body["entries"]
    }  # fmt: skip
    cells = {
        tenant: {
            table: {(row, column): tuple(CellOverride(s, u, _frozen(v), o) for s, u, v, o in items)
                    for row, column, items in by_cell}
            for table, by_cell in by_table.items()
        }
        for tenant, by_table in body["tenant_cells"].items()
    }  # fmt: skip
    return Program(
        body["bundle"],
        body["version"],
        body["source_digest"],
        body["currency"],
        inputs,
        tuple(FactPath(tuple(p), kinds[t]) for p, t in body["facts"]),
        nodes,
        {t["name"]: _table(t, kinds) for t in body["tables"]},
        entries,
        (body["effective"][0], body["effective"][1]),
        tuple((a, b) for a, b in body["override_ids"]),
        cells,
        body["zones"],
        body["reasons"],
        body["approvers"],
        body["effects"],
        {name: (effects[0], effects[1]) for name, effects in body["on_error"].items()},
        places,
    )


def _expr(data: list[Any], kinds: list[Type]) -> Expr:
    kind = _KINDS[data[0]]
    values: list[Any] = []
    for part, value in zip(fields(kind), data[1:], strict=True):
        reader = _READERS.get((kind, part.name)) or _READERS.get(part.name)
        values.append(reader(value, kinds) if reader else value)
    made: Expr = kind(*values)
    return made


def _exprs(data: list[Any], kinds: list[Type]) -> tuple[Expr, ...]:
    return tuple(_expr(d, kinds) for d in data)


def _maybe(data: list[Any] | None, kinds: list[Type]) -> Expr | None:
    return None if data is None else _expr(data, kinds)


_READERS: dict[Any, Callable[[Any, list[Type]], Any]] = {
    "type": lambda value, kinds: kinds[value],
    (Const, "value"): lambda value, kinds: _frozen(value),
    (Fold, "state"): lambda value, kinds: tuple(value),
    (Fold, "stop"): _maybe,
    (Row, "at"): _maybe,
    (Column, "at"): _maybe,
    (Let, "value"): _expr,
    **dict.fromkeys(("arguments", "operands", "items", "keys", "values", "starts", "steps"), _exprs),
    **dict.fromkeys(("bounds", "rates", "flats"), _exprs),
    **dict.fromkeys(("condition", "then", "otherwise", "body", "target", "over", "result", "row"), _expr),
}


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(v) for v in value)
    return value


def _input(data: list[Any], kinds: list[Type]) -> Leaf | Group:
    if data[0] == "group":
        return Group(data[1], tuple(_input(f, kinds) for f in data[3]), data[2])
    inner = None if data[6] is None else _input(data[6], kinds)
    return Leaf(data[1], kinds[data[2]], data[3], _frozen(data[4]), data[5], inner, data[7], data[8])


def _table(data: dict[str, Any], kinds: list[Type]) -> TableData:
    return TableData(
        data["name"],
        data["hit"],
        tuple(kinds[t] for t in data["keys"]),
        tuple(_frozen(c) for c in data["conditions"]),
        {name: _frozen(cells) for name, _, cells in data["columns"]},
        {name: kinds[t] for name, t, _ in data["columns"]},
        tuple(data["ids"]),
        tuple(data["starts"]),
        tuple(data["ends"]),
        tuple(data["names"]),
        data["otherwise"],
    )
