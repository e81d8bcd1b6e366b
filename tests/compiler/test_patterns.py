"""Patterns that mean one thing and end in time are accepted, the others are explained."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.compiler.patterns import CHARACTERS_MAX, check_pattern
from policyengine.source import Report, Source, Span


def problem(pattern: str) -> str | None:
    """Why a pattern is refused, None if it is not."""
    report = Report()
    accepted = check_pattern(pattern, Span(Source("a", pattern), 0, len(pattern)), report)
    assert accepted == (not report.found)
    return report.found[0].message.partition(": ")[2] if report.found else None


@pytest.mark.parametrize(
    "pattern",
    [
        "^gpt-[0-9]+$", "a|b", "(?i)abc", "(?:ab)+", "(?P<name>a)b", "[^a-z]", "[]a]", r"[\]a-]", r"\d{4}-\d{2}",
        r"a\.b", r"\bword\b", "(?:a|bc)*", "(a+)?", "(a+)b*", "a*?", "a{2,}", "x{1000}", "é", r"(\.[0-9]{3}){2}", "",
    ],
)  # fmt: skip
def test_an_ordinary_pattern_is_accepted(pattern: str) -> None:
    """What authors need to tell names apart."""
    assert problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+", "something of varying length is repeated, which can take forever"),
        ("(?:a*)*", "something of varying length is repeated, which can take forever"),
        ("(a?){20}", "something of varying length is repeated, which can take forever"),
        ("((x|a+)b)*", "something of varying length is repeated, which can take forever"),
        ("(a|a)*", "alternatives that may begin alike are repeated, which can take forever"),
        ("(x(b|c)(a|ab))+", "alternatives that may begin alike are repeated, which can take forever"),
        ("(?i)(?:a|A)*", "alternatives that may begin alike are repeated, which can take forever"),
        ("(?:a|)*", "alternatives that may begin alike are repeated, which can take forever"),
        ("(?=a)", "look-around is not allowed (`(?=`)"),
        ("(?<!a)b", "look-around is not allowed (`(?<!`)"),
        ("(?>a)", "an atomic group is not allowed (`(?>`)"),
        ("(a)(?(1)b|c)", "a conditional group is not allowed (`(?(`)"),
        ("(?P<x>a)(?P=x)", "a reference to a group is not allowed (`(?P=`)"),
        (r"(a)\1", "a reference to a group is not allowed"),
        ("a(?i)b", "`(?i)` is not allowed"),
        ("(?s)a", "`(?s)` is not allowed"),
        ("a++", "a possessive quantifier is not allowed"),
        ("a**", "a quantifier follows another one"),
        ("*a", "there is nothing to repeat before `*`"),
        ("a{,3}", "`{` stands alone"),
        ("a{2000}", "something is repeated more than 1,000 times"),
        ("[[:alpha:]]", "`[`, `--`, `&&`, `||` and `~~` mean different things inside `[ ]`"),
        ("[a", "a bracket `[` is never closed"),
        ("(a", "a bracket `(` is never closed"),
        ("a)", "a bracket `)` closes nothing"),
        ("a\\", "a backslash stands at the end"),
        (r"\Z", "the escape `\\Z` is not known"),
        (r"\u0041", "the escape `\\u` is not known"),
        ("[z-a]", "bad character range z-a"),
        ("a" * (CHARACTERS_MAX + 1), "it is longer than 1,000 characters"),
    ],
)
def test_a_dangerous_pattern_is_refused(pattern: str, why: str) -> None:
    """What readers of patterns understand differently, or what a matcher may never finish."""
    assert why == problem(pattern)


PIECES = st.sampled_from([*"ab|()[]{}*+?.^$\\-,10", "(?:", "(?i)", "(?=", "{2}", "\\d", "[ab]", "(a)", "é"])


@pytest.mark.parametrize("pattern", ["^*", "a$+", "^{2}b"])
def test_a_repeated_place_is_refused(pattern: str) -> None:
    """RE2 repeats `^`, Python's engine refuses to: a bundle holds in both."""
    assert "repeated" in str(problem(pattern))


@pytest.mark.parametrize("pattern", ["[]", "[^]", "a[]b"])
def test_a_class_of_nothing_is_not_closed(pattern: str) -> None:
    """A `]` that comes first in a class is a member of it."""
    assert "never closed" in str(problem(pattern))


@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_pattern_is_accepted_or_explained(pattern: str) -> None:
    """No other exception; and what is accepted compiles."""
    if problem(pattern) is None:
        re.compile(pattern, re.ASCII)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_an_accepted_pattern_ends(pattern: str) -> None:
    """A text on which careless patterns hang is answered at once."""
    if problem(pattern) is None:
        begun = time.perf_counter()
        re.compile(pattern, re.ASCII).search("a" * 60 + "b" * 60 + "!")
        assert time.perf_counter() - begun < 1
