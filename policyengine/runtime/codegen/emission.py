"""The built-in operations as generated code: one function an operation, and the table of them.

An operation is given the writer and the call; its arguments are ints over the static denominators of their types, and
so is its result. `meaning.py` says what the operations mean; this file says how to do them fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import gcd, lcm

from policyengine.runtime.codegen import emission_limits, support
from policyengine.runtime.codegen.writer import Val, Writer, as_built, is_pair
from policyengine.runtime.program import Call, Const, Expr
from policyengine.values import types
from policyengine.values.rounding import BY_MODE
from policyengine.values.types import Limit, Number, Quotient, Type

Operation = Callable[[Writer, Call], Val]


def _times(a: str, b: str) -> str:
    """Product of two codes, without the factor 1."""
    if a == "1":
        return b
    return a if b == "1" else f"{a} * {b}"


def _add(w: Writer, expr: Call) -> Val:
    if isinstance(expr.type, Quotient):
        sign = -1 if expr.function == "subtract" else 1

        def build_pair(values: list[Val]) -> tuple[str, str]:
            n, d = w.pair(values[0])
            for v in values[1:]:
                m, e = w.pair(v)
                word = "-" if sign < 0 else "+"
                if d == e:
                    n = f"({n} {word} {m})"
                else:
                    n, d = f"({_times(n, e)} {word} {_times(m, d)})", f"({_times(d, e)})"
            return n, d

        return w.strict(expr.type, expr.arguments, build_pair)
    growth = _growth(w, expr)
    if growth is not None:
        return growth
    assert isinstance(expr.type, Number)
    den = expr.type.den
    word = " - " if expr.function == "subtract" else " + "
    if expr.may_fail and len(expr.arguments) > 2:
        return _stepwise(w, expr, word)
    return w.strict(
        expr.type,
        expr.arguments,
        lambda values: "(" + word.join(w.scaled(v, den) for v in values) + ")",
        w.checked(expr),
    )


def _growth(w: Writer, expr: Call) -> Val | None:
    """The graduated price of one quantity less that of another by the same tiers, in one step; else None."""
    after, before = w.behind(expr.arguments[0]), w.behind(expr.arguments[-1])
    if not (
        expr.function == "subtract"
        and isinstance(after, Call)
        and isinstance(before, Call)
        and after.function == before.function == "graduated"
        and after.arguments[0] == before.arguments[0]
        and _same_den(after, before)
        and _same_den(after.arguments[1], before.arguments[1])
    ):
        return None
    quantity = after.arguments[1].type
    assert isinstance(quantity, Number)
    schedule, den = w.tiers(after.arguments[0], quantity.den)

    def build(values: list[Val]) -> str:
        after, before, edges, tier, name = (w.fresh() for _ in range(5))
        w.line(f"{after} = {w.scaled(values[0], den)}; {before} = {w.scaled(values[1], den)}")
        w.line(f"{edges} = {schedule.code}[0]; {tier} = B({edges}, {after})")
        w.line(f"if {before} <= {after} and (not {tier} or {before} > {edges}[{tier} - 1]):")
        w.line(f" {name} = ({after} - {before}) * {schedule.code}[1][{tier}]")
        w.line(f"else: {name} = T.graduated_growth({schedule.code}, {after}, {before})")
        return name

    return w.strict(expr.type, (after.arguments[1], before.arguments[1]), build, beside=(schedule,))


def _same_den(a: Expr, b: Expr) -> bool:
    return isinstance(a.type, Number) and isinstance(b.type, Number) and a.type.den == b.type.den


def _stepwise(w: Writer, expr: Call, word: str) -> Val:
    """A long int sum or product that may overflow: each step is checked, as if it were written alone."""
    step = "S.checked_sum" if word == " + " else "S.checked_product"
    values = [w.emit(a) for a in expr.arguments]
    if not any(v.fails for v in values):
        return w.strict(expr.type, expr.arguments, lambda v: f"{step}(({', '.join(x.code for x in v)},))", as_built)
    name = w.fresh()
    w.line(f"{name} = {values[0].code}")
    for v in values[1:]:  # a step that overflows fails before the operands after it are asked
        w.line(f"{name} = S.step({step}, {name}, {v.code})")
    return Val(name, expr.type, True)


def _multiply(w: Writer, expr: Call) -> Val:
    if isinstance(expr.type, Quotient):

        def build_pair(values: list[Val]) -> tuple[str, str]:
            pairs = [w.pair(v) for v in values]
            n, d = pairs[0]
            for m, e in pairs[1:]:
                n, d = _times(n, m), _times(d, e)
            return f"({n})", f"({d})" if not d.isidentifier() and not d.isdigit() else d

        return w.strict(expr.type, expr.arguments, build_pair)
    if expr.may_fail and len(expr.arguments) > 2:
        return _stepwise(w, expr, " * ")
    return w.strict(
        expr.type,
        expr.arguments,
        lambda values: (
            "(" + " * ".join(v.code for v in values if v.code != "1" or len(values) == 1) + ")"
            if any(v.code != "1" for v in values)
            else "1"
        ),
        w.checked(expr),
    )


def _divide(w: Writer, expr: Call) -> Val:
    divisor = expr.arguments[1].type
    low = divisor.lo if isinstance(divisor, Number | Quotient) else 0

    def build(values: list[Val]) -> tuple[str, str]:
        (an, ad), (bn, bd) = w.pair(values[0]), w.pair(values[1])
        return f"({_times(an, bd)})", f"({_times(ad, bn)})"

    def sign(name: str, below: str) -> list[str]:
        return [] if low >= 0 else [f"if {below} < 0: {name} = -{name}; {below} = -{below}"]

    if low > 0:
        return w.strict(expr.type, expr.arguments, build)
    guard = (lambda values: f"{values[1].code} == 0") if expr.may_fail else None
    v = w.strict(expr.type, expr.arguments, build, sign, guard)
    return v if expr.may_fail or any(w.emit(a).fails for a in expr.arguments) else replace(v, fails=False)


def _truncating(w: Writer, expr: Call) -> Val:
    a, b = expr.arguments[0].type, expr.arguments[1].type
    assert isinstance(a, Number)
    assert isinstance(b, Number)
    assert isinstance(expr.type, Number)
    den = lcm(a.den, b.den)
    positive = a.lo >= 0 and b.lo > 0
    modulo = expr.function == "remainder"

    def build(values: list[Val]) -> str:
        x, y = w.scaled(values[0], den), w.scaled(values[1], den)
        if modulo:
            rest = f"({x} % {y})" if positive else f"S.remainder({x}, {y})"
            return rest
        return f"({x} // {y})" if positive else f"S.truncate({x}, {y})"

    never_zero = b.lo > 0 or b.hi < 0
    guard = None if never_zero else (lambda values: f"{values[1].code} == 0")
    wide = Number(True, lo=types.INT64_MIN, hi=types.INT64_MAX)
    bounded = not expr.type.integer or (expr.type.lo > wide.lo and expr.type.hi < wide.hi)
    settle = None if bounded or not expr.may_fail else w.checked(expr)
    return w.strict(expr.type, expr.arguments, build, settle, guard)


def _negate(w: Writer, expr: Call) -> Val:
    if isinstance(expr.type, Quotient):
        return w.strict(expr.type, expr.arguments, lambda v: (f"(-{v[0].code})", v[0].below))
    if expr.type == types.DURATION:
        return w.strict(expr.type, expr.arguments, lambda v: f"S.span(-{v[0].code})", as_built)
    return w.strict(expr.type, expr.arguments, lambda v: f"(-{v[0].code})", w.checked(expr))


def _abs(w: Writer, expr: Call) -> Val:
    if isinstance(expr.type, Quotient):
        return w.strict(expr.type, expr.arguments, lambda v: (f"abs({v[0].code})", v[0].below))
    return w.strict(expr.type, expr.arguments, lambda v: f"abs({v[0].code})", w.checked(expr))


def _floor(w: Writer, expr: Call) -> Val:
    def build(values: list[Val]) -> str:
        n, d = w.pair(values[0])
        if d == "1":
            return n
        return f"({n} // {d})" if expr.function == "floor" else f"(-(-{n} // {d}))"

    return w.strict(expr.type, expr.arguments, build, w.checked(expr))


def _round(w: Writer, expr: Call) -> Val:
    amount, places, mode = expr.arguments
    assert isinstance(places, Const)
    assert isinstance(mode, Const)
    assert isinstance(expr.type, Number)
    up, step = (10**places.value, 1) if places.value >= 0 else (1, 10**-places.value)
    low = amount.type.lo if isinstance(amount.type, Number | Quotient) else -1

    def build(values: list[Val]) -> str:
        n, d = w.pair(values[0])
        if isinstance(amount.type, Quotient):
            code = _division(w, _times(n, str(up)), _times(d, str(step)), mode.value, low)
        else:
            below = int(d) * step
            common = gcd(up, below)
            code = _division(w, _times(n, str(up // common)), str(below // common), mode.value, low)
        return f"({code})" if step == 1 else f"({code} * {step})"

    return w.strict(expr.type, (amount,), build, w.checked(expr))


def _round_by(w: Writer, expr: Call) -> Val:
    amount, places, mode = expr.arguments
    assert isinstance(mode, Const)
    assert isinstance(expr.type, Number)
    run = w.bind(BY_MODE[mode.value], ("round", mode.value))
    den = expr.type.den

    def build(values: list[Val]) -> str:
        n, d = w.pair(values[0])
        if d.isdigit() and isinstance(places.type, Number) and 0 <= places.type.lo <= places.type.hi <= 20:
            most = int(places.type.hi)
            if mode.value == "half_up":
                return _half_up_by(w, n, int(d), den, most, values[1].code)
            steps = support.rounding_steps(int(d), den, most, BY_MODE[mode.value])
            return f"{w.bind(steps, ('steps', d, den, most, mode.value))}[{values[1].code}]({n})"
        return f"S.round_by({n}, {d}, {values[1].code}, {den}, {run})"

    return w.strict(expr.type, (amount, places), build)


def _half_up_by(w: Writer, n: str, d: int, den: int, most: int, places: str) -> str:
    """n / d rounded half up to so many places, over `den`, without a call."""
    parts = support.half_up_parts(d, den, most)
    number, up, half, down, back = (w.fresh() for _ in range(5))
    raised = n if all(part[0] == 1 for part in parts) else f"{n} * {up}"
    w.line(f"{up}, {half}, {down}, {back} = {w.through(places, parts, ('half up', d, den, most))}")
    w.line(f"{number} = {raised}")
    return f"(({number} + {half}) // {down} * {back} if {number} >= 0 else ({half} - {number}) // {down} * -{back})"


def _division(w: Writer, n: str, d: str, mode: str, low: int) -> str:
    """n / d rounded; the commonest modes are written in line, as a call takes twice the time."""
    if d == "1":
        return n
    if mode == "half_up":
        return _half_up(w, n, d, low)
    if mode == "floor" or (mode == "down" and low >= 0):
        return f"({n}) // ({d})"
    run = w.bind(BY_MODE[mode], ("round", mode))
    return f"{run}({n}, {d})"


def _half_up(w: Writer, n: str, d: str, low: int) -> str:
    """n / d rounded half away from zero: half of the divisor is added. That of an odd one is rounded down, which
    changes nothing, as no quotient by it lies halfway."""
    if not d.isidentifier() and not d.isdigit():
        d = w.named(d)
    half = str(int(d) // 2) if d.isdigit() else f"{d} // 2"
    if low >= 0:
        return f"({n} + {half}) // {d}"
    n = w.named(n)
    return f"(({n} + {half}) // {d} if {n} >= 0 else -(({half} - {n}) // {d}))"


def _compare(sign: str) -> Operation:
    def operation(w: Writer, expr: Call) -> Val:
        def build(values: list[Val]) -> str:
            a, b = values
            if a.below or b.below:
                (an, ad), (bn, bd) = w.pair(a), w.pair(b)
                return f"({_times(an, bd)} {sign} {_times(bn, ad)})"
            if isinstance(a.type, Number) and isinstance(b.type, Number):
                den = lcm(a.type.den, b.type.den)
                return f"({w.scaled(a, den)} {sign} {w.scaled(b, den)})"
            return f"({a.code} {sign} {b.code})"

        return w.strict(types.BOOL, expr.arguments, build)

    return operation


def _extreme(w: Writer, expr: Call) -> Val:
    if not isinstance(expr.type, Quotient):
        return _number_extreme(w, expr)
    a, b = (w.stored(w.emit(x)) for x in expr.arguments)
    name = w.fresh()
    (an, ad), (bn, bd) = w.pair(a), w.pair(b)
    sign = "<=" if expr.function == "min" else ">="
    word = "if"
    for v in (a, b):
        if v.fails:
            w.line(f"{word} {v.code}.__class__ is F: {name} = {v.code}; {name}d = 1")
            word = "elif"
    w.line(f"{word} {_times(an, bd)} {sign} {_times(bn, ad)}: {name} = {an}; {name}d = {ad}")
    w.line(f"else: {name} = {bn}; {name}d = {bd}")
    return Val(name, expr.type, a.fails or b.fails, name + "d")


def _number_extreme(w: Writer, expr: Call) -> Val:
    """The smaller or greater of two numbers as a comparison, which takes a third of the time of a call."""
    sign = "<" if expr.function == "min" else ">"
    if len(expr.arguments) != 2 or any(v.fails for v in map(w.emit, expr.arguments)):
        return w.strict(expr.type, expr.arguments, lambda v: f"{expr.function}({', '.join(x.code for x in v)})")
    a, b = (w.stored(w.emit(argument)) for argument in expr.arguments)
    return Val(f"({b.code} if {b.code} {sign} {a.code} else {a.code})", expr.type, depth=1)


def _convert(w: Writer, expr: Call) -> Val:
    source, target = expr.arguments[0].type, expr.type
    if is_pair(target):
        return w.strict(target, expr.arguments, lambda v: _as_pair(w, v[0]))
    return w.strict(target, expr.arguments, lambda v: _rescaling(w, v[0].code, source, target))


def _as_pair(w: Writer, v: Val) -> tuple[str, str]:
    inner = v.type.item if isinstance(v.type, types.Optional) else v.type
    return w.pair(v if v.below else replace(v, type=inner))


def _or_value(w: Writer, expr: Call) -> Val:
    def build(values: list[Val]) -> str | tuple[str, str]:
        maybe, fallback = values
        if not is_pair(expr.type):
            return f"({fallback.code} if {_is_absent(maybe.code)} else {maybe.code})"
        (n, d), (m, e) = _as_pair(w, maybe), _as_pair(w, fallback)
        return f"({m} if {_is_absent(n)} else {n})", f"({e} if {_is_absent(n)} else {d})"

    return w.strict(expr.type, expr.arguments, build)


def _is_literal(code: str) -> bool:
    """Whether a code is a number: Python warns of one that is asked whether it is None."""
    return code.strip("(-)").isdigit()


def _is_absent(code: str) -> str:
    return "False" if _is_literal(code) else f"({code} is None)"


def _is_there(code: str) -> str:
    return "True" if _is_literal(code) else f"({code} is not None)"


def _present(w: Writer, expr: Call) -> Val:
    if is_pair(expr.type):
        return w.strict(expr.type, expr.arguments, lambda v: _as_pair(w, v[0]))
    return w.strict(expr.type, expr.arguments, lambda v: v[0].code)


def _rescaling(w: Writer, code: str, source: Type, target: Type) -> str:
    """Code that brings a held value from one type to another that holds it."""
    match source, target:
        case (Number(), Number()):
            return w.scaled(Val(code, source), target.den)
        case (Limit(), Limit()):
            factor = target.number.den // source.number.den
            return code if factor == 1 else f"S.limit_scaled({code}, {factor})"
        case (Number(), Limit()):
            return w.scaled(Val(code, source), target.number.den)
        case (types.Optional(), types.Optional()):
            inner = _rescaling(w, "x", source.item, target.item)
            return code if inner == "x" else f"(None if (x := {code}) is None else {inner})"
        case (_, types.Optional()):
            return _rescaling(w, code, source, target.item)
        case (types.List(), types.List()):
            name = f"i{code.count('for ')}"
            inner = _rescaling(w, name, source.item, target.item)
            return code if inner == name else f"tuple([{inner} for {name} in {code}])"
        case (types.Map(), types.Map()):
            inner = _rescaling(w, "i", source.value, target.value)
            return code if inner == "i" else f"{{k: {inner} for k, i in {code}.items()}}"
        case (types.Record(), types.Record()):
            name = "r"
            pairs = zip(source.fields, target.fields, strict=True)
            parts = [_rescaling(w, f"{name}[{i}]", a, b) for i, ((_, a), (_, b)) in enumerate(pairs)]
            if all(part == f"{name}[{i}]" for i, part in enumerate(parts)):
                return code
            return f"(lambda {name}: ({', '.join(parts)},))({code})"
    return code


def _limit_compare(template: str) -> Operation:
    def operation(w: Writer, expr: Call) -> Val:
        a, b = expr.arguments[0].type, expr.arguments[1].type
        assert isinstance(a, Limit)
        assert isinstance(b, Limit)
        den = lcm(a.number.den, b.number.den)

        def build(values: list[Val]) -> str:
            x, y = (_limit_scaled(v.code, den // t.number.den) for v, t in zip(values, (a, b), strict=True))
            return template.format(x, y)

        return w.strict(expr.type, expr.arguments, build)

    return operation


def _limit_scaled(code: str, factor: int) -> str:
    return code if factor == 1 else f"S.limit_scaled({code}, {factor})"


def _limit_extreme(w: Writer, expr: Call) -> Val:
    lower = expr.function == "limit_min"

    def build(values: list[Val]) -> str:
        a, b = (v.code for v in values)
        test = f"S.limit_below({b}, {a})" if lower else f"S.limit_below({a}, {b})"
        return f"({b} if {test} else {a})"

    return w.strict(expr.type, expr.arguments, build)


def _limit_subtract(w: Writer, expr: Call) -> Val:
    a, b = expr.arguments[0].type, expr.arguments[1].type
    assert isinstance(a, Limit)
    assert isinstance(b, Number)
    assert isinstance(expr.type, Limit)
    den = expr.type.number.den

    def build(values: list[Val]) -> str:
        x = values[0].code
        return f"({x} if {x} == {unlimited} else {_number_scaled(x, den // a.number.den)} - {w.scaled(values[1], den)})"

    unlimited = w.bind(types.UNLIMITED, ("str", types.UNLIMITED))
    return w.strict(expr.type, expr.arguments, build)


def _number_scaled(code: str, factor: int) -> str:
    return code if factor == 1 else f"{code} * {factor}"


def _text(w: Writer, expr: Call) -> Val:
    source = expr.arguments[0].type

    def build(values: list[Val]) -> str:
        code = values[0].code
        if isinstance(source, Number | Limit):
            den = source.den if isinstance(source, Number) else source.number.den
            return f"S.number_text({code}, {den})"
        if source == types.TIMESTAMP:
            return f"S.timestamp_text({code})"
        if source == types.DATE:
            return f"S.day_text({code})"
        if source == types.DURATION:
            return f"S.duration_text({code})"
        if source == types.BOOL:
            return f"({w.bind('true', ('str', 'true'))} if {code} else {w.bind('false', ('str', 'false'))})"
        return code

    return w.strict(expr.type, expr.arguments, build)


def _tiered(function: str) -> Operation:
    def operation(w: Writer, expr: Call) -> Val:
        quantity_type = expr.arguments[1].type
        assert isinstance(quantity_type, Number)
        schedule, den = w.tiers(expr.arguments[0], quantity_type.den)
        flags = "".join(f", {bool(a.value)}" for a in expr.arguments[2:] if isinstance(a, Const))

        def build(values: list[Val]) -> str:
            quantity = w.scaled(values[0], den)
            if function == "graduated":
                code = _graduated(w, schedule.code, quantity)
            else:
                code = f"T.{function}({schedule.code}, {quantity}{flags})"
            if not isinstance(expr.type, Number):
                return code
            t = expr.arguments[0].type
            assert isinstance(t, types.Tiers)
            own = {"tier_index": 1, "graduated": t.rate.den * den, "volume": t.rate.den * den}.get(function, t.flat.den)
            assert own == expr.type.den
            return code

        return w.strict(expr.type, (expr.arguments[1],), build, beside=(schedule,))

    return operation


def _graduated(w: Writer, schedule: str, quantity: str) -> str:
    """Every part of the quantity at the rate of its tier; in line, as a call takes longer than the price itself."""
    quantity, tier = w.named(quantity), w.fresh()
    w.line(f"{tier} = B({schedule}[0], {quantity})")
    return f"({schedule}[3][{tier}] + {quantity} * {schedule}[1][{tier}])"


def _free_tier(w: Writer, expr: Call) -> Val:
    """A schedule with a free tier in front, its bounds over the denominator of the result."""
    own, made = expr.arguments[0].type, expr.type
    assert isinstance(own, types.Tiers)
    assert isinstance(made, types.Tiers)
    assert (own.rate.den, own.flat.den) == (made.rate.den, made.flat.den)
    factor, den = made.bound.den // own.bound.den, made.bound.den
    return w.strict(made, expr.arguments, lambda v: f"T.free_tier({v[0].code}, {factor}, {w.scaled(v[1], den)})")


def _simple(template: str, may_fail: bool = False) -> Operation:
    """An operation written as a format of its arguments' codes."""

    def operation(w: Writer, expr: Call) -> Val:
        settle = as_built if may_fail else None
        return w.strict(expr.type, expr.arguments, lambda v: template.format(*(x.code for x in v)), settle)

    return operation


