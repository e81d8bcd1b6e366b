"""Random texts give a value, a diagnostic or an error, and nothing else; `tests/fuzz_expressions.py` runs many more."""

from __future__ import annotations

import pytest
from expression_samples import PIECES
from fuzz_expressions import outcome, text_of
from hypothesis import given
from hypothesis import strategies as st

ENDS = {"value", "InvalidPolicy", "InvalidInput", "EvaluationError"}


@pytest.mark.parametrize("batch", range(10))
def test_random_expressions_end_well(batch):
    """Expressions by the grammar, some of them broken, over variables of every kind."""
    assert {outcome(text_of(batch, number)) for number in range(200)} <= ENDS


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
def test_any_text_ends_well(text):
    """Texts of any characters, and of pieces of expressions."""
    assert outcome(text) in ENDS
