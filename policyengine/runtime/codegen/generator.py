"""The code generator: one Python function per entry point, over ints with static denominators.

The generated function takes the held facts and the tenant's cells and returns the values of the entry's outputs.
It divides only in rounding, `div`, `%`, `floor` and `ceil`; every other step is exact integer arithmetic. Equal
sub-expressions are computed once (value numbering); what is used once is computed where it is used, so that a branch
not taken costs nothing. Only what can fail carries a Failure, in the value's own variable.

No text of a bundle ever appears in generated source: constants are bound by name. The source is data for `exec` of this
module alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from policyengine.frozen import frozen
from policyengine.runtime.codegen.emission import OPERATIONS
from policyengine.runtime.codegen.flow_writer import FlowWriter
from policyengine.runtime.codegen.intake import Intake
from policyengine.runtime.codegen.presence import Presence, surely_asked
from policyengine.runtime.codegen.table_writer import TableWriter
from policyengine.runtime.codegen.writer import TooDeep, Val, as_built, is_pair, without_unused
from policyengine.runtime.functions import periods
from policyengine.runtime.functions.operators import joined
from policyengine.runtime.limits import Meter
from policyengine.runtime.meaning import costs, library, zoned
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
from policyengine.values.civil import DAY

Decide = Callable[[Sequence[Any], Any], tuple[Any, ...]]
"""The held values of an entry's outputs, guards, requirements and checks, for held facts and the tenant's cells."""
Asked = Callable[..., Any]
"""A decision for (input, tenant, at, event, purpose)."""


@frozen
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


HEIGHT_MAX = 8
"""Nodes written inside one another before one is computed ahead."""


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


class Generator(TableWriter, FlowWriter):
    """The writer that knows every kind of expression, and puts a function together."""

    def __init__(
        self, program: Program, entry: Entry, order: Sequence[str], leaves: bool = False, remembers: bool = False
    ) -> None:
        super().__init__(program, order, leaves, remembers)
        self.entry = entry
        self.order = [n for n in order if not self.is_later(n)]
        self.facts: set[int] = set()

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
        self.number_nodes()
        results = [node for _, node in self.entry.outputs]
        results += [*self.entry.guards, *self.entry.requires, *self.entry.checks]
        self.presence = Presence(self.program, self.order)
        self.asked = surely_asked(self.program, results)
        for node in results:
            self.numbering.uses[self.numbering.of_node.get(node, -1)] += 1
        for name in self._ahead():
            self.memo[self.numbering.of_node[name]] = self._where_there(name)
        found = {node: self.result(node) for node in results if not self.is_later(node)}
        if intake is not None:  # they are asked what they are, and answered with
            asked = [node for node, v in found.items() if v.fails or node in self.entry.checks]
            found |= {node: self.stored(found[node]) for node in asked}
        values = [self._returned(found[node]) if node in found else "None" for node in results]
        if intake is None:
            self.line(f"return ({', '.join(values)}{',' if values else ''})")
        else:
            made = f"(P, event, purpose, {facts}{', '.join(values)})"
            doubts = [f"{v.code}.__class__ is F" for v in found.values() if v.fails]
            doubts += [f"{found[check].code} is not True" for check in self.entry.checks]
            if doubts:
                self.line(f"if {' or '.join(doubts)}: return V({made})")
            self.line("d = D()")
            self.line(f"d._state = {made}")
            self.line("return d")
        body = without_unused(self.lines)
        head = self.head(body) if intake is None else self._asked_head(intake)
        if self.metered:
            self.names["M"] = Meter
            head.append(" m = M()")
        return "\n".join([*head, *body, ""])

    def number_nodes(self) -> None:
        """Number the nodes, each after those that it reads."""
        for name in self.order:
            self.numbering.node(name)

    def _asked_head(self, intake: Intake) -> list[str]:
        signature = "def decide(input, tenant=None, at=None, event=None, purpose=None):"
        in_force = [" X(f0)"] if self.program.effective != (None, None) else []
        return [signature, " g = input", *intake.statements(), *in_force, " o = O(tenant)"]

    def head(self, body: list[str]) -> list[str]:
        """The beginning of a function without an intake."""
        return ["def decide(f, o):", *(f" f{index} = f[{index}]" for index in sorted(self.facts))]

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
            is_ahead = is_shared or own > HEIGHT_MAX or name in self.numbering.charged_nodes
            if is_ahead and not self._is_left_to_branches(name):
                ahead.append(name)
                own = 0
            height[number] = own
        return ahead

    def _is_left_to_branches(self, name: str) -> bool:
        """Whether a node can only be computed where it is asked for: what must be there for it depends on a branch."""
        if name in self.asked or not (self.presence.sure[name] or self.presence.loose[name]):
            return False
        if name in self.numbering.charged_nodes:
            raise TooDeep  # what is charged is charged whether it is asked for or not: the interpreter knows how
        return bool(self.presence.loose[name]) or is_pair(self.program.nodes[name].type)

    def _where_there(self, name: str) -> Val:
        """The value of a node in a variable; of one that may not be asked for, where all that it reads is there."""
        atoms = () if name in self.asked else sorted(self.presence.sure[name], key=str)
        if not atoms:
            return self.stored(self.read(name))
        there = [f"{self._atom(atom)} is not None" for atom in atoms]
        before = dict(self.memo)
        held = self.fresh()
        self.line(f"{held} = None")
        self.line(f"if {' and '.join(there)}:")
        self.indent += 1
        v = self.read(name)
        self.line(f"{held} = {v.code}")
        self.indent -= 1
        self.memo = before
        return replace(v, code=held, depth=0)

    def _atom(self, atom: int | str) -> str:
        if isinstance(atom, int):
            self.facts.add(atom)
            return f"f{atom}"
        v = self.memo[self.numbering.of_node[atom]] = self.stored(self.read(atom))
        return v.code

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

    def write(self, expr: Expr) -> Val:
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
        if not sized and not any(self.is_charged(a) for a in expr.arguments):
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
