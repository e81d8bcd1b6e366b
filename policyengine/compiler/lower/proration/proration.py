"""Prorations: what a change in a running period, or a part of one, gives back and charges.

A proration yields `credit`, `charge`, `net`, which is the charge less the credit, and `fraction`; with `timing` when it
takes effect, with `refund` how the credit is divided, with `each` and `split` its `items`. It is a node like others,
and may stand in the `sum` of a charge, which adds its net.
"""

from __future__ import annotations

from dataclasses import replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import as_of
from policyengine.compiler.lower.charges.priced import Lowered
from policyengine.compiler.lower.context import ABSENT, Context
from policyengine.compiler.lower.proration import leg_lines, legs, repeated, stretch
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.proration import Proration
from policyengine.runtime.program import Const, Expr, If, MakeRecord, Read
from policyengine.values import types


def lower(context: Context, proration: Proration) -> None:
    """The nodes `NAME.credit`, `.charge`, `.net`, `.fraction`, `.lines` and those of its options."""
    before = set(context.nodes)
    if proration.each is not None and (proration.split or proration.refund is not None):
        raise Rejected(say.unsupported("`each` beside `split` or `refund`", proration.at))
    if proration.each is not None:
        _several(_Yields(context, proration), repeated.by_element(context, proration))
    elif proration.split:
        _several(_Yields(context, proration), repeated.by_stretch(context, proration))
    else:
        _lower_one(context, proration)
    as_of.lower(context, proration.as_of, set(context.nodes) - before, proration.name)


class _Yields:
    """What a proration yields: a node for each field, added once and read by those that follow from it.

    Under a condition every field is absent where that does not hold, and plain in the fields that follow from it.
    """

    def __init__(self, context: Context, proration: Proration, requires: frozenset[str] = frozenset()) -> None:
        self.context = context
        self.proration = proration
        self.requires = requires
        self.there = context.presence[proration.name] if requires else None
        self.read: dict[str, Expr] = {}

    def add(self, field: str, expr: Expr) -> Expr:
        """A field, as the fields after it read it."""
        node, deferred = f"{self.proration.name}.{field}", expr.type == types.LINES
        if expr != Read(expr.type, node):  # the items are there already, since their sums read them
            expr = self._where_it_is_there(expr)
            expr = self.context.add(node, expr, self.proration.name, "proration", self.proration.at, deferred=deferred)
        self.context.define(node, expr, frozenset() if deferred else self.requires)
        self.read[field] = expr
        return check.unwrapped(expr) if isinstance(expr.type, types.Optional) else expr

    def _where_it_is_there(self, expr: Expr) -> Expr:
        if self.there is None:
            return expr
        if expr.type == types.LINES:
            return If(types.LINES, self.there, expr, Const(types.LINES, ()))
        return arithmetic.choose(self.there, expr, ABSENT, self.proration.at)

    def close(self) -> None:
        """Make the fields known by the proration's name; in a sum of charges it counts by its net."""
        self.context.groups[self.proration.name] = tuple(self.read)
        self.context.charges[self.proration.name] = Lowered(self.read["net"], self.read["lines"], self.requires)


def _several(yields: _Yields, fields: dict[str, Expr]) -> None:
    for field, expr in fields.items():
        yields.add(field, expr)
    yields.close()


def _lower_one(context: Context, proration: Proration) -> None:
    scope = context.scope()
    requires = frozenset[str]()
    if proration.when is not None:
        condition = context.boolean(proration.when, scope)
        requires = context.presence_of(proration.name, proration.when, condition, proration.at)
        scope = scope.knowing(check.known_present(proration.when.tree, scope))
    yields = _Yields(context, proration, requires)
    whole = stretch.read(context, proration, scope)
    part = _part(context, proration, scope, whole, yields.there)
    prices = legs.prices(context, proration, scope)
    found = legs.made(context, proration, scope, prices, part)
    credit, charge = yields.add("credit", found.credit), yields.add("charge", found.charge)
    yields.add("net", arithmetic.subtract(charge, credit, proration.at))
    yields.add("fraction", found.part)
    if found.now is not None:
        yields.add("effective_at", stretch.effective_at(proration, whole, found.now))
    if proration.refund is not None:
        refund = yields.add("refund", _refund(context, proration, scope, credit))
        yields.add("credit_note", arithmetic.subtract(credit, refund, proration.at))
    yields.add("lines", leg_lines.made(proration, whole, prices, replace(found, credit=credit, charge=charge)))
    yields.close()


def _part(
    context: Context, proration: Proration, scope: Scope, whole: stretch.Stretch | None, there: Expr | None
) -> Expr:
    """How much of the period is meant, in a node of its own, so that it is found once and only where its facts are.

    It is not shown, since `behavior` may not ask for it.
    """
    part = stretch.given(context, proration, scope) if whole is None else stretch.part(proration, whole)
    if isinstance(part, MakeRecord):
        return part
    if there is not None:
        part = arithmetic.choose(there, part, legs.constant(0), proration.at)
    return context.add(f"{proration.name}.part", part, proration.name, "proration", proration.at)


def _refund(context: Context, proration: Proration, scope: Scope, credit: Expr) -> Expr:
    """What was paid beyond use goes back, at most the credit; the rest of the credit stays."""
    assert proration.refund is not None
    invoiced = context.number(proration.refund.invoiced, scope, context.money)
    paid = context.number(proration.refund.paid, scope, context.money)
    used = arithmetic.subtract(invoiced, credit, proration.at)
    beyond = arithmetic.subtract(paid, used, proration.at)
    most = arithmetic.extreme("min", [beyond, credit], proration.at)
    return arithmetic.extreme("max", [most, legs.zero(context)], proration.at)
