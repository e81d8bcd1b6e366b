"""What the files of this section share: guarded nodes, and values of a known kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policyengine.compiler import diagnostics as bundle_say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.known import constants
from policyengine.language.declared import Declared
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.retries import Retry, RetryClass
from policyengine.language.written import ListOf, Value, Written
from policyengine.runtime.program import Call, Column, Const, Expr, If, MakeList
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number

DURATIONS_MAX = 1_000
DURATION = Declared(types.DURATION)
DURATIONS = Declared(types.List(types.DURATION, DURATIONS_MAX), items=DURATION)
MAYBE_DURATION = types.Optional(types.DURATION)
MAYBE_INSTANT = types.Optional(types.TIMESTAMP)


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts of one retry: how often and when the payment failed, the zone of hours, and what a wait is drawn from.

    `failures` counts from 1; instants are UTC. `requires` are the atoms under which there is anything to retry.
    """

    context: Context
    retry: Retry
    scope: Scope
    requires: frozenset[str]
    failures: Expr
    failed_at: Expr
    first_failed_at: Expr | None
    row: Expr
    """The row of the class, so that what it says has the class among its reasons."""
    seed: Expr
    zone: Expr | None

    def node(self, name: str, expr: Expr) -> Expr:
        """A node of this retry."""
        return node(self.context, self.retry, self.requires, name, expr)

    def stop(self, name: str, holds: Expr, at: Span) -> Expr:
        """A node that says whether one thing stops an attempt; where it does, it is a reason of its own."""
        path = f"{self.retry.name}{name}"
        guarded = self.context.only_where(holds, self.requires)
        read = self.context.add(path, guarded, path, "retries", at, cite="condition")
        return self.context.present(read)

    def by_class(self, items: list[tuple[RetryClass, Expr]], otherwise: Expr) -> Expr:
        """What one of these classes says, `otherwise` for all others; branches are of one type."""
        names = types.Enum("", self.context.tables[self.retry.name].ids)
        name = Column(names, self.row, self.retry.name, "name", None)
        chosen = otherwise
        for kind, item in reversed(items):
            is_it = Call(types.BOOL, "eq", (name, Const(names, kind.name)))
            chosen = arithmetic.choose(is_it, item, chosen, kind.at)
        return chosen


def node(
    context: Context,
    retry: Retry,
    requires: frozenset[str],
    name: str,
    expr: Expr,
    cite: str = "",
) -> Expr:
    """A node that is absent where there is nothing to retry, as a value that is read where there is."""
    guarded = context.only_where(expr, requires)
    read = context.add(f"{retry.name}{name}", guarded, retry.name, "retries", retry.at, cite=cite)
    return read if isinstance(expr.type, types.Optional) else context.present(read)


def instant(context: Context, written: Written, scope: Scope) -> Expr:
    """An expression that is a timestamp; raises Rejected."""
    expr = context.expression(written, scope)
    if expr.type != types.TIMESTAMP:
        raise Rejected(say.expected_type("a timestamp", expr.type, written.span))
    return expr


def duration(context: Context, value: Value, scope: Scope, field: str, least: int) -> Expr:
    """A value that is a duration, where it is written in the bundle at least `least` nanoseconds; raises Rejected."""
    expr = context.value(value, scope, DURATION)
    if expr.type != types.DURATION:
        raise Rejected(say.expected_type("a duration such as `3d` or `12h`", expr.type, value.span))
    _check_length(f"`{field}`", constants(context, expr), least, value.span)
    return expr


def _check_length(what: str, lengths: list[Any], least: int, at: Span) -> None:
    for length in lengths:
        if type(length) is int and length < least:
            raise Rejected(bundle_say.unfit_duration(what, "negative" if length < 0 else "zero", at))


def whole(context: Context, value: Value, scope: Scope, least: int | None = None, hint: str | None = None) -> Expr:
    """A value that is an int without a unit, at least `least` by its declared range; raises Rejected."""
    expr = context.value(value, scope)
    found = expr.type
    if not isinstance(found, Number) or not found.integer or found.unit:
        raise Rejected(say.expected_type("an int", found, value.span))
    if least is not None and found.lo < least:
        raise Rejected(say.expected_type(f"an int from {least} on", found, value.span, hint))
    return expr


def share(context: Context, value: Value, scope: Scope) -> Expr:
    """A value that is a plain number; raises Rejected."""
    expr = context.value(value, scope)
    if not isinstance(expr.type, Number) or expr.type.unit:
        raise Rejected(say.expected_type("a number", expr.type, value.span))
    return expr


def schedule(context: Context, value: Value, scope: Scope) -> Expr:
    """A value that is a list of waits, as a constant where every one is written out; raises Rejected."""
    expr = context.value(value, scope, DURATIONS)
    if isinstance(value, ListOf) and isinstance(expr, MakeList):
        for wait, item in zip(expr.items, value.items, strict=True):
            _check_length("a wait of `schedule`", constants(context, wait), 0, item.span)
    elif isinstance(expr.type, types.List):
        _check_length(
            "a wait of `schedule`", [wait for waits in constants(context, expr) for wait in waits], 0, value.span
        )
    if isinstance(expr, MakeList) and all(isinstance(item, Const) for item in expr.items):
        expr = Const(expr.type, tuple(item.value for item in expr.items if isinstance(item, Const)))
    if not isinstance(expr.type, types.List) or expr.type.item not in (types.DURATION, types.NEVER):
        raise Rejected(say.expected_type("a list of durations such as `[1d, 3d]`", expr.type, value.span))
    if expr.type.max == 0:
        raise Rejected(bundle_say.empty_schedule(value.span))
    return expr


def condition(context: Context, written: Written, scope: Scope) -> tuple[Expr, Scope]:
    """A condition, and the scope of what stands under it."""
    expr = context.boolean(written, scope)
    return expr, scope.knowing(check.known_present(written.tree, scope))


def text(*parts: Expr) -> Expr:
    """Texts put together."""
    whole = parts[0]
    for part in parts[1:]:
        whole = Call(types.STRING, "concat", (whole, part))
    return whole


def later(a: Expr, b: Expr, at: Span) -> Expr:
    return arithmetic.extreme("max", [a, b], at)


def where(test: Expr, value: Expr) -> Expr:
    """A value where a condition holds, absent elsewhere."""
    wanted = value.type if isinstance(value.type, types.Optional) else types.Optional(value.type)
    return If(wanted, test, arithmetic.coerced(value, wanted), Const(wanted, None))


def present(expr: Expr) -> Expr:
    """An optional value where it is known to be there."""
    assert isinstance(expr.type, types.Optional)
    return Call(expr.type.item, "present", (expr,))


def is_there(expr: Expr) -> Expr:
    return Call(types.BOOL, "is_present", (expr,))
