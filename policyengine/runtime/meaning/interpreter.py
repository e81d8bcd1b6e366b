"""The reference interpreter: the specification of the language, and the one that explains.

It reads the same nodes as the code generator but ignores denominators: it computes with ints and Fractions and shares
no rounding or rescaling with generated code, so that comparing the two tests the compiler's inference. Nodes run in
the program's order; what was demanded of each is recorded, for the rationale.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.exact import exact
from policyengine.runtime.failure import Failure
from policyengine.runtime.functions.operators import joined
from policyengine.runtime.limits import Meter
from policyengine.runtime.meaning import costs, library, zoned
from policyengine.runtime.meaning.operations import OPERATIONS
from policyengine.runtime.program import (
    All,
    Any_,
    Call,
    Column,
    Const,
    Entry,
    Expr,
    Fact,
    Field,
    Fold,
    If,
    Let,
    Local,
    MakeList,
    MakeMap,
    MakeRecord,
    MakeTiers,
    Program,
    Read,
    Row,
    TableData,
    children,
    collected,
    reads,
)
from policyengine.runtime.tables.selection import applies, in_force, select
from policyengine.values import types
from policyengine.values.types import Type


@dataclass(slots=True)
class Trace:
    """What one evaluation found: each node's value (or Failure) and the nodes whose value it really asked for."""

    values: dict[str, Any] = field(default_factory=dict)
    demanded: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Node -> the table rows that it selected."""
    overrides: dict[str, int] = field(default_factory=dict)
    """Column node -> the override whose value it took."""


def run(
    program: Program,
    order: Sequence[str],
    facts: Sequence[Any],
    tenant: str | None,
    by_index: Selection = select,
    meter: Meter | None = None,
) -> Trace:
    """Evaluate nodes in order. `facts` are held values (or a Failure) by fact index; raises CostExceeded."""
    machine = Machine(program, facts, tenant)
    machine.meter = Meter() if meter is None else meter
    machine.select = by_index
    for name in order:
        machine.node(name)
    return machine.trace


def evaluated(program: Program, trace: Trace, facts: Sequence[Any], tenant: str | None, expr: Expr) -> Any:
    """The value of one expression of a program, over the node values of a trace."""
    machine = Machine(program, facts, tenant)
    machine.trace = Trace(dict(trace.values), {"": []})
    return machine.value(expr, {})


CHAINS: dict[str, Callable[[Any, Any], Any]] = {"add": operator.add, "multiply": operator.mul}


Selection = Callable[[TableData, Sequence[Any], int | None], Any]


class Machine:
    """One evaluation: the values of nodes so far; `current` is the node whose expression is being evaluated."""

    def __init__(self, program: Program, facts: Sequence[Any], tenant: str | None) -> None:
        self.program = program
        self.facts = facts
        self.cells = program.tenant_cells.get(tenant, {}) if tenant is not None else {}
        self.select: Selection = select
        self.zones = zoned.zones_of(program.zones)
        self.meter = Meter()
        self.loops = 0
        self.known: dict[int, Any] = {}
        self.trace = Trace()
        self.current = ""

    def node(self, name: str) -> None:
        self.current = name
        self.trace.demanded[name] = []
        node, meter = self.program.nodes[name], self.meter
        if node.deferred:  # computed when it is asked for, not with the decision
            self.meter = Meter()
        self.trace.values[name] = self.value(node.expr, {})
        self.meter = meter

    def value(self, expr: Expr, local: dict[str, Any]) -> Any:
        match expr:
            case Const():
                return exact(expr.value, expr.type)
            case Fact():
                return _as_asked(self._fact(expr.index), expr.type)
            case Read(node=name):
                self.trace.demanded[self.current].append(name)
                return _as_asked(self.trace.values[name], expr.type)
            case Local(name=name):
                return local[name]
            case Call():
                return self._call(expr, local)
            case If():
                chosen = self.value(expr.condition, local)
                if isinstance(chosen, Failure):
                    return chosen
                return self.value(expr.then if chosen else expr.otherwise, local)
            case All():
                return self._logic(expr.operands, local, decides=False)
            case Any_():
                return self._logic(expr.operands, local, decides=True)
            case Let():
                return self.value(expr.body, {**local, expr.name: self.value(expr.value, local)})
            case Field():
                return self._field(expr, local)
            case MakeRecord() | MakeList():
                return self._items(expr.items, local)
            case MakeMap():
                return self._map(expr, local)
            case Fold():
                return self._fold(expr, local)
            case Row():
                return self._row(expr, local)
            case Column():
                return self._column(expr, local)
            case MakeTiers():
                return self._tiers(expr, local)

    def _fact(self, index: int) -> Any:
        """A fact as the interpreter computes with it, made once: a loop may read a long list at every turn."""
        if index not in self.known:
            held = self.facts[index]
            is_failed = isinstance(held, Failure)
            self.known[index] = held if is_failed else exact(held, self.program.facts[index].type)
        return self.known[index]

    def _items(self, exprs: Sequence[Expr], local: dict[str, Any]) -> Any:
        """The values of all, or the leftmost failure."""
        values = tuple([self.value(e, local) for e in exprs])
        return next((v for v in values if isinstance(v, Failure)), values)

    def _logic(self, operands: Sequence[Expr], local: dict[str, Any], decides: bool) -> Any:
        failed: Failure | None = None
        for operand in operands:
            found = self.value(operand, local)
            if isinstance(found, Failure):
                failed = found if failed is None else failed
            elif found is decides:
                return decides
        return not decides if failed is None else failed

    def _field(self, expr: Field, local: dict[str, Any]) -> Any:
        target = self.value(expr.target, local)
        if isinstance(target, Failure):
            return target
        assert isinstance(expr.target.type, types.Record)
        names = [name for name, _ in expr.target.type.fields]
        return target[names.index(expr.name)]

    def _map(self, expr: MakeMap, local: dict[str, Any]) -> Any:
        parts = self._items(list(children(expr)), local)
        if isinstance(parts, Failure):
            return parts
        made = dict(zip(parts[::2], parts[1::2], strict=True))
        return made if len(made) == len(expr.keys) else failure.REPEATED_KEY

    def _fold(self, expr: Fold, local: dict[str, Any]) -> Any:
        over = self.value(expr.over, local)
        if isinstance(over, Failure):
            return over
        self.meter.charge(expr.cost * len(over))
        state = [self.value(start, local) for start in expr.starts]
        failed = self._turns(expr, over, state, local)
        if failed is not None:
            return failed
        return self.value(expr.result, {**local, **dict(zip(expr.state, state, strict=True))})

    def _turns(self, expr: Fold, over: Sequence[Any], state: list[Any], local: dict[str, Any]) -> Failure | None:
        """Change the states item by item, or say what failed; a list that grows does so in place."""
        grown = collected(expr)
        items: list[Any] = []
        failed: Failure | None = None
        self.loops += 1
        for index, item in enumerate(over):
            inner = {**local, **dict(zip(expr.state, state, strict=True)), expr.item: item}
            if expr.index:
                inner[expr.index] = index
            if expr.stop is not None and self.value(expr.stop, inner) is True:
                break
            if grown is None:
                state[:] = [self.value(step, inner) for step in expr.steps]
                failed = None if expr.absorb else next((s for s in state if isinstance(s, Failure)), None)
            else:
                found = self._collected(grown, inner)
                failed = found if isinstance(found, Failure) else None
                items += () if failed is not None else found
            if failed is not None:
                break
        self.loops -= 1
        if grown is not None:
            state[:] = [tuple(items)]
        return failed

    def _collected(self, grown: tuple[tuple[Expr, ...], Expr], inner: dict[str, Any]) -> Any:
        """What one turn adds to a list: nothing, one value, or a Failure."""
        tests, value = grown
        for test in tests:
            chosen = self.value(test, inner)
            if isinstance(chosen, Failure):
                return chosen
            if not chosen:
                return ()
        found = self.value(value, inner)
        return found if isinstance(found, Failure) else (found,)

    def _tiers(self, expr: MakeTiers, local: dict[str, Any]) -> Any:
        parts = [self._items(part, local) for part in (expr.bounds, expr.rates, expr.flats)]
        failed = next((p for p in parts if isinstance(p, Failure)), None)
        if failed is not None:
            return failed
        return ((*parts[0], None), parts[1], parts[2])

    # ---------------------------------------------------------------------------------------------------- tables

    def _row(self, expr: Row, local: dict[str, Any]) -> Any:
        table = self.program.tables[expr.table]
        keys = tuple([self.value(key, local) for key in expr.keys])
        failed = next((key for key in keys if isinstance(key, Failure)), None)
        if failed is not None:
            return failed if table.names else self._lazily(table, keys, failed, expr, local)
        at = None if expr.at is None else self.value(expr.at, local)
        if isinstance(at, Failure):
            return at
        found = self.select(table, keys, at)
        if not isinstance(found, Failure):
            rows = found if isinstance(found, tuple) else (found,)
            self.trace.rows.setdefault(self.current, []).extend((expr.table, row) for row in rows)
        return found

    def _lazily(
        self, table: TableData, keys: tuple[Any, ...], failed: Failure, expr: Row, local: dict[str, Any]
    ) -> Any:
        """The case of a keyed value where a key has failed: one that does not ask for that key may still answer."""
        asking = [n for n, key in enumerate(keys) if isinstance(key, Failure)]
        rows = [row for row in range(len(table.ids)) if all(table.conditions[n][row] is None for n in asking)]
        known = [n for n in range(len(keys)) if n not in asking]
        at = None if expr.at is None else self.value(expr.at, local)
        if isinstance(at, Failure):
            return at
        for row in rows:
            if applies(table, row, keys, at, known):
                return row
        asked = any(applies(table, row, keys, at, known) for row in range(len(table.ids)))
        return failed if asked else failure.NO_MATCH

    def _column(self, expr: Column, local: dict[str, Any]) -> Any:
        row = self.value(expr.row, local)
        if isinstance(row, Failure):
            return row
        if isinstance(row, tuple):
            found = tuple([self._cell(expr, r, local) for r in row])
            return next((f for f in found if isinstance(f, Failure)), found)
        return self._cell(expr, row, local)

    def _cell(self, expr: Column, row: int, local: dict[str, Any]) -> Any:
        table = self.program.tables[expr.table]
        own = table.columns[expr.column][row]
        its_type = table.column_types[expr.column]
        candidates = self.cells.get(expr.table, {}).get((row, expr.column), ())
        if candidates:
            at = None if expr.at is None else self.value(expr.at, local)
            if isinstance(at, Failure):
                return at
            found = in_force(candidates, at)
            if found is not None:
                self.trace.overrides[self.current] = found.override
                own = found.value
        return exact(own, its_type)

    def _override_dates(self, expr: Call) -> tuple[int, ...]:
        """When the tenant's overrides of these columns begin and end."""
        assert isinstance(expr.arguments[0], Const)
        dates: set[int] = set()
        for table, column in expr.arguments[0].value:
            for (_, own), candidates in self.cells.get(table, {}).items():
                if own == column:
                    dates |= {d for c in candidates for d in (c.start, c.end) if d is not None}
        return tuple(sorted(dates))

    def _chain(self, expr: Call, operands: list[Any]) -> Any:
        """A sum or a product from left to right: a step that fails goes before the operands after it."""
        result, *others = operands
        for operand in others:
            if isinstance(result, Failure):
                return result
            if isinstance(operand, Failure):
                return operand
            result = _settled(CHAINS[expr.function](result, operand), expr.type)
        return result

    # ----------------------------------------------------------------------------------------------------- calls

    def _call(self, expr: Call, local: dict[str, Any]) -> Any:
        """A call; calls that are each other's first arguments, as in a long row of operators, one after another."""
        outer: list[Call] = []
        while expr.arguments and isinstance(first := expr.arguments[0], Call):
            outer.append(expr)
            expr = first
        found = self._applied(expr, [self.value(expr.arguments[0], local)] if expr.arguments else [], local)
        while outer:
            found = self._applied(outer.pop(), [found], local)
        return found

    def _applied(self, expr: Call, first: list[Any], local: dict[str, Any]) -> Any:
        """A call whose first argument is known."""
        if expr.function == "override_dates":
            return self._override_dates(expr)
        in_loop = self.loops > 0
        given = [*first, *[self.value(argument, local) for argument in expr.arguments[1:]]]
        for position in costs.sized(expr, in_loop):
            self.meter.sized(given[position])
        if expr.function in CHAINS:
            return self._chain(expr, given)
        arguments = next((value for value in given if isinstance(value, Failure)), tuple(given))
        if isinstance(arguments, Failure):
            return arguments
        if expr.function in zoned.FUNCTIONS:
            return zoned.FUNCTIONS[expr.function](self.zones[arguments[0]], *arguments[1:])
        if costs.builds_text(expr):
            return joined(self.meter, *arguments)
        operation = OPERATIONS.get(expr.function)
        if operation is not None:
            return _settled(operation(expr, *arguments), expr.type)
        charged = costs.is_metered(expr, in_loop)
        run = library.runner(expr, held=False, charged=charged)
        return run(self.meter, *arguments) if charged else run(*arguments)


