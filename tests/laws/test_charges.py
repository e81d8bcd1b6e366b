"""Laws of charges: slices, growth, free quantities, re-rating, allocation and overrides.

In CI a few dozen bundles for each law; `python -m pytest -m slow tests/laws` draws thousands.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from golden.bundle_text import Raw
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from laws.drawing import COUNTING, MODELS, STEP_DOWN, Drawn, adjusted, charges, quantities
from laws.evaluators import Asked

QUICK = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))


def slice_positions(count: int) -> list[str]:
    return ["only"] if count == 1 else ["first", *["middle"] * (count - 2), "last"]


def billed_in_slices(asked: Asked, slices: list[Decimal], positions: list[str]) -> list[Decimal]:
    """What each slice is billed, with what the slices before it have rated and billed."""
    amounts: list[Decimal] = []
    for number, (used, position) in enumerate(zip(slices, positions, strict=True)):
        facts = {"used": used, "before": sum(slices[:number], Decimal(0)), "billed": sum(amounts, Decimal(0))}
        amounts.append(asked.amount({**facts, "position": position}))
    return amounts


@st.composite
def periods(draw, drawn: Drawn, falling: bool = False) -> list[Decimal]:
    """The slices of a period; with `falling` some take usage back, never below nothing."""
    parts = [Decimal(part) for part in draw(st.lists(quantities(drawn), min_size=1, max_size=4))]
    if not falling:
        return parts
    total, found = Decimal(0), []
    for part in parts:
        back = Decimal(draw(quantities(drawn)))
        found += [part, -min(back, total + part)]
        total += part + found[-1]
    return found


def check_slices(data, models, falling):
    drawn = data.draw(charges(models))
    if falling:  # a maximum forgets what lay beyond it, so it cannot be taken back
        drawn = Drawn(drawn.model, {k: v for k, v in drawn.charge.items() if k != "maximum"}, drawn.tables, drawn.whole)
    asked = Asked(drawn.sections())
    slices = data.draw(periods(drawn, falling))

    amounts = billed_in_slices(asked, slices, slice_positions(len(slices)))

    whole = asked.amount({"used": sum(slices, Decimal(0))})
    assert whole == sum(amounts), (asked.text, slices, amounts)


@pytest.mark.parametrize("model", MODELS)
@QUICK
@given(st.data())
def test_slices_of_a_period_add_up_to_the_period(model, data):
    """With free quantities, packages, flat amounts, minimum, maximum, commitment, discount: however a period is cut."""
    check_slices(data, [model], falling=False)


@pytest.mark.slow
@LONG
@given(st.data())
def test_slices_of_many_periods_add_up(data):
    check_slices(data, MODELS, falling=False)


@pytest.mark.parametrize("model", COUNTING)
@QUICK
@given(st.data())
def test_re_rating_by_growth_is_rating_anew(model, data):
    """Corrections of a cumulative quantity, up and down, come to the price of where they end."""
    check_slices(data, [model], falling=True)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_periods_re_rated(data):
    check_slices(data, COUNTING, falling=True)
