"""Evaluation without declared types: the tree of an expression becomes nested steps, and the steps run.

The meaning is CEL's, with the deviations D1 to D4: exact decimals, ints and decimals mixed, exact division, no rounding
unless it is asked for. A failure is raised by the step that has it and caught by what can decide without it: `&&`,
`||`, `all` and `exists`, in whatever order. What the budget ends is never caught.

A variable that a macro binds has a place of its own in `frame`, found when the steps are made. Steps nest as deep as
the tree, which the parser bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from policyengine.language.expression.check import Place
from policyengine.language.expression.dynamic import shape
from policyengine.language.expression.dynamic.calls import plan_call
from policyengine.language.expression.dynamic.step import Failed, Slots, Step, path_of
from policyengine.language.expression.syntax import (
    Binary,
    Bool,
    Bytes,
    Call,
    Chain,
    Expression,
    Index,
    ListLiteral,
    MapLiteral,
    Name,
    Null,
    Number,
    Select,
    Ternary,
    Text,
    Unary,
)
from policyengine.runtime.failure import BAD_KEY, NO_OVERLOAD, REPEATED_KEY, UNKNOWN_NAME, Failure
from policyengine.runtime.functions import operators
from policyengine.runtime.functions.equality import compared, equal
from policyengine.runtime.functions.kinds import NAMED_TYPES, word
from policyengine.runtime.functions.maps import MapValue, map_of, may_be_key
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.runtime.limits import Meter
from policyengine.values.types import INT64_MAX, INT64_MIN

_ORDERS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}
_ABSENT = object()


class Planner:
    """Makes the steps of one expression for one evaluation, over held values of its variables."""

    def __init__(self, variables: Mapping[str, Any], container: str, meter: Meter, place: Place) -> None:
        self.variables = variables
        self.scopes = _scopes(container)
        self.meter = meter
        self.place = place
        self.frame: list[Any] = []
        self.loops = 0

    def plan(self, node: Expression, slots: Slots) -> Step:
        """The step of a node."""
        return _PLANS[type(node)](self, node, slots)

    def slot(self) -> int:
        """A new place in the frame."""
        self.frame.append(None)
        return len(self.frame) - 1

    # -------------------------------------------------------------------------------------------------- literals

    def number(self, node: Number, slots: Slots) -> Step:
        value: Any = node.value.numerator if node.integer else node.value
        if node.unit is not None:
            value = shape.quantity(node, self.place)
        return lambda: value

    def literal(self, node: Text | Bytes | Bool, slots: Slots) -> Step:
        value = node.value
        return lambda: value

    def null(self, node: Null, slots: Slots) -> Step:
        return lambda: None

    def items(self, node: ListLiteral, slots: Slots) -> Step:
        steps = [self.plan(item, slots) for item, _ in node.items]
        optional = [is_optional for _, is_optional in node.items]
        if any(optional):
            return lambda: _present_items(steps, optional, node)
        return lambda: tuple([step() for step in steps])

    def entries(self, node: MapLiteral, slots: Slots) -> Step:
        entries = [(self.plan(key, slots), self.plan(value, slots), o) for key, value, o in node.entries]
        return lambda: _map(entries, node)

    # ----------------------------------------------------------------------------------------------------- names

    def name(self, node: Name, slots: Slots) -> Step:
        return self.path(node, slots)

    def select(self, node: Select, slots: Slots) -> Step:
        if not node.optional:
            return self.path(node, slots)
        target, meter, field = self.plan(node.target, slots), self.meter, node.field
        return lambda: _optional_part(meter, target(), field, node)

    def path(self, node: Name | Select, slots: Slots) -> Step:
        """A name with fields behind it: a variable of a macro, else the longest name that is known."""
        words = path_of(node)
        if words is None:
            assert isinstance(node, Select)
            return self.field(self.plan(node.target, slots), node)
        root, names = words
        if not root and names[0] in slots:
            return self.fields(_bound(self.frame, slots[names[0]], node), node, len(names) - 1)
        for count in range(len(names), 0, -1):
            found = self.known(".".join(names[:count]), root)
            if found is not _ABSENT:
                return self.fields(_constant(found), node, len(names) - count)
        failure = UNKNOWN_NAME.saying(f"the name `{names[0]}` is not known")
        return _failing(failure, node)

    def known(self, name: str, root: bool) -> Any:
        """The value of a whole name, or `_ABSENT`."""
        for scope in ("",) if root else self.scopes:
            found = self.variables.get(scope + name, NAMED_TYPES.get(scope + name, _ABSENT))
            if found is not _ABSENT:
                return found
        return _ABSENT

    def is_variable(self, name: str, root: bool) -> bool:
        return any(scope + name in self.variables for scope in (("",) if root else self.scopes))

    def fields(self, step: Step, node: Expression, count: int) -> Step:
        """The last `count` fields of a path, read one after another."""
        selects: list[Select] = []
        while len(selects) < count:
            assert isinstance(node, Select)
            selects.append(node)
            node = node.target
        for select in reversed(selects):
            step = self.field(step, select)
        return step

    def field(self, target: Step, node: Select) -> Step:
        meter, name = self.meter, node.field

        def step() -> Any:
            holder = target()
            if type(holder) is OptionalValue:
                return _inside_optional(meter, holder, name, node)
            found = operators.field(meter, holder, name)
            if type(found) is Failure:
                raise Failed(found, node)
            return found

        return step

    def index(self, node: Index, slots: Slots) -> Step:
        target, key, meter = self.plan(node.target, slots), self.plan(node.key, slots), self.meter
        if node.optional:
            return lambda: _optional_part(meter, target(), key(), node)

        def step() -> Any:
            holder, its_key = target(), key()
            if type(holder) is OptionalValue:
                return _inside_optional(meter, holder, its_key, node)
            found = operators.item(meter, holder, its_key)
            if type(found) is Failure:
                raise Failed(found, node)
            return found

        return step

    # ------------------------------------------------------------------------------------------------- operators

    def unary(self, node: Unary, slots: Slots) -> Step:
        operand, meter = self.plan(node.operand, slots), self.meter
        if node.operator == "-":
            return lambda: _settled(operators.negate(meter, operand()), node)

        def negation() -> bool:
            found = operand()
            if type(found) is not bool:
                raise Failed(operators.no_overload("!", found), node)
            return not found

        return negation

    def binary(self, node: Binary, slots: Slots) -> Step:
        left, right = self.plan(node.left, slots), self.plan(node.right, slots)
        if node.operator in ("==", "!="):
            return self.equality(left, right, node.operator == "==")
        if node.operator in _ORDERS:
            return self.comparison(left, right, node)
        if node.operator == "in":
            meter = self.meter
            return lambda: _settled(operators.contained(meter, left(), right()), node)
        return self.arithmetic(left, right, operators.ARITHMETIC[node.operator], node)

    def equality(self, left: Step, right: Step, wanted: bool) -> Step:
        meter = self.meter
        return lambda: equal(meter, left(), right()) is wanted

    def comparison(self, left: Step, right: Step, node: Binary) -> Step:
        meter, test = self.meter, _ORDERS[node.operator]

        def step() -> bool:
            a, b = left(), right()
            order = compared(meter, a, b)
            if isinstance(order, Failure):
                raise Failed(operators.no_overload(node.operator, a, b), node)
            return test(order)

        return step

    def arithmetic(self, left: Step, right: Step, run: Callable[[Meter, Any, Any], Any], node: Expression) -> Step:
        meter = self.meter

        def step() -> Any:
            found = run(meter, left(), right())
            if type(found) is Failure:
                raise Failed(found, node)
            return found

        return step

    def chain(self, node: Chain, slots: Slots) -> Step:
        steps = [self.plan(operand, slots) for operand in node.operands]
        if node.operator in ("&&", "||"):
            return self.logic(steps, node)
        if len(steps) == 2:
            quick = _added if node.operator == "+" else _multiplied
            return self.arithmetic(steps[0], steps[1], quick, node)
        run, meter = operators.ARITHMETIC[node.operator], self.meter

        def step() -> Any:
            found = steps[0]()
            for operand in steps[1:]:
                found = run(meter, found, operand())
                if type(found) is Failure:
                    raise Failed(found, node)
            return found

        return step

    def logic(self, steps: list[Step], node: Chain) -> Step:
        """`&&` and `||`: an operand that decides wins over those that fail, on whichever side it stands."""
        meter, decides = self.meter, node.operator == "||"

        def step() -> bool:
            failed: tuple[Failure, Expression] | None = None
            for operand in steps:
                try:
                    found: Any = operand()
                except Failed as fault:
                    meter.charge(10)
                    failed = failed or (fault.failure, fault.node)
                    continue
                if found is decides:
                    return bool(decides)
                if type(found) is not bool:
                    failed = failed or (operators.no_overload(node.operator, found), node)
            if failed is not None:
                raise Failed(*failed)
            return not decides

        return step

    def ternary(self, node: Ternary, slots: Slots) -> Step:
        condition = self.plan(node.condition, slots)
        then, otherwise = self.plan(node.then, slots), self.plan(node.otherwise, slots)

        def step() -> Any:
            chosen = condition()
            if type(chosen) is not bool:
                raise Failed(NO_OVERLOAD.saying(f"a condition is true or false, and not {word(chosen)}"), node)
            return then() if chosen else otherwise()

        return step


def _scopes(container: str) -> tuple[str, ...]:
    """What may stand before a name, the longest first: `a.b.`, `a.` and nothing for the container `a.b`."""
    words = container.split(".") if container else []
    return tuple("".join(f"{word}." for word in words[:count]) for count in range(len(words), -1, -1))


def _bound(frame: list[Any], slot: int, node: Expression) -> Step:
    """The variable of a macro; one whose value failed fails where it is read."""

    def step() -> Any:
        found = frame[slot]
        if type(found) is Failure:
            raise Failed(found, node)
        return found

    return step


def _constant(value: Any) -> Step:
    return lambda: value


def _failing(failure: Failure, node: Expression) -> Step:
    def step() -> Any:
        raise Failed(failure, node)

    return step


def _settled(found: Any, node: Expression) -> Any:
    if type(found) is Failure:
        raise Failed(found, node)
    return found


def _added(meter: Meter, a: Any, b: Any) -> Any:
    if type(a) is int and type(b) is int and INT64_MIN <= (total := a + b) <= INT64_MAX:
        return total
    return operators.add(meter, a, b)


def _multiplied(meter: Meter, a: Any, b: Any) -> Any:
    if type(a) is int and type(b) is int and INT64_MIN <= (product := a * b) <= INT64_MAX:
        return product
    return operators.multiply(meter, a, b)


def _present_items(steps: list[Step], optional: list[bool], node: Expression) -> tuple[Any, ...]:
    found: list[Any] = []
    for step, may_be_absent in zip(steps, optional, strict=True):
        value = step()
        if not may_be_absent:
            found.append(value)
        elif _optional(value, node) is not NONE:
            found.append(value.value)
    return tuple(found)


def _optional(value: Any, node: Expression) -> OptionalValue:
    if type(value) is not OptionalValue:
        raise Failed(NO_OVERLOAD.saying(f"after `?` stands an optional, and not {word(value)}"), node)
    return value


def _map(entries: list[tuple[Step, Step, bool]], node: Expression) -> MapValue:
    found: list[tuple[Any, Any]] = []
    for key_step, value_step, may_be_absent in entries:
        key = key_step()
        if not may_be_key(key):
            raise Failed(BAD_KEY.saying(f"a key of a map is a text, an int or a bool, and not {word(key)}"), node)
        value = value_step()
        if may_be_absent:
            value = _optional(value, node)
            if value is NONE:
                continue
            value = value.value
        found.append((key, value))
    made = map_of(found)
    if made is None:
        raise Failed(REPEATED_KEY, node)
    return made


def _optional_part(meter: Meter, holder: Any, key: Any, node: Expression) -> OptionalValue:
    """`holder.?key` and `holder[?key]`."""
    if type(holder) is OptionalValue:
        return _inside_optional(meter, holder, key, node)
    return _looked_up(meter, holder, key, node)


def _inside_optional(meter: Meter, holder: OptionalValue, key: Any, node: Expression) -> OptionalValue:
    """A part of what an optional holds, which is an optional again."""
    return NONE if holder is NONE else _looked_up(meter, holder.value, key, node)


def _looked_up(meter: Meter, holder: Any, key: Any, node: Expression) -> OptionalValue:
    if type(holder) is MapValue:
        found = holder.find(key, _ABSENT)
        return NONE if found is _ABSENT else OptionalValue(found)
    found = operators.item(meter, holder, key)
    if isinstance(found, Failure):
        if found.code == "no_item":
            return NONE
        raise Failed(found, node)
    return OptionalValue(found)


Plan = Callable[[Planner, Any, Slots], Step]
_PLANS: dict[type, Plan] = {
    Number: Planner.number,
    Text: Planner.literal,
    Bytes: Planner.literal,
    Bool: Planner.literal,
    Null: Planner.null,
    Name: Planner.name,
    Select: Planner.select,
    Index: Planner.index,
    Call: plan_call,
    Unary: Planner.unary,
    Binary: Planner.binary,
    Chain: Planner.chain,
    Ternary: Planner.ternary,
    ListLiteral: Planner.items,
    MapLiteral: Planner.entries,
}
