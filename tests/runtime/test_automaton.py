"""The matcher agrees with Python's where both understand a pattern, and never takes long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.runtime.functions.automaton import Program, Search, compiled, find
from policyengine.runtime.limits import Meter

PIECES = st.sampled_from(
    [
        *"ab|()*+?.^$",
        "[ab]",
        "[^a]",
        "(?:",
        "{2}",
        "{1,3}",
        r"\b",
        r"\B",
        r"\w",
        r"\d",
        "*?",
        "+?",
        "??",
        "1",
        " ",
        "(a|ab)",
    ]
)
PATTERNS = st.lists(PIECES, max_size=9).map("".join)
TEXTS = st.text("ab1 \n", max_size=12)


def program(pattern: str) -> Program | None:
    found = compiled(pattern)
    return found if isinstance(found, Program) else None


@given(PATTERNS, TEXTS)
def test_it_finds_what_python_finds(pattern, text):
    """The same answer, and the same part of the text with the same groups."""
    ours = program(pattern)
    if ours is None or _loops_over_nothing(pattern) or (not text and r"\B" in pattern):
        return  # Python once found no `\B` in an empty text
    theirs = re.compile(pattern.replace("$", r"\Z"), re.ASCII).search(text)

    assert (theirs is not None) == Search(ours, Meter()).occurs(text)
    found = find(ours, Meter(), text, 0)
    assert (None if theirs is None else theirs.span()) == (None if found is None else found[:2])


def _loops_over_nothing(pattern: str) -> bool:
    """Whether something is repeated that may be empty: matchers end such loops in different ways."""
    return bool(re.search(r"[)*?}^$bB][*+?{]|\(\)|\(\?:\)|[)*+?}][?*+]", pattern))


@given(PATTERNS, TEXTS)
def test_both_ways_to_match_agree(pattern, text):
    """Asking whether and asking where give one answer."""
    ours = program(pattern)
    if ours is not None:
        assert Search(ours, Meter()).occurs(text) == (find(ours, Meter(), text, 0) is not None)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a|aa)+$", "a*a*a*a*a*a*b", "(.*)(.*)(.*)x", "((a?){20}){10}b"]
)
def test_no_pattern_is_slow(pattern):
    """What makes others go back for ever costs a few units a character."""
    ours = program(pattern)
    assert ours is not None
    meter = Meter(10**9)

    assert not Search(ours, meter).occurs("a" * 20_000 + "!")
    assert 10**9 - meter.left < 100_000
