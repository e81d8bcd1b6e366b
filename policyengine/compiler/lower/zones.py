"""`timezone` of a section's part: the name of a zone, an input that is an enum of names, or the bundle's own."""

from __future__ import annotations

from dataclasses import replace

from policyengine.compiler.lower.context import Context
from policyengine.language.expression import calendar_rules
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Written
from policyengine.language.yaml import Scalar
from policyengine.runtime.program import Const, Expr
from policyengine.source import Span
from policyengine.values import types


def zone_of(context: Context, stated: Scalar | Written | None, scope: Scope, at: Span) -> Expr:
    """The zone, whose transitions the program then has; raises Rejected where it cannot be known before evaluation."""
    if stated is None:
        zone = calendar_rules.bundle_zone(scope, at)
    elif isinstance(stated, Scalar):
        zone, at = Const(types.STRING, stated.text.strip()), stated.span
    else:
        zone, at = _named(context, stated, scope), stated.span
    calendar_rules.use_zones(scope, zone, at)
    return zone


def _named(context: Context, stated: Written, scope: Scope) -> Expr:
    try:
        return context.expression(stated, scope)
    except Rejected as fault:
        found = fault.diagnostic
        if found.name != "unknown_name" or "." in stated.scalar.text:
            raise
        # `utc` or `europe/berlin`: an author who writes no capital has not meant a name of the bundle.
        raise Rejected(
            replace(found, hint="a zone stands here by its name, such as `UTC` or `Europe/Berlin`")
        ) from None
