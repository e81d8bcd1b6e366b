"""The comparison is worth something: a single slip in the table of prices does not get past it.

python -m pytest -m slow tests/catalogue/test_faults.py
"""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from catalogue.comparison import Answer, ours, theirs
from catalogue.faults import Fault, planted
from catalogue.reference import CATALOGUE, Call, Key
from catalogue.usages import RANDOM_CALLS, SEED, random_calls, stratified
from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidPolicy
from policyengine.runtime.engine import Policy

FAULTS = 200
COMPARISON, COMPILER, NOBODY = "the comparison", "the compiler", "nobody"
PARTS = ("bundle.yaml", "prices.yaml", "charges.yaml", "prices.csv")
FILES = {name: (CATALOGUE / name).read_text(encoding="utf-8") for name in PARTS}
Expected = dict[Key, list[tuple[Call, Answer]]]


@pytest.mark.slow
def test_every_planted_fault_is_noticed() -> None:
    """Each of 200 faults gives another answer to some call, without the compiler's help."""
    expected: Expected = defaultdict(list)
    for call in [*stratified(), *random_calls(random.Random(SEED), RANDOM_CALLS)]:
        expected[call.key].append((call, theirs(call)))
    faults = list(planted(random.Random(SEED), FAULTS))
    noticed = {fault.said: noticed_by(fault, expected) for fault in faults}

    assert FAULTS == len(noticed)
    assert {} == {said: how for said, how in noticed.items() if how != COMPARISON}


def test_without_a_fault_nothing_is_noticed() -> None:
    """The same comparison finds nothing in the table as it stands, and a fault in a changed one."""
    fault = next(planted(random.Random(SEED), 1))
    expected: Expected = defaultdict(list)
    for call in stratified():
        if call.key in fault.models:
            expected[call.key].append((call, theirs(call)))

    assert NOBODY == noticed_by(Fault("nothing", fault.models, FILES["prices.csv"]), expected)
    assert COMPARISON == noticed_by(fault, expected)


def noticed_by(fault: Fault, expected: Expected) -> str:
    """Who notices: a call of the models whose rows were changed gets another answer than the package gives."""
    try:
        policy = Policy(compile_texts({**FILES, "prices.csv": fault.text}).program)
    except InvalidPolicy:
        return COMPILER
    calls = [pair for key in fault.models for pair in expected[key]]
    return COMPARISON if any(ours(policy, call) != answer for call, answer in calls) else NOBODY
