"""The lines of a proration: one for each leg that it states, for people and for pictures."""

from __future__ import annotations

from policyengine.compiler.lower.charges import lines
from policyengine.compiler.lower.proration.legs import Legs, Prices
from policyengine.compiler.lower.proration.stretch import Stretch
from policyengine.language.expression import arithmetic
from policyengine.language.proration import Proration
from policyengine.runtime.program import Call, Const, Expr
from policyengine.values import types


def made(proration: Proration, whole: Stretch | None, prices: Prices, found: Legs) -> Expr:
    """What is given back counts as negative, so that the lines add up to the net."""
    shown = []
    for leg, price, amount in (("credit", prices.old, found.credit), ("charge", prices.new, found.charge)):
        if price is not None:
            signed = arithmetic.negate(amount, proration.at) if leg == "credit" else amount
            ends = lines.MISSING if whole is None else whole.ends
            whole_price = lines.MISSING if isinstance(price.type, types.Quotient) else price
            words = (Const(types.STRING, proration.name), Const(types.STRING, leg))
            shown.append(Call(types.LINES, "leg_line", (*words, ends, whole_price, found.part, signed)))
    return lines.joined(*shown)
