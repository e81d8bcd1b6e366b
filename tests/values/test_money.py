"""Money at the edge of the API: exact in, exact out, never rounded unless asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.values.invalid import InvalidValue
from policyengine.values.money import Money


@given(minor=st.integers(-(10**20), 10**20), places=st.integers(0, 12), more=st.integers(0, 6))
def test_equal_amounts_are_equal_at_any_scale(minor: int, places: int, more: int) -> None:
    """5 USD, 5.00 USD and 5.0000 USD are one amount, in sets as well."""
    money, finer = Money(minor, "USD", places), Money(minor * 10**more, "USD", places + more)

    assert money == finer
    assert hash(money) == hash(finer)
    assert money != Money(minor + 1, "USD", places)


@given(minor=st.integers(-(10**20), 10**20), places=st.integers(2, 12))
def test_decimals_come_and_go_without_loss(minor: int, places: int) -> None:
    """A Decimal is the same amount with the same digits."""
    money = Money(minor, "USD", places)

    assert money == Money.of(money.to_decimal(), "USD") == Money.of(f"{money.to_decimal():f}", "USD")


@pytest.mark.parametrize(
    ("expected", "amount", "currency"),
    [
        ("5.00 USD", 5, "USD"),
        ("5.00 USD", Decimal(5), "USD"),
        ("0.5875 USD", Decimal("0.5875"), "USD"),
        ("-0.10 EUR", "-0.1", "EUR"),
        ("1200 JPY", Decimal("1.2E+3"), "JPY"),
        ("1.500 KWD", "1.5", "KWD"),
        ("0.00 USD", Decimal("-0.0"), "USD"),
        ("0.00000001 USD", Decimal("1E-8"), "USD"),
    ],
)
def test_amounts_show_themselves(expected: str, amount: Decimal | int | str, currency: str) -> None:
    """An amount shows its currency's places, or its own if it has more, and never an exponent."""
    assert expected == str(Money.of(amount, currency))


def test_currencies_do_not_compare() -> None:
    """Five of one are not five of another, and no number is money."""
    assert Money.of(5, "USD") != Money.of(5, "EUR")
    assert Money.of(0, "USD") != 0


def test_minor_units_are_whole() -> None:
    """Cents of an amount with fractions of a cent must be rounded first, in a named mode."""
    money = Money.of("0.585", "USD")

    assert 59 == money.rounded("half_up").minor_units()
    assert 58 == money.rounded("half_even").minor_units()
    assert "0.6 USD" == str(money.rounded("half_up", places=1))
    assert 60 == money.rounded("half_up", places=1).minor_units()
    with pytest.raises(InvalidValue, match=r"0\.585 USD is no whole number of minor units"):
        money.minor_units()


@pytest.mark.parametrize("amount", [0.1, True, None, "1e5", Decimal("NaN"), Decimal("1E+9999")])
def test_amounts_that_are_none(amount: Decimal) -> None:
    """What may have lost digits, and what is no number, is refused."""
    with pytest.raises(InvalidValue):
        Money.of(amount, "USD")


@pytest.mark.parametrize(("minor", "places"), [(True, 2), (1, -1), (1, True), (Decimal(1), 2)])
def test_minor_units_are_integers(minor: int, places: int) -> None:
    """A bool is no amount, and places are counted from zero."""
    with pytest.raises(InvalidValue, match="whole number"):
        Money(minor, "USD", places)


def test_money_needs_a_currency() -> None:
    """An unknown currency is found out at once."""
    with pytest.raises(InvalidValue, match="unknown currency `XYZ`"):
        Money(5, "XYZ", 2)
