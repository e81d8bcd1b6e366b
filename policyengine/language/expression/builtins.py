"""The typing rules of the built-in functions: what each takes, gives, and when it can fail.

Functions whose result depends on units, ranges or constants have a rule here (those of times in `times.py`); plain
functions are typed by the signatures in `runtime/functions`, see `library_calls.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isqrt
from typing import TYPE_CHECKING

from policyengine.language.expression import arithmetic, calendar_rules, formats, library_calls, syntax, times
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.functions.table import QUALIFIED
from policyengine.runtime.meaning.zoned import PARTS
from policyengine.runtime.program import Call, Const, Expr
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Type

if TYPE_CHECKING:
    from policyengine.language.expression.check import Checker

Rule = Callable[["Checker", syntax.Call, Scope, Span], Expr]
ROUND_PLACES_MAX = 34
_TYPED = {
    name: typed
    for name, function in FUNCTIONS.items()
    if (typed := tuple(form for form in function.signatures if form.typed))
}
"""The forms that every evaluator computes in one way, of the functions that have such."""


def call(checker: Checker, node: syntax.Call, scope: Scope, expected: Type | None, at: Span) -> Expr:
    """A call of a built-in function, written `f(x)`, `library.f(x)` or `x.f()`."""
    name = qualified_name(node, scope)
    target = None if name is not None else node.target
    name = name or node.name
    rule = RULES.get(name) if target is None else METHODS.get(name)
    if rule is not None:
        return rule(checker, node, scope, at)
    function = FUNCTIONS.get(name)
    if function is None:
        if target is not None and name in RULES:
            raise Rejected(say.not_a_method(name, at, f"write `{name}(...)` with the value inside"))
        raise Rejected(say.unknown_function(name, at, [*RULES, *FUNCTIONS, *scope.callables]))
    if name in ONLY_DYNAMIC:
        raise Rejected(say.not_in_a_bundle(f"`{name}`", at, ONLY_DYNAMIC[name]))
    method = target is not None
    if not any(form.method is method for form in function.signatures):
        if method:
            raise Rejected(say.not_a_method(name, at, f"write `{name}(...)` with the value inside"))
        raise Rejected(say.needs_a_dot(name, at, f"write `value.{name}(...)`"))
    written = list(node.arguments) if target is None else [target, *node.arguments]
    arguments = [checker.expression(a, scope) for a in written]
    return library_calls.call(checker, node, function, written, arguments, method)


ONLY_DYNAMIC = {"dyn": "types are known here; it is there in `evaluate_expression` without declarations"}


def qualified_name(node: syntax.Call, scope: Scope) -> str | None:
    """The dotted name of a function, where the words before the last one are no variable of a macro."""
    words: list[str] = []
    head = node.target
    while isinstance(head, syntax.Select) and not head.optional:
        words.append(head.field)
        head = head.target
    if not isinstance(head, syntax.Name) or (head.name in scope.locals and not head.root):
        return None
    name = ".".join([head.name, *reversed(words), node.name])
    return name if name in QUALIFIED else None


def as_key(argument: Expr, key: Type, at: Span) -> Expr:
    """An argument as the key of a table's condition column."""
    if isinstance(key, types.Number) and isinstance(argument.type, types.Number):
        argument = arithmetic.with_unit(argument, key.unit)
        found = argument.type
        assert isinstance(found, types.Number)
        if found.unit != key.unit:
            raise Rejected(say.unit_mismatch("a table's condition", found, key, at))
        if key.den % found.den:
            raise Rejected(say.expected_type(f"at most {key} places", found, at, "round it first"))
        if found.den == key.den:
            return argument
        return arithmetic.coerced(argument, replace(key, integer=found.integer, lo=found.lo, hi=found.hi))
    if isinstance(argument, Const) and argument.type == types.STRING and isinstance(key, types.Enum):
        if argument.value not in key.members:
            raise Rejected(say.not_a_member(argument.value, key.members, str(key), at))
        return argument
    if types.is_text(argument.type) and types.is_text(key):
        if types.are_strangers(argument.type, key):
            raise Rejected(say.expected_type(str(key), argument.type, at, "the two have no member in common"))
        return argument
    joint = arithmetic.joined_type(argument.type, key)
    if joint is None or isinstance(joint, types.Optional):
        raise Rejected(say.expected_type(str(key), argument.type, at))
    return arithmetic.coerced(argument, key)


