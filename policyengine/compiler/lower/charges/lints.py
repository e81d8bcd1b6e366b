"""Warnings about the prices of tiers: more that costs less, tiers out of reach, a free quantity that costs.

They are legal, and often not meant. What depends on facts is not judged: only numbers that stand in the bundle are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import lcm
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.charges.quantities import Quantities
from policyengine.compiler.lower.context import Context
from policyengine.compiler.price_curve import Curve, Exact
from policyengine.language.charges import Charge
from policyengine.language.expression import arithmetic
from policyengine.runtime.program import Call, Column, Const, Expr, If, Read
from policyengine.runtime.tier_column import bounds_of
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.number_text import decimal_text, shortest
from policyengine.values.types import Number


@dataclass(frozen=True, slots=True)
class _Known:
    """The schedules that an expression may stand for, held; the place of a tier by row and tier, the name of a row."""

    type: types.Tiers
    values: Sequence[Any]
    place: Callable[[int, int], Span]
    named: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class _Found:
    """A schedule of known numbers: its prices, the place of each tier, and how it is called."""

    curve: Curve
    place: Callable[[int], Span]
    named: str


def schedule(context: Context, charge: Charge, schedule: Expr, found: Quantities, factor: Expr | None) -> None:
    """Judge the tiers of a charge that sells units."""
    step, known = _step(found), _known(context, charge, schedule)
    times = Fraction(1) if factor is None else arithmetic.constant_of(factor)
    if step is None or known is None:
        return
    free = _free_quantities(context, charge, found)
    if len(known.values) > 1 and len(free) > 1:
        free = []  # one of many schedules is not judged together with one of many free quantities
    counted = _counted(charge, known.type, step, Fraction(1) if times is None else times, free)
    lowest = counted((), (known.type.rate.lo,), (known.type.flat.lo,))
    only_rises = charge.mode == "graduated" and lowest.rates[0] >= 0 and lowest.flats[0] >= 0
    most = _most(found)
    all_reached: set[Any] = set()
    for row, bounds in enumerate(bounds_of(known.values)):
        if bounds is None or (only_rises and bounds in all_reached):
            continue  # neither a cliff nor a free quantity makes less of a price that only rises
        value = known.values[row]
        if times is None and any(value[2]):
            continue  # how flat amounts compare with units is not known
        one = _Found(counted(value[0][:-1], *value[1:]), partial(known.place, row), known.named(row))
        if not _judge(context, charge, most, free, one, times is not None):
            all_reached.add(bounds)


def _counted(
    charge: Charge, its_type: types.Tiers, step: Fraction, times: Fraction, free: list[Fraction]
) -> Callable[..., Curve]:
    """Makes curves of held schedules: quantities and prices are ints over one denominator each."""
    quantities = lcm(its_type.bound.den, step.denominator, *(value.denominator for value in free))
    rate_den = its_type.rate.den * times.denominator
    prices = lcm(quantities * rate_den, its_type.flat.den)
    of_bound, of_flat = quantities // its_type.bound.den, prices // its_type.flat.den
    of_rate = prices // (quantities * rate_den) * times.numerator
    smallest = step.numerator * (quantities // step.denominator)

    def curve(bounds: Sequence[int], rates: Sequence[int], flats: Sequence[int]) -> Curve:
        bounds, rates = tuple([n * of_bound for n in bounds]), tuple([n * of_rate for n in rates])
        flats = tuple([n * of_flat for n in flats])
        return Curve(charge.mode, bounds, rates, flats, (None,) * len(rates), smallest, quantities, prices)

    return curve


def packages(
    context: Context,
    charge: Charge,
    found: Quantities,
    tiers: list[tuple[Expr | None, Expr | None, Expr, Expr]],
) -> None:
    """Judge tiers that sell packages: bound, size, amount and flat amount of each."""
    step = _step(found)
    columns = [[None if part is None else arithmetic.constant_of(part) for part in tier] for tier in tiers]
    pairs = [pair for tier, cells in zip(tiers, columns, strict=True) for pair in zip(tier, cells, strict=True)]
    if step is None or not isinstance(charge.tiers, tuple) or any(part and cell is None for part, cell in pairs):
        return
    bounds, sizes, rates, flats = zip(*columns, strict=True)
    if any(size is not None and size <= 0 for size in sizes):
        return  # an error of its own: no quantity has a price
    numbers = [tuple(Fraction(0) if cell is None else cell for cell in part) for part in (bounds, rates, flats)]
    curve = Curve(charge.mode, numbers[0][:-1], numbers[1], numbers[2], sizes, step)
    one = _Found(curve, [tier.at for tier in charge.tiers].__getitem__, "")
    _judge(context, charge, _most(found), _free_quantities(context, charge, found), one, shows=True)


def _judge(
    context: Context, charge: Charge, most: Fraction, free_quantities: list[Fraction], one: _Found, shows: bool
) -> bool:
    """Give the warnings of one schedule; whether some of its tiers are out of reach."""
    curve = one.curve
    parts = curve.quantity_den
    out_of_reach = set(curve.unreachable(most * parts))
    for tier in sorted(out_of_reach):
        context.lint(say.unreachable_tier(tier + 1, one.named, one.place(tier)))
    for tier, before, after in curve.cliffs():
        if tier not in out_of_reach:
            prices = (_price(curve, curve.price(before)), _price(curve, curve.price(after))) if shows else None
            quantities = _quantity(curve, before), _quantity(curve, after)
            context.lint(say.volume_cliff(*quantities, prices, one.named, one.place(tier)))
    for free in free_quantities:
        assert charge.free_quantity is not None
        raised = curve.raised(free * parts, charge.free_quantity_as == "tier", most * parts)
        if raised is not None:
            quantity, *both = raised
            prices = (_price(curve, both[0]), _price(curve, both[1])) if shows else None
            said = _text(free), _quantity(curve, quantity), prices
            context.lint(say.free_quantity_raises(*said, one.named, charge.free_quantity.span))
            break
    return bool(out_of_reach)


def _most(found: Quantities) -> Fraction:
    """The greatest quantity that can be priced."""
    assert isinstance(found.after.type, Number)
    return Fraction(found.after.type.hi, found.after.type.den)


def _step(found: Quantities) -> Fraction | None:
    """The smallest difference of two quantities that are priced; None for one that is divided."""
    if not isinstance(found.after.type, Number):
        return None
    return Fraction(1) if found.after.type.integer else Fraction(1, found.after.type.den)


def _quantity(curve: Curve, number: Exact) -> str:
    return _text(Fraction(number) / curve.quantity_den)


def _price(curve: Curve, number: Exact) -> str:
    return _text(Fraction(number) / curve.price_den)


def _text(number: Fraction) -> str:
    """For people: in decimals where they end, to six places where they do not."""
    if shortest(number.numerator, number.denominator) is None:
        return f"about {decimal_text(round(number * 10**6), 10**6)}"
    return decimal_text(number.numerator, number.denominator)


def _known(context: Context, charge: Charge, expr: Expr) -> _Known | None:
    """The schedules that an expression may stand for, where they are known."""
    expr = _behind(context, expr)
    if not isinstance(expr.type, types.Tiers):
        return None
    if isinstance(expr, Const) and isinstance(charge.tiers, tuple):
        places = [tier.at for tier in charge.tiers]
        return _Known(expr.type, [expr.value], lambda _, tier: places[tier], lambda _: "")
    if isinstance(expr, Column):
        table, name = context.tables[expr.table], expr.table
        cells, spans = table.columns[expr.column], context.row_places[name]
        return _Known(expr.type, cells, lambda row, _: spans[row], lambda row: f"{name}.{table.ids[row]}")
    return None


def _behind(context: Context, expr: Expr) -> Expr:
    """What names stand for; of a table that may be absent, the column where it is there."""
    while True:
        match expr:
            case Read():
                expr = context.nodes[expr.node].expr
            case If(then=there, otherwise=Const(value=None)) | Call(function="convert", arguments=(there,)):
                expr = there
            case _:
                return expr


def _free_quantities(context: Context, charge: Charge, found: Quantities) -> list[Fraction]:
    """The free quantities that stand in the bundle."""
    return [] if charge.free_quantity is None or found.free is None else list(_values(context, found.free))


def _values(context: Context, expr: Expr) -> Iterator[Fraction]:
    """The values that a number may have, where they stand in the bundle: a constant, or the cells of a parameter."""
    while isinstance(expr, Read):
        expr = context.nodes[expr.node].expr
    constant = arithmetic.constant_of(expr)
    if constant is not None:
        yield constant
    elif isinstance(expr, Column) and isinstance(expr.type, Number):
        cells = context.tables[expr.table].columns[expr.column]
        yield from sorted({Fraction(cell, expr.type.den) for cell in cells if cell is not None})
