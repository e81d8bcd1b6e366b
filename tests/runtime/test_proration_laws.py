"""Laws of prorations, over random periods, prices and changes: with the compiled policy and with the interpreter."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia")
HOUR = 3_600 * 10**9
START = pe.Timestamp.parse("2009-01-01T00:00:00Z")
BASES = ("second", "day", "month_30", "actual_360", "thirty_360")


def proration_by(basis: str) -> str:
    days = "" if basis == "second" else "end_inclusive: false, timezone: home, "
    return (
        f"  by_{basis}: {{each: piece in pieces, basis: {basis}, {days}period: period, starts: piece.start,"
        f" ends: piece.end, charge: price, round: {{places: 2, mode: half_even}}}}\n"
    )


BUNDLE = f"""
policyengine: 1
bundle: laws
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  home: {{enum: [{", ".join(ZONES)}]}}
  price: {{type: money, min: 0, max: 1_000_000, places: 2}}
  paid: {{type: money, min: 0, max: 1_000_000, places: 2}}
  period: {{start: timestamp, end: timestamp}}
  pieces: {{list: {{start: timestamp, end: timestamp}}, max: 20, default: []}}
  changes: {{list: {{at: timestamp, price: {{type: money, min: 0, max: 1_000_000, places: 2}}}}, max: 20, default: []}}
proration:
{"".join(map(proration_by, BASES))}
  capped:
    each: change in changes
    basis: second
    period: period
    at: change.at
    credit: before
    charge: change.price
    paid: paid
    credited: given
    carry:
      before: {{type: money, min: 0, max: 1_000_000, places: 2, start: price, next: change.price}}
      given: {{type: money, min: 0, max: 1_000_000, places: 2, start: 0 USD, next: given + credit}}
    round: {{places: 2, mode: half_up}}
  swapped:
    each: change in changes
    basis: day
    end_inclusive: false
    timezone: home
    period: period
    at: change.at
    credit: before
    charge: change.price
    carry: {{before: {{type: money, min: 0, max: 1_000_000, places: 2, start: price, next: change.price}}}}
    round: {{places: 2, mode: half_up}}
"""
POLICY = pe.Policy(compile_texts({"bundle.yaml": BUNDLE}).program)

amounts = st.integers(0, 10**8).map(lambda cents: Decimal(cents).scaleb(-2))
homes = st.sampled_from(ZONES)


@st.composite
def cut_periods(draw: st.DrawFn, cuts_max: int = 5) -> list[pe.Timestamp]:
    """Ascending instants: the edges of a period and cuts inside it, some of them equal, few of them whole days."""
    start = draw(st.integers(0, 24 * 365 * 12))
    hours = draw(st.lists(st.integers(0, 24 * 62), max_size=cuts_max))
    odd = draw(st.sampled_from((0, 0, 1, 12_345_678)))
    length = max(hours, default=0) + draw(st.integers(24 * 3, 24 * 400))
    return [pe.Timestamp(START + (start + h) * HOUR + odd) for h in (0, *sorted(hours), length)]


def decided(name: str, facts: dict[str, Any]) -> pe.Decision:
    """An answer that the interpreter gives too, to the last digit."""
    decision = POLICY.decide(name, facts)
    trace = decision.trace
    for output, value in decision.outputs.items():
        if isinstance(value, Decimal):
            assert trace.values[f"{name}.{output}"] == Fraction(value)
    return decision


def facts(edges: list[pe.Timestamp], home: str, price: Decimal, **more: Any) -> dict[str, Any]:
    return {"period": {"start": edges[0], "end": edges[-1]}, "home": home, "price": price, **more}


def parts_sum_to_the_whole(basis: str, edges: list[pe.Timestamp], home: str, price: Decimal) -> None:
    name = f"by_{basis}"
    pieces = [{"start": a, "end": b} for a, b in pairwise(edges)]
    cut = decided(name, facts(edges, home, price, pieces=pieces)).outputs
    whole = decided(name, facts(edges, home, price, pieces=[{"start": edges[0], "end": edges[-1]}])).outputs
    found = sum(Fraction(i["fraction"]["numerator"], i["fraction"]["denominator"]) for i in cut["items"])
    (one,) = whole["items"]

    assert Fraction(one["fraction"]["numerator"], one["fraction"]["denominator"]) == found
    assert abs(cut["charge"] - whole["charge"]) <= Decimal("0.005") * (len(pieces) + 1)


@pytest.mark.parametrize("basis", BASES)
@settings(max_examples=40, deadline=None)
@given(edges=cut_periods(), home=homes, price=amounts)
def test_the_parts_of_a_period_sum_to_the_whole(basis, edges, home, price):
    """However a period is cut, by every basis, in every zone; amounts differ by rounding alone."""
    parts_sum_to_the_whole(basis, edges, home, price)


@settings(max_examples=60, deadline=None)
@given(edges=cut_periods(), price=amounts, paid=amounts, prices=st.lists(amounts, min_size=7, max_size=7))
def test_credits_never_exceed_what_was_paid(edges, price, paid, prices):
    """Not even over several changes, where each takes off what the ones before it gave back."""
    changes = [{"at": at, "price": to} for at, to in zip(edges, prices, strict=False)]
    outputs = decided("capped", facts(edges, "UTC", price, paid=paid, changes=changes)).outputs

    assert outputs["credit"] <= paid
    assert outputs["given"] == outputs["credit"]
    assert all(item["credit"] >= 0 for item in outputs["items"])


@settings(max_examples=60, deadline=None)
@given(edges=cut_periods(1), home=homes, price=amounts, other=amounts)
def test_a_change_undone_at_once_costs_nothing(edges, home, price, other):
    """To another price and back at the same instant nets to zero, to the cent."""
    changes = [{"at": edges[-2], "price": other}, {"at": edges[-2], "price": price}]

    assert 0 == decided("swapped", facts(edges, home, price, changes=changes)).outputs["net"]


@pytest.mark.slow
@pytest.mark.parametrize("basis", BASES)
@settings(max_examples=3_000, deadline=None)
@given(edges=cut_periods(15), home=homes, price=amounts)
def test_many_parts_of_many_periods(basis, edges, home, price):
    """The same over many more."""
    parts_sum_to_the_whole(basis, edges, home, price)
