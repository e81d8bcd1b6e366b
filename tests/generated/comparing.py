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
from policyengine.runtime.answers import explain
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.answers.record import compact
from policyengine.runtime.codegen import generator
from policyengine.runtime.codegen.writer import TooDeep
from policyengine.runtime.engine import Policy, interpreted
from policyengine.runtime.failure import Failure
from policyengine.runtime.given.facts import Facts, Reader
from policyengine.runtime.meaning import interpreter
from policyengine.runtime.program import Program
from policyengine.runtime.unavailable import UNAVAILABLE
from policyengine.values import types
from policyengine.values.canonical_json import canonical_bytes
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
    """What the evaluators say differently; empty where they agree (or the node is a quotient, which no one may ask)."""
    entry = made.program.entries.get(question.decision)
    if entry is None and question.decision not in made.bundle.decisions:
        return []
    assert entry is not None
    row = given(made.bundle, question.facts, random, UNAVAILABLE)
    answer = Answer(made.bundle, question.facts, question.tenant, question.at)
    facts = Reader(made.program, entry).check(row, instant(question.at), question.tenant)
    specified = interpreted(made.program, entry, interpreter.needed(made.program, entry), facts, question.tenant)
    generated = specified if facts.unavailable else _generated(made, question, facts, specified)
    expected = answer.asked(question.decision)
    all_checks = answer.checks()
    for check in entry.checks:
        expected[check] = all_checks[int(check.rpartition(".")[2]) - 1]
    found: list[Difference] = []
    nodes = {**dict(entry.outputs), **{node: node for node in (*entry.guards, *entry.checks)}}
    for (name, node), g, s in zip(nodes.items(), generated, specified, strict=True):
        if not made.program.nodes[node].deferred and name in expected:
            found += _of_one(name, made.program.nodes[node].type, expected[name], g, s)
    found += _of_types(made, question.decision, nodes)
    checks = [expected[check] for check in entry.checks]
    return found + _public(made, question, row, expected, checks)


def _of_one(name: str, its_type: types.Type, expected: Any, generated: Any, specified: Any) -> list[Difference]:
    found = []
    if not same(generated, specified):
        found.append(Difference(f"{name}: generated code and interpreter", repr(specified), repr(generated)))
    for side, value in (("interpreter", specified), ("generated code", generated)):
        if not is_as_expected(value, its_type, expected):
            found.append(Difference(f"{name}: oracle and {side}", repr(expected), shown(value, its_type)))
    return found


def _of_types(made: Compiled, name: str, nodes: dict[str, str]) -> list[Difference]:
    """The checker infers the kinds and units that the generator meant."""
    decision = made.bundle.decisions.get(name)
    found = []
    for output, tree in decision.outputs.items() if decision is not None else ():
        inferred = kind_of(made.program.nodes[nodes[output]].type)
        if inferred != _comparable(tree.kind):
            found.append(Difference(f"{output}: type", str(_comparable(tree.kind)), str(inferred)))
    return found


def instant(at: int) -> Any:
    return Timestamp(at)


def _generated(made: Compiled, question: Question, facts: Facts, specified: tuple[Any, ...]) -> tuple[Any, ...]:
    """What generated code says; an entry that nests too deep for it is the interpreter's."""
    entry = made.program.entries[question.decision]
    if question.decision not in made.runs:
        order = interpreter.needed(made.program, entry)
        try:
            made.runs[question.decision] = generator.generate(made.program, entry, order)
        except TooDeep:
            made.runs[question.decision] = None
    run = made.runs[question.decision]
    cells = None if question.tenant is None else made.policy.program.tenant_cells.get(question.tenant)
    return specified if run is None else tuple(run(list(facts.held), cells))


def _untraced(answer: Decision) -> list[Difference]:
    """Generated code finds the reasons and lines that the interpreter's trace has, and prints the input as it is."""
    found: list[Difference] = []
    cited = answer._cited()
    specified = explain.reasons(answer._prepared.policy.program, answer._prepared.entry, answer.trace)
    if cited is not None and cited != specified:
        found.append(Difference("reasons", ", ".join(map(str, specified)), ", ".join(map(str, cited))))
    written = canonical_bytes(answer.input).decode()
    if answer.canonical_input != written:
        found.append(Difference("canonical input", written, answer.canonical_input))
    record = compact(answer)
    if answer.compact_record() != record:
        found.append(Difference("compact record", record, answer.compact_record()))
    listed = [node for _, node in answer._prepared.entry.outputs if answer._policy.program.nodes[node].deferred]
    for node, lines in zip(listed, answer._listed() or (), strict=False):
        expected = explain.lines(answer.trace.values[node])
        if repr(lines) != repr(expected):
            found.append(Difference(f"{node}: listed", repr(expected), repr(lines)))
    return found


def _public(
    made: Compiled, question: Question, row: dict[str, Any], expected: dict[str, Any], checks: list[Any]
) -> list[Difference]:
    """`Policy.decide` gives these outputs, effect and guards, or raises one of these failures."""
    entry = made.program.entries[question.decision]
    nodes = {name: made.program.nodes[node] for name, node in entry.outputs}
    wanted = {name: _leaving(expected[name]) for name in nodes if name in expected}
    answered = [*wanted.values(), *(expected[guard] for guard in entry.guards), *checks]
    codes = [value.codes for value in answered if isinstance(value, Failed)]
    try:
        answer = made.policy.decide(question.decision, row, tenant=question.tenant, at=instant(question.at))
        outputs = dict(answer.outputs)
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
    found = _untraced(answer)
    found += [
        Difference(f"{name}: decide", repr(value), repr(outputs[name]))
        for name, value in wanted.items()
        if not _is_public(outputs[name], value, kind_of(nodes[name].type))
    ]
    spoken = [made.bundle.guards[guard].effect for guard in entry.guards if expected[guard] is True]
    effect = max(spoken, key=("allow", "review", "deny").index, default="allow")
    if answer.effect != effect:
        found.append(Difference("effect", effect, answer.effect))
    return found + _lines(made, question, outputs)


def _lines(made: Compiled, question: Question, outputs: dict[str, Any]) -> list[Difference]:
    """The lines of a charge that is not rounded add up to its amount."""
    charge = made.bundle.charges.get(question.decision)
    if charge is None or charge.round is not None or charge.sum or outputs["amount"] is None:
        return []
    total = sum((Fraction(line["amount"]) for line in outputs["lines"]), Fraction(0))
    if total == Fraction(outputs["amount"]):
        return []
    return [Difference("lines", repr(outputs["amount"]), repr(outputs["lines"]))]


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
        case "record":
            return list(found) == list(expected) and all(_is_public(found[n], expected[n], k) for n, k in kind.fields)
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
