"""`each`: a node repeated for every element of a list -> one fold.

The fold's states are what is collected (items, a sum, lines) and what `carry` hands from one element to the next. Each
of them is read afterwards through a fold that returns it; equal work is done once, by value numbering.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Broken, Context
from policyengine.language.expression import arithmetic, check, syntax
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.hints import for_unit
from policyengine.language.expression.scope import Scope, Variable
from policyengine.language.model import NamedValue
from policyengine.language.parts import Carried, Each
from policyengine.language.written import RecordOf, Written
from policyengine.runtime.program import (
    Call,
    Const,
    Expr,
    Field,
    Fold,
    If,
    Local,
    MakeList,
    MakeRecord,
)
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number, Type


@dataclass(frozen=True, slots=True)
class State:
    """One state of the loop: its name in the fold, its type, start and step."""

    name: str
    type: Type
    start: Expr
    step: Expr


@dataclass(frozen=True, slots=True)
class Loop:
    """A list to go through, the element's variable and the scope in which its expressions are checked."""

    over: Expr
    item: str
    scope: Scope
    outer: Scope
    condition: Expr | None

    def result(self, states: list[State], result: Expr) -> Expr:
        """The fold over these states that gives `result`, an expression over them."""
        return Fold(
            result.type,
            self.over,
            self.item,
            "",
            tuple(s.name for s in states),
            tuple(s.start for s in states),
            tuple(self._kept(s) for s in states),
            None,
            result,
        )

    def _kept(self, state: State) -> Expr:
        """A step that leaves the state alone where `when` does not hold."""
        if self.condition is None:
            return state.step
        return If(state.type, self.condition, state.step, Local(state.type, state.name))


def open_loop(context: Context, each: Each, when: Written | None, carry: tuple[Carried, ...], at: Span) -> Loop:
    """The loop of an `each`, with its carried names bound at their declared types."""
    outer = context.scope()
    over = context.expression(each.over, outer)
    if not isinstance(over.type, types.List):
        raise Rejected(expression_say.expected_type("a list", over.type, each.over.span))
    item = f"{each.item}@each"
    scope = outer.binding(each.item, Variable(Local(over.type.item, item)), loops=1)
    if each.sort:
        over = _sorted(context, over, item, each, scope)
    for carried in carry:
        its_type = carried_type(context, carried)
        scope = scope.binding(carried.name, Variable(Local(its_type, f"{carried.name}@carry")))
    condition = None
    if when is not None:
        condition = context.boolean(when, scope)
        scope = scope.knowing(check.known_present(when.tree, scope))
    return Loop(over, item, scope, outer, condition)


def _sorted(context: Context, over: Expr, item: str, each: Each, scope: Scope) -> Expr:
    """The list in another order: by keys, `-key` for descending; equal keys are an evaluation error."""
    assert isinstance(over.type, types.List)
    keys: list[Expr] = []
    descending: list[bool] = []
    for written in each.sort:
        tree = written.tree
        falls = isinstance(tree, syntax.Unary) and tree.operator == "-"
        if falls:
            assert isinstance(tree, syntax.Unary)
            written = replace(written, tree=tree.operand)
        key = context.expression(written, scope)
        context.no_quotient(key, "a sort key", written.span)
        keys.append(key)
        descending.append(falls)
    record = types.Record("", tuple((str(i), k.type) for i, k in enumerate(keys)))
    made = types.List(record, over.type.max)
    state = Local(made, f"{item}:keys")
    step = Call(made, "append", (state, MakeRecord(record, tuple(keys))))
    all_keys = Fold(made, over, item, "", (state.name,), (Const(made, ()),), (step,), None, state)
    flags = Const(types.List(types.BOOL, len(keys)), tuple(descending))
    return Call(over.type, "sort_by", (over, all_keys, flags), may_fail=True)


def carried_type(context: Context, carried: Carried) -> Type:
    declared = context.reader.leaf(carried.type)
    if declared is None:
        raise Broken
    return context.reader.ranged(declared, carried.min, carried.max, carried.places).type


def carried_states(context: Context, loop: Loop, carry: tuple[Carried, ...], members: dict[str, Expr]) -> list[State]:
    """The states of `carry`; `next` may read the members of this element's value."""
    scope = loop.scope
    for name, member in members.items():
        scope = scope.binding(name, Variable(member))
    states = []
    for carried in carry:
        its_type = carried_type(context, carried)
        start = fitted(context.value(carried.start, loop.outer), its_type, carried.start.span)
        step = fitted(context.value(carried.next, scope), its_type, carried.next.span)
        states.append(State(f"{carried.name}@carry", its_type, start, step))
    return states


def fitted(expr: Expr, its_type: Type, at: Span) -> Expr:
    """A value as a state of the declared type: a number outside its range is an evaluation error."""
    if isinstance(its_type, Number) and types.is_number(expr.type):
        if isinstance(expr.type, types.Quotient):
            raise Rejected(expression_say.quotient_escapes("a fold's state", at))
        expr = arithmetic.with_unit(expr, its_type.unit)
        found = expr.type
        assert isinstance(found, Number)
        if found.unit != its_type.unit or (its_type.integer and not found.integer):
            hint = for_unit(its_type.unit, found.unit)
            if found.unit == its_type.unit:
                hint = "cut it with `int(x)`, or round it to 0 places"
            raise Rejected(expression_say.expected_type(str(its_type), found, at, hint))
        if its_type.den % found.den:
            raise Rejected(say.state_too_fine(at))
        wide = types.rescaled(found, its_type.den)
        if wide.lo >= its_type.lo and wide.hi <= its_type.hi:
            return arithmetic.coerced(expr, its_type)
        return Call(its_type, "bounded", (expr,), may_fail=True)
    joint = arithmetic.joined_type(expr.type, its_type)
    if joint != its_type:
        raise Rejected(expression_say.expected_type(str(its_type), expr.type, at))
    return arithmetic.coerced(expr, its_type)


def lower_value(context: Context, value: NamedValue) -> None:
    """`NAME.items`, and one node for each carried name."""
    assert value.each is not None
    loop = open_loop(context, value.each, value.when, value.carry, value.at)
    element = context.rounded(context.value(value.value, loop.scope), value.round, loop.scope)
    context.no_quotient(element, "a list", value.value.span)
    members: dict[str, Expr] = {}
    if isinstance(value.value, RecordOf) and isinstance(element, MakeRecord):
        assert isinstance(element.type, types.Record)
        members = {n: i for (n, _), i in zip(element.type.fields, element.items, strict=True)}
    states = carried_states(context, loop, value.carry, members)
    assert isinstance(loop.over.type, types.List)
    made = types.List(element.type, loop.over.type.max)
    collected = Local(made, f"{loop.item}:items")
    items = State(collected.name, made, Const(made, ()), Call(made, "append", (collected, element)))
    fields = [("items", loop.result([items, *states], collected))]
    for carried, state in zip(value.carry, states, strict=True):
        fields.append((carried.name, loop.result(states, Local(state.type, state.name))))
    for name, expr in fields:
        node = f"{value.name}.{name}"
        context.define(node, context.add(node, expr, value.name, "values", value.at))
    context.groups[value.name] = tuple(name for name, _ in fields)


__all__ = ["Field", "Loop", "MakeList", "State", "carried_states", "fitted", "lower_value", "open_loop"]
