"""Random expressions have one answer: without declared types, interpreted, and generated; see agreement.py."""

from __future__ import annotations

import agreement
import pytest


@pytest.mark.parametrize("block", range(8))
def test_all_evaluators_agree(block: int) -> None:
    """The same value or the same code, and the same charge, for each of some hundreds of expressions."""
    asked = [agreement.question(2026, number) for number in range(block * 60, block * 60 + 60)]

    found = {text: found for text, given in asked if (found := agreement.differences(text, given))}

    assert {} == found


def test_most_expressions_are_accepted() -> None:
    """The comparison is not about expressions that nobody accepts."""
    asked = [agreement.question(2026, number) for number in range(60)]

    accepted = sum(bool(agreement.typed(text, given)[0]) for text, given in asked)

    assert accepted >= 45


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_all_evaluators_agree_on_many(block: int) -> None:
    """Thousands of expressions more, every night."""
    asked = [agreement.question(block, number) for number in range(1_000)]

    assert {} == {text: found for text, given in asked if (found := agreement.differences(text, given))}
