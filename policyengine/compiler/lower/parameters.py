"""Parameters -> constants, or tables of one result column where they are keyed, dated or overridden."""

from __future__ import annotations

from collections.abc import Callable

from policyengine.compiler.lower import overrides, ranges
from policyengine.compiler.lower.context import Broken, Context
from policyengine.language.declared import Declared
from policyengine.language.expression import builtins, diagnostics
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import Parameter
from policyengine.language.written import Keyed
from policyengine.runtime.exact import exact
from policyengine.runtime.program import Column, Const, Expr, Row
from policyengine.source import Span


def lower(context: Context, parameter: Parameter) -> None:
    """The node `NAME`; a keyed parameter can also be called with its keys."""
    declared = context.reader.leaf(parameter.type)
    if declared is None:
        raise Broken
    declared = _bounded(context, declared, parameter)
    scope = context.scope()
    own = context.overrides.get(parameter.name, [])
    if own and parameter.overridable is None:
        for override in own:
            context.error(overrides.not_allowed(parameter.name, override.at))
        raise Broken
    row, _column = context.leaf_table(parameter.value, scope, declared, parameter.name)
    assert isinstance(row, Row)
    made = context.tables[parameter.name]
    cells = [exact(cell, made.column_types["value"]) for cell in made.columns["value"]]
    at = context.row_places[parameter.name]
    ranges.check(context, declared, parameter.name, made.column_types["value"], cells, at, usual_places=True)
    if own:
        overrides.apply(context, parameter.name, {"value": declared}, own, parameter.overridable)
    table = context.tables[parameter.name]
    if not row.keys and row.at is None and not own:
        del context.tables[parameter.name]
        constant = Const(table.column_types["value"], table.columns["value"][0])
        read = context.add(parameter.name, constant, parameter.name, "parameters", parameter.at, cite="parameter")
        context.define(parameter.name, read)
        return
    chosen = context.add(f"{parameter.name}@row", row, parameter.name, "parameters", parameter.at, cite="row")
    value = context.column_of(chosen, parameter.name, "value", scope)
    if row.at is not None or own:
        value = Column(value.type, chosen, parameter.name, "value", context.instant(scope, parameter.at))
    read = context.add(parameter.name, value, parameter.name, "parameters", parameter.at, cite="column")
    context.define(parameter.name, read)
    if isinstance(parameter.value, Keyed) and row.keys:
        context.callables[parameter.name] = _caller(context, parameter.name, row)


def _bounded(context: Context, declared: Declared, parameter: Parameter) -> Declared:
    """The declared type with the parameter's own `min`, `max` and `places`."""
    return context.reader.ranged(declared, parameter.min, parameter.max, parameter.places)


def _caller(context: Context, name: str, row: Row) -> Callable[[tuple[Expr, ...], Span], Expr]:
    def call(arguments: tuple[Expr, ...], at: Span) -> Expr:
        if len(arguments) != len(row.keys):
            wanted = f"{len(row.keys)} keys"
            raise Rejected(diagnostics.wrong_argument_count(name, wanted, len(arguments), at))
        keys = tuple(builtins.as_key(a, k.type, at) for a, k in zip(arguments, row.keys, strict=True))
        chosen = Row(row.type, name, keys, row.at)
        table = context.tables[name]
        instant = context.variables["at"].expr if row.at is not None or context.has_cells(name) else None
        return Column(table.column_types["value"], chosen, name, "value", instant)

    return call
