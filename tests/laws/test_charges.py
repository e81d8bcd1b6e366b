"""Laws of charges: slices, growth, free quantities, re-rating, allocation and overrides.

In CI a few dozen bundles for each law; `python -m pytest -m slow tests/laws` draws thousands.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from golden.bundle_text import Raw
from hypothesis import given
from hypothesis import strategies as st

from laws.drawing import COUNTING, MODELS, STEP_DOWN, Drawn, charges, numbers, quantities
from laws.evaluators import Asked
from laws.settings import LONG, QUICK


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
    if falling or drawn.model.startswith("volume"):  # a maximum forgets what lay beyond it when a price falls
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


# ------------------------------------------------------------------------------------------------------------- rounding


def check_rounded_slices(data):
    drawn = data.draw(charges(MODELS, adjusts=False))
    mode = data.draw(st.sampled_from(["half_up", "half_even", "half_down"]))
    asked = Asked(drawn.with_fields(round={"places": Raw("1"), "mode": mode}).sections())
    slices = data.draw(periods(drawn))

    amounts = billed_in_slices(asked, slices, slice_positions(len(slices)))

    away = abs(asked.amount({"used": sum(slices, Decimal(0))}) - sum(amounts))
    assert away <= Decimal("0.05") * (len(slices) + 1), (asked.text, slices, amounts)


@QUICK
@given(st.data())
def test_rounded_slices_stray_half_a_unit_each(data):
    """What is rounded in each slice cannot add up exactly, and strays no further than it was rounded."""
    check_rounded_slices(data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_rounded_slices(data):
    check_rounded_slices(data)


# ------------------------------------------------------------------------------------------------ growth, free quantity

NEVER_FALLING = tuple(model for model in MODELS if model not in STEP_DOWN)


def check_growth(data, models, rising):
    drawn = data.draw(charges(models, rising=rising, slices=False))
    if data.draw(st.booleans()):
        mode = data.draw(st.sampled_from(["half_up", "half_even", "up", "down", "ceiling", "floor"]))
        drawn = drawn.with_fields(round={"places": Raw("1"), "mode": mode})
    asked = Asked(drawn.sections())
    fewer, more = sorted(Decimal(data.draw(quantities(drawn))) for _ in range(2))

    assert asked.amount({"used": fewer}) <= asked.amount({"used": more}), (asked.text, fewer, more)


@pytest.mark.parametrize("model", NEVER_FALLING)
@QUICK
@given(st.data())
def test_more_never_costs_less(model, data):
    """Graduated and plain prices never fall as the quantity grows, whatever is adjusted and rounded."""
    check_growth(data, [model], rising=False)


@pytest.mark.parametrize("model", STEP_DOWN)
@QUICK
@given(st.data())
def test_rising_volume_prices_never_fall(model, data):
    """Volume prices whose tiers get dearer do not either."""
    check_growth(data, [model], rising=True)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_prices_never_fall(data):
    check_growth(data, NEVER_FALLING, rising=False)


def check_silence_on_cliffs(data):
    asked = Asked(data.draw(charges(STEP_DOWN, free=False, slices=False, adjusts=False)).sections())
    fewer, more = sorted(Decimal(data.draw(numbers(0, 60, 0))) for _ in range(2))
    falls = asked.amount({"used": fewer}) > asked.amount({"used": more})

    assert not falls or fewer == 0 or "B095" in asked.lints, (asked.text, fewer, more)


@QUICK
@given(st.data())
def test_a_price_that_falls_was_warned_of(data):
    """Where `check` is silent, a larger quantity never costs less."""
    check_silence_on_cliffs(data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_prices_that_fall_were_warned_of(data):
    check_silence_on_cliffs(data)


def check_silence_on_free_quantities(data):
    drawn = data.draw(charges([m for m in STEP_DOWN if m in COUNTING], free=True, slices=False, adjusts=False))
    asked = Asked(drawn.sections())
    bare = {name: value for name, value in drawn.charge.items() if not name.startswith("free_quantity")}
    used = {"used": Decimal(data.draw(numbers(1, 60, 0)))}
    without = Asked(Drawn(drawn.model, bare, drawn.tables, drawn.whole).sections()).amount(used)

    assert asked.amount(used) <= without or "B096" in asked.lints, (asked.text, used)


@QUICK
@given(st.data())
def test_a_free_quantity_that_costs_was_warned_of(data):
    """Where `check` is silent, a free quantity never raises a charge."""
    check_silence_on_free_quantities(data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_free_quantities_that_cost_were_warned_of(data):
    check_silence_on_free_quantities(data)


WITH_FREE_PART = tuple(model for model in MODELS if model != "pass_through")


def check_free_quantity(data, models):
    drawn = data.draw(charges(models, rising=True, free=True, slices=False))
    field = "free_quantity" if "free_quantity" in drawn.charge else "free_amount"
    less, more = sorted((data.draw(numbers(0, 30, 0 if drawn.whole else 1)) for _ in range(2)), key=Decimal)
    used = {"used": Decimal(data.draw(quantities(drawn)))}

    with_less, with_more = (Asked(drawn.with_fields(**{field: free}).sections()).amount(used) for free in (less, more))

    assert with_more <= with_less, (drawn, less, more, used)


@pytest.mark.parametrize("model", WITH_FREE_PART)
@QUICK
@given(st.data())
def test_a_larger_free_quantity_never_raises_a_charge(model, data):
    """As long as more does not cost less: see the warnings of `check` for volume prices that fall."""
    check_free_quantity(data, [model])


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_larger_free_quantities(data):
    check_free_quantity(data, WITH_FREE_PART)
