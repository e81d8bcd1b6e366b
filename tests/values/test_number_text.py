"""Exact numbers enter and leave as text and Decimal without losing or inventing a digit."""

from __future__ import annotations

import decimal
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.values.invalid import InvalidValue
from policyengine.values.number_text import (
    decimal_text,
    digits_text,
    digits_value,
    fraction_text,
    parse_literal,
    parse_plain,
    scaled,
    shortest,
    significant_digits,
    split_decimal,
    to_decimal,
)

DIGITS = st.integers(-(10**34) + 1, 10**34 - 1)


@given(n=DIGITS, scale=st.integers(0, 40), factor=st.integers(1, 10**6))
def test_text_reads_back_as_the_same_number(n: int, scale: int, factor: int) -> None:
    """Printing and reading are inverse, whatever fraction the number was carried as."""
    read = Fraction(*parse_plain(decimal_text(n * factor, 10**scale * factor)))

    assert Fraction(n, 10**scale) == read


@given(n=DIGITS, scale=st.integers(0, 40))
def test_text_is_the_shortest(n: int, scale: int) -> None:
    """No zero at the end of the decimals, no point without decimals, no needless zero in front."""
    text = decimal_text(n, 10**scale)

    assert not ("." in text and text.endswith(("0", ".")))
    assert not text.lstrip("-").startswith("00")
    assert text.lstrip("-").startswith("0") == (abs(n) < 10**scale)


@pytest.mark.parametrize(
    ("expected", "n", "d"),
    [
        ("0", 0, 7),
        ("-0.5", -1, 2),
        ("0.5875", 47, 80),
        ("1200", 2400, 2),
        ("0.000001", 1, 10**6),
        ("-12.5", -125, 10),
        ("0.0009765625", 1, 1024),
    ],
)
def test_texts(expected: str, n: int, d: int) -> None:
    """Plain digits, never an exponent, and one zero before the point."""
    assert expected == decimal_text(n, d)


def test_a_third_has_no_text() -> None:
    """A quotient that never ends is refused as a decimal and printed as a fraction."""
    assert shortest(1, 3) is None
    assert "-1/3" == fraction_text(-2, 6)
    assert "4" == fraction_text(8, 2)
    with pytest.raises(InvalidValue, match="1/3 has no finite decimal form"):
        decimal_text(1, 3)
    with pytest.raises(InvalidValue, match="1/3"):
        significant_digits(1, 3)


@pytest.mark.parametrize(
    ("expected", "n", "d"), [(1, 0, 1), (1, 1200, 12), (2, 12, 10**9), (4, 47, 80), (34, 10**34 - 1, 1)]
)
def test_significant_digits(expected: int, n: int, d: int) -> None:
    """Zeros that only place the point do not count."""
    assert expected == significant_digits(n, d)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ((0, 1), "0"),
        ((0, 1), "-0.00"),
        ((-25, 2 * 10), "-1.250"),
        ((7, 1), "007"),
        ((12, 1), "+12"),
        ((10**40, 1), "1" + "0" * 40),
    ],
)
def test_plain_digits(expected: tuple[int, int], text: str) -> None:
    """Trailing zeros are no places, leading ones no digits."""
    assert Fraction(*expected) == Fraction(*parse_plain(text))


def test_denominators_are_the_smallest_power_of_ten() -> None:
    """1.50 and 1.5 are one number with one denominator."""
    assert (15, 10) == parse_plain("1.50")
    assert (15, 10) == parse_literal("150e-2")


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "1.", ".5", "1e5", "1_000", " 1", "1\n", "0x1F", "NaN", "inf", "1,5", "\u0661", "1.5.1", "--1"],
)
def test_plain_digits_only(text: str) -> None:
    """Text becomes a number from plain digits only: no exponent, no grouping, no digit of another script."""
    with pytest.raises(InvalidValue, match="plain digits"):
        parse_plain(text)


