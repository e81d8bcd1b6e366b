"""Rounding in integers, in fractions and in the standard library's decimal module are one function."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policyengine.runtime.exact import round_fraction
from policyengine.values.rounding import BY_MODE, MODES, divide_round

# Numerators around zero meet every tie; large ones meet carries.
NUMERATORS = st.integers(-40, 40) | st.integers(-(10**30), 10**30)
DENOMINATORS = st.integers(1, 12) | st.integers(1, 10**25)


@given(n=NUMERATORS, d=DENOMINATORS, mode=st.sampled_from(MODES))
@example(n=-1, d=2, mode="half_even")
@example(n=3, d=2, mode="half_even")
@example(n=-3, d=2, mode="half_down")
def test_integers_and_fractions_agree(n: int, d: int, mode: str) -> None:
    """The hot path's rounding equals the interpreter's, which shares no code with it."""
    assert round_fraction(Fraction(n, d), 0, mode) == divide_round(n, d, mode)


@given(n=st.integers(-(10**24), 10**24), places=st.integers(0, 12), mode=st.sampled_from(MODES))
@example(n=-125, places=2, mode="half_up")
@example(n=25 * 10**11, places=0, mode="half_even")
def test_fractions_and_decimal_agree(n: int, places: int, mode: str) -> None:
    """Our modes are those of the decimal module by the same names."""
    value = Decimal(n).scaleb(-13, decimal.Context(prec=60))
    theirs = value.quantize(Decimal(1).scaleb(-places), getattr(decimal, f"ROUND_{mode.upper()}"))

    assert Fraction(theirs) == round_fraction(Fraction(value), places, mode)


@given(n=st.integers(-(10**9), 10**9), d=st.sampled_from([2, 4, 20, 2000]), mode=st.sampled_from(MODES))
def test_negated_numbers_round_to_negated_numbers(n: int, d: int, mode: str) -> None:
    """A credit rounds like the charge it takes back, except by ceiling and floor, which change places."""
    mirrored = {"ceiling": "floor", "floor": "ceiling"}.get(mode, mode)

    assert -divide_round(n, d, mode) == divide_round(-n, d, mirrored)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("half_even", [-2, -2, 0, 0, 2, 2]),
        ("half_up", [-3, -2, -1, 1, 2, 3]),
        ("half_down", [-2, -1, 0, 0, 1, 2]),
        ("up", [-3, -2, -1, 1, 2, 3]),
        ("down", [-2, -1, 0, 0, 1, 2]),
        ("ceiling", [-2, -1, 0, 1, 2, 3]),
        ("floor", [-3, -2, -1, 0, 1, 2]),
    ],
)
def test_ties(mode: str, expected: list[int]) -> None:
    """Halves go where the mode's name says, on both sides of zero."""
    assert expected == [divide_round(n, 2, mode) for n in (-5, -3, -1, 1, 3, 5)]


def test_the_design_states_its_examples() -> None:
    """-0.125 at two places is -0.13 half_up and -0.12 half_even."""
    assert -13 == divide_round(-125, 10, "half_up")
    assert -12 == divide_round(-125, 10, "half_even")


def test_negative_places_round_before_the_point() -> None:
    """-2 places are whole hundreds."""
    assert 1300 == round_fraction(Fraction(1250), -2, "half_up")


def test_every_mode_has_its_function() -> None:
    """The list of modes and the table of functions are one list."""
    assert set(MODES) == set(BY_MODE)


def test_unknown_mode_is_refused() -> None:
    """A mode that does not exist is never read as another."""
    with pytest.raises(ValueError, match="bankers"):
        round_fraction(Fraction(1, 2), 0, "bankers")
