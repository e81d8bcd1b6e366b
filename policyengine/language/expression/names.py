"""Which names an expression reads from outside: the graph of a bundle's nodes is made of these.

A name that a macro binds (`xs.all(x, ...)`) is not read from outside, unless it is written `.x`. The words of a call
that belong to the function's name (`math` in `math.abs(x)`) are not read at all. Names of types, units and modes look
like any other name here; who asks knows which those are.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from policyengine.language.expression.syntax import Call, Expression, Name, Select
from policyengine.language.expression.walk import children
from policyengine.runtime.functions.table import QUALIFIED

# The functions whose names have a dot, and the macro that has one.
QUALIFIED_FUNCTIONS = QUALIFIED | {"cel.bind"}

# For each macro, how many variables it binds by the number of its arguments; they are the first ones.
_VARIABLES: dict[str, dict[int, int]] = {
    "all": {2: 1, 3: 2},
    "exists": {2: 1, 3: 2},
    "exists_one": {2: 1, 3: 2},
    "existsOne": {2: 1, 3: 2},
    "filter": {2: 1},
    "map": {2: 1, 3: 1},
    "optFlatMap": {2: 1},
    "optMap": {2: 1},
    "sortBy": {2: 1},
    "transformList": {3: 2, 4: 2},
    "transformMap": {3: 2, 4: 2},
    "transformMapEntry": {3: 2, 4: 2},
}

# An expression, and the variables that hold in it.
_Scoped = tuple[Expression, frozenset[str]]


@dataclass(frozen=True, slots=True)
class FreePath:
    """A dotted path that an expression reads, as long as it is written: `usage.tokens` of `usage.tokens > 1`.

    `presence_only` is true where only `has(...)` asks for it. `root` is true where it begins with a dot.
    """

    path: tuple[str, ...]
    start: int
    end: int
    presence_only: bool = False
    root: bool = False


def free_paths(node: Expression, functions: Container[str] = QUALIFIED_FUNCTIONS) -> list[FreePath]:
    """Every place where an expression reads a path from outside, in the order of the text.

    `functions` are the dotted names of functions, whose words before the last dot are no path.
    """
    found: list[FreePath] = []
    pending: list[_Scoped] = [(node, frozenset())]
    while pending:
        current, bound = pending.pop()
        match current:
            case Name() | Select() if path := _path(current):
                _add(found, path, bound)
            case Call(name="has", target=None, arguments=(argument,)) if path := _path(argument):
                _add(found, path, bound, presence_only=True)
            case Call():
                pending += _inside_call(current, bound, functions)
            case _:
                pending += [(child, bound) for child in children(current)]
    return sorted(found, key=lambda path: path.start)


def bound_variables(call: Call) -> tuple[str, ...]:
    """The variables that a call binds, if it is a macro: (`k`, `v`) of `m.all(k, v, v > 0)`."""
    count = 1 if is_bind(call) else variable_count(call)
    if not count:
        return ()
    names = tuple(a.name for a in call.arguments[:count] if isinstance(a, Name) and not a.root)
    return names if len(names) == count else ()


def variable_count(call: Call) -> int:
    """How many variables a call binds if it is a macro that is written as a method, 0 where it is none."""
    if call.target is None or call.name not in _VARIABLES:
        return 0
    return _VARIABLES[call.name].get(len(call.arguments), 0)


def is_bind(call: Call) -> bool:
    """Whether a call is `cel.bind(name, value, expression)`."""
    if call.name != "bind" or len(call.arguments) != 3:
        return False
    return isinstance(call.target, Name) and call.target.name == "cel"


def _inside_call(
    call: Call, bound: frozenset[str], functions: Container[str]
) -> list[tuple[Expression, frozenset[str]]]:
    """The parts of a call that may read paths."""
    variables = bound_variables(call)
    inside = bound | frozenset(variables)
    arguments = call.arguments[len(variables) :]
    parts = [(argument, inside) for argument in arguments]
    if variables and is_bind(call):
        parts[0] = (arguments[0], bound)  # the value of a variable does not see the variable
    if call.target is not None and not _is_qualifier(call.target, call.name, bound, functions):
        parts.append((call.target, bound))
    return parts


def _is_qualifier(target: Expression, name: str, bound: frozenset[str], functions: Container[str]) -> bool:
    path = _path(target)
    if path is None or (path.path[0] in bound and not path.root):
        return False
    return ".".join((*path.path, name)) in functions


def _path(node: Expression) -> FreePath | None:
    """The path that a node spells, if it is nothing but a name and its fields."""
    words: list[str] = []
    head = node
    while isinstance(head, Select):
        words.append(head.field)
        head = head.target
    if not isinstance(head, Name):
        return None
    return FreePath((head.name, *reversed(words)), node.start, node.end, root=head.root)


def _add(found: list[FreePath], path: FreePath, bound: frozenset[str], presence_only: bool = False) -> None:
    if path.path[0] in bound and not path.root:
        return
    found.append(FreePath(path.path, path.start, path.end, presence_only, path.root))
