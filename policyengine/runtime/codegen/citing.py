"""The reasons of a decision by generated code: what `explain.demanded` and `explain.reasons` find, without a trace.

A node's reasons count where the answer has asked for the node. Which nodes it asks for is mostly known beforehand;
where it depends on a branch, the generated function takes the same branch. What cannot be told without running a loop,
and whatever fails on the way, is left to the interpreter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import lcm
from typing import Any

from policyengine.runtime.answers import explain
from policyengine.runtime.answers.reason import Reason
from policyengine.runtime.codegen.of_state import OfState
from policyengine.runtime.codegen.presence import surely_asked, surely_read
from policyengine.runtime.codegen.writer import TooDeep, Val, without_unused
from policyengine.runtime.meaning.interpreter import needed
from policyengine.runtime.program import (
    All,
    Any_,
    Call,
    Column,
    Const,
    Entry,
    Expr,
    Fold,
    If,
    Let,
    Node,
    Program,
    Read,
    Row,
    children,
    walk,
)
from policyengine.runtime.tables.schedules import Ints, tiers_between
from policyengine.values import types
from policyengine.values.types import Number

Cite = Callable[[Sequence[Any]], tuple[Reason, ...] | None]
"""The reasons by a decision's state, without those of guards; None where only a trace can tell."""


class CannotTell(Exception):
    """What is asked for is only known inside a loop."""


def generate(program: Program, entry: Entry) -> Cite | None:
    """The function that finds the reasons of an entry point, if there can be one."""
    try:
        return _Citing(program, entry).made()
    except (CannotTell, TooDeep, RecursionError):
        return None


class _ByKey(dict[int, Reason]):
    """Reasons by a row, tier or override; each is made once, so that the same reason is the same object."""

    def __init__(self, make: Callable[[int], Reason]) -> None:
        self.make = make

    def __missing__(self, key: int) -> Reason:
        made = self[key] = self.make(key)
        return made


