"""Prorations: what a change in a running period, or a part of one, gives back and charges.

A proration yields `credit`, `charge`, `net`, which is the charge less the credit, and `fraction`; with `timing` when it
takes effect, with `refund` how the credit is divided, with `each` and `split` its `items`. It is a node like others,
and may stand in the `sum` of a charge, which adds its net.
"""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import as_of
from policyengine.compiler.lower.charges.priced import Lowered
from policyengine.compiler.lower.context import ABSENT, Context
from policyengine.compiler.lower.proration import leg_lines, legs, repeated, stretch
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.model import Proration
from policyengine.runtime.program import Const, Expr, If, MakeRecord, Read
from policyengine.values import types


def lower(context: Context, proration: Proration) -> None:
    """The nodes `NAME.credit`, `.charge`, `.net`, `.fraction`, `.lines` and those of its options."""
    before = set(context.nodes)
    if proration.each is not None and (proration.split or proration.refund is not None):
        raise Rejected(say.unsupported("`each` beside `split` or `refund`", proration.at))
    if proration.each is not None:
        _define(context, proration, repeated.by_element(context, proration), frozenset())
    elif proration.split:
        _define(context, proration, repeated.by_stretch(context, proration), frozenset())
    else:
        _lower_one(context, proration)
    as_of.lower(context, proration.as_of, set(context.nodes) - before, proration.name)


def _lower_one(context: Context, proration: Proration) -> None:
    scope = context.scope()
    if proration.when is None:
        _define(context, proration, _fields(context, proration, scope, None), frozenset())
        return
    condition = context.boolean(proration.when, scope)
    requires = context.presence_of(proration.name, proration.when, condition, proration.at)
    there = context.presence[proration.name]
    inner = scope.knowing(check.known_present(proration.when.tree, scope))
    fields = _fields(context, proration, inner, there)
    _define(context, proration, {n: _only_if(there, expr, proration) for n, expr in fields.items()}, requires)


def _only_if(condition: Expr, expr: Expr, proration: Proration) -> Expr:
    if expr.type == types.LINES:
        return If(types.LINES, condition, expr, Const(types.LINES, ()))
    return arithmetic.choose(condition, expr, ABSENT, proration.at)


def _fields(context: Context, proration: Proration, scope: Scope, there: Expr | None) -> dict[str, Expr]:
    """What one change yields, by name; `there` says whether its facts are."""
    whole = stretch.read(context, proration, scope)
    part = stretch.given(context, proration, scope) if whole is None else stretch.part(proration, whole)
    if there is not None and not isinstance(part, MakeRecord):
        part = arithmetic.choose(there, part, legs.constant(0), proration.at)
    # A node of its own, so that the fraction is found once; it is not shown, since `behavior` may not ask for it.
    if not isinstance(part, MakeRecord):
        part = context.add(f"{proration.name}.part", part, proration.name, "proration", proration.at)
    prices = legs.prices(context, proration, scope)
    found = legs.made(context, proration, scope, prices, part)
    fields = {"credit": found.credit, "charge": found.charge}
    fields["net"] = arithmetic.subtract(found.charge, found.credit, proration.at)
    fields["fraction"] = found.part
    if found.now is not None:
        fields["effective_at"] = stretch.effective_at(proration, whole, found.now)
    if proration.refund is not None:
        fields |= _refund(context, proration, scope, found.credit)
    fields["lines"] = leg_lines.made(proration, whole, prices, found)
    return fields


def _refund(context: Context, proration: Proration, scope: Scope, credit: Expr) -> dict[str, Expr]:
    """What was paid beyond use goes back, at most the credit; the rest of the credit stays."""
    assert proration.refund is not None
    invoiced = context.number(proration.refund.invoiced, scope, context.money)
    paid = context.number(proration.refund.paid, scope, context.money)
    used = arithmetic.subtract(invoiced, credit, proration.at)
    beyond = arithmetic.subtract(paid, used, proration.at)
    most = arithmetic.extreme("min", [beyond, credit], proration.at)
    refund = arithmetic.extreme("max", [most, legs.zero(context)], proration.at)
    return {"refund": refund, "credit_note": arithmetic.subtract(credit, refund, proration.at)}


def _define(context: Context, proration: Proration, fields: dict[str, Expr], requires: frozenset[str]) -> None:
    name = proration.name
    read: dict[str, Expr] = {}
    for field, expr in fields.items():
        node = f"{name}.{field}"
        deferred = expr.type == types.LINES
        is_there = expr == Read(expr.type, node)  # the items, which the sums read
        read[field] = expr if is_there else context.add(node, expr, name, "proration", proration.at, deferred=deferred)
        context.define(node, read[field], frozenset() if deferred else requires)
    context.groups[name] = tuple(fields)
    context.charges[name] = Lowered(read["net"], read["lines"], requires)
