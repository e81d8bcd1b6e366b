"""Calls: macros by their shape, functions by the kinds of their arguments."""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from policyengine.language.expression.dynamic import shape
from policyengine.language.expression.dynamic.macros import MACROS, plan_bind, plan_has
from policyengine.language.expression.dynamic.step import Failed, Slots, Step, path_of
from policyengine.language.expression.names import is_bind
from policyengine.language.expression.syntax import Call, Expression, Name, Text
from policyengine.runtime.failure import NO_OVERLOAD, UNKNOWN_FUNCTION, Failure
from policyengine.runtime.functions import FUNCTIONS, Function
from policyengine.runtime.functions.function import Run
from policyengine.runtime.functions.kinds import word, words
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.values.rounding import MODES

if TYPE_CHECKING:
    from policyengine.language.expression.dynamic.plan import Planner


_LAST_WORDS = frozenset(name.rsplit(".", 1)[-1] for name in FUNCTIONS if "." in name)


def plan_call(planner: Planner, node: Call, slots: Slots) -> Step:
    """A macro, a function of a library (`math.abs(x)`), a method (`x.size()`) or a plain function."""
    if is_bind(node) and "cel" not in slots:
        return plan_bind(planner, node, slots)
    if node.target is None:
        if node.name == "has":
            return plan_has(planner, node, slots)
        return _plan_function(planner, node, node.name, node.arguments, slots, method=False)
    qualified = qualified_name(node, slots)
    if qualified is not None:
        return _plan_function(planner, node, qualified, node.arguments, slots, method=False)
    macro = MACROS.get((node.name, len(node.arguments)))
    if macro is not None:
        return macro(planner, node, slots)
    if node.name in ("or", "orValue") and len(node.arguments) == 1:
        return _plan_or(planner, node, slots)
    return _plan_function(planner, node, node.name, (node.target, *node.arguments), slots, method=True)


def qualified_name(node: Call, bound: Container[str]) -> str | None:
    """The dotted name of a function, where the words before the last one are no variable of a macro."""
    if node.target is None or node.name not in _LAST_WORDS:
        return None
    path = path_of(node.target)
    if path is None or (path[1][0] in bound and not path[0]):
        return None
    name = ".".join((*path[1], node.name))
    return name if name in FUNCTIONS else None


def _plan_or(planner: Planner, node: Call, slots: Slots) -> Step:
    """`a.or(b)` and `a.orValue(b)`: b is read only where a has no value."""
    assert node.target is not None
    first, second = planner.plan(node.target, slots), planner.plan(node.arguments[0], slots)
    whole = node.name == "or"

    def step() -> Any:
        optional = first()
        if type(optional) is not OptionalValue:
            raise Failed(NO_OVERLOAD.saying(f"`{node.name}` needs an optional, and not {word(optional)}"), node)
        if optional is not NONE:
            return optional if whole else optional.value
        other = second()
        if whole and type(other) is not OptionalValue:
            raise Failed(NO_OVERLOAD.saying(f"`or` takes an optional, and not {word(other)}"), node)
        return other

    return step


def _plan_function(
    planner: Planner, node: Call, name: str, arguments: tuple[Expression, ...], slots: Slots, method: bool
) -> Step:
    function = FUNCTIONS.get(name)
    if name == "round" and not method:
        arguments = _with_mode(planner, node, slots)
    steps: list[Step] = []
    for argument in arguments:  # a comprehension would be one frame more for each level of nesting
        steps.append(planner.plan(argument, slots))  # noqa: PERF401
    if function is None or not any(form.method is method for form in function.signatures):
        failure = UNKNOWN_FUNCTION.saying(f"the function `{name}` is not known")
        return lambda: _fail(failure, node)
    shape.refuse_pattern(name, arguments, planner.place)
    meter, cost, metered = planner.meter, function.cost, function.metered

    def step() -> Any:
        given = [argument() for argument in steps]
        run = implementation(name, method, tuple(map(type, given)))
        if run is None:
            raise Failed(NO_OVERLOAD.saying(f"`{name}` does not take ({words(given)})"), node)
        if metered:
            found = run(meter, *given)
        else:
            meter.charge(cost if isinstance(cost, int) else cost(*given))
            found = run(*given)
        if type(found) is Failure:
            raise Failed(found, node)
        return found

    return step


def _with_mode(planner: Planner, node: Call, slots: Slots) -> tuple[Expression, ...]:
    """The arguments of `round`, whose mode is a word: `round(x, 2, half_up)`."""
    shape.require_mode(node, planner.place)
    match node.arguments:
        case (amount, places, Name(name=mode) as word) if mode in MODES and mode not in slots:
            return amount, places, Text(word.start, word.end, mode)
    return node.arguments


def _fail(failure: Failure, node: Expression) -> Any:
    raise Failed(failure, node)


@lru_cache(maxsize=4096)
def implementation(name: str, method: bool, kinds: tuple[type, ...]) -> Run | None:
    """What computes a function for arguments of these kinds, None where no form takes them."""
    function: Function = FUNCTIONS[name]
    for form in function.signatures:
        if form.method is method and form.accepts(kinds):
            return form.run or function.run
    return None
