"""Questions aimed at one row of a table, or one case of a parameter: its own conditions say what to ask."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.meaning.answers import Question
from policyengine.analysis.diff.meaning.samples import given, leaves, replaced
from policyengine.runtime.exact import exact
from policyengine.runtime.program import Fact, Leaf, Program, Row, walk
from policyengine.values import types
from policyengine.values.instant import Timestamp
from policyengine.values.types import Type

Aim = dict[tuple[str, ...], Any]
"""Facts by their path."""


def aimed(question: Question, change: Change, program: Program) -> Iterator[Question]:
    """The question moved to where the change lies; the question itself where no row says where that is."""
    if change.part.kind == "override":
        yield from _at_override(question, change, program)
    elif change.part.name in program.tables:
        for row in rows_of(change, program):
            yield from _at_row(question, program, change.part.name, row)
    else:
        yield question


def rows_of(change: Change, program: Program) -> list[int]:
    """The rows of the part's table that a change names."""
    table = program.tables[change.part.name]
    inner = ".".join(change.path[1:])
    return [row for row, its_id in enumerate(table.ids) if its_id and f"{inner}.".startswith(f"{its_id}.")]


def _at_row(question: Question, program: Program, name: str, row: int) -> Iterator[Question]:
    table = program.tables[name]
    aim: Aim = {}
    for index, leaf, key_type, cells in _keys(program, name):
        found = _accepted(cells[row], key_type, leaf)
        if found is not None:
            aim[program.facts[index].path] = found
    start = table.starts[row] if table.starts else None
    yield _moved(question, aim, question.tenant, None if start is None else Timestamp(start))


def _at_override(question: Question, change: Change, program: Program) -> Iterator[Question]:
    """Asked by the tenant of the override, from its first day, at each row that it sets."""
    its_id = change.part.name.removeprefix("overrides.").partition(" (")[0]
    for tenant, tables in program.tenant_cells.items():
        for name, cells in tables.items():
            for (row, _), dated in cells.items():
                for cell in dated:
                    if program.override_ids[cell.override][0] == its_id:
                        start = None if cell.start is None else Timestamp(cell.start)
                        own = Question(question.decision, question.input, tenant, start or question.at)
                        for asked in _at_row(own, program, name, row):
                            yield Question(asked.decision, asked.input, tenant, own.at)


def _keys(program: Program, name: str) -> Iterator[tuple[int, Leaf, Type, tuple[Any, ...]]]:
    """The conditions of a table that are plainly a fact: its index, its leaf, its type and its cells."""
    declared = dict(leaves(program.inputs))
    table = program.tables[name]
    for node in program.nodes.values():
        for expr in walk(node.expr):
            if isinstance(expr, Row) and expr.table == name:
                for key, key_type, cells in zip(expr.keys, table.keys, table.conditions, strict=True):
                    if isinstance(key, Fact) and program.facts[key.index].path in declared:
                        yield key.index, declared[program.facts[key.index].path], key_type, cells
                return


def _accepted(cell: Any, key_type: Type, leaf: Leaf) -> Any:
    """A value that a cell accepts, as callers give it; None where none is at hand."""
    match cell:
        case ("any", first, *_):
            return _accepted(first, key_type, leaf)
        case ("range", low, low_in, high, high_in):
            if low is not None:
                return _given(low, key_type, leaf, 0 if low_in else 1)
            return _given(high, key_type, leaf, 0 if high_in else -1)
        case None | tuple():
            return None
    return _given(cell, key_type, leaf, 0)


def _given(held: Any, key_type: Type, leaf: Leaf, beside: int) -> Any:
    inner = key_type.item if isinstance(key_type, types.Optional) else key_type
    if isinstance(inner, types.Number) and isinstance(leaf.type, types.Number):
        value = Fraction(exact(held, inner)) * leaf.type.den + beside * leaf.scale
        return given(value, leaf.scale)
    if inner == types.TIMESTAMP:
        return Timestamp(held + beside)
    return held if isinstance(held, str | bool) else None


def _moved(question: Question, aim: Aim, tenant: str | None, at: Timestamp | None) -> Question:
    input = question.input
    for path, value in aim.items():
        input = replaced(input, path, value)
    return Question(question.decision, input, tenant, at or question.at)
