"""Tiered charges: schedules of tiers, and their cumulative price before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lcm

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import shares
from policyengine.compiler.lower.charges import lines, lints, package_tiers, quantities, slices, tier_bounds
from policyengine.compiler.lower.charges.priced import Priced, Steps
from policyengine.compiler.lower.charges.quantities import Quantities
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge, Tier
from policyengine.language.expression import arithmetic
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Value, Written
from policyengine.runtime.program import Call, Const, Expr, MakeTiers, Read
from policyengine.runtime.tables import schedules
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
        begun = begun_at_zero(context, charge, scope, found)
        return package_tiers.priced(context, charge, scope, found, begun)
    per_unit = types.unit_product(context.money, found.unit, -1)
    rates = Rates("unit_amount", per_unit)
    if charge.unit_amount is not None:
        rates = Rates("factor", (), context.number(charge.unit_amount, scope, per_unit))
    return _growth(context, charge, scope, found, rates)


def tiered_percentage(context: Context, charge: Charge, scope: Scope) -> Priced:
    """Tiers over an amount: each tier's share of the part that lies in it."""
    return _growth(context, charge, scope, quantities.base(context, charge, scope), Rates("rate", ()))


def _growth(context: Context, charge: Charge, scope: Scope, found: Quantities, rates: Rates) -> Priced:
    schedule, found = _schedule(context, charge, scope, found, rates)
    _check_flat_at_zero(charge, schedule)
    at_zero = Const(types.BOOL, bool(charge.flat_at_zero))
    begun = begun_at_zero(context, charge, scope, found)
    name = charge.name

    def flats_of(quantity: Expr, is_due_at_zero: Expr) -> Expr:
        return _flats(context, charge, schedule, quantity, is_due_at_zero)

    after, units = _priced(context, f"{name}.tiers", charge, schedule, found.after)
    flats = flats_of(after, at_zero)
    if found.before is not None:
        before, units_before = _priced(context, f"{name}.tiers_before", charge, schedule, found.before)
        units = arithmetic.subtract(units, units_before, charge.at)
        flats = arithmetic.subtract(flats, flats_of(before, begun), charge.at)
    if rates.factor is not None:
        units = arithmetic.multiply([rates.factor, units], charge.at)
    start = found.before or arithmetic.with_unit(arithmetic.number(0), found.unit)
    parts = (Const(types.STRING, name), schedule, start, found.after, rates.factor or lines.MISSING)
    shown = Call(types.LINES, "tier_lines", (*parts, Const(types.STRING, charge.mode), at_zero, begun))
    if found.sign is not None:
        units = arithmetic.multiply([units, found.sign], charge.at)
        flats = arithmetic.multiply([flats, found.sign], charge.at)
        shown = Call(types.LINES, "mirrored_lines", (shown, found.sign))
    if _has_no_flats(schedule):
        return Priced(units, None, shown)
    return Priced(units, flats, shown, None, Steps(found, flats_of, at_zero, begun))


def begun_at_zero(context: Context, charge: Charge, scope: Scope, found: Quantities) -> Expr:
    """Whether the flat amount at zero was due before this slice: not where this is the first slice of its period."""
    if found.before is None or not charge.flat_at_zero:
        return slices.NO
    return slices.follows(context, charge, scope)


def _has_no_flats(schedule: Expr) -> bool:
    assert isinstance(schedule.type, types.Tiers)
    return (schedule.type.flat.lo, schedule.type.flat.hi) == (0, 0)


def _check_flat_at_zero(charge: Charge, schedule: Expr) -> None:
    """Systems disagree on the first tier's flat amount at zero usage, so nothing is assumed."""
    if charge.flat_at_zero is None and not _has_no_flats(schedule):
        raise Rejected(say.say_flat_at_zero(charge.at))


