"""Typed arithmetic: each function takes checked operands and gives the checked result, or says why there is none.

The range and the denominator of a result follow from those of the operands alone; both the checker and the lowering of
the sections build numbers with these functions, so that no section has arithmetic of its own.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import lcm

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.runtime.failure import Failure
from policyengine.runtime.limits import LIST_MAX, TEXT_MAX
from policyengine.runtime.meaning import costs
from policyengine.runtime.meaning.operations import OPERATIONS
from policyengine.runtime.program import Call, Const, Expr, If
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.currencies import CURRENCIES
from policyengine.values.types import INT64_MAX, INT64_MIN, UNLIMITED, Limit, Number, Quotient, Type, Unit

MODES = ("half_even", "half_up", "half_down", "up", "down", "ceiling", "floor")
COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


UNLIMITED_LITERAL = Const(Limit(Number(True, (), 1, 0, 0)), UNLIMITED)
"""The word `unlimited`, before it is known of which limits."""


def read_unlimited(a: Expr, other: Type) -> Expr:
    """The word `unlimited` read as a limit of the other side's unit; everything else stays as it is."""
    if not isinstance(a, Const) or a.value != UNLIMITED or not isinstance(a.type, Limit):
        return a
    match other:
        case Limit():
            return Const(other, UNLIMITED)
        case Number():
            return Const(Limit(replace(other, lo=0, hi=0)), UNLIMITED)
        case types.Optional(item=item):
            return read_unlimited(a, item)
    return a


def number(value: int | Fraction, unit: Unit = (), integer: bool | None = None) -> Const:
    """A constant number; whole numbers without a unit of money are ints unless told otherwise."""
    exact = value if isinstance(value, Fraction) else Fraction(value)
    whole = exact.denominator == 1 if integer is None else integer
    n, den = exact.numerator, exact.denominator
    return Const(Number(whole, unit, den, n, n), n)


def constant_of(expr: Expr) -> Fraction | None:
    """The value of a constant number, else None."""
    if isinstance(expr, Const) and isinstance(expr.type, Number):
        return Fraction(expr.value, expr.type.den)
    return None


def is_zero(expr: Expr) -> bool:
    return isinstance(expr, Const) and isinstance(expr.type, Number) and expr.value == 0


def with_unit(expr: Expr, unit: Unit) -> Expr:
    """The literal 0 read in a unit; everything else stays as it is."""
    if isinstance(expr, Const) and isinstance(expr.type, Number) and expr.value == 0:
        return Const(replace(expr.type, unit=unit), 0)
    return expr


def _unit(a: Type) -> Unit:
    assert isinstance(a, (Number, Quotient))
    return a.unit


def in_one_unit(operator: str, a: Expr, b: Expr, at: Span) -> tuple[Expr, Expr]:
    """Two numbers of one unit, a literal 0 read in the unit of the other; raises Rejected where units differ."""
    left, right = a.type, b.type
    if not (types.is_number(left) and types.is_number(right)):
        raise Rejected(say.wrong_operands(operator, left, right, at))
    if _unit(left) != _unit(right):
        a, b = with_unit(a, _unit(right)), with_unit(b, _unit(left))
        if _unit(a.type) != _unit(b.type):
            raise Rejected(say.unit_mismatch(operator, left, right, at))
    return a, b


def bounded(result: Number | Quotient, at: Span) -> Number | Quotient:
    if types.bits(result) > types.BITS_MAX:
        raise Rejected(say.too_wide(at))
    return result


def checked_call(function: str, result: Number | Quotient, arguments: tuple[Expr, ...], at: Span) -> Call:
    """A call whose int result stays within 64 bits: checked at run time only where the range does not prove it."""
    if isinstance(result, Number) and result.integer and (result.lo < INT64_MIN or result.hi > INT64_MAX):
        clamped = replace(result, lo=max(result.lo, INT64_MIN), hi=min(result.hi, INT64_MAX))
        if clamped.lo > clamped.hi:
            raise Rejected(say.always_fails("the int does not fit into 64 bits", at))
        return Call(clamped, function, arguments, may_fail=True)
    return Call(bounded(result, at), function, arguments)


def folded(expr: Expr) -> Expr:
    """A number of constants as one constant, but for 0, whose literal has every unit; all else as it is."""
    if not isinstance(expr, Call) or not isinstance(expr.type, Number) or expr.function not in _FOLDED:
        return expr
    values = [constant_of(argument) for argument in expr.arguments]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return expr
    found = OPERATIONS[expr.function](expr, *known)
    if isinstance(found, Failure) or not found or (expr.type.integer and not INT64_MIN <= found <= INT64_MAX):
        return expr
    return number(found, expr.type.unit, integer=expr.type.integer)