def _bounded(w: Writer, expr: Call) -> Val:
    target = expr.type
    assert isinstance(target, Number)

    def build(values: list[Val]) -> str:
        return f"S.bounded({w.scaled(values[0], target.den)}, {target.lo}, {target.hi})"

    return w.strict(target, expr.arguments, build, as_built)


def _sum(w: Writer, expr: Call) -> Val:
    return w.strict(expr.type, expr.arguments, lambda v: f"sum({v[0].code})", w.checked(expr))


def _optional_field(w: Writer, expr: Call) -> Val:
    target, name = expr.arguments
    assert isinstance(target.type, types.Optional)
    assert isinstance(target.type.item, types.Record)
    assert isinstance(name, Const)
    position = [n for n, _ in target.type.item.fields].index(name.value)

    def build(values: list[Val]) -> str:
        code = values[0].code
        return f"(None if {code} is None else {code}[{position}])"

    return w.strict(expr.type, (target,), build)


def _allocate(w: Writer, expr: Call) -> Val:
    """The total in whole units of the last place; weights matter only by their ratio."""
    assert isinstance(expr.type, types.List)
    share = expr.type.item
    assert isinstance(share, Number)
    den = share.den

    def build(values: list[Val]) -> str:
        return f"S.allocate({w.scaled(values[0], den)}, {values[1].code})"

    return w.strict(expr.type, expr.arguments[:2], build, as_built)


