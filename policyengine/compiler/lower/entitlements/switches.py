"""Switches over overage: the entity's, or else the customer's, or else the strictest of the plans'."""

from __future__ import annotations

from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.entitlements.resolution import optional
from policyengine.language.entitlements import Control
from policyengine.language.expression import arithmetic
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Written
from policyengine.runtime.program import Call, Const, Expr, Fold, If, Local
from policyengine.values import types

SWITCH = types.Optional(types.BOOL)


def switched(context: Context, control: Control, scope: Scope) -> Expr:
    """What the controls say, absent where none says anything."""
    found: Expr = Const(SWITCH, None) if control.plans is None else strictest(context, control.plans, scope)
    for written in (control.customer, control.entity):
        if written is not None:
            own = optional(context, written, scope, types.BOOL)
            found = If(SWITCH, context.is_present(own), own, found)
    return found


def strictest(context: Context, written: Written, scope: Scope) -> Expr:
    """false if any is false, true if there are some, absent of none: `.all` would be true of none."""
    plans = context.expression(written, scope)
    if not isinstance(plans.type, types.List) or plans.type.item not in (types.BOOL, types.NEVER):
        raise Rejected(expression_say.expected_type("a list of bools", plans.type, written.span))
    state, item = Local(SWITCH, "plans@strictest"), Local(types.BOOL, "plan@strictest")
    step = If(SWITCH, is_off(state), Const(SWITCH, False), arithmetic.coerced(item, SWITCH))
    return Fold(SWITCH, plans, item.name, "", (state.name,), (Const(SWITCH, None),), (step,), None, state)


def is_off(switch: Expr) -> Expr:
    """Whether a switch is there and says no."""
    return Call(types.BOOL, "not", (Call(types.BOOL, "or_value", (switch, Const(types.BOOL, True))),))


def is_on(switch: Expr) -> Expr:
    """Whether a switch is there and says yes."""
    return Call(types.BOOL, "or_value", (switch, Const(types.BOOL, False)))
