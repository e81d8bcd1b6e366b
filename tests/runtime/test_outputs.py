"""What a decision gives is exact, in shortest form, and shows nothing of how it was computed."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from policyengine.runtime.answers.outputs import number, plain
from policyengine.runtime.failure import DIVISION_BY_ZERO, TOO_MANY_DIGITS
from policyengine.values import types
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.types import (
    BOOL,
    DURATION,
    LINES,
    STRING,
    TIMESTAMP,
    Limit,
    List,
    Map,
    Number,
    Optional,
    Record,
)

MONEY = types.decimal()
THIRDS = Number(False, (), 3, -(10**40), 10**40)
PAIR = Record("", (("id", STRING), ("amount", MONEY)))


@pytest.mark.parametrize(
    ("held", "its_type", "expected"),
    [
        (5, types.integer(), 5),
        (587_500_000_000, MONEY, Decimal("0.5875")),
        (-12 * 10**14, MONEY, Decimal(-1200)),
        (0, MONEY, Decimal(0)),
        (6, THIRDS, Decimal(2)),
        ("unlimited", Limit(types.integer()), "unlimited"),
        (15, Limit(Number(False, (), 10)), Decimal("1.5")),
        (None, Optional(MONEY), None),
        (10**12, Optional(MONEY), Decimal(1)),
        ("x", STRING, "x"),
        (True, BOOL, True),
        (5, TIMESTAMP, Timestamp(5)),
        (5, DURATION, Duration(5)),
        ((10**11,), List(MONEY, 3), [Decimal("0.1")]),
        ({"a": 10**11}, Map(STRING, MONEY), {"a": Decimal("0.1")}),
        ((("a", 10**11),), List(PAIR, 3), [{"id": "a", "amount": Decimal("0.1")}]),
        (({"tier": 1, "amount": Fraction(1, 8)},), LINES, [{"tier": 1, "amount": Decimal("0.125")}]),
        (DIVISION_BY_ZERO, MONEY, DIVISION_BY_ZERO),
        (1, THIRDS, TOO_MANY_DIGITS),
        (10**34 + 1, THIRDS, TOO_MANY_DIGITS),
        (10**34 + 1, MONEY, TOO_MANY_DIGITS),
        (10**600 + 1, MONEY, TOO_MANY_DIGITS),
        (25, Number(False, (), 8), Decimal("3.125")),
        (10**34 + 1, Number(True), TOO_MANY_DIGITS),
        (3 * 10**39, THIRDS, Decimal("1" + "0" * 39)),
        (10**40, Number(True), 10**40),
        ((1, 3), List(THIRDS, 2), TOO_MANY_DIGITS),
        ((("a", 1),), List(Record("", (("id", STRING), ("x", THIRDS))), 2), TOO_MANY_DIGITS),
    ],
)  # fmt: skip
def test_plain(held, its_type, expected):
    """Each kind of value as callers see it; a failure anywhere in it is the whole answer."""
    found = plain(held, its_type)

    assert expected == found
    assert type(expected) is type(found)
    assert str(expected) == str(found)


@drawn(n=st.integers(-(10**34) + 1, 10**34 - 1), places=st.integers(0, 30), factor=st.integers(1, 10**6))
def test_a_number_is_exact_and_short(n, places, factor):
    """Whatever denominator it was computed over, and whatever the host's decimal context is."""
    with localcontext() as context:
        context.prec = 2
        found = number(n * factor, 10**places * factor)

    assert Fraction(n, 10**places) == Fraction(found)
    assert found == 0 or "." not in format(found, "f") or not format(found, "f").endswith("0")
    assert found.as_tuple().exponent <= 0
