"""What one charge model makes of a quantity, and what other sections need of a lowered charge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policyengine.compiler.lower.charges.quantities import Quantities
from policyengine.runtime.program import Expr

Flats = Callable[[Expr, Expr], Expr]
"""The flat amounts due for a cumulative quantity; the second expression says whether the first is due at zero."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What a charge with flat amounts by tier needs to charge them once over several elements."""

    quantities: Quantities
    flats: Flats
    at_zero: Expr
    begun: Expr


@dataclass(frozen=True, slots=True)
class Priced:
    """The growth of the cumulative price: the part that follows the units, the flat part, and the lines of both.

    `flat_lines` are those of the flat part where they stand apart; `steps` is there where tiers have flat amounts.
    """

    units: Expr
    flats: Expr | None
    lines: Expr
    flat_lines: Expr | None = None
    steps: Steps | None = None


@dataclass(frozen=True, slots=True)
class Lowered:
    """What other sections need of a charge: its amount, its lines and the atoms under which it is there."""

    amount: Expr
    lines: Expr
    requires: frozenset[str]
