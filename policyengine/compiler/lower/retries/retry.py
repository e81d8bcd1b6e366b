"""A retry from its facts to its answer: the order of operations.

    class -> wait (schedule, or growing) -> jitter -> floor -> failed_at + wait, never before `not_before` or now
          -> hours and days -> never, attempts, budgets, within -> action, at, attempts_left, stopped_by, finally

What stops a retry is the first of `never`, `attempts`, the budgets in their order, and `within`. `never` and budgets
speak of attempts to take money, so they stop only a class whose action is `retry`; a class that is investigated on a
schedule goes on until its schedule ends.
"""

from __future__ import annotations

from policyengine.compiler.lower import as_of
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.retries import budgets, classes, hours, waits
from policyengine.compiler.lower.retries.parts import (
    MAYBE_INSTANT,
    Asked,
    condition,
    duration,
    instant,
    is_there,
    later,
    node,
    present,
    text,
    where,
    whole,
)
from policyengine.compiler.lower.zones import zone_of
from policyengine.language.expression import arithmetic, builtins
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.retries import Retry, RetryClass
from policyengine.runtime.program import ROW, All, Call, Column, Const, Expr, If, Read, Row
from policyengine.values import types
from policyengine.values.types import Number

FIELDS = ("action", "at", "class", "attempts_left", "stopped_by", "finally")
FALSE = Const(types.BOOL, False)
NONE = arithmetic.number(0)
Plans = list[tuple[RetryClass, tuple[Expr, Expr] | None]]


def lower(context: Context, retry: Retry) -> None:
    """The nodes `NAME.action`, `.at`, `.class`, `.attempts_left`, `.stopped_by` and `.finally`."""
    before = set(context.nodes)
    scope = context.scope()
    requires: frozenset[str] = frozenset()
    if retry.when is not None:
        holds, scope = condition(context, retry.when, scope)
        requires = context.presence_of(retry.name, retry.when, holds, retry.at)
    asked = _asked(context, retry, scope, requires)
    _answer(asked)
    context.groups[retry.name] = FIELDS
    as_of.lower(context, retry.as_of, set(context.nodes) - before, retry.name, scope)


def _asked(context: Context, retry: Retry, scope: Scope, requires: frozenset[str]) -> Asked:
    failures = whole(context, retry.failures, scope, 1, "the first failure counts as 1: declare it with `min: 1`")
    failed_at = instant(context, retry.failed_at, scope)
    first = None if retry.first_failed_at is None else instant(context, retry.first_failed_at, scope)
    kind = context.value(retry.class_of, scope)
    if not types.is_text(kind.type):
        raise Rejected(say.expected_type("the name of a class", kind.type, retry.class_of.span))
    classes.table(context, retry, kind.type)
    seed, zone = _seed(context, retry, scope, failed_at), _zone(context, retry, scope)
    read = node(context, retry, requires, ".class", kind)
    row = node(context, retry, requires, "@class", Row(ROW, retry.name, (read,), None), "row")
    context.define(f"{retry.name}.class", _outer(context, retry, "class"), requires)
    return Asked(context, retry, scope, requires, failures, failed_at, first, row, seed, zone)


def _outer(context: Context, retry: Retry, field: str) -> Expr:
    """A field as other parts read it."""
    name = f"{retry.name}.{field}"
    return Read(context.nodes[name].type, name)


def _seed(context: Context, retry: Retry, scope: Scope, failed_at: Expr) -> Expr:
    """The text that jitter is drawn from: the one that is given, else the tenant and the time of the failure."""
    if retry.seed is not None:
        return builtins.as_string(context.expression(retry.seed, scope), retry.seed.span)
    tenant = context.variables["tenant"].expr
    known = Call(types.STRING, "or_value", (tenant, Const(types.STRING, "")))
    return text(known, Const(types.STRING, "|"), builtins.as_string(failed_at, retry.at))


def _zone(context: Context, retry: Retry, scope: Scope) -> Expr | None:
    """The zone of hours and days, put into the program; None where no class has any and none is said."""
    if retry.timezone is None and not any(kind.hours or kind.weekdays or kind.pay_days for kind in retry.classes):
        return None
    return zone_of(context, retry.timezone, scope, retry.at)


