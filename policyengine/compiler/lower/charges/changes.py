"""What every adjustment of an amount does: a line for the difference, and a field that can be read."""

from __future__ import annotations

from policyengine.compiler.lower.charges import lines
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge
from policyengine.language.expression import arithmetic
from policyengine.runtime.program import Expr


def changed(charge: Charge, kind: str, before: Expr, after: Expr, shown: Expr) -> Expr:
    """The lines with one more for the difference."""
    difference = arithmetic.subtract(after, before, charge.at)
    return lines.joined(shown, lines.adjustment(charge.name, kind, difference))


def keep(context: Context, charge: Charge, field: str, expr: Expr) -> Expr:
    """A field of the charge, readable as `NAME.field`."""
    name = f"{charge.name}.{field}"
    read = context.add(name, expr, charge.name, "charges", charge.at)
    context.define(name, read)
    return read


def zero(context: Context) -> Expr:
    return arithmetic.number(0, context.money, integer=False)