@pytest.mark.parametrize("text", ["", "e5", "-", "1.", "1e", "1e+", "1e1.5", "1e9999999999", "0x1", "1 e5"])
def test_literals_that_are_none(text: str) -> None:
    """A literal has digits, and digits after its point and its exponent."""
    with pytest.raises(InvalidValue):
        parse_literal(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [((5, 10), ".5"), ((1, 10**7), "1E-7"), ((1500, 1), "1.5e3"), ((0, 1), "0e999999999"), ((0, 1), "0.0e-9")],
)
def test_literals(expected: tuple[int, int], text: str) -> None:
    """A literal may have an exponent, and a zero any."""
    assert expected == parse_literal(text)


@pytest.mark.parametrize(
    "text", ["9" * 35, "0." + "9" * 35, "1e6145", "1e-6145", "0." + "0" * 6145 + "1", "1" + "0" * 6145, "9e999999999"]
)
def test_limits_of_text(text: str) -> None:
    """At most 34 significant digits, and exponents within 6144."""
    with pytest.raises(InvalidValue):
        parse_literal(text)


@pytest.fixture
def small_host_limit() -> Iterator[None]:
    """The smallest limit that a host may set for reading and printing integers."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    yield
    sys.set_int_max_str_digits(before)


@pytest.mark.usefixtures("small_host_limit")
def test_the_largest_numbers_print_on_every_host() -> None:
    """A host's limit for converting integers changes no answer."""
    assert "1" + "0" * 6144 == decimal_text(10**6144, 1)
    assert "0." + "0" * 6143 + "1" == decimal_text(1, 10**6144)
    assert "-" + "9" * 3000 == digits_text(1 - 10**3000)
    assert 10**3000 - 1 == digits_value("9" * 3000)


@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**15), max_value=10**15))
def test_decimals_split_without_loss(value: Decimal) -> None:
    """A Decimal and its digits with their scale are one number, and equal Decimals split equally."""
    n, scale = split_decimal(value)

    assert Fraction(value) == Fraction(n) / Fraction(10) ** scale
    assert (n, scale) == split_decimal(value * Decimal("1.000"))


def test_a_decimal_bomb_is_never_multiplied_out() -> None:
    """A huge exponent stays an exponent, or is refused before anything is computed with it."""
    assert (1, -6000) == split_decimal(Decimal("1E+6000"))
    assert (0, 0) == split_decimal(Decimal("0E+999999"))
    for bomb in ("1E+6145", "1E+999999", "1E-999999", "NaN", "sNaN", "-Infinity"):
        with pytest.raises(InvalidValue):
            split_decimal(Decimal(bomb))
    with pytest.raises(InvalidValue, match="6001 digits before the point"):
        scaled(Decimal("1E+6000"), 12)


def test_decimals_scale_exactly_or_not_at_all() -> None:
    """A fact with more places than declared is refused, never rounded; trailing zeros are no places."""
    assert 1_500_000 == scaled(Decimal("1.5000000"), 6)
    assert -999_999_999_999_999 == scaled(Decimal(-999_999_999_999_999), 0)
    assert 0 == scaled(Decimal("-0.000"), 2)
    with pytest.raises(InvalidValue, match=r"0\.005 has more than 2 decimal places"):
        scaled(Decimal("0.005"), 2)
    with pytest.raises(InvalidValue, match="16 digits before the point"):
        scaled(Decimal(10**15), 2)


@given(n=st.integers(-(10**60), 10**60), scale=st.integers(-5, 40))
def test_decimals_are_built_exactly(n: int, scale: int) -> None:
    """A Decimal leaves with all its digits under a context of any precision."""
    with decimal.localcontext(prec=3):
        built = to_decimal(n, scale)

    assert Fraction(n) / Fraction(10) ** scale == Fraction(built)
    assert -scale == built.as_tuple().exponent


def test_rounded_decimals_keep_their_places() -> None:
    """An amount rounded to two places shows two places."""
    assert "5.00" == str(to_decimal(500, 2))
    assert "0.00" == str(to_decimal(0, 2))
