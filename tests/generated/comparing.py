"""One question to all evaluators: generated code, the reference interpreter, the oracle, and the public answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from generated.rows import Question, given
from generated.writing import yaml_of
from oracle.bundle import Bundle
from oracle.numbers import DIGITS_MAX, digits
from oracle.outcome import ABSENT, Failed
from oracle.sections import Answer
from oracle.tree import Kind

from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import EvaluationError, InvalidInput
from policyengine.runtime import codegen, interpreter
from policyengine.runtime.engine import Policy, interpreted
from policyengine.runtime.facts import Facts, Reader
from policyengine.runtime.failure import Failure
from policyengine.runtime.program import Program
from policyengine.runtime.unavailable import UNAVAILABLE
from policyengine.values import types
from policyengine.values.instant import Timestamp


@dataclass(frozen=True, slots=True)
class Difference:
    """Two evaluators that do not say the same of one output."""

    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}"


@dataclass(slots=True)
class Compiled:
    """A generated bundle and its policy."""

    bundle: Bundle
    text: str
    policy: Policy
    program: Program
    runs: dict[str, Any] = field(default_factory=dict)


def compiled(bundle: Bundle) -> Compiled:
    """The bundle as a policy; raises InvalidPolicy."""
    text = yaml_of(bundle)
    policy = Policy(compile_texts({"bundle.yaml": text}).program)
    return Compiled(bundle, text, policy, policy.program)


def differences(made: Compiled, question: Question, random: Random | None = None) -> list[Difference]:
    """What the evaluators say differently; empty where they agree."""
    row = given(made.bundle, question.facts, random, UNAVAILABLE)
    answer = Answer(made.bundle, question.facts, question.tenant, question.at)
    decision = made.bundle.decisions[question.decision]
    entry = made.program.entries[question.decision]
    facts = Reader(made.program, entry).check(row, instant(question.at), question.tenant)
    generated = _generated(made, question, facts)
    specified = interpreted(made.program, entry, interpreter.needed(made.program, entry), facts, question.tenant)
    all_checks = answer.checks()
    checks = [all_checks[int(check.rpartition(".")[2]) - 1] for check in entry.checks]
    expected = [*answer.outputs(decision).values(), *answer.guards(decision).values(), *checks]
    names = [*decision.outputs, *decision.guards, *entry.checks]
    nodes = [node for _, node in entry.outputs] + [*entry.guards, *entry.checks]
    kinds = [tree.kind for tree in decision.outputs.values()] + [Kind("bool")] * (len(nodes) - len(decision.outputs))
    found: list[Difference] = []
    for name, node, kind, e, g, s in zip(names, nodes, kinds, expected, generated, specified, strict=True):
        its_type = made.program.nodes[node].type
        if not same(g, s):
            found.append(Difference(f"{name}: generated code and interpreter", repr(s), repr(g)))
        if not is_as_expected(s, its_type, e):
            found.append(Difference(f"{name}: oracle and interpreter", repr(e), shown(s, its_type)))
        if not is_as_expected(g, its_type, e):
            found.append(Difference(f"{name}: oracle and generated code", repr(e), shown(g, its_type)))
        if kind_of(its_type) != _comparable(kind):
            found.append(Difference(f"{name}: type", str(_comparable(kind)), str(kind_of(its_type))))
    return found + _public(made, question, row, dict(zip(names, expected, strict=True)), checks)


def instant(at: int) -> Any:
    return Timestamp(at)


def _generated(made: Compiled, question: Question, facts: Facts) -> tuple[Any, ...]:
    """Generated code is asked even where the engine would ask the interpreter."""
    entry = made.program.entries[question.decision]
    if question.decision not in made.runs:
        order = interpreter.needed(made.program, entry)
        made.runs[question.decision] = codegen.generate(made.program, entry, order)
    cells = None if question.tenant is None else made.policy._cells.get(question.tenant)
    result: tuple[Any, ...] = made.runs[question.decision](list(facts.held), cells)
    return result


def _public(
    made: Compiled, question: Question, row: dict[str, Any], expected: dict[str, Any], checks: list[Any]
) -> list[Difference]:
    """`Policy.decide` gives these outputs, effect and guards, or raises one of these failures."""
    decision = made.bundle.decisions[question.decision]
    wanted = {name: _leaving(expected[name]) for name in decision.outputs}
    answered = [*wanted.values(), *(expected[g] for g in decision.guards), *checks]
    codes = [value.codes for value in answered if isinstance(value, Failed)]
    try:
        answer = made.policy.decide(question.decision, row, tenant=question.tenant, at=instant(question.at))
        outputs = answer.outputs
    except EvaluationError as error:
        if any(error.code in each for each in codes):
            return []
        return [Difference("decide raises", repr(codes), error.code)]
    except InvalidInput as error:
        if False in checks and "facts must agree" in str(error):
            return []
        return [Difference("decide raises", repr(codes), str(error))]
    if codes or False in checks:
        return [Difference("decide raises", repr(codes) if codes else "facts must agree", repr(outputs))]
    found = [
        Difference(f"{name}: decide", repr(value), repr(outputs[name]))
        for name, value in wanted.items()
        if not _is_public(outputs[name], value, decision.outputs[name].kind)
    ]
    effect = Answer(made.bundle, question.facts, question.tenant, question.at).effect(decision)
    if answer.effect != effect:
        found.append(Difference("effect", effect, answer.effect))
    return found


def _leaving(value: Any) -> Any:
    """A value that leaves a decision has at most 34 digits."""
    if isinstance(value, Fraction | int) and not isinstance(value, bool):
        count = digits(Fraction(value))
        return Failed.of("too_many_digits") if count is None or count > DIGITS_MAX else value
    if isinstance(value, tuple):
        parts = [_leaving(each) for each in value]
        return next((part for part in parts if isinstance(part, Failed)), value)
    if isinstance(value, dict):
        parts = [_leaving(each) for each in value.values()]
        return next((part for part in parts if isinstance(part, Failed)), value)
    return value


def _is_public(found: Any, expected: Any, kind: Kind) -> bool:
    if expected is ABSENT:
        return found is None
    match kind.word:
        case "int":
            return type(found) is int and found == expected
        case "decimal":
            return type(found) is Decimal and Fraction(found) == expected
        case "list":
            assert kind.item is not None
            item = kind.item
            return len(found) == len(expected) and all(
                _is_public(f, e, item) for f, e in zip(found, expected, strict=True)
            )
        case "bool":
            return found is expected
    return bool(found == expected)


def same(a: Any, b: Any) -> bool:
    """Equal in value and kind, at any depth: bit for bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Failure):
        return bool(a.code == b.code)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return bool(a == b)