def _limit_or(w: Writer, expr: Call) -> Val:
    """A limit's number, or another one where it is unlimited."""
    limit, target = expr.arguments[0].type, expr.type
    assert isinstance(limit, Limit)
    assert isinstance(target, Number)
    factor = target.den // limit.number.den

    def build(values: list[Val]) -> str:
        own, other = values[0].code, w.scaled(values[1], target.den)
        return f"({other} if {own} == {types.UNLIMITED!r} else {_times(own, str(factor))})"

    return w.strict(target, expr.arguments, build)


def _scale_duration(w: Writer, expr: Call) -> Val:
    """Whole nanoseconds, towards minus infinity."""
    factor = expr.arguments[1].type
    assert isinstance(factor, Number)
    den = "" if factor.den == 1 else f" // {factor.den}"
    return w.strict(expr.type, expr.arguments, lambda v: f"S.span({_times(v[0].code, v[1].code)}{den})", as_built)


def _backoff(w: Writer, expr: Call) -> Val:
    multiplier = expr.arguments[1].type
    assert isinstance(multiplier, Number)

    def build(values: list[Val]) -> str:
        base, factor, number, cap = (v.code for v in values)
        return f"S.backoff({base}, {factor}, {multiplier.den}, {number}, {cap})"

    return w.strict(expr.type, expr.arguments, build)


