"""Writing the expressions of a program: values that have a name already, and parts that are written one by one.

Equal expressions have one number (`numbering`); what has been computed is looked up by it and not written again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from policyengine.runtime.codegen.heights import Heights, always
from policyengine.runtime.codegen.numbering import Numbering
from policyengine.runtime.codegen.writer import Val, Writer
from policyengine.runtime.meaning import costs
from policyengine.runtime.program import Expr, Program, Read
from policyengine.values import types
from policyengine.values.types import Type

DEPTH_MAX = 12
"""Sub-expressions written inside one another before a variable is made: far below CPython's parser limits."""
CUT = 24
"""Levels of one expression that are written in one go: each takes some ten frames of the stack."""


class ProgramWriter(Writer):
    """The writer of expressions over a program's nodes; `memo` holds the values that have a name already."""

    def __init__(self, program: Program, order: Sequence[str], leaves: bool) -> None:
        super().__init__(leaves)
        self.program = program
        self.metered = costs.may_exceed(program, order)
        self.numbering = Numbering(program, self.metered)
        self.heights = Heights()
        self.loops = 0
        self.memo: dict[int, Val] = {}
        self.held: dict[int, Val] = {}
        """Charged arguments of the operation that is being written, by their ids: they are computed just once."""
        self.locals: dict[str, Val] = {}

    @abstractmethod
    def write(self, expr: Expr) -> Val:
        """The code of an expression of any kind, which nothing has computed yet."""

    def read(self, name: str) -> Val:
        known = self.memo.get(self.numbering.of_node[name])
        if known is not None:
            return _as_asked(known, self.program.nodes[name].type)
        return self.emit(self.program.nodes[name].expr)

    def behind(self, expr: Expr) -> Expr:
        while isinstance(expr, Read) and self.numbering.of(expr) not in self.memo:
            expr = self.program.nodes[expr.node].expr
        return expr

    def emit(self, expr: Expr) -> Val:
        return _as_asked(self._emitted(expr), expr.type)

    def _emitted(self, expr: Expr) -> Val:
        number = self.numbering.of(expr)
        charged = number in self.numbering.charged and not isinstance(expr, Read)
        known = self.held.get(id(expr))
        if known is None and not charged:
            known = self.memo.get(number)
        if known is not None:
            return known
        outer = self.held
        if self.heights.of(expr) > CUT:
            self._cut(expr)
        v = self._written(expr, number, charged)
        self.held = outer
        return v

    def _cut(self, expr: Expr) -> None:
        """Write the parts of a deep expression that are computed in any case, from below, each by itself."""
        parts: list[Expr] = []
        pending = [expr]
        while pending:
            for part in always(pending.pop()):
                if self.heights.of(part) >= CUT:
                    pending.append(part)
                    if self.heights.of(part) % CUT == 0:
                        parts.append(part)
        self.held = dict(self.held)
        for part in sorted(parts, key=self.heights.of):
            self.held[id(part)] = self.stored(self.emit(part))

    def _written(self, expr: Expr, number: int, charged: bool) -> Val:
        while isinstance(expr, Read):  # a loop: names of names may form a long chain
            expr = self.program.nodes[expr.node].expr
        v = self.write(expr)
        if charged:  # where it stands, and as often as it stands
            return self.stored(v)
        if v.depth > DEPTH_MAX or (not v.atom and self.numbering.uses[number] > 1):
            v = self.stored(v)
        if v.atom:
            self.memo[number] = v
        return v

    def constant(self, value: Any, its_type: Type) -> Val:
        if value is None or value is True or value is False:
            return Val(repr(value), its_type)
        if type(value) is int:
            return Val(str(value) if value >= 0 else f"({value})", its_type)
        return Val(self.bind(value, (type(value).__name__, value)), its_type)

    def is_charged(self, expr: Expr) -> bool:
        return not isinstance(expr, Read) and self.numbering.of(expr) in self.numbering.charged


def _as_asked(v: Val, wanted: Type) -> Val:
    """A value that is known to be present here, with its plain type."""
    if isinstance(v.type, types.Optional) and v.type.item == wanted:
        return replace(v, type=wanted)
    return v
