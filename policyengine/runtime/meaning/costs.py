"""What an evaluation is charged for, and what it can cost at most: read from the program alone.

Both evaluators charge the same operations by these rules: a call of a metered function, the turns of a comprehension,
a text that is built, and inside a loop whatever goes through a text, a list or a map. All else happens a bounded number
of times and is free. Where the most that an entry point can cost is within the budget, its generated code has no meter.
"""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.runtime.functions.times import ZONE_COST
from policyengine.runtime.limits import CHARACTERS_PER_UNIT, COST_MAX, LIST_MAX, NUMBER_TEXT_MAX
from policyengine.runtime.meaning import library, zoned
from policyengine.runtime.program import Call, Const, Expr, Fold, If, Let, MakeList, MakeMap, Program, children
from policyengine.values import types
from policyengine.values.types import List, Map, Type

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
    """Which arguments are charged by their size as they are given: in a loop, and where lists hold lists."""
    library_call = library.function_of(call) is not None
    if (call.function not in GOES_THROUGH and not library_call) or builds_text(call):
        return ()
    joins = call.function == "concat" and isinstance(call.type, List) and call.type.max > _LONG_LISTS
    always = in_loop or joins
    found = []
    for position, argument in enumerate(call.arguments):
        through = _has_size(argument) or (not library_call and _is_long(call, argument))
        if through and (always or is_nested(argument.type)):
            found.append(position)
    return tuple(found)


def is_nested(its_type: Type) -> bool:
    """Whether a list or a map holds lists or maps, so that one value can stand in many places of it."""
    inner = its_type.item if isinstance(its_type, List) else its_type.value if isinstance(its_type, Map) else its_type
    return inner is not its_type and _holds(inner)


def _holds(its_type: Type) -> bool:
    match its_type:
        case List() | Map() | types.ANY:
            return True
        case types.Optional(item=item):
            return _holds(item)
        case types.Record(fields=fields):
            return any(_holds(each) for _, each in fields)
    return False


def _has_size(expr: Expr) -> bool:
    return not isinstance(expr, Const) and _holds(expr.type)


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
            size = None if its_type == types.STRING else _parts_max(its_type)
            if size is None:
                return None
            total += size
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


def _parts_max(its_type: Type) -> int | None:
    """The most parts that a value can have; None where nothing bounds them."""
    match its_type:
        case List(item=item, max=most):
            inner = _parts_max(item)
            return None if inner is None else most * (1 + inner)
        case types.Record(fields=fields):
            inside = [_parts_max(each) for _, each in fields]
            known = [parts for parts in inside if parts is not None]
            return len(fields) + sum(known) if len(known) == len(inside) else None
        case types.Optional(item=item):
            return _parts_max(item)
        case Map() | types.ANY:
            return None
    return 0


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
    match expr:
        case MakeMap(keys=keys):
            return 10 + 4 * len(keys)
        case MakeList(items=items):
            return 3 + len(items)
        case Call():
            return 4 + _call_weight(expr)
        case If() | Let():
            return 3
    return 1


def _call_weight(call: Call) -> int:
    """What a call costs besides being one."""
    function = library.function_of(call)
    if call.function in zoned.FUNCTIONS:
        return ZONE_COST
    if call.function == "concat" and call.type == types.STRING and not call.may_fail:
        return (text_max(call) or 0) // CHARACTERS_PER_UNIT
    return function.cost if function is not None and isinstance(function.cost, int) else 0


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
