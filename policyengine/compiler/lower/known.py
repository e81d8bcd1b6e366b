"""What is known of a value before evaluation: the constants that it is, or that it is read from."""

from __future__ import annotations

from typing import Any

from policyengine.compiler.lower.context import Context
from policyengine.runtime.exact import exact
from policyengine.runtime.program import Column, Const, Expr, If, Read


def constants(context: Context, expr: Expr) -> list[Any]:
    """The exact values that an expression can have as far as they are written in the bundle; empty for a fact."""
    match expr:
        case Const():
            return [exact(expr.value, expr.type)]
        case Read():
            return constants(context, context.nodes[expr.node].expr)
        case Column():
            table = context.tables[expr.table]
            cells = [*table.columns[expr.column], *_of_tenants(context, expr)]
            return [exact(cell, table.column_types[expr.column]) for cell in cells]
        case If():
            return [*constants(context, expr.then), *constants(context, expr.otherwise)]
    return []


def _of_tenants(context: Context, read: Column) -> list[Any]:
    """What overrides set in a column."""
    found = []
    for tables in context.cells.values():
        for (_, column), steps in tables.get(read.table, {}).items():
            if column == read.column:
                found += [step.value for step in steps]
    return found