_FOLDED = frozenset(("add", "subtract", "multiply", "truncate_divide", "remainder"))


def joined_texts(operands: list[Expr]) -> Expr:
    """Texts one after the other; where nothing bounds their length they can be too long together."""
    lengths = [costs.text_max(operand) for operand in operands]
    known = [length for length in lengths if length is not None]
    fits = len(known) == len(operands) and sum(known) <= TEXT_MAX
    return Call(types.STRING, "concat", tuple(operands), may_fail=not fits)


def joined_lists(operands: list[Expr], at: Span) -> Expr:
    """Lists one after the other."""
    item: Type = types.NEVER
    most = 0
    for operand in operands:
        assert isinstance(operand.type, types.List)
        joint = joined_type(item, operand.type.item)
        if joint is None:
            raise Rejected(say.items_differ(item, operand.type.item, at))
        item, most = joint, most + operand.type.max
    if most > LIST_MAX:
        raise Rejected(say.list_too_long(LIST_MAX, at))
    parts = [coerced(o, types.List(item, o.type.max)) for o in operands if isinstance(o.type, types.List)]
    return Call(types.List(item, most), "concat", tuple(parts))


def is_ordered(a: Type) -> bool:
    """Whether `<` takes two values of a type, so that a list of them can be sorted."""
    plain = (types.STRING, types.TIMESTAMP, types.DURATION, types.DATE, types.BOOL, types.BYTES, types.NEVER)
    return isinstance(a, Number) or a in plain


def as_quotient(a: Type) -> Quotient:
    if isinstance(a, Quotient):
        return a
    assert isinstance(a, Number)
    return Quotient(a.unit, a.lo, a.hi, a.den)


def add(operands: list[Expr], at: Span, operator: str = "+") -> Expr:
    """The sum of two or more numbers of one unit."""
    total = operands[0]
    for operand in operands[1:]:
        total, operand = in_one_unit(operator, total, operand, at)
        total = _add2(total, operand, at)
    return total


def _add2(a: Expr, b: Expr, at: Span) -> Expr:
    if is_zero(a) and isinstance(b.type, Number) and not b.type.integer:
        return b
    if is_zero(b) and isinstance(a.type, Number) and not a.type.integer:
        return a
    return _chained("add", _sum_type(a.type, b.type, 1), a, b, at)


def _chained(function: str, result: Number | Quotient, a: Expr, b: Expr, at: Span) -> Call:
    """A further operand of a sum or product, so that a long chain is one flat call and not a deep tree.

    Each step of an int chain is checked where the whole may fail, as if it were written alone.
    """
    call = checked_call(function, result, (a, b), at)
    if not isinstance(a, Call) or a.function != function or not isinstance(a.type, Number):
        return call
    if not isinstance(call.type, Number) or call.type.integer != a.type.integer:
        return call
    return Call(call.type, function, (*a.arguments, b), call.may_fail or a.may_fail)


def subtract(a: Expr, b: Expr, at: Span) -> Expr:
    if isinstance(a.type, Limit):
        return _limit_minus(a, b, at)
    a, b = in_one_unit("-", a, b, at)
    return checked_call("subtract", _sum_type(a.type, b.type, -1), (a, b), at)


def _limit_minus(a: Expr, b: Expr, at: Span) -> Expr:
    assert isinstance(a.type, Limit)
    if not isinstance(b.type, Number):
        raise Rejected(say.wrong_operands("-", a.type, b.type, at))
    b = with_unit(b, a.type.number.unit)
    assert isinstance(b.type, Number)
    if b.type.unit != a.type.number.unit:
        raise Rejected(say.unit_mismatch("-", a.type, b.type, at))
    result = _sum_type(a.type.number, b.type, -1)
    assert isinstance(result, Number)
    return Call(Limit(replace(result, integer=False) if not result.integer else result), "limit_subtract", (a, b))


def _sum_type(a: Type, b: Type, sign: int) -> Number | Quotient:
    if isinstance(a, Number) and isinstance(b, Number):
        den = lcm(a.den, b.den)
        x, y = types.rescaled(a, den), types.rescaled(b, den)
        low, high = (y.lo, y.hi) if sign > 0 else (-y.hi, -y.lo)
        return Number(a.integer and b.integer, a.unit, den, x.lo + low, x.hi + high)
    p, q = as_quotient(a), as_quotient(b)
    most = max(abs(p.lo), abs(p.hi)) * q.den_hi + max(abs(q.lo), abs(q.hi)) * p.den_hi
    return Quotient(p.unit, -most, most, p.den_hi * q.den_hi)


