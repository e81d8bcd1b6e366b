"""`flat_by: peak`: flat amounts by the highest quantity that the elements of a charge reach, once.

A level that falls and rises again is priced by unit each time, but has entered its tiers only once. The elements are
the slices of one period here, so the flat amounts are those due at the peak, less those due before the first element.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import each
from policyengine.compiler.lower.charges import lines, slices
from policyengine.compiler.lower.charges.priced import Priced, Steps
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.runtime.program import Const, Expr, If, Local
from policyengine.values import types
from policyengine.values.types import Number


@dataclass(frozen=True, slots=True)
class Peak:
    """The states of a loop that find the peak, and the flat amounts that follow from it."""

    loop: each.Loop
    states: tuple[each.State, ...]
    due: Expr

    def flats(self, carried: Sequence[each.State]) -> Expr:
        """The flat amounts of all elements together."""
        return self.loop.result([*self.states, *carried], self.due)


def check_alone(charge: Charge, steps: Steps) -> None:
    """One slice alone does not know how high the period has been before, unless it never falls."""
    found = steps.quantities
    if found.sign is not None:
        raise Rejected(say.no_peak("a quantity that is mirrored has no peak", charge.at))
    if found.before is not None and found.falls:
        raise Rejected(say.no_peak("one slice of a quantity that may fall does not know the peak", charge.at))


def without_flats(priced: Priced) -> Priced:
    """The part by units alone, for the elements."""
    return Priced(priced.units, None, lines.by_unit(priced.lines))


def over(context: Context, charge: Charge, loop: each.Loop, steps: Steps) -> Peak:
    """The peak of the elements, from the quantity before the first of them."""
    found = steps.quantities
    if found.sign is not None:
        raise Rejected(say.no_peak("a quantity that is mirrored has no peak", charge.at))
    if isinstance(found.after.type, types.Quotient):
        raise Rejected(say.no_peak("a quantity that is divided must be rounded first", charge.at))
    zero = arithmetic.with_unit(arithmetic.number(0), found.unit)
    started = found.before if found.before is not None else zero
    highest = arithmetic.extreme("max", [started, found.after], charge.at)
    kind = highest.type
    assert isinstance(kind, Number)
    kind = replace(kind, lo=min(kind.lo, 0), hi=max(kind.hi, 0))
    seen = Local(types.BOOL, f"{loop.item}:seen")
    peak, first = Local(kind, f"{loop.item}:peak"), Local(kind, f"{loop.item}:first")
    climbed = arithmetic.extreme("max", [peak, arithmetic.coerced(highest, kind)], charge.at)
    kept = If(kind, seen, first, arithmetic.coerced(started, kind))
    states = (
        each.State(seen.name, types.BOOL, slices.NO, slices.YES),
        each.State(peak.name, kind, Const(kind, 0), arithmetic.coerced(climbed, kind)),
        each.State(first.name, kind, Const(kind, 0), kept),
    )
    due = steps.flats(peak, steps.at_zero)
    if found.before is not None:
        due = arithmetic.subtract(due, steps.flats(first, steps.begun), charge.at)
    nothing = arithmetic.number(0, context.money, integer=False)
    return Peak(loop, states, arithmetic.choose(seen, due, nothing, charge.at))
