"""The program: the typed core to which every section of a bundle is lowered, as plain data.

A program is a list of nodes in evaluation order. A node names one value and says by one expression how it follows from
facts and earlier nodes. Expressions are made of the few kinds below; no kind knows the name of a section. Numbers in a
program are ints over the denominator of their type. The program has no code; `program_json.py` writes it down.

How values are held by every evaluator: text as str, timestamps and durations as int nanoseconds, lists as tuples,
maps as dicts, records as tuples in the order of their type's fields, an absent optional as None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, fields, replace
from typing import Any, ClassVar, get_args

from policyengine.frozen import frozen
from policyengine.runtime.places import Places
from policyengine.values import types
from policyengine.values.types import Type


@frozen
class Const:
    """A value known at compile time. In a `Limit` it may be `"unlimited"`, in an `Optional` None is absent."""

    type: Type
    value: Any


@frozen
class Fact:
    """An input leaf; `index` points into `Program.facts`. `at` and `tenant` are facts too."""

    type: Type
    index: int


@frozen
class Read:
    """The value of an earlier node."""

    type: Type
    node: str


@frozen
class Local:
    """A variable of an enclosing `Let` or `Fold`."""

    type: Type
    name: str


@frozen
class Call:
    """A built-in function or operator. `may_fail` says that this call itself, not its arguments, can fail."""

    type: Type
    function: str
    arguments: tuple[Expr, ...]
    may_fail: bool = False


@frozen
class If:
    """Only the chosen branch is taken; a failed condition fails the whole."""

    type: Type
    condition: Expr
    then: Expr
    otherwise: Expr


@frozen
class All:
    """`&&`: false if any operand is false, else the leftmost failure, else true."""

    type: Type
    operands: tuple[Expr, ...]


@frozen
class Any_:
    """`||`: true if any operand is true, else the leftmost failure, else false."""

    type: Type
    operands: tuple[Expr, ...]


@frozen
class Let:
    """`name` stands for `value` in `body`; a failed value fails the body only where it is read."""

    type: Type
    name: str
    value: Expr
    body: Expr


@frozen
class Field:
    """A field of a record."""

    type: Type
    target: Expr
    name: str


@frozen
class MakeRecord:
    """A record; the items follow the fields of its type."""

    type: Type
    items: tuple[Expr, ...]


@frozen
class MakeList:
    type: Type
    items: tuple[Expr, ...]


@frozen
class MakeMap:
    """A map from `keys` to `values`; a repeated key fails."""

    type: Type
    keys: tuple[Expr, ...]
    values: tuple[Expr, ...]


@frozen
class Fold:
    """A bounded loop over `over`: `state` names start at `starts` and become `steps` for each item.

    `item` (and `index`, when not empty) are the loop's variables. The loop stops early when `stop` is true before a
    step. `result` reads the states. `absorb` marks the loops of `all` and `exists`, whose single state keeps a failure
    as a value that a later step may overcome; in every other loop a failed step fails the fold. `cost` is what a turn
    is charged, 0 for the loops of sections, whose lists are bounded and whose bodies stand in no other loop.
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
    cost: int = 0


@frozen
class Row:
    """The row of a table that these keys (and this instant, in a dated table) select; None where no row is due and
    the type is optional, else a failure."""

    type: Type
    table: str
    keys: tuple[Expr, ...]
    at: Expr | None


@frozen
class Column:
    """A result column of a row: the tenant's override in force at `at`, or the row's own cell."""

    type: Type
    row: Expr
    table: str
    column: str
    at: Expr | None


@frozen
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

_KINDS = frozenset(get_args(Expr))

ROW = types.Simple("row")
"""The type of a table node: which row was selected."""


@frozen
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


@frozen
class Group:
    """A group of facts; an optional group is present as a whole or not at all."""

    name: str
    fields: tuple[Leaf | Group, ...]
    optional: bool = False


@frozen
class FactPath:
    """Where a fact is found in the caller's input: `("usage", "model")`. `at` and `tenant` have an empty path."""

    path: tuple[str, ...]
    type: Type

    @property
    def name(self) -> str:
        return ".".join(self.path)


@frozen
class Node:
    """One named value. `cite` says how it speaks in the rationale, `deferred` that it is computed when asked for."""

    name: str
    type: Type
    expr: Expr
    owner: str
    section: str
    cite: str = ""
    deferred: bool = False


@frozen
class TableData:
    """A decision table as columns. A condition column holds, for each row, a cell or None for the wildcard.

    `ids` are the row ids that the rationale cites. `hit` is the hit policy. Cells: see `runtime/tables/cells.py`.
    `starts` and `ends` date the rows (nanoseconds, None for open) and are empty where no row is dated.
    """

    name: str
    hit: str
    keys: tuple[Type, ...]
    conditions: tuple[tuple[Any, ...], ...]
    columns: dict[str, Sequence[Any]]
    column_types: dict[str, Type]
    ids: tuple[str, ...]
    starts: tuple[int | None, ...] = ()
    ends: tuple[int | None, ...] = ()
    names: tuple[str, ...] = ()
    """The names of the condition columns, for people."""
    otherwise: str = ""
    """What a missing combination means: "" it cannot be, "error" a failure, "row" the last row is the answer."""
    built: dict[str, Any] = field(init=False, default_factory=dict, compare=False, repr=False)
    """The indexes of its rows, which all who select from it share (`index.py`)."""


@frozen
class CellOverride:
    """A tenant's value for one cell, in force in `[start, end)`; `override` points into `Program.override_ids`."""

    start: int | None
    end: int | None
    value: Any
    override: int


@frozen
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


@frozen
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
    """What a guard, a check or an entitlement that refuses says, by node."""
    approvers: dict[str, str] = field(default_factory=dict)
    effects: dict[str, str] = field(default_factory=dict)
    """What a guard does when it speaks, by node."""
    on_error: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What a named part answers with where it fails: (for a fact that is unavailable, for anything else)."""
    codes: dict[str, str] = field(default_factory=dict)
    """The code with which an entitlement refuses, by the node that allows."""
    places: Places = field(default_factory=Places)
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
            for key, value in zip(keys, values, strict=True):
                yield from (key, value)
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
        if type(value) in _KINDS:
            made[part.name] = change(value)
        elif isinstance(value, tuple) and value and type(value[0]) in _KINDS:
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


def collected(fold: Fold) -> tuple[tuple[Expr, ...], Expr] | None:
    """The tests and the value of a loop that does nothing but append to its single list; None of any other loop."""
    if len(fold.state) != 1 or fold.absorb or not isinstance(fold.result, Local):
        return None
    start, step = fold.starts[0], fold.steps[0]
    if not (isinstance(start, Const) and start.value == () and isinstance(start.type, types.List)):
        return None
    own = Local(start.type, fold.state[0])
    tests: list[Expr] = []
    while isinstance(step, If):
        if step.otherwise != own:
            return None
        tests.append(step.condition)
        step = step.then
    if isinstance(step, Call) and step.function == "append" and step.arguments[0] == own:
        return tuple(tests), step.arguments[1]
    return None
