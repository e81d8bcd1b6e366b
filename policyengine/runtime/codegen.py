"""The code generator: one Python function per entry point, over ints with static denominators.

The generated function takes the held facts and the tenant's cells and returns the values of the entry's outputs.
It divides only in rounding, `div`, `%`, `floor` and `ceil`; every other step is exact integer arithmetic. Equal
sub-expressions are computed once (value numbering); what is used once is computed where it is used, so that a branch
not taken costs nothing. Only what can fail carries a Failure, in the value's own variable.

No text of a bundle ever appears in generated source: constants are bound by name. The source is data for `exec` of this
module alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import gcd, lcm
from typing import Any

from policyengine.runtime import failure, index, support
from policyengine.runtime.failure import Failure
from policyengine.runtime.functions import FUNCTIONS
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
    children,
)
from policyengine.values import types
from policyengine.values.rounding import BY_MODE
from policyengine.values.types import Limit, Number, Quotient, Type

Decide = Callable[[Sequence[Any], Any], tuple[Any, ...]]
DEPTH_MAX = 12
"""Sub-expressions written inside one another before a variable is made: far below CPython's parser limits."""
HEIGHT_MAX = 8
"""Nodes written inside one another before one is computed ahead."""
INDENT_MAX = 80


class TooDeep(Exception):
    """The entry nests deeper than generated code may; the interpreter answers instead."""


@dataclass(frozen=True, slots=True)
class Val:
    """A value in generated code. `below` is the denominator's code of a quotient, whose numerator is `code`."""

    code: str
    type: Type
    fails: bool = False
    below: str = ""
    depth: int = 0

    @property
    def atom(self) -> bool:
        return self.depth == 0


def generate(program: Program, entry: Entry, order: Sequence[str]) -> Decide:
    """The function of an entry point: `f(facts, tenant_cells) -> values of entry.outputs` (deferred ones are None)."""
    writer = _Writer(program, entry, order)
    source = writer.source()
    namespace = writer.names
    exec(compile(source, f"<{program.bundle}:{entry.name}>", "exec"), namespace)
    decide: Decide = namespace["decide"]
    return decide


def source_of(program: Program, entry: Entry, order: Sequence[str]) -> str:
    """The generated source, for people who want to read it."""
    return _Writer(program, entry, order).source()


