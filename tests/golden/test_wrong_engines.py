"""The cases are worth something: an engine that is a little wrong fails some of them.

Each mistake is one that systems have really made, patched into one function of the compiler or of the runtime. It must
show as another value than the expected one; an engine that breaks off would be found by anything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import asking
from golden.case_files import read
from golden.runner import run
from policyengine.compiler.lower import context
from policyengine.compiler.lower.charges import (
    charge,
    commitments,
    models,
    package_tiers,
    quantities,
    slices,
    taxes,
)
from policyengine.language.expression import arithmetic
from policyengine.runtime.codegen import emission, support
from policyengine.runtime.tables import schedules
from policyengine.values.currencies import RailScale

CASES = Path(__file__).parent / "cases"
PRICING = (*read(CASES / "pricing.json"), *read(CASES / "pricing_options.json"))


def found_by() -> Iterator[str]:
    """The cases whose amounts are not the expected ones."""
    for case in PRICING:
        result = run(case)
        if result.status == "failed" and any("expected" in line for line in result.lines):
            yield case.id


@pytest.fixture(autouse=True)
def _anew():
    """Bundles are compiled by the engine as it is now, and not remembered."""
    asking.compiled.cache_clear()
    yield
    asking.compiled.cache_clear()


def rounded_to_even(w, n, d, mode, low, right=emission._division):
    """Half up, taken for half even."""
    return right(w, n, d, "half_even" if mode == "half_up" else mode, low)


def flat_of_the_next_tier(schedule, quantity, at_zero):
    """The flat amount of a tier of which nothing is used yet."""
    tier = bisect_right(schedule[0], quantity)
    return schedule[4][tier] + schedule[2][tier]


def flat_of_the_last_tier(schedule, quantity, at_zero):
    """The flat amount of the reached tier only."""
    return schedules.volume_flat(schedule, quantity, at_zero)


def never_due_at_zero(schedule, quantity, at_zero, right=schedules.graduated_flat):
    """The first tier is entered by usage only, whatever is said."""
    return right(schedule, quantity, False)


def always(charge_context, of, scope):
    """Each slice of a period takes itself for the last one."""
    return slices.YES


def never(charge_context, of, scope):
    """Each slice of a period takes itself for the first one."""
    return slices.NO


def nothing_billed(charge_context, of, scope):
    """What earlier slices have billed is forgotten."""
    return


def nothing_free(quantity, free, at):
    """The free quantity is known and not taken off."""
    return quantity


def full_packages_only(function, a, at, right=arithmetic.whole):
    """A package that is begun is not charged."""
    return right("floor", a, at)


def in_fractions(of, tiers):
    """Packages of a tier are divided."""
    return True


def untouched(of_context, transform, quantity, scope):
    """The quantity is priced as it was metered."""
    return quantity


def not_mirrored(amount, found, of):
    """A negative quantity costs what its mirror costs."""
    return amount


def unrounded_line(of_context, of, scope, priced, right=charge._element):
    """Lines are not rounded before what follows."""
    return right(of_context, of.model_copy(update={"round": None, "round_each": None}), scope, priced)


def no_overage(of_context, of, scope, amount, shown, right=commitments.apply):
    """Overage costs what usage costs."""
    if of.commitment is not None:
        of = of.model_copy(update={"commitment": of.commitment.model_copy(update={"overage_factor": None})})
    return right(of_context, of, scope, amount, shown)


def on_top(tax, rates, amount, right=taxes._parts):
    """Tax that is contained, taken as if it came on top."""
    return right(tax.model_copy(update={"behavior": "exclusive"}), rates, amount)


def as_in_accounts(rail, code):
    """A rail without exceptions of its own."""
    return RailScale(context.scale(code))


def cents(code):
    """Every currency has two decimals."""
    return 2


def remainder_to_the_first(total, weights):
    """What rounding down leaves goes to the first part."""
    parts = [total * weight // sum(weights) for weight in weights]
    return (parts[0] + total - sum(parts), *parts[1:])


def priced_as_volume(w, schedule, quantity):
    """The whole quantity at the last rate."""
    return f"T.volume({schedule}, {quantity})"


def priced_as_graduated(schedule, quantity):
    """Every part of the quantity at the rate of its tier."""
    tier = schedules.bisect_left(schedule[0], quantity)
    return schedule[3][tier] + quantity * schedule[1][tier]


MISTAKES = [
    pytest.param(emission, "_division", rounded_to_even, id="another rounding mode"),
    pytest.param(charge, "_element", unrounded_line, id="lines that are not rounded"),
    pytest.param(schedules, "bisect_left", bisect_right, id="up_to exclusive"),
    pytest.param(schedules, "volume", priced_as_graduated, id="volume priced as graduated"),
    pytest.param(emission, "_graduated", priced_as_volume, id="graduated priced as volume"),
    pytest.param(schedules, "graduated_flat", flat_of_the_next_tier, id="the flat amount of an empty tier"),
    pytest.param(schedules, "graduated_flat", flat_of_the_last_tier, id="the flat amount of the last tier only"),
    pytest.param(schedules, "graduated_flat", never_due_at_zero, id="no flat amount at zero"),
    pytest.param(slices, "closes", always, id="the minimum in each slice"),
    pytest.param(slices, "follows", never, id="the flat amount at zero in each slice"),
    pytest.param(slices, "billed", nothing_billed, id="the maximum in each slice"),
    pytest.param(quantities, "beyond", nothing_free, id="a free quantity that is not free"),
    pytest.param(quantities, "_transformed", untouched, id="a quantity that is not transformed"),
    pytest.param(models, "_mirrored", not_mirrored, id="a negative quantity that costs"),
    pytest.param(arithmetic, "whole", full_packages_only, id="packages rounded down"),
    pytest.param(package_tiers, "_splits", in_fractions, id="packages in fractions"),
    pytest.param(commitments, "apply", no_overage, id="overage without its factor"),
    pytest.param(taxes, "_parts", on_top, id="contained tax taken on top"),
    pytest.param(context, "rail_scale", as_in_accounts, id="a rail without exceptions"),
    pytest.param(context, "scale", cents, id="two decimals for every currency"),
    pytest.param(support, "allocate", remainder_to_the_first, id="the remainder to the first"),
]


@pytest.mark.parametrize(("module", "name", "wrong"), MISTAKES)
def test_a_wrong_engine_is_found(monkeypatch, module, name, wrong):
    """At least one case fails by its amounts."""
    monkeypatch.setattr(module, name, wrong)

    assert next(found_by(), None) is not None


def test_the_right_engine_is_not_accused():
    """Without a mistake nothing fails."""
    assert [] == list(found_by())
