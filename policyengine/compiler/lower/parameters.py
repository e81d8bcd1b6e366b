"""Parameters -> constants, or tables of one result column where they are keyed, dated or overridden."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import overrides
from policyengine.compiler.lower.context import Broken, Context
from policyengine.language.declared import Declared
from policyengine.language.expression import builtins, diagnostics
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import Parameter
from policyengine.language.written import Keyed
from policyengine.runtime.program import Column, Const, Expr, Row
from policyengine.source import Span
from policyengine.values.number_text import fraction_text
from policyengine.values.types import Number


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
    _check_range(context, declared, parameter.name)
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


def _check_range(context: Context, declared: Declared, name: str) -> None:
    """Every value, and every tenant's, lies within the declared range and places."""
    wanted = declared.type
    if not isinstance(wanted, Number):
        return
    table = context.tables[name]
    found = table.column_types["value"]
    assert isinstance(found, Number)
    cells = list(zip(table.columns["value"], context.row_places[name], strict=True))
    for value, at in cells:
        exact = Fraction(value, found.den)
        if (exact * wanted.den).denominator != 1 or not wanted.lo <= exact * wanted.den <= wanted.hi:
            context.error(say.outside_range(fraction_text(*(exact / declared.factor).as_integer_ratio()), name, at))
            raise Broken


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
