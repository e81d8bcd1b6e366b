"""Warnings about the prices of tiers: more that costs less, tiers out of reach, a free quantity that costs.

They are legal, and often not meant. What depends on facts is not judged: only numbers that stand in the bundle are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.charges.quantities import Quantities
from policyengine.compiler.lower.context import Context
from policyengine.compiler.price_curve import Curve
from policyengine.language.charges import Charge
from policyengine.language.expression import arithmetic
from policyengine.runtime.program import Column, Const, Expr, Read
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.number_text import decimal_text, shortest
from policyengine.values.types import Number


@dataclass(frozen=True, slots=True)
class _Found:
    """A schedule of known numbers: its prices, the place of each tier, and how it is called."""

    curve: Curve
    places: tuple[Span, ...]
    named: str


def schedule(context: Context, charge: Charge, schedule: Expr, found: Quantities, factor: Expr | None) -> None:
    """Judge the tiers of a charge that sells units."""
    step = _step(found)
    times = Fraction(1) if factor is None else arithmetic.constant_of(factor)
    if step is None:
        return
    schedules = list(_schedules(context, charge, schedule, step))
    for one in schedules:
        if times is None and any(one.curve.flats):
            continue  # how flat amounts compare with units is not known
        rates = tuple(rate * (1 if times is None else times) for rate in one.curve.rates)
        curve = Curve(charge.mode, one.curve.bounds, rates, one.curve.flats, one.curve.sizes, step)
        _judge(context, charge, found, _Found(curve, one.places, one.named), len(schedules) == 1, times is not None)


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
    _judge(context, charge, found, _Found(curve, tuple(t.at for t in charge.tiers), ""), alone=True, shows=True)


def _judge(context: Context, charge: Charge, found: Quantities, one: _Found, alone: bool, shows: bool) -> None:
    """Give the warnings of one schedule; one of many is not judged together with one of many free quantities."""
    curve = one.curve
    assert isinstance(found.after.type, Number)
    most = Fraction(found.after.type.hi, found.after.type.den)
    out_of_reach = set(curve.unreachable(most))
    for tier in sorted(out_of_reach):
        context.lint(say.unreachable_tier(tier + 1, one.named, one.places[tier]))
    for tier, before, after in curve.cliffs():
        if tier not in out_of_reach:
            prices = (_text(curve.price(before)), _text(curve.price(after))) if shows else None
            context.lint(say.volume_cliff(_text(before), _text(after), prices, one.named, one.places[tier]))
    if charge.free_quantity is None or found.free is None:
        return
    free_quantities = list(_values(context, found.free))
    for free in free_quantities if alone or len(free_quantities) == 1 else []:
        raised = curve.raised(free, charge.free_quantity_as == "tier", most)
        if raised is not None:
            quantity, without, with_free = (_text(part) for part in raised)
            prices = (without, with_free) if shows else None
            context.lint(say.free_quantity_raises(_text(free), quantity, prices, one.named, charge.free_quantity.span))
            return


def _step(found: Quantities) -> Fraction | None:
    """The smallest difference of two quantities that are priced; None for one that is divided."""
    if not isinstance(found.after.type, Number):
        return None
    return Fraction(1) if found.after.type.integer else Fraction(1, found.after.type.den)


def _text(number: Fraction) -> str:
    """For people: in decimals where they end, to six places where they do not."""
    if shortest(number.numerator, number.denominator) is None:
        return f"about {decimal_text(round(number * 10**6), 10**6)}"
    return decimal_text(number.numerator, number.denominator)


def _schedules(context: Context, charge: Charge, expr: Expr, step: Fraction) -> Iterator[_Found]:
    """The schedules that an expression may stand for, as far as they are known."""
    while isinstance(expr, Read):
        expr = context.nodes[expr.node].expr
    assert isinstance(expr.type, types.Tiers)
    if isinstance(expr, Const) and isinstance(charge.tiers, tuple):
        yield _Found(_curve(charge, expr.type, expr.value, step), tuple(tier.at for tier in charge.tiers), "")
    elif isinstance(expr, Column):
        table = context.tables[expr.table]
        rows = zip(table.columns[expr.column], context.row_places[expr.table], table.ids, strict=True)
        for value, place, row in rows:
            if value is not None:
                yield _Found(_curve(charge, expr.type, value, step), (place,) * len(value[1]), f"{expr.table}.{row}")


def _curve(charge: Charge, its_type: types.Tiers, value: object, step: Fraction) -> Curve:
    assert isinstance(value, tuple)
    bounds = tuple(Fraction(bound, its_type.bound.den) for bound in value[0][:-1])
    rates = tuple(Fraction(rate, its_type.rate.den) for rate in value[1])
    flats = tuple(Fraction(flat, its_type.flat.den) for flat in value[2])
    return Curve(charge.mode, bounds, rates, flats, (None,) * len(rates), step)


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