def negate(a: Expr, at: Span) -> Expr:
    match a.type:
        case Number() as t:
            if isinstance(a, Const) and not (t.integer and -a.value > INT64_MAX):
                return Const(replace(t, lo=-t.hi, hi=-t.lo), -a.value)
            return checked_call("negate", replace(t, lo=-t.hi, hi=-t.lo), (a,), at)
        case Quotient() as q:
            return Call(replace(q, lo=-q.hi, hi=-q.lo), "negate", (a,))
    raise Rejected(say.wrong_operand("-", a.type, at))


def multiply(operands: list[Expr], at: Span) -> Expr:
    product = operands[0]
    for operand in operands[1:]:
        product = _multiply2(product, operand, at)
    return product


def _multiply2(a: Expr, b: Expr, at: Span) -> Expr:
    left, right = a.type, b.type
    if not (types.is_number(left) and types.is_number(right)):
        raise Rejected(say.wrong_operands("*", left, right, at))
    if _is_amount(_unit(left)) and _is_amount(_unit(right)):
        raise Rejected(say.money_times_money(left, right, at))
    unit = types.unit_product(_unit(left), _unit(right))
    if isinstance(left, Number) and isinstance(right, Number):
        lo, hi = corners(left.lo, left.hi, right.lo, right.hi)
        result: Number | Quotient = Number(left.integer and right.integer, unit, left.den * right.den, lo, hi)
    else:
        p, q = as_quotient(left), as_quotient(right)
        lo, hi = corners(p.lo, p.hi, q.lo, q.hi)
        result = Quotient(unit, lo, hi, p.den_hi * q.den_hi)
    return _chained("multiply", result, a, b, at)


def _is_amount(unit: Unit) -> bool:
    """Whether a unit has a currency in it to a power above zero."""
    return any(is_currency(name) and power > 0 for name, power in unit)


def is_currency(name: str) -> bool:
    """Whether a unit is a currency's code, or the currency that each decision names."""
    return name == "money" or name in CURRENCIES


def corners(a: int, b: int, c: int, d: int) -> tuple[int, int]:
    products = (a * c, a * d, b * c, b * d)
    return min(products), max(products)


def divide(a: Expr, b: Expr, at: Span) -> Expr:
    """`a / b`, exact: an ordinary number by a constant, a quotient by anything else."""
    left, right = a.type, b.type
    if not (types.is_number(left) and types.is_number(right)):
        raise Rejected(say.wrong_operands("/", left, right, at))
    unit = types.unit_product(_unit(left), _unit(right), -1)
    if is_zero(b) or _is_nothing(right):
        raise Rejected(say.always_divides_by_zero(at))
    by = constant_of(b)
    if by is not None and isinstance(left, Number):
        factor = number(1 / by, types.unit_product((), _unit(right), -1), integer=False)
        assert isinstance(factor.type, Number)
        lo, hi = corners(left.lo, left.hi, factor.type.lo, factor.type.hi)
        result = Number(False, unit, left.den * factor.type.den, lo, hi)
        return Call(bounded(result, at), "multiply", (a, factor))
    p, q = as_quotient(left), as_quotient(right)
    # (n1/d1) / (n2/d2) = n1*d2 / (d1*n2), the sign moved to the numerator
    low, high = corners(p.lo, p.hi, 1 if q.lo > 0 else -q.den_hi, q.den_hi)
    den_hi = p.den_hi * max(abs(q.lo), abs(q.hi), 1)
    never_zero = q.lo > 0 or q.hi < 0
    return Call(bounded(Quotient(unit, low, high, den_hi), at), "divide", (a, b), may_fail=not never_zero)


def _is_nothing(a: Type) -> bool:
    """Whether a number can only be 0."""
    return isinstance(a, Number) and a.lo == 0 == a.hi


