"""A charge from its model to its amount: the order of operations.

A charge is a function of the quantity already rated and the quantity now; its amount is the price of both together
less the price of what was rated before. The order is DESIGN's: transform, free quantity, model, line rounding,
discounts, maximum, minimum or commitment, credits, tax; the total is rounded on a `sum`.
"""

from __future__ import annotations

from dataclasses import replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import as_of, each, split
from policyengine.compiler.lower.charges import adjustments, lines, models, peaks
from policyengine.compiler.lower.charges.priced import Lowered, Priced
from policyengine.compiler.lower.context import ABSENT, Context
from policyengine.language.charges import Charge
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import Const, Expr, If, Local
from policyengine.values import types
from policyengine.values.types import Number

FIELDS = (
    "amount",
    "lines",
    "quantity",
    "billed_quantity",
    "free_used",
    "packages",
    "true_up",
    "over_maximum",
    "utilized",
    "overage",
    "discount",
    "credit_used",
    "net",
    "tax",
)


def lower(context: Context, charge: Charge) -> None:
    """The nodes `NAME.quantity`, `.free_used`, `.amount`, `.lines` and those of the tiers and adjustments."""
    before = set(context.nodes)
    if charge.each is not None:
        _lower_each(context, charge)
    elif charge.split is not None:
        _lower_split(context, charge)
    else:
        _lower_one(context, charge)
    as_of.lower(context, charge.as_of, set(context.nodes) - before, charge.name)


def _lower_one(context: Context, charge: Charge) -> None:
    scope, condition = _conditional(context, charge)
    amount, shown = _element(context, charge, scope, _price_alone(context, charge, scope))
    _adjusted(context, charge, scope, condition, amount, shown)


def _price_alone(context: Context, charge: Charge, scope: Scope) -> Priced:
    """The price of a charge that is no element of a list."""
    priced = models.price(context, charge, scope)
    if charge.flat_by is not None and priced.steps is not None:
        peaks.check_alone(charge, priced.steps)
    return priced


def _conditional(context: Context, charge: Charge) -> tuple[Scope, Expr | None]:
    """The scope under `when`, and the condition."""
    scope = context.scope()
    if charge.when is None:
        return scope, None
    condition = context.boolean(charge.when, scope)
    return scope.knowing(check.known_present(charge.when.tree, scope)), condition


def _adjusted(
    context: Context, charge: Charge, scope: Scope, condition: Expr | None, amount: Expr, shown: Expr
) -> None:
    """The charge's nodes after its adjustments, absent where its condition does not hold."""
    amount, shown = adjustments.apply(context, charge, scope, amount, shown)
    requires = frozenset[str]()
    if condition is not None:
        assert charge.when is not None
        requires = context.presence_of(charge.name, charge.when, condition, charge.at)
        condition = context.presence[charge.name]
        amount = arithmetic.choose(condition, amount, ABSENT, charge.at)
        shown = If(types.LINES, condition, shown, Const(types.LINES, ()))
    _define(context, charge, amount, shown, requires)


def _element(context: Context, charge: Charge, scope: Scope, priced: Priced) -> tuple[Expr, Expr]:
    """The amount by the model, weighted and rounded as a line, and its lines."""
    amount, shown = models.weighted(context, charge, scope, priced)
    _is_amount(context, amount, charge)
    bounded = _bounded_each(context, charge, scope, amount)
    if bounded is not amount:
        amount, shown = bounded, lines.settled(shown, bounded)
    rounded = context.rounded(amount, charge.round if charge.each is None else charge.round_each, scope)
    return (amount, shown) if rounded is amount else (rounded, lines.settled(shown, rounded))


def _bounded_each(context: Context, charge: Charge, scope: Scope, amount: Expr) -> Expr:
    """`minimum_each` and `maximum_each` of one element."""
    if (charge.minimum_each is not None or charge.maximum_each is not None) and charge.each is None:
        raise Rejected(say.only_with_each(charge.at))
    if charge.minimum_each is not None:
        least = context.number(charge.minimum_each, scope, context.money)
        amount = arithmetic.extreme("max", [amount, least], charge.at)
    if charge.maximum_each is not None:
        most = context.number(charge.maximum_each, scope, context.money)
        amount = arithmetic.extreme("min", [amount, most], charge.at)
    return amount


def _is_amount(context: Context, amount: Expr, charge: Charge) -> None:
    unit = getattr(amount.type, "unit", ())
    if unit != context.money and not arithmetic.is_zero(amount):
        raise Rejected(say.not_an_amount(charge.name, amount.type, charge.at))


