"""The bundles that ship keep the word of their own tests, and those tests reach everything that was written by hand."""

from __future__ import annotations

from pathlib import Path

import held_facts
import pytest
from columns import assert_agreement, different

from policyengine.analysis import bundle_tests, coverage
from policyengine.batch.steps import nodes_of, results
from policyengine.compiler.pipeline import compile_path
from policyengine.runtime.codegen import generator
from policyengine.runtime.exact import held
from policyengine.runtime.meaning import interpreter
from policyengine.runtime.program import Program

POLICIES = Path(__file__).parents[1] / "policies"


BY_HAND = ("checkout", "credits", "llm-api", "payments", "saas-seats")


@pytest.mark.parametrize("name", BY_HAND)
def test_a_bundle_passes_its_tests_and_they_reach_everything(name):
    """No warning, no test that fails, and no row, tier, branch, guard or override that no test reaches."""
    compiled = compile_path(POLICIES / name)
    outcomes = bundle_tests.run(compiled)

    assert () == compiled.warnings
    assert [] == [f"{outcome.test.name}: {m}" for outcome in outcomes for m in outcome.mismatches]
    assert [] == [goal.what for goal in coverage.measure(compiled, outcomes).missed]


def disagreements(program: Program, name: str, count: int) -> list[str]:
    """Where generated code and the interpreter do not say the same of an entry point."""
    entry = program.entries[name]
    order = nodes_of(program, entry)
    run = generator.generate(program, entry, order)
    found = []
    for row in held_facts.rows(program, entry, count, seed=5):
        trace = interpreter.run(program, order, row, None)
        for node, made in zip(results(entry), run(row, None), strict=True):
            if not program.nodes[node].deferred:
                found += different(f"{name}: {node}", row, made, held(trace.values[node], program.nodes[node].type))
    return found


@pytest.mark.parametrize("name", BY_HAND)
def test_both_evaluators_agree(name: str) -> None:
    """On facts at random and at the edges, values and failures alike, for every entry point."""
    program = compile_path(POLICIES / name).program

    assert [] == [text for entry in program.entries for text in disagreements(program, entry, 60)][:5]


@pytest.mark.parametrize("name", BY_HAND)
def test_columns_agree(name: str) -> None:
    """A query answers as both of them do, where there is one."""
    pytest.importorskip("duckdb")

    assert_agreement(compile_path(POLICIES / name).program, 60, 3, written_out_max=12)
