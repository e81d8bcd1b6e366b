"""The lines of a decision by generated code: what the interpreter would list, without a trace.

Lines are listed when they are asked for, from the facts of the decision. Amounts are computed over ints as everywhere
in generated code; only what goes into a line is brought to the exact numbers that the operations of lines take, which
both evaluators share. Whatever fails on the way is left to the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

from policyengine.runtime.code_writer import TooDeep, Val, is_pair
from policyengine.runtime.codegen import Generator
from policyengine.runtime.exact import exact
from policyengine.runtime.interpreter import needed
from policyengine.runtime.meaning import OPERATIONS
from policyengine.runtime.program import Call, Const, Entry, Program
from policyengine.values import types
from policyengine.values.types import Number, Type

Lines = Sequence[dict[str, Any]]
FindLines = Callable[[Sequence[Any], Any], dict[str, Lines] | None]
"""The lines by an output's node, of held facts and the tenant's cells; None where only the interpreter can tell."""


def generate(program: Program, entry: Entry) -> FindLines | None:
    """The function that lists the lines of an entry point, if there can be one."""
    outputs = tuple((name, node) for name, node in entry.outputs if program.nodes[node].deferred)
    listed = replace(entry, outputs=outputs, guards=(), requires=(), checks=())
    try:
        writer = _Lining(program, listed)
        if writer.metered:
            return None
        found = writer.compiled({})
    except (TooDeep, RecursionError):
        return None
    nodes = [node for _, node in outputs]

    def lines(facts: Sequence[Any], cells: Any) -> dict[str, Lines] | None:
        listed = found(facts, cells)
        return None if listed is None else dict(zip(nodes, listed, strict=True))

    return lines


class _Lining(Generator):
    def __init__(self, program: Program, entry: Entry) -> None:
        super().__init__(program, entry, needed(program, entry), leaves=True)
        self.leave = "return None"
        self.names["Q"] = Fraction

    def is_later(self, name: str) -> bool:
        return False

    def _operation(self, expr: Call) -> Val:
        if expr.type != types.LINES:
            return super()._operation(expr)
        if expr.function == "tier_lines" and _is_graduated_by_wholes(expr):
            return self._graduated_lines(expr)
        run = self.bind(partial(OPERATIONS[expr.function], expr))
        return self.strict(expr.type, expr.arguments, lambda found: f"{run}({', '.join(map(self._exact, found))})")

    def _graduated_lines(self, expr: Call) -> Val:
        """Lines of whole quantities, which most are: only what stands in them becomes a fraction."""
        charge, tiers, start, end, _, _, at_zero, begun = expr.arguments
        assert isinstance(tiers.type, types.Tiers)
        schedule, _ = self.tiers(tiers, 1)
        dens = f"{tiers.type.rate.den}, {tiers.type.flat.den}"

        def build(found: list[Val]) -> str:
            return f"T.graduated_lines({schedule.code}, {', '.join(v.code for v in found)}, {dens})"

        return self.strict(expr.type, (charge, start, end, at_zero, begun), build, beside=[schedule])

    def _exact(self, v: Val) -> str:
        """The code of an argument as the operations of lines take it."""
        its = v.type
        plain = its.item if isinstance(its, types.Optional) else its
        if isinstance(plain, Number) and not plain.integer:
            code = f"Q({v.code}, {plain.den})"
        elif is_pair(plain):
            code = f"Q({v.code}, {v.below})"
        elif _is_same(plain):
            return v.code
        else:
            code = f"{self.bind(_changed(plain), ('exact', plain))}({v.code})"
        return code if plain is its else f"(None if {v.code} is None else {code})"


def _is_graduated_by_wholes(expr: Call) -> bool:
    """Whether tier lines are those of a whole quantity, graduated by whole bounds, with no factor on their rates."""
    _, tiers, start, end, factor, mode, _, _ = expr.arguments
    assert isinstance(tiers.type, types.Tiers)
    is_plain = isinstance(factor, Const) and factor.value is None and mode == Const(types.STRING, "graduated")
    return is_plain and all(isinstance(t, Number) and t.integer for t in (start.type, end.type, tiers.type.bound))


def _is_same(its_type: Type) -> bool:
    """Whether values are held as the interpreter has them."""
    return isinstance(its_type, Number | types.Simple | types.Enum)


@lru_cache(maxsize=1024)
def _changed(its_type: Type) -> Callable[[Any], Any]:
    """What brings held values of a type to exact ones; the same tiers stand in many decisions."""
    change = partial(exact, its_type=its_type)
    return lru_cache(maxsize=4096)(change) if isinstance(its_type, types.Tiers) else change
