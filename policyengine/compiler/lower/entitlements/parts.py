"""One limit of several parts, such as a plan and its add-ons: their sum, or the greatest override.

A part is a record with `limit`, and perhaps `instances` (how often it counts), `enabled` and `override`.
"""

from __future__ import annotations

from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.entitlements import quantities
from policyengine.language.entitlements import Entitlement
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import All, Call, Const, Expr, Field, Fold, If, Local
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Unit


def combined(context: Context, part: Entitlement, scope: Scope, unit: Unit) -> Expr:
    """The limit of all parts that are enabled, as `combine` says."""
    assert part.limit is not None
    at = part.limit.span
    parts = context.value(part.limit, scope)
    record = parts.type.item if isinstance(parts.type, types.List) else None
    if not isinstance(record, types.Record) or record.field("limit") is None:
        raise Rejected(expression_say.expected_type("a list of parts with a `limit`", parts.type, at))
    item = Local(record, f"{part.name}@part")
    own = _own_limit(item, unit, at)
    enabled = _flag(item, "enabled", True)
    total = _sum(parts, item, own, enabled)
    if part.combine == "additive":
        return total
    return _greatest(parts, item, own, All(types.BOOL, (enabled, _flag(item, "override", False))), total, at)


def _own_limit(item: Local, unit: Unit, at: Span) -> Expr:
    own = _field(item, "limit")
    assert own is not None
    made = quantities.as_limit(own, unit, at)
    instances = _field(item, "instances")
    return made if instances is None else quantities.times(made, instances)


def _sum(parts: Expr, item: Local, own: Expr, counts: Expr) -> Expr:
    assert isinstance(own.type, types.Limit)
    assert isinstance(parts.type, types.List)
    one = own.type.number
    made = types.Limit(types.Number(one.integer, one.unit, one.den, 0, one.hi * max(1, parts.type.max)))
    state = Local(made, f"{item.name}:sum")
    step = If(made, counts, Call(made, "limit_add", (state, own)), state)
    return Fold(made, parts, item.name, "", (state.name,), (Const(made, 0),), (step,), None, state)


def _greatest(parts: Expr, item: Local, own: Expr, counts: Expr, otherwise: Expr, at: Span) -> Expr:
    """The greatest limit of the parts that count, or something else where none does."""
    made = types.Optional(own.type)
    state = Local(made, f"{item.name}:max")
    there = Call(types.BOOL, "is_present", (state,))
    above = arithmetic.extreme("max", [check.unwrapped(state), own], at)
    grown = If(made, there, arithmetic.coerced(above, made), arithmetic.coerced(own, made))
    step = If(made, counts, grown, state)
    best = Fold(made, parts, item.name, "", (state.name,), (Const(made, None),), (step,), None, state)
    return arithmetic.choose(Call(types.BOOL, "is_present", (best,)), check.unwrapped(best), otherwise, at)


def _field(item: Local, name: str) -> Expr | None:
    assert isinstance(item.type, types.Record)
    its_type = item.type.field(name)
    return None if its_type is None else Field(its_type, item, name)


def _flag(item: Local, name: str, default: bool) -> Expr:
    return _field(item, name) or Const(types.BOOL, default)
