"""Charges -> the growth of a cumulative price, as expressions and tiers.

A charge is a function of the quantity already rated and the quantity now; its amount is the price of both together
less the price of what was rated before. The order of operations is DESIGN's: transform, free quantity, model, line
rounding, discounts, maximum, minimum or commitment, credits, tax, total rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lcm

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import as_of, each, split
from policyengine.compiler.lower.context import ABSENT, Context
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.model import Charge, Tier
from policyengine.language.written import Value, Written
from policyengine.runtime.program import Call, Const, Expr, Local, MakeTiers, Read
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number, Unit

NOT_YET = (
    "package_size", "already_billed", "position", "weight", "flat_by", "negative_quantity", "minimum", "maximum",
    "quantity_transform", "commitment", "discounts", "credits", "tax",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lowered:
    """What other sections need of a charge: its lines and whether it may be absent."""

    amount: Expr
    lines: Expr
    requires: frozenset[str]


@dataclass(frozen=True, slots=True)
class Priced:
    """The pieces of one model: the amount, and the line's arguments."""

    amount: Expr
    lines: Expr


def lower(context: Context, charge: Charge) -> None:
    """The nodes `NAME.quantity`, `.free_used`, `.amount`, `.lines` and those of the tiers."""
    for field in NOT_YET:
        value = getattr(charge, field)
        if value is not None:
            raise Rejected(say.unsupported(f"`{field}` of a charge", charge.at))
    before = set(context.nodes)
    if charge.each is not None:
        _lower_each(context, charge)
    elif charge.split is not None:
        _lower_split(context, charge)
    else:
        _lower_one(context, charge)
    as_of.lower(context, charge.as_of, set(context.nodes) - before, charge.name)


def _lower_one(context: Context, charge: Charge) -> None:
    scope = context.scope()
    condition = None
    if charge.when is not None:
        condition = context.boolean(charge.when, scope)
        scope = scope.knowing(check.known_present(charge.when.tree, scope))
    priced = _sum(context, charge) if charge.sum else _model(context, charge, scope)
    amount = context.rounded(priced.amount, charge.round, scope)
    _is_amount(context, amount, charge)
    lines, requires = priced.lines, frozenset[str]()
    if condition is not None:
        assert charge.when is not None
        requires = context.presence_of(charge.name, charge.when, condition, charge.at)
        condition = context.presence[charge.name]
        amount = arithmetic.choose(condition, amount, ABSENT, charge.at)
        lines = Call(types.LINES, "lines_if", (condition, lines))
    _define(context, charge, amount, lines, requires)


def _define(context: Context, charge: Charge, amount: Expr, lines: Expr, requires: frozenset[str]) -> None:
    name = charge.name
    read = context.add(f"{name}.amount", amount, name, "charges", charge.at)
    context.define(f"{name}.amount", read, requires)
    shown = context.add(f"{name}.lines", lines, name, "charges", charge.at, deferred=True)
    context.define(f"{name}.lines", shown)
    fields = ["amount", "lines", *(f for f in ("quantity", "free_used") if f"{name}.{f}" in context.variables)]
    context.groups[name] = tuple(fields)
    context.charges[name] = Lowered(read, shown, requires)


def _lower_split(context: Context, charge: Charge) -> None:
    """A period in stretches between the dates at which a price changes."""
    assert charge.split is not None
    if charge.when is not None or charge.sum:
        raise Rejected(say.unsupported("`split` beside `when` or `sum`", charge.at))
    scope = context.scope()
    context.inline = True
    try:
        priced = _model(context, charge, scope)
    finally:
        context.inline = False
    _is_amount(context, priced.amount, charge)

    def rounded(part: Expr) -> Expr:
        return context.rounded(part, charge.round_each, scope)

    amount, lines = split.amounts(context, charge.name, charge.split, priced.amount, rounded)
    _define(context, charge, context.rounded(amount, charge.round, scope), lines, frozenset())


def _lower_each(context: Context, charge: Charge) -> None:
    """One line an element; `.amount` is their sum, rounded by `round:`, each element by `round_each:`."""
    assert charge.each is not None
    loop = each.open_loop(context, charge.each, charge.when, charge.carry, charge.at)
    context.inline = True
    try:
        priced = _model(context, charge, loop.scope)
        element = context.rounded(priced.amount, charge.round_each, loop.scope)
    finally:
        context.inline = False
    _is_amount(context, element, charge)
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
    amount = context.rounded(loop.result(states, total), charge.round, loop.outer)
    shown = Local(types.LINES, f"{loop.item}:lines")
    lines = priced.lines
    if element is not priced.amount:
        lines = Call(types.LINES, "line_amount", (priced.lines, element))
    collected = each.State(
        shown.name, types.LINES, Const(types.LINES, ()), Call(types.LINES, "lines_all", (shown, lines))
    )
    _define(context, charge, amount, loop.result([collected, *carried], shown), frozenset())
    for part, state in zip(charge.carry, carried, strict=True):
        node = f"{charge.name}.{part.name}"
        after = loop.result(carried, Local(state.type, state.name))
        context.define(node, context.add(node, after, charge.name, "charges", charge.at))


