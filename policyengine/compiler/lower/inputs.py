"""Inputs and types -> facts: one fact a leaf, one more for the presence of each optional group."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.literals import Unreadable, held
from policyengine.compiler.lower.context import Context
from policyengine.language.declared import Declared, DeclaredGroup, item_type
from policyengine.language.expression.scope import Variable
from policyengine.runtime.program import Call, Expr, Group, Leaf
from policyengine.source import Span
from policyengine.values import types


def check_zones(context: Context) -> None:
    """A wall-clock time names an input that is a text; checked when all inputs are known."""
    for place, zone in context.zone_places:
        variable = context.variables.get(zone)
        its_type = variable.expr.type if variable else None
        inner = its_type.item if isinstance(its_type, types.Optional) else its_type
        if inner is None or not types.is_text(inner):
            context.error(say.not_a_zone(zone, place))


def lower(context: Context) -> None:
    """Facts and scope of the bundle's inputs; `at` and `tenant` are the first two."""
    context.define("at", context.fact((), types.TIMESTAMP))
    tenant = context.fact((), types.Optional(types.STRING))
    context.presence["tenant"] = Call(types.BOOL, "is_present", (tenant,))
    context.define("tenant", tenant, frozenset({"tenant"}))
    for name, (at, _) in context.bundle.types.items():
        found = context.reader.named(name, at)
        if isinstance(found, Declared) and isinstance(found.type, types.Enum):
            context.enums[name] = found.type
    fields: list[Leaf | Group] = []
    for name, (at, node) in context.bundle.inputs.items():
        declared = context.reader.read(node)
        if declared is None:
            context.poisoned.add(name)
            continue
        leaf = _field(context, name, (name,), declared, frozenset(), at)
        if leaf is not None:
            fields.append(leaf)
    context.inputs = Group("", tuple(fields))
    check_zones(context)


def _field(
    context: Context,
    name: str,
    path: tuple[str, ...],
    declared: Declared | DeclaredGroup,
    requires: frozenset[str],
    at: Span,
) -> Leaf | Group | None:
    dotted = ".".join(path)
    if isinstance(declared, Declared):
        return _leaf(context, name, path, declared, requires)
    if declared.optional:
        requires |= {dotted}
        context.presence[dotted] = context.fact(path, types.BOOL)
    context.groups[dotted] = tuple(declared.fields)
    fields = [
        _field(context, field, (*path, field), its, requires, span) for field, (span, its) in declared.fields.items()
    ]
    return Group(name, tuple(f for f in fields if f is not None), declared.optional)


def _leaf(
    context: Context, name: str, path: tuple[str, ...], declared: Declared, requires: frozenset[str]
) -> Leaf | None:
    dotted = ".".join(path)
    leaf = _described(context, name, declared)
    if leaf is None:
        context.poisoned.add(path[0])
        return None
    absent = leaf.optional and not leaf.has_default
    fact_type = types.Optional(declared.type) if absent or requires else declared.type
    fact: Expr = context.fact(path, fact_type)
    if absent:
        context.presence[dotted] = Call(types.BOOL, "is_present", (fact,))
        requires |= {dotted}
    context.variables[dotted] = Variable(fact, requires)
    return leaf


def _described(context: Context, name: str, declared: Declared) -> Leaf | None:
    """The run-time description of a leaf, with its default held as the program holds values."""
    default, has_default = None, declared.default is not None
    if declared.default is not None:
        try:
            default = held(context.literals.read(declared.default, declared), declared.type)
        except Unreadable:
            return None
    items = None if declared.items is None else describe_items(context, declared.items)
    if declared.zone and declared.zone_at is not None:
        context.zone_places.append((declared.zone_at, declared.zone))
    return Leaf(name, declared.type, declared.optional, default, has_default, items, declared.scale, declared.zone)


def describe_items(context: Context, declared: Declared | DeclaredGroup) -> Leaf | Group | None:
    """The elements of a list or the values of a map."""
    if isinstance(declared, Declared):
        return _described(context, "", declared)
    fields = []
    for name, (_, its) in declared.fields.items():
        field = _described(context, name, its) if isinstance(its, Declared) else describe_items(context, its)
        if isinstance(field, Group):
            field = Group(name, field.fields, field.optional)
        if field is not None:
            fields.append(field)
    return Group("", tuple(fields), declared.optional)


__all__ = ["item_type", "lower"]
