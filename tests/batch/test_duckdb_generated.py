"""Random bundles answer alike in a DuckDB query, in generated code and in the reference interpreter.

In CI a few bundles; `python -m pytest -m slow tests/batch` asks many hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from columns import assert_agreement, assert_agreement_where_facts_are_missing
from generated.strategies import bundle, bundle_of_expressions
from generated.writing import yaml_of

from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidPolicy
from policyengine.runtime.program import Program

pytest.importorskip("duckdb")
MAKERS = pytest.mark.parametrize("make", [bundle, bundle_of_expressions], ids=["bundles", "expressions"])


def generated_programs(seeds: range, make: Any) -> Iterator[tuple[int, Program]]:
    for seed in seeds:
        try:
            yield seed, compile_texts({"bundle.yaml": yaml_of(make(Random(seed)))}).program
        except InvalidPolicy:
            continue


@MAKERS
def test_generated_bundles(make):
    """Random bundles answer alike."""
    for seed, program in generated_programs(range(12), make):
        assert_agreement(program, 15, seed, 12 * (seed % 2))


@pytest.mark.slow
@MAKERS
def test_many_generated_bundles(make):
    """Many random bundles answer alike, with missing facts too."""
    for seed, program in generated_programs(range(1_000, 1_200), make):
        assert_agreement(program, 40, seed, 12 * (seed % 2))
        assert_agreement_where_facts_are_missing(program, 20, seed)
