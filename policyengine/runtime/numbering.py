"""Value numbers: which sub-expressions of a program are equal, and how often each is used.

The code generator computes equal sub-expressions once; the uses tell it which of them deserve a variable.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from policyengine.runtime.program import (
    Call,
    Column,
    Const,
    Expr,
    Fact,
    Field,
    Fold,
    Let,
    Local,
    MakeMap,
    MakeTiers,
    Program,
    Read,
    Row,
    children,
)


class Numbering:
    """Equal expressions have one number; reading a node is the node's own expression."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.by_key: dict[Any, int] = {}
        self.by_id: dict[int, tuple[Expr, int]] = {}
        """Held with the expression, so that its id is not given to another one."""
        self.of_node: dict[str, int] = {}
        self.uses: Counter[int] = Counter()
        self.variables: dict[int, frozenset[str]] = {}
        """The loop variables that stand anywhere in an expression: what a loop that binds them anew must not reuse."""

    def node(self, name: str) -> int:
        number = self.of_node.get(name)
        if number is None:
            number = self.of_node[name] = self.of(self.program.nodes[name].expr)
        return number

    def of(self, expr: Expr) -> int:
        known = self.by_id.get(id(expr))
        if known is not None:
            return known[1]
        if isinstance(expr, Read):
            number = self.node(expr.node)
        else:
            parts = tuple(self.of(child) for child in children(expr))
            key = (type(expr).__name__, expr.type, parts, _rest(expr))
            fresh = key not in self.by_key
            number = self.by_key.setdefault(key, len(self.by_key))
            if fresh:
                self.uses.update(parts)
                own = frozenset((expr.name,)) if isinstance(expr, Local) else frozenset[str]()
                self.variables[number] = own.union(*(self.variables[part] for part in parts))
        self.by_id[id(expr)] = (expr, number)
        return number

    def variant(self, expr: Expr, how: Any) -> int:
        """The number of an expression in another form than its own."""
        own = self.of(expr)
        number = self.by_key.setdefault((own, how), len(self.by_key))
        self.variables[number] = self.variables[own]
        return number


def _rest(expr: Expr) -> Any:
    """What tells two expressions of one kind apart besides type and children."""
    match expr:
        case Const():
            return (type(expr.value).__name__, expr.value)
        case Fact():
            return expr.index
        case Local() | Field():
            return expr.name
        case Call():
            return (expr.function, expr.may_fail)
        case Let():
            return expr.name
        case Fold():
            return (expr.item, expr.index, expr.state, expr.absorb, expr.stop is None, len(expr.starts))
        case Row():
            return (expr.table, expr.at is None)
        case Column():
            return (expr.table, expr.column, expr.at is None)
        case MakeTiers():
            return (len(expr.bounds), len(expr.rates))
        case MakeMap():
            return len(expr.keys)
    return None
