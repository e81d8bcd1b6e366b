"""Whether an expression grows where another one stood, and whether it grows with a name that it reads.

What is told holds as long as factors, divisors and what is multiplied are not negative, as prices and quantities are.
A truth grows from false to true. Whatever else an expression does gives no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.analysis.diff.contents.element import constant
from policyengine.language.expression import syntax
from policyengine.language.expression.printer import print_expression
from policyengine.language.expression.syntax import Expression

GROWING_CALLS = frozenset(("min", "max", "round", "ceil", "floor", "convert", "trunc", "decimal", "int", "orValue"))
"""Functions that grow with each of their arguments that is a quantity."""
LEFT = {"-": 1, "/": 1, ">": 1, ">=": 1, "<": -1, "<=": -1}
RIGHT = {"-": -1, "/": -1, ">": -1, ">=": -1, "<": 1, "<=": 1, "in": 1}
"""How an operation moves with its operands; a chain grows with each of its own."""
LOOSER = {(">", ">="): 1, (">=", ">"): -1, ("<", "<="): 1, ("<=", "<"): -1, ("&&", "||"): 1, ("||", "&&"): -1}
"""How an operation moves where its operator is exchanged."""


def shift(old: Expression, new: Expression) -> int | None:
    """1 where the new expression is never below the old one, -1 where never above, 0 where equal, None otherwise."""
    if print_expression(old) == print_expression(new):
        return 0
    a, b = constant(old), constant(new)
    if a is not None and b is not None:
        return (b[0] > a[0]) - (b[0] < a[0]) if a[1] == b[1] else None
    joined = _joined(old, new)
    if joined is not None:
        return joined
    if isinstance(old, syntax.Bool) and isinstance(new, syntax.Bool):
        return new.value - old.value
    if isinstance(old, syntax.Unary) and isinstance(new, syntax.Unary):
        inner = shift(old.operand, new.operand) if old.operator == new.operator else None
        return None if inner is None else -inner
    if isinstance(old, syntax.Binary) and isinstance(new, syntax.Binary):
        return _binary(old, new)
    if isinstance(old, syntax.Chain) and isinstance(new, syntax.Chain):
        return together([_exchanged(old.operator, new.operator), _all(old.operands, new.operands)])
    if isinstance(old, syntax.Ternary) and isinstance(new, syntax.Ternary) and shift(old.condition, new.condition) == 0:
        return _all((old.then, old.otherwise), (new.then, new.otherwise))
    if isinstance(old, syntax.Call) and isinstance(new, syntax.Call) and old.name == new.name in GROWING_CALLS:
        return _all(tuple(_arguments(old)), tuple(_arguments(new)))
    return None


def _exchanged(old: str, new: str) -> int | None:
    return 0 if old == new else LOOSER.get((old, new))


def _all(old: tuple[Expression, ...], new: tuple[Expression, ...]) -> int | None:
    if len(old) != len(new):
        return None
    return together([shift(a, b) for a, b in zip(old, new, strict=True)])


def _binary(old: syntax.Binary, new: syntax.Binary) -> int | None:
    left, right = shift(old.left, new.left), shift(old.right, new.right)
    own = _times(left, LEFT.get(new.operator)) if left else left
    other = _times(right, RIGHT.get(new.operator)) if right else right
    return together([_exchanged(old.operator, new.operator), own, other])


def _joined(old: Expression, new: Expression) -> int | None:
    """A condition that was added to others, or taken away."""
    for operator, sign in (("&&", -1), ("||", 1)):
        before, after = (_operands(each, operator) for each in (old, new))
        if before < after:
            return sign
        if after < before:
            return -sign
    return None


def _operands(tree: Expression, operator: str) -> frozenset[str]:
    parts: Iterable[Expression] = (tree,)
    if isinstance(tree, syntax.Chain) and tree.operator == operator:
        parts = tree.operands
    return frozenset(print_expression(part) for part in parts)


def together(moves: Iterable[int | None]) -> int | None:
    """What several moves make of a whole that grows with each of them."""
    found = set(moves) - {0}
    if not found:
        return 0
    return found.pop() if len(found) == 1 else None


def reads(tree: Expression) -> Iterator[tuple[tuple[str, ...], int | None]]:
    """Every path that an expression reads, with the sign by which the expression moves with it; None: unknown.

    A table that is called is read by its name, or by its name and the column.
    """
    pending: list[tuple[Expression, int | None]] = [(tree, 1)]
    while pending:
        node, sign = pending.pop()
        path = _path(node)
        if path:
            yield path, sign
            continue
        if called := _called(node):
            yield called, sign
        pending += [(inner, _times(sign, own)) for inner, own in _parts(node)]


def _parts(node: Expression) -> Iterator[tuple[Expression, int | None]]:
    match node:
        case syntax.Unary(operand=operand):
            yield operand, -1
        case syntax.Binary(operator=operator, left=left, right=right):
            yield left, LEFT.get(operator)
            yield right, RIGHT.get(operator)
        case syntax.Chain(operands=operands):
            yield from ((operand, 1) for operand in operands)
        case syntax.Ternary(condition=condition, then=then, otherwise=otherwise):
            yield from ((condition, None), (then, 1), (otherwise, 1))
        case syntax.Call():
            own = 1 if node.name in GROWING_CALLS else None
            yield from ((argument, own) for argument in _arguments(node))
        case syntax.Select(target=target):
            yield target, None
        case syntax.Index(target=target, key=key):
            yield from ((target, None), (key, None))
        case syntax.ListLiteral(items=items):
            yield from ((item, None) for item, _ in items)
        case syntax.MapLiteral(entries=entries):
            yield from ((part, None) for entry in entries for part in entry[:2])


def _arguments(call: syntax.Call) -> Iterator[Expression]:
    if call.target is not None:
        yield call.target
    yield from call.arguments


def _path(node: Expression) -> tuple[str, ...]:
    match node:
        case syntax.Name(name=name):
            return (name,)
        case syntax.Select(target=target, field=field):
            above = _path(target)
            return (*above, field) if above else ()
    return ()


def _called(node: Expression) -> tuple[str, ...]:
    match node:
        case syntax.Call(name=name, target=None):
            return (name,)
        case syntax.Select(target=syntax.Call(name=name, target=None), field=field):
            return (name, field)
    return ()


def _times(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a * b
