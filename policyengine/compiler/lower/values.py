"""Values -> one expression each."""

from __future__ import annotations

from policyengine.compiler.lower import each
from policyengine.compiler.lower.context import ABSENT, Broken, Context
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import NamedValue
from policyengine.language.written import RecordOf
from policyengine.runtime.program import Expr, MakeRecord
from policyengine.values import types


def lower(context: Context, value: NamedValue) -> None:
    """The node `NAME`, and one for each member of a record."""
    if value.each is not None:
        each.lower_value(context, value)
        return
    scope = context.scope()
    declared = None
    if value.type is not None:
        declared = context.reader.leaf(value.type)
        if declared is None:
            raise Broken
    requires: frozenset[str] = frozenset()
    condition = None
    if value.when is not None:
        condition = context.boolean(value.when, scope)
        inner = scope.knowing(check.known_present(value.when.tree, scope))
    else:
        inner = scope
    expr = context.value(value.value, inner, declared, name=value.name if condition is None else "")
    expr = context.rounded(expr, value.round, inner)
    if condition is not None:
        assert value.when is not None
        if value.otherwise is None:
            requires = context.presence_of(value.name, value.when, condition, value.at)
            condition = context.presence[value.name]
            expr = arithmetic.choose(condition, expr, ABSENT, value.at)
        else:
            other = scope.knowing(check.known_present(value.when.tree, scope, holds=False))
            expr = arithmetic.choose(condition, expr, context.value(value.otherwise, other, declared), value.at)
    if declared is not None:
        expr = _as_declared(expr, declared.type, value)
    if isinstance(value.value, RecordOf) and isinstance(expr, MakeRecord):
        _members(context, value, expr)
    read = context.add(value.name, expr, value.name, "values", value.at)
    context.define(value.name, read, requires)


def _as_declared(expr: Expr, wanted: types.Type, value: NamedValue) -> Expr:
    inner = expr.type.item if isinstance(expr.type, types.Optional) else expr.type
    joint = arithmetic.joined_type(inner, wanted)
    if joint is None or type(joint) is not type(wanted) or str(joint) != str(wanted):
        raise Rejected(say.expected_type(str(wanted), expr.type, value.value.span))
    return expr


def _members(context: Context, value: NamedValue, record: MakeRecord) -> None:
    """`NAME.field` of a record is a node of its own, so that reading one does not need the others."""
    assert isinstance(record.type, types.Record)
    for (field, _), item in zip(record.type.fields, record.items, strict=True):
        name = f"{value.name}.{field}"
        context.define(name, context.add(name, item, value.name, "values", value.at))