def _as_asked(value: Any, its_type: types.Type) -> Any:
    """A fact or node as it is read: nothing, read as if it were there, belongs to a part that nobody asks for."""
    return failure.NO_VALUE if value is None and not _may_be_nothing(its_type) else value


def _may_be_nothing(its_type: types.Type) -> bool:
    """Whether None is a value of a type."""
    return isinstance(its_type, types.Optional) or its_type in (types.ANY, types.DYN, types.NULL)


def _settled(value: Any, its_type: Type) -> Any:
    """A result in the kind that its type says; an int outside 64 bits fails."""
    if isinstance(value, Failure) or not isinstance(its_type, types.Number):
        return value
    if not its_type.integer:
        return Fraction(value)
    whole = int(value)
    assert whole == value, "an int result is whole"
    return whole if types.INT64_MIN <= whole <= types.INT64_MAX else failure.OVERFLOW


def needed(program: Program, entry: Entry, explained: bool = False) -> list[str]:
    """The nodes that an entry point needs, in the program's order; `explained` adds those that only reasons read."""
    wanted = {node for _, node in entry.outputs} | set(entry.guards) | set(entry.requires) | set(entry.checks)
    if explained:
        wanted |= {f"{speaker}.reason" for speaker in (*entry.guards, *entry.requires)} & program.nodes.keys()
    order: list[str] = []
    for name in reversed(program.nodes):
        if name in wanted:
            order.append(name)
            wanted |= reads(program.nodes[name].expr)
    return order[::-1]
