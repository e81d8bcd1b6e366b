"""What one charge model makes of a quantity, and what other sections need of a lowered charge."""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.runtime.program import Expr


@dataclass(frozen=True, slots=True)
class Priced:
    """The growth of the cumulative price: the part that follows the units, the flat part, and the lines of both."""

    units: Expr
    flats: Expr | None
    lines: Expr


@dataclass(frozen=True, slots=True)
class Lowered:
    """What other sections need of a charge: its amount, its lines and the atoms under which it is there."""

    amount: Expr
    lines: Expr
    requires: frozenset[str]
