"""Arithmetic of values in DuckDB SQL: integers over static denominators, quotients as two columns.

Division is `//`, which truncates, with every divisor guarded; rounding is written out for each mode with the sign
handled by hand. Nothing is shared with `values.rounding` or the interpreter, which these queries are compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd, lcm

from policyengine.batch.duckdb_query import Query, Val, error_of
from policyengine.batch.sql_text import (
    BOOLEAN,
    INT64,
    Sql,
    TooWide,
    absolute,
    both,
    choice,
    clamped,
    compared,
    constant_of,
    either,
    expression,
    minus,
    narrowed,
    negated,
    plus,
    remainder,
    scaled,
    text,
    times,
    truncated,
    whole,
)
from policyengine.runtime import failure
from policyengine.runtime.failure import Failure
from policyengine.values import types
from policyengine.values.types import Number, Quotient, Type

Pair = tuple[Sql, Sql]
Combine = Callable[[Sql, Sql], Sql]


def pair(value: Val, its_type: Type) -> Pair:
    """Numerator and positive denominator of any number."""
    if isinstance(its_type, Number):
        return value.code, whole(its_type.den)
    n, d = value.parts
    return n, d


def failed(condition: Sql, why: Failure) -> Sql:
    """The code of a failure where the condition is true."""
    return choice([(condition, text(why.code))], None)


def checked(query: Query, values: list[Val], raw: Sql, its_type: Type) -> Val:
    """A number; an int outside 64 bits fails, which is asked only where the bounds leave it open."""
    if not (isinstance(its_type, Number) and its_type.integer) or (-INT64 <= raw.lo and raw.hi < INT64):
        return Val((raw,), error_of(values))
    return within(query, values, raw, -INT64, INT64 - 1, failure.OVERFLOW)


def within(query: Query, values: list[Val], raw: Sql, lo: int, hi: int, why: Failure) -> Val:
    """A number that fails outside lo..hi."""
    if lo <= raw.lo and raw.hi <= hi:
        return Val((raw,), error_of(values))
    raw = query.stored(raw)
    outside = expression(BOOLEAN, f"({{0}} NOT BETWEEN {whole(lo).code} AND {whole(hi).code})", raw)
    return Val((narrowed(clamped(raw, lo, hi)),), error_of(values, failed(outside, why)))


# ---------------------------------------------------------------------------------------------- sums and products


def total(query: Query, values: list[Val], kinds: list[Type], its_type: Type, sign: int) -> Val:
    """A sum or difference; the steps of an int chain are checked one by one."""
    if isinstance(its_type, Quotient):
        return _quotient_total(values, kinds, sign)
    assert isinstance(its_type, Number)
    dens = [kind.den for kind in kinds if isinstance(kind, Number)]
    terms = [scaled(v.code, its_type.den // den) for v, den in zip(values, dens, strict=True)]
    return _chain(query, values, terms, its_type, lambda a, b: plus(a, b) if sign > 0 else minus(a, b))


def _quotient_total(values: list[Val], kinds: list[Type], sign: int) -> Val:
    n, d = pair(values[0], kinds[0])
    for value, kind in zip(values[1:], kinds[1:], strict=True):
        m, e = pair(value, kind)
        combine = plus if sign > 0 else minus
        if d.code == e.code:
            n = combine(n, m)
        else:
            n, d = combine(times(n, e), times(m, d)), times(d, e)
    return Val((n, d), error_of(values))


def product(query: Query, values: list[Val], kinds: list[Type], its_type: Type) -> Val:
    """A product; the steps of an int chain are checked one by one."""
    if isinstance(its_type, Quotient):
        n, d = pair(values[0], kinds[0])
        for value, kind in zip(values[1:], kinds[1:], strict=True):
            m, e = pair(value, kind)
            n, d = times(n, m), times(d, e)
        return Val((n, d), error_of(values))
    return _chain(query, values, [v.code for v in values], its_type, times)


def _chain(query: Query, values: list[Val], terms: list[Sql], its_type: Type, combine: Combine) -> Val:
    """From left to right: a step that overflows fails before the operands after it are asked."""
    result = Val((terms[0],), values[0].error)
    for value, term in zip(values[1:], terms[1:], strict=True):
        result = checked(query, [result, value], combine(result.code, term), its_type)
    return result


def divided(query: Query, values: list[Val], kinds: list[Type]) -> Val:
    """An exact ratio: the sign goes to the numerator; a divisor of 0 leaves NULL beside its failure."""
    (an, ad), (bn, bd) = pair(values[0], kinds[0]), pair(values[1], kinds[1])
    if bn.lo > 0:
        return Val((times(an, bd), times(ad, bn)), error_of(values))
    an, bn = query.stored(an), query.stored(bn)
    zero = compared(bn, "=", whole(0))
    positive, n = compared(bn, ">", whole(0)), times(an, bd)
    n = choice([(positive, n), (compared(bn, "<", whole(0)), negated(n))], None)
    size = absolute(bn)
    below = times(ad, expression(size.kind, "NULLIF({0}, 0)", size, lo=1, hi=max(1, size.hi)))
    own = failed(zero, failure.DIVISION_BY_ZERO) if bn.lo <= 0 <= bn.hi else None
    return Val((n, below), error_of(values, own))


def truncating(query: Query, values: list[Val], kinds: list[Type], its_type: Type, modulo: bool) -> Val:
    """`div` and `%`."""
    a, b = kinds
    assert isinstance(a, Number)
    assert isinstance(b, Number)
    den = lcm(a.den, b.den)
    x, y = scaled(values[0].code, den // a.den), query.stored(scaled(values[1].code, den // b.den))
    own = failed(compared(y, "=", whole(0)), failure.DIVISION_BY_ZERO) if y.lo <= 0 <= y.hi else None
    done = [Val((), error)] if (error := error_of(values, own)) is not None else []
    return checked(query, done, remainder(x, y) if modulo else truncated(x, y), its_type)


# -------------------------------------------------------------------------------------------------------- rounding


def rounded(query: Query, value: Val, kind: Type, places: int, mode: str) -> Sql:
    """The value rounded to so many places, over 10**places, or over 1 where places are negative."""
    up, step = (10**places, 1) if places >= 0 else (1, 10**-places)
    n, d = pair(value, kind)
    known = constant_of(d)
    if known is None:
        return scaled(_rounded(query, scaled(n, up), times(d, whole(step)), mode), step)
    common = gcd(up, known * step)
    return scaled(_rounded(query, scaled(n, up // common), whole(known * step // common), mode), step)


def _rounded(query: Query, n: Sql, d: Sql, mode: str) -> Sql:
    """n / d as an integer: the truncated quotient, or the next integer away from zero where the mode says so."""
    if constant_of(d) == 1:
        return n
    n, d = query.stored(n), query.stored(d)
    cut = query.stored(truncated(n, d))
    if mode == "down":
        return cut
    rest = query.stored(remainder(n, d))
    away = _goes_away(mode, absolute(rest), d, cut, n)
    up = choice([(both([away, compared(n, "<", whole(0))]), minus(cut, whole(1))), (away, plus(cut, whole(1)))], cut)
    return expression(up.kind, "{0}", up, lo=_whole_bound(n.lo, d, -1), hi=_whole_bound(n.hi, d, 1))


def _whole_bound(n: int, d: Sql, sign: int) -> int:
    """How far a rounded quotient with this numerator can lie from zero."""
    least = max(1, d.lo)
    if sign < 0:
        return n // least if n < 0 else 0
    return -(-n // least) if n > 0 else 0


def _goes_away(mode: str, rest: Sql, d: Sql, cut: Sql, n: Sql) -> Sql:
    """Whether the result is the next integer away from zero; `rest` is what of |n| the truncated quotient leaves."""
    some = compared(rest, ">", whole(0))
    other = minus(d, rest)  # comparing with what is missing to d, not with d / 2, needs no division and no doubling
    match mode:
        case "half_even":
            odd = compared(remainder(cut, whole(2)), "<>", whole(0))
            return either([compared(rest, ">", other), both([compared(rest, "=", other), odd])])
        case "half_up":
            return compared(rest, ">=", other)
        case "half_down":
            return compared(rest, ">", other)
        case "up":
            return some
        case "ceiling":
            return both([some, compared(n, ">", whole(0))])
        case "floor":
            return both([some, compared(n, "<", whole(0))])
    raise AssertionError(f"no rounding mode: {mode}")


def floored(query: Query, n: Sql, d: int) -> Sql:
    """n / d towards minus infinity."""
    return _rounded(query, n, whole(d), "floor")


def whole_number(query: Query, value: Val, kind: Type, function: str) -> Sql:
    """`floor` and `ceil`."""
    n, d = pair(value, kind)
    return _rounded(query, n, d, "floor" if function == "floor" else "ceiling")


# ------------------------------------------------------------------------------------------------------ comparison


def comparison(query: Query, sign: str, values: list[Val], kinds: list[Type]) -> Sql:
    """Two numbers compared: over a common denominator, or apart where that would need more than 128 bits."""
    (an, ad), (bn, bd) = pair(values[0], kinds[0]), pair(values[1], kinds[1])
    try:
        left, right = constant_of(ad), constant_of(bd)
        if left is not None and right is not None:
            den = lcm(left, right)
            return compared(scaled(an, den // left), sign, scaled(bn, den // right))
        return compared(times(an, bd), sign, times(bn, ad))
    except TooWide:
        return _compared_apart(query, sign, (an, ad), (bn, bd))


def _compared_apart(query: Query, sign: str, a: Pair, b: Pair) -> Sql:
    """First the parts before the point, then those after it; both truncate, so that the order is kept."""
    (an, ad), (bn, bd) = [(query.stored(n), query.stored(d)) for n, d in (a, b)]
    x, y = query.stored(truncated(an, ad)), query.stored(truncated(bn, bd))
    same = compared(x, "=", y)
    after = compared(times(remainder(an, ad), bd), sign, times(remainder(bn, bd), ad))
    if sign == "=":
        return both([same, after])
    return either([compared(x, sign[0], y), both([same, after])])


def extreme(query: Query, values: list[Val], kinds: list[Type], its_type: Type, least: bool) -> Val:
    """`min` and `max`, NULL where either is: `least` and `greatest` of the engine would leave NULLs out."""
    best, kind = values[0], kinds[0]
    for value, other in zip(values[1:], kinds[1:], strict=True):
        a = Val(tuple(query.stored(p) for p in best.parts))
        b = Val(tuple(query.stored(p) for p in value.parts))
        first, second = ("<=", ">") if least else (">=", "<")
        if types.is_number(kind):
            takes_a = comparison(query, first, [a, b], [kind, other])
            takes_b = comparison(query, second, [a, b], [kind, other])
        else:
            takes_a, takes_b = compared(a.code, first, b.code), compared(a.code, second, b.code)
        parts = [choice([(takes_a, x), (takes_b, y)], None) for x, y in zip(a.parts, b.parts, strict=True)]
        best, kind = Val((_tight(parts[0], a.parts[0], b.parts[0], least), *parts[1:])), its_type
        if isinstance(its_type, Quotient):
            best = Val(tuple(parts))
    return Val(best.parts, error_of(values))


def _tight(chosen: Sql, a: Sql, b: Sql, least: bool) -> Sql:
    """The bounds of an extreme: no more than the smaller of both ends."""
    pick = min if least else max
    return expression(chosen.kind, "{0}", chosen, lo=pick(a.lo, b.lo), hi=pick(a.hi, b.hi))
