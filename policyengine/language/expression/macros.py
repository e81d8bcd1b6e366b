"""The macros of checked expressions: comprehensions, `cel.bind`, and what is done with the value of an optional.

Each becomes a bounded loop or a local name of the core, so that no back end knows a macro. A comprehension goes through
a list as its items, or as positions and items where two variables are named; through a map as its keys, or as keys and
values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policyengine.language.expression import arithmetic, syntax
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope, Variable
from policyengine.runtime.limits import LIST_MAX, LOOPS_MAX
from policyengine.runtime.meaning import costs
from policyengine.runtime.program import All, Any_, Call, Const, Expr, Field, Fold, If, Let, Local, MakeRecord
from policyengine.values import types
from policyengine.values.types import Type

if TYPE_CHECKING:
    from policyengine.language.expression.check import Checker

Macro = Callable[["Checker", syntax.Call, Scope], Expr]


@dataclass(frozen=True, slots=True)
class Loop:
    """What every comprehension shares: what is gone through, the names of its variables, the scope of its body."""

    over: Expr
    item: str
    index: str
    body: Scope
    key: Expr
    """The position or the key of the present turn, where two variables are named."""

    @property
    def item_type(self) -> Type:
        assert isinstance(self.over.type, types.List)
        return self.over.type.item

    @property
    def turns_max(self) -> int:
        assert isinstance(self.over.type, types.List)
        return self.over.type.max

    def fold(
        self, state: Local, start: Expr, step: Expr, result: Expr, bodies: tuple[Expr, ...], stop: Expr | None = None
    ) -> Fold:
        """The loop with one state, each turn charged by the size of what the author wrote for it."""
        return Fold(
            result.type,
            self.over,
            self.item,
            self.index,
            (state.name,),
            (start,),
            (step,),
            stop,
            result,
            absorb=stop is not None,
            cost=costs.turn(*bodies),
        )

    def collected(self, value: Expr, test: Expr | None) -> Fold:
        """The list of a value for each turn, or for those where a test holds."""
        made = types.List(value.type, self.turns_max)
        state = Local(made, f"{self.item}:items")
        step: Expr = Call(made, "append", (state, value))
        if test is not None:
            step = If(made, test, step, state)
        return self.fold(state, Const(made, ()), step, state, (value,) if test is None else (test, value))


def open_loop(checker: Checker, node: syntax.Call, scope: Scope, variables: int) -> Loop:
    assert node.target is not None
    names = [_variable(checker, argument) for argument in node.arguments[:variables]]
    if len(set(names)) < variables:
        raise Rejected(say.variable_twice(names[0], checker.at(node.arguments[1])))
    if scope.loops >= LOOPS_MAX:
        raise Rejected(say.too_nested(LOOPS_MAX, checker.at(node)))
    over = checker.expression(node.target, scope)
    item, index = f"{names[-1]}@{scope.loops}", ""
    match over.type:
        case types.Map(key=key, value=value) if variables == 2:
            entry = types.Record("", (("key", key), ("value", value)))
            over = Call(types.List(entry, LIST_MAX), "entries", (over,))
            own: Expr = Field(key, Local(entry, item), "key")
            last: Expr = Field(value, Local(entry, item), "value")
        case types.Map(key=key):
            over = Call(types.List(key, LIST_MAX), "keys", (over,))
            own = last = Local(key, item)
        case types.List(item=each, max=most):
            last = Local(each, item)
            own = last
            if variables == 2:
                index = f"{names[0]}@{scope.loops}"
                own = Local(types.integer(0, max(0, most - 1)), index)
        case _:
            hint = "it goes through a list or a map"
            raise Rejected(say.wrong_operand(node.name, over.type, checker.at(node.target), hint))
    inside = scope.binding(names[0], Variable(own), loops=1)
    if variables == 2:
        inside = inside.binding(names[1], Variable(last))
    return Loop(over, item, index, inside, own)


def _variable(checker: Checker, node: syntax.Expression) -> str:
    """The name that a macro binds."""
    if not isinstance(node, syntax.Name) or node.root:
        raise Rejected(say.not_a_macro_variable(checker.at(node)))
    return node.name


def _test(checker: Checker, node: syntax.Call, written: syntax.Expression, scope: Scope) -> Expr:
    return checker.boolean(checker.expression(written, scope), node.name, written)


def _quantifier(variables: int) -> Macro:
    """`all` and `exists`: a turn that decides wins over turns that fail."""

    def macro(checker: Checker, node: syntax.Call, scope: Scope) -> Expr:
        loop = open_loop(checker, node, scope, variables)
        test = _test(checker, node, node.arguments[-1], loop.body)
        state = Local(types.BOOL, f"{loop.item}:{node.name}")
        want_all = node.name == "all"
        step: Expr = (All if want_all else Any_)(types.BOOL, (state, test))
        stop: Expr = Call(types.BOOL, "not", (state,)) if want_all else state
        return loop.fold(state, Const(types.BOOL, want_all), step, state, (test,), stop)

    return macro


def _exactly_one(variables: int) -> Macro:
    def macro(checker: Checker, node: syntax.Call, scope: Scope) -> Expr:
        loop = open_loop(checker, node, scope, variables)
        test = _test(checker, node, node.arguments[-1], loop.body)
        count = types.integer(0, loop.turns_max)
        state = Local(count, f"{loop.item}:one")
        one = Const(types.integer(1, 1), 1)
        step = If(count, test, replace(arithmetic.add([state, one], checker.at(node)), type=count), state)
        return loop.fold(state, Const(count, 0), step, Call(types.BOOL, "eq", (state, one)), (test,))

    return macro


def _filter(checker: Checker, node: syntax.Call, scope: Scope) -> Expr:
    loop = open_loop(checker, node, scope, 1)
    test = _test(checker, node, node.arguments[1], loop.body)
    return loop.collected(Local(loop.item_type, loop.item), test)


def _tested(checker: Checker, node: syntax.Call, scope: Scope, variables: int) -> tuple[Loop, Expr | None, Scope]:
    """The loop of a macro whose last argument is a value, perhaps after a test that the value may rely on."""
    loop = open_loop(checker, node, scope, variables)
    if len(node.arguments) == variables + 1:
        return loop, None, loop.body
    written = node.arguments[variables]
    test = _test(checker, node, written, loop.body)
    return loop, test, loop.body.knowing(checker.known_present(written, loop.body))


def _value(checker: Checker, node: syntax.Call, scope: Scope, where: str) -> Expr:
    value = checker.expression(node.arguments[-1], scope)
    checker.no_quotient(value, where, node.arguments[-1])
    return value


def _mapped(variables: int) -> Macro:
    """`map(x, e)`, `map(x, test, e)`, `transformList(i, x, e)` and `transformList(i, x, test, e)`."""

    def macro(checker: Checker, node: syntax.Call, scope: Scope) -> Expr:
        loop, test, body = _tested(checker, node, scope, variables)
        return loop.collected(_value(checker, node, body, "a list"), test)

    return macro


def _transform_map(checker: Checker, node: syntax.Call, scope: Scope) -> Expr:
    """`transformMap`: the same keys (or the positions of a list) with other values."""
    loop, test, body = _tested(checker, node, scope, 2)
    value = _value(checker, node, body, "a map")
    entry = types.Record("", (("key", loop.key.type), ("value", value.type)))
    entries = loop.collected(MakeRecord(entry, (loop.key, value)), test)
    return Call(types.Map(loop.key.type, value.type), "map_of_entries", (entries,))


def _transform_entries(checker: Checker, node: syntax.Call, scope: Scope) -> Expr:
    """`transformMapEntry`: each turn gives a map, and all of them together are the result."""
    loop, test, body = _tested(checker, node, scope, 2)
    value = checker.expression(node.arguments[-1], body)
    if not isinstance(value.type, types.Map):
        raise Rejected(say.expected_type("a map such as `{key: value}`", value.type, checker.at(node.arguments[-1])))
    return Call(value.type, "merged", (loop.collected(value, test),), may_fail=True)


def _sorted_by(checker: Checker, node: syntax.Call, scope: Scope) -> Expr:
    """`sortBy(x, key)`: the items in the order of a key that is computed for each."""
    loop = open_loop(checker, node, scope, 1)
    key = _value(checker, node, loop.body, "a sort key")
    if not arithmetic.is_ordered(key.type):
        raise Rejected(say.no_order(key.type, checker.at(node.arguments[1])))
    most = loop.turns_max
    name = f"{loop.item}:sorted"
    items = Local(loop.over.type, name)
    keys = replace(loop, over=items).collected(key, None)
    position = types.integer(0, max(0, most - 1))
    order = Call(types.List(position, most), "order_of", (keys,))
    return Let(loop.over.type, name, loop.over, Call(loop.over.type, "in_order", (items, order)))


def bind(checker: Checker, node: syntax.Call, scope: Scope, expected: Type | None) -> Expr:
    """`cel.bind(name, value, expression)`: a value that fails matters only where it is read."""
    written = _variable(checker, node.arguments[0])
    value = checker.expression(node.arguments[1], scope)
    name = f"{written}@{node.start}"
    inside = scope.binding(written, Variable(Local(value.type, name)))
    body = checker.expression(node.arguments[2], inside, expected)
    return Let(body.type, name, value, body)


def _optional_map(flat: bool) -> Macro:
    """`optMap` and `optFlatMap`: an expression over the value of an optional that has one."""

    def macro(checker: Checker, node: syntax.Call, scope: Scope) -> Expr:
        assert node.target is not None
        written = _variable(checker, node.arguments[0])
        target = checker.optional(node.target, scope)
        assert isinstance(target.type, types.Optional)
        name = f"{written}@{node.start}"
        inside = scope.binding(written, Variable(Local(target.type.item, name)))
        body = checker.expression(node.arguments[1], inside)
        checker.no_quotient(body, "an optional", node.arguments[1])
        if flat is not isinstance(body.type, types.Optional):
            hint = "`optFlatMap` takes one that gives an optional, `optMap` one that gives a plain value"
            raise Rejected(say.wrong_operand(node.name, body.type, checker.at(node.arguments[1]), hint))
        made = body.type if flat else types.Optional(body.type)
        present = Call(types.BOOL, "is_present", (Local(target.type, name),))
        chosen = If(made, present, arithmetic.coerced(body, made), Const(made, None))
        return Let(made, name, target, chosen)

    return macro


MACROS: dict[tuple[str, int], Macro] = {
    ("all", 2): _quantifier(1),
    ("all", 3): _quantifier(2),
    ("exists", 2): _quantifier(1),
    ("exists", 3): _quantifier(2),
    ("exists_one", 2): _exactly_one(1),
    ("exists_one", 3): _exactly_one(2),
    ("existsOne", 2): _exactly_one(1),
    ("existsOne", 3): _exactly_one(2),
    ("filter", 2): _filter,
    ("map", 2): _mapped(1),
    ("map", 3): _mapped(1),
    ("transformList", 3): _mapped(2),
    ("transformList", 4): _mapped(2),
    ("transformMap", 3): _transform_map,
    ("transformMap", 4): _transform_map,
    ("transformMapEntry", 3): _transform_entries,
    ("transformMapEntry", 4): _transform_entries,
    ("sortBy", 2): _sorted_by,
    ("optMap", 2): _optional_map(flat=False),
    ("optFlatMap", 2): _optional_map(flat=True),
}
"""Each macro by its name and the number of its arguments."""
