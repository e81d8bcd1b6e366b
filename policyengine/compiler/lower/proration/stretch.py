"""The stretch of a period that a proration is about, and how much of the period it is.

Everything is half-open once it is read: with `end_inclusive` the period ends with the day after the one that is stated
(by exact time both it and `ends` are last seconds), and with `day_of_change: old` a change comes when its day is over.
"""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.zones import zone_of
from policyengine.language.expression import arithmetic, calendar_rules, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.proration import Proration
from policyengine.language.written import Written
from policyengine.runtime.program import Call, Const, Expr, Field, MakeRecord
from policyengine.source import Diagnostic
from policyengine.values import types
from policyengine.values.types import INT64_MAX, INT64_MIN, Number

DAYS_MAX = 4_000_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """From where to where, of which period, in which zone."""

    start: Expr
    end: Expr
    period_start: Expr
    period_end: Expr
    zone: Expr

    @property
    def ends(self) -> Expr:
        """Both ends, as a record for the lines."""
        record = types.Record("", (("from", types.TIMESTAMP), ("to", types.TIMESTAMP)))
        return MakeRecord(record, (self.start, self.end))


def read(context: Context, proration: Proration, scope: Scope) -> Stretch | None:
    """The stretch that a proration states; None where it states a fraction instead."""
    if proration.period is None:
        return None
    if proration.change_at is not None and (proration.starts is not None or proration.ends is not None):
        raise Rejected(say.two_stretches(proration.change_at.span))
    zone = _zone(context, proration, scope)
    period_start, period_end = period_of(context, proration.period, scope)
    if proration.end_inclusive:
        period_end = _after(proration, zone, period_end)
    changed = proration.change_at or proration.starts
    start = period_start if changed is None else instant(context, changed, scope)
    end = period_end if proration.ends is None else instant(context, proration.ends, scope)
    if proration.end_inclusive and proration.basis == "second" and proration.ends is not None:
        end = _after(proration, zone, end)
    if proration.day_of_change == "old":
        start = start if proration.change_at is None else _next_day(zone, start)
        end = end if proration.ends is None else _next_day(zone, end)
    if proration.trial_until is not None:
        begun = arithmetic.extreme("max", [start, instant(context, proration.trial_until, scope)], proration.at)
        start = arithmetic.extreme("min", [begun, arithmetic.extreme("max", [start, end], proration.at)], proration.at)
    return Stretch(start, end, period_start, period_end, zone)


def effective_at(proration: Proration, stretch: Stretch | None, now: Expr) -> Expr:
    """When a change takes effect: at once, or with the next period."""
    if stretch is None:
        raise Rejected(say.timing_without_period(proration.at))
    return arithmetic.choose(now, stretch.start, stretch.period_end, proration.at)


def part(proration: Proration, stretch: Stretch) -> Expr:
    """How much of its period a stretch is, as the record `{numerator, denominator}`."""
    assert proration.basis is not None
    most = INT64_MAX if proration.basis == "second" else DAYS_MAX
    least = 0 if proration.outside != "extend" else max(-most, INT64_MIN)
    edges = (stretch.start, stretch.end, stretch.period_start, stretch.period_end)
    words = (Const(types.STRING, proration.basis), Const(types.STRING, f"{proration.outside} {proration.zero_length}"))
    return Call(fraction(least, most), "period_part", (stretch.zone, *edges, *words), may_fail=True)


def fraction(least: int, most: int) -> types.Record:
    """The type of a fraction: its denominator is above zero."""
    return types.Record(
        "Fraction", (("numerator", types.integer(least, most)), ("denominator", types.integer(1, most)))
    )


def given(context: Context, proration: Proration, scope: Scope) -> Expr:
    """The fraction that a proration states: two whole numbers of one unit."""
    assert proration.fraction is not None
    parts = []
    for written in (proration.fraction.numerator, proration.fraction.denominator):
        number = context.number(written, scope)
        if not isinstance(number.type, Number) or not number.type.integer:
            raise Rejected(expression_say.expected_type("a whole number", number.type, written.span))
        parts.append(number)
    n, d = arithmetic.in_one_unit("/", parts[0], parts[1], proration.fraction.at)
    assert isinstance(d.type, Number)
    if isinstance(n, Const) and isinstance(d, Const):
        if not 0 <= n.value <= d.value or d.value == 0:
            raise Rejected(expression_say.always_fails("a part is between 0 and its whole", proration.fraction.at))
        return MakeRecord(fraction(n.value, d.value), (arithmetic.number(n.value), arithmetic.number(d.value)))
    made = fraction(0, min(INT64_MAX, max(1, d.type.hi)))
    return Call(made, "given_part", (n, d), may_fail=True)


def ratio(written: tuple[Written, Written], context: Context, scope: Scope) -> Expr:
    """One number of any kind over another, without a unit."""
    n, d = (context.number(w, scope) for w in written)
    n, d = arithmetic.in_one_unit("/", n, d, written[0].span)
    return arithmetic.divide(n, d, written[0].span)


def period_of(context: Context, written: Written, scope: Scope) -> tuple[Expr, Expr]:
    """Both ends of a period: a group with `start` and `end`, or a record that has them."""
    path = check.dotted(written.tree)
    if path is not None and path in context.groups and path.split(".")[0] not in scope.locals:
        fields = [f"{path}.{field}" for field in ("start", "end")]
        if all(field in context.variables for field in fields):
            reader = check.Checker(written.place)
            found = [reader.readable(f, context.variables[f], written.tree, scope) for f in fields]
            if all(expr.type == types.TIMESTAMP for expr in found):
                return found[0], found[1]
        raise Rejected(_no_period(types.Simple("a group without both"), written))
    expr = context.expression(written, scope)
    its_type = expr.type
    if not isinstance(its_type, types.Record) or {its_type.field("start"), its_type.field("end")} != {types.TIMESTAMP}:
        raise Rejected(_no_period(its_type, written))
    return Field(types.TIMESTAMP, expr, "start"), Field(types.TIMESTAMP, expr, "end")


def _no_period(found: types.Type, written: Written) -> Diagnostic:
    hint = "it has the timestamps `start` and `end`: a group of the inputs, or `period_of(...)`"
    return expression_say.expected_type("a period", found, written.span, hint)


def instant(context: Context, written: Written, scope: Scope) -> Expr:
    """An instant of a proration."""
    expr = context.expression(written, scope)
    if expr.type != types.TIMESTAMP:
        raise Rejected(expression_say.expected_type("a timestamp", expr.type, written.span))
    return expr


def _after(proration: Proration, zone: Expr, last: Expr) -> Expr:
    """What comes after the last day of a period, or after its last second."""
    if proration.basis != "second":
        return _next_day(zone, last)
    return Call(types.TIMESTAMP, "add_time", (last, Const(types.DURATION, 10**9)), may_fail=True)


def _next_day(zone: Expr, at: Expr) -> Expr:
    one = Const(types.integer(1, 1), 1)
    return Call(types.TIMESTAMP, "add_days", (zone, at, one), may_fail=True)


def _zone(context: Context, proration: Proration, scope: Scope) -> Expr:
    """The zone of its days, whose transitions the program then has; exact time needs none."""
    if proration.basis == "second":
        calendar_rules.use_zones(scope, Const(types.STRING, "UTC"), proration.at)
        return Const(types.STRING, "UTC")
    return zone_of(context, proration.timezone, scope, proration.at)