def truncating(function: str, operator: str, a: Expr, b: Expr, at: Span) -> Expr:
    """`div(a, b)` and `a % b`: towards zero, the remainder has the sign of `a`."""
    left, right = a.type, b.type
    if not (isinstance(left, Number) and isinstance(right, Number)):
        raise Rejected(say.wrong_operands(operator, left, right, at))
    if _is_nothing(right):
        raise Rejected(say.always_divides_by_zero(at))
    never_zero = right.lo > 0 or right.hi < 0
    integer = left.integer and right.integer
    if function == "remainder":
        a, b = in_one_unit("%", a, b, at)
        left, right = a.type, b.type
        assert isinstance(left, Number)
        assert isinstance(right, Number)
        den = lcm(left.den, right.den)
        most = max(abs(right.lo), abs(right.hi)) * (den // right.den)
        result = Number(integer, left.unit, den, -most if left.lo < 0 else 0, most if left.hi > 0 else 0)
        return Call(result, "remainder", (a, b), may_fail=not never_zero)
    unit = types.unit_product(left.unit, right.unit, -1)
    smallest = 1 if never_zero is False else min(abs(right.lo), abs(right.hi))
    most = max(abs(left.lo), abs(left.hi)) * right.den // (left.den * max(1, smallest)) + 1
    call = checked_call("truncate_divide", Number(integer, unit, 1, -most, most), (a, b), at)
    return replace(call, may_fail=call.may_fail or not never_zero)


def compare(operator: str, a: Expr, b: Expr, at: Span) -> Expr:
    """`< <= > >=` of two numbers, limits, texts, timestamps or durations."""
    a, b = read_unlimited(a, b.type), read_unlimited(b, a.type)
    left, right = a.type, b.type
    function = COMPARISONS[operator]
    if isinstance(left, Limit) or isinstance(right, Limit):
        return Call(types.BOOL, "limit_" + function, as_limits(operator, a, b, at))
    if types.is_number(left) and types.is_number(right):
        a, b = in_one_unit(operator, a, b, at)
        return Call(types.BOOL, function, (a, b))
    same = left == right and left in (types.TIMESTAMP, types.DURATION, types.DATE, types.BYTES, types.BOOL)
    if same or (left == types.STRING and right == types.STRING):
        return Call(types.BOOL, function, (a, b))
    raise Rejected(say.wrong_operands(operator, left, right, at))


def as_limits(operator: str, a: Expr, b: Expr, at: Span) -> tuple[Expr, Expr]:
    """A limit and a number, or two limits, as two limits of one unit."""
    left, right = a.type, b.type
    a, b = as_limit(a, right), as_limit(b, left)
    if not (isinstance(a.type, Limit) and isinstance(b.type, Limit)):
        raise Rejected(say.wrong_operands(operator, left, right, at))
    if a.type.number.unit != b.type.number.unit:
        raise Rejected(say.unit_mismatch(operator, left, right, at))
    return a, b


def as_limit(a: Expr, other: Type) -> Expr:
    """A number read as a limit beside another limit."""
    if isinstance(a.type, Number) and isinstance(other, Limit):
        a = with_unit(a, other.number.unit)
        assert isinstance(a.type, Number)
        if isinstance(a, Const):
            return Const(Limit(a.type), a.value)
        return Call(Limit(a.type), "limit", (a,))
    return a


def joined_type(a: Type, b: Type) -> Type | None:
    """The type that holds the values of both, or None; units must be equal already."""
    if a is types.NEVER:
        return b
    if a is b or a == b:
        return a
    if isinstance(a, Number) and isinstance(b, Number) and a.unit == b.unit:
        return types.joined(a, b, a.unit)
    match a, b:
        case (Number() | Quotient(), Number() | Quotient()) if a.unit == b.unit:
            p, q = as_quotient(a), as_quotient(b)
            return Quotient(p.unit, min(p.lo, q.lo), max(p.hi, q.hi), max(p.den_hi, q.den_hi))
        case (Limit(), Limit()) if a.number.unit == b.number.unit:
            return Limit(types.joined(a.number, b.number, a.number.unit))
        case (Limit(), Number()) if a.number.unit == b.unit:
            return Limit(types.joined(a.number, b, b.unit))
        case (Number(), Limit()):
            return joined_type(b, a)
        case (types.Enum(), types.Enum()):
            return a if set(b.members) <= set(a.members) else b if set(a.members) <= set(b.members) else types.STRING
        case (types.Enum(), types.STRING) | (types.STRING, types.Enum()):
            return types.STRING
        case (types.NEVER, _):
            return b
        case (_, types.NEVER):
            return a
        case (types.Optional(), types.Optional()):
            inner = joined_type(a.item, b.item)
            return inner and types.Optional(inner)
        case (types.Optional(), _):
            inner = joined_type(a.item, b)
            return inner and types.Optional(inner)
        case (_, types.Optional()):
            return joined_type(b, a)
        case (types.List(), types.List()):
            inner = joined_type(a.item, b.item)
            return inner and types.List(inner, max(a.max, b.max))
        case (types.Map(), types.Map()):
            key, value = joined_type(a.key, b.key), joined_type(a.value, b.value)
            return key and value and types.Map(key, value)
        case (types.Record(), types.Record()) if [n for n, _ in a.fields] == [n for n, _ in b.fields]:
            inner_types = [joined_type(x, y) for (_, x), (_, y) in zip(a.fields, b.fields, strict=True)]
            if any(t is None for t in inner_types):
                return None
            names = [n for n, _ in a.fields]
            return types.Record(a.name, tuple((n, t) for n, t in zip(names, inner_types, strict=True) if t))
    return None


def coerced(a: Expr, to: Type) -> Expr:
    """`a` as a value of a type that holds it: `convert` rescales in generated code and changes an int to a decimal."""
    if a.type is to or a.type == to:
        return a
    if isinstance(a, Const):
        if isinstance(a.type, Number) and isinstance(to, Number) and a.value * to.den % a.type.den == 0:
            return Const(to, a.value * to.den // a.type.den)
        if a.value is None and isinstance(to, types.Optional):
            return Const(to, None)
    return Call(to, "convert", (a,))


def choose(condition: Expr, then: Expr, otherwise: Expr, at: Span) -> Expr:
    """`condition ? then : otherwise`, both branches of one type."""
    then, otherwise = read_unlimited(then, otherwise.type), read_unlimited(otherwise, then.type)
    if types.is_number(then.type) and types.is_number(otherwise.type):
        then, otherwise = with_unit(then, _unit(otherwise.type)), with_unit(otherwise, _unit(then.type))
        if _unit(then.type) != _unit(otherwise.type):
            raise Rejected(say.unit_mismatch("?:", then.type, otherwise.type, at))
    result = joined_type(then.type, otherwise.type)
    if result is None:
        raise Rejected(say.branches_differ(then.type, otherwise.type, at))
    return If(result, condition, coerced(then, result), coerced(otherwise, result))


def extreme(function: str, operands: list[Expr], at: Span, name: str = "") -> Expr:
    """`min` and `max` of numbers, limits, timestamps or durations; `name` is what the author wrote."""
    best = operands[0]
    for operand in operands[1:]:
        best = _extreme2(function, best, operand, at, name or function)
    return best


def _extreme2(function: str, a: Expr, b: Expr, at: Span, name: str) -> Expr:
    a, b = read_unlimited(a, b.type), read_unlimited(b, a.type)
    if isinstance(a.type, Limit) or isinstance(b.type, Limit):
        a, b = as_limits(name, a, b, at)
        joint = joined_type(a.type, b.type)
        assert isinstance(joint, Limit)
        return Call(joint, "limit_" + function, (coerced(a, joint), coerced(b, joint)))
    if a.type == b.type and a.type in (types.TIMESTAMP, types.DURATION, types.DATE):
        return Call(a.type, function, (a, b))
    a, b = in_one_unit(name, a, b, at)
    joint = joined_type(a.type, b.type)
    assert joint is not None
    if isinstance(joint, Number):
        x, y = coerced(a, joint), coerced(b, joint)
        assert isinstance(a.type, Number)
        assert isinstance(b.type, Number)
        p, q = types.rescaled(a.type, joint.den), types.rescaled(b.type, joint.den)
        pick = min if function == "min" else max
        return Call(replace(joint, lo=pick(p.lo, q.lo), hi=pick(p.hi, q.hi)), function, (x, y))
    return Call(joint, function, (coerced(a, joint), coerced(b, joint)))


def rounded(a: Expr, places: int, mode: str, at: Span) -> Expr:
    """`round(a, places, mode)` for constant places; the result has exactly those places."""
    if not types.is_number(a.type):
        raise Rejected(say.wrong_operand("round", a.type, at))
    den = 10**places if places > 0 else 1
    t = a.type
    assert isinstance(t, (Number, Quotient))
    if isinstance(t, Number) and places >= 0 and den % t.den == 0:
        return a  # nothing to drop
    step = 10 ** max(0, -places)  # negative places round to tens, hundreds ...
    if isinstance(t, Number):
        low = t.lo * den // (t.den * step) * step
        high = -(-t.hi * den // (t.den * step)) * step
    else:  # its run-time denominator is at least 1
        low, high = min(t.lo, 0) * den // step * step, -(-max(t.hi, 0) * den // step) * step
    result = Number(isinstance(t, Number) and t.integer, t.unit, den, low, high)
    arguments = (a, Const(types.integer(places, places), places), Const(types.STRING, mode))
    return checked_call("round", result, arguments, at)


def rounded_by(a: Expr, places: Expr, most: int, mode: str, at: Span) -> Expr:
    """`round(a, places, mode)` for places that are known only at evaluation, at most `most` and not negative."""
    t = a.type
    if not isinstance(t, (Number, Quotient)):
        raise Rejected(say.wrong_operand("round", t, at))
    den = 10**most
    if isinstance(t, Number):
        low, high = t.lo // t.den * den, -(-t.hi // t.den) * den
    else:
        low, high = min(t.lo, 0) * den, max(t.hi, 0) * den
    result = Number(False, t.unit, den, low, high)
    return Call(bounded(result, at), "round_by", (a, places, Const(types.STRING, mode)))


def whole(function: str, a: Expr, at: Span) -> Expr:
    """`floor` and `ceil`: the nearest whole number below or above, as an int."""
    if not types.is_number(a.type):
        raise Rejected(say.wrong_operand(function, a.type, at))
    t = a.type
    assert isinstance(t, (Number, Quotient))
    if isinstance(t, Number):
        low, high = t.lo // t.den, -(-t.hi // t.den)
    else:
        low, high = min(t.lo, 0), max(t.hi, 0)
    return checked_call(function, Number(True, t.unit, 1, low, high), (a,), at)


def absolute(a: Expr, at: Span) -> Expr:
    t = a.type
    if isinstance(t, Number):
        most = max(abs(t.lo), abs(t.hi))
        least = 0 if t.lo <= 0 <= t.hi else min(abs(t.lo), abs(t.hi))
        return checked_call("abs", replace(t, lo=least, hi=most), (a,), at)
    if isinstance(t, Quotient):
        return Call(replace(t, lo=0, hi=max(abs(t.lo), abs(t.hi))), "abs", (a,))
    raise Rejected(say.wrong_operand("abs", t, at))


def narrowed(a: Expr, lo: int | None = None, hi: int | None = None) -> Expr:
    """The same value with a tighter range that the caller has proved: whole bounds."""
    t = a.type
    if not isinstance(t, Number):
        return a
    low = t.lo if lo is None else max(t.lo, lo * t.den)
    high = t.hi if hi is None else min(t.hi, hi * t.den)
    return replace(a, type=replace(t, lo=low, hi=high))


def allocated(total: Expr, weights: Expr, places: int, at: Span) -> Expr:
    """`allocate(total, weights, places)`: shares by weight that add up to the total, by largest remainder."""
    if not isinstance(total.type, Number) or not isinstance(weights.type, types.List):
        raise Rejected(say.wrong_operands("allocate", total.type, weights.type, at))
    item = weights.type.item
    if not isinstance(item, Number) or item.lo < 0:
        raise Rejected(
            say.wrong_operand("allocate", weights.type, at, "weights are never negative: declare them with `min: 0`")
        )
    den = 10**places
    if den % total.type.den:
        raise Rejected(say.expected_type(f"a total of at most {places} places", total.type, at, "round it first"))
    whole = types.rescaled(total.type, den)
    share = replace(whole, integer=False, lo=min(0, whole.lo), hi=max(0, whole.hi))
    constant = Const(types.integer(places, places), places)
    return Call(types.List(share, weights.type.max), "allocate", (total, weights, constant), may_fail=True)


def drawn(total: Expr, capacities: Expr, at: Span) -> Expr:
    """`draw(total, capacities)`: what a total takes from each capacity, one after another."""
    if not isinstance(total.type, Number) or not isinstance(capacities.type, types.List):
        raise Rejected(say.wrong_operands("draw", total.type, capacities.type, at))
    item = capacities.type.item
    if not isinstance(item, Number) or item.unit != total.type.unit:
        raise Rejected(say.wrong_operands("draw", total.type, capacities.type, at))
    if item.lo < 0 or total.type.lo < 0:
        raise Rejected(
            say.wrong_operand(
                "draw", item if item.lo < 0 else total.type, at, "it is never negative: declare it with `min: 0`"
            )
        )
    joint = types.joined(total.type, item, item.unit)
    part = replace(joint, lo=0)
    most = types.List(part, capacities.type.max)
    return Call(most, "draw", (coerced(total, part), coerced(capacities, most)))
