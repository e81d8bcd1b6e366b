"""What an evaluation is charged for, and what it can cost at most: read from the program alone.

Both evaluators charge the same operations by these rules: a call of a metered function, the turns of a comprehension,
a text that is built, and inside a loop whatever goes through a text, a list or a map. All else happens a bounded number
of times and is free. Where the most that an entry point can cost is within the budget, its generated code has no meter.
"""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.runtime import library, zoned
from policyengine.runtime.functions.times import ZONE_COST
from policyengine.runtime.limits import CHARACTERS_PER_UNIT, COST_MAX, LIST_MAX, NUMBER_TEXT_MAX
from policyengine.runtime.program import Call, Const, Expr, Fold, If, Program, children
from policyengine.values import types
from policyengine.values.types import List, Map

GOES_THROUGH = frozenset((
    "eq", "equals_any", "lt", "le", "gt", "ge", "in_list", "sum", "sum_durations", "min_of", "max_of", "concat",
    "convert", "keys", "entries", "map_of_entries", "merged", "present_items", "present_entries", "allocate", "draw",
    "sort_by",
))  # fmt: skip
"""The operations of the core whose work grows with the size of what they are given."""
_LONG_LISTS = 10_000


def is_metered(call: Call, in_loop: bool) -> bool:
    """Whether a library function charges, or a text is built whose length nothing bounds."""
    function = library.function_of(call)
    if function is not None:
        return function.metered or (in_loop and not isinstance(function.cost, int))
    return builds_text(call)


def builds_text(call: Call) -> bool:
    """Whether two texts are joined that may be too long together; the checker says so by `may_fail`."""
    return (call.function == "concat" and call.type == types.STRING and call.may_fail) or call.function == "join_bytes"


def sized(call: Call, in_loop: bool) -> tuple[int, ...]:
    """Which arguments are charged by their size as they are given."""
    if call.function not in GOES_THROUGH or builds_text(call):
        return ()
    joins = call.function == "concat" and isinstance(call.type, List) and call.type.max > _LONG_LISTS
    if not (in_loop or joins):
        return ()
    return tuple(i for i, a in enumerate(call.arguments) if _has_size(a) or _is_long(call, a))


def _has_size(expr: Expr) -> bool:
    return not isinstance(expr, Const) and isinstance(expr.type, List | Map)


def _is_long(call: Call, expr: Expr) -> bool:
    """Whether a text is compared with another one that may be as long: a comparison ends with the shorter."""
    return expr.type == types.STRING and all(text_max(each) is None for each in call.arguments)


def _parts(fold: Fold) -> list[tuple[Expr, bool]]:
    """The parts of a loop, and whether they are done again at every turn."""
    once = [(part, False) for part in (fold.over, *fold.starts, fold.result)]
    again = [*fold.steps, *(() if fold.stop is None else (fold.stop,))]
    return once + [(part, True) for part in again]


def may_exceed(program: Program, order: Sequence[str]) -> bool:
    """Whether these nodes can cost more than the budget, as far as the program tells."""
    bound = most(program, order)
    return bound is None or bound > COST_MAX


def most(program: Program, order: Sequence[str]) -> int | None:
    """The most that these nodes can be charged together; None where nothing bounds it."""
    total = 0
    for name in order:
        bound = _most(program.nodes[name].expr, in_loop=False)
        if bound is None:
            return None
        total += bound
    return total


def _most(expr: Expr, in_loop: bool) -> int | None:
    total = 0
    if isinstance(expr, Call):
        if is_metered(expr, in_loop):
            return None
        for position in sized(expr, in_loop):
            its_type = expr.arguments[position].type
            if not isinstance(its_type, List):
                return None
            total += its_type.max
    parts = _parts(expr) if isinstance(expr, Fold) else [(child, False) for child in children(expr)]
    turns = expr.over.type.max if isinstance(expr, Fold) and isinstance(expr.over.type, List) else LIST_MAX
    if isinstance(expr, Fold):
        total += turns * expr.cost
    for part, again in parts:
        bound = _most(part, in_loop or again)
        if bound is None:
            return None
        total += bound * (turns if again else 1)
    return total


def turn(*bodies: Expr) -> int:
    """What one turn of a loop costs: the size of its body, without the bodies of loops inside it."""
    total = 2
    pending = list(bodies)
    while pending:
        part = pending.pop()
        if isinstance(part, Fold):
            pending += [each for each, again in _parts(part) if not again]
            continue
        total += _weight(part)
        pending += children(part)
    return total


def _weight(expr: Expr) -> int:
    if not isinstance(expr, Call):
        return 1
    function = library.function_of(expr)
    if expr.function in zoned.FUNCTIONS:
        return 2 + ZONE_COST
    if expr.function == "concat" and expr.type == types.STRING and not expr.may_fail:
        return 2 + (text_max(expr) or 0) // CHARACTERS_PER_UNIT
    if function is not None and isinstance(function.cost, int):
        return 2 + function.cost
    return 2


def text_max(expr: Expr) -> int | None:
    """The most characters that a text can have, as far as its own expression tells."""
    match expr:
        case Const(value=str() as text):
            return len(text)
        case Call(function="text"):
            return NUMBER_TEXT_MAX
        case Call(function="concat", arguments=parts):
            lengths = [text_max(part) for part in parts]
            known = [length for length in lengths if length is not None]
            return sum(known) if len(known) == len(lengths) else None
        case Call(function="convert", arguments=(part,)):
            return text_max(part)
        case If(then=a, otherwise=b):
            x, y = text_max(a), text_max(b)
            return None if x is None or y is None else max(x, y)
    if isinstance(expr.type, types.Enum):
        return max((len(member) for member in expr.type.members), default=0)
    return None
