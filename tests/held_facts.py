"""Seeded rows of held facts for the back ends: declared bounds, both sides of every edge that a program names, ties.

A row is what `facts.Reader` hands to an evaluator, except that nobody had to write it as input first: where a group is
absent all of it is, and a text may be one that no rule knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

from policyengine.runtime.failure import UNAVAILABLE
from policyengine.runtime.program import Const, Entry, Group, Leaf, Program, walk
from policyengine.values import types
from policyengine.values.instant import DURATION_MAX, DURATION_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN
from policyengine.values.types import Type

STRANGE_TEXTS = ("", "'", '"', "a'b", "%", "{0}", "é", "e\u0301", "\U0001f600", "A", "a", "null", "x\0y")


class Sampler:
    """Draws rows for an entry point; all randomness comes from one seeded source."""

    def __init__(self, program: Program, entry: Entry, random: Random) -> None:
        self.program = program
        self.entry = entry
        self.random = random
        self.index = {fact.path: i for i, fact in enumerate(program.facts)}
        self.edges = edges_of(program)
        self.tenants = [None, "nobody", *program.tenant_cells]

    def row(self) -> list[Any]:
        """One row: every fact that the entry point reads."""
        held: list[Any] = [None] * len(self.program.facts)
        held[Program.AT] = self.value(types.TIMESTAMP)
        held[Program.TENANT] = self.random.choice(self.tenants)
        self._group(self.program.inputs, (), held, there=True)
        return held

    def _group(self, group: Group, path: tuple[str, ...], held: list[Any], there: bool) -> None:
        if group.optional:
            there = there and self.random.random() < 0.7
            held[self.index[path]] = there
        for field in group.fields:
            where = (*path, field.name)
            if isinstance(field, Group):
                self._group(field, where, held, there)
            elif where in self.index:
                held[self.index[where]] = self._leaf(field) if there else None

    def _leaf(self, leaf: Leaf) -> Any:
        if leaf.has_default and self.random.random() < 0.2:
            return leaf.default
        if leaf.optional and not leaf.has_default and self.random.random() < 0.3:
            return None
        return self.value(leaf.type)

    def value(self, its_type: Type) -> Any:
        """A value of a type: often one of its ends or next to an edge of the program."""
        pick = self.random.choice
        match its_type:
            case types.Number():
                return self._number(its_type)
            case types.TIMESTAMP:
                return self._between(TIMESTAMP_MIN, TIMESTAMP_MAX, self.edges["timestamp"])
            case types.DURATION:
                return self._between(DURATION_MIN, DURATION_MAX, self.edges["duration"])
            case types.BOOL:
                return pick((True, False))
            case types.STRING:
                return pick([*sorted(self.edges["text"]), *STRANGE_TEXTS])
            case types.Enum(members=members):
                return pick(members)
            case types.Limit(number=number):
                return "unlimited" if self.random.random() < 0.2 else self._number(number)
            case types.Optional(item=item):
                return None if self.random.random() < 0.3 else self.value(item)
            case types.List():
                return ()
            case types.Map():
                return {}
        return None

    def _number(self, its_type: types.Number) -> int:
        edges = {n * its_type.den // den for n, den in self.edges["number"]}
        step = its_type.den if self.random.random() < 0.4 else 1
        ties = {e + s * its_type.den // (2 * 10**p) for e in (0, its_type.den) for s in (-1, 1) for p in (0, 2)}
        n = self._between(its_type.lo, its_type.hi, edges | ties)
        whole = n // step * step
        return whole if whole >= its_type.lo else n

    def _between(self, lo: int, hi: int, edges: set[int]) -> int:
        inside = sorted(e for e in edges if lo <= e <= hi)
        roll = self.random.random()
        if inside and roll < 0.5:
            near = self.random.choice(inside) + self.random.choice((-1, 0, 0, 1))
            return min(max(near, lo), hi)
        if roll < 0.6:
            return self.random.choice((lo, hi))
        if roll < 0.7:
            return min(max(self.random.choice((-1, 0, 1)), lo), hi)
        if roll < 0.85:
            reach = 10 ** self.random.randint(1, 6)
            return self.random.randint(max(lo, -reach), min(hi, reach)) if lo <= reach and hi >= -reach else lo
        return self.random.randint(lo, hi)


def rows(program: Program, entry: Entry, count: int, seed: int) -> list[list[Any]]:
    """So many rows; the seed fixes them."""
    sampler = Sampler(program, entry, Random(seed))
    return [sampler.row() for _ in range(count)]


def unavailable(program: Program, held_rows: list[list[Any]], seed: int) -> list[list[Any]]:
    """The rows with some facts missing, as where a host could not fetch them: a group misses all of its own."""
    random = Random(seed)
    return [_with_missing(program, row, random) for row in held_rows]


def _with_missing(program: Program, row: list[Any], random: Random) -> list[Any]:
    given = [i for i, fact in enumerate(program.facts) if fact.path and row[i] is not None]
    lost = [program.facts[i].path for i in given if random.random() < 0.15]
    return [
        UNAVAILABLE if any(fact.path[: len(path)] == path for path in lost) else value
        for fact, value in zip(program.facts, row, strict=True)
    ]


def edges_of(program: Program) -> dict[str, Any]:
    """The numbers (with their denominators), instants and texts at which the answers of a program may turn."""
    found: dict[str, Any] = defaultdict(set)
    for value, its_type in _constants(program):
        match its_type:
            case types.Number(den=den) if type(value) is int:
                found["number"].add((value, den))
            case types.TIMESTAMP | types.DURATION if type(value) is int:
                found[str(its_type)].add(value)
            case types.STRING | types.Enum() if isinstance(value, str):
                found["text"].add(value)
    return found


def _constants(program: Program) -> Iterator[tuple[Any, Type]]:
    for table in program.tables.values():
        for key, cells in zip(table.keys, table.conditions, strict=True):
            yield from ((part, _bare(key)) for cell in cells for part in _parts(cell))
        yield from ((instant, types.TIMESTAMP) for instant in (*table.starts, *table.ends))
        for name, values in table.columns.items():
            for value in values:
                yield from _value(value, table.column_types[name])
    for by_table in program.tenant_cells.values():
        for by_cell in by_table.values():
            for cells in by_cell.values():
                yield from ((instant, types.TIMESTAMP) for cell in cells for instant in (cell.start, cell.end))
    for node in program.nodes.values():
        for expr in walk(node.expr):
            if isinstance(expr, Const):
                yield from _value(expr.value, expr.type)


def _bare(its_type: Type) -> Type:
    return its_type.number if isinstance(its_type, types.Limit) else its_type


def _parts(cell: Any) -> Iterator[Any]:
    if isinstance(cell, tuple):
        for part in cell[1:]:
            yield from _parts(part)
    elif not isinstance(cell, bool) and cell is not None:
        yield cell


def _value(value: Any, its_type: Type) -> Iterator[tuple[Any, Type]]:
    match its_type:
        case types.Tiers() if value is not None:
            yield from ((bound, its_type.bound) for bound in value[0])
        case types.List(item=item):
            for each in value:
                yield from _value(each, item)
        case types.Optional(item=item) if value is not None:
            yield from _value(value, item)
        case types.Limit(number=number):
            yield value, number
        case _:
            yield value, its_type
