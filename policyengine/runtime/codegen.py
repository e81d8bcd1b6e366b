"""The code generator: one Python function per entry point, over ints with static denominators.

The generated function takes the held facts and the tenant's cells and returns the values of the entry's outputs.
It divides only in rounding, `div`, `%`, `floor` and `ceil`; every other step is exact integer arithmetic. Equal
sub-expressions are computed once (value numbering); what is used once is computed where it is used, so that a branch
not taken costs nothing. Only what can fail carries a Failure, in the value's own variable.

No text of a bundle ever appears in generated source: constants are bound by name. The source is data for `exec` of this
module alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import lcm
from typing import Any

from policyengine.runtime import costs, index, library, periods, schedules, zoned
from policyengine.runtime.code_writer import Settle, TooDeep, Val, Writer, as_built, is_pair, without_unused
from policyengine.runtime.emission import OPERATIONS
from policyengine.runtime.failure import Failure
from policyengine.runtime.functions.operators import joined
from policyengine.runtime.heights import Heights, always
from policyengine.runtime.intake import Intake
from policyengine.runtime.limits import Meter
from policyengine.runtime.numbering import Numbering
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
)
from policyengine.runtime.remembered import Remembered
from policyengine.values import types
from policyengine.values.civil import DAY
from policyengine.values.types import Number, Type

Decide = Callable[[Sequence[Any], Any], tuple[Any, ...]]
"""The held values of an entry's outputs, guards, requirements and checks, for held facts and the tenant's cells."""
Asked = Callable[..., Any]
"""A decision for (input, tenant, at, event, purpose)."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What the function of a request needs from the engine.

    A state is one tuple: the owner, event, purpose, the held facts and the held values. `made` is the class of a
    decision of values that have not failed, `examine(state)` makes one of values that may have; `cells` gives a
    tenant's overrides, `left` answers a request that is not as usual, and `in_force` checks the instant, where a
    version has an end.
    """

    owner: object
    made: type
    examine: Callable[..., Any]
    cells: Callable[[Any], Any]
    left: Asked
    in_force: Callable[[int], None] | None


DEPTH_MAX = 12
"""Sub-expressions written inside one another before a variable is made: far below CPython's parser limits."""
HEIGHT_MAX = 8
"""Nodes written inside one another before one is computed ahead."""
REMEMBERED_MIN = 256
"""Rows of a table whose cells are worth remembering: a smaller one stays in the processor's memory by itself."""
CUT = 24
"""Levels of one expression that are written in one go: each takes some ten frames of the stack."""


def generate(program: Program, entry: Entry, order: Sequence[str]) -> Decide:
    """The function of an entry point from held facts and the tenant's cells.

    It is quick: where anything fails on the way, it asks the careful one, made when it is first needed, which carries
    failures as values and so knows which of them the answer really meets.
    """
    decide: Decide = Generator(program, entry, order, leaves=True).compiled({"C": _careful(program, entry, order)})
    return decide


def generate_asked(program: Program, entry: Entry, order: Sequence[str], hands: Hands) -> Asked:
    """The function of an entry point from a request as it is given; as quick."""
    names = {
        "P": hands.owner,
        "D": hands.made,
        "V": hands.examine,
        "O": hands.cells,
        "L": hands.left,
        "X": hands.in_force,
        "C": _careful(program, entry, order),
    }
    writer = Generator(program, entry, order, leaves=True, remembers=True)
    asked: Asked = writer.compiled(names, Intake(program, entry))
    return asked


def _careful(program: Program, entry: Entry, order: Sequence[str]) -> Decide:
    made: list[Decide] = []

    def carefully(facts: Sequence[Any], cells: Any) -> tuple[Any, ...]:
        if not made:
            made.append(generate_careful(program, entry, order))
        return made[0](facts, cells)

    return carefully


def generate_careful(program: Program, entry: Entry, order: Sequence[str]) -> Decide:
    """The function that carries failures as values; for tests that compare it with the quick one."""
    decide: Decide = Generator(program, entry, order).compiled({})
    return decide


def source_of(program: Program, entry: Entry, order: Sequence[str]) -> str:
    """The generated source, for people who want to read it."""
    return Generator(program, entry, order, leaves=True, remembers=True).source(Intake(program, entry))


