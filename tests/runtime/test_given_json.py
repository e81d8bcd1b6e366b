"""JSON is read with every digit, or refused by the path of what cannot be read."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from policyengine.errors import InvalidInput
from policyengine.runtime.given.given_json import DEPTH_MAX, SIZE_MAX, given_json


def test_numbers_keep_their_digits():
    """A number with a point or an exponent is a Decimal, not a float."""
    assert {"a": Decimal("0.1"), "b": 5, "c": Decimal("1E+3"), "d": ["x", None, True]} == given_json(
        b'{"a": 0.1, "b": 5, "c": 1e3, "d": ["x", null, true]}'
    )


def test_a_byte_order_mark_is_allowed():
    """Some editors write one."""
    assert {} == given_json(b"\xef\xbb\xbf{}")


NINES = "9" * 5000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'{{"a": {NINES}}}', "a: is a number of 5000 characters; at most 34 digits are exact here"),
        (
            f'{{"a": [1, {{"b": {NINES}.5}}]}}',
            "a[1].b: is a number of 5002 characters; at most 34 digits are exact here",
        ),
        ('{"a": {"b": 1e999999}}', "a.b: is out of range: its exponent is too large"),
        ('{"a": 1E-0000999999999999999999999}', "a: is out of range: its exponent is too large"),
        ('{"a": NaN}', "a: is not a finite number (leave the field out if the number is unknown)"),
        ('{"a": [-Infinity]}', "a[0]: is not a finite number (leave the field out if the number is unknown)"),
        ('{"x": 1, "a": {"b": 1, "c": 2, "b": 1}}', "a.b: is given twice"),
        ('{"a": 1, "a": 1}', "a: is given twice"),
        ("[]", "the input is a list; a mapping is wanted"),
        ("NaN", "is not a finite number (leave the field out if the number is unknown)"),
        ("", "the input is not JSON: expecting value at line 1, column 1"),
        ('{"a": 1,\n}', "the input is not JSON: expecting property name enclosed in double quotes at line 2, column 1"),
        ('{"a": 1} 2', "the input is not JSON: extra data at line 1, column 10"),
        ("[" * 100_000, "the input is nested more than 64 deep"),
        ('{"a": ' + "[" * 64 + "]" * 64 + "}", "the input is nested more than 64 deep"),
        (" " * (SIZE_MAX + 1), f"the input is larger than {SIZE_MAX} bytes"),
        (b"\xff", "the input is not UTF-8"),
    ],
    ids=range(17),
)
def test_refusals(text, expected):
    """Each fault is told with its path where it has one."""
    with pytest.raises(InvalidInput) as caught:
        given_json(text)

    assert expected == str(caught.value)


def test_brackets_in_texts_do_not_nest():
    """Only what stands outside of texts counts."""
    text = '["\\' * 50 + "[{" * 50

    assert {"a": text, "b": [{}] * 100} == given_json(json.dumps({"a": text, "b": [{}] * 100}))
    assert given_json('{"a": ' + "[" * (DEPTH_MAX - 1) + "]" * (DEPTH_MAX - 1) + "}")


def test_counting_depth_is_linear():
    """A long text without an end costs no more than its length."""
    with pytest.raises(InvalidInput, match="not JSON"):
        given_json("[" * 60 + '["",' * 4 + '"' + '\\"[' * 1_000_000)


TREES = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(10**98), 10**98),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@drawn(tree=st.dictionaries(st.text(), TREES))
def test_reads_what_json_writes(tree):
    """Everything without floats reads back as it was."""
    assert tree == given_json(json.dumps(tree))


@drawn(data=st.binary() | st.text() | st.text('{}[]",:\\u0123456789eE.-NaIfinty ', max_size=40))
def test_nothing_but_invalid_input_is_raised(data):
    """Whatever the bytes are."""
    try:
        assert type(given_json(data)) is dict
    except InvalidInput as fault:
        str(fault).encode()
