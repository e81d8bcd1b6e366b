"""One expression alone, over inputs of declared types: checked as in a bundle, run by the reference interpreter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from policyengine.compiler import emit, graph, sources
from policyengine.compiler.lower import section
from policyengine.compiler.lower.context import Context
from policyengine.errors import EvaluationError, InvalidInput, InvalidPolicy
from policyengine.language import model, schema, yaml
from policyengine.language.expression.check import check
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.evaluation import parsed, source_of, too_deep
from policyengine.runtime import exact, facts, interpreter, outputs
from policyengine.runtime.failure import Failure
from policyengine.runtime.program import Entry, Fact, Node, Program, walk
from policyengine.source import Report, Span
from policyengine.values.types import Quotient, Type

NAME = "value"
_MANIFEST = {"policyengine": 1, "bundle": "expression", "version": "1.0.0", "currency": "USD", "timezone": "UTC"}


@dataclass(frozen=True, slots=True)
class Alone:
    """A checked expression: a program with one node, and its type."""

    program: Program
    type: Type


def compile_alone(text: object, declarations: Mapping[str, Any]) -> Alone:
    """Check an expression over inputs that are declared as in a bundle: `{"x": "int token"}`."""
    source = source_of(text)
    node = parsed(source)
    context = _declared(declarations)
    try:
        expr = check(node, context.scope(), lambda start, end: Span(source, start, end))
    except Rejected as rejected:
        raise InvalidPolicy([rejected.diagnostic]) from None
    except RecursionError:
        raise InvalidPolicy([too_deep(source)]) from None
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
        found = interpreter.run(program, [NAME], given.held, None).values[NAME]
    except RecursionError:
        raise InvalidPolicy([too_deep(source_of(text))]) from None
    if not isinstance(found, Failure):
        if isinstance(alone.type, Quotient):
            ratio = Fraction(found)
            found = outputs.number(ratio.numerator, ratio.denominator)
        else:
            found = outputs.plain(exact.held(found, alone.type), alone.type)
    if isinstance(found, Failure):
        raise EvaluationError(found.message, found.code)
    return found


def _declared(declarations: Mapping[str, Any]) -> Context:
    """The context of a bundle that has these inputs and nothing else."""
    try:
        manifest = json.dumps({**_MANIFEST, "inputs": dict(declarations)})
    except (TypeError, ValueError):
        raise InvalidInput("the declarations are a dict from names to types, written as in a bundle") from None
    report = Report()
    found = sources.of_texts({"bundle.yaml": manifest})
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