class _Numbering:
    """Value numbers: equal expressions have one number; reading a node is the node's own expression."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.by_key: dict[Any, int] = {}
        self.by_id: dict[int, int] = {}
        self.of_node: dict[str, int] = {}
        self.uses: Counter[int] = Counter()

    def node(self, name: str) -> int:
        number = self.of_node.get(name)
        if number is None:
            number = self.of_node[name] = self.of(self.program.nodes[name].expr)
        return number

    def of(self, expr: Expr) -> int:
        known = self.by_id.get(id(expr))
        if known is not None:
            return known
        if isinstance(expr, Read):
            number = self.node(expr.node)
        else:
            parts = tuple(self.of(child) for child in children(expr))
            key = (type(expr).__name__, expr.type, parts, _rest(expr))
            fresh = key not in self.by_key
            number = self.by_key.setdefault(key, len(self.by_key))
            if fresh:
                self.uses.update(parts)
        self.by_id[id(expr)] = number
        return number


def _rest(expr: Expr) -> Any:
    """What tells two expressions of one kind apart besides type and children."""
    match expr:
        case Const():
            return (type(expr.value).__name__, expr.value)
        case Fact():
            return expr.index
        case Local() | Field():
            return expr.name
        case Call():
            return (expr.function, expr.may_fail)
        case Let():
            return expr.name
        case Fold():
            return (expr.item, expr.index, expr.state, expr.absorb, expr.stop is None, len(expr.starts))
        case Row():
            return (expr.table, expr.at is None)
        case Column():
            return (expr.table, expr.column, expr.at is None)
        case MakeTiers():
            return (len(expr.bounds), len(expr.rates))
        case MakeMap():
            return len(expr.keys)
    return None


class _Writer:
    def __init__(self, program: Program, entry: Entry, order: Sequence[str]) -> None:
        self.program = program
        self.entry = entry
        self.order = [n for n in order if not program.nodes[n].deferred]
        self.lines: list[str] = []
        self.indent = 1
        self.count = 0
        self.names: dict[str, Any] = {"F": Failure, "S": support}
        self.bound: dict[Any, str] = {}
        self.numbering = _Numbering(program)
        self.memo: dict[int, Val] = {}
        self.locals: dict[str, Val] = {}
        self.overridable = {
            (table, column)
            for tables in program.tenant_cells.values()
            for table, cells in tables.items()
            for _, column in cells
        }

    # ------------------------------------------------------------------------------------------------ statements

    def source(self) -> str:
        for name in self.order:
            self.numbering.node(name)
        results = [node for _, node in self.entry.outputs]
        results += [*self.entry.guards, *self.entry.requires, *self.entry.checks]
        for node in results:
            self.numbering.uses[self.numbering.of_node.get(node, -1)] += 1
        for name in self._ahead():
            self.memo[self.numbering.of_node[name]] = self.stored(self.read(name))
        values = []
        for node in results:
            values.append("None" if self.program.nodes[node].deferred else self._returned(self.read(node)))
        self.line(f"return ({', '.join(values)}{',' if values else ''})")
        return "def decide(f, o):\n" + "\n".join(self.lines) + "\n"

    def _ahead(self) -> list[str]:
        """The nodes to compute before they are used: those used twice, and every few of a long chain."""
        ahead: list[str] = []
        height: dict[int, int] = {}
        for name in self.order:
            number = self.numbering.of_node[name]
            if number in height:
                continue
            own = 1 + max((height.get(n, 0) for n in self._node_reads(name)), default=0)
            if self.numbering.uses[number] > 1 or own > HEIGHT_MAX:
                ahead.append(name)
                own = 0
            height[number] = own
        return ahead

    def _node_reads(self, name: str) -> list[int]:
        out: list[int] = []
        stack: list[Expr] = [self.program.nodes[name].expr]
        while stack:
            top = stack.pop()
            if isinstance(top, Read):
                out.append(self.numbering.of_node[top.node])
            else:
                stack.extend(children(top))
        return out

    def _returned(self, v: Val) -> str:
        if v.below:
            return f"({v.code}, {v.below})"
        return v.code

    def line(self, text: str) -> None:
        if self.indent > INDENT_MAX:
            raise TooDeep
        self.lines.append(" " * self.indent + text)

    def fresh(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def stored(self, v: Val) -> Val:
        """The value in a variable."""
        if v.atom and (not v.below or v.below.isidentifier() or v.below.isdigit()):
            return v
        name = self.fresh()
        self.line(f"{name} = {v.code}")
        below = v.below
        if below and not (below.isidentifier() or below.isdigit()):
            below = name + "d"
            self.line(f"{below} = {v.below}")
        return replace(v, code=name, below=below, depth=0)

    def bind(self, value: Any, key: Any = None) -> str:
        """A name for a constant object."""
        key = ("id", id(value)) if key is None else key
        if key not in self.bound:
            name = f"K{len(self.bound)}"
            self.bound[key] = name
            self.names[name] = value
        return self.bound[key]

    # ----------------------------------------------------------------------------------------------- expressions

    def read(self, name: str) -> Val:
        return self.emit(self.program.nodes[name].expr)

    def emit(self, expr: Expr) -> Val:
        number = self.numbering.of(expr)
        known = self.memo.get(number)
        if known is not None:
            return known
        if isinstance(expr, Read):
            return self.read(expr.node)
        v = self._emit(expr)
        if v.depth > DEPTH_MAX or (not v.atom and self.numbering.uses[number] > 1):
            v = self.stored(v)
        if v.atom:
            self.memo[number] = v
        return v

    def _emit(self, expr: Expr) -> Val:
        match expr:
            case Const():
                return self.constant(expr.value, expr.type)
            case Fact():
                return Val(f"f[{expr.index}]", expr.type, depth=1 if self._used_twice(expr) else 0)
            case Local(name=name):
                return replace(self.locals[name], type=expr.type)
            case Call():
                return self._call(expr)
            case If():
                return self._if(expr)
            case All():
                return self._logic(expr.operands, decides=False)
            case Any_():
                return self._logic(expr.operands, decides=True)
            case Let():
                return self._let(expr)
            case Field():
                return self._field(expr)
            case MakeRecord() | MakeList():
                return self.strict(expr.type, expr.items, self._tuple)
            case MakeMap():
                return self._map(expr)
            case Fold():
                return self._fold(expr)
            case Row():
                return self._row(expr)
            case Column():
                return self._column(expr, None)
            case MakeTiers():
                return self.strict(expr.type, (*expr.bounds, *expr.rates, *expr.flats), partial(self._schedule, expr))
            case Read():
                return self.read(expr.node)

    def _used_twice(self, expr: Expr) -> bool:
        return self.numbering.uses[self.numbering.of(expr)] > 1

    def constant(self, value: Any, its_type: Type) -> Val:
        if value is None or value is True or value is False:
            return Val(repr(value), its_type)
        if type(value) is int:
            return Val(str(value) if value >= 0 else f"({value})", its_type)
        return Val(self.bind(value, (type(value).__name__, value)), its_type)

    def strict(
        self,
        its_type: Type,
        arguments: Sequence[Expr],
        build: Callable[[list[Val]], str | tuple[str, str]],
        settle: Callable[[str, str], list[str]] | None = None,
        guard: Callable[[list[Val]], str] | None = None,
        failed: Failure = failure.DIVISION_BY_ZERO,
    ) -> Val:
        """An operation that fails where an argument does.

        `build` gives the code of the result (numerator and denominator for a quotient). `guard` gives the code of a
        condition under which the operation itself fails with `failed`; `settle` gives statements that may replace the
        stored result (its name, its denominator's name) by a Failure.
        """
        values = [self.emit(a) for a in arguments]
        failing = [v for v in values if v.fails]
        if not failing and settle is None and guard is None:
            return self._joined(its_type, build(values), 1 + max((v.depth for v in values), default=0))
        values = [self.stored(v) for v in values]
        name = self.fresh()
        pair = isinstance(its_type, Quotient)
        word = "if"
        for v in dict.fromkeys(v.code for v in values if v.fails):
            self.line(f"{word} {v}.__class__ is F: {name} = {v}" + (f"; {name}d = 1" if pair else ""))
            word = "elif"
        if guard is not None:
            failed_name = self.bind(failed, ("failure", failed.code))
            self.line(f"{word} {guard(values)}: {name} = {failed_name}" + (f"; {name}d = 1" if pair else ""))
            word = "elif"
        if word == "elif":
            self.line("else:")
            self.indent += 1
        self._assign(name, build(values))
        for text in settle(name, name + "d") if settle else ():
            self.line(text)
        if word == "elif":
            self.indent -= 1
        return Val(name, its_type, True, name + "d" if pair else "")

    def _joined(self, its_type: Type, built: str | tuple[str, str], depth: int) -> Val:
        if isinstance(built, tuple):
            return Val(built[0], its_type, False, built[1], depth)
        return Val(built, its_type, False, "", depth)

    def _assign(self, name: str, built: str | tuple[str, str]) -> None:
        if isinstance(built, tuple):
            self.line(f"{name} = {built[0]}")
            self.line(f"{name}d = {built[1]}")
        else:
            self.line(f"{name} = {built}")

    def branch(self) -> tuple[dict[int, Val], int]:
        """Start of a block: what it computes must not be used after it."""
        return dict(self.memo), len(self.lines)

    # -------------------------------------------------------------------------------------------------- branches

    def _if(self, expr: If) -> Val:
        condition = self.emit(expr.condition)
        if condition.fails:
            condition = self.stored(condition)
        name = self.fresh()
        before = dict(self.memo)
        lines, self.lines = self.lines, []
        self.indent += 1
        then = self.emit(expr.then)
        then_lines, self.lines = self.lines, []
        self.memo = dict(before)
        otherwise = self.emit(expr.otherwise)
        other_lines, self.lines = self.lines, lines
        self.memo = before
        self.indent -= 1
        fails = condition.fails or then.fails or otherwise.fails
        pair = isinstance(expr.type, Quotient)
        if not then_lines and not other_lines and not condition.fails and not pair:
            code = f"({then.code} if {condition.code} else {otherwise.code})"
            v = Val(code, expr.type, fails, "", 1 + max(then.depth, otherwise.depth, condition.depth))
            return self.stored(v) if fails else v
        if condition.fails:
            self.line(f"if {condition.code}.__class__ is F: {name} = {condition.code}" + (f"; {name}d = 1" * pair))
            self.line(f"elif {condition.code}:")
        else:
            self.line(f"if {condition.code}:")
        for branch_lines, v in ((then_lines, then), (other_lines, otherwise)):
            if v is otherwise:
                self.line("else:")
            self.lines += branch_lines
            self.indent += 1
            if pair:
                below = v.below or str(v.type.den if isinstance(v.type, Number) else 1)
                self._assign(name, (v.code, below))
            else:
                self.line(f"{name} = {v.code}")
            self.indent -= 1
        return Val(name, expr.type, fails, name + "d" if pair else "")

    def _logic(self, operands: Sequence[Expr], decides: bool) -> Val:
        """`&&` and `||`: a deciding operand wins over failures on both of its sides."""
        word = " or " if decides else " and "
        before = dict(self.memo)
        lines = self.lines
        blocks: list[tuple[list[str], Val]] = []
        self.indent += 1
        for position, operand in enumerate(operands):
            self.lines = []
            if position == 0:
                self.indent -= 1
            v = self.emit(operand)
            if position == 0:
                self.indent += 1
                before = dict(self.memo)
            blocks.append((self.lines, v))
            self.memo = dict(before)
        self.lines = lines
        self.indent -= 1
        self.lines += blocks[0][0]
        if not any(v.fails for _, v in blocks) and not any(b for b, _ in blocks[1:]):
            depth = 1 + max(v.depth for _, v in blocks)
            return Val("(" + word.join(v.code for _, v in blocks) + ")", types.BOOL, False, "", depth)
        name = self.fresh()
        self.line(f"{name} = {blocks[0][1].code}")
        for block, v in blocks[1:]:
            self.line(f"if {name} is not {decides}:")
            self.lines += block
            self.indent += 1
            value = v.code
            if not v.atom:
                value = self.fresh()
                self.line(f"{value} = {v.code}")
            self.line(f"if {value} is {decides}: {name} = {decides}")
            self.line(f"elif {name} is {not decides}: {name} = {value}")
            self.indent -= 1
        return Val(name, types.BOOL, any(v.fails for _, v in blocks))

    def _let(self, expr: Let) -> Val:
        value = self.stored(self.emit(expr.value))
        outer, memo = self.locals, dict(self.memo)
        self.locals = {**outer, expr.name: value}
        body = self.stored(self.emit(expr.body))
        self.locals, self.memo = outer, memo
        return body

    # --------------------------------------------------------------------------------------------------- records

    def _tuple(self, values: list[Val]) -> str:
        return "(" + "".join(v.code + ", " for v in values) + ")"

    def _field(self, expr: Field) -> Val:
        assert isinstance(expr.target.type, types.Record)
        position = [name for name, _ in expr.target.type.fields].index(expr.name)
        return self.strict(expr.type, (expr.target,), lambda v: f"{v[0].code}[{position}]")

    def _map(self, expr: MakeMap) -> Val:
        count = len(expr.keys)
        settle = None if _distinct_constants(expr.keys) else (lambda name, _: [f"if {name}.__class__ is F: pass"])

        def build(values: list[Val]) -> str:
            return f"S.make_map({self._tuple(values[:count])}, {self._tuple(values[count:])})"

        return self.strict(expr.type, (*expr.keys, *expr.values), build, settle)

    def _schedule(self, expr: MakeTiers, values: list[Val]) -> str:
        assert isinstance(expr.type, types.Tiers)
        n, m = len(expr.bounds), len(expr.rates)
        bounds = "".join(self.scaled(v, expr.type.bound.den) + ", " for v in values[:n])
        rates = "".join(self.scaled(v, expr.type.rate.den) + ", " for v in values[n : n + m])
        flats = "".join(self.scaled(v, expr.type.flat.den) + ", " for v in values[n + m :])
        return f"(({bounds}None,), ({rates}), ({flats}))"

    # ----------------------------------------------------------------------------------------------------- loops

    def _fold(self, expr: Fold) -> Val:
        over = self.stored(self.emit(expr.over))
        name = self.fresh()
        collecting = _collects(expr)
        if over.fails:
            self.line(f"if {over.code}.__class__ is F: {name} = {over.code}")
            self.line("else:")
            self.indent += 1
        outer, memo = self.locals, dict(self.memo)
        fails = self._loop(expr, over, name, collecting)
        self.locals, self.memo = outer, memo
        if over.fails:
            self.indent -= 1
        return Val(name, expr.type, fails or over.fails)

    def _loop(self, expr: Fold, over: Val, name: str, collecting: bool) -> bool:
        item = self.fresh()
        assert isinstance(over.type, types.List)
        states = [self.fresh() for _ in expr.state]
        fails_before = [True] * len(states) if expr.absorb else [False] * len(states)
        starts = [self.emit(s) for s in expr.starts]
        may_start_failed = any(s.fails for s in starts)
        for state, start in zip(states, starts, strict=True):
            self.line(f"{state} = " + ("[]" if collecting else start.code))
        failed = self.fresh()
        self.line(f"{failed} = None")
        self.locals = {**self.locals, expr.item: Val(item, over.type.item)}
        for own, state, its, fails in zip(expr.state, states, expr.starts, fails_before, strict=True):
            self.locals[own] = Val(state, its.type, fails)
        head = f"for {item} in {over.code}:"
        if expr.index:
            position = self.fresh()
            self.locals[expr.index] = Val(position, types.integer(0, over.type.max))
            head = f"for {position}, {item} in enumerate({over.code}):"
        self.line(head)
        before = dict(self.memo)
        self.indent += 1
        loop_fails = self._step(expr, states, failed, collecting)
        self.indent -= 1
        self.memo = before
        return self._after(expr, states, failed, name, collecting, loop_fails or may_start_failed)

    def _step(self, expr: Fold, states: list[str], failed: str, collecting: bool) -> bool:
        if expr.stop is not None:
            stop = self.stored(self.emit(expr.stop))
            self.line(f"if {stop.code} is True: break")
        if collecting:
            return self._collect(expr, states[0], failed)
        values = [self.stored(self.emit(step)) for step in expr.steps]
        fails = any(v.fails for v in values)
        if not expr.absorb:
            for v in values:
                if v.fails:
                    self.line(f"if {v.code}.__class__ is F:")
                    self.line(f" {failed} = {v.code}")
                    self.line(" break")
        targets, sources = ", ".join(states), ", ".join(v.code for v in values)
        if states:
            self.line(f"{targets} = {sources}")
        return fails

    def _collect(self, expr: Fold, state: str, failed: str) -> bool:
        """`map` and `filter` append to a Python list instead of copying a tuple for each item."""
        step = expr.steps[0]
        fails = False
        depth = 0
        while isinstance(step, If):
            condition = self.emit(step.condition)
            if condition.fails:
                condition = self.stored(condition)
                fails = True
                self._break_on(condition.code, failed)
            self.line(f"if {condition.code}:")
            self.indent += 1
            depth += 1
            step = step.then
        assert isinstance(step, Call)
        value = self.emit(step.arguments[1])
        if value.fails:
            value = self.stored(value)
            fails = True
            self._break_on(value.code, failed)
        self.line(f"{state}.append({value.code})")
        self.indent -= depth
        return fails

    def _break_on(self, code: str, failed: str) -> None:
        self.line(f"if {code}.__class__ is F:")
        self.line(f" {failed} = {code}")
        self.line(" break")

    def _after(self, expr: Fold, states: list[str], failed: str, name: str, collecting: bool, loop_fails: bool) -> bool:
        if collecting:
            self.line(f"{name} = tuple({states[0]}) if {failed} is None else {failed}")
            return loop_fails
        self.line(f"if {failed} is None:")
        self.indent += 1
        for own, state, start in zip(expr.state, states, expr.starts, strict=True):
            self.locals[own] = Val(state, start.type, expr.absorb and loop_fails)
        result = self.emit(expr.result)
        self.line(f"{name} = {result.code}")
        self.indent -= 1
        self.line(f"else: {name} = {failed}")
        return loop_fails or result.fails

    # ---------------------------------------------------------------------------------------------------- tables

    def _row(self, expr: Row) -> Val:
        table = self.program.tables[expr.table]
        select = self.bind(index.build(table), ("select", expr.table))
        keys = (*expr.keys, expr.at) if expr.at is not None else expr.keys

        def build(values: list[Val]) -> str:
            scaled = [
                self.scaled(v, t.den) if isinstance(t, Number) else v.code
                for v, t in zip(values, table.keys, strict=False)
            ]
            if expr.at is not None:
                scaled.append(values[-1].code)
            return f"{select}({', '.join(scaled)})"

        settle = (lambda name, _: []) if table.otherwise == "error" else None
        return self.strict(expr.type, keys, build, settle)

    def _column(self, expr: Column, factor: int | None) -> Val:
        """A cell of the selected row. For tiers, `factor` brings the bounds to the quantity's denominator."""
        table = self.program.tables[expr.table]
        cells: Any = table.columns[expr.column]
        if isinstance(expr.row.type, types.List):
            return self._collected_column(expr)
        if factor is not None:
            cells = [support.prepare(c, factor) for c in cells]
        own = self.bind(cells, ("column", expr.table, expr.column, factor))
        if (expr.table, expr.column) not in self.overridable:
            return self.strict(expr.type, (expr.row,), lambda v: f"{own}[{v[0].code}]")
        key = self.bind((expr.table, expr.column, factor), ("cell", expr.table, expr.column, factor))
        arguments = (expr.row,) if expr.at is None else (expr.row, expr.at)
        self.memo[self.numbering.of(expr.row)] = self.stored(self.emit(expr.row))

        def build(values: list[Val]) -> str:
            row = values[0].code
            at = values[1].code if expr.at is not None else "None"
            found = f"S.overridden({own}[{row}], o.get(({key}, {row})), {at})"
            return f"({own}[{row}] if o is None else {found})"

        return self.strict(expr.type, arguments, build)

    def _collected_column(self, expr: Column) -> Val:
        """The cells of all selected rows, under a hit policy that collects."""
        own = self.bind(self.program.tables[expr.table].columns[expr.column], ("column", expr.table, expr.column))
        if (expr.table, expr.column) not in self.overridable:
            return self.strict(expr.type, (expr.row,), lambda v: f"tuple([{own}[r] for r in {v[0].code}])")
        key = self.bind((expr.table, expr.column, None), ("cell", expr.table, expr.column, None))
        arguments = (expr.row,) if expr.at is None else (expr.row, expr.at)

        def build(values: list[Val]) -> str:
            at = values[1].code if expr.at is not None else "None"
            cells = f"(None if o is None else o.get(({key}, r)))"
            return f"tuple([S.overridden({own}[r], {cells}, {at}) for r in {values[0].code}])"

        return self.strict(expr.type, arguments, build)

    def tiers(self, expr: Expr, quantity_den: int) -> tuple[Val, int]:
        """A prepared schedule and the denominator over which quantities must be given to it."""
        assert isinstance(expr.type, types.Tiers)
        common = lcm(expr.type.bound.den, quantity_den)
        factor = common // expr.type.bound.den
        target = expr
        while isinstance(target, Read):
            target = self.program.nodes[target.node].expr
        if isinstance(target, Const):
            prepared = support.prepare(target.value, factor)
            return Val(self.bind(prepared, ("tiers", target.value, factor)), expr.type), common
        if isinstance(target, Column):
            return self.stored(self._column(target, factor)), common
        raw = self.emit(expr)
        v = self.stored(self.strict(expr.type, (expr,), lambda v: f"S.prepare({v[0].code}, {factor})"))
        return replace(v, fails=raw.fails), common

    # ----------------------------------------------------------------------------------------------------- calls

    def _call(self, expr: Call) -> Val:
        operation = OPERATIONS.get(expr.function)
        if operation is not None:
            return operation(self, expr)
        run = self.bind(FUNCTIONS[expr.function].run, ("function", expr.function))
        settle = (lambda name, _: []) if expr.may_fail else None
        return self.strict(expr.type, expr.arguments, lambda v: f"{run}({', '.join(x.code for x in v)})", settle)

    def scaled(self, v: Val, den: int) -> str:
        """The numerator of a number over another denominator, a multiple of its own."""
        assert isinstance(v.type, Number)
        factor = den // v.type.den
        assert factor * v.type.den == den
        if factor == 1:
            return v.code
        if v.code.isdigit():
            return str(int(v.code) * factor)
        return f"({v.code} * {factor})"

    def pair(self, v: Val) -> tuple[str, str]:
        """Numerator and denominator of any number."""
        if v.below:
            return v.code, v.below
        assert isinstance(v.type, Number)
        return v.code, str(v.type.den)

    def checked(self, expr: Call) -> Callable[[str, str], list[str]] | None:
        """The statements that turn an int outside 64 bits into a failure."""
        if not expr.may_fail:
            return None
        overflow = self.bind(failure.OVERFLOW, ("failure", "overflow"))
        return lambda name, _: [
            f"if not {types.INT64_MIN} <= {name} <= {types.INT64_MAX}: {name} = {overflow}",
        ]


def _distinct_constants(keys: Sequence[Expr]) -> bool:
    values = [k.value for k in keys if isinstance(k, Const)]
    return len(values) == len(keys) and len({(type(v), v) for v in values}) == len(keys)


def _collects(expr: Fold) -> bool:
    """Whether a fold only appends to its single list."""
    if len(expr.state) != 1 or expr.absorb or not isinstance(expr.result, Local):
        return False
    start, step = expr.starts[0], expr.steps[0]
    if not (isinstance(start, Const) and start.value == () and isinstance(start.type, types.List)):
        return False
    own = expr.state[0]
    while isinstance(step, If):
        if step.otherwise != Local(start.type, own):
            return False
        step = step.then
    return isinstance(step, Call) and step.function == "append" and step.arguments[0] == Local(start.type, own)


# ------------------------------------------------------------------------------------------------------- operations

Operation = Callable[[_Writer, Call], Val]


def _times(a: str, b: str) -> str:
    """Product of two codes, without the factor 1."""
    if a == "1":
        return b
    return a if b == "1" else f"{a} * {b}"


def _add(w: _Writer, expr: Call) -> Val:
    if isinstance(expr.type, Quotient):
        sign = -1 if expr.function == "subtract" else 1

        def build_pair(values: list[Val]) -> tuple[str, str]:
            n, d = w.pair(values[0])
            for v in values[1:]:
                m, e = w.pair(v)
                word = "-" if sign < 0 else "+"
                if d == e:
                    n = f"({n} {word} {m})"
                else:
                    n, d = f"({_times(n, e)} {word} {_times(m, d)})", f"({_times(d, e)})"
            return n, d

        return w.strict(expr.type, expr.arguments, build_pair)
    assert isinstance(expr.type, Number)
    den = expr.type.den
    word = " - " if expr.function == "subtract" else " + "
    if expr.may_fail and len(expr.arguments) > 2:
        return _stepwise(w, expr, word)
    return w.strict(
        expr.type,
        expr.arguments,
        lambda values: "(" + word.join(w.scaled(v, den) for v in values) + ")",
        w.checked(expr),
    )


def _stepwise(w: _Writer, expr: Call, word: str) -> Val:
    """A long int sum or product that may overflow: each step is checked, as if it were written alone."""

    def settle(name: str, _: str) -> list[str]:
        return []

    run = w.bind(_checked_sum if word == " + " else _checked_product, ("stepwise", word))
    return w.strict(expr.type, expr.arguments, lambda v: f"{run}(({', '.join(x.code for x in v)},))", settle)


def _checked_sum(values: Sequence[int]) -> Any:
    total = 0
    for value in values:
        total += value
        if not types.INT64_MIN <= total <= types.INT64_MAX:
            return failure.OVERFLOW
    return total


def _checked_product(values: Sequence[int]) -> Any:
    total = 1
    for value in values:
        total *= value
        if not types.INT64_MIN <= total <= types.INT64_MAX:
            return failure.OVERFLOW
    return total


def _multiply(w: _Writer, expr: Call) -> Val:
    if isinstance(expr.type, Quotient):

        def build_pair(values: list[Val]) -> tuple[str, str]:
            pairs = [w.pair(v) for v in values]
            n, d = pairs[0]
            for m, e in pairs[1:]:
                n, d = _times(n, m), _times(d, e)
            return f"({n})", f"({d})" if not d.isidentifier() and not d.isdigit() else d

        return w.strict(expr.type, expr.arguments, build_pair)
    if expr.may_fail and len(expr.arguments) > 2:
        return _stepwise(w, expr, " * ")
    return w.strict(
        expr.type,
        expr.arguments,
        lambda values: (
            "(" + " * ".join(v.code for v in values if v.code != "1" or len(values) == 1) + ")"
            if any(v.code != "1" for v in values)
            else "1"
        ),
        w.checked(expr),
    )


def _divide(w: _Writer, expr: Call) -> Val:
    divisor = expr.arguments[1].type
    low = divisor.lo if isinstance(divisor, Number | Quotient) else 0

    def build(values: list[Val]) -> tuple[str, str]:
        (an, ad), (bn, bd) = w.pair(values[0]), w.pair(values[1])
        return f"({_times(an, bd)})", f"({_times(ad, bn)})"

    def sign(name: str, below: str) -> list[str]:
        return [] if low >= 0 else [f"if {below} < 0: {name} = -{name}; {below} = -{below}"]

    if low > 0:
        return w.strict(expr.type, expr.arguments, build)
    guard = (lambda values: f"{values[1].code} == 0") if expr.may_fail else None
    v = w.strict(expr.type, expr.arguments, build, sign, guard)
    return v if expr.may_fail or any(w.emit(a).fails for a in expr.arguments) else replace(v, fails=False)


def _truncating(w: _Writer, expr: Call) -> Val:
    a, b = expr.arguments[0].type, expr.arguments[1].type
    assert isinstance(a, Number)
    assert isinstance(b, Number)
    assert isinstance(expr.type, Number)
    den = lcm(a.den, b.den)
    positive = a.lo >= 0 and b.lo > 0
    modulo = expr.function == "remainder"

    def build(values: list[Val]) -> str:
        x, y = w.scaled(values[0], den), w.scaled(values[1], den)
        if modulo:
            rest = f"({x} % {y})" if positive else f"S.remainder({x}, {y})"
            return rest
        return f"({x} // {y})" if positive else f"S.truncate({x}, {y})"

    never_zero = b.lo > 0 or b.hi < 0
    guard = None if never_zero else (lambda values: f"{values[1].code} == 0")
    wide = Number(True, lo=types.INT64_MIN, hi=types.INT64_MAX)
    bounded = not expr.type.integer or (expr.type.lo > wide.lo and expr.type.hi < wide.hi)
    settle = None if bounded or not expr.may_fail else w.checked(expr)
    return w.strict(expr.type, expr.arguments, build, settle, guard)


def _negate(w: _Writer, expr: Call) -> Val:
    if isinstance(expr.type, Quotient):
        return w.strict(expr.type, expr.arguments, lambda v: (f"(-{v[0].code})", v[0].below))
    return w.strict(expr.type, expr.arguments, lambda v: f"(-{v[0].code})", w.checked(expr))


def _abs(w: _Writer, expr: Call) -> Val:
    if isinstance(expr.type, Quotient):
        return w.strict(expr.type, expr.arguments, lambda v: (f"abs({v[0].code})", v[0].below))
    return w.strict(expr.type, expr.arguments, lambda v: f"abs({v[0].code})", w.checked(expr))


def _floor(w: _Writer, expr: Call) -> Val:
    def build(values: list[Val]) -> str:
        n, d = w.pair(values[0])
        if d == "1":
            return n
        return f"({n} // {d})" if expr.function == "floor" else f"(-(-{n} // {d}))"

    return w.strict(expr.type, expr.arguments, build, w.checked(expr))


def _round(w: _Writer, expr: Call) -> Val:
    amount, places, mode = expr.arguments
    assert isinstance(places, Const)
    assert isinstance(mode, Const)
    assert isinstance(expr.type, Number)
    up, step = (10**places.value, 1) if places.value >= 0 else (1, 10**-places.value)
    low = amount.type.lo if isinstance(amount.type, Number | Quotient) else -1

    def build(values: list[Val]) -> str:
        n, d = w.pair(values[0])
        if isinstance(amount.type, Quotient):
            code = _division(w, _times(n, str(up)), _times(d, str(step)), mode.value, low)
        else:
            below = int(d) * step
            common = gcd(up, below)
            code = _division(w, _times(n, str(up // common)), str(below // common), mode.value, low)
        return f"({code})" if step == 1 else f"({code} * {step})"

    return w.strict(expr.type, (amount,), build, w.checked(expr))


def _round_by(w: _Writer, expr: Call) -> Val:
    amount, places, mode = expr.arguments
    assert isinstance(mode, Const)
    assert isinstance(expr.type, Number)
    run = w.bind(BY_MODE[mode.value], ("round", mode.value))
    den = expr.type.den

    def build(values: list[Val]) -> str:
        n, d = w.pair(values[0])
        return f"S.round_by({n}, {d}, {values[1].code}, {den}, {run})"

    return w.strict(expr.type, (amount, places), build)


def _division(w: _Writer, n: str, d: str, mode: str, low: int) -> str:
    """n / d rounded; the commonest modes of a number that is never negative are written in line."""
    if d == "1":
        return n
    if low >= 0 and d.isdigit():
        if mode == "half_up":
            return f"({n} * 2 + {d}) // {2 * int(d)}"
        if mode in ("floor", "down"):
            return f"({n}) // {d}"
    run = w.bind(BY_MODE[mode], ("round", mode))
    return f"{run}({n}, {d})"


def _compare(sign: str) -> Operation:
    def operation(w: _Writer, expr: Call) -> Val:
        def build(values: list[Val]) -> str:
            a, b = values
            if a.below or b.below:
                (an, ad), (bn, bd) = w.pair(a), w.pair(b)
                return f"({_times(an, bd)} {sign} {_times(bn, ad)})"
            if isinstance(a.type, Number) and isinstance(b.type, Number):
                den = lcm(a.type.den, b.type.den)
                return f"({w.scaled(a, den)} {sign} {w.scaled(b, den)})"
            return f"({a.code} {sign} {b.code})"

        return w.strict(types.BOOL, expr.arguments, build)

    return operation


def _extreme(w: _Writer, expr: Call) -> Val:
    if not isinstance(expr.type, Quotient):
        return w.strict(expr.type, expr.arguments, lambda v: f"{expr.function}({', '.join(x.code for x in v)})")
    a, b = (w.stored(w.emit(x)) for x in expr.arguments)
    name = w.fresh()
    (an, ad), (bn, bd) = w.pair(a), w.pair(b)
    sign = "<=" if expr.function == "min" else ">="
    word = "if"
    for v in (a, b):
        if v.fails:
            w.line(f"{word} {v.code}.__class__ is F: {name} = {v.code}; {name}d = 1")
            word = "elif"
    w.line(f"{word} {_times(an, bd)} {sign} {_times(bn, ad)}: {name} = {an}; {name}d = {ad}")
    w.line(f"else: {name} = {bn}; {name}d = {bd}")
    return Val(name, expr.type, a.fails or b.fails, name + "d")


def _convert(w: _Writer, expr: Call) -> Val:
    source, target = expr.arguments[0].type, expr.type
    if isinstance(target, Quotient):
        return w.strict(target, expr.arguments, lambda v: w.pair(v[0]))
    return w.strict(target, expr.arguments, lambda v: _rescaling(w, v[0].code, source, target))


def _rescaling(w: _Writer, code: str, source: Type, target: Type) -> str:
    """Code that brings a held value from one type to another that holds it."""
    match source, target:
        case (Number(), Number()):
            return w.scaled(Val(code, source), target.den)
        case (Limit(), Limit()):
            factor = target.number.den // source.number.den
            return code if factor == 1 else f"S.limit_scaled({code}, {factor})"
        case (Number(), Limit()):
            return w.scaled(Val(code, source), target.number.den)
        case (types.Optional(), types.Optional()):
            inner = _rescaling(w, "x", source.item, target.item)
            return code if inner == "x" else f"(None if (x := {code}) is None else {inner})"
        case (_, types.Optional()):
            return _rescaling(w, code, source, target.item)
        case (types.List(), types.List()):
            name = f"i{code.count('for ')}"
            inner = _rescaling(w, name, source.item, target.item)
            return code if inner == name else f"tuple([{inner} for {name} in {code}])"
        case (types.Map(), types.Map()):
            inner = _rescaling(w, "i", source.value, target.value)
            return code if inner == "i" else f"{{k: {inner} for k, i in {code}.items()}}"
        case (types.Record(), types.Record()):
            name = "r"
            pairs = zip(source.fields, target.fields, strict=True)
            parts = [_rescaling(w, f"{name}[{i}]", a, b) for i, ((_, a), (_, b)) in enumerate(pairs)]
            if all(part == f"{name}[{i}]" for i, part in enumerate(parts)):
                return code
            return f"(lambda {name}: ({', '.join(parts)},))({code})"
    return code


def _limit_compare(template: str) -> Operation:
    def operation(w: _Writer, expr: Call) -> Val:
        a, b = expr.arguments[0].type, expr.arguments[1].type
        assert isinstance(a, Limit)
        assert isinstance(b, Limit)
        den = lcm(a.number.den, b.number.den)

        def build(values: list[Val]) -> str:
            x, y = (_limit_scaled(v.code, den // t.number.den) for v, t in zip(values, (a, b), strict=True))
            return template.format(x, y)

        return w.strict(expr.type, expr.arguments, build)

    return operation


def _limit_scaled(code: str, factor: int) -> str:
    return code if factor == 1 else f"S.limit_scaled({code}, {factor})"


def _limit_extreme(w: _Writer, expr: Call) -> Val:
    lower = expr.function == "limit_min"

    def build(values: list[Val]) -> str:
        a, b = (v.code for v in values)
        test = f"S.limit_below({b}, {a})" if lower else f"S.limit_below({a}, {b})"
        return f"({b} if {test} else {a})"

    return w.strict(expr.type, expr.arguments, build)


def _limit_subtract(w: _Writer, expr: Call) -> Val:
    a, b = expr.arguments[0].type, expr.arguments[1].type
    assert isinstance(a, Limit)
    assert isinstance(b, Number)
    assert isinstance(expr.type, Limit)
    den = expr.type.number.den

    def build(values: list[Val]) -> str:
        x = values[0].code
        return f"({x} if {x} == {unlimited} else {_number_scaled(x, den // a.number.den)} - {w.scaled(values[1], den)})"

    unlimited = w.bind(support.UNLIMITED, ("str", support.UNLIMITED))
    return w.strict(expr.type, expr.arguments, build)


def _number_scaled(code: str, factor: int) -> str:
    return code if factor == 1 else f"{code} * {factor}"


def _text(w: _Writer, expr: Call) -> Val:
    source = expr.arguments[0].type

    def build(values: list[Val]) -> str:
        code = values[0].code
        if isinstance(source, Number | Limit):
            den = source.den if isinstance(source, Number) else source.number.den
            return f"S.number_text({code}, {den})"
        if source == types.TIMESTAMP:
            return f"S.timestamp_text({code})"
        if source == types.DURATION:
            return f"S.duration_text({code})"
        if source == types.BOOL:
            return f"({w.bind('true', ('str', 'true'))} if {code} else {w.bind('false', ('str', 'false'))})"
        return code

    return w.strict(expr.type, expr.arguments, build)


def _tiered(function: str) -> Operation:
    def operation(w: _Writer, expr: Call) -> Val:
        quantity_type = expr.arguments[1].type
        assert isinstance(quantity_type, Number)
        schedule, den = w.tiers(expr.arguments[0], quantity_type.den)
        flags = "".join(f", {bool(a.value)}" for a in expr.arguments[2:] if isinstance(a, Const))

        def build(values: list[Val]) -> str:
            code = f"S.{function}({schedule.code}, {w.scaled(values[0], den)}{flags})"
            if not isinstance(expr.type, Number):
                return code
            t = expr.arguments[0].type
            assert isinstance(t, types.Tiers)
            own = {"tier_index": 1, "graduated": t.rate.den * den, "volume": t.rate.den * den}.get(function, t.flat.den)
            assert own == expr.type.den
            return code

        v = w.strict(expr.type, (expr.arguments[1],), build)
        if not schedule.fails:
            return v
        v = w.stored(v)
        name = w.fresh()
        w.line(f"{name} = {schedule.code} if {schedule.code}.__class__ is F else {v.code}")
        return replace(v, code=name, fails=True)

    return operation


def _simple(template: str, may_fail: bool = False) -> Operation:
    """An operation written as a format of its arguments' codes."""

    def operation(w: _Writer, expr: Call) -> Val:
        settle = (lambda name, _: []) if may_fail else None
        return w.strict(expr.type, expr.arguments, lambda v: template.format(*(x.code for x in v)), settle)

    return operation


def _bounded(w: _Writer, expr: Call) -> Val:
    target = expr.type
    assert isinstance(target, Number)

    def build(values: list[Val]) -> str:
        return f"S.bounded({w.scaled(values[0], target.den)}, {target.lo}, {target.hi})"

    return w.strict(target, expr.arguments, build, lambda name, _: [])


def _sum(w: _Writer, expr: Call) -> Val:
    return w.strict(expr.type, expr.arguments, lambda v: f"sum({v[0].code})", w.checked(expr))


def _optional_field(w: _Writer, expr: Call) -> Val:
    target, name = expr.arguments
    assert isinstance(target.type, types.Optional)
    assert isinstance(target.type.item, types.Record)
    assert isinstance(name, Const)
    position = [n for n, _ in target.type.item.fields].index(name.value)

    def build(values: list[Val]) -> str:
        code = values[0].code
        return f"(None if {code} is None else {code}[{position}])"

    return w.strict(expr.type, (target,), build)


OPERATIONS: dict[str, Operation] = {
    "add": _add,
    "subtract": _add,
    "multiply": _multiply,
    "divide": _divide,
    "truncate_divide": _truncating,
    "remainder": _truncating,
    "negate": _negate,
    "abs": _abs,
    "floor": _floor,
    "ceil": _floor,
    "round": _round,
    "round_by": _round_by,
    "min": _extreme,
    "max": _extreme,
    "sum": _sum,
    "min_of": _simple("S.least({})", may_fail=True),
    "max_of": _simple("S.most({})", may_fail=True),
    "convert": _convert,
    "lt": _compare("<"),
    "le": _compare("<="),
    "gt": _compare(">"),
    "ge": _compare(">="),
    "eq": _compare("=="),
    "not": _simple("(not {})"),
    "limit": _convert,
    "limit_lt": _limit_compare("S.limit_below({0}, {1})"),
    "limit_le": _limit_compare("(not S.limit_below({1}, {0}))"),
    "limit_gt": _limit_compare("S.limit_below({1}, {0})"),
    "limit_ge": _limit_compare("(not S.limit_below({0}, {1}))"),
    "limit_min": _limit_extreme,
    "limit_max": _limit_extreme,
    "limit_subtract": _limit_subtract,
    "is_present": _simple("({} is not None)"),
    "or_value": _simple("({1} if {0} is None else {0})"),
    "present": _simple("{}"),
    "optional_field": _optional_field,
    "concat": _simple("({} + {})"),
    "append": _simple("(*{}, {})"),
    "size": _simple("len({})"),
    "item": _simple("S.item({}, {})", may_fail=True),
    "optional_item": _simple("S.optional_item({}, {})"),
    "value_of": _simple("S.value_of({}, {})", may_fail=True),
    "optional_value": _simple("{}.get({})"),
    "in_list": _simple("({} in {})"),
    "in_map": _simple("({} in {})"),
    "bounded": _bounded,
    "stretches": _simple("S.stretches({}, {}, {}, {})", may_fail=True),
    "override_dates": _simple("S.override_dates(o, {})"),
    "sort_by": _simple("S.sort_by({}, {}, {})", may_fail=True),
    "keys": _simple("tuple({})"),
    "text": _text,
    "graduated": _tiered("graduated"),
    "graduated_flat": _tiered("graduated_flat"),
    "volume": _tiered("volume"),
    "volume_flat": _tiered("volume_flat"),
    "tier_index": _tiered("tier_index"),
    "seconds_between": _simple("({1} - {0})"),
    "time_between": _simple("({} - {})"),
    "add_time": _simple("S.instant({} + {})", may_fail=True),
    "subtract_time": _simple("S.instant({} - {})", may_fail=True),
    "add_duration": _simple("S.span({} + {})", may_fail=True),
    "subtract_duration": _simple("S.span({} - {})", may_fail=True),
}
