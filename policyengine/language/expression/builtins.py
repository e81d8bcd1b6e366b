"""The typing rules of the built-in functions: what each takes, gives, and when it can fail.

Functions whose result depends on units, ranges or constants have a rule here; plain functions are typed by the
signature in `runtime/functions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from policyengine.language.expression import arithmetic, syntax
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.functions import FUNCTIONS, Signature
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
    """A call of a built-in function, written `f(x)` or `x.f()`."""
    rule = RULES.get(node.name) if node.target is None else None
    if rule is not None:
        return rule(checker, node, scope, at)
    function = FUNCTIONS.get(node.name)
    if node.target is not None and node.name in RULES:
        hint = f"write `{node.name}(...)` with the value inside"
        raise Rejected(say.not_a_method(node.name, at, hint))
    if function is None:
        raise Rejected(say.unknown_function(node.name, at, [*RULES, *FUNCTIONS, *scope.callables]))
    if function.metered or node.name not in _TYPED:
        raise Rejected(say.not_in_a_bundle(f"`{node.name}`", at, "it is there in `evaluate_expression` only"))
    written = list(node.arguments) if node.target is None else [node.target, *node.arguments]
    arguments = [checker.expression(a, scope) for a in written]
    is_method = node.target is not None
    for signature in _TYPED[node.name]:
        if signature.method is is_method and _fits(signature, arguments):
            return Call(signature.result, function.name, tuple(arguments), may_fail=signature.may_fail)
    raise Rejected(say.no_such_form(node.name, [a.type for a in arguments], function.signatures, checker.at(node)))


def _fits(signature: Signature, arguments: list[Expr]) -> bool:
    if len(signature.parameters) != len(arguments):
        return False
    return all(_accepts(p, a.type) for p, a in zip(signature.parameters, arguments, strict=True))


def _accepts(parameter: Type, found: Type) -> bool:
    if parameter == types.STRING:
        return types.is_text(found)
    if isinstance(parameter, types.Number):
        return isinstance(found, types.Number) and (found.integer or not parameter.integer)
    if isinstance(parameter, types.List):
        return isinstance(found, types.List) and (parameter.item == types.ANY or _accepts(parameter.item, found.item))
    if isinstance(parameter, types.Map):
        return isinstance(found, types.Map)
    return parameter == found


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
        return argument
    joint = arithmetic.joined_type(argument.type, key)
    if joint is None or isinstance(joint, types.Optional):
        raise Rejected(say.expected_type(str(key), argument.type, at))
    return arithmetic.coerced(argument, key)


def _arguments(checker: Checker, node: syntax.Call, scope: Scope, least: int, most: int) -> list[Expr]:
    count = len(node.arguments)
    if not least <= count <= most:
        wanted = f"{least} arguments" if least == most else f"{least} to {most} arguments"
        raise Rejected(say.wrong_argument_count(node.name, wanted, count, checker.at(node)))
    return [checker.expression(a, scope) for a in node.arguments]


def _extreme(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    operands = _arguments(checker, node, scope, 1, 100)
    whole = checker.at(node)
    if len(operands) == 1:
        return of_list(node.name, operands[0], whole)
    return arithmetic.extreme(node.name, operands, whole)


def of_list(name: str, items: Expr, at: Span) -> Expr:
    """`min`, `max` and `sum` over a list of numbers; `min` and `max` of none is an evaluation error."""
    if not isinstance(items.type, types.List) or not isinstance(items.type.item, types.Number):
        raise Rejected(say.wrong_operand(name, items.type, at))
    item = items.type.item
    if name != "sum":
        return Call(item, name + "_of", (items,), may_fail=True)
    most = items.type.max
    total = replace(item, lo=min(0, item.lo * most), hi=max(0, item.hi * most))
    return arithmetic.checked_call("sum", total, (items,), at)


def _sum(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (items,) = _arguments(checker, node, scope, 1, 1)
    return of_list("sum", items, checker.at(node))


def _avg(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (items,) = _arguments(checker, node, scope, 1, 1)
    whole = checker.at(node)
    total = of_list("sum", items, whole)
    assert isinstance(items.type, types.List)
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
    constant = arithmetic.constant_of(places)
    if constant is None or constant.denominator != 1 or abs(constant) > ROUND_PLACES_MAX:
        raise Rejected(say.needs_constant("the places of `round`", checker.at(node.arguments[1])))
    return arithmetic.rounded(amount, int(constant), mode, checker.at(node))


def _mode(checker: Checker, written: syntax.Expression | None, node: syntax.Call) -> str:
    if written is None:
        hint = "write `round(x, 2, half_up)`; no mode is assumed"
        raise Rejected(say.needs_constant("the rounding mode", checker.at(node), hint))
    match written:
        case syntax.Name(name=mode) | syntax.Text(value=mode):
            if mode not in arithmetic.MODES:
                raise Rejected(say.unknown_mode(mode, checker.at(written), arithmetic.MODES))
            return mode
    raise Rejected(say.needs_constant("the rounding mode", checker.at(written)))


def _whole(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (amount,) = _arguments(checker, node, scope, 1, 1)
    return arithmetic.whole(node.name, amount, checker.at(node))


def _abs(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    (amount,) = _arguments(checker, node, scope, 1, 1)
    return arithmetic.absolute(amount, checker.at(node))


def _clamp(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    amount, low, high = _arguments(checker, node, scope, 3, 3)
    whole = checker.at(node)
    return arithmetic.extreme("min", [arithmetic.extreme("max", [amount, low], whole), high], whole)


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
        raise Rejected(say.needs_constant("the currency of `convert`", checker.at(target)))
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
    if types.is_text(a.type):
        return Call(types.decimal(), "parse_decimal", (a,), may_fail=True)
    raise Rejected(say.wrong_operand("decimal", a.type, checker.at(node)))


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
    (a,) = _arguments(checker, node, scope, 1, 1)
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
    if isinstance(a.type, types.Number) and not types.is_finite_decimal(a.type.den):
        raise Rejected(say.endless_digits("a text", at))
    if isinstance(a.type, (types.Number, types.Limit)) or a.type in PRINTED:
        return Call(types.STRING, "text", (a,))
    raise Rejected(say.wrong_operand("string", a.type, at))


def _seconds_between(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    a, b = _arguments(checker, node, scope, 2, 2)
    for argument, written in zip((a, b), node.arguments, strict=True):
        if argument.type != types.TIMESTAMP:
            raise Rejected(say.expected_type("a timestamp", argument.type, checker.at(written)))
    span = 400_000_000_000  # seconds between the years 1 and 9999
    result = types.Number(False, (("second", 1),), 10**9, -span * 10**9, span * 10**9)
    return Call(result, "seconds_between", (a, b))


def _zoned(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`date(at)`, `time_of_day(at)`, `days_between(a, b)`, `add_months(at, n)`, each with a zone of its own at will."""
    function, kinds, result, may_fail = ZONED[node.name]
    arguments = _arguments(checker, node, scope, len(kinds), len(kinds) + 1)
    for argument, kind, written in zip(arguments, kinds, node.arguments, strict=False):
        fits = argument.type == kind or (kind != types.TIMESTAMP and _is_int(argument.type))
        if not fits:
            raise Rejected(say.expected_type(str(kind), argument.type, checker.at(written)))
    zone = arguments[len(kinds)] if len(arguments) > len(kinds) else _bundle_zone(scope, checker.at(node))
    use_zones(scope, zone, checker.at(node.arguments[-1] if node.arguments else node))
    return Call(result, function, (zone, *arguments[: len(kinds)]), may_fail=may_fail)


