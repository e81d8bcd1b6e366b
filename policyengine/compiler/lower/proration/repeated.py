"""Prorations of several things: one for every element of a list, or one for every stretch between dates of a price.

Each element's legs are rounded before they are added. What is added are the members of `items`, so that every element
is computed once, and its carried state may follow from its legs.
"""

from __future__ import annotations

from dataclasses import replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import as_of, each, split
from policyengine.compiler.lower.charges import lines
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.each import Loop, State
from policyengine.compiler.lower.proration import leg_lines, legs, stretch
from policyengine.language.expression import arithmetic
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.proration import Proration
from policyengine.runtime.program import Call, Const, Expr, Field, Fold, Local, MakeRecord
from policyengine.values import types
from policyengine.values.types import Number, Type

Fields = dict[str, Expr]


def by_element(context: Context, proration: Proration) -> Fields:
    """One proration for each element, with what is carried from one to the next."""
    assert proration.each is not None
    loop = each.open_loop(context, proration.each, proration.when, proration.carry, proration.at)
    context.inline = True
    try:
        whole = stretch.read(context, proration, loop.scope)
        part = stretch.given(context, proration, loop.scope) if whole is None else stretch.part(proration, whole)
        prices = legs.prices(context, proration, loop.scope)
        found = legs.made(context, proration, loop.scope, prices, part)
    finally:
        context.inline = False
    net = arithmetic.subtract(found.charge, found.credit, proration.at)
    item = {"credit": found.credit, "charge": found.charge, "net": net, "fraction": found.part}
    if found.now is not None:
        item["effective_at"] = stretch.effective_at(proration, whole, found.now)
    carried = each.carried_states(context, loop, proration.carry, item)
    shown = leg_lines.made(proration, whole, prices, found)
    fields = _added(context, proration, loop, item, carried, shown)
    for part_of, state in zip(proration.carry, carried, strict=True):
        fields[part_of.name] = loop.result(carried, Local(state.type, state.name))
    return fields


def by_stretch(context: Context, proration: Proration) -> Fields:
    """One proration for each stretch between two dates of the price, at the price of its first instant."""
    if proration.when is not None or proration.refund is not None or proration.timing is not None:
        raise Rejected(say.unsupported("`split` beside `when`, `refund` or `timing`", proration.at))
    scope = context.scope()
    whole = stretch.read(context, proration, scope)
    prices = legs.prices(context, proration, scope)
    if whole is None or prices.new is None or prices.old is not None:
        raise Rejected(say.split_is_of_a_charge(proration.at))
    edges = Local(split.STRETCH, f"{proration.name}@split")
    first, last = Field(types.TIMESTAMP, edges, "from"), Field(types.TIMESTAMP, edges, "to")
    price = as_of.inlined(context, prices.new, first)
    if isinstance(price.type, types.Quotient):
        raise Rejected(expression_say.quotient_escapes("a list", proration.at))
    over = split.stretches(context, price, whole.start, whole.end)
    piece = replace(whole, start=first, end=last)
    part = stretch.part(proration, piece)
    found = legs.made(context, proration, scope, legs.Prices(None, price), part)
    item = {"from": first, "to": last, "price": price, "credit": found.credit, "charge": found.charge}
    item |= {"net": found.charge, "fraction": found.part}
    shown = leg_lines.made(proration, piece, legs.Prices(None, price), found)
    return _added(context, proration, Loop(over, edges.name, scope, scope, None), item, [], shown)


def _added(
    context: Context, proration: Proration, loop: Loop, item: Fields, carried: list[State], shown: Expr
) -> Fields:
    """The items, the sums of their legs, and all lines; `shown` are those of one element."""
    for name in ("credit", "charge"):
        if isinstance(item[name].type, types.Quotient):
            raise Rejected(expression_say.quotient_escapes("a sum over elements", proration.at))
    record = types.Record("", tuple((name, expr.type) for name, expr in item.items()))
    assert isinstance(loop.over.type, types.List)
    made = types.List(record, loop.over.type.max)
    collected = Local(made, f"{loop.item}:items")
    step = Call(made, "append", (collected, MakeRecord(record, tuple(item.values()))))
    all_items = loop.result([State(collected.name, made, Const(made, ()), step), *carried], collected)
    items = context.add(f"{proration.name}.items", all_items, proration.name, "proration", proration.at)
    credit, charge = (_sum(items, name, proration) for name in ("credit", "charge"))
    net = arithmetic.subtract(charge, credit, proration.at)
    state = Local(types.LINES, f"{loop.item}:lines")
    collected_lines = State(state.name, types.LINES, Const(types.LINES, ()), lines.joined(state, shown))
    all_lines = loop.result([collected_lines, *carried], state)
    return {"credit": credit, "charge": charge, "net": net, "items": items, "lines": all_lines}


def _sum(items: Expr, name: str, proration: Proration) -> Expr:
    one, field = _of_item(items, name)
    assert isinstance(items.type, types.List)
    assert isinstance(field.type, Number)
    most = max(1, items.type.max)
    total_type = replace(field.type, lo=min(0, field.type.lo * most), hi=max(0, field.type.hi * most))
    total = Local(total_type, f"{proration.name}:{name}")
    step = replace(arithmetic.add([total, field], proration.at), type=total_type)
    return _fold(items, one, total, Const(total_type, 0), step)


def _of_item(items: Expr, name: str) -> tuple[Local, Field]:
    assert isinstance(items.type, types.List)
    assert isinstance(items.type.item, types.Record)
    its_type: Type | None = items.type.item.field(name)
    assert its_type is not None
    one = Local(items.type.item, "item@proration")
    return one, Field(its_type, one, name)


def _fold(items: Expr, one: Local, state: Local, start: Expr, step: Expr) -> Expr:
    return Fold(state.type, items, one.name, "", (state.name,), (start,), (step,), None, state)
