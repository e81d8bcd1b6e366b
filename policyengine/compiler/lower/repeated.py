"""A decision repeated for every element of a list: the inner decision is compiled in line.

Its facts become expressions over the element; what it reads beside them is shared. The answer holds `items`, one record
an element; amounts of money are also summed and lines joined, under their own names, and a guard speaks where it speaks
for any element.
"""

from __future__ import annotations

from dataclasses import replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import each
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.each import Loop, State
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import Decision
from policyengine.language.written import RecordOf, Value
from policyengine.runtime.program import (
    All,
    Any_,
    Call,
    Const,
    Expr,
    Fact,
    Field,
    Local,
    MakeRecord,
    Read,
    rebuilt,
    walk,
)
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number


def lower(context: Context, decision: Decision) -> None:
    """The nodes `NAME.items`, and one for each output that adds up."""
    inner = context.bundle.decisions.get(decision.decide)
    if inner is None or inner.each is not None:
        what = "a decision that can be repeated"
        raise Rejected(say.not_a(what, decision.decide, decision.at, context.bundle.decisions))
    if decision.requires or decision.guards or decision.outputs:
        raise Rejected(say.unsupported("`requires`, `guards` or `outputs` beside `decide`", decision.at))
    assert decision.each is not None
    loop = each.open_loop(context, decision.each, decision.when, (), decision.at)
    given = _Given(context, loop, decision)
    outputs = {name: given.inlined(context.nodes[f"{inner.name}.{name}"].expr) for name in inner.outputs}
    made = [_items(loop, {n: e for n, e in outputs.items() if e.type != types.LINES})]
    for name, expr in outputs.items():
        total = _total(context, loop, name, expr, decision.at)
        if total is not None:
            made.append((name, total))
    for name, expr in made:
        node = f"{decision.name}.{name}"
        read = context.add(node, expr, decision.name, "decisions", decision.at, deferred=expr.type == types.LINES)
        context.define(node, read)
    context.repeated[decision.name] = tuple(name for name, _ in made)
    for entitlement, at in inner.requires:
        _required(context, loop, given, decision, entitlement, at)
    for guard, at in inner.guards:
        _guard(context, loop, given, decision, guard, at)


def _items(loop: Loop, outputs: dict[str, Expr]) -> tuple[str, Expr]:
    assert isinstance(loop.over.type, types.List)
    record = types.Record("", tuple((name, expr.type) for name, expr in outputs.items()))
    made = types.List(record, loop.over.type.max)
    state = Local(made, f"{loop.item}:items")
    step = Call(made, "append", (state, MakeRecord(record, tuple(outputs.values()))))
    return "items", loop.result([State(state.name, made, Const(made, ()), step)], state)


def _total(context: Context, loop: Loop, name: str, expr: Expr, at: Span) -> Expr | None:
    """The sum of an amount over the elements, or all lines; None for what does not add up."""
    if expr.type == types.LINES:
        shown = Local(types.LINES, f"{loop.item}:{name}")
        step: Expr = Call(types.LINES, "lines_all", (shown, expr))
        return loop.result([State(shown.name, types.LINES, Const(types.LINES, ()), step)], shown)
    if not isinstance(expr.type, Number) or expr.type.unit != context.money:
        return None
    assert isinstance(loop.over.type, types.List)
    most = max(1, loop.over.type.max)
    total_type = replace(expr.type, lo=min(0, expr.type.lo * most), hi=max(0, expr.type.hi * most))
    total = Local(total_type, f"{loop.item}:{name}")
    step = replace(arithmetic.add([total, expr], at), type=total_type)
    return loop.result([State(total.name, total_type, Const(total_type, 0), step)], total)


