"""One DuckDB query answers as the generated code and the reference interpreter do: values, failures and rows of tables.

The three share the program and nothing else: the interpreter computes with fractions, generated code with Python ints,
the query with 64 and 128 bits. In CI a few hundred rows each; `python -m pytest -m slow tests/batch` asks many more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from batch_bundles import BUNDLES
from bundles import MANIFEST

import held_facts
from generated.strategies import bundle, bundle_of_expressions
from generated.writing import yaml_of
from policyengine.batch.classes import classify
from policyengine.batch.duckdb_run import Row, evaluate
from policyengine.batch.duckdb_sql import Refused
from policyengine.batch.steps import nodes_of, results
from policyengine.compiler.pipeline import compile_path, compile_texts
from policyengine.errors import InvalidPolicy
from policyengine.runtime import codegen, interpreter
from policyengine.runtime.engine import _flat_cells
from policyengine.runtime.exact import held
from policyengine.runtime.failure import Failure
from policyengine.runtime.program import Program

pytest.importorskip("duckdb")

ROOT = Path(__file__).resolve().parents[2]
GOOD = sorted((ROOT / "tests" / "cases" / "good").glob("*.yaml"))
WRITTEN_OUT = pytest.mark.parametrize("written_out_max", [0, 12], ids=["relations", "written out"])


def columnar_entries(program: Program) -> list[str]:
    """The entry points of class A."""
    return [name for name, entry in program.entries.items() if classify(program, entry).letter == "A"]


def disagreements(program: Program, name: str, rows: Sequence[list[Any]], written_out_max: int = 12) -> list[str]:
    """Where the query, generated code and the interpreter do not say the same; empty where they agree."""
    entry = program.entries[name]
    order = nodes_of(program, entry)
    run = codegen.generate(program, entry, order)
    cells = _flat_cells(program)
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


def answers(row: Row) -> Iterator[Any]:
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
        assert [] == found[:5]


def assert_agreement_where_facts_are_missing(program: Program, count: int, seed: int) -> None:
    """With facts that could not be fetched the query answers as the interpreter does, which alone is asked then."""
    for name in columnar_entries(program):
        entry = program.entries[name]
        order = nodes_of(program, entry)
        rows = held_facts.unavailable(held_facts.rows(program, entry, count, seed), entry, seed)
        for row, answered in zip(rows, evaluate(program, name, rows), strict=True):
            trace = interpreter.run(program, order, row, row[Program.TENANT])
            for node, ours in zip(results(entry), answers(answered), strict=True):
                if not program.nodes[node].deferred:
                    specified = held(trace.values[node], program.nodes[node].type)
                    assert [] == different(f"{name}: {node}", row, ours, specified)


def program_of(body: str) -> Program:
    return compile_texts({"bundle.yaml": MANIFEST + body}).program


@WRITTEN_OUT
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_cases(path, written_out_max):
    """Every example of the language answers alike."""
    assert_agreement(compile_path(path).program, 100, 1, written_out_max)


@WRITTEN_OUT
def test_llm_api(written_out_max):
    """Tiers, a free quota, dated parameters, overrides, rounding and guards answer alike."""
    assert_agreement(compile_path(ROOT / "policies" / "llm-api").program, 1_000, 2, written_out_max)


@WRITTEN_OUT
@pytest.mark.parametrize("name", BUNDLES)
def test_bundles_that_go_to_the_edges(name, written_out_max):
    """Ties, signs, zero divisors, overflow, absent values, limits and every kind of table answer alike."""
    assert_agreement(program_of(BUNDLES[name]), 400, 3, written_out_max)


@pytest.mark.parametrize("name", BUNDLES)
def test_bundles_have_columns(name):
    """The bundles of these tests are of class A, and each has an entry point that the query can answer."""
    program = program_of(BUNDLES[name])
    found = [classify(program, entry) for entry in program.entries.values()]

    assert {"A"} == {each.letter for each in found}, found
    assert "" in {each.no_sql for each in found}


@pytest.mark.parametrize("name", BUNDLES)
def test_facts_that_could_not_be_fetched(name):
    """A missing fact fails what needs it and nothing else."""
    assert_agreement_where_facts_are_missing(program_of(BUNDLES[name]), 100, 4)


def generated_programs(seeds: range, make: Any) -> Iterator[tuple[int, Program]]:
    for seed in seeds:
        try:
            yield seed, compile_texts({"bundle.yaml": yaml_of(make(Random(seed)))}).program
        except InvalidPolicy:
            continue


@pytest.mark.parametrize("make", [bundle, bundle_of_expressions])
def test_generated_bundles(make):
    """Random bundles answer alike."""
    for seed, program in generated_programs(range(12), make):
        assert_agreement(program, 15, seed, 12 * (seed % 2))


@pytest.mark.slow
@pytest.mark.parametrize("make", [bundle, bundle_of_expressions])
def test_many_generated_bundles(make):
    """Many random bundles answer alike, with missing facts too."""
    for seed, program in generated_programs(range(1_000, 1_600), make):
        assert_agreement(program, 40, seed, 12 * (seed % 2))


@pytest.mark.slow
@WRITTEN_OUT
@pytest.mark.parametrize("name", BUNDLES)
def test_many_rows_of_bundles_that_go_to_the_edges(name, written_out_max):
    assert_agreement(program_of(BUNDLES[name]), 10_000, 5, written_out_max)


@pytest.mark.slow
@WRITTEN_OUT
def test_many_rows_of_llm_api(written_out_max):
    assert_agreement(compile_path(ROOT / "policies" / "llm-api").program, 20_000, 6, written_out_max)
