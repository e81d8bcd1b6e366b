"""An entry point as a list of steps in order of evaluation: what every columnar back end reads.

Reading a node, binding a name and writing the same thing twice cost nothing here: equal expressions are one step, and
`Read`, `Let` and `Local` have no steps of their own. Nodes that are computed only when asked for are left out, as in
generated code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from policyengine.runtime.program import (
    Call,
    Column,
    Const,
    Entry,
    Expr,
    Fact,
    Field,
    Fold,
    Let,
    Local,
    MakeList,
    MakeMap,
    MakeTiers,
    Program,
    Read,
    Row,
    children,
    reads,
)
from policyengine.values import types
from policyengine.values.types import Type


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on earlier steps, which `arguments` number in the order of `children`; `node` asked first."""

    expr: Expr
    type: Type
    arguments: tuple[int, ...]
    node: str


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of an entry point, the step of each of its nodes, and how often each step is used."""

    steps: tuple[Step, ...]
    of_node: dict[str, int]
    uses: tuple[int, ...]


def results(entry: Entry) -> tuple[str, ...]:
    """The nodes that an entry point answers with, in the order of generated code."""
    return (*(node for _, node in entry.outputs), *entry.guards, *entry.requires, *entry.checks)


def nodes_of(program: Program, entry: Entry) -> list[str]:
    """The nodes that the answer needs, without those that are computed only when asked for."""
    wanted = {name for name in results(entry) if not program.nodes[name].deferred}
    order: list[str] = []
    for name in reversed(program.nodes):
        if name in wanted:
            order.append(name)
            wanted |= reads(program.nodes[name].expr)
    return order[::-1]


def steps_of(program: Program, entry: Entry) -> Steps:
    """The steps of an entry point."""
    builder = _Builder(program)
    for name in nodes_of(program, entry):
        builder.node(name)
    uses = [0] * len(builder.steps)
    for step in builder.steps:
        for argument in step.arguments:
            uses[argument] += 1
    return Steps(tuple(builder.steps), builder.of_node, tuple(uses))


class _Builder:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.steps: list[Step] = []
        self.of_node: dict[str, int] = {}
        self.known: dict[Any, int] = {}
        self.current = ""

    def node(self, name: str) -> None:
        self.current = name
        self.of_node[name] = self.of(self.program.nodes[name].expr, {})

    def of(self, expr: Expr, bound: dict[str, int]) -> int:
        match expr:
            case Read():
                return self.seen_as(self.of_node[expr.node], expr.type)
            case Local():
                return self.seen_as(bound[expr.name], expr.type)
            case Let():
                return self.of(expr.body, {**bound, expr.name: self.of(expr.value, bound)})
            case Fact():
                return self.seen_as(self.step(expr, self.program.facts[expr.index].type, ()), expr.type)
            case Fold():
                return self.step(expr, expr.type, ())  # a loop is a step of its own kind; nothing looks into it
        return self.step(expr, expr.type, tuple([self.of(child, bound) for child in children(expr)]))

    def seen_as(self, number: int, its_type: Type) -> int:
        """A step as a reader sees it: where a guard has proved an optional value present, it is read as a plain one."""
        own = self.steps[number].type
        if isinstance(own, types.Optional) and not isinstance(its_type, types.Optional):
            return self.step(Call(its_type, "present", ()), its_type, (number,))
        return number

    def step(self, expr: Expr, its_type: Type, arguments: tuple[int, ...]) -> int:
        key = (type(expr).__name__, _own(expr), its_type, arguments)
        number = self.known.get(key)
        if number is None:
            number = self.known[key] = len(self.steps)
            self.steps.append(Step(expr, its_type, arguments, self.current))
        return number


def _own(expr: Expr) -> Any:
    """What tells two expressions of one kind, type and arguments apart."""
    match expr:
        case Const(value=value):
            return _hashable(value)
        case Fact(index=index):
            return index
        case Field(name=name):
            return name
        case Call(function=function):
            return function
        case Row(table=table, at=at):
            return (table, at is None)
        case Column(table=table, column=column, at=at):
            return (table, column, at is None)
        case MakeTiers(bounds=bounds, rates=rates):
            return (len(bounds), len(rates))
        case MakeMap(keys=keys):
            return len(keys)
        case Fold():
            return id(expr)
    return None


def _hashable(value: Any) -> Any:
    """A constant as a key that keeps True, 1 and "1" apart."""
    if isinstance(value, dict):
        return tuple((k, _hashable(v)) for k, v in value.items())
    if isinstance(value, tuple):
        return tuple(_hashable(v) for v in value)
    return (type(value).__name__, value)


def bare(its_type: Type) -> Type:
    """A type without `optional`."""
    return its_type.item if isinstance(its_type, types.Optional) else its_type


def constant_items(steps: Sequence[Step], number: int) -> tuple[int, ...] | None:
    """The steps of a list that is written out, through conversions; None for a list that is only known at run time."""
    step = steps[number]
    match step.expr:
        case Call(function="convert"):
            return constant_items(steps, step.arguments[0])
        case MakeList():
            return step.arguments
    return None