def is_as_expected(held: Any, its_type: types.Type, expected: Any) -> bool:
    """Whether a held value is what the oracle says."""
    if isinstance(expected, Failed):
        return isinstance(held, Failure) and held.code in expected.codes
    if isinstance(held, Failure):
        return False
    if expected is ABSENT or held is None:
        return expected is ABSENT and held is None
    match its_type:
        case types.Number(integer=integer, den=den):
            return type(held) is int and Fraction(held, den) == expected and (not integer or den == 1)
        case types.Quotient():
            return Fraction(*held) == expected
        case types.Optional(item=item):
            return is_as_expected(held, item, expected)
        case types.List(item=item):
            return len(held) == len(expected) and _all_as_expected(held, [item] * len(held), expected)
        case types.Record(fields=fields):
            return _all_as_expected(held, [its for _, its in fields], [expected[name] for name, _ in fields])
    return type(held) is type(expected) and held == expected


def _all_as_expected(held: Any, kinds: Sequence[types.Type], expected: Any) -> bool:
    return all(is_as_expected(h, k, e) for h, k, e in zip(held, kinds, expected, strict=True))


def shown(held: Any, its_type: types.Type) -> str:
    if isinstance(held, Failure):
        return f"failure {held.code}"
    if isinstance(its_type, types.Number) and held is not None:
        return repr(Fraction(held, its_type.den))
    return repr(held)


def kind_of(its_type: types.Type) -> Kind:
    """A type of the checker in the oracle's words."""
    match its_type:
        case types.Number(integer=integer, unit=unit):
            return Kind("int" if integer else "decimal", unit)
        case types.Optional(item=item):
            return kind_of(item)
        case types.List(item=item):
            return Kind("list", item=kind_of(item))
        case types.Enum():
            return Kind("enum")
        case types.Simple(name=name):
            return Kind(name)
        case types.Record(fields=fields):
            return Kind("record", fields=tuple((name, kind_of(its)) for name, its in fields))
    return Kind(str(its_type))


def _comparable(kind: Kind) -> Kind:
    if kind.word == "enum":
        return Kind("enum")
    if kind.item is not None:
        return Kind("list", item=_comparable(kind.item))
    return kind
