"""Operations over limits and over ordered lists as generated code; `meaning/limit_operations.py` is what they mean."""

from __future__ import annotations

from policyengine.runtime.codegen.writer import Val, Writer
from policyengine.runtime.program import Call
from policyengine.values.types import Limit, Number


def within(w: Writer, expr: Call) -> Val:
    """The less of a number and a limit, which is a number."""
    limit, target = expr.arguments[1].type, expr.type
    assert isinstance(limit, Limit)
    assert isinstance(target, Number)
    factor = target.den // limit.number.den

    def build(values: list[Val]) -> str:
        return f"S.within({w.scaled(values[0], target.den)}, {scaled(values[1].code, factor)})"

    return w.strict(target, expr.arguments, build)


def add(w: Writer, expr: Call) -> Val:
    assert isinstance(expr.type, Limit)
    den = expr.type.number.den

    def build(values: list[Val]) -> str:
        a, b = (
            scaled(v.code, den // (t.number if isinstance(t, Limit) else t).den)
            for v, t in zip(values, (x.type for x in expr.arguments), strict=True)
            if isinstance(t, Limit | Number)
        )
        return f"S.limit_sum({a}, {b})"

    return w.strict(expr.type, expr.arguments, build)


def multiply(w: Writer, expr: Call) -> Val:
    """The denominator of the product is the product of both, as the type says."""
    return w.strict(expr.type, expr.arguments, lambda v: f"S.limit_scaled({v[0].code}, {v[1].code})")


def cut(w: Writer, expr: Call) -> Val:
    """Fewer digits: down to the denominator of the result, which need not divide the other one."""
    source, target = expr.arguments[0].type, expr.type
    assert isinstance(source, Limit)
    assert isinstance(target, Limit)
    up, down = target.number.den, source.number.den
    return w.strict(target, expr.arguments, lambda v: f"S.limit_cut({v[0].code}, {up}, {down})")


def scaled(code: str, factor: int) -> str:
    return code if factor == 1 else f"S.limit_scaled({code}, {factor})"