def _guard(context: Context, loop: Loop, given: _Given, decision: Decision, guard: str, at: Span) -> None:
    fired = given.inlined(context.nodes[guard].expr)
    state = Local(types.BOOL, f"{loop.item}:{guard}")
    start = Const(types.BOOL, False)
    spoken = loop.result([State(state.name, types.BOOL, start, Any_(types.BOOL, (state, fired)))], state)
    node = f"{decision.name}.{guard}"
    context.add(node, spoken, decision.name, "decisions", at, cite="guard")
    context.repeated_guards.setdefault(decision.name, []).append((node, guard))


def _required(context: Context, loop: Loop, given: _Given, decision: Decision, entitlement: str, at: Span) -> None:
    """An entitlement allows where it allows every element."""
    own = f"{entitlement}.allowed"
    state = Local(types.BOOL, f"{loop.item}:{own}")
    start = Const(types.BOOL, True)
    step = All(types.BOOL, (state, given.inlined(context.nodes[own].expr)))
    allowed = loop.result([State(state.name, types.BOOL, start, step)], state)
    node = f"{decision.name}.{own}"
    context.add(node, allowed, decision.name, "decisions", at)
    context.codes[node] = context.codes[own]
    if own in context.refusals:
        context.refusals[node] = context.refusals[own]
    context.repeated_required.setdefault(decision.name, []).append(node)


class _Given:
    """The facts that the repetition gives to the inner decision, by path."""

    def __init__(self, context: Context, loop: Loop, decision: Decision) -> None:
        self.context = context
        self.facts: dict[tuple[str, ...], tuple[Expr, Span]] = {}
        self.groups: set[tuple[str, ...]] = set()
        self.done: dict[str, Expr] = {}
        for name, (at, value) in decision.input.items():
            if name not in context.bundle.inputs:
                raise Rejected(say.not_a("an input", name, at, context.bundle.inputs))
            self._give((name,), value, loop)
        self.dependent = self._dependent()

    def _give(self, path: tuple[str, ...], value: Value, loop: Loop) -> None:
        if isinstance(value, RecordOf):
            self.groups.add(path)
            for field, (_, inner) in value.fields.items():
                self._give((*path, field), inner, loop)
            return
        self._give_expr(path, self.context.value(value, loop.scope), value.span)

    def _give_expr(self, path: tuple[str, ...], expr: Expr, at: Span) -> None:
        if ".".join(path) in self.context.groups and isinstance(expr.type, types.Record):
            self.groups.add(path)
            for field, its_type in expr.type.fields:
                self._give_expr((*path, field), Field(its_type, expr, field), at)
            return
        self.facts[path] = (expr, at)

    def _dependent(self) -> set[str]:
        """The nodes whose value follows from a given fact."""
        found: set[str] = set()
        for name, node in self.context.nodes.items():
            if self._reads_given(node.expr, found):
                found.add(name)
        return found

    def _reads_given(self, expr: Expr, found: set[str]) -> bool:
        for part in walk(expr):
            if isinstance(part, Read) and part.node in found:
                return True
            if isinstance(part, Fact) and self._path(part) in (self.facts.keys() | self.groups):
                return True
        return False

    def _path(self, fact: Fact) -> tuple[str, ...]:
        return self.context.facts[fact.index].path

    def inlined(self, expr: Expr) -> Expr:
        """An expression of the inner decision over the element."""
        if isinstance(expr, Read):
            if expr.node not in self.dependent:
                return expr
            if expr.node not in self.done:
                self.done[expr.node] = self.inlined(self.context.nodes[expr.node].expr)
            return self.done[expr.node]
        if isinstance(expr, Fact):
            return self._fact(expr)
        return rebuilt(expr, self.inlined)

    def _fact(self, fact: Fact) -> Expr:
        path = self._path(fact)
        if path in self.groups:
            return Const(types.BOOL, True)  # the group is given, so it is present
        if path not in self.facts:
            return fact
        expr, at = self.facts[path]
        wanted = fact.type.item if isinstance(fact.type, types.Optional) else fact.type
        fitted = each.fitted(expr, wanted, at)
        return arithmetic.coerced(fitted, fact.type)
