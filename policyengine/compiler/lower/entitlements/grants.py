"""Grants: which of them are active, in which order they are drawn, and what a request takes from each.

A grant is active in [effective_at, the earliest of expires_at, voided_at and deleted_at). Grants are drawn by priority,
then by expiry (in whole seconds, none comes last), creation and id, as far as they have these fields, unless
`draw_order` says otherwise; equal ones as they stand in the list.
What is drawn is given back as the same records in the order of drawing, with `balance` as what is left, and `drawn`,
where it is declared, as what this request took.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.each import fitted
from policyengine.compiler.lower.entitlements import quantities, resets
from policyengine.language.entitlements import Entitlement
from policyengine.language.expression import arithmetic, builtins, check, syntax
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope, Variable
from policyengine.language.written import Written
from policyengine.runtime.program import All, Call, Const, Expr, Field, Fold, If, Local, MakeRecord
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number, Type, Unit

BY_DEFAULT = ("priority", "expires_at_seconds", "created_at", "id")
ENDS = ("expires_at", "voided_at", "deleted_at")
EXPIRY_SECONDS = "expires_at_seconds"


@dataclass(frozen=True, slots=True)
class Lots:
    """The grants in the order of drawing; `item` is one of them, `capacity` what can be drawn from it."""

    ordered: Expr
    item: Local
    capacity: Expr
    amount: Expr
    at: Span

    @property
    def record(self) -> types.Record:
        assert isinstance(self.item.type, types.Record)
        return self.item.type

    @property
    def unit(self) -> Unit:
        assert isinstance(self.capacity.type, Number)
        return self.capacity.type.unit

    def left(self) -> Expr:
        """What all active grants hold."""
        return builtins.of_list("sum", self._each(self.capacity), self.at)

    def granted(self) -> Expr:
        """What all active grants were given with, or hold where that is not said."""
        return builtins.of_list("sum", self._each(self.amount), self.at)

    def first(self) -> Expr:
        """The id of the first grant that can be drawn from, absent where there is none."""
        optional = types.Optional(types.STRING)
        state = Local(optional, f"{self.item.name}:first")
        own = arithmetic.coerced(arithmetic.coerced(self.field("id"), types.STRING), optional)
        takes = arithmetic.compare(">", self.capacity, quantities.zero(self.unit), self.at)
        none = Call(types.BOOL, "not", (Call(types.BOOL, "is_present", (state,)),))
        step = If(optional, All(types.BOOL, (none, takes)), own, state)
        start = Const(optional, None)
        return Fold(optional, self.ordered, self.item.name, "", (state.name,), (start,), (step,), None, state)

    def drawn(self, total: Expr) -> Expr:
        """The grants after a total was drawn from them, one after another; it is no more than they hold."""
        assert isinstance(self.ordered.type, types.List)
        assert isinstance(total.type, Number)
        assert isinstance(self.capacity.type, Number)
        joint = types.joined(total.type, self.capacity.type, self.unit)
        rest_type = replace(joint, lo=0, hi=types.rescaled(total.type, joint.den).hi)
        rest = Local(rest_type, f"{self.item.name}:rest")
        part = arithmetic.extreme("min", [rest, self.capacity], self.at)
        following = replace(arithmetic.subtract(rest, part, self.at), type=rest_type)
        made = types.List(self.record, self.ordered.type.max)
        state = Local(made, f"{self.item.name}:drawn")
        step = Call(made, "append", (state, self._after(part)))
        starts = (arithmetic.coerced(total, rest_type), Const(made, ()))
        names = (rest.name, state.name)
        return Fold(made, self.ordered, self.item.name, "", names, starts, (following, step), None, state)

    def _after(self, part: Expr) -> Expr:
        """A grant with what is left of it."""
        left = quantities.minus(self.field("balance"), part, self.at)
        changed = {"balance": left, "drawn": part}
        items = []
        for name, its_type in self.record.fields:
            own = fitted(changed[name], its_type, self.at) if name in changed else Field(its_type, self.item, name)
            items.append(own)
        return MakeRecord(self.record, tuple(items))

    def _each(self, expr: Expr) -> Expr:
        assert isinstance(self.ordered.type, types.List)
        made = types.List(expr.type, self.ordered.type.max)
        state = Local(made, f"{self.item.name}:items")
        step = Call(made, "append", (state, expr))
        start = Const(made, ())
        return Fold(made, self.ordered, self.item.name, "", (state.name,), (start,), (step,), None, state)

    def field(self, name: str) -> Expr:
        its_type = self.record.field(name)
        assert its_type is not None
        return Field(its_type, self.item, name)


def lots(context: Context, part: Entitlement, scope: Scope) -> Lots:
    """The grants of an entitlement, ready to be drawn."""
    assert part.grants is not None
    at = part.grants.span
    given = context.expression(part.grants, scope)
    record = given.type.item if isinstance(given.type, types.List) else None
    if not isinstance(given.type, types.List) or not isinstance(record, types.Record):
        raise Rejected(expression_say.expected_type("a list of grants", given.type, at))
    _check_fields(record, at)
    item = Local(record, f"{part.name}@grant")
    balance = Field(record.field("balance") or types.NEVER, item, "balance")
    assert isinstance(balance.type, Number)
    active = _active(context, record, item, scope, at)
    capacity = balance if active is None else arithmetic.choose(active, balance, quantities.zero(balance.type.unit), at)
    amount: Expr = capacity
    its_type = record.field("amount")
    if its_type is not None:
        amount = Field(its_type, item, "amount")
        if active is not None:
            amount = arithmetic.choose(active, amount, quantities.zero(balance.type.unit), at)
    return Lots(ordered(context, part, scope, given, item), item, capacity, amount, at)


def _check_fields(record: types.Record, at: Span) -> None:
    for name in ("id", "balance"):
        if record.field(name) is None:
            raise Rejected(say.grant_field(name, at))
    balance = record.field("balance")
    if not types.is_text(record.field("id") or types.NEVER) or not isinstance(balance, Number):
        raise Rejected(say.grant_field("id" if isinstance(balance, Number) else "balance", at))
    for name in ("balance", "amount", "drawn"):
        its_type = record.field(name)
        if its_type is None:
            continue
        if not isinstance(its_type, Number) or its_type.unit != balance.unit:
            raise Rejected(say.grant_field(name, at))
        if its_type.lo < 0:
            raise Rejected(say.amount_may_be_negative(name, at))
    for name in ("effective_at", "created_at", *ENDS):
        if _plain(record.field(name)) not in (None, types.TIMESTAMP):
            raise Rejected(say.grant_field(name, at))


def _plain(its_type: Type | None) -> Type | None:
    return its_type.item if isinstance(its_type, types.Optional) else its_type


def _active(context: Context, record: types.Record, item: Local, scope: Scope, at: Span) -> Expr | None:
    """Whether a grant is active now; None where grants carry no times."""
    tests: list[Expr] = []
    for name in ("effective_at", *ENDS):
        its_type = record.field(name)
        if its_type is None:
            continue
        instant: Expr = Field(its_type, item, name)
        present = None
        if isinstance(its_type, types.Optional):
            present, instant = context.is_present(instant), check.unwrapped(instant)
        now = resets.now(context, scope, at)
        sign = "<=" if name == "effective_at" else ">"
        test = arithmetic.compare(sign, instant, now, at)
        tests.append(test if present is None else arithmetic.choose(present, test, Const(types.BOOL, True), at))
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else All(types.BOOL, tuple(tests))


def ordered(context: Context, part: Entitlement, scope: Scope, given: Expr, item: Local) -> Expr:
    """The grants in the order in which they are drawn; equal ones keep their places."""
    assert isinstance(item.type, types.Record)
    assert isinstance(given.type, types.List)
    keys, falls = _keys(context, part, scope, item)
    record = types.Record("", tuple((str(i), key.type) for i, key in enumerate(keys)))
    made = types.List(record, given.type.max)
    state = Local(made, f"{item.name}:keys")
    step = Call(made, "append", (state, MakeRecord(record, tuple(keys))))
    listed = Fold(made, given, item.name, "", (state.name,), (Const(made, ()),), (step,), None, state)
    flags = Const(types.List(types.BOOL, len(keys)), tuple(falls))
    return Call(given.type, "order_by", (given, listed, flags))


def _keys(context: Context, part: Entitlement, scope: Scope, item: Local) -> tuple[list[Expr], list[bool]]:
    assert isinstance(item.type, types.Record)
    fields: dict[str, Expr] = {name: Field(its_type, item, name) for name, its_type in item.type.fields}
    if "expires_at" in fields:
        fields[EXPIRY_SECONDS] = _whole_seconds(context, fields["expires_at"], part.at)
    if not part.draw_order:
        names = [name for name in BY_DEFAULT if name in fields]
        return [_rank(fields[name], part.at) for name in names], [False] * len(names)
    inner = scope.binding("grant", Variable(item))
    for name, field in fields.items():
        inner = inner.binding(name, Variable(field))
    keys, falls = [], []
    for written in part.draw_order:
        tree = written.tree
        negative = isinstance(tree, syntax.Unary) and tree.operator == "-"
        if negative:
            assert isinstance(tree, syntax.Unary)
            written = replace(written, tree=tree.operand)
        keys.append(_rank(_key(context, written, inner, fields), written.span))
        falls.append(negative)
    return keys, falls


def _key(context: Context, written: Written, scope: Scope, fields: dict[str, Expr]) -> Expr:
    """A key by a field, which may be absent, or by any expression."""
    name = written.tree.name if isinstance(written.tree, syntax.Name) else ""
    key = fields[name] if name in fields else context.expression(written, scope)
    context.no_quotient(key, "a sort key", written.span)
    return key


def _whole_seconds(context: Context, expiry: Expr, at: Span) -> Expr:
    if not isinstance(expiry.type, types.Optional):
        return Call(types.integer(), "epoch_seconds", (expiry,))
    made = types.Optional(types.integer())
    seconds = Call(types.integer(), "epoch_seconds", (check.unwrapped(expiry),))
    return If(made, context.is_present(expiry), arithmetic.coerced(seconds, made), Const(made, None))


def _rank(key: Expr, at: Span) -> Expr:
    """A key that has an order: members of an enum go by their places in it."""
    if isinstance(key.type, types.Enum):
        members = key.type.members
        rank: Expr = arithmetic.number(len(members) - 1)
        for place in range(len(members) - 2, -1, -1):
            is_it = Call(types.BOOL, "eq", (key, Const(key.type, members[place])))
            rank = arithmetic.choose(is_it, arithmetic.number(place), rank, at)
        return rank
    plain = _plain(key.type)
    simple = (types.STRING, types.BOOL, types.TIMESTAMP, types.DURATION, types.DATE)
    if not isinstance(plain, Number) and plain not in simple:
        raise Rejected(expression_say.expected_type("a key with an order", key.type, at))
    return key
