"""What one turn of a loop costs: the size of its body, where making a list or a map weighs more than adding numbers.

A loop inside the body pays for its own turns, so its body is not counted again.
"""

from __future__ import annotations

from policyengine.language.expression.names import bound_variables, is_bind
from policyengine.language.expression.syntax import (
    Binary,
    Call,
    Chain,
    Expression,
    ListLiteral,
    MapLiteral,
    Number,
)
from policyengine.language.expression.walk import children

_TURN = 2
_CALL = 4
_ARITHMETIC = 3
_LIST = 3
_MAP = 10
_ENTRY = 4


def turn_weight(*bodies: Expression) -> int:
    """The units of one turn over these parts."""
    total = _TURN
    pending = list(bodies)
    while pending:
        node = pending.pop()
        total += _weight(node)
        if isinstance(node, Call) and bound_variables(node) and not is_bind(node):
            assert node.target is not None
            pending.append(node.target)
        else:
            pending += children(node)
    return total


def _weight(node: Expression) -> int:
    match node:
        case Number():
            return 0
        case Call():
            return _CALL
        case Binary():
            return _ARITHMETIC
        case Chain(operands=operands):
            return _ARITHMETIC * (len(operands) - 1)
        case ListLiteral(items=items):
            return _LIST + len(items)
        case MapLiteral(entries=entries):
            return _MAP + _ENTRY * len(entries)
    return 1
