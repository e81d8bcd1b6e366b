"""The two legs of a proration: what is given back and what is charged, each rounded before they are netted.

`behavior` says how much of the whole prices is meant, `timing` whether anything is due before the period ends; both may
differ for upgrades and downgrades. The credit is never above what was paid less what was given back before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.proration import stretch
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.proration import Proration, Ratio, RefundOf
from policyengine.language.written import Value
from policyengine.runtime.program import Call, Const, Expr, Field, MakeRecord
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number

DIRECTIONS = ("upgrade", "downgrade")


@dataclass(frozen=True, slots=True)
class Prices:
    """The whole prices of a period, old and new; None for a leg that is not stated."""

    old: Expr | None
    new: Expr | None


@dataclass(frozen=True, slots=True)
class Legs:
    """The legs, the part of the period that they are for, and whether they are due now."""

    credit: Expr
    charge: Expr
    part: Expr
    now: Expr | None


def prices(context: Context, proration: Proration, scope: Scope) -> Prices:
    """What the whole period costs, before and after."""
    if proration.credit is None and proration.charge is None:
        raise Rejected(say.needs_a_leg(proration.name, proration.at))
    _check_legs(proration)
    return Prices(_price(context, proration.credit, scope), _price(context, proration.charge, scope))


def _check_legs(proration: Proration) -> None:
    """Raises Rejected for what is said of a leg that is not there: it would never be read."""
    of_legs = {"credit": ("paid", "credited", "unused", "refund"), "charge": ("restarts_period",)}
    for leg, fields in of_legs.items():
        for field in fields:
            said = getattr(proration, field)
            if getattr(proration, leg) is None and said is not None:
                at = said.at if isinstance(said, Ratio | RefundOf) else said.span
                raise Rejected(say.leg_is_missing(field, leg, at))


def _price(context: Context, value: Value | None, scope: Scope) -> Expr | None:
    return None if value is None else context.number(value, scope, context.money)


def zero(context: Context) -> Expr:
    """No amount."""
    return arithmetic.number(0, context.money, integer=False)


def made(context: Context, proration: Proration, scope: Scope, prices: Prices, part: Expr) -> Legs:
    """Both legs for a part of a period."""
    way = _Way(context, proration, scope, prices)
    credit, charge = zero(context), zero(context)
    if prices.old is not None:
        share = _share(context, proration, scope, prices.old, part)
        if proration.unused is not None:
            written = (proration.unused.numerator, proration.unused.denominator)
            left = arithmetic.multiply([prices.old, stretch.ratio(written, context, scope)], proration.at)
            share = arithmetic.extreme("min", [share, _not_negative(context, left, proration.at)], proration.at)
        credit = way.behaved(share, prices.old)
        credit = _capped(context, proration, scope, context.rounded(credit, proration.round, scope))
    if prices.new is not None:
        share = _share(context, proration, scope, prices.new, part)
        if proration.restarts_period is not None:
            restarts = context.boolean(proration.restarts_period, scope)
            share = arithmetic.choose(restarts, prices.new, share, proration.at)
        charge = context.rounded(way.behaved(share, prices.new), proration.round, scope)
    return Legs(credit, charge, way.part(part), way.now)


def _share(context: Context, proration: Proration, scope: Scope, price: Expr, part: Expr) -> Expr:
    """The part of a price, exactly; with `round_rate` the price of a day is rounded before it is multiplied."""
    n, d = (_member(part, name) for name in ("numerator", "denominator"))
    if proration.round_rate is None:
        return arithmetic.divide(arithmetic.multiply([price, n], proration.at), d, proration.at)
    rate = context.rounded(arithmetic.divide(price, d, proration.at), proration.round_rate, scope)
    return arithmetic.multiply([rate, n], proration.at)


def _member(part: Expr, name: str) -> Expr:
    assert isinstance(part.type, types.Record)
    if isinstance(part, MakeRecord):  # a fraction that is known, so that its denominator is no run-time one
        return part.items[("numerator", "denominator").index(name)]
    its_type = part.type.field(name)
    assert isinstance(its_type, Number)
    return Field(its_type, part, name)


def _not_negative(context: Context, amount: Expr, at: Span) -> Expr:
    return arithmetic.extreme("max", [amount, zero(context)], at)


def _capped(context: Context, proration: Proration, scope: Scope, credit: Expr) -> Expr:
    """At most what was paid less what was given back; after rounding, which could go above it again."""
    if proration.paid is None:
        if proration.credited is not None:
            raise Rejected(say.credited_without_paid(proration.credited.span))
        return credit
    left = context.number(proration.paid, scope, context.money)
    if proration.credited is not None:
        before = context.number(proration.credited, scope, context.money)
        left = arithmetic.subtract(left, before, proration.at)
    return arithmetic.extreme("min", [credit, _not_negative(context, left, proration.at)], proration.at)


class _Way:
    """What `behavior` and `timing` make of a leg, by the direction of the change."""

    def __init__(self, context: Context, proration: Proration, scope: Scope, prices: Prices) -> None:
        self.context = context
        self.proration = proration
        self.at = proration.at
        words = (proration.behavior, proration.timing)
        depends = any(word is not None and word.upgrade != word.downgrade for word in words)
        stated = proration.direction is not None  # what is written is checked, whether or not it is asked for
        found = self._is_upgrade(scope, prices) if depends or stated else Const(types.BOOL, True)
        self.upgrade = found if depends else Const(types.BOOL, True)

    def _is_upgrade(self, scope: Scope, prices: Prices) -> Expr:
        stated = self.proration.direction
        if stated is not None:
            found = self.context.expression(stated, scope, types.Enum("", DIRECTIONS))
            members = found.type.members if isinstance(found.type, types.Enum) else ()
            if set(members) != set(DIRECTIONS):
                hint = "give the words `upgrade` and `downgrade`, from an enum or a choice"
                raise Rejected(expression_say.expected_type("upgrade or downgrade", found.type, stated.span, hint))
            return check.Checker(stated.place).equal(found, Const(found.type, "upgrade"), stated.span)
        if prices.old is None or prices.new is None:
            return Const(types.BOOL, prices.old is None)
        return arithmetic.compare(">=", prices.new, prices.old, self.at)

    def _chosen(self, by_word: dict[str, Expr]) -> Expr:
        """One of these by the word of the direction; what waits for the next period is nothing now."""
        timing, behavior = self.proration.timing, self.proration.behavior
        words = [behavior.upgrade, behavior.downgrade]
        if timing is not None:
            waits = [timing.upgrade == "next_period", timing.downgrade == "next_period"]
            words = ["none" if wait else word for wait, word in zip(waits, words, strict=True)]
        upgrade, downgrade = (by_word[word] for word in words)
        if words[0] == words[1]:
            return upgrade
        return arithmetic.choose(self.upgrade, upgrade, downgrade, self.at)

    @property
    def now(self) -> Expr | None:
        """Whether the change takes effect at once; None where the proration does not speak of it."""
        timing = self.proration.timing
        if timing is None:
            return None
        yes, no = Const(types.BOOL, True), Const(types.BOOL, False)
        if timing.upgrade == timing.downgrade:
            return yes if timing.upgrade == "now" else no
        return self.upgrade if timing.upgrade == "now" else Call(types.BOOL, "not", (self.upgrade,))

    def behaved(self, share: Expr, price: Expr) -> Expr:
        """The leg: its share, the whole price, or nothing."""
        return self._chosen({"prorate": share, "full": price, "none": zero(self.context)})

    def part(self, part: Expr) -> Expr:
        """The part of the period that the legs are for."""
        return self._chosen({"prorate": part, "full": constant(1), "none": constant(0)})


def constant(numerator: Literal[0, 1]) -> Expr:
    """Nothing, or the whole, as a fraction."""
    kinds = (("numerator", types.integer(numerator, numerator)), ("denominator", types.integer(1, 1)))
    items = (Const(kinds[0][1], numerator), Const(kinds[1][1], 1))
    return MakeRecord(types.Record("Fraction", kinds), items)
