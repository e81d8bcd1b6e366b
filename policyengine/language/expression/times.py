"""The typing rules of functions about times: the parts of a time, and what lies between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression import library_calls, syntax
from policyengine.language.expression.calendar_rules import expect_timestamp, use_zones
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.meaning.zoned import PARTS
from policyengine.runtime.program import Call, Const, Expr
from policyengine.source import Span
from policyengine.values import types

if TYPE_CHECKING:
    from policyengine.language.expression.check import Checker


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
        expect_timestamp(argument, checker.at(written))
    span = 400_000_000_000  # seconds between the years 1 and 9999
    result = types.Number(False, (("second", 1),), 10**9, -span * 10**9, span * 10**9)
    return Call(result, "seconds_between", (a, b))