def _arguments(checker: Checker, node: syntax.Call, scope: Scope, least: int, most: int) -> list[Expr]:
    count = len(node.arguments)
    if not least <= count <= most:
        one = "1 argument" if least == 1 else f"{least} arguments"
        wanted = one if least == most else f"{least} to {most} arguments"
        raise Rejected(say.wrong_argument_count(node.name, wanted, count, checker.at(node)))
    return [checker.expression(a, scope) for a in node.arguments]


def _extreme(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    operands = _arguments(checker, node, scope, 1, 100)
    whole = checker.at(node)
    function = {"least": "min", "greatest": "max"}.get(node.name, node.name)
    if len(operands) == 1 and not types.is_number(operands[0].type):
        return of_list(function, operands[0], whole)
    return arithmetic.extreme(function, operands, whole)


def of_list(name: str, items: Expr, at: Span) -> Expr:
    """`min`, `max` and `sum` over a list of numbers or times; `min` and `max` of none is an evaluation error."""
    item = items.type.item if isinstance(items.type, types.List) else items.type
    if not isinstance(items.type, types.List) or not (isinstance(item, types.Number) or item in _MEASURES[name]):
        raise Rejected(say.wrong_operand(name, items.type, at))
    if name != "sum":
        return Call(item, name + "_of", (items,), may_fail=True)
    if not isinstance(item, types.Number):
        return Call(types.DURATION, "sum_durations", (items,), may_fail=True)
    most = items.type.max
    total = replace(item, lo=min(0, item.lo * most), hi=max(0, item.hi * most))
    return arithmetic.checked_call("sum", total, (items,), at)


_TIMES = (types.TIMESTAMP, types.DURATION, types.DATE)
_MEASURES: dict[str, tuple[Type, ...]] = {"min": _TIMES, "max": _TIMES, "sum": (types.DURATION,)}


def _sum(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (items,) = _arguments(checker, node, scope, 1, 1)
    return of_list("sum", items, checker.at(node))


def _avg(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (items,) = _arguments(checker, node, scope, 1, 1)
    whole = checker.at(node)
    total = of_list("sum", items, whole)
    assert isinstance(items.type, types.List)
    if not isinstance(items.type.item, types.Number):
        raise Rejected(say.wrong_operand("avg", items.type, whole))
    count = Call(types.integer(0, items.type.max), "size", (items,))
    return arithmetic.divide(total, count, whole)


def _round(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    if not 2 <= len(node.arguments) <= 3:
        raise Rejected(say.wrong_argument_count("round", "a number, places and a mode", len(node.arguments), at))
    amount = checker.expression(node.arguments[0], scope)
    mode = _mode(checker, node.arguments[2] if len(node.arguments) == 3 else None, node)
    written = node.arguments[1]
    if isinstance(written, syntax.Name) and written.name == "currency" and scope.currency_places is not None:
        places = scope.currency_places(checker.at(written))
        if arithmetic.constant_of(places) is None:
            assert isinstance(places.type, types.Number)
            return arithmetic.rounded_by(amount, places, places.type.hi, mode, checker.at(node))
    else:
        places = checker.expression(written, scope)
    return _rounded(amount, places, mode, checker.at(node), checker.at(written))


def _rounded(amount: Expr, places: Expr, mode: str, at: Span, places_at: Span) -> Expr:
    """A number rounded to constant places, or to those of an int whose range says how many they can be."""
    its = places.type
    hint = "or an int of a declared range, as in `{type: int, min: 0, max: 6}`"
    if not isinstance(its, types.Number) or not its.integer or its.unit:
        raise Rejected(say.needs_constant("the places of `round`", places_at, hint))
    if its.lo == its.hi and abs(its.lo) <= ROUND_PLACES_MAX:
        return arithmetic.rounded(amount, its.lo, mode, at)
    if not 0 <= its.lo <= its.hi <= ROUND_PLACES_MAX:
        raise Rejected(say.needs_constant("the places of `round`", places_at, hint))
    return arithmetic.rounded_by(amount, places, its.hi, mode, at)


def _mode(checker: Checker, written: syntax.Expression | None, node: syntax.Call) -> str:
    if written is None:
        hint = "write `round(x, 2, half_up)`; no mode is assumed"
        raise Rejected(say.needs_constant("the rounding mode", checker.at(node), hint))
    match written:
        case syntax.Name(name=mode) | syntax.Text(value=mode):
            if mode not in arithmetic.MODES:
                raise Rejected(say.unknown_mode(mode, checker.at(written), arithmetic.MODES))
            return mode
    hint = "it is one of: " + ", ".join(arithmetic.MODES)
    raise Rejected(say.needs_constant("the rounding mode", checker.at(written), hint))


def _whole(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (amount,) = _arguments(checker, node, scope, 1, 1)
    return arithmetic.whole(node.name, amount, checker.at(node))


def _abs(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (amount,) = _arguments(checker, node, scope, 1, 1)
    return arithmetic.absolute(amount, checker.at(node))


def _clamp(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    amount, low, high = _arguments(checker, node, scope, 3, 3)
    whole = checker.at(node)
    above = arithmetic.extreme("max", [amount, low], whole, "clamp")
    return arithmetic.extreme("min", [above, high], whole, "clamp")


def _div(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    a, b = _arguments(checker, node, scope, 2, 2)
    return arithmetic.truncating("truncate_divide", "div", a, b, checker.at(node))


def _convert(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`convert(amount, EUR, rate)`: the rate is what one unit of the amount's currency costs in the new one."""
    if len(node.arguments) != 3:
        raise Rejected(say.wrong_argument_count("convert", "an amount, a currency, a rate", len(node.arguments), at))
    amount = checker.expression(node.arguments[0], scope)
    target, rate = node.arguments[1], checker.expression(node.arguments[2], scope)
    if not isinstance(target, syntax.Name) or not arithmetic.is_currency(target.name):
        raise Rejected(
            say.needs_constant("the currency of `convert`", checker.at(target), "write its code, such as `EUR`")
        )
    product = arithmetic.multiply([amount, rate], checker.at(node))
    assert isinstance(product.type, (types.Number, types.Quotient))
    old = [name for name, power in product.type.unit if arithmetic.is_currency(name) and power == 1]
    if len(old) != 1:
        raise Rejected(say.wrong_operand("convert", amount.type, checker.at(node.arguments[0])))
    powers = dict(product.type.unit)
    powers.pop(old[0])
    powers[target.name] = powers.get(target.name, 0) + 1
    return Call(replace(product.type, unit=types.unit_of(powers)), "convert", (product,))


def _decimal(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (a,) = _arguments(checker, node, scope, 1, 1)
    match a.type:
        case types.Number():
            return arithmetic.coerced(a, replace(a.type, integer=False))
        case types.Quotient():
            raise Rejected(say.quotient_escapes("`decimal`", checker.at(node)))
    if types.is_text(a.type) and node.name == "double":  # its text may have an exponent
        return library_calls.of("double", types.decimal(), (a,), may_fail=True)
    if types.is_text(a.type):
        return Call(types.decimal(), "parse_decimal", (a,), may_fail=True)
    raise Rejected(say.wrong_operand(node.name, a.type, checker.at(node)))


def _int(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`int(x)`: text of plain digits, or a number cut towards zero."""
    (a,) = _arguments(checker, node, scope, 1, 1)
    whole = checker.at(node)
    if types.is_text(a.type):
        return Call(types.integer(), "parse_int", (a,), may_fail=True)
    if a.type == types.TIMESTAMP:
        return Call(types.integer(), "epoch_seconds", (a,))
    if isinstance(a.type, types.Number) and a.type.integer:
        return a
    one = Const(types.integer(1, 1), 1)
    if isinstance(a.type, types.Number):
        cut = arithmetic.truncating("truncate_divide", "int", a, one, whole)
        assert isinstance(cut.type, types.Number)
        assert isinstance(cut, Call)
        return arithmetic.checked_call("truncate_divide", replace(cut.type, integer=True), cut.arguments, whole)
    raise Rejected(say.wrong_operand("int", a.type, whole))


def _size(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    if node.target is None:
        (a,) = _arguments(checker, node, scope, 1, 1)
    else:
        _no_arguments(checker, node)
        a = checker.expression(node.target, scope)
    most = a.type.max if isinstance(a.type, types.List) else 1_000_000
    if isinstance(a.type, (types.List, types.Map)) or types.is_text(a.type) or a.type == types.BYTES:
        return Call(types.integer(0, most), "size", (a,))
    raise Rejected(say.wrong_operand("size", a.type, checker.at(node)))


def _string(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (a,) = _arguments(checker, node, scope, 1, 1)
    return as_string(a, checker.at(node))


PRINTED = (types.BOOL, types.TIMESTAMP, types.DURATION, types.DATE)


def as_string(a: Expr, at: Span) -> Expr:
    """The text of a value: shortest exact decimal, RFC 3339, `true`."""
    if types.is_text(a.type):
        return arithmetic.coerced(a, types.STRING)
    if isinstance(a.type, types.Quotient):
        raise Rejected(say.quotient_escapes("a text", at))
    if a.type == types.BYTES:
        return library_calls.of("string", types.STRING, (a,), may_fail=True)
    if isinstance(a.type, types.Number) and not types.is_finite_decimal(a.type.den):
        raise Rejected(say.endless_digits("a text", at))
    if isinstance(a.type, (types.Number, types.Limit)) or a.type in PRINTED:
        return Call(types.STRING, "text", (a,))
    raise Rejected(say.wrong_operand("string", a.type, at))


def _allocate(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`allocate(total, weights, places)`; without places the shares may have no end of digits and enter no list."""
    if len(node.arguments) == 2:
        hint = "say the places of each share, as in `allocate(total, weights, 2)`"
        raise Rejected(say.needs_constant("the places of `allocate`", checker.at(node), hint))
    total, weights, places = _arguments(checker, node, scope, 3, 3)
    constant = arithmetic.constant_of(places)
    if constant is None or constant.denominator != 1 or not 0 <= constant <= ROUND_PLACES_MAX:
        raise Rejected(say.needs_constant("the places of `allocate`", checker.at(node.arguments[2])))
    return arithmetic.allocated(total, weights, int(constant), checker.at(node))


def _draw(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    total, capacities = _arguments(checker, node, scope, 2, 2)
    return arithmetic.drawn(total, capacities, checker.at(node))


def _strictest(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`strictest(a, b)` and `strictest(list)`: the smallest of several limits, `unlimited` above every number."""
    operands = _arguments(checker, node, scope, 1, 100)
    whole = checker.at(node)
    if len(operands) == 1 and isinstance(operands[0].type, types.List):
        item = operands[0].type.item
        if isinstance(item, types.Limit):
            return library_calls.of("strictest", item, (operands[0],), may_fail=True)
        return of_list("min", operands[0], whole)
    for operand, written in zip(operands, node.arguments, strict=True):
        if not isinstance(operand.type, types.Limit | types.Number | types.Quotient):
            raise Rejected(
                say.wrong_operand("strictest", operand.type, checker.at(written), "it takes limits and numbers")
            )
    return arithmetic.extreme("min", operands, whole, "strictest")


def _type(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (a,) = _arguments(checker, node, scope, 1, 1)
    checker.no_quotient(a, "`type`", node.arguments[0])
    return library_calls.of("type", types.TYPE, (a,))


def _math_rounding(mode: str) -> Rule:
    """`math.ceil` and its like: of decimals only, as CEL's are of doubles only."""

    def rule(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
        (a,) = _arguments(checker, node, scope, 1, 1)
        if isinstance(a.type, types.Number) and a.type.integer:
            raise Rejected(say.wrong_operand(f"math.{node.name}", a.type, checker.at(node), "an int is whole already"))
        return arithmetic.rounded(a, 0, mode, checker.at(node))

    return rule


def _sign(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (a,) = _arguments(checker, node, scope, 1, 1)
    if not isinstance(a.type, types.Number):
        raise Rejected(say.wrong_operand("math.sign", a.type, checker.at(node)))
    return library_calls.of("math.sign", types.Number(a.type.integer, (), 1, -1, 1), (a,))


def _square_root(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`math.sqrt(x)`: over the denominator of x, since the root of n / d is the root of n d over d."""
    (a,) = _arguments(checker, node, scope, 1, 1)
    if not isinstance(a.type, types.Number) or a.type.unit:
        raise Rejected(say.wrong_operand("math.sqrt", a.type, checker.at(node), "it takes a number without a unit"))
    most = isqrt(max(a.type.hi, 0) * a.type.den) + 1
    return library_calls.of("math.sqrt", types.Number(False, (), a.type.den, 0, most), (a,), may_fail=True)


def _format(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`"%s: %.2f".format([a, b])`; a pattern that is written out is checked against the values."""
    assert node.target is not None
    if len(node.arguments) != 1:
        raise Rejected(say.wrong_argument_count("format", "one list", len(node.arguments), checker.at(node)))
    pattern, listed = checker.expression(node.target, scope), node.arguments[0]
    if not types.is_text(pattern.type):
        raise Rejected(say.wrong_operand("format", pattern.type, checker.at(node.target)))
    if not isinstance(listed, syntax.ListLiteral) or any(is_optional for _, is_optional in listed.items):
        values = checker.expression(listed, scope)
        if not isinstance(values.type, types.List):
            raise Rejected(say.expected_type("a list", values.type, checker.at(listed)))
        return library_calls.of("format", types.STRING, (pattern, values), may_fail=True)
    values_of = [checker.expression(item, scope) for item, _ in listed.items]
    for (written, _), value in zip(listed.items, values_of, strict=True):
        checker.no_quotient(value, "a text", written)
    text = library_calls.constant_text(pattern)
    if text is not None:
        formats.check(checker, text, node, listed, [value.type for value in values_of])
    return Call(types.STRING, "format_values", (pattern, *values_of), may_fail=True)


def _has_value(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    assert node.target is not None
    _no_arguments(checker, node)
    return Call(types.BOOL, "is_present", (checker.optional(node.target, scope),))


def _value(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    assert node.target is not None
    _no_arguments(checker, node)
    target = checker.optional(node.target, scope)
    assert isinstance(target.type, types.Optional)
    checker.no_quotient(replace(target, type=target.type.item), "an optional", node.target)
    return Call(target.type.item, "present_value", (target,), may_fail=True)


def _no_arguments(checker: Checker, node: syntax.Call) -> None:
    if node.arguments:
        raise Rejected(say.wrong_argument_count(node.name, "no argument", len(node.arguments), checker.at(node)))


def _optional_of(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (a,) = _arguments(checker, node, scope, 1, 1)
    checker.no_quotient(a, "an optional", node.arguments[0])
    if isinstance(a.type, types.Optional):
        raise Rejected(say.wrong_operand(f"optional.{node.name}", a.type, checker.at(node), "it is optional already"))
    made = types.Optional(a.type)
    return arithmetic.coerced(a, made) if node.name == "of" else library_calls.of("optional.ofNonZeroValue", made, (a,))


def _optional_none(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    _no_arguments(checker, node)
    return Const(types.Optional(types.NEVER), None)


def _hash_fraction(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (text,) = _arguments(checker, node, scope, 1, 1)
    if not types.is_text(text.type):
        raise Rejected(say.wrong_operand("hash_fraction", text.type, checker.at(node)))
    return Call(HASH_FRACTION, "hash_fraction", (arithmetic.coerced(text, types.STRING),))


def _duration(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`duration("36h")`, also of a text that is put together."""
    (text,) = _arguments(checker, node, scope, 1, 1)
    if text.type == types.DURATION:
        return text
    if not types.is_text(text.type):
        raise Rejected(say.wrong_operand("duration", text.type, checker.at(node)))
    return Call(types.DURATION, "parse_duration", (text,), may_fail=True)


HASH_FRACTION = types.Number(False, (), 10**12, 0, 10**12 - 1)


RULES: dict[str, Rule] = {
    **dict.fromkeys(calendar_rules.ZONED, calendar_rules.zoned),
    "allocate": _allocate,
    "draw": _draw,
    "min": _extreme,
    "max": _extreme,
    "math.least": _extreme,
    "math.greatest": _extreme,
    "sum": _sum,
    "avg": _avg,
    "round": _round,
    "floor": _whole,
    "ceil": _whole,
    "abs": _abs,
    "math.abs": _abs,
    "math.ceil": _math_rounding("ceiling"),
    "math.floor": _math_rounding("floor"),
    "math.round": _math_rounding("half_up"),
    "math.trunc": _math_rounding("down"),
    "math.sign": _sign,
    "math.sqrt": _square_root,
    "clamp": _clamp,
    "div": _div,
    "convert": _convert,
    "decimal": _decimal,
    "double": _decimal,
    "int": _int,
    "size": _size,
    "string": _string,
    "strictest": _strictest,
    "type": _type,
    "seconds_between": times.seconds_between,
    "optional.of": _optional_of,
    "optional.ofNonZeroValue": _optional_of,
    "optional.none": _optional_none,
    "hash_fraction": _hash_fraction,
    "duration": _duration,
}
"""Functions that are written `f(x)`, whose type depends on units, ranges or constants."""

METHODS: dict[str, Rule] = {
    **dict.fromkeys(PARTS, times.part),
    "size": _size,
    "format": _format,
    "hasValue": _has_value,
    "value": _value,
}
"""Functions that are written `x.f()`, with a rule."""
