"""The typing rules of functions about times: days and clocks of a zone, parts of a time, periods from an anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression import library_calls, syntax
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.limits import PERIODS_MAX
from policyengine.runtime.program import Call, Const, Expr
from policyengine.runtime.zoned import PARTS
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.interval import parse_interval
from policyengine.values.invalid import InvalidValue
from policyengine.values.types import Type

if TYPE_CHECKING:
    from policyengine.language.expression.check import Checker

PERIOD = types.Record(
    "period", (("number", types.integer()), ("start", types.TIMESTAMP), ("end", types.TIMESTAMP))
)  # fmt: skip
_DAYS = types.integer(-4_000_000, 4_000_000)
_INTERVAL = types.STRING

ZONED: dict[str, tuple[str, tuple[Type, ...], Type, bool]] = {
    "date": ("date_of", (types.TIMESTAMP,), types.DATE, False),
    "time_of_day": ("time_of_day", (types.TIMESTAMP,), types.DURATION, False),
    "days_between": ("days_between", (types.TIMESTAMP, types.TIMESTAMP), _DAYS, False),
    "add_months": ("add_months", (types.TIMESTAMP, types.integer()), types.TIMESTAMP, True),
    "period_of": ("period_of", (types.TIMESTAMP, _INTERVAL, types.TIMESTAMP), PERIOD, True),
    "periods": (
        "periods",
        (types.TIMESTAMP, _INTERVAL, types.TIMESTAMP, types.TIMESTAMP),
        types.List(PERIOD, PERIODS_MAX),
        True,
    ),
}
"""Each function by its name: the operation, what it takes before the zone, what it gives, and whether it can fail."""


def zoned(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`date(at)` and its like go by the bundle's zone, or by one that follows."""
    function, kinds, result, may_fail = ZONED[node.name]
    if not len(kinds) <= len(node.arguments) <= len(kinds) + 1:
        wanted = f"{len(kinds)} to {len(kinds) + 1} arguments"
        raise Rejected(say.wrong_argument_count(node.name, wanted, len(node.arguments), checker.at(node)))
    arguments = [checker.expression(a, scope) for a in node.arguments]
    if node.name == "date" and len(arguments) == 1 and types.is_text(arguments[0].type):
        return library_calls.call(checker, node, FUNCTIONS["date"], list(node.arguments), arguments, method=False)
    for argument, kind, written in zip(arguments, kinds, node.arguments, strict=False):
        _expect(checker, argument, kind, written)
    zone = arguments[len(kinds)] if len(arguments) > len(kinds) else bundle_zone(scope, checker.at(node))
    use_zones(scope, zone, checker.at(node.arguments[-1]))
    return Call(result, function, (zone, *arguments[: len(kinds)]), may_fail=may_fail)


def _expect(checker: Checker, argument: Expr, kind: Type, written: syntax.Expression) -> None:
    at = checker.at(written)
    if kind == _INTERVAL:
        text = library_calls.constant_text(argument)
        if text is None:
            raise Rejected(say.needs_constant("an interval", at, 'write it as text, such as `"1 month"`'))
        try:
            parse_interval(text)
        except InvalidValue as fault:
            raise Rejected(say.bad_interval(fault.message, at, fault.hint)) from None
    elif kind == types.TIMESTAMP:
        if argument.type != kind:
            hint = "turn text or seconds since 1970 into a time with `timestamp(x)`"
            raise Rejected(say.expected_type("a timestamp", argument.type, at, hint))
    elif not (isinstance(argument.type, types.Number) and argument.type.integer and not argument.type.unit):
        raise Rejected(say.expected_type("an int", argument.type, at, "cut a decimal with `int(x)`, or round it"))


def part(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`at.getHours()`, `at.getHours(zone)`, in UTC without a zone; and `duration.getHours()`."""
    assert node.target is not None
    if len(node.arguments) > 1:
        raise Rejected(say.wrong_argument_count(node.name, "no argument or a zone", len(node.arguments), at))
    target = checker.expression(node.target, scope)
    arguments = [checker.expression(a, scope) for a in node.arguments]
    if target.type != types.TIMESTAMP:
        written = [node.target, *node.arguments]
        return library_calls.call(checker, node, FUNCTIONS[node.name], written, [target, *arguments], method=True)
    zone = arguments[0] if arguments else Const(types.STRING, "UTC")
    use_zones(scope, zone, checker.at(node.arguments[0] if arguments else node))
    low, high = PARTS[node.name]
    return Call(types.integer(low, high), f"local_{node.name}", (zone, target))


def seconds_between(checker: Checker, node: syntax.Call, scope: Scope, at: Span) -> Expr:
    """`seconds_between(a, b)`, in the unit `second`."""
    if len(node.arguments) != 2:
        raise Rejected(say.wrong_argument_count(node.name, "2 arguments", len(node.arguments), checker.at(node)))
    a, b = [checker.expression(argument, scope) for argument in node.arguments]
    for argument, written in zip((a, b), node.arguments, strict=True):
        _expect(checker, argument, types.TIMESTAMP, written)
    span = 400_000_000_000  # seconds between the years 1 and 9999
    result = types.Number(False, (("second", 1),), 10**9, -span * 10**9, span * 10**9)
    return Call(result, "seconds_between", (a, b))


def bundle_zone(scope: Scope, at: Span) -> Expr:
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
