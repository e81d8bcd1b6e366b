"""Currencies for books and for payment rails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from values.generate_currencies import current_codes, table_text

from policyengine.values import currency_table
from policyengine.values.civil import parse_date
from policyengine.values.currencies import CURRENCIES, RAILS, RailScale, currency, rail_scale, scale
from policyengine.values.invalid import InvalidValue


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        (2, "USD"),
        (2, "HUF"),
        (0, "JPY"),
        (0, "ISK"),
        (0, "UGX"),
        (3, "KWD"),
        (3, "IQD"),
        (4, "CLF"),
        (2, "MGA"),
        (2, "BGN"),
        (2, "HRK"),
        (0, "ITL"),
        (6, "USDT"),
    ],
)
def test_scales_of_books(expected: int, code: str) -> None:
    """Accounts are kept in ISO's minor unit, those of withdrawn currencies too."""
    assert expected == scale(code)


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [("1999-07-05", "2026-01-31", "BGN"), ("1999-01-01", "2040-01-01", "EUR"), ("1990-01-01", "2023-01-31", "HRK")],
)
def test_currencies_are_in_use_from_and_until(first: str, last: str, code: str) -> None:
    """A code is valid from its first day to the end of the month in which ISO withdrew it."""
    assert 2 == scale(code, parse_date(first)) == scale(code, parse_date(last))


def test_days_on_which_a_currency_was_not_in_use() -> None:
    """A price in a currency that was gone, or not there yet, is a mistake."""
    with pytest.raises(InvalidValue, match="`HRK` is not in use since 2023-02-01"):
        scale("HRK", parse_date("2023-02-01"))
    with pytest.raises(InvalidValue, match="`EUR` was not in use before 1999-01-01"):
        scale("EUR", parse_date("1998-12-31"))


@pytest.mark.parametrize(("hint", "code"), [("`USD`", "usd"), ("`EUR`", "EURO")])
def test_unknown_currencies_name_the_closest(hint: str, code: str) -> None:
    """A misspelt code gets the nearest one as a hint."""
    with pytest.raises(InvalidValue, match="unknown currency") as refused:
        currency(code)

    assert f"did you mean {hint}?" == refused.value.hint


@pytest.mark.parametrize("code", ["XAU", "XXX", "XTS", "XDR"])
def test_codes_without_a_minor_unit(code: str) -> None:
    """Metals and test codes are known and hold no amounts."""
    with pytest.raises(InvalidValue, match="has no minor unit"):
        scale(code)


@pytest.mark.parametrize(
    ("expected", "rail", "code"),
    [
        (RailScale(2), "stripe", "USD"),
        (RailScale(0), "stripe", "JPY"),
        (RailScale(3, 10), "stripe", "KWD"),
        (RailScale(2, 100), "stripe", "ISK"),
        (RailScale(2, 100), "stripe", "UGX"),
        (RailScale(0), "stripe", "MGA"),
        (RailScale(2), "stripe", "HUF"),
        (RailScale(2, 100), "stripe_payout", "HUF"),
        (RailScale(3, 10), "stripe_payout", "BHD"),
        (RailScale(0), "paypal", "TWD"),
        (RailScale(3), "adyen", "KWD"),
        (RailScale(2), "adyen", "CLP"),
    ],
)
def test_scales_of_rails(expected: RailScale, rail: str, code: str) -> None:
    """A rail follows ISO except where its documents say otherwise."""
    assert expected == rail_scale(rail, code)


@pytest.mark.parametrize(
    ("expected", "n", "d", "sent"),
    [
        ((5120, 5130), 5124, 1000, RailScale(3, 10)),
        ((1000, 1000), 10, 1, RailScale(2)),
        ((500, 500), 5, 1, RailScale(2, 100)),
        ((-5130, -5120), -5124, 1000, RailScale(3, 10)),
        ((33, 34), 1, 3, RailScale(2)),
    ],
)
def test_amounts_that_a_rail_accepts(expected: tuple[int, int], n: int, d: int, sent: RailScale) -> None:
    """5.124 KWD is sent as 5120 or 5130, 5 ISK as 500 (Stripe's own examples)."""
    assert expected == sent.amounts(n, d)


@given(
    n=st.integers(-(10**9), 10**9),
    d=st.integers(1, 10**4),
    rail=st.sampled_from(RAILS),
    code=st.sampled_from(["USD", "KWD", "ISK", "JPY"]),
)
def test_sent_amounts_are_accepted(n: int, d: int, rail: str, code: str) -> None:
    """What is sent is a multiple of the step, less than one step away, and has only the places it may have."""
    sent = rail_scale(rail, code)
    amount = sent.amount(n, d, "half_even")

    assert 0 == amount % sent.step
    assert abs(amount * d - n * 10**sent.places) * 2 <= d * sent.step
    assert 0 == amount * 10**sent.round_places % 10**sent.places


def test_unknown_rails_name_the_closest() -> None:
    """A rail that is not in the table is never treated as another."""
    with pytest.raises(InvalidValue) as refused:
        rail_scale("strip", "USD")

    assert "did you mean `stripe`?" == refused.value.hint


def test_rails_refuse_what_books_refuse() -> None:
    """No rail takes gold."""
    with pytest.raises(InvalidValue, match="no minor unit"):
        rail_scale("adyen", "XAU")


def test_the_table_is_what_its_generator_writes() -> None:
    """Nobody edits the table by hand."""
    pytest.importorskip("iso4217")
    written = currency_table.__loader__.get_source(currency_table.__name__)  # type: ignore[union-attr]

    assert table_text() == written


def test_current_currencies_are_open_ended() -> None:
    """What ISO lists today is in use today."""
    pytest.importorskip("iso4217")

    assert {None} == {CURRENCIES[code].until for code in current_codes()}
