"""The built-in functions of class A in DuckDB SQL, one entry each in `OPERATIONS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lcm
from typing import Any

from policyengine.batch import duckdb_numbers as numbers
from policyengine.batch import duckdb_tiers as tiers
from policyengine.batch.duckdb_query import Query, Val, error_of
from policyengine.batch.shapes import slots
from policyengine.batch.sql_text import (
    BOOLEAN,
    Sql,
    absolute,
    both,
    choice,
    compared,
    either,
    expression,
    flag,
    is_there,
    minus,
    negated,
    null,
    plus,
    scaled,
    times,
    whole,
)
from policyengine.batch.steps import bare
from policyengine.runtime import failure
from policyengine.runtime.program import Call, Const
from policyengine.values import types
from policyengine.values.instant import DURATION_MAX, DURATION_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN
from policyengine.values.types import Limit, Number, Quotient, Type


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: what it is asked of. `items` are the members of a list that is written out."""

    query: Query
    call: Call
    values: list[Val]
    kinds: list[Type]
    items: list[tuple[Val, Type]] | None = None

    @property
    def type(self) -> Type:
        return self.call.type

    def strict(self, *parts: Sql) -> Val:
        """The result of an operation that fails where an operand does and not otherwise."""
        return Val(parts, error_of(self.values))

    def constant(self, position: int) -> Any:
        argument = self.call.arguments[position]
        assert isinstance(argument, Const)
        return argument.value


Operation = Callable[[Asked], Val]


