"""Value numbers: which sub-expressions of a program are equal, and how often each is used.

The code generator computes equal sub-expressions once; the uses tell it which of them deserve a variable. What charges
the budget is equal to nothing else: it is charged as often as it is written, as the reference interpreter does.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from policyengine.runtime.meaning import costs
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

    def __init__(self, program: Program, metered: bool = False) -> None:
        self.program = program
        self.metered = metered
        self.by_key: dict[Any, int] = {}
        self.by_id: dict[int, tuple[Expr, int]] = {}
        """Held with the expression, so that its id is not given to another one."""
        self.of_node: dict[str, int] = {}
        self.uses: Counter[int] = Counter()
        self.variables: dict[int, frozenset[str]] = {}
        """The loop variables that an expression reads from outside: a loop that binds them anew must not reuse it."""
        self.charged: set[int] = set()
        """What charges, or has a part that does; a node that is read does so by itself."""
        self.charged_nodes: set[str] = set()

    def node(self, name: str) -> int:
        number = self.of_node.get(name)
        if number is None:
            expr = self.program.nodes[name].expr
            number = self.of(expr)
            if number in self.charged and not isinstance(expr, Read):
                self.charged_nodes.add(name)
                if number in self.of_node.values():
                    number = self._fresh(("node", name), self.variables[number])
                    self.charged.add(number)
            self.of_node[name] = number
        return number

    def _fresh(self, key: Any, variables: frozenset[str]) -> int:
        number = self.by_key[key] = len(self.by_key)
        self.variables[number] = variables
        return number

    def of(self, expr: Expr) -> int:
        """The number of an expression; deep ones are numbered from below, without a recursion."""
        known = self.by_id.get(id(expr))
        if known is not None:
            return known[1]
        pending = [expr]
        while pending:
            top = pending[-1]
            below = [child for child in children(top) if id(child) not in self.by_id]
            if below:
                pending += below
                continue
            pending.pop()
            if id(top) not in self.by_id:
                self.by_id[id(top)] = (top, self._numbered(top))
        return self.by_id[id(expr)][1]

    def _numbered(self, expr: Expr) -> int:
        if isinstance(expr, Read):
            return self.node(expr.node)
        parts = tuple([self.of(child) for child in children(expr)])
        key: Any = (type(expr).__name__, expr.type, parts, _rest(expr))
        charged = self.metered and (_charges(expr) or self._has_charged(expr))
        if charged:
            key = ("charged", id(expr))
        number = self.by_key.get(key)
        if number is None:
            number = self._fresh(key, self._free(expr, parts))
            self.uses.update(parts)
        if charged:
            self.charged.add(number)
        return number

    def variant(self, expr: Expr, how: Any) -> int:
        """The number of an expression in another form than its own."""
        own = self.of(expr)
        number = self.by_key.setdefault((own, how), len(self.by_key))
        self.variables[number] = self.variables[own]
        return number

    def _has_charged(self, expr: Expr) -> bool:
        return any(self.of(child) in self.charged for child in children(expr) if not isinstance(child, Read))

    def _free(self, expr: Expr, parts: tuple[int, ...]) -> frozenset[str]:
        free = [self.variables[part] for part in parts]
        match expr:
            case Local(name=name):
                return frozenset((name,))
            case Let(name=name):
                return free[0] | (free[1] - {name})
            case Fold():
                outside = 1 + len(expr.starts)
                inside = frozenset[str]().union(*free[outside:])
                return inside - {expr.item, expr.index, *expr.state} | frozenset[str]().union(*free[:outside])
        return frozenset[str]().union(*free)


def _charges(expr: Expr) -> bool:
    """Whether an expression may charge by itself, wherever it stands."""
    if isinstance(expr, Fold):
        return expr.cost > 0
    return isinstance(expr, Call) and (costs.is_metered(expr, in_loop=True) or bool(costs.sized(expr, in_loop=True)))


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
            return (expr.item, expr.index, expr.state, expr.absorb, expr.cost, expr.stop is None, len(expr.starts))
        case Row():
            return (expr.table, expr.at is None)
        case Column():
            return (expr.table, expr.column, expr.at is None)
        case MakeTiers():
            return (len(expr.bounds), len(expr.rates))
        case MakeMap():
            return len(expr.keys)
    return None
