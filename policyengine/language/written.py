"""What authors write where a value stands: expressions, literals, and values of one grammar.

A value is plain, keyed (`{customer.plan: {free: 1, team: 2}}`), dated (`{2026-12-01: 1}`), a choice
(`{when: c, value: a, otherwise: b}`), a list or a record, or one inside the other.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression import faults, parser, syntax
from policyengine.language.expression.faults import SyntaxFault
from policyengine.language.expression.names import FreePath, free_paths
from policyengine.language.scalar_places import place_in
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence
from policyengine.source import Report, Span

DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\S+)?")
ZONE_NAME = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
"""What the name of a time zone looks like, and no path to a fact."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """One expression as it stands in YAML."""

    scalar: Scalar
    tree: syntax.Expression

    @property
    def span(self) -> Span:
        return self.scalar.span

    def place(self, start: int, end: int) -> Span:
        return place_in(self.scalar, start, end)

    @property
    def is_literal_number(self) -> bool:
        """Whether a bare number stands here, which is read in the unit of its field."""
        tree = self.tree
        while isinstance(tree, syntax.Unary) and tree.operator == "-":
            tree = tree.operand
        return isinstance(tree, syntax.Number) and tree.unit is None


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A literal: a scalar, a list or a mapping that is data and not an expression."""

    node: Node

    @property
    def span(self) -> Span:
        return self.node.span


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """A value for each member of a key; `otherwise` answers for the members that are not written."""

    key: Written
    cases: dict[str, tuple[Span, Value]]
    otherwise: Value | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Dated:
    """Values in half-open steps: each holds from its date until the next."""

    steps: tuple[tuple[str, Span, Value], ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    when: Written
    value: Value
    otherwise: Value | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class RecordOf:
    fields: dict[str, tuple[Span, Value]]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class ListOf:
    items: tuple[Value, ...]
    span: Span


Value = Written | Literal | Keyed | Dated | Choice | RecordOf | ListOf


class Reader:
    """Reads expressions and values; `names` are the declared names, which decide what is a key and what a field."""

    def __init__(self, report: Report, names: Container[str] = ()) -> None:
        self.report = report
        self.names = names

    def expression(self, node: Node) -> Written | None:
        """The expression in a scalar; a mistake goes to the report and gives None."""
        if not isinstance(node, Scalar) or node.broken:
            return None
        if isinstance(node.value, Decimal) and node.text.endswith("%"):
            return Written(node, syntax.Number(0, len(node.text), Fraction(node.value), False))
        text = node.text if isinstance(node.value, str) else node.text.strip()
        try:
            if DATE.fullmatch(text.strip()):
                raise faults.plain_date(text)
            return Written(node, parser.parse(text))
        except SyntaxFault as fault:
            at = place_in(node, fault.start, fault.end)
            self.report.add(say.syntax(fault.name, fault.message, at, fault.hint))
            return None

    def zone(self, node: Node) -> Scalar | Written | None:
        """The name of a time zone as it stands, or an expression."""
        if isinstance(node, Scalar) and ZONE_NAME.fullmatch(node.text.strip()):
            return node
        return self.expression(node)

    def value(self, node: Node, literal: bool = False) -> Value | None:
        """A value of the one grammar; under a key or a date everything is a literal."""
        if isinstance(node, Scalar):
            return Literal(node) if literal else self.expression(node)
        if isinstance(node, Sequence):
            if literal:
                return Literal(node)
            items = [self.value(item) for item in node.items]
            return None if any(i is None for i in items) else ListOf(tuple(i for i in items if i), node.span)
        return self._mapping(node, literal)

    def _mapping(self, node: Mapping, literal: bool) -> Value | None:
        keys = list(node.entries)
        if "when" in keys and "value" in keys and set(keys) <= {"when", "value", "otherwise"}:
            return self._choice(node)
        if keys and all(DATE.fullmatch(key) for key in keys):
            return self._dated(node)
        if len(keys) == 1 and isinstance(node.entries[keys[0]].value, Mapping) and self._is_key(keys[0]):
            return self._keyed(node)
        if literal:
            return Literal(node)
        fields: dict[str, tuple[Span, Value]] = {}
        for entry in node.entries.values():
            value = self.value(entry.value)
            if value is None:
                return None
            fields[entry.key] = (entry.key_span, value)
        return RecordOf(fields, node.span)

    def _is_key(self, key: str) -> bool:
        return key in self.names if _NAME.fullmatch(key) else True

    def _choice(self, node: Mapping) -> Value | None:
        when = self.expression(node.entries["when"].value)
        value = self.value(node.entries["value"].value)
        other = node.entries.get("otherwise")
        otherwise = self.value(other.value) if other else None
        if when is None or value is None or (other and otherwise is None):
            return None
        return Choice(when, value, otherwise, node.span)

    def _dated(self, node: Mapping) -> Value | None:
        steps = []
        for entry in node.entries.values():
            value = self.value(entry.value, literal=True)
            if value is None:
                return None
            steps.append((entry.key, entry.key_span, value))
        return Dated(tuple(steps), node.span)

    def _keyed(self, node: Mapping) -> Value | None:
        (entry,) = node.entries.values()
        key = self.expression(Scalar(entry.key, entry.key_span, "plain", entry.key))
        cases: dict[str, tuple[Span, Value]] = {}
        otherwise = None
        assert isinstance(entry.value, Mapping)
        for case in entry.value.entries.values():
            value = self.value(case.value, literal=True)
            if value is None:
                return None
            if case.key == "otherwise":
                otherwise = value
            else:
                cases[case.key] = (case.key_span, value)
        return None if key is None else Keyed(key, cases, otherwise, node.span)


def expressions(value: Value | None) -> Iterator[Written]:
    """The expressions inside a value."""
    match value:
        case Written():
            yield value
        case Keyed():
            yield value.key
            for _, inner in value.cases.values():
                yield from expressions(inner)
            yield from expressions(value.otherwise)
        case Dated():
            for _, _, inner in value.steps:
                yield from expressions(inner)
        case Choice():
            yield value.when
            yield from expressions(value.value)
            yield from expressions(value.otherwise)
        case RecordOf():
            for _, inner in value.fields.values():
                yield from expressions(inner)
        case ListOf():
            for item in value.items:
                yield from expressions(item)


def is_dated(value: Value | None) -> bool:
    match value:
        case Dated():
            return True
        case Keyed():
            return any(is_dated(v) for _, v in value.cases.values()) or is_dated(value.otherwise)
    return False


def paths(written: Written) -> list[FreePath]:
    """The names that an expression reads."""
    return free_paths(written.tree)
