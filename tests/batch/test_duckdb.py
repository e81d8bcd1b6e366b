"""One DuckDB query answers as the generated code and the reference interpreter do: values, failures and rows of tables.

The three share the program and nothing else: the interpreter computes with fractions, generated code with Python ints,
the query with 64 and 128 bits. In CI a few hundred rows each; `python -m pytest -m slow tests/batch` asks many more.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from batch_bundles import BUNDLES, text_of
from columns import assert_agreement, assert_agreement_where_facts_are_missing

from policyengine.batch.classes import classify
from policyengine.compiler.pipeline import compile_path, compile_texts
from policyengine.runtime.program import Program

pytest.importorskip("duckdb")

ROOT = Path(__file__).resolve().parents[2]
GOOD = sorted((ROOT / "tests" / "cases" / "good").glob("*.yaml"))
WITHOUT_QUERY = {"tiers": {"price"}, "wide": {"too_wide"}}
WRITTEN_OUT = pytest.mark.parametrize("written_out_max", [0, 12], ids=["relations", "written out"])


def program_of(name: str) -> Program:
    return compile_texts({"bundle.yaml": text_of(name)}).program


@WRITTEN_OUT
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_cases(path, written_out_max):
    """Every example of the language answers alike."""
    assert_agreement(compile_path(path).program, 60, 1, written_out_max)


@WRITTEN_OUT
def test_llm_api(written_out_max):
    """Tiers, a free quota, dated parameters, overrides, rounding and guards answer alike."""
    assert_agreement(compile_path(ROOT / "policies" / "llm-api").program, 1_000, 2, written_out_max)


@WRITTEN_OUT
@pytest.mark.parametrize("name", BUNDLES)
def test_bundles_that_go_to_the_edges(name, written_out_max):
    """Ties, signs, zero divisors, overflow, absent values, limits and every kind of table answer alike."""
    assert_agreement(program_of(name), 150, 3, written_out_max)


@pytest.mark.parametrize("name", BUNDLES)
def test_bundles_have_queries(name):
    """The bundles are answered by queries, but for schedules handed out and numbers that are too wide."""
    program = program_of(name)
    found = {entry: classify(program, program.entries[entry]) for entry in program.entries}
    without = {entry for entry, its in found.items() if its.letter != "A" or its.no_sql}

    assert without == WITHOUT_QUERY.get(name, set())


@pytest.mark.parametrize("name", BUNDLES)
def test_facts_that_could_not_be_fetched(name):
    """A missing fact fails what needs it and nothing else."""
    assert_agreement_where_facts_are_missing(program_of(name), 60, 4)


@pytest.mark.slow
@WRITTEN_OUT
@pytest.mark.parametrize("name", BUNDLES)
def test_many_rows_of_bundles_that_go_to_the_edges(name, written_out_max):
    assert_agreement(program_of(name), 3_000, 5, written_out_max)


@pytest.mark.slow
@WRITTEN_OUT
def test_many_rows_of_llm_api(written_out_max):
    assert_agreement(compile_path(ROOT / "policies" / "llm-api").program, 10_000, 6, written_out_max)
