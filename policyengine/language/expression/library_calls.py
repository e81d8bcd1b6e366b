"""Calls that are typed by the signatures in `runtime/functions`: texts, patterns, lists, sets, encoders, conversions.

A signature may leave types open (`list(T)`): what stands for `T` follows from the arguments, and so does the type of
the answer. Functions whose result depends on units, ranges or constants have a rule of their own in `builtins`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.language.expression import arithmetic, syntax
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.runtime.functions import FUNCTIONS, Function, Signature
from policyengine.runtime.functions.automaton import compiled
from policyengine.runtime.functions.function import NUMBER, OPEN
from policyengine.runtime.limits import LIST_MAX
from policyengine.runtime.program import Call, Const, Expr
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Type

if TYPE_CHECKING:
    from policyengine.language.expression.check import Checker

Bindings = dict[Type, Type]
PATTERNED = {"matches": 1, "regex.replace": 1, "regex.extract": 1, "regex.extractAll": 1}
"""The functions that take a pattern, and where."""
_SORTED = ("sort",)


def call(
    checker: Checker,
    node: syntax.Call,
    function: Function,
    written: list[syntax.Expression],
    arguments: list[Expr],
    method: bool,
) -> Expr:
    """A call of a function of the library, typed by the first signature that takes the arguments."""
    whole = checker.at(node)
    for each, argument in zip(written, arguments, strict=True):
        _refuse_quotient(function.name, argument, checker.at(each))
    _refuse_pattern(checker, function.name, written)
    forms = [form for form in function.signatures if form.method is method]
    for form in forms:
        bound: Bindings = {}
        if _takes(form, [a.type for a in arguments], bound):
            if function.name in _SORTED:
                _refuse_unordered(arguments[0].type, whole)
            result = _result(function.name, form, arguments, bound)
            return Call(result, function.name, tuple(arguments), may_fail=form.may_fail or _is_long(result))
    raise Rejected(say.no_such_form(function.name, [a.type for a in arguments], forms, whole))


def _is_long(result: Type) -> bool:
    return isinstance(result, types.Number) and not result.integer


def _refuse_quotient(name: str, argument: Expr, at: Span) -> None:
    if isinstance(argument.type, types.Quotient):
        raise Rejected(say.quotient_escapes(f"`{name}`", at))


def _refuse_pattern(checker: Checker, name: str, written: list[syntax.Expression]) -> None:
    """A literal pattern that cannot be used is a mistake of the author, wherever it stands."""
    at = PATTERNED.get(name, len(written))
    if at < len(written) and isinstance(pattern := written[at], syntax.Text):
        found = compiled(pattern.value)
        if isinstance(found, str):
            raise Rejected(say.bad_pattern(found, checker.at(pattern)))


def _refuse_unordered(its_type: Type, at: Span) -> None:
    if isinstance(its_type, types.List) and not arithmetic.is_ordered(its_type.item):
        raise Rejected(say.no_order(its_type.item, at))


def _takes(form: Signature, found: list[Type], bound: Bindings) -> bool:
    count = len(form.parameters)
    if len(found) < count or (len(found) > count and not form.repeats):
        return False
    last = form.parameters[-1] if form.parameters else types.NEVER
    wanted = [*form.parameters, *[last] * (len(found) - count)]
    return all(_accepts(p, f, bound) for p, f in zip(wanted, found, strict=True))


def _accepts(parameter: Type, found: Type, bound: Bindings) -> bool:
    """Whether a parameter takes a type; notes what stands for the types that it leaves open."""
    if parameter in OPEN:
        joint = arithmetic.joined_type(bound.get(parameter, types.NEVER), found)
        if joint is None:
            return False
        bound[parameter] = joint
        return True
    match parameter, found:
        case (types.STRING, _):
            return types.is_text(found) or found == types.NEVER
        case (types.DYN, _):
            return True
        case (types.Number(), types.Number()):
            return found.integer is parameter.integer
        case (types.List(item=wanted), types.List(item=item)):
            return _accepts(wanted, item, bound)
        case (types.Map(key=key, value=value), types.Map()):
            return _accepts(key, found.key, bound) and _accepts(value, found.value, bound)
        case (types.Optional(item=wanted), types.Optional(item=item)):
            return _accepts(wanted, item, bound)
    if parameter == NUMBER:
        return isinstance(found, types.Number)
    return parameter == found


def _result(name: str, form: Signature, arguments: list[Expr], bound: Bindings) -> Type:
    """The type of the answer: lists are as long as what they are made of, where that is known."""
    if name == "flatten":
        return _flattened(arguments)
    most = next((a.type.max for a in arguments if isinstance(a.type, types.List)), LIST_MAX)
    if name == "lists.range":
        count = arithmetic.constant_of(arguments[0])
        most = LIST_MAX if count is None else min(max(int(count), 0), LIST_MAX)
        return types.List(types.integer(0, max(most - 1, 0)), most)
    return _filled(form.result, bound, most)


def _filled(its_type: Type, bound: Bindings, most: int) -> Type:
    match its_type:
        case types.List(item=item):
            return types.List(_filled(item, bound, most), most)
        case types.Optional(item=item):
            return types.Optional(_filled(item, bound, most))
        case types.Map(key=key, value=value):
            return types.Map(_filled(key, bound, most), _filled(value, bound, most))
        case types.Number(integer=True):
            return types.integer()
    return bound.get(its_type, its_type)


def _flattened(arguments: list[Expr]) -> Type:
    """A list of lists loses as many levels as are asked for."""
    made = arguments[0].type
    depth = arithmetic.constant_of(arguments[1]) if len(arguments) > 1 else 1
    assert isinstance(made, types.List)
    item, most = made.item, made.max
    levels = 64 if depth is None else int(depth)
    while levels > 0 and isinstance(item, types.List):
        most = min(most * item.max, LIST_MAX)
        item = item.item
        levels -= 1
    return types.List(item, most)


def of(name: str, result: Type, arguments: tuple[Expr, ...], may_fail: bool = False) -> Call:
    """A call of a library function whose type is known."""
    assert name in FUNCTIONS
    return Call(result, name, arguments, may_fail=may_fail)


def constant_text(expr: Expr) -> str | None:
    """The text of a literal, else None."""
    return expr.value if isinstance(expr, Const) and isinstance(expr.value, str) and types.is_text(expr.type) else None
