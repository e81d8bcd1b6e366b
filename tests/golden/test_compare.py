"""Numbers that a source prints with fewer places than it computes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from golden.compare import Beginning, Near, Printed, differences

TWO_THIRDS = Printed("0.66666666666666666667")


@pytest.mark.parametrize(("printed", "scale"), [("0.67", 2), ("0.7", 1), ("1", 0), ("0.666667", 6)])
def test_a_printed_number_is_equal_at_its_scale(printed, scale):
    """`x_scale` beside `x_amount` says how many places were printed."""
    assert [] == list(differences({"x_amount": printed, "x_scale": scale}, {"x_amount": TWO_THIRDS}))


@pytest.mark.parametrize(("printed", "scale"), [("0.66", 2), ("0.67", 3), ("0.7", 2), ("0", 0)])
def test_a_printed_number_is_not_equal_to_another(printed, scale):
    """Neither cut off, nor at another scale."""
    assert [] != list(differences({"x_amount": printed, "x_scale": scale}, {"x_amount": TWO_THIRDS}))


def test_a_number_that_is_not_printed_is_exact():
    """Only a translator that knows the case's rule makes a number one that is printed."""
    assert [] != list(differences({"x_amount": "0.67", "x_scale": 2}, {"x_amount": Decimal(TWO_THIRDS)}))
    assert [] != list(differences({"x_amount": "0.67"}, {"x_amount": TWO_THIRDS}))


@pytest.mark.parametrize(
    ("found", "is_equal"), [("1.00002", True), ("0.99998", True), ("1.000021", False), ("2", False)]
)
def test_a_number_is_near_within_the_tolerance(found, is_equal):
    """Two in the fifth place, as the case files say it of shares of a coupon."""
    assert is_equal is not any(differences("1", Near(found)))


@pytest.mark.parametrize(
    ("expected", "is_equal"), [(["1", "2"], True), (["1"], True), ([], False), (["2"], False), (["1", "2", "4"], False)]
)
def test_a_list_that_goes_on_is_compared_where_it_is_printed(expected, is_equal):
    """Its first items, in order; a source that prints none says nothing."""
    assert is_equal is not any(differences(expected, Beginning([1, 2, 3])))