def _priced(context: Context, node: str, charge: Charge, schedule: Expr, quantity: Expr) -> tuple[Expr, Expr]:
    """A cumulative quantity as a node, and its price by unit under a schedule.

    The price is the node that the rationale cites: its arguments say which tiers were touched.
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
    return quantity, context.add(node, priced, charge.name, "charges", charge.at, cite="tiers")


def _flats(context: Context, charge: Charge, schedule: Expr, quantity: Expr, at_zero: Expr) -> Expr:
    """The flat amounts that are due for a cumulative quantity."""
    t = schedule.type
    assert isinstance(t, types.Tiers)
    most = max(abs(t.flat.lo), abs(t.flat.hi)) * 10_000
    if most == 0:
        return arithmetic.number(0, context.money, integer=False)
    its_type = replace(t.flat, integer=False, lo=-most if t.flat.lo < 0 else 0, hi=most)
    flags = (slices.YES, slices.NO)
    due, not_due = (Call(its_type, f"{charge.mode}_flat", (schedule, quantity, flag)) for flag in flags)
    return slices.either(at_zero, due, not_due, charge)


def _schedule(
    context: Context, charge: Charge, scope: Scope, found: Quantities, rates: Rates
) -> tuple[Expr, Quantities]:
    """The tiers of a charge, behind its free tier if it has one, and the quantities with what is free of them."""
    if isinstance(charge.tiers, Written):
        schedule = context.expression(charge.tiers, scope)
        if not isinstance(schedule.type, types.Tiers):
            raise Rejected(expression_say.expected_type("tiers", schedule.type, charge.tiers.span))
    else:
        schedule = _written_schedule(context, charge, scope, found.unit, rates)
    own = schedule
    if charge.free_quantity_as == "tier" and charge.free_quantity is not None:
        free = context.number(charge.free_quantity, scope, found.unit)
        found = replace(found, free=quantities.not_negative(free, charge.free_quantity.span))
        schedule = _behind_free_tier(schedule, free)
    lints.schedule(context, charge, own, found, rates.factor)
    if not isinstance(schedule, Const | Read):
        schedule = context.add(f"{charge.name}.schedule", schedule, charge.name, "charges", charge.at)
    return schedule, found


def _written_schedule(context: Context, charge: Charge, scope: Scope, quantity: Unit, rates: Rates) -> Expr:
    """Tiers written in the charge: a constant where all of their numbers are, else built when asked."""
    tiers, money = charge.tiers, context.money
    assert isinstance(tiers, tuple)
    bounds = tier_bounds.read(context, tiers, scope, quantity)
    rate_items: list[Expr] = []
    flats: list[Expr] = []
    first = 2 if charge.free_quantity_as == "tier" and charge.free_quantity is not None else 1
    for position, tier in enumerate(tiers):
        # Behind a free tier, the first tier that is written is the second one.
        context.places[f"{charge.name}.tiers.{position + first}"] = f"{tier.at.source.name}:{tier.at.line}"
        rate_items.append(_rate(context, tier, scope, rates))
        flats.append(_number(context, tier.flat_amount, scope, money))
    parts = [_common(group, unit) for group, unit in ((bounds, quantity), (rate_items, rates.unit), (flats, money))]
    its_type = types.Tiers(*(number for number, _ in parts))
    groups = [items for _, items in parts]
    if all(isinstance(item, Const) for group in groups for item in group):
        held = [tuple(item.value for item in group if isinstance(item, Const)) for group in groups]
        return Const(its_type, ((*held[0], None), held[1], held[2]))
    return MakeTiers(its_type, tuple(groups[0]), tuple(groups[1]), tuple(groups[2]))


def _behind_free_tier(schedule: Expr, free: Expr) -> Expr:
    """A schedule from elsewhere with a tier in front that costs nothing."""
    t = schedule.type
    assert isinstance(t, types.Tiers)
    assert isinstance(free.type, Number)
    den = lcm(t.bound.den, free.type.den)
    own, first = types.rescaled(t.bound, den), types.rescaled(free.type, den)
    moved = replace(own, integer=own.integer and first.integer, lo=own.lo + first.lo, hi=own.hi + first.hi)
    bound = types.joined(moved, first, moved.unit)
    rate = replace(t.rate, lo=min(t.rate.lo, 0), hi=max(t.rate.hi, 0))
    flat = replace(t.flat, lo=min(t.flat.lo, 0), hi=max(t.flat.hi, 0))
    made = types.Tiers(bound, rate, flat)
    if isinstance(schedule, Const) and isinstance(free, Const):
        return Const(made, schedules.free_tier(schedule.value, den // t.bound.den, first.lo))
    return Call(made, "free_tier", (schedule, free))


def _rate(context: Context, tier: Tier, scope: Scope, rates: Rates) -> Expr:
    """The rate of a tier in the field that this charge uses; the other field is refused with the reason."""
    other = {"unit_amount": tier.factor, "factor": tier.unit_amount}.get(rates.field)
    if other is not None:
        reason = "has a `unit_amount`" if rates.field == "factor" else "has no `unit_amount` to multiply"
        raise Rejected(say.bad_literal("the other one", f"`{rates.field}`: the charge {reason}", tier.at))
    rate = getattr(tier, rates.field)
    if rates.field == "rate":
        shares.check(rate)
    return _number(context, rate, scope, rates.unit)


def _number(context: Context, written: Value | None, scope: Scope, unit: Unit) -> Expr:
    if written is None:
        return arithmetic.number(0, unit, integer=False)
    return context.number(written, scope, unit)


def _common(items: list[Expr], unit: Unit) -> tuple[Number, list[Expr]]:
    """Numbers over one denominator, and their type."""
    joint = Number(False, unit, 1, 0, 0)
    for item in items:
        if not isinstance(item.type, Number):
            raise AssertionError("a tier's number is no quotient")
        joint = types.joined(joint, item.type, unit)
    return joint, [arithmetic.coerced(item, joint) for item in items]
