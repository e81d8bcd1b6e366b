"""Which of several levels answers, such as entity over customer over plan.

A level that is absent says nothing; the first that is present answers, and its name is the entitlement's `source`.
"""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import ABSENT, Context
from policyengine.compiler.lower.entitlements import quantities
from policyengine.language.entitlements import Entitlement
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import RecordOf, Value, Written
from policyengine.runtime.program import Call, Const, Expr, If
from policyengine.values import types
from policyengine.values.types import Unit


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the levels say, absent where none does, and which of them said it (None without `precedence`)."""

    value: Expr
    source: Expr | None = None


def resolve(
    context: Context, part: Entitlement, field: str, value: Value, scope: Scope, unit: Unit | None = None
) -> Resolved:
    """The value of a field; under `precedence` that of the first level that is present."""
    if not part.precedence:
        return Resolved(_plain(context, value, scope, unit))
    names = [name for name, _ in part.precedence]
    if not isinstance(value, RecordOf) or set(value.fields) != set(names):
        raise Rejected(say.levels_differ(field, names, value.span))
    levels = [_plain(context, value.fields[name][1], scope, unit) for name in names]
    if unit is None:
        levels = _in_one_unit(context, [value.fields[name][1] for name in names], levels, scope)
    found, source = levels[-1], _named(names[-1], levels[-1])
    for name, level in zip(reversed(names[:-1]), reversed(levels[:-1]), strict=True):
        if not isinstance(level.type, types.Optional):
            found, source = level, Const(types.STRING, name)
            continue
        there = context.is_present(level)
        found = arithmetic.choose(there, check.unwrapped(level), found, value.span)
        source = arithmetic.choose(there, Const(types.STRING, name), source, value.span)
    return Resolved(found, source)


def _in_one_unit(context: Context, values: list[Value], levels: list[Expr], scope: Scope) -> list[Expr]:
    """Bare numbers of some levels read in the unit that another level has."""
    plain = [level.type.item if isinstance(level.type, types.Optional) else level.type for level in levels]
    unit = next((p.unit for p in plain if isinstance(p, types.Number) and p.unit), None)
    if unit is None:
        return levels
    return [
        level
        if not isinstance(p, types.Number) or p.unit or isinstance(level.type, types.Optional)
        else context.in_unit(context.value(value, scope, unit=unit), unit, value)
        for value, level, p in zip(values, levels, plain, strict=True)
    ]


def _named(name: str, level: Expr) -> Expr:
    own = Const(types.STRING, name)
    if not isinstance(level.type, types.Optional):
        return own
    optional = types.Optional(types.STRING)
    there = Call(types.BOOL, "is_present", (level,))
    return If(optional, there, arithmetic.coerced(own, optional), Const(optional, None))


def _plain(context: Context, value: Value, scope: Scope, unit: Unit | None) -> Expr:
    """A value that may be absent; with a unit, a limit."""
    expr = maybe(context, value, scope) if isinstance(value, Written) else None
    if unit is None:
        return context.value(value, scope) if expr is None else expr
    if expr is None or not isinstance(expr.type, types.Optional):
        return quantities.limit(context, value, scope, unit)
    there = context.is_present(expr)
    return arithmetic.choose(there, quantities.as_limit(check.unwrapped(expr), unit, value.span), ABSENT, value.span)


def maybe(context: Context, written: Written, scope: Scope) -> Expr | None:
    """An expression whose value may be absent; None for the word `unlimited`, which is no expression."""
    if written.scalar.text.strip() == "unlimited":
        return None
    return check.Checker(written.place).maybe(written.tree, scope)


def optional(context: Context, written: Written, scope: Scope, wanted: types.Type) -> Expr:
    """An expression of a type, or an optional of it; as an optional."""
    expr = check.Checker(written.place).maybe(written.tree, scope)
    found = expr.type.item if isinstance(expr.type, types.Optional) else expr.type
    if found != wanted:
        raise Rejected(expression_say.expected_type(str(wanted), found, written.span))
    return arithmetic.coerced(expr, types.Optional(wanted))