def _equals_any(w: Writer, expr: Call) -> Val:
    """A value of any type is held exactly; the other side is brought to that form."""

    def build(values: list[Val]) -> str:
        sides = [
            f"S.exact({v.code}, {v.type.den})" if isinstance(v.type, Number) and not v.type.integer else v.code
            for v in values
        ]
        return f"S.same_value({sides[0]}, {sides[1]})"

    return w.strict(types.BOOL, expr.arguments, build)


OPERATIONS: dict[str, Operation] = {
    "add": _add,
    "subtract": _add,
    "multiply": _multiply,
    "divide": _divide,
    "truncate_divide": _truncating,
    "remainder": _truncating,
    "negate": _negate,
    "abs": _abs,
    "floor": _floor,
    "ceil": _floor,
    "round": _round,
    "round_by": _round_by,
    "min": _extreme,
    "max": _extreme,
    "sum": _sum,
    "min_of": _simple("S.least({})", may_fail=True),
    "max_of": _simple("S.most({})", may_fail=True),
    "convert": _convert,
    "lt": _compare("<"),
    "le": _compare("<="),
    "gt": _compare(">"),
    "ge": _compare(">="),
    "eq": _compare("=="),
    "not": _simple("(not {})"),
    "limit": _convert,
    "limit_lt": _limit_compare("S.limit_below({0}, {1})"),
    "limit_le": _limit_compare("(not S.limit_below({1}, {0}))"),
    "limit_gt": _limit_compare("S.limit_below({1}, {0})"),
    "limit_ge": _limit_compare("(not S.limit_below({0}, {1}))"),
    "limit_min": _limit_extreme,
    "limit_max": _limit_extreme,
    "limit_subtract": _limit_subtract,
    "parse_duration": _simple("S.parse_duration({})", may_fail=True),
    "limit_or": _limit_or,
    "limit_add": emission_limits.add,
    "limit_multiply": emission_limits.multiply,
    "limit_cut": emission_limits.cut,
    "within": emission_limits.within,
    "order_by": _simple("S.order_by({}, {}, {})"),
    "parse_decimal": _simple("S.parse_decimal({})", may_fail=True),
    "parse_int": _simple("S.parse_int({})", may_fail=True),
    "epoch_seconds": _simple("({} // 1000000000)"),
    "allocate": _allocate,
    "draw": _simple("S.draw({}, {})"),
    "equals_any": _equals_any,
    "is_present": lambda w, expr: w.strict(expr.type, expr.arguments, lambda v: _is_there(v[0].code)),
    "or_value": _or_value,
    "present": _present,
    "optional_field": _optional_field,
    "concat": lambda w, expr: w.strict(expr.type, expr.arguments, lambda v: f"({' + '.join(x.code for x in v)})"),
    "append": _simple("(*{}, {})"),
    "size": _simple("len({})"),
    "item": _simple("S.item({}, {})", may_fail=True),
    "optional_item": _simple("S.optional_item({}, {})"),
    "value_of": _simple("S.value_of({}, {})", may_fail=True),
    "optional_value": _simple("{}.get({})"),
    "in_list": _simple("({} in {})"),
    "in_map": _simple("({} in {})"),
    "bounded": _bounded,
    "scale_duration": _scale_duration,
    "backoff": _backoff,
    "hash_fraction": _simple("S.hash_fraction({})"),
    "given_part": _simple("S.given_part({}, {})", may_fail=True),
    "stretches": _simple("S.stretches({}, {}, {}, {})", may_fail=True),
    "override_dates": _simple("W.override_dates(o, {})"),
    "sort_by": _simple("S.sort_by({}, {}, {})", may_fail=True),
    "keys": _simple("tuple({})"),
    "entries": _simple("tuple({}.items())"),
    "map_of_entries": _simple("dict({})"),
    "merged": _simple("S.merged({})", may_fail=True),
    "present_items": _simple("S.present_items({})"),
    "present_entries": _simple("S.present_entries({})"),
    "in_order": _simple("S.in_order({}, {})"),
    "present_value": _simple("S.present_value({})", may_fail=True),
    "sum_durations": _simple("S.span(sum({}))", may_fail=True),
    "text": _text,
    "graduated": _tiered("graduated"),
    "graduated_flat": _tiered("graduated_flat"),
    "volume": _tiered("volume"),
    "volume_flat": _tiered("volume_flat"),
    "free_tier": _free_tier,
    "tier_index": _tiered("tier_index"),
    "seconds_between": _simple("({1} - {0})"),
    "time_between": _simple("S.span({} - {})", may_fail=True),
    "add_time": _simple("S.instant({} + {})", may_fail=True),
    "subtract_time": _simple("S.instant({} - {})", may_fail=True),
    "add_duration": _simple("S.span({} + {})", may_fail=True),
    "subtract_duration": _simple("S.span({} - {})", may_fail=True),
}
