"""Decisions -> outputs; which guards and entitlements they ask is data of the entry point."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import as_of, repeated
from policyengine.compiler.lower.context import Context
from policyengine.language.expression.diagnostics import Rejected, endless_digits
from policyengine.language.model import Decision
from policyengine.language.written import Written
from policyengine.runtime.program import Expr
from policyengine.source import Span
from policyengine.values import types


def lower(context: Context, decision: Decision) -> None:
    """The node `NAME.output` for each output."""
    if decision.each is not None:
        repeated.lower(context, decision)
        return
    for name, at in decision.requires:
        if name not in context.bundle.entitlements:
            raise Rejected(say.not_a("an entitlement", name, at, context.bundle.entitlements))
    for name, at in decision.guards:
        if name not in context.bundle.guards:
            raise Rejected(say.not_a("a guard", name, at, context.bundle.guards))
    scope = context.scope()
    before = set(context.nodes)
    for name, (at, value) in decision.outputs.items():
        expr = context.value(value, scope)
        check_leaves(expr, name, value.span)
        node = f"{decision.name}.{name}"
        read = context.add(node, expr, decision.name, "decisions", at, deferred=expr.type == types.LINES)
        if isinstance(value, Written):
            context.define(node, read)
    as_of.lower(context, decision.as_of, set(context.nodes) - before, decision.name)


def check_leaves(expr: Expr, name: str, at: Span) -> None:
    """What leaves a decision has an end of digits."""
    if isinstance(expr.type, types.Quotient):
        raise Rejected(say.output_is_a_quotient(name, at))
    if not finite(expr.type):
        raise Rejected(endless_digits("an output", at))


def finite(its_type: types.Type) -> bool:
    """Whether every number of a type can be written as a decimal."""
    match its_type:
        case types.Number(den=den):
            return types.is_finite_decimal(den)
        case types.Limit(number=number):
            return finite(number)
        case types.Optional(item=item) | types.List(item=item) | types.Map(value=item):
            return finite(item)
        case types.Record(fields=fields):
            return all(finite(t) for _, t in fields)
        case types.Quotient():
            return False
    return True
