"""Tiered charges: schedules of tiers, and their cumulative price before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lcm

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.charges import lines, package_tiers, quantities
from policyengine.compiler.lower.charges.priced import Priced
from policyengine.compiler.lower.charges.quantities import Quantities
from policyengine.compiler.lower.context import Context
from policyengine.language.expression import arithmetic
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.model import Charge, Tier
from policyengine.language.written import Value, Written
from policyengine.runtime.program import Call, Const, Expr, MakeTiers, Read
from policyengine.values import types
from policyengine.values.types import Number, Unit


@dataclass(frozen=True, slots=True)
class Rates:
    """What a tier's rate is in this charge: which field it stands in, its unit, and what multiplies it."""

    field: str
    unit: Unit
    factor: Expr | None = None


def tiered(context: Context, charge: Charge, scope: Scope) -> Priced:
    """Tiers over a quantity: each tier's `unit_amount`, or its `factor` of the charge's own."""
    if charge.mode == "volume" and charge.free_quantity is not None and charge.free_quantity_as is None:
        raise Rejected(say.say_free_quantity_as(charge.at))
    shifts = charge.free_quantity_as == "tier"
    found = quantities.read(context, charge.model_copy(update={"free_quantity": None}) if shifts else charge, scope)
    if package_tiers.sells_packages(charge):
        return package_tiers.priced(context, charge, scope, found)
    per_unit = types.unit_product(context.money, found.unit, -1)
    rates = Rates("unit_amount", per_unit)
    if charge.unit_amount is not None:
        rates = Rates("factor", (), context.number(charge.unit_amount, scope, per_unit))
    return _growth(context, charge, scope, found, rates)


def tiered_percentage(context: Context, charge: Charge, scope: Scope) -> Priced:
    """Tiers over an amount: each tier's share of the part that lies in it."""
    return _growth(context, charge, scope, quantities.base(context, charge, scope), Rates("rate", ()))


def _growth(context: Context, charge: Charge, scope: Scope, found: Quantities, rates: Rates) -> Priced:
    schedule = _schedule(context, charge, scope, found.unit, rates)
    _check_flat_at_zero(charge, schedule)
    at_zero = Const(types.BOOL, bool(charge.flat_at_zero))
    name = charge.name
    units, flats = _priced(context, f"{name}.tiers", charge, schedule, found.after, at_zero)
    begun = Const(types.BOOL, False) if found.before is None else _begun(charge, at_zero)
    if found.before is not None:
        before = _priced(context, f"{name}.tiers_before", charge, schedule, found.before, begun)
        units = arithmetic.subtract(units, before[0], charge.at)
        flats = flats if arithmetic.is_zero(flats) else arithmetic.subtract(flats, before[1], charge.at)
    if rates.factor is not None:
        units = arithmetic.multiply([rates.factor, units], charge.at)
    start = found.before or arithmetic.with_unit(arithmetic.number(0), found.unit)
    parts = (Const(types.STRING, name), schedule, start, found.after, rates.factor or lines.MISSING)
    shown = Call(types.LINES, "tier_lines", (*parts, Const(types.STRING, charge.mode), at_zero, begun))
    if found.sign is not None:
        units = arithmetic.multiply([units, found.sign], charge.at)
        flats = flats if arithmetic.is_zero(flats) else arithmetic.multiply([flats, found.sign], charge.at)
        shown = Call(types.LINES, "mirrored_lines", (shown, found.sign))
    return Priced(units, None if arithmetic.is_zero(flats) else flats, shown)


def _begun(charge: Charge, at_zero: Const) -> Const:
    """Whether the flat amount at zero was due before this slice: not where this slice is the first of its period."""
    text = "only" if charge.position is None else charge.position.scalar.text.strip()
    if text not in ("first", "middle", "last", "only") and at_zero.value:
        raise Rejected(say.unsupported("`flat_at_zero: true` beside a `position` from an input", charge.at))
    return at_zero if text in ("middle", "last") else Const(types.BOOL, False)


def _check_flat_at_zero(charge: Charge, schedule: Expr) -> None:
    """Systems disagree on the first tier's flat amount at zero usage, so nothing is assumed."""
    assert isinstance(schedule.type, types.Tiers)
    flat = schedule.type.flat
    if charge.flat_at_zero is None and (flat.lo, flat.hi) != (0, 0):
        raise Rejected(say.say_flat_at_zero(charge.at))


