"""A query under construction: levels of named columns, each a common table expression over the one before.

A step's value is SQL text until it is stored; a stored value is a column of the level above everything it reads. Every
level keeps the row id and all columns below it, and what nobody reads the engine leaves out. Joins are left joins that
find at most one row, so that no level ever has more or fewer rows than there are facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from policyengine.batch.shapes import INTEGER, flat, slots
from policyengine.batch.sql_text import (
    VARCHAR,
    Sql,
    first_of,
    flag,
    narrowed,
    null,
    quoted,
    text,
    whole,
    width,
)
from policyengine.runtime.program import Program
from policyengine.values import types
from policyengine.values.instant import DURATION_MAX, DURATION_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN
from policyengine.values.types import Type

ROW_ID = "#"
FACTS = "facts"
TEXT_MAX = 300
"""Longer expressions are stored, so that nothing is written out twice at length."""


Bounds = Mapping[tuple[int, int], tuple[int, int]]
"""What the slots of facts are known to lie in: (fact, slot) -> (lowest, highest)."""


@dataclass(frozen=True, slots=True)
class Val:
    """A value: one piece of SQL for each slot of its type, and the code of its failure, NULL where it has not failed.

    INVARIANT: a part is within its bounds or NULL, also where the value has failed or stands in a branch not taken.
    """

    parts: tuple[Sql, ...]
    error: Sql | None = None

    @property
    def code(self) -> Sql:
        """The single part of a value that has only one."""
        (only,) = self.parts
        return only


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows that the query reads beside the facts: a table's cells, a tenant's overrides."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class FactColumn:
    """A column of the facts: one slot of one fact (`slot` -1 is the code of why it could not be fetched)."""

    name: str
    kind: str
    fact: int
    slot: int


@dataclass(slots=True)
class _Level:
    columns: list[str] = field(default_factory=list)
    joins: dict[tuple[str, str], str] = field(default_factory=dict)

    def join_text(self) -> str:
        return "".join(
            f"\n  LEFT JOIN {relation} AS {alias} ON {condition.replace('{j}', alias)}"
            for (relation, condition), alias in self.joins.items()
        )


class Query:
    """The levels, facts and relations of one query."""

    def __init__(self, program: Program, bounds: Bounds, missing: Collection[int], written_out_max: int) -> None:
        self.program = program
        self.bounds = bounds
        self.missing = missing
        self.written_out_max = written_out_max
        self.facts: list[FactColumn] = []
        self.relations: dict[str, Relation] = {}
        self._levels: list[_Level] = [_Level()]
        self._names = {ROW_ID}
        self._facts: dict[int, Val] = {}
        self._count = 0

    # --------------------------------------------------------------------------------------------------- storing

    def name(self, wanted: str) -> str:
        """A free name: DuckDB does not tell upper from lower case, not even in quotes."""
        name = wanted
        while not name or name.lower() in self._names:
            self._count += 1
            name = f"{wanted}~{self._count}"
        self._names.add(name.lower())
        return name

    def stored(self, a: Sql, name: str = "") -> Sql:
        """The expression as a column."""
        return a if a.atom else self.column(narrowed(a), name)

    def column(self, a: Sql, name: str = "") -> Sql:
        """A column of the level above everything that the expression reads."""
        own = self.name(name)
        level = a.level + 1
        self.level(level).columns.append(f"{a.code} AS {quoted(own)}")
        return replace(a, code=quoted(own), level=level)

    def level(self, number: int) -> _Level:
        while len(self._levels) <= number:
            self._levels.append(_Level())
        return self._levels[number]

    def at_level(self, code: str, level: int, name: str) -> Sql:
        """A column of a relation that is joined into a level, under a name of its own."""
        own = quoted(self.name(name))
        self.level(level).columns.append(f"{code} AS {own}")
        return Sql(own, "", level)

    def joined(self, level: int, relation: str, condition: str) -> str:
        """The alias of a relation that is left-joined into a level (`{j}` in the condition); one join is made once."""
        joins = self.level(level).joins
        alias = joins.setdefault((relation, condition), f"j{level}_{len(joins)}")
        return alias

    def short(self, value: Val, name: str = "", twice: bool = False) -> Val:
        """A value that may be used again: long texts become columns, with `twice` all of them."""
        keep = [p if not twice and len(p.code) <= TEXT_MAX else self.stored(p, name) for p in value.parts]
        error = value.error
        if error is not None and (twice or len(error.code) > TEXT_MAX):
            error = self.stored(error, f"{name}!" if name else "")
        return Val(tuple(keep), error)

    # ---------------------------------------------------------------------------------------------------- leaves

    def fact(self, index: int) -> Val:
        """The columns of a fact."""
        if index not in self._facts:
            self._facts[index] = self._fact(index)
        return self._facts[index]

    def tenant(self) -> Sql:
        return self.fact(Program.TENANT).code

    def _fact(self, index: int) -> Val:
        path = self.program.facts[index]
        name = path.name or ("at" if index == Program.AT else "tenant")
        parts = [
            self._fact_column(name, kind, index, slot, its)
            for slot, (kind, its) in enumerate(_bounded_slots(path.type))
        ]
        error = None
        if index in self.missing:
            column = FactColumn(self.name(f"{name}!"), VARCHAR, index, -1)
            self.facts.append(column)
            error = Sql(quoted(column.name), VARCHAR)
        return Val(tuple(parts), error)

    def _fact_column(self, name: str, kind: str, index: int, slot: int, declared: tuple[int, int]) -> Sql:
        lo, hi = self.bounds.get((index, slot), declared)
        if kind == INTEGER:
            kind = width(lo, hi)
        column = FactColumn(self.name(name), kind, index, slot)
        self.facts.append(column)
        return Sql(quoted(column.name), kind, 0, lo, hi)

    def relation(self, wanted: str, columns: Sequence[tuple[str, str]], rows: Iterable[tuple[Any, ...]]) -> str:
        """The quoted name of a relation with these rows."""
        name = wanted
        while name in self.relations or name == FACTS:
            name += "'"
        self.relations[name] = Relation(name, tuple(columns), tuple(rows))
        return quoted(name)

    def shared_relation(self, name: str, columns: Sequence[tuple[str, str]], rows: Iterable[tuple[Any, ...]]) -> str:
        """A relation that is the same whoever asks for it."""
        return quoted(name) if name in self.relations else self.relation(name, columns, rows)

    # -------------------------------------------------------------------------------------------------- the text

    def sql(self, results: Sequence[tuple[str, Sql]]) -> str:
        """The text of the query: the row id, then the results by name."""
        ctes = []
        below = quoted(FACTS)
        for number, level in enumerate(self._levels[1:], start=1):
            columns = "".join(f",\n    {column}" for column in level.columns)
            made = f"SELECT {below}.*{columns}\n  FROM {below}{level.join_text()}"
            ctes.append(f"l{number} AS NOT MATERIALIZED (\n  {made}\n)")
            below = f"l{number}"
        head = "WITH " + ",\n".join(ctes) + "\n" if ctes else ""
        shown = "".join(f",\n  {value.code} AS {quoted(name)}" for name, value in results)
        return f"{head}SELECT {quoted(ROW_ID)}{shown}\nFROM {below}\n"


def _bounded_slots(its_type: Type) -> list[tuple[str, tuple[int, int]]]:
    """The slots of a fact with the bounds that its declaration gives."""
    match its_type:
        case types.Number(lo=lo, hi=hi) | types.Limit(number=types.Number(lo=lo, hi=hi)):
            return [(kind, (lo, hi)) for kind in slots(its_type)]
        case types.TIMESTAMP:
            return [(INTEGER, (TIMESTAMP_MIN, TIMESTAMP_MAX))]
        case types.DURATION:
            return [(INTEGER, (DURATION_MIN, DURATION_MAX))]
        case types.Record(fields=fields):
            return [slot for _, field_type in fields for slot in _bounded_slots(field_type)]
        case types.Optional(item=item):
            own = slots(its_type)
            return [(own[0], (0, 0))] * (len(own) - len(slots(item))) + _bounded_slots(item)
    return [(kind, (0, 0)) for kind in slots(its_type)]


def constant(value: Any, its_type: Type) -> Val:
    """A value known at compile time."""
    made = []
    for kind, part in zip(slots(its_type), flat(value, its_type), strict=True):
        made.append(null(kind) if part is None else literal(part))
    return Val(tuple(made))


def literal(part: bool | int | str) -> Sql:
    if isinstance(part, bool):
        return flag(part)
    return whole(part) if isinstance(part, int) else text(part)


def error_of(values: Iterable[Val], own: Sql | None = None) -> Sql | None:
    """The leftmost failure of the operands, else the operation's own."""
    errors = [v.error for v in values if v.error is not None] + ([own] if own is not None else [])
    distinct = list({e.code: e for e in errors}.values())
    return first_of(distinct) if distinct else None
