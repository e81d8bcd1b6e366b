"""`split`: a period priced in stretches, each by the prices and overrides in force in it.

The period is cut wherever a dated row, or an override of the tenant, that the charge reads begins or ends. Each stretch
costs the price of the whole period as of its first instant, times its share of the period in time; `round_each` rounds
it, and the stretches are the charge's lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from policyengine.compiler.lower import as_of, each
from policyengine.compiler.lower.context import Context
from policyengine.language.expression import arithmetic, check, syntax
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Written
from policyengine.runtime.program import Call, Column, Const, Expr, Field, Local, Row, walk
from policyengine.values import types
from policyengine.values.types import Number

STRETCHES_MAX = 1_000
HINT = "it is a group of the inputs with the timestamps `start` and `end`"
STRETCH = types.Record("Stretch", (("from", types.TIMESTAMP), ("to", types.TIMESTAMP)))


def amounts(
    context: Context, name: str, period: Written, price: Expr, rounded: Callable[[Expr], Expr], scope: Scope
) -> tuple[Expr, Expr]:
    """The amount of a charge over the stretches of a period, and its lines; `price` is that of the whole period."""
    start, end = bounds(context, period, scope)
    stretch = Local(STRETCH, "stretch@split")
    first, last = Field(types.TIMESTAMP, stretch, "from"), Field(types.TIMESTAMP, stretch, "to")
    body = as_of.inlined(context, price, first)
    over = stretches(context, body, start, end)
    share = arithmetic.divide(_seconds(first, last), _seconds(start, end), period.span)
    part = rounded(arithmetic.multiply([body, share], period.span))
    if isinstance(part.type, types.Quotient):
        raise Rejected(say.quotient_escapes("a sum of stretches", period.span))
    loop = each.Loop(over, stretch.name, scope, scope, None)
    assert isinstance(part.type, Number)
    total_type = replace(part.type, lo=min(0, part.type.lo * STRETCHES_MAX), hi=max(0, part.type.hi * STRETCHES_MAX))
    total = Local(total_type, "total@split")
    step = replace(arithmetic.add([total, part], period.span), type=total_type)
    amount = loop.result([each.State(total.name, total_type, Const(total_type, 0), step)], total)
    shown = Local(types.LINES, "lines@split")
    line = Call(types.LINES, "stretch_line", (Const(types.STRING, name), first, last, part))
    state = each.State(shown.name, types.LINES, Const(types.LINES, ()), Call(types.LINES, "lines_all", (shown, line)))
    return amount, loop.result([state], shown)


def bounds(context: Context, period: Written, scope: Scope) -> tuple[Expr, Expr]:
    """The `start` and `end` of a group of the inputs, such as `usage.period`."""
    path = check.dotted(period.tree)
    found = []
    for field in ("start", "end"):
        if f"{path}.{field}" not in context.variables:
            raise Rejected(say.expected_type("a period", types.Simple("a group without both"), period.span, HINT))
        tree = syntax.Select(period.tree.start, period.tree.end, period.tree, field)
        instant = context.expression(replace(period, tree=tree), scope)
        if instant.type != types.TIMESTAMP:
            raise Rejected(say.expected_type("a period", instant.type, period.span, HINT))
        found.append(instant)
    return found[0], found[1]


def _seconds(start: Expr, end: Expr) -> Expr:
    span = 400_000_000_000 * 10**9
    unit = (("second", 1),)
    return Call(types.Number(False, unit, 10**9, -span, span), "seconds_between", (start, end))


def stretches(context: Context, body: Expr, start: Expr, end: Expr) -> Expr:
    """The stretches of a period: cut at the dates of the tables that the price reads, and at the tenant's own."""
    dates: set[int] = set()
    cells: set[tuple[str, str]] = set()
    for expr in walk(body):
        if isinstance(expr, Row):
            table = context.tables[expr.table]
            dates |= {d for d in (*table.starts, *table.ends) if d is not None}
        elif isinstance(expr, Column) and context.has_cells(expr.table, expr.column):
            cells.add((expr.table, expr.column))
    fixed = Const(types.List(types.TIMESTAMP, len(dates)), tuple(sorted(dates)))
    names = types.List(types.List(types.STRING, 2), len(cells))
    own = Call(types.List(types.TIMESTAMP, STRETCHES_MAX), "override_dates", (Const(names, tuple(sorted(cells))),))
    made = types.List(STRETCH, STRETCHES_MAX)
    return Call(made, "stretches", (start, end, fixed, own), may_fail=True)
