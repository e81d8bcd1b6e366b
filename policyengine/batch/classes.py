"""How an entry point can be answered over columns: the class of a decision, and the node that decides it.

A: every operation works on whole columns. B: something is a function of few distinct values (texts, calendars, small
lists) and is evaluated once for each distinct tuple. C: something is done row by row (loops, collecting tables, lines).
What is computed only when asked for, such as the lines of a charge, does not count: it is not among the answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policyengine.batch.cell_sets import NoSet, cell_set
from policyengine.batch.duckdb_calls import OPERATIONS
from policyengine.batch.duckdb_sql import Refused, compile_entry
from policyengine.batch.shapes import NoColumns, slots
from policyengine.batch.steps import Step, Steps, constant_items, results, steps_of
from policyengine.runtime.program import (
    Call,
    Column,
    Const,
    Entry,
    Fact,
    Fold,
    MakeList,
    MakeMap,
    Program,
    Row,
    TableData,
)
from policyengine.runtime.tables.cells import COLLECTING
from policyengine.values import types
from policyengine.values.types import Type

Letter = Literal["A", "B", "C"]
ROW_BY_ROW = frozenset(("append", "sort_by", "stretches", "override_dates"))
"""Functions that only loops and lists of run-time length use."""


@dataclass(frozen=True, slots=True)
class Class:
    """The class, with the node that decides it and why; "" and "" for class A.

    `no_sql` says why an entry point of class A has no SQL query all the same, "" where it has one.
    """

    letter: Letter
    node: str = ""
    reason: str = ""
    no_sql: str = ""


def classify(program: Program, entry: Entry) -> Class:
    """The class of an entry point."""
    steps = steps_of(program, entry)
    found = [_verdict(program, steps, step) for step in steps.steps] + _answers(program, entry, steps)
    worst = max((f for f in found if f is not None), key=lambda f: f.letter, default=None)
    if worst is not None:
        return worst
    try:
        compile_entry(program, entry)
    except Refused as refused:
        return Class("A", no_sql=f"{refused.node}: {refused.reason}")
    return Class("A")


def _answers(program: Program, entry: Entry, steps: Steps) -> list[Class | None]:
    """Answers that are no columns, though everything before them may be."""
    found: list[Class | None] = []
    for name in results(entry):
        if not program.nodes[name].deferred:
            its_type = steps.steps[steps.of_node[name]].type
            found.append(None if is_columnar(its_type) else Class("B", name, f"hands out {_some(its_type)}"))
    return found


def _verdict(program: Program, steps: Steps, step: Step) -> Class | None:
    """What a step makes of its entry point, None where it leaves it in class A."""
    match step.expr:
        case Fold():
            return Class("C", step.node, "goes through a list")
        case Call(function=function):
            return _of_call(steps, step, function)
        case Row(table=table):
            return _of_row(step, program.tables[table])
        case Column() if isinstance(steps.steps[step.arguments[0]].type, types.List):
            return Class("C", step.node, "reads several rows of a table")
        case Const() | MakeList():
            return None  # a list that is written out is none of its own: see `in`
        case MakeMap():
            return Class("B", step.node, "makes a map")
        case Fact() | Column() if not is_columnar(step.type) and not isinstance(step.type, types.Tiers):
            return Class("B", step.node, f"reads {_some(step.type)}")
    return _of_operands(steps, step)


def _of_call(steps: Steps, step: Step, function: str) -> Class | None:
    if function in ROW_BY_ROW or step.type == types.LINES:
        return Class("C", step.node, f"`{function}` is done row by row")
    if function not in OPERATIONS:
        return Class("B", step.node, f"`{function}` is a function of single values")
    if function == "in_list":
        return None if is_written_out(steps, step.arguments[1]) else Class("B", step.node, "looks into a list")
    if function == "convert" and isinstance(step.type, types.List):
        return None
    return _of_operands(steps, step)


def _of_operands(steps: Steps, step: Step) -> Class | None:
    """Lists and maps pass through no operation on columns."""
    for argument in step.arguments:
        its_type = steps.steps[argument].type
        if not is_columnar(its_type) and not isinstance(its_type, types.Tiers):
            return Class("B", step.node, f"takes {_some(its_type)}")
    return None


def _of_row(step: Step, table: TableData) -> Class | None:
    if table.hit in COLLECTING:
        return Class("C", step.node, "collects rows of a table")
    try:
        for cells, key in zip(table.conditions, table.keys, strict=True):
            for cell in cells:
                cell_set(cell, key)
    except NoSet:
        return Class("B", step.node, "tests text patterns")
    return _of_key(table, step)


def _of_key(table: TableData, step: Step) -> Class | None:
    for key in table.keys:
        if not is_columnar(key):
            return Class("B", step.node, f"looks up {_some(key)}")
    return None


def is_columnar(its_type: Type) -> bool:
    """Whether values of a type have a fixed number of slots. What is only ever absent has none and needs none."""
    if its_type == types.Optional(types.NEVER):
        return True
    try:
        return bool(slots(its_type))
    except NoColumns:
        return False


def is_written_out(steps: Steps, number: int) -> bool:
    """Whether a list's members are written in the expression itself."""
    step = steps.steps[number]
    if constant_items(steps.steps, number) is not None:
        return True
    while isinstance(step.expr, Call) and step.expr.function == "convert":
        step = steps.steps[step.arguments[0]]
    return isinstance(step.expr, Const)


def _some(its_type: Type) -> str:
    return f"a {its_type}" if isinstance(its_type, types.List | types.Map) else f"{its_type}"