def _is_amount(context: Context, amount: Expr, charge: Charge) -> None:
    unit = getattr(amount.type, "unit", ())
    if unit != context.money and not arithmetic.is_zero(amount):
        raise Rejected(say.not_an_amount(charge.name, amount.type, charge.at))


def _sum(context: Context, charge: Charge) -> Priced:
    """The sum of other charges; one that is absent adds nothing."""
    zero = arithmetic.number(0, context.money, integer=False)
    amounts: list[Expr] = []
    lines: list[Expr] = []
    for name, at in charge.sum:
        other = context.charges.get(name)
        if other is None:
            raise Rejected(say.not_a_charge(name, at, context.bundle.charges))
        amount = other.amount
        if isinstance(amount.type, types.Optional):
            joint = arithmetic.joined_type(amount.type.item, zero.type)
            assert joint is not None
            wide = arithmetic.coerced(amount, types.Optional(joint))
            amount = Call(joint, "or_value", (wide, arithmetic.coerced(zero, joint)))
        amounts.append(amount)
        lines.append(other.lines)
    return Priced(arithmetic.add(amounts, charge.at), Call(types.LINES, "lines_all", tuple(lines)))


def _model(context: Context, charge: Charge, scope: Scope) -> Priced:
    match charge.charge_model:
        case "flat":
            return _flat(context, charge, scope)
        case "per_unit":
            return _per_unit(context, charge, scope)
        case "tiered":
            return _tiered(context, charge, scope)
    raise Rejected(say.unsupported(f"`charge_model: {charge.charge_model}`", charge.at))


def _flat(context: Context, charge: Charge, scope: Scope) -> Priced:
    assert charge.flat_amount is not None
    amount = context.number(charge.flat_amount, scope, context.money)
    return Priced(amount, _line(context, charge, None, None, amount))


def _line(context: Context, charge: Charge, quantity: Expr | None, unit_amount: Expr | None, amount: Expr) -> Expr:
    """One line of a bill: shown, never computed with."""
    name = Const(types.STRING, charge.name)
    missing = Const(types.Optional(types.NEVER), None)
    return Call(types.LINES, "line", (name, quantity or missing, unit_amount or missing, amount))


# -------------------------------------------------------------------------------------------------------- quantities


@dataclass(frozen=True, slots=True)
class Quantities:
    """The cumulative quantities that are priced: before and after, each less the free quantity."""

    before: Expr | None
    after: Expr
    unit: Unit


def _quantities(context: Context, charge: Charge, scope: Scope) -> Quantities:
    assert charge.quantity is not None
    name = charge.name
    quantity = _not_negative(context.number(charge.quantity, scope), charge.quantity.span)
    assert isinstance(quantity.type, Number)
    unit = quantity.type.unit
    read = context.add(f"{name}.quantity", quantity, name, "charges", charge.at)
    context.define(f"{name}.quantity", read)
    if charge.already_rated is None:
        before: Expr | None = None
        after = read
    else:
        before = _not_negative(context.number(charge.already_rated, scope, unit), charge.already_rated.span)
        after = arithmetic.add([before, read], charge.at)
    if charge.free_quantity is None:
        return Quantities(before, after, unit)
    free = _not_negative(context.number(charge.free_quantity, scope, unit), charge.free_quantity.span)
    used = arithmetic.extreme("min", [after, free], charge.at)
    if before is not None:
        used = arithmetic.subtract(used, arithmetic.extreme("min", [before, free], charge.at), charge.at)
    context.define(f"{name}.free_used", context.add(f"{name}.free_used", used, name, "charges", charge.at))
    return Quantities(
        None if before is None else _beyond(before, free, charge.at), _beyond(after, free, charge.at), unit
    )


def _beyond(quantity: Expr, free: Expr, at: Span) -> Expr:
    """What of a cumulative quantity lies beyond the free quantity."""
    assert isinstance(quantity.type, Number)
    zero = arithmetic.with_unit(arithmetic.number(0), quantity.type.unit)
    return arithmetic.narrowed(arithmetic.extreme("max", [arithmetic.subtract(quantity, free, at), zero], at), lo=0)


