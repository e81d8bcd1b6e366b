"""The indexes of generated code find the row that looking at every row finds."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from policyengine.runtime.program import TableData
from policyengine.runtime.tables import index, selection
from policyengine.values import types

KEYS = ("red", "green")
COLOUR = types.Enum("Colour", KEYS)
NUMBER = types.decimal(places=2, bound=1_000)


@st.composite
def ranges(draw: st.DrawFn) -> tuple[Any, ...]:
    """The cells of one column: ranges with every kind of edge, numbers, and the wildcard."""
    bound = st.none() | st.integers(min_value=-300, max_value=300)
    one = st.tuples(st.just("range"), bound, st.booleans(), bound, st.booleans())
    return tuple(draw(st.lists(st.none() | st.integers(-300, 300) | one, min_size=1, max_size=6)))


def table(column: tuple[Any, ...], keys: tuple[str, ...] = (), otherwise: str = "error", hit: str = "first") -> Any:
    """A table with a column of ranges, and one of colours before it where there are some."""
    conditions = (keys, column) if keys else (column,)
    kinds = (COLOUR, NUMBER) if keys else (NUMBER,)
    ids = tuple(f"r{n}" for n in range(len(column)))
    if otherwise == "row":
        ids, conditions = (*ids, "else"), tuple((*each, None) for each in conditions)
    return TableData("t", hit, kinds, conditions, {}, {}, ids, names=("a", "b")[-len(kinds) :], otherwise=otherwise)


def found_by(made: index.Stretch | None, at: int, none: Any) -> Any:
    """What generated code does."""
    edges, rows = ((), (none,)) if made is None else made
    return rows[index.bisect_right(edges, at)]


@given(ranges(), st.data(), st.sampled_from(["error", "row"]))
def test_a_bisection_finds_what_a_scan_finds(column, data, otherwise):
    """For one column of ranges, and for one beside a column of equalities, at every edge and beside it."""
    keys = data.draw(st.just(()) | st.tuples(*[st.sampled_from(KEYS)] * len(column)))
    made = table(column, keys, otherwise)
    kinds = made.keys
    found = index.stretches(made, kinds)
    if found is None:
        return
    ranged, by_key = found
    assert ranged == len(kinds) - 1
    edges = [b for cell in column if cell is not None for b in (cell[1::2] if isinstance(cell, tuple) else (cell,))]
    for at in {n + d for n in [0, *(b for b in edges if b is not None)] for d in (-1, 0, 1)}:
        for key in KEYS if keys else (None,):
            asked = (at,) if key is None else (key, at)
            expected = selection.select(made, [*asked[:-1], Fraction(at, NUMBER.den)], None)
            assert found_by(by_key.get(() if key is None else key), at, index.missing(made)) == expected


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True))
def test_ranges_that_meet_are_bisected(edges):
    """The usual table of steps has one bisection, however its rows are ordered."""
    edges = sorted(edges)
    cells = [("range", low, True, high, False) for low, high in pairwise(edges)]
    made = index.stretches(table(tuple(reversed(cells))), (NUMBER,))

    assert made is not None
    assert made[1][()][0] == tuple(edges)


def test_ranges_that_overlap_are_left_to_the_hit_policy():
    """So are collected rows, limits and texts."""
    cells = (("range", 0, True, 10, False), ("range", 9, True, 20, False))

    assert index.stretches(table(cells), (NUMBER,)) is None
    assert index.stretches(table(cells[:1], hit="collect"), (NUMBER,)) is None
    assert index.stretches(table(cells[:1]), (types.Optional(NUMBER),)) is None
