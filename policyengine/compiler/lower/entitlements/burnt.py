"""A balance that follows from grants and usage -> one call of `burn_down` over lists of one form.

All amounts are brought to one denominator, so that both evaluators compute the same with whole numbers or fractions.
"""

from __future__ import annotations

from dataclasses import replace
from math import lcm

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.entitlements import grants, guarded, quantities, resets
from policyengine.compiler.lower.zones import zone_of
from policyengine.language.entitlements import BurnDown, Entitlement
from policyengine.language.expression import arithmetic
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.language.written import Value, Written
from policyengine.runtime.meaning.burn_down import STRETCHES_MAX
from policyengine.runtime.program import Call, Const, Expr, Field, Fold, Local, MakeRecord
from policyengine.values import types
from policyengine.values.types import Number, Type

TEXT, TIME = types.Optional(types.STRING), types.Optional(types.TIMESTAMP)
AMOUNTS = ("amount", "rollover_min", "rollover_max")


def lower(context: Context, part: Entitlement, scope: Scope, attached: Expr | None) -> dict[str, Expr]:
    """The fields of the answer, by name."""
    assert part.burn_down is not None
    burn = part.burn_down
    given = _list(context, burn.grants, scope, {"id": types.STRING, "amount": None, "effective_at": types.TIMESTAMP})
    usage = _list(context, burn.usage, scope, {"at": types.TIMESTAMP, "amount": None})
    balances = None
    if burn.balances is not None:
        balances = _list(context, burn.balances, scope, {"id": types.STRING, "balance": None})
    begun = [_begun(context, value, scope, _amount(given, "amount")) for value in _sides(burn)]
    one = _joined(burn, [given, usage, *([balances] if balances is not None else [])], begun)
    call = _call(context, part, burn, scope, given, usage, balances, begun, one)
    return _fields(part, guarded.node(context, part, attached, "burned", call))


def _sides(burn: BurnDown) -> tuple[Value | None, ...]:
    return burn.overage, burn.used, burn.grant_used


def _begun(context: Context, value: Value | None, scope: Scope, amount: Number) -> Expr:
    if value is None:
        return quantities.zero(amount.unit)
    return quantities.number(context, value, scope, amount.unit, "overage")


def _list(context: Context, written: Written, scope: Scope, wanted: dict[str, Type | None]) -> Expr:
    """A list of records with these fields; an amount (None) is a number that is never negative."""
    expr = context.expression(written, scope)
    record = expr.type.item if isinstance(expr.type, types.List) else None
    if not isinstance(record, types.Record):
        raise Rejected(expression_say.expected_type("a list of records", expr.type, written.span))
    for name, its_type in wanted.items():
        found = record.field(name)
        if its_type is None:
            fits = isinstance(found, Number)
        else:
            fits = found == its_type or (its_type == types.STRING and types.is_text(found or types.NEVER))
        if not fits:
            raise Rejected(say.burn_down_field(name, str(its_type or "a number"), written.span))
    for name in (*AMOUNTS, "balance"):
        found = record.field(name)
        inner = found.item if isinstance(found, types.Optional) else found
        if isinstance(inner, Number) and inner.lo < 0:
            raise Rejected(say.amount_may_be_negative(name, written.span))
    return expr


def _record(given: Expr) -> types.Record:
    assert isinstance(given.type, types.List)
    assert isinstance(given.type.item, types.Record)
    return given.type.item


def _amount(given: Expr, name: str) -> Number:
    found = _record(given).field(name)
    found = found.item if isinstance(found, types.Optional) else found
    assert isinstance(found, Number)
    return found


def _joined(burn: BurnDown, lists: list[Expr], begun: list[Expr]) -> Number:
    """The one type of all amounts."""
    found: list[Number] = [b.type for b in begun if isinstance(b.type, Number)]
    for given in lists:
        for name, its_type in _record(given).fields:
            if name in (*AMOUNTS, "balance"):
                inner = its_type.item if isinstance(its_type, types.Optional) else its_type
                assert isinstance(inner, Number)
                found.append(inner)
    unit = _amount(lists[0], "amount").unit
    if any(number.unit != unit for number in found):
        odd = next(number for number in found if number.unit != unit)
        raise Rejected(expression_say.expected_type(str(Number(False, unit)), odd, burn.at))
    den = lcm(*(number.den for number in found))
    return Number(False, unit, den, 0, max(types.rescaled(number, den).hi for number in found))