class _Citing(OfState):
    """Walks the nodes against their order: who reads a node has been seen before the node itself."""

    def __init__(self, program: Program, entry: Entry) -> None:
        order = needed(program, entry, explained=True)
        super().__init__(program, entry, entry, order)
        self.nodes = order
        self.places = {name: place for place, name in enumerate(order)}
        self.known: dict[str, Reason] = {}
        self.sources: Counter[Any] = Counter()
        """How often reasons of one kind are given: what is given once cannot be repeated."""
        self.telling = {name for name in order if self._tells(program.nodes[name])}
        """The nodes that have reasons, or read one that has."""
        for name in order:
            if any(read in self.telling for read in self._reads(program.nodes[name].expr)):
                self.telling.add(name)
        self.flags: dict[str, str] = {}
        """The variables of nodes that are asked for in some branches only."""

    def made(self) -> Cite | None:
        if self.metered:
            return None
        self.number_nodes()
        entry = self.entry
        asked = {node for _, node in entry.outputs} | set(entry.guards) | set(entry.requires)
        self.always = surely_asked(self.program, asked)
        cited: dict[str, list[str]] = {}
        # What is asked for in any case is computed first, so that branches find it computed.
        for name in sorted(self.always & self.telling, key=lambda name: (self._branches(name), self.places[name])):
            cited[name] = self._of(name)
        for name in reversed(self.nodes):
            if name in self.flags and name not in self.always:
                cited[name] = self._where_asked(name)
        reasons = [code for name in self.nodes for code in cited.get(name, ())]
        made = f"({', '.join(reasons)}{',' if reasons else ''})"
        may_repeat = any(times > 1 for times in self.sources.values())
        self.line(f"return Q({made})" if may_repeat else f"return {made}")
        body = without_unused(self.lines)
        head = self.head(body) + [f" {flag} = False" for flag in self.flags.values()]
        names = {**self.names, "Q": _once}
        exec(compile("\n".join([*head, *body, ""]), f"<{self.program.bundle}:{entry.name}:reasons>", "exec"), names)
        cite: Cite = names["decide"]
        return cite

    # ------------------------------------------------------------------------------------------- what is asked for

    def _tells(self, node: Node) -> bool:
        """Whether a node has reasons of its own."""
        if node.cite in ("parameter", "condition", "tiers"):
            return True
        return any(self._is_named(e) or self._is_overridable(e) for e in walk(node.expr))

    def _branches(self, name: str) -> bool:
        """Whether what a node asks for depends on a branch."""
        return any(isinstance(e, If | All | Any_ | Fold) for e in walk(self.program.nodes[name].expr))

    def _is_named(self, expr: Expr) -> bool:
        """Whether an expression selects a row of a table that an author has named."""
        return isinstance(expr, Row) and "@" not in expr.table

    def _is_overridable(self, expr: Expr) -> bool:
        return isinstance(expr, Column) and (expr.table, expr.column) in self.overridable

    def _reads(self, expr: Expr) -> Iterator[str]:
        return (e.node for e in walk(expr) if isinstance(e, Read))

    def _where_asked(self, name: str) -> list[str]:
        """The reasons of a node that may not be asked for; one variable holds them."""
        codes: list[str] = []
        self._asks_branch(self.flags[name], codes, lambda own: own.extend(self._of(name)))
        return codes

    # ------------------------------------------------------------------------------------------ reasons of a node

    def _of(self, name: str) -> list[str]:
        """The code of each reason of a node, after the statements that find them and what the node asks for."""
        node = self.program.nodes[name]
        if name not in self.telling:
            return []
        codes: list[str] = []
        overrides: list[str] = []
        self._asks(node.expr, codes, overrides)
        codes += self._cited(node)
        codes += overrides[-1:]
        if len(overrides) > 1:
            raise CannotTell
        if codes and isinstance(node.type, types.Optional):
            value = self.stored(self.read(name))
            held = self.fresh() + "r"
            self.line(f"{held} = () if {value.code} is None else ({', '.join(codes)},)")
            return [f"*{held}"]
        return codes

    def _cited(self, node: Node) -> list[str]:
        places = self.program.places
        match node.cite:
            case "parameter":
                self._must_succeed(node)
                return [self._constant(Reason(node.owner, "parameter", places.get(node.name, "")))]
            case "condition":
                value = self.stored(self.read(node.name))
                reason = self._constant(Reason(node.owner, "condition", places.get(node.name, "")))
                return [f"*(({reason},) if {value.code} is True else ())"]
            case "tiers" if not node.name.endswith(".tiers_before"):
                return self._tier_reasons(node)
        return []

    def _must_succeed(self, node: Node) -> None:
        """A node that fails has no reasons: it is computed where that can be."""
        if not isinstance(node.expr, Const):
            self.stored(self.read(node.name))

    def _constant(self, reason: Reason) -> str:
        key = ("reason", reason.path, reason.kind, reason.place, reason.text)
        self.sources[key] += 1
        return self.bind(self.known.setdefault(str(key), reason), key)

    def _tier_reasons(self, node: Node) -> list[str]:
        """Every tier from the one where the rated quantity stood to the one that is reached now."""
        call = node.expr
        assert isinstance(call, Call)
        tiers, reached = call.arguments[:2]
        if not all(isinstance(part, Read | Const) for part in (tiers, reached)):
            return []
        before = f"{node.name}_before.quantity"
        start = Const(types.integer(0, 0), 0) if before not in self.nodes else self.program.nodes[before].expr
        if not all(isinstance(part.type, Number) for part in (reached, start)) or not isinstance(
            tiers.type, types.Tiers
        ):
            raise CannotTell
        assert isinstance(reached.type, Number)
        assert isinstance(start.type, Number)
        schedule, den = self.tiers(tiers, lcm(reached.type.den, start.type.den))
        end = self.scaled(self.emit(reached), den)
        begin = "0" if before not in self.nodes else self.scaled(self.read(before), den)
        place = self.program.places.get(node.name, "")

        def make(tier: int) -> Reason:
            path = f"{node.name}.{tier + 1}"
            return Reason(path, "tier", self.program.places.get(path, place))

        between = self.bind(_tiers_between(make, call.function == "volume"), ("tier reasons", node.name))
        self.sources[between] += 1
        return [f"*{between}({schedule.code}[0], {begin}, {end})"]

    # --------------------------------------------------------------------------------- what an expression asks for

    def _asks(self, expr: Expr, codes: list[str], overrides: list[str]) -> None:
        """Note what evaluating an expression asks for, and the rows and overrides that it finds."""
        if not self._matters(expr):
            return
        match expr:
            case Read(node=name):
                if name not in self.always:
                    flag = self.flags.setdefault(name, f"d{len(self.flags)}")
                    self.line(f"{flag} = True")
            case If(condition=condition, then=then, otherwise=otherwise):
                self._asks(condition, codes, overrides)
                if self._matters(then) or self._matters(otherwise):
                    chosen = self.stored(self.emit(condition))
                    self._asks_branch(chosen.code, codes, partial(self._asks_inside, then))
                    self._asks_branch(f"not {chosen.code}", codes, partial(self._asks_inside, otherwise))
            case All(operands=operands) | Any_(operands=operands):
                self._asks_operands(operands, isinstance(expr, Any_), codes, overrides)
            case Let(name=name, value=value, body=body):
                self._asks(value, codes, overrides)
                self._asks_body(name, value, body, codes, overrides)
            case Fold():
                self._asks_loop(expr, codes, overrides)
            case Column(row=row, at=at):
                self._asks(row, codes, overrides)
                if at is not None and self._matters(at):
                    raise CannotTell
                if self._is_overridable(expr):
                    overrides += self._override_reasons(expr)
            case _:
                for child in children(expr):
                    self._asks(child, codes, overrides)
                if isinstance(expr, Row) and self._is_named(expr):
                    codes += self._row_reasons(expr)

    def _matters(self, expr: Expr) -> bool:
        """Whether reasons depend on what an expression asks for."""
        return any(
            (isinstance(e, Read) and e.node in self.telling) or self._is_named(e) or self._is_overridable(e)
            for e in walk(expr)
        )

    def _asks_branch(self, condition: str, codes: list[str], ask: Callable[[list[str]], None]) -> None:
        """What is only asked for under a condition; `ask` writes it and notes its reasons."""
        start = len(self.lines)
        held = self.fresh() + "r"
        self.line(f"{held} = ()")
        self.line(f"if {condition}:")
        own: list[str] = []
        with _Inside(self):
            ask(own)
            if own:
                self.line(f"{held} = ({', '.join(own)},)")
        if len(self.lines) == start + 2:  # nothing is asked for
            del self.lines[start:]
        elif own:
            codes.append(f"*{held}")

    def _asks_inside(self, expr: Expr, codes: list[str]) -> None:
        """What an expression in a branch asks for; overrides in there are left to the trace."""
        if self._matters(expr):
            overrides: list[str] = []
            self._asks(expr, codes, overrides)
            if overrides:
                raise CannotTell

    def _asks_operands(self, operands: Sequence[Expr], decides: bool, codes: list[str], overrides: list[str]) -> None:
        """Each operand is asked for, and has a value, where none before it has decided."""
        last = max((n for n, operand in enumerate(operands) if self._matters(operand)), default=0)
        self._asks(operands[0], codes, overrides)
        if last == 0:
            return
        undecided = self.fresh() + "u"

        def weigh(operand: Expr) -> None:
            self.line(f"{undecided} = {self.stored(self.emit(operand)).code} is not {decides}")

        def ask(position: int, own: list[str]) -> None:
            self._asks_inside(operands[position], own)
            if position < last:
                weigh(operands[position])

        weigh(operands[0])
        for position in range(1, last + 1):
            self._asks_branch(undecided, codes, partial(ask, position))

    def _asks_body(self, name: str, value: Expr, body: Expr, codes: list[str], overrides: list[str]) -> None:
        """A body in which a name stands for a value."""
        outer, known = self.locals, self.memo
        self.memo = {n: v for n, v in known.items() if name not in self.numbering.variables[n]}
        self.locals = {**outer, name: self.stored(self.emit(value))}
        self._asks(body, codes, overrides)
        self.locals, self.memo = outer, known

    def _asks_loop(self, fold: Fold, codes: list[str], overrides: list[str]) -> None:
        """A loop asks for what its body reads where there is an item; anything more depends on its turns."""
        for outside in (fold.over, *fold.starts):
            self._asks(outside, codes, overrides)
        inside = [fold.result, *fold.steps, *([] if fold.stop is None else [fold.stop])]
        if not any(self._matters(part) for part in inside):
            return
        if fold.stop is not None or self._matters(fold.result):
            raise CannotTell
        if any(self._is_named(e) or self._is_overridable(e) for step in fold.steps for e in walk(step)):
            raise CannotTell
        read = {n for step in fold.steps for n in self._reads(step) if n in self.telling}
        if read != {n for step in fold.steps for n in surely_read(step) if n in self.telling}:
            raise CannotTell
        over = self.stored(self.emit(fold.over))
        names = [name for name in self.nodes if name in read and name not in self.always]
        for name in names:
            flag = self.flags.setdefault(name, f"d{len(self.flags)}")
            self.line(f"if {over.code}: {flag} = True")

    # ----------------------------------------------------------------------------------------- rows and overrides

    def _row_reasons(self, expr: Row) -> list[str]:
        program = self.program

        reasons = self.bind(_ByKey(lambda row: explain.of_row(program, expr.table, row)), ("row reasons", expr.table))
        self.sources[reasons] += 1
        row = self.stored(self.emit(expr))
        if isinstance(expr.type, types.List):
            return [f"*[{reasons}[r] for r in {row.code}]"]
        if isinstance(expr.type, types.Optional):
            raise CannotTell
        return [f"{reasons}[{row.code}]"]

    def _override_reasons(self, expr: Column) -> list[str]:
        if isinstance(expr.row.type, types.List):
            raise CannotTell
        program = self.program
        row = self.stored(self.emit(expr.row))
        at = Val("None", types.TIMESTAMP) if expr.at is None else self.stored(self.emit(expr.at))
        reasons = self.bind(_ByKey(lambda number: explain.of_override(program, number)), ("override reasons",))
        self.sources[reasons] += 1
        held = self.fresh() + "r"
        self.line(f"{held} = ()")
        self.line("if o is not None:")
        self.line(f" c = W.overriding({self._cells_of(expr, row.code)}, {at.code})")
        self.line(f" if c is not None: {held} = ({reasons}[c.override],)")
        return [f"*{held}"]


class _Inside:
    """Statements under a condition: what they compute is not known after it."""

    def __init__(self, writer: OfState) -> None:
        self.writer = writer
        self.memo = dict(writer.memo)

    def __enter__(self) -> None:
        self.writer.indent += 1

    def __exit__(self, *_: object) -> None:
        self.writer.indent -= 1
        self.writer.memo = self.memo


def _tiers_between(make: Callable[[int], Reason], whole: bool) -> Callable[[Ints, int, int], tuple[Reason, ...]]:
    """What gives the reasons of the tiers that the growth from one quantity to another touches."""
    by_tier = _ByKey(make)
    known: tuple[Reason, ...] = ()

    def between(edges: Ints, start: int, end: int) -> tuple[Reason, ...]:
        nonlocal known
        first, stop = tiers_between(edges, start, end, whole)
        if stop > len(known):
            known = tuple([by_tier[tier] for tier in range(stop)])
        return known[first:stop]

    return between


def _once(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Each reason once, where it stands first; equal reasons are one object."""
    if len({*map(id, reasons)}) == len(reasons):
        return reasons
    return tuple({id(reason): reason for reason in reasons}.values())