def _answer(asked: Asked) -> None:
    retry = asked.retry
    action = Column(classes.ACTIONS, asked.row, retry.name, "action", None)
    plans: Plans = [(kind, waits.plan(asked, kind)) for kind in retry.classes]
    planned = asked.node("@planned", _planned(asked, plans))
    found = present(planned)
    there = is_there(planned)
    retried = Call(types.BOOL, "eq", (action, Const(classes.ACTIONS, "retry")))
    tried = All(types.BOOL, (retried, there))
    spent = budgets.lower(asked, retry.budgets, planned)
    stops = [
        *_never(asked, retried),
        ("attempts", _used_up(asked, plans, there)),
        *((budget.id, All(types.BOOL, (tried, budget.used_up))) for budget in spent),
        ("within", _too_late(asked, plans, there, found)),
    ]
    names = types.Enum("", tuple(name for name, _ in stops))
    stopped = asked.node("@stopped", _first(names, stops))
    halted = is_there(stopped)
    left = asked.node("@left", _left(asked, plans, spent, there, retried))
    final = Column(types.Optional(classes.FINALS), asked.row, retry.name, "finally", None)
    _field(asked, "action", If(classes.ACTIONS, halted, Const(classes.ACTIONS, "stop"), action))
    _field(asked, "at", If(MAYBE_INSTANT, halted, Const(MAYBE_INSTANT, None), planned))
    _field(asked, "attempts_left", arithmetic.choose(halted, NONE, left, retry.at))
    _field(asked, "stopped_by", stopped)
    _field(asked, "finally", where(halted, final))


def _field(asked: Asked, field: str, expr: Expr) -> None:
    """One field of the answer, as a name that other parts read; absent ones must be guarded there."""
    context, name = asked.context, f"{asked.retry.name}.{field}"
    asked.node(f".{field}", expr)
    read = _outer(context, asked.retry, field)
    needs = asked.requires
    if isinstance(expr.type, types.Optional):
        context.presence[name] = is_there(read)
        needs |= {name}
    context.define(name, read, needs)


def _planned(asked: Asked, plans: Plans) -> Expr:
    """When the next attempt is due by its class, within its hours; absent where the class plans none."""
    items = []
    for kind, plan in plans:
        if plan is None:
            continue
        due = asked.node(f"@wait.{kind.name}", plan[0])
        at: Expr = Call(types.TIMESTAMP, "add_time", (asked.failed_at, present(due)), may_fail=True)
        if asked.retry.not_before is not None:
            at = later(at, instant(asked.context, asked.retry.not_before, asked.scope), kind.at)
        at = later(at, asked.context.variables["at"].expr, kind.at)
        items.append((kind, where(is_there(due), hours.opened(asked, kind, at))))
    return asked.by_class(items, Const(MAYBE_INSTANT, None))


def _never(asked: Asked, retried: Expr) -> list[tuple[str, Expr]]:
    if asked.retry.never is None:
        return []
    never = asked.context.boolean(asked.retry.never, asked.scope)
    stops = asked.stop(".never", never, asked.retry.never.span)
    return [("never", All(types.BOOL, (retried, stops)))]


def _used_up(asked: Asked, plans: Plans, there: Expr) -> Expr:
    """Whether a class that plans attempts has none left."""
    has_plan = asked.by_class([(kind, Const(types.BOOL, plan is not None)) for kind, plan in plans], FALSE)
    return All(types.BOOL, (has_plan, Call(types.BOOL, "not", (there,))))


def _too_late(asked: Asked, plans: Plans, there: Expr, found: Expr) -> Expr:
    """Whether the attempt would be made after the class's `within`."""
    items = []
    for kind, plan in plans:
        if plan is None or kind.within is None:
            continue
        most = duration(asked.context, kind.within, asked.scope, "within", 1)
        if asked.first_failed_at is None:
            late = arithmetic.compare(">", waits.elapsed(asked, kind), most, kind.at)
        else:
            end = Call(types.TIMESTAMP, "add_time", (asked.first_failed_at, most), may_fail=True)
            late = arithmetic.compare(">", found, end, kind.at)
        items.append((kind, late))
    return If(types.BOOL, there, asked.by_class(items, FALSE), FALSE)


def _first(names: types.Enum, stops: list[tuple[str, Expr]]) -> Expr:
    """The name of the first thing that holds, absent where nothing does."""
    wanted = types.Optional(names)
    found: Expr = Const(wanted, None)
    for name, holds in reversed(stops):
        found = If(wanted, holds, Const(wanted, name), found)
    return found


def _left(asked: Asked, plans: Plans, spent: list[budgets.Lowered], there: Expr, retried: Expr) -> Expr:
    """How many attempts may still be made, the one that is planned included."""
    at = asked.retry.at
    items: list[tuple[RetryClass, Expr]] = [(kind, NONE if plan is None else plan[1]) for kind, plan in plans]
    attempts = asked.by_class(items, NONE)
    used = arithmetic.subtract(asked.failures, waits.ONE, at)
    left = arithmetic.extreme("max", [NONE, arithmetic.subtract(attempts, used, at)], at)
    if spent:
        by_budget = arithmetic.extreme("max", [NONE, budgets.least_left(left, spent, asked)], at)
        left = arithmetic.choose(retried, by_budget, left, at)
    assert isinstance(left.type, Number)
    return arithmetic.choose(there, left, NONE, at)
