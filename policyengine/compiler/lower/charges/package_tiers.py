"""Tiers that sell packages: `unit_amount` is then the price of one package of the tier's size.

`package_rounding: per_tier` rounds up inside each tier; `total_first` rounds the whole quantity up to packages first,
so that all tiers have one size. Nothing is assumed, since systems differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.charges import lines, lints, quantities, slices, tier_bounds
from policyengine.compiler.lower.charges.priced import Priced, Steps
from policyengine.compiler.lower.charges.quantities import Quantities
from policyengine.compiler.lower.context import Context
from policyengine.language.charges import Charge
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Value
from policyengine.runtime.program import Const, Expr
from policyengine.values import types
from policyengine.values.types import Unit


@dataclass(frozen=True, slots=True)
class _Tier:
    bound: Expr | None
    size: Expr | None
    amount: Expr
    flat: Expr


def sells_packages(charge: Charge) -> bool:
    return isinstance(charge.tiers, tuple) and any(t.package_size is not None for t in charge.tiers)


def priced(context: Context, charge: Charge, scope: Scope, found: Quantities, begun: Expr) -> Priced:
    """The growth of the price of the packages in each tier; `begun`: the flat amount at zero was due before."""
    if charge.package_rounding is None:
        raise Rejected(say.say_package_rounding(charge.at))
    tiers = _tiers(context, charge, scope, found)
    has_flats = any(not arithmetic.is_zero(t.flat) for t in tiers)
    if has_flats and charge.flat_at_zero is None:
        raise Rejected(say.say_flat_at_zero(charge.at))
    lints.packages(context, charge, found, [(t.bound, t.size, t.amount, t.flat) for t in tiers])
    if charge.package_rounding == "total_first":
        found = _whole_packages(charge, found, tiers)
    units = _price(context, charge, tiers, found.after)
    at_zero = Const(types.BOOL, bool(charge.flat_at_zero))

    def flats_of(quantity: Expr, is_due_at_zero: Expr) -> Expr:
        due, not_due = (_flats(context, charge, tiers, quantity, flag) for flag in (True, False))
        return slices.either(is_due_at_zero, due, not_due, charge)

    flats = flats_of(found.after, at_zero)
    if found.before is not None:
        units = arithmetic.subtract(units, _price(context, charge, tiers, found.before), charge.at)
        flats = arithmetic.subtract(flats, flats_of(found.before, begun), charge.at)
    if found.sign is not None:
        units = arithmetic.multiply([units, found.sign], charge.at)
        flats = arithmetic.multiply([flats, found.sign], charge.at)
    sold = found.after if found.before is None else arithmetic.subtract(found.after, found.before, charge.at)
    if found.sign is not None:
        sold = arithmetic.multiply([sold, found.sign], charge.at)
    shown = lines.line(charge.name, sold, None, units)
    if not has_flats:
        return Priced(units, None, shown)
    flat_lines = lines.adjustment(charge.name, "flat_amount", flats)
    return Priced(units, flats, shown, flat_lines, Steps(found, flats_of, at_zero, begun))


def size_of(context: Context, written: Value, scope: Scope, unit: Unit) -> Expr:
    """How much a package holds; packages of less than nothing would be sold for less than nothing."""
    size = context.number(written, scope, unit)
    known = arithmetic.constant_of(size)
    if known is not None and known < 0:
        raise Rejected(say.amount_may_be_negative("package_size", written.span))
    return size


def _tiers(context: Context, charge: Charge, scope: Scope, found: Quantities) -> list[_Tier]:
    assert isinstance(charge.tiers, tuple)
    bounds = tier_bounds.read(context, charge.tiers, scope, found.unit)
    out = []
    for tier, bound in zip(charge.tiers, [*bounds, None], strict=True):
        size = None if tier.package_size is None else size_of(context, tier.package_size, scope, found.unit)
        zero = arithmetic.number(0, context.money, integer=False)
        per_unit = types.unit_product(context.money, found.unit, -1)
        unit = context.money if size is not None else per_unit
        amount = arithmetic.with_unit(zero, unit)
        if tier.unit_amount is not None:
            amount = context.number(tier.unit_amount, scope, unit)
        flat = zero if tier.flat_amount is None else context.number(tier.flat_amount, scope, context.money)
        out.append(_Tier(bound, size, amount, flat))
    return out


def _whole_packages(charge: Charge, found: Quantities, tiers: list[_Tier]) -> Quantities:
    """The quantity rounded up to packages; all tiers must have the same size."""
    size = tiers[0].size
    if size is None or any(t.size != size for t in tiers):
        raise Rejected(say.sizes_differ(charge.at))

    def rounded(quantity: Expr) -> Expr:
        count = arithmetic.whole("ceil", arithmetic.divide(quantity, size, charge.at), charge.at)
        return arithmetic.multiply([count, size], charge.at)

    before = None if found.before is None else rounded(found.before)
    return replace(found, before=before, after=rounded(found.after))


def _splits(charge: Charge, tiers: list[_Tier]) -> bool:
    """Whether a bound may lie inside a package of the whole quantity, so that a tier has a part of one."""
    if charge.package_rounding == "per_tier" or charge.mode == "volume":
        return False
    size = None if tiers[0].size is None else arithmetic.constant_of(tiers[0].size)
    edges = [arithmetic.constant_of(t.bound) for t in tiers if t.bound is not None]
    return any(size is None or edge is None or (edge / size).denominator != 1 for edge in edges)


def _cost(charge: Charge, tier: _Tier, part: Expr, splits: bool) -> Expr:
    """What a part of the quantity costs in a tier: its packages, in fractions where a bound `splits` one, or units."""
    if tier.size is None:
        return arithmetic.multiply([part, tier.amount], charge.at)
    count = arithmetic.divide(part, tier.size, charge.at)
    if not splits:
        count = arithmetic.whole("ceil", count, charge.at)
    return arithmetic.multiply([count, tier.amount], charge.at)


def _price(context: Context, charge: Charge, tiers: list[_Tier], quantity: Expr) -> Expr:
    at, splits = charge.at, _splits(charge, tiers)
    if charge.mode == "volume":
        cost = _cost(charge, tiers[-1], quantity, splits)
        for tier in reversed(tiers[:-1]):
            assert tier.bound is not None
            inside = arithmetic.compare("<=", quantity, tier.bound, at)
            cost = arithmetic.choose(inside, _cost(charge, tier, quantity, splits), cost, at)
        return cost
    total: Expr = arithmetic.number(0, context.money, integer=False)
    low: Expr = quantities.zero_of(quantity)
    for tier in tiers:
        high = quantity if tier.bound is None else arithmetic.extreme("min", [quantity, tier.bound], at)
        part = quantities.beyond(high, low, at)
        total = arithmetic.add([total, _cost(charge, tier, part, splits)], at)
        low = low if tier.bound is None else tier.bound
    return total


def _flats(context: Context, charge: Charge, tiers: list[_Tier], quantity: Expr, at_zero: bool) -> Expr:
    """The flat amounts of the tiers that are entered (graduated), or of the one that holds the quantity (volume)."""
    at = charge.at
    zero = arithmetic.number(0, context.money, integer=False)
    nothing = arithmetic.compare("<=", quantity, quantities.zero_of(quantity), at)
    total: Expr = tiers[-1].flat
    for tier in reversed(tiers[:-1]):
        assert tier.bound is not None
        beyond = arithmetic.compare(">", quantity, tier.bound, at)
        more = total if charge.mode == "volume" else arithmetic.add([tier.flat, total], at)
        total = arithmetic.choose(beyond, more, tier.flat, at)
    return arithmetic.choose(nothing, tiers[0].flat if at_zero else zero, total, at)
