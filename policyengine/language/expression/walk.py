"""Going over a syntax tree without recursion, so that no tree is too deep for the stack of whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

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


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside a node, in the order of the text."""
    match node:
        case Number() | Text() | Bytes() | Bool() | Null() | Name():
            return ()
        case Select():
            return (node.target,)
        case Index():
            return (node.target, node.key)
        case Call():
            return node.arguments if node.target is None else (node.target, *node.arguments)
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Chain():
            return node.operands
        case Ternary():
            return (node.condition, node.then, node.otherwise)
        case ListLiteral():
            return tuple(item for item, _ in node.items)
        case MapLiteral():
            return tuple(part for key, value, _ in node.entries for part in (key, value))
        case _:
            assert_never(node)


def walk(node: Expression) -> Iterator[tuple[Expression, int]]:
    """Every node below and including this one, parents first, with its level: 1 for the node itself."""
    pending = [(node, 1)]
    while pending:
        current, level = pending.pop()
        yield current, level
        pending += [(child, level + 1) for child in reversed(children(current))]
