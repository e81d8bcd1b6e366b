"""One expression alone: `evaluate_expression` and `check_expression`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policyengine.errors import EvaluationError, InvalidInput, InvalidPolicy
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.dynamic.given import read_variables
from policyengine.language.expression.dynamic.given_back import Unfit, given_back
from policyengine.language.expression.dynamic.plan import Planner
from policyengine.language.expression.dynamic.step import Failed
from policyengine.language.expression.faults import SyntaxFault
from policyengine.language.expression.parser import parse
from policyengine.language.expression.syntax import Expression
from policyengine.runtime.failure import Failure
from policyengine.runtime.limits import COST_MAX, CostExceeded, Meter
from policyengine.source import Source, Span

SOURCE = "expression"
COST_EXCEEDED = Failure("cost_exceeded", f"the evaluation costs more than {COST_MAX:,} units")


def evaluate(text: str, variables: object, container: str) -> Any:
    """The value of an expression whose types nobody declared."""
    source = Source(SOURCE, _text(text))
    node = _parsed(source)
    held = read_variables(variables)
    meter = Meter()
    try:
        step = Planner(held, container, meter, lambda start, end: Span(source, start, end)).plan(node, {})
        return given_back(step())
    except Rejected as rejected:
        raise InvalidPolicy([rejected.diagnostic]) from None
    except Failed as failed:
        raise _failed(failed.failure, Span(source, failed.node.start, failed.node.end)) from None
    except Unfit as unfit:
        raise _failed(unfit.failure, Span(source, node.start, node.end)) from None
    except CostExceeded:
        raise _failed(COST_EXCEEDED, Span(source, node.start, node.end)) from None
    except RecursionError:
        raise InvalidPolicy([_too_deep(source)]) from None


def _text(text: object) -> str:
    if type(text) is not str:
        raise InvalidInput("an expression is given as text")
    return text


def _parsed(source: Source) -> Expression:
    try:
        return parse(source.text)
    except SyntaxFault as fault:
        at = Span(source, fault.start, fault.end)
        raise InvalidPolicy([say.syntax(fault.name, fault.message, at, fault.hint)]) from None
    except RecursionError:
        raise InvalidPolicy([_too_deep(source)]) from None


def _too_deep(source: Source) -> Any:
    at = Span(source, 0, len(source.text))
    return say.syntax("nested_too_deeply", "the expression is nested too deeply for the caller's stack", at, None)


def _failed(failure: Failure, at: Span) -> EvaluationError:
    return EvaluationError(failure.message, failure.code, place=f"{at.line}:{at.column}")