def present(value: Val, its_type: Type) -> Sql:
    """Whether an optional value is there."""
    if not isinstance(its_type, types.Optional):
        return flag(True)
    match its_type.item:
        case types.Record():
            return value.parts[0]
        case types.Limit():
            return is_there(value.parts[1])
        case types.Tiers():
            return is_there(value.parts[len(value.parts) // 3])
    return is_there(value.parts[0])


def plain_parts(value: Val, its_type: Type) -> tuple[Sql, ...]:
    """The slots of an optional value as those of the value in it."""
    flagged = isinstance(its_type, types.Optional) and isinstance(its_type.item, types.Record)
    return value.parts[1:] if flagged else value.parts


# ------------------------------------------------------------------------------------------------------ conversion


def converted(value: Val, source: Type, target: Type) -> tuple[Sql, ...]:
    """The slots of a value as those of a type that holds it."""
    if bare(source) == types.NEVER:
        return tuple(null(kind) for kind in slots(target))
    match source, target:
        case (types.Optional(item=types.Record()), types.Optional(item=item)):
            return (value.parts[0], *converted(Val(value.parts[1:]), bare(source), item))
        case (types.Optional(item=inner), types.Optional(item=item)):
            return converted(value, inner, item)
        case (types.Record(), types.Optional(item=item)):
            return (flag(True), *converted(value, source, item))
        case (_, types.Optional(item=item)):
            return converted(value, source, item)
        case (Number(), Number()):
            return (scaled(value.code, target.den // source.den),)
        case (Number(), Quotient()):
            return numbers.pair(value, source)
        case (Limit(), Limit()):
            return (scaled(value.parts[0], target.number.den // source.number.den), value.parts[1])
        case (Number(), Limit()):
            n = scaled(value.code, target.number.den // source.den)
            return (n, choice([(is_there(n), flag(False))], None))
        case (types.Record(), types.Record()):
            return _converted_fields(value, source, target)
    return value.parts


def _converted_fields(value: Val, source: types.Record, target: types.Record) -> tuple[Sql, ...]:
    made: list[Sql] = []
    start = 0
    for (_, old), (_, new) in zip(source.fields, target.fields, strict=True):
        size = len(slots(old))
        made += converted(Val(value.parts[start : start + size]), old, new)
        start += size
    return tuple(made)


def _convert(asked: Asked) -> Val:
    if isinstance(asked.type, types.List):
        return Val(())  # only read through `items`, which looks behind the conversion
    return asked.strict(*converted(asked.values[0], asked.kinds[0], asked.type))


# -------------------------------------------------------------------------------------------------------- equality


def equal(query: Query, a: Val, a_type: Type, b: Val, b_type: Type) -> Sql:
    """Whether two values of one kind are equal; absent is equal to absent."""
    if types.is_number(a_type) and types.is_number(b_type):
        return numbers.comparison(query, "=", [a, b], [a_type, b_type])
    if isinstance(a_type, Number | Quotient) or isinstance(bare(a_type), Quotient):
        (an, ad), (bn, bd) = numbers.pair(a, bare(a_type)), numbers.pair(b, bare(b_type))
        return _same(times(an, bd), times(bn, ad))
    single = len(a.parts) == 1 and not isinstance(a_type, types.Optional)
    if single:
        return compared(a.code, "=", b.code)
    return both([_same(x, y) for x, y in zip(a.parts, b.parts, strict=True)])


def _same(a: Sql, b: Sql) -> Sql:
    return expression(BOOLEAN, "({0} IS NOT DISTINCT FROM {1})", a, b)


def _equal(asked: Asked) -> Val:
    (a, b), (a_type, b_type) = asked.values, asked.kinds
    return asked.strict(equal(asked.query, a, a_type, b, b_type))


def _in_list(asked: Asked) -> Val:
    assert asked.items is not None
    own = Val(tuple(asked.query.stored(p) for p in asked.values[0].parts))
    found = [equal(asked.query, own, asked.kinds[0], v, t) for v, t in asked.items]
    return Val((either(found),), error_of([asked.values[0], *(v for v, _ in asked.items)]))


def _compare(sign: str) -> Operation:
    def operation(asked: Asked) -> Val:
        if types.is_number(asked.kinds[0]):
            return asked.strict(numbers.comparison(asked.query, sign, asked.values, asked.kinds))
        return asked.strict(compared(asked.values[0].code, sign, asked.values[1].code))

    return operation


# ---------------------------------------------------------------------------------------------------------- limits


def _below(a: Val, a_type: Type, b: Val, b_type: Type) -> Sql:
    """Whether limit a is below limit b: `unlimited` is above every number."""
    assert isinstance(a_type, Limit)
    assert isinstance(b_type, Limit)
    den = lcm(a_type.number.den, b_type.number.den)
    x, y = scaled(a.parts[0], den // a_type.number.den), scaled(b.parts[0], den // b_type.number.den)
    return both([expression(BOOLEAN, "(NOT {0})", a.parts[1]), either([b.parts[1], compared(x, "<", y)])])


def _limit_compare(swapped: bool, negative: bool) -> Operation:
    def operation(asked: Asked) -> Val:
        (a, b), (s, t) = asked.values, asked.kinds
        found = _below(b, t, a, s) if swapped else _below(a, s, b, t)
        return asked.strict(expression(BOOLEAN, "(NOT {0})", found) if negative else found)

    return operation


def _limit_extreme(least: bool) -> Operation:
    def operation(asked: Asked) -> Val:
        a, b = (asked.query.short(v, twice=True) for v in asked.values)
        s, t = asked.kinds
        takes_b = _below(b, t, a, s) if least else _below(a, s, b, t)
        return asked.strict(*(choice([(takes_b, y)], x) for x, y in zip(a.parts, b.parts, strict=True)))

    return operation


def _limit_subtract(asked: Asked) -> Val:
    (a, b), (s, t), own = asked.values, asked.kinds, asked.type
    assert isinstance(s, Limit)
    assert isinstance(t, Number)
    assert isinstance(own, Limit)
    den = own.number.den
    n = minus(scaled(a.parts[0], den // s.number.den), scaled(b.code, den // t.den))
    return asked.strict(n, a.parts[1])


# -------------------------------------------------------------------------------------------------------- optionals


def _or_value(asked: Asked) -> Val:
    a, b = asked.values
    there = asked.query.stored(present(a, asked.kinds[0]))
    chosen = zip(plain_parts(a, asked.kinds[0]), plain_parts(b, asked.kinds[1]), strict=True)
    return asked.strict(*(choice([(there, x)], y) for x, y in chosen))


def _is_present(asked: Asked) -> Val:
    return asked.strict(present(asked.values[0], asked.kinds[0]))


def _present(asked: Asked) -> Val:
    return asked.strict(*plain_parts(asked.values[0], asked.kinds[0]))


def field_slots(record: types.Record, name: str) -> tuple[int, int]:
    """Where the slots of a field begin and end among those of its record."""
    start = 0
    for own, its_type in record.fields:
        size = len(slots(its_type))
        if own == name:
            return start, start + size
        start += size
    raise AssertionError(f"no field: {name}")


def _optional_field(asked: Asked) -> Val:
    record = bare(asked.kinds[0])
    assert isinstance(record, types.Record)
    name = asked.constant(1)
    start, end = field_slots(record, name)
    parts = asked.values[0].parts[1:][start:end]
    if isinstance(record.field(name), types.Record):
        parts = (asked.values[0].parts[0], *parts)
    return Val(parts, asked.values[0].error)


# --------------------------------------------------------------------------------------------------------- numbers


def _total(sign: int) -> Operation:
    return lambda asked: numbers.total(asked.query, asked.values, asked.kinds, asked.type, sign)


def _truncating(modulo: bool) -> Operation:
    return lambda asked: numbers.truncating(asked.query, asked.values, asked.kinds, asked.type, modulo)


def _extreme(least: bool) -> Operation:
    return lambda asked: numbers.extreme(asked.query, asked.values, asked.kinds, asked.type, least)


def _unary(change: Callable[[Sql], Sql]) -> Operation:
    def operation(asked: Asked) -> Val:
        if isinstance(asked.type, Quotient):
            n, d = asked.values[0].parts
            return asked.strict(change(n), d)
        if asked.type == types.DURATION:
            raw = change(asked.values[0].code)
            return numbers.within(asked.query, asked.values, raw, DURATION_MIN, DURATION_MAX, failure.TIME_RANGE)
        return numbers.checked(asked.query, asked.values, change(asked.values[0].code), asked.type)

    return operation


def _whole(asked: Asked) -> Val:
    raw = numbers.whole_number(asked.query, asked.values[0], asked.kinds[0], asked.call.function)
    return numbers.checked(asked.query, asked.values, raw, asked.type)


def _epoch_seconds(asked: Asked) -> Val:
    return asked.strict(numbers.floored(asked.query, asked.values[0].code, 10**9))


def _round(asked: Asked) -> Val:
    places, mode = asked.constant(1), asked.constant(2)
    raw = numbers.rounded(asked.query, asked.values[0], asked.kinds[0], places, mode)
    return numbers.checked(asked.query, asked.values[:1], raw, asked.type)


def _round_by(asked: Asked) -> Val:
    """Rounding to places that are known at evaluation only: one branch for each number of places that can come."""
    assert isinstance(asked.type, Number)
    amount, places = asked.query.short(asked.values[0], twice=True), asked.query.stored(asked.values[1].code)
    branches = []
    for n in range(places.lo, places.hi + 1):
        cut = numbers.rounded(asked.query, amount, asked.kinds[0], n, asked.constant(2))
        branches.append((compared(places, "=", whole(n)), scaled(cut, asked.type.den // 10**n)))
    return Val((choice(branches, None),), error_of(asked.values[:2]))


def _bounded(asked: Asked) -> Val:
    own, kind = asked.type, asked.kinds[0]
    assert isinstance(own, Number)
    assert isinstance(kind, Number)
    raw = scaled(asked.values[0].code, own.den // kind.den)
    return numbers.within(asked.query, asked.values, raw, own.lo, own.hi, failure.OUT_OF_RANGE)


def _time(combine: Callable[[Sql, Sql], Sql], lo: int, hi: int) -> Operation:
    def operation(asked: Asked) -> Val:
        raw = combine(asked.values[0].code, asked.values[1].code)
        return numbers.within(asked.query, asked.values, raw, lo, hi, failure.TIME_RANGE)

    return operation


def _seconds_between(asked: Asked) -> Val:
    a, b = (v.code for v in asked.values)
    return asked.strict(minus(b, a))


OPERATIONS: dict[str, Operation] = {
    "add": _total(1),
    "subtract": _total(-1),
    "multiply": lambda asked: numbers.product(asked.query, asked.values, asked.kinds, asked.type),
    "divide": lambda asked: numbers.divided(asked.query, asked.values, asked.kinds),
    "truncate_divide": _truncating(modulo=False),
    "remainder": _truncating(modulo=True),
    "negate": _unary(negated),
    "abs": _unary(absolute),
    "floor": _whole,
    "ceil": _whole,
    "round": _round,
    "round_by": _round_by,
    "min": _extreme(least=True),
    "max": _extreme(least=False),
    "convert": _convert,
    "lt": _compare("<"),
    "le": _compare("<="),
    "gt": _compare(">"),
    "ge": _compare(">="),
    "eq": _equal,
    "not": lambda asked: asked.strict(expression(BOOLEAN, "(NOT {0})", asked.values[0].code)),
    "limit": _convert,
    "limit_lt": _limit_compare(swapped=False, negative=False),
    "limit_le": _limit_compare(swapped=True, negative=True),
    "limit_gt": _limit_compare(swapped=True, negative=False),
    "limit_ge": _limit_compare(swapped=False, negative=True),
    "limit_min": _limit_extreme(least=True),
    "limit_max": _limit_extreme(least=False),
    "limit_subtract": _limit_subtract,
    "is_present": _is_present,
    "or_value": _or_value,
    "present": _present,
    "optional_field": _optional_field,
    "in_list": _in_list,
    "bounded": _bounded,
    "epoch_seconds": _epoch_seconds,
    "seconds_between": _seconds_between,
    "time_between": _time(minus, DURATION_MIN, DURATION_MAX),
    "add_time": _time(plus, TIMESTAMP_MIN, TIMESTAMP_MAX),
    "subtract_time": _time(minus, TIMESTAMP_MIN, TIMESTAMP_MAX),
    "add_duration": _time(plus, DURATION_MIN, DURATION_MAX),
    "subtract_duration": _time(minus, DURATION_MIN, DURATION_MAX),
    "graduated": lambda asked: tiers.graduated(asked.query, asked.values, asked.kinds),
    "graduated_flat": lambda asked: tiers.graduated_flat(asked.query, asked.values, asked.kinds),
    "volume": lambda asked: tiers.volume(asked.query, asked.values, asked.kinds),
    "volume_flat": lambda asked: tiers.volume_flat(asked.query, asked.values, asked.kinds),
    "free_tier": lambda asked: tiers.free_tier(asked.values, asked.kinds, asked.call.type),
    "tier_index": lambda asked: tiers.tier_index(asked.query, asked.values, asked.kinds),
}
"""Every function of class A; what is not here is another class."""