def _priced(
    context: Context, node: str, charge: Charge, schedule: Expr, quantity: Expr, at_zero: Expr
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
    priced = Call(price, charge.mode, (schedule, quantity))
    units = context.add(node, priced, charge.name, "charges", charge.at, cite="tiers")
    flat_total = max(abs(t.flat.lo), abs(t.flat.hi)) * 10_000
    if flat_total == 0:
        return units, arithmetic.number(0, context.money, integer=False)
    flat_type = replace(t.flat, integer=False, lo=-flat_total if t.flat.lo < 0 else 0, hi=flat_total)
    return units, Call(flat_type, f"{charge.mode}_flat", (schedule, quantity, at_zero))


def _schedule(context: Context, charge: Charge, scope: Scope, quantity: Unit, rates: Rates) -> Expr:
    if isinstance(charge.tiers, Written):
        if charge.free_quantity_as == "tier":
            raise Rejected(say.unsupported("`free_quantity_as: tier` with tiers from a table", charge.at))
        schedule = context.expression(charge.tiers, scope)
        if not isinstance(schedule.type, types.Tiers):
            raise Rejected(expression_say.expected_type("tiers", schedule.type, charge.tiers.span))
    else:
        schedule = _written_schedule(context, charge, scope, quantity, rates)
    if isinstance(schedule, Const | Read):
        return schedule
    return context.add(f"{charge.name}.schedule", schedule, charge.name, "charges", charge.at)


def _written_schedule(context: Context, charge: Charge, scope: Scope, quantity: Unit, rates: Rates) -> Expr:
    """Tiers written in the charge: a constant where all of their numbers are, else built when asked."""
    tiers, money = charge.tiers, context.money
    assert isinstance(tiers, tuple)
    bounds: list[Expr] = []
    rate_items: list[Expr] = []
    flats: list[Expr] = []
    for position, tier in enumerate(tiers):
        context.places[f"{charge.name}.tiers.{position + 1}"] = f"{tier.at.source.name}:{tier.at.line}"
        last = position == len(tiers) - 1
        if tier.up_to is None and not last:
            raise Rejected(say.open_tier_not_last(tier.at))
        if tier.up_to is not None:
            if last:
                raise Rejected(say.last_tier_not_open(tier.up_to.span))
            bounds.append(context.number(tier.up_to, scope, quantity))
        rate_items.append(_rate(context, tier, scope, rates))
        flats.append(_number(context, tier.flat_amount, scope, money))
    _increasing(bounds, tiers)
    if charge.free_quantity_as == "tier" and charge.free_quantity is not None:
        free = quantities.not_negative(context.number(charge.free_quantity, scope, quantity), charge.free_quantity.span)
        bounds = [free, *(arithmetic.add([bound, free], charge.at) for bound in bounds)]
        rate_items = [arithmetic.number(0, rates.unit, integer=False), *rate_items]
        flats = [arithmetic.number(0, money, integer=False), *flats]
    parts = [_common(group, unit) for group, unit in ((bounds, quantity), (rate_items, rates.unit), (flats, money))]
    its_type = types.Tiers(*(number for number, _ in parts))
    groups = [items for _, items in parts]
    if all(isinstance(item, Const) for group in groups for item in group):
        held = [tuple(item.value for item in group if isinstance(item, Const)) for group in groups]
        return Const(its_type, ((*held[0], None), held[1], held[2]))
    return MakeTiers(its_type, tuple(groups[0]), tuple(groups[1]), tuple(groups[2]))


def _rate(context: Context, tier: Tier, scope: Scope, rates: Rates) -> Expr:
    """The rate of a tier in the field that this charge uses; the other field is refused with the reason."""
    other = {"unit_amount": tier.factor, "factor": tier.unit_amount}.get(rates.field)
    if other is not None:
        reason = "has a `unit_amount`" if rates.field == "factor" else "has no `unit_amount` to multiply"
        raise Rejected(say.bad_literal("the other one", f"`{rates.field}`: the charge {reason}", tier.at))
    return _number(context, getattr(tier, rates.field), scope, rates.unit)


def _number(context: Context, written: Value | None, scope: Scope, unit: Unit) -> Expr:
    if written is None:
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
