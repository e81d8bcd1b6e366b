"""Evaluates an entry point of class A for many rows of held facts in one DuckDB query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policyengine.batch.duckdb_query import FACTS, ROW_ID, FactColumn, Relation
from policyengine.batch.duckdb_sql import Answered, Compiled, compile_entry
from policyengine.batch.duckdb_tables import WRITTEN_OUT_MAX
from policyengine.batch.shapes import flat, held
from policyengine.batch.sql_text import BIGINT, quoted
from policyengine.batch.steps import steps_of
from policyengine.runtime.failure import Failure
from policyengine.runtime.program import Fact, Program

if TYPE_CHECKING:
    import duckdb

CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one row in the order of generated code: values (None where failed), failures, rows of tables."""

    values: tuple[Any, ...]
    errors: tuple[str | None, ...]
    hits: dict[str, int | None]


def evaluate(
    program: Program, entry_name: str, rows: Sequence[Sequence[Any]], written_out_max: int = WRITTEN_OUT_MAX
) -> list[Answers]:
    """The answers for rows of held facts, by fact index; the instant and the tenant are the first two facts.

    Integers are as wide as the batch's own minima and maxima ask for. Raises `duckdb_sql.Refused` for an entry point,
    or a batch, that has no query.
    """
    import duckdb

    if not rows:
        return []
    entry = program.entries[entry_name]
    bounds, missing = _bounds(program, entry_name, rows)
    query = compile_entry(program, entry, bounds, missing, written_out_max)
    with duckdb.connect() as connection:
        register(connection, query, program, rows)
        found = connection.execute(query.sql).fetchall()
    out: list[Answers | None] = [None] * len(rows)
    for line in found:
        assert out[line[0]] is None, "a row is answered once"
        out[line[0]] = _row(query, line[1:])
    return [row for row in out if row is not None]


def _bounds(
    program: Program, entry_name: str, rows: Sequence[Sequence[Any]]
) -> tuple[dict[tuple[int, int], tuple[int, int]], set[int]]:
    """The minima and maxima of the facts that are read, slot by slot, and the facts that are unavailable somewhere."""
    bounds: dict[tuple[int, int], tuple[int, int]] = {}
    missing: set[int] = set()
    steps = steps_of(program, program.entries[entry_name]).steps
    for fact in {step.expr.index for step in steps if isinstance(step.expr, Fact)} | {Program.TENANT}:
        own = program.facts[fact].type
        lines = []
        for row in rows:
            if isinstance(row[fact], Failure):
                missing.add(fact)
            else:
                lines.append(tuple(flat(row[fact], own)))
        for slot, values in enumerate(zip(*lines, strict=True)):
            whole = [v for v in values if type(v) is int]
            bounds[fact, slot] = (min(whole), max(whole)) if whole else (0, 0)
    return bounds, missing


def register(
    connection: duckdb.DuckDBPyConnection, query: Compiled, program: Program, rows: Sequence[Sequence[Any]]
) -> None:
    """Create the relations that a query reads: the facts and the cells of its tables."""
    columns = [(ROW_ID, BIGINT), *((column.name, column.kind) for column in query.facts)]
    lines = ((number, *_fact_slots(program, query.facts, row)) for number, row in enumerate(rows))
    _create(connection, Relation(FACTS, tuple(columns), tuple(lines)))
    for relation in query.relations:
        _create(connection, relation)


def _fact_slots(program: Program, columns: Iterable[FactColumn], row: Sequence[Any]) -> list[Any]:
    out: list[Any] = []
    for column in columns:
        value = row[column.fact]
        if column.slot < 0:
            out.append(value.code if isinstance(value, Failure) else None)
        elif isinstance(value, Failure):
            out.append(None)
        else:
            out.append(list(flat(value, program.facts[column.fact].type))[column.slot])
    return out


def _create(connection: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    """A table with these rows. Columns are handed over as lists of exact Python ints and texts: no float, no frame."""
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in relation.columns)
    connection.execute(f"CREATE TABLE {quoted(relation.name)} ({columns})")
    unnested = ", ".join(f"unnest(${i}::{kind}[])" for i, (_, kind) in enumerate(relation.columns, start=1))
    for start in range(0, len(relation.rows), CHUNK):
        part = relation.rows[start : start + CHUNK]
        lists = [list(values) for values in zip(*part, strict=True)]
        connection.execute(f"INSERT INTO {quoted(relation.name)} SELECT {unnested}", lists)


def _row(query: Compiled, line: Sequence[Any]) -> Answers:
    values = [None if answer is None else _value(answer, line) for answer in query.answers]
    errors = [None if answer is None else line[answer.start + answer.slots] for answer in query.answers]
    hits = {hit.node: _value(hit, line) for hit in query.hits}
    return Answers(tuple(values), tuple(errors), hits)


def _value(answer: Answered, line: Sequence[Any]) -> Any:
    failed = line[answer.start + answer.slots] is not None
    return None if failed else held(line[answer.start : answer.start + answer.slots], answer.type)
