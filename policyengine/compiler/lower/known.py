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
            return [exact(cell, expr.type) for cell in context.tables[expr.table].columns[expr.column]]
        case If():
            return [*constants(context, expr.then), *constants(context, expr.otherwise)]
    return []