def _not_negative(quantity: Expr, at: Span) -> Expr:
    if isinstance(quantity.type, types.Quotient):
        raise Rejected(expression_say.quotient_escapes("a quantity", at))
    assert isinstance(quantity.type, Number)
    if quantity.type.lo < 0:
        raise Rejected(say.quantity_may_be_negative(at))
    return quantity


def _per_unit(context: Context, charge: Charge, scope: Scope) -> Priced:
    assert charge.unit_amount is not None
    quantities = _quantities(context, charge, scope)
    unit_amount = _unit_amount(context, charge, scope, quantities.unit)
    billed = quantities.after
    if quantities.before is not None:
        billed = arithmetic.subtract(quantities.after, quantities.before, charge.at)
    amount = arithmetic.multiply([billed, unit_amount], charge.at)
    return Priced(amount, _line(context, charge, billed, unit_amount, amount))


def _unit_amount(context: Context, charge: Charge, scope: Scope, quantity: Unit) -> Expr:
    assert charge.unit_amount is not None
    unit = types.unit_product(context.money, quantity, -1)
    return context.number(charge.unit_amount, scope, unit, what="unit_amount")


# ------------------------------------------------------------------------------------------------------------- tiers


def _tiered(context: Context, charge: Charge, scope: Scope) -> Priced:
    quantities = _quantities(context, charge, scope)
    by_factor = None
    if charge.unit_amount is not None:
        by_factor = _unit_amount(context, charge, scope, quantities.unit)
    schedule = _schedule(context, charge, scope, quantities.unit, by_factor is not None)
    _check_flat_at_zero(charge, schedule)
    name = charge.name
    at_zero = Const(types.BOOL, bool(charge.flat_at_zero))
    mode = charge.mode
    if mode == "volume" and charge.free_quantity is not None:
        raise Rejected(say.unsupported("`free_quantity` under volume tiers", charge.at))
    after = _priced(context, f"{name}.tiers", charge, mode, schedule, quantities.after, at_zero)
    before = None
    if quantities.before is not None:
        before = _priced(context, f"{name}.tiers_before", charge, mode, schedule, quantities.before, at_zero)
    units, flats = after
    if before is not None:
        units = arithmetic.subtract(units, before[0], charge.at)
        flats = flats if arithmetic.is_zero(flats) else arithmetic.subtract(flats, before[1], charge.at)
    if by_factor is not None:
        units = arithmetic.multiply([by_factor, units], charge.at)
    amount = arithmetic.add([units, flats], charge.at) if not arithmetic.is_zero(flats) else units
    assert isinstance(schedule.type, types.Tiers)
    missing = Const(types.Optional(types.NEVER), None)
    start = quantities.before or arithmetic.with_unit(arithmetic.number(0), quantities.unit)
    parts: tuple[Expr, ...] = (Const(types.STRING, name), schedule, start, quantities.after, by_factor or missing)
    parts += (Const(types.STRING, mode), at_zero)
    return Priced(amount, Call(types.LINES, "tier_lines", parts))


def _check_flat_at_zero(charge: Charge, schedule: Expr) -> None:
    """Systems disagree on the first tier's flat amount at zero usage, so nothing is assumed."""
    assert isinstance(schedule.type, types.Tiers)
    flat = schedule.type.flat
    if charge.flat_at_zero is None and (flat.lo, flat.hi) != (0, 0):
        raise Rejected(say.say_flat_at_zero(charge.at))


