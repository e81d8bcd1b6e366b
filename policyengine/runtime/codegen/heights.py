"""How deep expressions are, and which of their parts are computed in any case.

What is written as a row of hundreds of operators is a tree of as many levels; the code generator cuts it by these.
"""

from __future__ import annotations

from collections.abc import Iterable

from policyengine.runtime.program import All, Any_, Expr, Fold, If, Let, children


class Heights:
    """The height of each expression, found without a recursion; a leaf has 1."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Expr, int]] = {}
        """Held with the expression, so that its id is not given to another one."""

    def of(self, expr: Expr) -> int:
        found = self.known.get(id(expr))
        if found is not None:
            return found[1]
        pending = [expr]
        while pending:
            top = pending[-1]
            below = [child for child in children(top) if id(child) not in self.known]
            if below:
                pending += below
                continue
            pending.pop()
            height = 1 + max((self.known[id(child)][1] for child in children(top)), default=0)
            self.known[id(top)] = (top, height)
        return self.known[id(expr)][1]


def always(expr: Expr) -> Iterable[Expr]:
    """The parts that are computed wherever the expression is, under the same variables."""
    match expr:
        case If(condition=condition):
            return (condition,)
        case All(operands=operands) | Any_(operands=operands):
            return operands[:1]
        case Let(value=value):
            return (value,)
        case Fold(over=over):
            return (over,)
    return children(expr)
