"""One expression alone, over inputs of declared types: checked as in a bundle, run by the reference interpreter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from policyengine.compiler import emit, graph, sources
from policyengine.compiler.lower import section
from policyengine.compiler.lower.context import Context
from policyengine.errors import EvaluationError, InvalidInput, InvalidPolicy
from policyengine.language import model, schema, yaml
from policyengine.language.expression.check import check
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.dynamic.room import with_room
from policyengine.language.expression.evaluation import parsed, source_of, too_deep
from policyengine.language.expression.scope import Scope
from policyengine.language.expression.syntax import Expression
from policyengine.runtime import exact
from policyengine.runtime.answers import outputs
from policyengine.runtime.failure import COST_EXCEEDED, RESULT_TOO_LARGE, Failure
from policyengine.runtime.given import facts
from policyengine.runtime.limits import CostExceeded
from policyengine.runtime.meaning import interpreter
from policyengine.runtime.program import Entry, Expr, Fact, Node, Program, walk
from policyengine.source import Report, Source, Span
from policyengine.values.types import Quotient, Type

NAME = "value"
_MANIFEST = json.dumps(
    {"policyengine": 1, "bundle": "expression", "version": "1.0.0", "currency": "USD", "timezone": "UTC"}
)


@dataclass(frozen=True, slots=True)
class Alone:
    """A checked expression: a program with one node, and its type."""

    program: Program
    type: Type


def declared_type(text: object, declarations: Mapping[str, Any]) -> str:
    """The name of an expression's type over inputs that are declared as in a bundle: `{"x": "int token"}`."""
    source = source_of(text)
    node = parsed(source)
    return str(_checked(node, source, _scope(_written(declarations))).type)


def compile_alone(text: object, declarations: Mapping[str, Any]) -> Alone:
    """An expression over such inputs, checked and ready to run."""
    source = source_of(text)
    node = parsed(source)
    context = _own_context(_written(declarations))
    expr = _checked(node, source, context.scope())
    context.nodes[NAME] = Node(NAME, expr.type, expr, NAME, "values")
    read = tuple(sorted({each.index for each in walk(expr) if isinstance(each, Fact)}))
    program = emit.emit(context, "")
    program.entries[NAME] = Entry(NAME, "values", ((NAME, NAME),), read)
    return Alone(program, expr.type)


def evaluate_alone(text: object, variables: object, declarations: Mapping[str, Any]) -> Any:
    """The value of an expression over declared inputs; a quotient is given where it is a finite decimal."""
    alone = compile_alone(text, declarations)
    program = alone.program
    given = facts.check(program, program.entries[NAME], {} if variables is None else variables)
    try:
        found = with_room(lambda: interpreter.run(program, [NAME], given.held, None).values[NAME])
    except CostExceeded:
        raise EvaluationError(COST_EXCEEDED.message, COST_EXCEEDED.code) from None
    except RecursionError:
        raise InvalidPolicy([too_deep(source_of(text))]) from None
    if outputs.is_too_large(found):
        found = RESULT_TOO_LARGE
    if not isinstance(found, Failure):
        if isinstance(alone.type, Quotient):
            ratio = Fraction(found)
            found = outputs.number(ratio.numerator, ratio.denominator)
        else:
            found = outputs.plain(exact.held(found, alone.type), alone.type)
    if isinstance(found, Failure):
        raise EvaluationError(found.message, found.code)
    return found


def _checked(node: Expression, source: Source, scope: Scope) -> Expr:
    """The typed core of an expression; raises InvalidPolicy where there is none."""

    def place(start: int, end: int) -> Span:
        return Span(source, start, end)

    try:
        return check(node, scope, place)
    except Rejected as rejected:
        raise InvalidPolicy([rejected.diagnostic]) from None
    except RecursionError:
        raise InvalidPolicy([too_deep(source)]) from None


def _written(declarations: Mapping[str, Any]) -> str:
    """The declarations as text, by which what follows from them is kept: many expressions are read over the same."""
    try:
        return json.dumps(dict(declarations))
    except (TypeError, ValueError):
        raise InvalidInput("the declarations are a dict from names to types, written as in a bundle") from None


@lru_cache(maxsize=64)
def _scope(inputs: str) -> Scope:
    """What names mean over these inputs."""
    return _own_context(inputs).scope()


def _own_context(inputs: str) -> Context:
    """A context to add to: what one expression adds must not be seen by the next one over the same inputs."""
    known = _context(inputs)
    return replace(known, nodes=dict(known.nodes), tables=dict(known.tables), zones=dict(known.zones))


@lru_cache(maxsize=64)
def _context(inputs: str) -> Context:
    """The context of a bundle that has these inputs and nothing else."""
    report = Report()
    found = sources.of_texts({"bundle.yaml": f'{_MANIFEST[:-1]}, "inputs": {inputs}}}'})
    tree = yaml.parse(found.manifest, report)
    if tree is not None:
        schema.check(tree, report, manifest=True)
    _stop_if_any(report)
    assert tree is not None
    context = section.prepare(model.build(tree, [], report), found, report)
    _stop_if_any(report)
    reads = section.reads(context)
    section.lower_all(context, graph.order(reads, section.places(context), report), reads)
    _stop_if_any(report)
    return context


def _stop_if_any(report: Report) -> None:
    if report.errors:
        raise InvalidPolicy(report.in_order())