class Generator(Writer):
    """The writer that knows every kind of expression; `memo` holds the values that have a name already.

    A function that `remembers` finds the cells of a large table that were asked for before in one step.
    """

    def __init__(
        self, program: Program, entry: Entry, order: Sequence[str], leaves: bool = False, remembers: bool = False
    ) -> None:
        super().__init__(leaves)
        self.remembers = remembers
        self.program = program
        self.entry = entry
        self.order = [n for n in order if not self.is_later(n)]
        self.metered = costs.may_exceed(program, order)
        self.numbering = Numbering(program, self.metered)
        self.heights = Heights()
        self.loops = 0
        self.memo: dict[int, Val] = {}
        self.held: dict[int, Val] = {}
        """Charged arguments of the operation that is being written, by their ids: they are computed just once."""
        self.locals: dict[str, Val] = {}
        self.facts: set[int] = set()
        self.overridable = {
            (table, column)
            for tables in program.tenant_cells.values()
            for table, cells in tables.items()
            for _, column in cells
        }

    def is_later(self, name: str) -> bool:
        """Whether a node is computed when it is asked for, not here."""
        return self.program.nodes[name].deferred

    # ------------------------------------------------------------------------------------------------- the whole

    def compiled(self, names: dict[str, Any], intake: Intake | None = None) -> Any:
        source = self.source(intake)
        names = {**self.names, **names, **(intake.names if intake is not None else {})}
        exec(compile(source, f"<{self.program.bundle}:{self.entry.name}>", "exec"), names)
        return names["decide"]

    def source(self, intake: Intake | None = None) -> str:
        """The function's text; with an intake it takes a request as it is given, else held facts."""
        facts = ""
        if intake is not None:
            facts = "".join(f"{code}, " for code in intake.held)
            self.leave = f"f = ({facts}); return V((P, event, purpose, *f, *C(f, o)))"
        for name in self.order:
            self.numbering.node(name)
        results = [node for _, node in self.entry.outputs]
        results += [*self.entry.guards, *self.entry.requires, *self.entry.checks]
        for node in results:
            self.numbering.uses[self.numbering.of_node.get(node, -1)] += 1
        for name in self._ahead():
            self.memo[self.numbering.of_node[name]] = self.stored(self.read(name))
        found = {node: self.result(node) for node in results if not self.is_later(node)}
        if intake is not None:  # they are asked what they are, and answered with
            asked = [node for node, v in found.items() if v.fails or node in self.entry.checks]
            found |= {node: self.stored(found[node]) for node in asked}
        values = [self._returned(found[node]) if node in found else "None" for node in results]
        if intake is None:
            self.line(f"return ({', '.join(values)}{',' if values else ''})")
            head = ["def decide(f, o):", *(f" f{index} = f[{index}]" for index in sorted(self.facts))]
        else:
            made = f"(P, event, purpose, {facts}{', '.join(values)})"
            doubts = [f"{v.code}.__class__ is F" for v in found.values() if v.fails]
            doubts += [f"{found[check].code} is not True" for check in self.entry.checks]
            if doubts:
                self.line(f"if {' or '.join(doubts)}: return V({made})")
            self.line("d = D()")
            self.line(f"d._state = {made}")
            self.line("return d")
            head = [
                "def decide(input, tenant=None, at=None, event=None, purpose=None):",
                " g = input",
                *intake.statements(),
            ]
            head += [" X(f0)"] * (self.program.effective != (None, None)) + [" o = O(tenant)"]
        if self.metered:
            self.names["M"] = Meter
            head.append(" m = M()")
        return "\n".join([*head, *without_unused(self.lines), ""])

    def _ahead(self) -> list[str]:
        """The nodes to compute before they are used: those used twice, and every few of a long chain."""
        ahead: list[str] = []
        height: dict[int, int] = {}
        for name in self.order:
            number = self.numbering.of_node[name]
            if number in height:
                continue
            own = 1 + max((height.get(n, 0) for n in self._node_reads(name)), default=0)
            is_shared = self.numbering.uses[number] > 1 and not self._is_prepared(name)
            if is_shared or own > HEIGHT_MAX or name in self.numbering.charged_nodes:
                ahead.append(name)
                own = 0
            height[number] = own
        return ahead

    def _is_prepared(self, name: str) -> bool:
        """Whether a node is tiers of a table, which are read in their prepared form and hardly ever as they are."""
        node = self.program.nodes[name]
        return isinstance(node.type, types.Tiers) and isinstance(node.expr, Column)

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

    def result(self, name: str) -> Val:
        """A value that the function returns."""
        return self.read(name)

    # ----------------------------------------------------------------------------------------------- expressions

    def read(self, name: str) -> Val:
        known = self.memo.get(self.numbering.of_node[name])
        if known is not None:
            return _as_asked(known, self.program.nodes[name].type)
        return self.emit(self.program.nodes[name].expr)

    def behind(self, expr: Expr) -> Expr:
        while isinstance(expr, Read) and self.numbering.of(expr) not in self.memo:
            expr = self.program.nodes[expr.node].expr
        return expr

    def emit(self, expr: Expr) -> Val:
        return _as_asked(self._emitted(expr), expr.type)

    def _emitted(self, expr: Expr) -> Val:
        number = self.numbering.of(expr)
        charged = number in self.numbering.charged and not isinstance(expr, Read)
        known = self.held.get(id(expr))
        if known is None and not charged:
            known = self.memo.get(number)
        if known is not None:
            return known
        outer = self.held
        if self.heights.of(expr) > CUT:
            self._cut(expr)
        v = self._written(expr, number, charged)
        self.held = outer
        return v

    def _cut(self, expr: Expr) -> None:
        """Write the parts of a deep expression that are computed in any case, from below, each by itself."""
        parts: list[Expr] = []
        pending = [expr]
        while pending:
            for part in always(pending.pop()):
                if self.heights.of(part) >= CUT:
                    pending.append(part)
                    if self.heights.of(part) % CUT == 0:
                        parts.append(part)
        self.held = dict(self.held)
        for part in sorted(parts, key=self.heights.of):
            self.held[id(part)] = self.stored(self.emit(part))

    def _written(self, expr: Expr, number: int, charged: bool) -> Val:
        while isinstance(expr, Read):  # a loop: names of names may form a long chain
            expr = self.program.nodes[expr.node].expr
        v = self._emit(expr)
        if charged:  # where it stands, and as often as it stands
            return self.stored(v)
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
                self.facts.add(expr.index)
                return Val(f"f{expr.index}", expr.type)
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

    def constant(self, value: Any, its_type: Type) -> Val:
        if value is None or value is True or value is False:
            return Val(repr(value), its_type)
        if type(value) is int:
            return Val(str(value) if value >= 0 else f"({value})", its_type)
        return Val(self.bind(value, (type(value).__name__, value)), its_type)

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
        pair = is_pair(expr.type)
        if not then_lines and not other_lines and not condition.fails and not pair:
            code = f"({then.code} if {condition.code} else {otherwise.code})"
            v = Val(code, expr.type, fails, "", 1 + max(then.depth, otherwise.depth, condition.depth))
            return self.stored(v) if fails else v
        if condition.fails:
            self.line(f"if {condition.code}.__class__ is F: {name} = {condition.code}" + (f"; {name}d = 1" * pair))
            self.line(f"elif {condition.code}:")
        else:
            self.line(f"if {condition.code}:")
        for branch_lines, v, opening in ((then_lines, then, ""), (other_lines, otherwise, "else:")):
            if opening:
                self.line(opening)
            self.lines += branch_lines
            self.indent += 1
            if pair:
                self.assign(name, (v.code, v.below or str(v.type.den if isinstance(v.type, Number) else 1)))
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
        settle = None if _distinct_constants(expr.keys) else as_built

        def build(values: list[Val]) -> str:
            return f"S.make_map({self._tuple(values[::2])}, {self._tuple(values[1::2])})"

        return self.strict(expr.type, tuple(children(expr)), build, settle)

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
        collecting = collected(expr) is not None
        if over.fails:
            self.line(f"if {over.code}.__class__ is F: {name} = {over.code}")
            self.line("else:")
            self.indent += 1
        outer, memo = self.locals, dict(self.memo)
        if self.metered and expr.cost:
            self.line(f"m.charge({expr.cost} * len({over.code}))")
        fails = self._loop(expr, over, name, collecting)
        self.locals, self.memo = outer, memo
        if over.fails:
            self.indent -= 1
        return Val(name, expr.type, fails or over.fails)

    def _loop(self, expr: Fold, over: Val, name: str, collecting: bool) -> bool:
        item = self.fresh()
        assert isinstance(over.type, types.List)
        states = [self.fresh() for _ in expr.state]
        starts = [self.emit(s) for s in expr.starts]
        fails_before = [expr.absorb or start.fails for start in starts]  # a start may have failed before any turn
        may_start_failed = any(s.fails for s in starts)
        for state, start in zip(states, starts, strict=True):
            self.line(f"{state} = " + ("[]" if collecting else start.code))
        failed = self.fresh()
        self.line(f"{failed} = None")
        bound = {expr.item, expr.index, *expr.state}
        self.memo = {n: v for n, v in self.memo.items() if bound.isdisjoint(self.numbering.variables[n])}
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
        self.loops += 1
        loop_fails = self._step(expr, states, failed, collecting)
        self.loops -= 1
        self.indent -= 1
        self.memo = before
        fails_after = [start.fails or (expr.absorb and loop_fails) for start in starts]
        for own, state, its, fails in zip(expr.state, states, expr.starts, fails_after, strict=True):
            self.locals[own] = Val(state, its.type, fails)
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
        result = self.emit(expr.result)
        self.line(f"{name} = {result.code}")
        self.indent -= 1
        self.line(f"else: {name} = {failed}")
        return loop_fails or result.fails

    # ---------------------------------------------------------------------------------------------------- tables

    def _row(self, expr: Row) -> Val:
        table = self.program.tables[expr.table]
        rows = index.plain_rows(table, [key.type for key in expr.keys])
        if rows is not None:
            return self._plain_row(expr, table, rows)
        keys = (*expr.keys, expr.at) if expr.at is not None else expr.keys
        found = index.stretches(table, [key.type for key in expr.keys])
        select = self.bind(index.build(table), ("select", expr.table)) if found is None else ""

        def build(values: list[Val]) -> str:
            scaled = [
                self.scaled(v, t.den) if isinstance(t, Number) else v.code
                for v, t in zip(values, table.keys, strict=False)
            ]
            if expr.at is not None:
                scaled.append(values[-1].code)
            return f"{select}({', '.join(scaled)})" if found is None else self._bisected(expr.table, found, scaled)

        settle = as_built if self._may_miss(expr, table) else None
        return self.strict(expr.type, keys, build, settle)

    def _bisected(self, table: str, found: tuple[int, dict[Any, index.Stretch]], keys: list[str]) -> str:
        """The row where one key lies between edges, which the other keys pick."""
        ranged, by_key = found
        at = keys.pop(ranged)
        none = ((), (index.missing(self.program.tables[table]),))
        if not keys:
            edges, rows = (self.bind(part) for part in by_key.get((), none))
            return f"{rows}[R({edges}, {at})]"
        key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
        own = self.fresh()
        picked = self.bind(by_key, ("stretches", table))
        self.line(f"{own} = {picked}.get({key}, {self.bind(none, ('no stretch', table))})")
        return f"{own}[1][R({own}[0], {at})]"

    def _may_miss(self, expr: Row, table: TableData) -> bool:
        """Whether there may be no row: the author said so, or a key may be a text that is no member of the enum."""
        return table.otherwise == "error" or not index.are_proved(table, [key.type for key in expr.keys])

    def _plain_row(self, expr: Row, table: TableData, rows: Mapping[Any, Any]) -> Val:
        """A table of equalities is one dict, asked in line."""
        whole = self.bind(rows, ("rows", expr.table))
        missing_row = index.missing(table)
        missing = self.constant(missing_row, expr.type).code

        def build(values: list[Val]) -> str:
            pairs = zip(values, table.keys, strict=True)
            scaled = [self.scaled(v, t.den) if isinstance(t, Number) else v.code for v, t in pairs]
            if nested is not None:
                outer, inner, rest = nested
                name, steps = self.bind(rest, ("rest", expr.table)), [scaled[outer], scaled[inner]]
            else:
                name, steps = whole, [scaled[0] if len(scaled) == 1 else f"({', '.join(scaled)})"]
            if complete:
                return name + "".join(f"[{step}]" for step in steps)
            if tried:
                return self._tried(name + "".join(f"[{step}]" for step in steps))
            defaults = ["E"] * (len(steps) - 1) + [missing]
            return name + "".join(f".get({step}, {none})" for step, none in zip(steps, defaults, strict=True))

        nested = index.nested(table, rows)
        kinds = [key.type for key in expr.keys]
        # A text has no combinations to count.
        complete = 0 < len(rows) == index.combinations(table) and index.are_members(table, kinds)
        sure = complete and not any(isinstance(row, Failure) for row in rows.values())
        settle = as_built if not sure and self._may_miss(expr, table) else None
        fails = settle is not None and isinstance(missing_row, Failure)
        tried = self.leaves and fails and not any(isinstance(row, Failure) for row in rows.values())
        return self.strict(expr.type, expr.keys, build, None if tried else settle)

    def _tried(self, code: str) -> str:
        """A look-up that finds nothing only where the quick function leaves: no question costs less than an answer."""
        name = self.fresh()
        self.line(f"try: {name} = {code}")
        self.line(f"except KeyError: {self.leave}")
        return name

    def _column(self, expr: Column, factor: int | None) -> Val:
        """A cell of the selected row. For tiers, `factor` brings the bounds to the quantity's denominator."""
        if self._is_charged(expr.row):
            self.held = {**self.held, id(expr.row): self.stored(self.emit(expr.row))}
        table = self.program.tables[expr.table]
        cells: Any = table.columns[expr.column]
        if isinstance(expr.row.type, types.List):
            return self._collected_column(expr)
        if factor is not None:
            cells = schedules.prepare_all(cells, factor)
        own = self.bind(cells, ("column", expr.table, expr.column, factor))
        if (expr.table, expr.column) not in self.overridable:
            direct = self._direct_cell(expr, table, cells, factor)
            if direct is not None:
                return direct
            known = self._remembered(expr, cells)
            if known is not None:
                return known[0]
            return self.strict(expr.type, (expr.row,), lambda v: f"{own}[{v[0].code}]")
        remembered = self._remembered(expr, cells)
        if remembered is None:
            self.memo[self.numbering.of(expr.row)] = self.stored(self.emit(expr.row))
        at, settle = self._instant(expr)
        pick = "S.overridden"
        if factor is not None:
            pick = self.bind(schedules.overridden_tiers(factor), ("overridden tiers", factor))

        if remembered is not None:
            return self.strict(expr.type, (), lambda _: self._or_own(*remembered, f"{pick}({{}}, c, {at})"), settle)

        def build(values: list[Val]) -> str:
            row, name = values[0].code, self.fresh()
            self.line(f"{name} = {own}[{row}]")
            self.line("if o is not None:")
            self.line(f" c = {self._cells_of(expr, row)}")
            self.line(f" if c is not None: {name} = {pick}({name}, c, {at})")
            return name

        return self.strict(expr.type, (expr.row,), build, settle)

    def _remembered(self, expr: Column, cells: Sequence[Any]) -> tuple[Val, list[str], Remembered] | None:
        """The cell by the keys themselves, where the rows of a large table are found in one dict; and those keys."""
        row = self.behind(expr.row)
        if not self.remembers or not isinstance(row, Row) or self.numbering.uses[self.numbering.of(row)] > 1:
            return None
        table = self.program.tables[row.table]
        rows = index.equal_rows(table)
        if rows is None or len(rows) < REMEMBERED_MIN or not isinstance(index.missing(table), Failure):
            return None
        values = [self.stored(self.emit(key)) for key in row.keys]
        if any(v.fails for v in values):
            return None
        pairs = zip(values, table.keys, strict=True)
        keys = [self.scaled(v, t.den) if isinstance(t, Number) else v.code for v, t in pairs]
        known = Remembered(table, expr.column, rows, cells)
        steps = [keys[n] for n in known.order] or [f"({', '.join(keys)})"]
        name = self.fresh()
        self.line(f"try: {name} = {self.bind(known.cells)}{''.join(f'[{step}]' for step in steps)}")
        self.line("except KeyError:")
        self.line(f" {name} = {self.bind(known.find)}({', '.join(steps)})")
        self.line(f" if {name}.__class__ is F: {self.leave}")
        return Val(name, expr.type), keys, known

    def _or_own(self, cell: Val, keys: list[str], known: Remembered, picked: str) -> str:
        """A remembered cell, or what the tenant's overrides make of it; `picked` is the code that asks them."""
        own, find = self.bind(known.own), self.bind(known.find_own)
        self.line("if o is not None:")
        self.line(f" try: c = {own}[f{Program.TENANT}]")
        self.line(f" except KeyError: c = {find}(f{Program.TENANT}, o)")
        self.line(f" c = c.get(({''.join(key + ', ' for key in keys)}))")
        self.line(f" if c is not None: {cell.code} = {picked.format(cell.code)}")
        return cell.code

    def _cells_of(self, expr: Column, row: str) -> str:
        """The code that finds the overrides of a cell among those of the tenant."""
        table, column = (self.bind(name, ("str", name)) for name in (expr.table, expr.column))
        return f"o.get({table}, E).get(({row}, {column}))"

    def _direct_cell(self, expr: Column, table: TableData, cells: Sequence[Any], factor: int | None) -> Val | None:
        """The cell by the key itself, where the table has one key whose every member has a row."""
        row = self.behind(expr.row)
        if not isinstance(row, Row) or len(row.keys) != 1 or self.numbering.uses[self.numbering.of(row)] > 1:
            return None
        kinds = [key.type for key in row.keys]
        rows = index.plain_rows(table, kinds)
        if not rows or len(rows) != index.combinations(table) or not index.are_members(table, kinds):
            return None
        if any(isinstance(found, Failure) for found in rows.values()):
            return None
        by_key = self.bind(
            {key: cells[found] for key, found in rows.items()}, ("cells", expr.table, expr.column, factor)
        )
        return self.strict(expr.type, row.keys, lambda v: f"{by_key}[{v[0].code}]")

    def _collected_column(self, expr: Column) -> Val:
        """The cells of all selected rows, under a hit policy that collects."""
        own = self.bind(self.program.tables[expr.table].columns[expr.column], ("column", expr.table, expr.column))
        if (expr.table, expr.column) not in self.overridable:
            return self.strict(expr.type, (expr.row,), lambda v: f"tuple([{own}[r] for r in {v[0].code}])")
        self.memo[self.numbering.of(expr.row)] = self.stored(self.emit(expr.row))
        at, settle = self._instant(expr)

        def build(values: list[Val]) -> str:
            rows = values[0].code
            cells = f"(None if o is None else {self._cells_of(expr, 'r')})"
            found = f"[S.overridden({own}[r], {cells}, {at}) for r in {rows}]"
            return f"tuple({found})" if settle is None else f"S.all_found({found})"

        return self.strict(expr.type, (expr.row,), build, settle)

    def _instant(self, expr: Column) -> tuple[str, Settle | None]:
        """When overrides are asked for: an instant that fails matters only to a tenant that has some."""
        if expr.at is None:
            return "None", None
        at = self.stored(self.emit(expr.at))
        return at.code, as_built if at.fails else None

    def tiers(self, expr: Expr, quantity_den: int) -> tuple[Val, int]:
        """A prepared schedule and the denominator over which quantities must be given to it."""
        assert isinstance(expr.type, types.Tiers)
        common = lcm(expr.type.bound.den, quantity_den)
        factor = common // expr.type.bound.den
        target = expr
        while isinstance(target, Read):
            target = self.program.nodes[target.node].expr
        if isinstance(target, Const):
            prepared = schedules.prepare(target.value, factor)
            return Val(self.bind(prepared, ("tiers", target.value, factor)), expr.type), common
        if isinstance(target, Column):
            number = self.numbering.variant(target, ("tiers", factor))
            if number not in self.memo:
                self.memo[number] = self.stored(self._column(target, factor))
            return self.memo[number], common
        raw = self.emit(expr)
        v = self.stored(self.strict(expr.type, (expr,), lambda v: f"T.prepare({v[0].code}, {factor})"))
        return replace(v, fails=raw.fails), common

    # ----------------------------------------------------------------------------------------------------- calls

    def _zoned(self, expr: Call) -> Val:
        """A function of the local calendar; the zone is picked by its name."""
        zone = expr.arguments[0]
        if expr.function == "time_of_day" and isinstance(zone, Const) and zone.value == "UTC":
            return self.strict(expr.type, expr.arguments[1:], lambda v: f"({v[0].code} % {DAY})")
        if expr.function == "period_part" and _is_of_seconds(*expr.arguments[-2:]):
            part = self.bind(periods.part_of_seconds, ("part of seconds",))
            edges = expr.arguments[1:-2]
            return self.strict(expr.type, edges, lambda v: f"{part}({', '.join(x.code for x in v)})", as_built)
        zones = self.bind(zoned.zones_of(self.program.zones), ("zones",))
        run = self.bind(zoned.FUNCTIONS[expr.function], ("zoned", expr.function))

        def build(values: list[Val]) -> str:
            return f"{run}({zones}[{values[0].code}], {', '.join(v.code for v in values[1:])})"

        return self.strict(expr.type, expr.arguments, build, as_built if expr.may_fail else None)

    def _call(self, expr: Call) -> Val:
        if not self.metered:
            return self._operation(expr)
        sized = costs.sized(expr, self.loops > 0)
        if not sized and not any(self._is_charged(a) for a in expr.arguments):
            return self._operation(expr)
        values = []
        for position, argument in enumerate(expr.arguments):
            values.append(self.stored(self.emit(argument)))
            if position in sized:
                self.line(f"m.sized({values[-1].code})")
        outer = self.held
        self.held = {**outer, **{id(a): v for a, v in zip(expr.arguments, values, strict=True)}}
        made = self.stored(self._operation(expr))
        self.held = outer
        return made

    def _is_charged(self, expr: Expr) -> bool:
        return not isinstance(expr, Read) and self.numbering.of(expr) in self.numbering.charged

    def _operation(self, expr: Call) -> Val:
        if expr.function in zoned.FUNCTIONS:
            return self._zoned(expr)
        if self.metered and costs.builds_text(expr):
            run = self.bind(joined, ("joined",))
            return self.strict(
                expr.type, expr.arguments, lambda v: f"{run}(m, {', '.join(x.code for x in v)})", as_built
            )
        operation = OPERATIONS.get(expr.function)
        if operation is not None:
            return operation(self, expr)
        return self._library(expr)

    def _library(self, expr: Call) -> Val:
        """A function of the library, which takes the meter where it is charged."""
        charged = self.metered and costs.is_metered(expr, self.loops > 0)
        run = self.bind(library.runner(expr, held=True, charged=charged))
        first = ["m"] if charged else []
        settle = as_built if expr.may_fail else None
        return self.strict(
            expr.type, expr.arguments, lambda v: f"{run}({', '.join([*first, *(x.code for x in v)])})", settle
        )


def _is_of_seconds(basis: Expr, rules: Expr) -> bool:
    """Whether a part of a period is a plain quotient of seconds."""
    words = rules.value if isinstance(rules, Const) else "clamp"
    is_plain = not any(word in words for word in ("clamp", "extend", "full"))
    return isinstance(basis, Const) and basis.value == "second" and is_plain


def _distinct_constants(keys: Sequence[Expr]) -> bool:
    values = [k.value for k in keys if isinstance(k, Const)]
    return len(values) == len(keys) and len({(type(v), v) for v in values}) == len(keys)


__all__ = ["Decide", "TooDeep", "generate", "source_of"]


def _as_asked(v: Val, wanted: Type) -> Val:
    """A value that is known to be present here, with its plain type."""
    if isinstance(v.type, types.Optional) and v.type.item == wanted:
        return replace(v, type=wanted)
    return v