def _define(context: Context, charge: Charge, amount: Expr, shown: Expr, requires: frozenset[str]) -> None:
    name = charge.name
    read = context.add(f"{name}.amount", amount, name, "charges", charge.at)
    context.define(f"{name}.amount", read, requires)
    if requires:
        _make_optional(context, charge, requires)
    listed = context.add(f"{name}.lines", shown, name, "charges", charge.at, deferred=True)
    context.define(f"{name}.lines", listed)
    context.groups[name] = tuple(f for f in FIELDS if f"{name}.{f}" in context.variables)
    context.charges[name] = Lowered(read, listed, requires)


def _make_optional(context: Context, charge: Charge, requires: frozenset[str]) -> None:
    """Every field of a charge that is absent is absent with it; inside its condition they stay plain."""
    for field in FIELDS:
        name = f"{charge.name}.{field}"
        variable = context.variables.get(name)
        if variable is None or field == "amount":
            continue
        plain = variable.expr
        read = context.add(f"{name}?", context.only_where(plain, requires), charge.name, "charges", charge.at)
        context.define(name, read, requires)
        context.shown[name] = f"{name}?"


def _lower_split(context: Context, charge: Charge) -> None:
    """A period in stretches between the dates at which a price changes."""
    assert charge.split is not None
    scope, condition = _conditional(context, charge)
    context.inline = True
    try:
        whole, _ = models.weighted(context, charge, scope, _price_alone(context, charge, scope))
    finally:
        context.inline = False
    _is_amount(context, whole, charge)

    def rounded(part: Expr) -> Expr:
        return context.rounded(part, charge.round_each, scope)

    amount, shown = split.amounts(context, charge.name, charge.split, whole, rounded, scope)
    amount = context.rounded(amount, charge.round, scope)
    _adjusted(context, charge, scope, condition, amount, shown)


def _lower_each(context: Context, charge: Charge) -> None:
    """One line an element; `.amount` is their sum, rounded by `round:`, each element by `round_each:`."""
    assert charge.each is not None
    if charge.split is not None:
        raise Rejected(say.split_with_each(charge.split.span))
    loop = each.open_loop(context, charge.each, charge.when, charge.carry, charge.at)
    context.inline = True
    try:
        priced = models.price(context, charge, loop.scope)
        steps = priced.steps if charge.flat_by is not None else None
        if steps is not None:
            priced = peaks.without_flats(priced)
        element, shown_element = _element(context, charge, loop.scope, priced)
        peak = None if steps is None else peaks.over(context, charge, loop, steps)
    finally:
        context.inline = False
    if isinstance(element.type, types.Quotient):
        raise Rejected(expression_say.quotient_escapes("a sum over elements", charge.at))
    assert isinstance(loop.over.type, types.List)
    assert isinstance(element.type, Number)
    carried = each.carried_states(context, loop, charge.carry, {"amount": element})
    most = max(1, loop.over.type.max)
    total_type = replace(element.type, lo=min(0, element.type.lo * most), hi=max(0, element.type.hi * most))
    total = Local(total_type, f"{loop.item}:total")
    step = replace(arithmetic.add([total, element], charge.at), type=total_type)
    states = [each.State(total.name, total_type, Const(total_type, 0), step), *carried]
    amount = loop.result(states, total)
    flats = None
    if peak is not None:
        flats = context.add(f"{charge.name}.flats", peak.flats(carried), charge.name, "charges", charge.at)
        amount = arithmetic.add([amount, flats], charge.at)
    amount = context.rounded(amount, charge.round, loop.outer)
    shown = Local(types.LINES, f"{loop.item}:lines")
    collected = each.State(shown.name, types.LINES, Const(types.LINES, ()), lines.joined(shown, shown_element))
    all_lines = loop.result([collected, *carried], shown)
    if flats is not None:
        all_lines = lines.joined(all_lines, lines.adjustment(charge.name, "flat_amount", flats))
    for part, state in zip(charge.carry, carried, strict=True):
        node = f"{charge.name}.{part.name}"
        after = loop.result(carried, Local(state.type, state.name))
        context.define(node, context.add(node, after, charge.name, "charges", charge.at))
    amount, all_lines = adjustments.apply(context, charge, loop.outer, amount, all_lines)
    _define(context, charge, amount, all_lines, frozenset())
