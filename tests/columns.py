"""The same questions to a DuckDB query, to generated code and to the reference interpreter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import held_facts

from policyengine.batch.classes import classify
from policyengine.batch.duckdb_run import Answers, evaluate
from policyengine.batch.duckdb_sql import Refused
from policyengine.batch.steps import nodes_of, results
from policyengine.runtime.codegen import generator
from policyengine.runtime.exact import held
from policyengine.runtime.failure import Failure
from policyengine.runtime.meaning import interpreter
from policyengine.runtime.program import Program


def columnar_entries(program: Program) -> list[str]:
    """The entry points of class A."""
    return [name for name, entry in program.entries.items() if classify(program, entry).letter == "A"]


def disagreements(program: Program, name: str, rows: Sequence[list[Any]], written_out_max: int = 12) -> list[str]:
    """Where the query, generated code and the interpreter do not say the same; empty where they agree."""
    entry = program.entries[name]
    order = nodes_of(program, entry)
    run = generator.generate(program, entry, order)
    cells = program.tenant_cells
    found = []
    for row, answered in zip(rows, evaluate(program, name, rows, written_out_max), strict=True):
        trace = interpreter.run(program, order, row, row[Program.TENANT])
        generated = run(row, cells.get(row[Program.TENANT]))
        for node, made, ours in zip(results(entry), generated, answers(answered), strict=True):
            if not program.nodes[node].deferred:
                specified = held(trace.values[node], program.nodes[node].type)
                found += different(f"{name}: {node}", row, ours, specified, made)
        for node, hit in answered.hits.items():
            found += different(f"{name}: row of {node}", row, hit, succeeded(trace.values[node]))
    return found


def answers(row: Answers) -> Iterator[Any]:
    """The answers of one row as values or failures' codes."""
    for value, error in zip(row.values, row.errors, strict=True):
        yield value if error is None else Failure(error, "")


def succeeded(value: Any) -> Any:
    return None if isinstance(value, Failure) else value


def different(where: str, row: list[Any], ours: Any, *theirs: Any) -> list[str]:
    return [f"{where}: {ours!r}, expected {other!r} for {row}" for other in theirs if not same(ours, other)]


def same(a: Any, b: Any) -> bool:
    """Equal in value and kind at any depth: a bool is no number."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and bool(a == b)


def assert_agreement(program: Program, count: int, seed: int, written_out_max: int) -> None:
    """All entry points of class A answer alike for so many rows."""
    for name in columnar_entries(program):
        rows = held_facts.rows(program, program.entries[name], count, seed)
        try:
            found = disagreements(program, name, rows, written_out_max)
        except Refused:
            continue
        assert not found, "\n".join(found[:5])


def assert_agreement_where_facts_are_missing(program: Program, count: int, seed: int) -> None:
    """With facts that could not be fetched the query answers as the interpreter does, which alone is asked then."""
    for name in columnar_entries(program):
        entry = program.entries[name]
        order = nodes_of(program, entry)
        rows = held_facts.unavailable(program, held_facts.rows(program, entry, count, seed), seed)
        try:
            answered_rows = evaluate(program, name, rows)
        except Refused:
            continue
        for row, answered in zip(rows, answered_rows, strict=True):
            trace = interpreter.run(program, order, row, row[Program.TENANT])
            for node, ours in zip(results(entry), answers(answered), strict=True):
                if not program.nodes[node].deferred:
                    specified = held(trace.values[node], program.nodes[node].type)
                    found = different(f"{name}: {node}", row, ours, specified)
                    assert not found, found[0]
