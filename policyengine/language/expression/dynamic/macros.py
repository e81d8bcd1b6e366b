"""The macros: `has`, `cel.bind`, and those that go through a list or a map.

Each turn is charged by the size of the body before it runs, so no nesting of loops outlasts the budget. A list is gone
through as its items, or as positions and items where two variables are named; a map as its keys, or as keys and values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from policyengine.language.expression.dynamic.shape import field_asked, loop_variables, variable_name
from policyengine.language.expression.dynamic.step import Failed, Slots, Step, path_of
from policyengine.language.expression.dynamic.weight import turn_weight
from policyengine.language.expression.syntax import Call, Expression
from policyengine.runtime.failure import NO_OVERLOAD, REPEATED_KEY, Failure
from policyengine.runtime.functions.kinds import word
from policyengine.runtime.functions.lists import order_of
from policyengine.runtime.functions.maps import MapValue, map_of
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.runtime.limits import CostExceeded

if TYPE_CHECKING:
    from policyengine.language.expression.dynamic.plan import Planner


# ------------------------------------------------------------------------------------------------ has and cel.bind


def plan_has(planner: Planner, node: Call, slots: Slots) -> Step:
    """`has(a.b)`: whether the map `a` has the field."""
    argument = field_asked(node, planner.place)
    path = path_of(argument)
    if path is not None and (path[0] or path[1][0] not in slots) and planner.is_variable(".".join(path[1]), path[0]):
        return lambda: True
    target, field = planner.plan(argument.target, slots), argument.field

    def step() -> bool:
        holder = target()
        if type(holder) is OptionalValue:
            if holder is NONE:
                return False
            holder = holder.value
        if type(holder) is not MapValue:
            raise Failed(NO_OVERLOAD.saying(f"{word(holder)} has no fields"), argument)
        return holder.has(field)

    return step


def plan_bind(planner: Planner, node: Call, slots: Slots) -> Step:
    """`cel.bind(name, value, expression)`; a value that fails matters only where it is read."""
    variable, written, body = node.arguments
    slot = planner.slot()
    name = variable_name(variable, planner.place)
    value = planner.plan(written, slots)
    inside = planner.plan(body, {**slots, name: slot})
    frame = planner.frame

    def step() -> Any:
        try:
            frame[slot] = value()
        except Failed as fault:
            frame[slot] = fault.failure
        return inside()

    return step


# ------------------------------------------------------------------------------------------------------------ loops


class Loop:
    """What every macro over a list or a map shares: its turns, their variables and their cost."""

    __slots__ = ("_frame", "_meter", "_node", "_slots", "_target", "_weight", "inside")

    def __init__(self, planner: Planner, node: Call, slots: Slots, variables: int) -> None:
        assert node.target is not None
        names = loop_variables(node, variables, planner.loops, planner.place)
        self._target = planner.plan(node.target, slots)
        self._slots = [planner.slot() for _ in names]
        self._frame = planner.frame
        self._meter = planner.meter
        self._weight = turn_weight(*node.arguments[variables:])
        self._node = node
        self.inside: Slots = {**slots, **dict(zip(names, self._slots, strict=True))}

    def turns(self) -> Iterable[tuple[Any, Any]]:
        """Each turn as (position or key, item or value), with the variables set; every turn is charged."""
        holder = self._target()
        frame, meter, weight, slots = self._frame, self._meter, self._weight, self._slots
        single = len(slots) == 1
        first, last = slots[0], slots[-1]
        for key, value in self._pairs(holder, single):
            meter.left -= weight
            if meter.left < 0:
                raise CostExceeded
            frame[first] = key
            frame[last] = value
            yield key, value

    def _pairs(self, holder: Any, single: bool) -> Iterable[tuple[Any, Any]]:
        if type(holder) is tuple:
            return enumerate(holder)
        if type(holder) is not MapValue:
            failure = NO_OVERLOAD.saying(f"`{self._node.name}` goes through a list or a map, and not {word(holder)}")
            raise Failed(failure, self._node)
        if single:
            return zip(holder.keys(), holder.keys(), strict=True)
        return holder.items()


def _bodies(planner: Planner, node: Call, loop: Loop, first: int) -> list[Step]:
    """The steps of the arguments after the variables, inside the loop."""
    planner.loops += 1
    steps = [planner.plan(argument, loop.inside) for argument in node.arguments[first:]]
    planner.loops -= 1
    return steps


def _truth(found: Any, node: Call) -> bool:
    if type(found) is not bool:
        raise Failed(NO_OVERLOAD.saying(f"`{node.name}` tests for true or false, and not {word(found)}"), node)
    return found


def _quantifier(variables: int) -> Macro:
    """`all` and `exists`: a turn that decides wins over turns that fail."""

    def plan(planner: Planner, node: Call, slots: Slots) -> Step:
        loop = Loop(planner, node, slots, variables)
        (test,) = _bodies(planner, node, loop, variables)
        decides, meter = node.name == "exists", planner.meter

        def step() -> bool:
            failed: tuple[Failure, Expression] | None = None
            for _ in loop.turns():
                try:
                    if _truth(test(), node) is decides:
                        return decides
                except Failed as fault:
                    meter.charge(10)
                    failed = failed or (fault.failure, fault.node)
            if failed is not None:
                raise Failed(*failed)
            return not decides

        return step

    return plan


def _exactly_one(variables: int) -> Macro:
    def plan(planner: Planner, node: Call, slots: Slots) -> Step:
        loop = Loop(planner, node, slots, variables)
        (test,) = _bodies(planner, node, loop, variables)
        return lambda: sum(_truth(test(), node) for _ in loop.turns()) == 1

    return plan


def _filter(planner: Planner, node: Call, slots: Slots) -> Step:
    loop = Loop(planner, node, slots, 1)
    (test,) = _bodies(planner, node, loop, 1)
    return lambda: tuple([item for _, item in loop.turns() if _truth(test(), node)])


def _mapped(variables: int) -> Macro:
    """`map` and `transformList`, with a test before the value or without one."""

    def plan(planner: Planner, node: Call, slots: Slots) -> Step:
        loop = Loop(planner, node, slots, variables)
        *tests, value = _bodies(planner, node, loop, variables)
        if not tests:
            return lambda: tuple([value() for _ in loop.turns()])
        test = tests[0]
        return lambda: tuple([value() for _ in loop.turns() if _truth(test(), node)])

    return plan


def _transform_map(planner: Planner, node: Call, slots: Slots) -> Step:
    loop = Loop(planner, node, slots, 2)
    *tests, value = _bodies(planner, node, loop, 2)

    def step() -> MapValue:
        entries = [(key, value()) for key, _ in loop.turns() if not tests or _truth(tests[0](), node)]
        made = map_of(entries)
        assert made is not None, "positions and keys are all different"
        return made

    return step


def _transform_entries(planner: Planner, node: Call, slots: Slots) -> Step:
    """`transformMapEntry`: each turn gives a map, and all of them together are the result."""
    loop = Loop(planner, node, slots, 2)
    *tests, entry = _bodies(planner, node, loop, 2)

    def step() -> MapValue:
        entries: list[tuple[Any, Any]] = []
        for _ in loop.turns():
            if tests and not _truth(tests[0](), node):
                continue
            made = entry()
            if type(made) is not MapValue:
                raise Failed(NO_OVERLOAD.saying(f"`{node.name}` collects maps, and not {word(made)}"), node)
            planner.meter.charge(len(made))
            entries += made.items()
        whole = map_of(entries)
        if whole is None:
            raise Failed(REPEATED_KEY, node)
        return whole

    return step


def _sorted_by(planner: Planner, node: Call, slots: Slots) -> Step:
    """`sortBy`: the items in the order of a key that is computed for each."""
    loop = Loop(planner, node, slots, 1)
    (key,) = _bodies(planner, node, loop, 1)
    meter = planner.meter

    def step() -> tuple[Any, ...]:
        pairs = [(item, key()) for _, item in loop.turns()]
        order = order_of(meter, tuple(each for _, each in pairs))
        if isinstance(order, Failure):
            raise Failed(order, node)
        return tuple(pairs[i][0] for i in order)

    return step


def _optional_map(flat: bool) -> Macro:
    """`optMap` and `optFlatMap`: an expression over the value of an optional that has one."""

    def plan(planner: Planner, node: Call, slots: Slots) -> Step:
        assert node.target is not None
        name = variable_name(node.arguments[0], planner.place)
        target, slot = planner.plan(node.target, slots), planner.slot()
        body, frame = planner.plan(node.arguments[1], {**slots, name: slot}), planner.frame

        def step() -> OptionalValue:
            optional = target()
            if type(optional) is not OptionalValue:
                raise Failed(NO_OVERLOAD.saying(f"`{node.name}` needs an optional, and not {word(optional)}"), node)
            if optional is NONE:
                return NONE
            frame[slot] = optional.value
            found = body()
            if not flat:
                return OptionalValue(found)
            if type(found) is not OptionalValue:
                raise Failed(NO_OVERLOAD.saying(f"`{node.name}` gives an optional, and not {word(found)}"), node)
            return found

        return step

    return plan


Macro = Callable[["Planner", Call, Slots], Step]

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
