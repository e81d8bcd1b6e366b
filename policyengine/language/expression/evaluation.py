"""One expression alone: `evaluate_expression` and `check_expression`."""

from __future__ import annotations

from typing import Any

from policyengine.errors import EvaluationError, InvalidInput, InvalidPolicy
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.dynamic.deduce import Deducer
from policyengine.language.expression.dynamic.given import read_variables
from policyengine.language.expression.dynamic.given_back import Unfit, given_back
from policyengine.language.expression.dynamic.plan import Planner
from policyengine.language.expression.dynamic.room import with_room
from policyengine.language.expression.dynamic.step import Failed
from policyengine.language.expression.faults import SyntaxFault
from policyengine.language.expression.parser import parse
from policyengine.language.expression.syntax import Expression
from policyengine.runtime.failure import COST_EXCEEDED, Failure
from policyengine.runtime.limits import CostExceeded, Meter
from policyengine.source import Diagnostic, Source, Span

SOURCE = "expression"


def evaluate(text: object, variables: object = None, container: str = "") -> Any:
    """The value of an expression whose types nobody declared."""
    return with_room(lambda: _evaluated(source_of(text), variables, container))


def _evaluated(source: Source, variables: object, container: str) -> Any:
    node = parsed(source)
    held = read_variables(variables)
    if type(container) is not str:
        raise InvalidInput("a container is given as text")

    def place(start: int, end: int) -> Span:
        return Span(source, start, end)

    try:
        step = Planner(held, container, Meter(), place).plan(node, {})
        Deducer(source.text, place, hidden=bool(held)).deduce(node, {}, certain=True)
        return given_back(step())
    except Rejected as rejected:
        raise InvalidPolicy([rejected.diagnostic]) from None
    except Failed as failed:
        raise _failed(failed.failure, place(failed.node.start, failed.node.end)) from None
    except Unfit as unfit:
        raise _failed(unfit.failure, place(node.start, node.end)) from None
    except CostExceeded:
        raise _failed(COST_EXCEEDED, place(node.start, node.end)) from None
    except RecursionError:
        raise InvalidPolicy([too_deep(source)]) from None


def deduced_type(text: object) -> str:
    """The name of the type that follows from an expression alone, `dyn` where none does."""
    source = source_of(text)
    node = parsed(source)

    def place(start: int, end: int) -> Span:
        return Span(source, start, end)

    try:
        try:
            return str(Deducer(source.text, place).deduce(node, {}, certain=True))
        except Rejected:
            Planner({}, "", Meter(), place).plan(node, {})  # as before an evaluation, what it refuses is said first
            raise
    except Rejected as rejected:
        raise InvalidPolicy([rejected.diagnostic]) from None
    except RecursionError:
        raise InvalidPolicy([too_deep(source)]) from None


def source_of(text: object) -> Source:
    """The text of an expression as a place for diagnostics."""
    if type(text) is not str:
        raise InvalidInput("an expression is given as text")
    return Source(SOURCE, text)


def parsed(source: Source) -> Expression:
    """The tree of an expression; raises InvalidPolicy where the text is none."""
    try:
        return parse(source.text)
    except SyntaxFault as fault:
        at = Span(source, fault.start, fault.end)
        raise InvalidPolicy([say.syntax(fault.name, fault.message, at, fault.hint)]) from None
    except RecursionError:
        raise InvalidPolicy([too_deep(source)]) from None


def too_deep(source: Source) -> Diagnostic:
    """The stack of whoever asks has no room for an expression as deep as this one."""
    at = Span(source, 0, len(source.text))
    return say.syntax("nested_too_deeply", "the expression is nested too deeply for the caller's stack", at, None)


def _failed(failure: Failure, at: Span) -> EvaluationError:
    return EvaluationError(failure.message, failure.code, place=f"{at.line}:{at.column}")
