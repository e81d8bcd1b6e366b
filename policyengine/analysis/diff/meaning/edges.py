"""Questions at the edge of an effect: the number at which one version begins to answer otherwise.

A threshold that has moved shows between where it was and where it is, which no number of a rule need be near. So the
first number at which the effect differs from that of the smallest is found by halving.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from policyengine.analysis.diff.meaning.answers import Question, answer
from policyengine.analysis.diff.meaning.samples import Path, given, needed, replaced
from policyengine.runtime.engine import Policy
from policyengine.runtime.program import Leaf
from policyengine.values import types

HALVINGS_MAX = 70


def edges(question: Question, policy: Policy) -> Iterator[Question]:
    """On both sides of every edge that the question has along one number."""
    for path, leaf in needed(question, policy.program):
        if isinstance(leaf.type, types.Number):
            yield from _along(question, policy, path, leaf, leaf.type)


def _along(question: Question, policy: Policy, path: Path, leaf: Leaf, its_type: types.Number) -> Iterator[Question]:
    low, high = -(-its_type.lo // leaf.scale), its_type.hi // leaf.scale
    smallest, largest = (_told(question, policy, path, number) for number in (low, high))
    if smallest == largest:
        return
    for _ in range(HALVINGS_MAX):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        if _told(question, policy, path, middle) == smallest:
            low = middle
        else:
            high = middle
    for number in (low, high):
        yield _with(question, path, number)


def _with(question: Question, path: Path, number: int) -> Question:
    value = given(Fraction(number), 1)
    return Question(question.decision, replaced(question.input, path, value), question.tenant, question.at)


def _told(question: Question, policy: Policy, path: Path, number: int) -> Any:
    found, _ = answer(policy, _with(question, path, number))
    return found.effect, found.codes, bool(found.refused)
