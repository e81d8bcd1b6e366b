"""Values that are there only where the tenant has the entitlement: outside they are absent, and nothing reads them."""

from __future__ import annotations

from policyengine.compiler.lower.context import Context
from policyengine.language.entitlements import Entitlement
from policyengine.language.expression import arithmetic, check
from policyengine.runtime.program import Const, Expr, Fact, If, Read
from policyengine.values import types


def only(attached: Expr | None, expr: Expr) -> Expr:
    """A value that is absent where the tenant does not have the entitlement."""
    if attached is None:
        return expr
    plain = expr.type if isinstance(expr.type, types.Optional) else types.Optional(expr.type)
    return If(plain, attached, arithmetic.coerced(expr, plain), Const(plain, None))


def kept(context: Context, part: Entitlement, attached: Expr | None, field: str, expr: Expr) -> Expr:
    """A step that is read more than once, as a node; what is a single read or a constant already stays as it is."""
    return expr if isinstance(expr, Const | Read | Fact) else node(context, part, attached, field, expr)


def node(context: Context, part: Entitlement, attached: Expr | None, field: str, expr: Expr) -> Expr:
    """A step of an entitlement as a node of its own, and the expression that reads it."""
    name = f"{part.name}.{field}"
    if attached is None:
        return context.add(name, expr, part.name, "entitlements", part.at)
    kept = context.add(f"{name}?", only(attached, expr), part.name, "entitlements", part.at)
    return check.unwrapped(kept) if not isinstance(expr.type, types.Optional) else kept