def _is_int(its_type: Type) -> bool:
    return isinstance(its_type, types.Number) and its_type.integer and not its_type.unit


def _bundle_zone(scope: Scope, at: Span) -> Expr:
    if not scope.zone:
        raise Rejected(say.needs_constant("the time zone", at, "say `timezone:` in the manifest"))
    return Const(types.STRING, scope.zone)


def use_zones(scope: Scope, zone: Expr, at: Span) -> None:
    """Every zone that an expression can name goes into the program: a constant, or the members of an enum."""
    names: tuple[str, ...] = ()
    if isinstance(zone, Const) and types.is_text(zone.type):
        names = (str(zone.value),)
    elif isinstance(zone.type, types.Enum):
        names = zone.type.members
    if not names or scope.use_zone is None:
        raise Rejected(
            say.needs_constant("a time zone", at, "write its name, or use an input that is an enum of names")
        )
    for name in names:
        hint = scope.use_zone(name)
        if hint is not None:
            raise Rejected(say.unknown_zone(name, at, hint))


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


ZONED: dict[str, tuple[str, tuple[Type, ...], Type, bool]] = {
    "date": ("date_of", (types.TIMESTAMP,), types.DATE, False),
    "time_of_day": ("time_of_day", (types.TIMESTAMP,), types.DURATION, False),
    "days_between": ("days_between", (types.TIMESTAMP, types.TIMESTAMP), types.integer(-4_000_000, 4_000_000), False),
    "add_months": ("add_months", (types.TIMESTAMP, types.integer()), types.TIMESTAMP, True),
}

RULES: dict[str, Rule] = {
    **dict.fromkeys(ZONED, _zoned),
    "allocate": _allocate,
    "draw": _draw,
    "min": _extreme,
    "max": _extreme,
    "sum": _sum,
    "avg": _avg,
    "round": _round,
    "floor": _whole,
    "ceil": _whole,
    "abs": _abs,
    "clamp": _clamp,
    "div": _div,
    "convert": _convert,
    "decimal": _decimal,
    "int": _int,
    "size": _size,
    "string": _string,
    "seconds_between": _seconds_between,
}
