"""Every option may stand beside every other: what no published case combines is translated and answered all the same.

Each case is asked again with one option changed, and with two. The amounts are not compared, since nobody publishes
them; an answer must come, where a translator or the engine might trip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from golden.case_files import Case, read
from golden.runner import run

CASES = Path(__file__).parent / "cases"
PRICING = (*read(CASES / "pricing.json"), *read(CASES / "pricing_options.json"))

MODES = ("half_up", "half_even", "ceiling", "floor")
Option = tuple[str, Any]


def roundings(*levels: str) -> list[Option]:
    return [("rounding", {"level": level, "mode": mode, "scale": 2}) for level in levels for mode in MODES]


AMOUNTS: list[Option] = [("minimum", "50"), ("maximum", "20"), ("ignore_minimum", True), ("discount_percent", "10")]
UNITS: list[Option] = [
    ("free_quantity", "3"),
    ("negative_quantity", "mirror"),
    ("negative_quantity", "zero"),
    ("quantity_transform", {"op": "multiply", "factor": "1.5", "rounding": "none", "scale": 0}),
    *(
        ("quantity_transform", {"op": "divide", "factor": "4", "rounding": mode, "scale": 1})
        for mode in (*MODES, "none")
    ),
]
TIERS: list[Option] = [("first_tier_flat_at_zero", True), ("first_tier_flat_at_zero", False), ("mode", "volume")]
OF_TYPE: dict[str, list[Option]] = {
    "per_unit": UNITS,
    "package": [*UNITS, ("package_rounding", "floor"), ("package_rounding", "ceiling")],
    "tiered": [*UNITS, *TIERS, ("mode", "graduated")],
    "tiered_percentage": [*TIERS, ("mode", "graduated")],
    "percentage": [
        ("free_events", 2),
        ("free_amount", "100"),
        ("fixed_amount_per_event", "0.3"),
        ("per_event_min", "1"),
        ("per_event_max", "3"),
    ],
    "pass_through": [("multiplier", "1.2")],
    "matrix": [("default_unit_amount", "3")],
    "token_cost": [("model_markup_percent", "5"), ("provider_markup_percent", None), ("default_markup_percent", "0")],
    "flat": [],
}
LEVELS = {"charge": ("line", "total"), "event_sequence": ("event",), "charge_split": ("line",), "rerate": ("line",)}
OF_KIND: dict[str, list[Option]] = {
    "charge_split": [*AMOUNTS],
    "charge": AMOUNTS[:3],
    "round": [("mode", mode) for mode in MODES],
    "sum_rounding": [(name, word) for name, words in (("mode", MODES), ("level", ("line", "total"))) for word in words],
    "tax": [("mode", mode) for mode in MODES] + [("behavior", word) for word in ("inclusive", "exclusive")],
    "true_up": [("mode", mode) for mode in MODES] + [("round_usage_first", flag) for flag in (True, False)],
    "invoice_totals": [("tax_behavior", "inclusive"), *roundings("line", "invoice")],
    "rail_amount": [("least_digit_zero", flag) for flag in (True, False)] + [("api_unit", "minor")],
    "tier_slice": [("lower", "0"), ("flat_amount", "3")],
    "invoice_commitment": [("counts", ["usage_fees"])],
    "unique_sequence": [("rebill_within_period", flag) for flag in (True, False)],
    "windowed_commitment": [
        ("commitment", {"type": kind, "value": "4", "overage_factor": "1.5", "true_up": flag})
        for kind in ("amount", "quantity")
        for flag in (True, False)
    ],
}


def options_of(case: Case) -> list[Option]:
    """What may be said in the model of a case of this kind."""
    found = list(OF_KIND.get(case.kind, []))
    if case.kind in ("charge", "charge_split", "event_sequence", "rerate", "bucketed_charge"):
        of_type = OF_TYPE[case.given["model"]["type"]]
        found += [one for one in of_type if one[0] != "negative_quantity" or case.kind == "charge"]
        found += roundings(*LEVELS.get(case.kind, ()))
    return found


def variants(case: Case) -> Iterator[tuple[Case, tuple[Option, ...]]]:
    """The case with each option, and with some pairs of options."""
    options = options_of(case)
    pairs = list(combinations(options, 2))
    for chosen in [*((one,) for one in options), *Random(case.id).sample(pairs, min(12, len(pairs)))]:
        model = {**case.given["model"], **dict(chosen)}
        if "allowance" in model:
            model.pop("free_quantity", None)  # one of the two
        yield replace(case, given={**case.given, "model": model}), chosen


@pytest.mark.parametrize("case", PRICING[::6], ids=lambda case: case.id)
def test_an_answer_comes(case):
    """Of a sixth of the cases, so that it stays quick."""
    check(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", PRICING, ids=lambda case: case.id)
def test_an_answer_comes_for_every_case(case):
    check(case)


def check(case):
    for variant, chosen in variants(case):
        result = run(variant)
        differs = all("expected" in line and not line.startswith("Refused") for line in result.lines)
        assert result.status == "passed" or (result.status == "failed" and differs), (chosen, result.lines)
