"""`as_of`: the instant that picks dated values and overrides for one charge, proration or decision.

Dated rows and overridden cells ask for an instant, which is `at` unless something else is said. What a part reads
through other nodes is copied with the other instant, so that the same parameter may be asked as of two times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from policyengine.compiler.lower.context import Context
from policyengine.language.expression import diagnostics
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Written
from policyengine.runtime.program import Column, Expr, Fact, Node, Program, Read, Row, reads, rebuilt, walk
from policyengine.values import types


def lower(context: Context, written: Written | None, names: set[str], owner: str, scope: Scope | None = None) -> None:
    """The `as_of:` of a part, where it has one, over the nodes that the part has made; `scope` is that of the part."""
    if written is None:
        return
    instant = context.expression(written, scope or context.scope())
    if instant.type != types.TIMESTAMP:
        raise Rejected(diagnostics.expected_type("a timestamp", instant.type, written.span))
    apply(context, names, instant, owner)


def apply(context: Context, names: Iterable[str], instant: Expr, owner: str) -> None:
    """Rewrite a part's own nodes, and copies of the dated nodes that they read, to ask as of `instant`."""
    own = set(names)
    copies = {name: f"{name}@{owner}" for name in _to_copy(context, own)}

    def change(expr: Expr) -> Expr:
        if isinstance(expr, Read):
            return Read(expr.type, copies.get(expr.node, expr.node))
        made = rebuilt(expr, change)
        return replace(made, at=instant) if isinstance(made, Row | Column) and _is_at(made.at) else made

    def changed(node: Node, name: str) -> Node:
        return replace(node, name=name, expr=change(node.expr))

    nodes = dict(context.nodes)
    context.nodes.clear()
    for name, node in nodes.items():
        if name not in own:
            context.nodes[name] = node
    for name, copy in copies.items():
        context.nodes[copy] = changed(nodes[name], copy)
        context.places.setdefault(copy, context.places.get(name, ""))
    for name in nodes:
        if name in own:
            context.nodes[name] = changed(nodes[name], name)


def _to_copy(context: Context, own: set[str]) -> list[str]:
    """The dated nodes that a part reads, directly or through others, in their order."""
    dated = _dated(context)
    found: set[str] = set()
    stack = [node for name in own for node in reads(context.nodes[name].expr)]
    while stack:
        name = stack.pop()
        if name in dated and name not in own and name not in found:
            found.add(name)
            stack += reads(context.nodes[name].expr)
    return [name for name in context.nodes if name in found]


def _dated(context: Context) -> set[str]:
    """The nodes whose value depends on the instant, directly or through others."""
    found: set[str] = set()
    for name, node in context.nodes.items():
        for expr in walk(node.expr):
            selects = isinstance(expr, Row | Column) and _is_at(expr.at)
            if selects or (isinstance(expr, Read) and expr.node in found):
                found.add(name)
    return found


def _is_at(expr: Expr | None) -> bool:
    return isinstance(expr, Fact) and expr.index == Program.AT


def inlined(context: Context, expr: Expr, instant: Expr) -> Expr:
    """An expression with the dated nodes that it reads written out, asked as of an instant of a loop."""
    dated = _dated(context)

    def change(part: Expr) -> Expr:
        if isinstance(part, Read):
            return change(context.nodes[part.node].expr) if part.node in dated else part
        made = rebuilt(part, change)
        return replace(made, at=instant) if isinstance(made, Row | Column) and _is_at(made.at) else made

    return change(expr)
