"""Budgets: what must not be used up, each in its own stretch of time."""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.retries.parts import Asked, condition, duration, instant, is_there, present
from policyengine.language.expression import arithmetic
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.retries import Budget
from policyengine.runtime.program import All, Call, Const, Expr, If
from policyengine.values import types
from policyengine.values.types import Limit, Number


@dataclass(frozen=True, slots=True)
class Lowered:
    """A budget's id, whether it forbids the planned attempt, and what it leaves where it counts."""

    id: str
    used_up: Expr
    counts: Expr
    left: Expr


def lower(asked: Asked, budgets: tuple[Budget, ...], planned: Expr) -> list[Lowered]:
    """Every budget, judged for an attempt at the `planned` instant, which may be absent."""
    seen: dict[str, Budget] = {}
    found = []
    for budget in budgets:
        if budget.id in seen:
            raise Rejected(say.row_id_twice(budget.id, budget.at, seen[budget.id].at))
        seen[budget.id] = budget
        found.append(_lower_one(asked, budget, planned))
    return found


def _lower_one(asked: Asked, budget: Budget, planned: Expr) -> Lowered:
    context, scope, at = asked.context, asked.scope, budget.at
    tests: list[Expr] = []
    if budget.when is not None:
        applies, scope = condition(context, budget.when, scope)
        tests.append(applies)
    if budget.since is not None:
        assert budget.within is not None
        start = instant(context, budget.since, scope)
        most = duration(context, budget.within, scope, "within", 1)
        end = Call(types.TIMESTAMP, "add_time", (start, most), may_fail=True)
        # Only an attempt that is planned has an instant; what a condition guards is read only under it.
        in_time = arithmetic.compare("<=", present(planned), end, at)
        tests.append(If(types.BOOL, is_there(planned), in_time, Const(types.BOOL, False)))
    counts: Expr = All(types.BOOL, tuple(tests)) if len(tests) > 1 else tests[0] if tests else Const(types.BOOL, True)
    limit, used = _number(asked, budget, scope, "limit"), _number(asked, budget, scope, "used")
    exhausted = arithmetic.compare(">=", used, limit, at)
    used_up = If(types.BOOL, counts, exhausted, Const(types.BOOL, False))
    node = asked.stop(f".budgets.{budget.id}", used_up, at)
    return Lowered(budget.id, node, counts, arithmetic.subtract(limit, used, at))


def _number(asked: Asked, budget: Budget, scope: Scope, field: str) -> Expr:
    """A limit, or what was used of it: whole attempts."""
    value = budget.limit if field == "limit" else budget.used
    expr = asked.context.value(value, scope)
    if isinstance(expr.type, Limit) and field == "limit" and not expr.type.number.unit:
        return expr
    if not isinstance(expr.type, Number) or not expr.type.integer or expr.type.unit:
        raise Rejected(expression_say.expected_type("a whole number of attempts", expr.type, value.span))
    return expr


def least_left(left: Expr, budgets: list[Lowered], asked: Asked) -> Expr:
    """How many attempts are left by the schedule and by every budget that counts."""
    for budget in budgets:
        own = budget.left
        if isinstance(own.type, Limit):
            joint = arithmetic.joined_type(own.type.number, left.type)
            assert isinstance(joint, Number)
            own = Call(joint, "limit_or", (own, arithmetic.coerced(left, joint)))
            own = arithmetic.whole("floor", own, asked.retry.at)
        fewer = arithmetic.extreme("min", [left, own], asked.retry.at)
        left = arithmetic.choose(budget.counts, fewer, left, asked.retry.at)
    return left
