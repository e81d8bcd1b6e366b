"""The parser and a grammar written a second time accept the same texts."""

from __future__ import annotations

from pathlib import Path

import lark
import pytest
from expression_samples import CONFORMANCE, NO_CONFORMANCE, expressions, pieces, published_expressions
from hypothesis import given, reject

from policyengine.language.expression.faults import SyntaxFault
from policyengine.language.expression.parser import parse

GRAMMAR = lark.Lark(Path(__file__).with_name("cel.lark").read_text("utf-8"), parser="lalr", lexer="basic")
# What the grammar does not know of.
LIMITS = {"nested_too_deeply", "number_out_of_range", "number_too_long", "too_many_nodes", "unexpected_character"}


def accepted_by_grammar(text: str) -> bool:
    try:
        GRAMMAR.parse(text)
    except lark.exceptions.LarkError:
        return False
    return True


def accepted_by_parser(text: str) -> bool:
    try:
        parse(text)
    except SyntaxFault as fault:
        return False if fault.name not in LIMITS else reject()
    return True


@pytest.mark.skipif(not CONFORMANCE.is_dir(), reason=NO_CONFORMANCE)
@pytest.mark.parametrize("text", published_expressions())
def test_the_grammar_accepts_published_expressions(text: str) -> None:
    """The second grammar is one of CEL."""
    assert accepted_by_grammar(text)


@given(pieces | expressions)
def test_the_parser_agrees_with_the_grammar(text: str) -> None:
    """Both accept a text or both refuse it."""
    assert accepted_by_grammar(text) == accepted_by_parser(text)