def _priced(
    context: Context, node: str, charge: Charge, mode: str, schedule: Expr, quantity: Expr, at_zero: Expr
) -> tuple[Expr, Expr]:
    """The cumulative price of a quantity under a schedule: the part by unit and the flat part.

    The part by unit is the node that the rationale cites: its arguments say which tiers were touched.
    """
    t = schedule.type
    assert isinstance(t, types.Tiers)
    assert isinstance(quantity.type, Number)
    common = lcm(t.bound.den, quantity.type.den)
    unit = types.unit_product(t.rate.unit, quantity.type.unit)
    most = quantity.type.hi * (common // quantity.type.den) * max(abs(t.rate.lo), abs(t.rate.hi))
    low = 0 if t.rate.lo >= 0 else -most
    quantity = context.add(f"{node}.quantity", quantity, charge.name, "charges", charge.at)
    price = arithmetic.bounded(Number(False, unit, t.rate.den * common, low, most), charge.at)
    priced = Call(price, mode, (schedule, quantity))
    units = context.add(node, priced, charge.name, "charges", charge.at, cite="tiers")
    flat_total = max(abs(t.flat.lo), abs(t.flat.hi)) * 10_000
    if flat_total == 0:
        return units, arithmetic.number(0, context.money, integer=False)
    flat_type = replace(t.flat, integer=False, lo=-flat_total if t.flat.lo < 0 else 0, hi=flat_total)
    return units, Call(flat_type, f"{mode}_flat", (schedule, quantity, at_zero))


def _schedule(context: Context, charge: Charge, scope: Scope, quantity: Unit, by_factor: bool) -> Expr:
    if isinstance(charge.tiers, Written):
        schedule = context.expression(charge.tiers, scope)
        if not isinstance(schedule.type, types.Tiers):
            raise Rejected(expression_say.expected_type("tiers", schedule.type, charge.tiers.span))
        return schedule if isinstance(schedule, Read) else _own_node(context, charge, schedule)
    schedule = static_schedule(context, charge, scope, quantity, by_factor)
    return schedule if isinstance(schedule, Const) else _own_node(context, charge, schedule)


def _own_node(context: Context, charge: Charge, schedule: Expr) -> Expr:
    return context.add(f"{charge.name}.schedule", schedule, charge.name, "charges", charge.at)


def static_schedule(context: Context, charge: Charge, scope: Scope, quantity: Unit, by_factor: bool) -> Expr:
    """Tiers written in the charge: a constant where all of their numbers are, else built when asked."""
    tiers = charge.tiers
    assert isinstance(tiers, tuple)
    money = context.money
    rate_unit: Unit = () if by_factor else types.unit_product(money, quantity, -1)
    bounds: list[Expr] = []
    rates: list[Expr] = []
    flats: list[Expr] = []
    for position, tier in enumerate(tiers):
        context.places[f"{charge.name}.tiers.{position + 1}"] = f"{tier.at.source.name}:{tier.at.line}"
        last = position == len(tiers) - 1
        if tier.package_size is not None:
            raise Rejected(say.unsupported("`package_size` in a tier", tier.at))
        if tier.up_to is None and not last:
            raise Rejected(say.open_tier_not_last(tier.at))
        if tier.up_to is not None:
            if last:
                raise Rejected(say.last_tier_not_open(tier.up_to.span))
            bounds.append(context.number(tier.up_to, scope, quantity))
        written = tier.factor if by_factor else tier.unit_amount
        rates.append(_tier_number(context, written, scope, rate_unit, tier, by_factor))
        flats.append(_tier_number(context, tier.flat_amount, scope, money, tier, by_factor))
    _increasing(bounds, tiers)
    parts = [_common(group, unit) for group, unit in ((bounds, quantity), (rates, rate_unit), (flats, money))]
    its_type = types.Tiers(*(number for number, _ in parts))
    groups = [items for _, items in parts]
    if all(isinstance(item, Const) for group in groups for item in group):
        held = [tuple(item.value for item in group if isinstance(item, Const)) for group in groups]
        return Const(its_type, ((*held[0], None), held[1], held[2]))
    return MakeTiers(its_type, tuple(groups[0]), tuple(groups[1]), tuple(groups[2]))


def _tier_number(
    context: Context, written: Value | None, scope: Scope, unit: Unit, tier: Tier, by_factor: bool
) -> Expr:
    if written is None:
        other = tier.unit_amount if by_factor else tier.factor
        if other is not None and unit != context.money:
            wanted = "`factor`" if by_factor else "`unit_amount`"
            reason = "the charge has a `unit_amount`" if by_factor else "the charge has no `unit_amount` to multiply"
            raise Rejected(say.bad_literal("the other one", f"{wanted}: {reason}", tier.at))
        return arithmetic.number(0, unit, integer=False)
    return context.number(written, scope, unit)


def _increasing(bounds: list[Expr], tiers: tuple[Tier, ...]) -> None:
    known = [arithmetic.constant_of(b) for b in bounds]
    for position, bound in enumerate(known):
        before = known[position - 1] if position else 0
        up_to = tiers[position].up_to
        if bound is not None and before is not None and bound <= before and up_to is not None:
            raise Rejected(say.tiers_not_increasing(up_to.span))


def _common(items: list[Expr], unit: Unit) -> tuple[Number, list[Expr]]:
    """Numbers over one denominator, and their type."""
    joint = Number(False, unit, 1, 0, 0)
    for item in items:
        if not isinstance(item.type, Number):
            raise AssertionError("a tier's number is no quotient")
        joint = types.joined(joint, item.type, unit)
    return joint, [arithmetic.coerced(item, joint) for item in items]
