"""A cell's set holds exactly the values that the cell accepts."""

from __future__ import annotations

from itertools import combinations_with_replacement
from random import Random
from typing import Any

import pytest

from policyengine.batch.cell_sets import CellSet, Ints, NoSet, cell_set, disjoint
from policyengine.runtime.tables.cells import accepts
from policyengine.values import types

NUMBERS = list(range(-6, 7))
WORDS = ["a", "b", "c", "", "other"]
KEYS = {
    "number": (types.integer(-6, 6), NUMBERS),
    "limit": (types.Limit(types.integer(-6, 6)), [*NUMBERS, "unlimited"]),
    "text": (types.STRING, WORDS),
    "bool": (types.BOOL, [True, False]),
}


def random_cell(random: Random, values: list[Any], depth: int = 2) -> Any:
    """A cell of any form but text patterns."""
    roll = random.random()
    if roll < 0.1:
        return None
    if depth and roll < 0.35:
        return ("any", *(random_cell(random, values, depth - 1) for _ in range(random.randint(0, 3))))
    if depth and roll < 0.6:
        return ("not", random_cell(random, values, depth - 1))
    if roll < 0.85 and set(NUMBERS) <= set(values):
        low, high = sorted(random.choices(NUMBERS, k=2))
        bounds = (random.choice((None, low)), random.random() < 0.5, random.choice((None, high)), random.random() < 0.5)
        return ("range", *bounds)
    return random.choice(values)


def holds(cells: CellSet, value: Any) -> bool:
    """Membership as a query asks it."""
    if not isinstance(cells, Ints):
        return (value in cells.values) is cells.inside
    if value == "unlimited":
        return cells.unlimited
    return any((a is None or a <= value) and (b is None or value <= b) for a, b in cells.intervals)


@pytest.mark.parametrize("name", KEYS)
def test_a_set_holds_what_its_cell_accepts(name):
    """Ranges, lists, negations and wildcards, one inside the other."""
    key, values = KEYS[name]
    random = Random(1)
    for _ in range(2_000):
        cell = random_cell(random, values)
        found = cell_set(cell, key)

        assert [accepts(cell, v) for v in values] == [holds(found, v) for v in values], cell


@pytest.mark.parametrize("name", KEYS)
def test_disjoint_sets_share_no_value(name):
    """Two rows that no keys can fit both are told apart, and only those: numbers beyond the sample count too."""
    key, values = KEYS[name]
    random = Random(2)
    wider = [*range(-9, 10), *(["unlimited"] if name == "limit" else [])] if isinstance(values[0], int) else values
    wider = [*values, "none of them"] if name == "text" else values if name == "bool" else wider
    sets = [cell_set(random_cell(random, values), key) for _ in range(60)]
    for a, b in combinations_with_replacement(sets, 2):
        shared = any(holds(a, v) and holds(b, v) for v in wider)

        assert not (shared and disjoint((a,), (b,))), (a, b)


def test_intervals_are_tidy():
    """Neighbours that touch are one interval, and an empty range is none."""
    number = types.integer()

    assert Ints(((1, 5),), False) == cell_set(("any", 3, 1, 2, ("range", 3, False, 5, True)), number)
    assert Ints((), False) == cell_set(("range", 3, False, 3, True), number)
    assert Ints(((None, 0), (6, None)), False) == cell_set(("not", ("range", 1, True, 5, True)), number)


def test_a_text_pattern_has_no_set():
    with pytest.raises(NoSet):
        cell_set(("any", "a", ("starts", "b")), types.STRING)