def _call(
    context: Context,
    part: Entitlement,
    burn: BurnDown,
    scope: Scope,
    given: Expr,
    usage: Expr,
    balances: Expr | None,
    begun: list[Expr],
    one: Number,
) -> Expr:
    held = types.Record("", (("id", types.STRING), ("balance", one)))
    event = types.Record("", (("at", types.TIMESTAMP), ("amount", one)))
    times: Expr = Const(types.List(types.TIMESTAMP, 0), ())
    if burn.resets is not None:
        times = context.expression(burn.resets, scope)
        if not isinstance(times.type, types.List) or times.type.item not in (types.TIMESTAMP, types.NEVER):
            raise Rejected(expression_say.expected_type("a list of times", times.type, burn.resets.span))
    state = types.Record("", (("overage", one), ("used", one), ("grant_used", one)))
    balance_list: Expr = Const(types.Optional(types.List(held, 0)), None)
    if balances is not None:
        balance_list = _each(balances, held)
    most = _most(given)
    total = replace(one, hi=one.hi * max(1, most))
    burnt = replace(one, hi=one.hi * (2 + _most(usage)))
    segment = types.Record("", (
        ("from", types.TIMESTAMP), ("to", types.TIMESTAMP), ("used", burnt), ("overage_at_start", burnt),
        ("overage", burnt), ("start_balance", total), ("start_balances", types.List(held, most)),
        ("rollover", types.BOOL),
    ))  # fmt: skip
    result = types.Record("", (
        ("draw", types.List(held, most)), ("overage", burnt), ("balance", total), ("used", burnt),
        ("grant_used", burnt), ("since", types.TIMESTAMP), ("segments", types.List(segment, STRETCHES_MAX)),
    ))  # fmt: skip
    arguments = (
        zone_of(context, burn.timezone, scope, burn.at),
        _grants(context, part, burn, scope, given, one),
        balance_list,
        _each(usage, event),
        times,
        resets.instant(context, burn.start, scope),
        resets.instant(context, burn.until, scope),
        MakeRecord(state, tuple(arithmetic.coerced(side, one) for side in begun)),
        Const(types.BOOL, burn.preserve_overage),
        Const(types.BOOL, burn.aggregation == "latest"),
    )
    return Call(result, "burn_down", arguments, may_fail=True)


def _most(given: Expr) -> int:
    assert isinstance(given.type, types.List)
    return given.type.max


def _grants(context: Context, part: Entitlement, burn: BurnDown, scope: Scope, given: Expr, one: Number) -> Expr:
    """The grants in the order of burning, with the fields that `burn_down` reads."""
    record = _record(given)
    every = record.field("every")
    if every is not None:
        words = every.item if isinstance(every, types.Optional) else every
        resets.check_words(words, burn.grants.span)
        if record.field("anchor") is None:
            raise Rejected(say.burn_down_field("anchor", "timestamp", burn.grants.span))
    ordered = grants.ordered(context, part, scope, given, Local(record, f"{part.name}@grant"))
    made = types.Record("", (
        ("id", types.STRING), ("amount", one), ("effective_at", types.TIMESTAMP), ("expires_at", TIME),
        ("voided_at", TIME), ("deleted_at", TIME), ("rollover_min", one), ("rollover_max", one), ("every", TEXT),
        ("anchor", TIME),
    ))  # fmt: skip
    return _each(ordered, made)


def _each(given: Expr, made: types.Record) -> Expr:
    """A list as one of another record, field by field; a field that is not there is absent, or zero."""
    record = _record(given)
    item = Local(record, "burnt@item")
    fields = tuple(_as(record, item, name, its_type) for name, its_type in made.fields)
    listed = types.List(made, _most(given))
    state = Local(listed, "burnt@items")
    step = Call(listed, "append", (state, MakeRecord(made, fields)))
    return Fold(listed, given, item.name, "", (state.name,), (Const(listed, ()),), (step,), None, state)


def _as(record: types.Record, item: Local, name: str, wanted: Type) -> Expr:
    found = record.field(name)
    if found is None:
        return Const(wanted, 0 if isinstance(wanted, Number) else None)
    field: Expr = Field(found, item, name)
    if isinstance(wanted, Number) and isinstance(found, types.Optional):
        plain = types.Optional(wanted)
        return Call(wanted, "or_value", (arithmetic.coerced(field, plain), Const(wanted, 0)))
    return arithmetic.coerced(field, wanted)


def _fields(part: Entitlement, burned: Expr) -> dict[str, Expr]:
    assert isinstance(burned.type, types.Record)
    fields: dict[str, Expr] = {name: Field(its_type, burned, name) for name, its_type in burned.type.fields}
    available = arithmetic.add([fields["grant_used"], fields["balance"]], part.at)
    return {**fields, "available": available, "allowed": quantities.is_over(fields["balance"], part.at)}
