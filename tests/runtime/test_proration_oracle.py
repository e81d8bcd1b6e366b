"""Prorations against a second reading of their rules: written with the standard library, knowing nothing of ours.

Options are drawn together, also those that nobody combines; what must come out is worked out in exact fractions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
BASES = ("second", "day", "month_30", "actual_360", "thirty_360")
BEHAVIORS = ("prorate", "none", "full")
Options = dict[str, Any]


def independent(name: str) -> ZoneInfo:
    """The standard library's zone over the pinned data, never the host's."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)


CLOCKS = {name: independent(name) for name in ZONES}

# ------------------------------------------------------------------------------------------------------ the question


def bundle(o: Options) -> str:
    fields = [f"basis: {o['basis']}", "period: period", f"outside: {o['outside']}", f"zero_length: {o['zero_length']}"]
    fields += [f"end_inclusive: {str(o['end_inclusive']).lower()}"]
    fields += [] if o["basis"] == "second" else [f"timezone: {o['zone']}", f"day_of_change: {o['day_of_change']}"]
    fields += {"change": ["at: from_at"], "stretch": ["starts: from_at", "ends: until_at"], "all": []}[o["stretch"]]
    fields += [f"behavior: {{upgrade: {o['behavior'][0]}, downgrade: {o['behavior'][1]}}}"]
    fields += [f"timing: {{upgrade: {o['timing'][0]}, downgrade: {o['timing'][1]}}}"]
    fields += ["credit: old"] if o["legs"] != "charge" else []
    fields += ["charge: new"] if o["legs"] != "credit" else []
    fields += ["paid: paid", "credited: credited"] if o["capped"] and o["legs"] != "charge" else []
    fields += ["trial_until: trial_until"] if o["trial"] else []
    fields += ["restarts_period: true"] if o["restarts"] and o["legs"] != "credit" else []
    fields += ["unused: {numerator: left, denominator: bought}"] if o["unused"] and o["legs"] != "charge" else []
    if o["day_rate"] and o["basis"] != "second":
        fields += ["round_rate: {places: 2, mode: half_up}"]
    return f"""
policyengine: 1
bundle: oracle
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  period: {{start: timestamp, end: timestamp}}
  from_at: timestamp
  until_at: timestamp
  trial_until: timestamp
  old: {{type: money, min: 0, max: 1_000_000, places: 2}}
  new: {{type: money, min: 0, max: 1_000_000, places: 2}}
  paid: {{type: money, min: 0, max: 1_000_000, places: 2}}
  credited: {{type: money, min: 0, max: 1_000_000, places: 2}}
  left: {{type: int, min: 0, max: 100}}
  bought: {{type: int, min: 1, max: 100}}
proration:
  p: {{{", ".join(fields)}, round: {{places: 2, mode: half_up}}}}
"""


@lru_cache(maxsize=1_000)
def policy(text: str) -> pe.Policy:
    return pe.Policy(compile_texts({"bundle.yaml": text}).program)


# -------------------------------------------------------------------------------------------------------- the answer


class Refused(Exception):
    """The code of the error that must come out."""


def half_up(amount: Fraction) -> Fraction:
    cents = abs(amount) * 100
    whole = (2 * cents.numerator + cents.denominator) // (2 * cents.denominator)
    return Fraction(whole if amount >= 0 else -whole, 100)


def thirty(cut: int) -> Callable[[date], int]:
    """Days in a calendar of months of 30; a later day of the month counts as `cut`."""
    return lambda day: (day.year * 12 + day.month) * 30 + min(day.day, cut)


def fraction(o: Options, f: dict[str, Any]) -> tuple[int, int]:
    """How much of its period a proration is about."""
    exact = o["basis"] == "second"
    unit: Callable[[datetime], Any] = (lambda at: at) if exact else (lambda at: at.astimezone(CLOCKS[o["zone"]]).date())
    one = timedelta(seconds=1) if exact else timedelta(days=1)
    first, last = unit(f["period"][0]), unit(f["period"][1]) + o["end_inclusive"] * one
    a = first if o["stretch"] == "all" else unit(f["from_at"])
    b = unit(f["until_at"]) if o["stretch"] == "stretch" else last
    if exact and o["end_inclusive"] and o["stretch"] == "stretch":
        b += one
    if not exact and o["day_of_change"] == "old":
        a += one * (o["stretch"] == "change")
        b += one * (o["stretch"] == "stretch")
    if o["trial"]:
        a = max(a, min(unit(f["trial_until"]), max(a, b)))
    full = o["zero_length"] == "full"
    if last <= first:
        if full:
            return 1, 1
        raise Refused("empty_period")
    if o["outside"] == "clamp":
        a = min(max(a, first), last)
        b = min(max(a, b), last)
    elif o["outside"] == "refuse" and not first <= a <= b <= last:
        raise Refused("outside_period")
    if a == b and full:
        return 1, 1
    n, d = counted(o["basis"], a, b), counted("month_30" if o["basis"] == "actual_360" else o["basis"], first, last)
    if d <= 0:
        raise Refused("empty_period")
    return (min(n, d) if o["outside"] == "clamp" else n), d


def counted(basis: str, start: Any, end: Any) -> int:
    match basis:
        case "second":
            return int((end - start).total_seconds())
        case "month_30":
            return thirty(31)(end) - thirty(31)(start)
        case "thirty_360":
            return thirty(30)(end) - thirty(30)(start)
    days: int = (end - start).days
    return days


def expected(o: Options, f: dict[str, Any]) -> dict[str, Fraction]:
    """Both legs and their net."""
    old = Fraction(f["old"]) if o["legs"] != "charge" else None
    new = Fraction(f["new"]) if o["legs"] != "credit" else None
    is_upgrade = old is None if old is None or new is None else new >= old
    behavior, timing = (o[words][0 if is_upgrade else 1] for words in ("behavior", "timing"))
    if timing == "next_period" or behavior == "none":
        return {"credit": Fraction(0), "charge": Fraction(0), "net": Fraction(0)}
    part = None if behavior == "full" else fraction(o, f)
    credit = half_up(leg(o, f, old, part, is_credit=True)) if old is not None else Fraction(0)
    if o["capped"] and old is not None:
        credit = min(credit, max(Fraction(f["paid"]) - Fraction(f["credited"]), Fraction(0)))
    charge = half_up(leg(o, f, new, part, is_credit=False)) if new is not None else Fraction(0)
    return {"credit": credit, "charge": charge, "net": charge - credit}


def leg(o: Options, f: dict[str, Any], price: Fraction, part: tuple[int, int] | None, *, is_credit: bool) -> Fraction:
    if part is None or (not is_credit and o["restarts"]):
        return price
    n, d = part
    share = half_up(price / d) * n if o["day_rate"] and o["basis"] != "second" else price * n / d
    return min(share, price * Fraction(f["left"], f["bought"])) if is_credit and o["unused"] else share


# --------------------------------------------------------------------------------------------------------- the tests

options = st.fixed_dictionaries(
    {
        "basis": st.sampled_from(BASES),
        "zone": st.sampled_from(ZONES),
        "end_inclusive": st.booleans(),
        "day_of_change": st.sampled_from(("new", "old")),
        "outside": st.sampled_from(("refuse", "clamp", "extend")),
        "zero_length": st.sampled_from(("none", "full")),
        "stretch": st.sampled_from(("change", "change", "stretch", "all")),
        "behavior": st.tuples(st.sampled_from(("prorate", *BEHAVIORS)), st.sampled_from(("prorate", *BEHAVIORS))),
        "timing": st.tuples(*[st.sampled_from(("now", "now", "next_period"))] * 2),
        "legs": st.sampled_from(("both", "both", "credit", "charge")),
        "capped": st.booleans(),
        "trial": st.sampled_from((False, False, True)),
        "restarts": st.sampled_from((False, False, True)),
        "unused": st.booleans(),
        "day_rate": st.sampled_from((False, False, True)),
    }
)
FIRST = datetime(2024, 1, 20, tzinfo=UTC)
instants = st.integers(0, 60 * 24 * 100).map(lambda minutes: FIRST + timedelta(minutes=minutes))
amounts = st.integers(0, 10**7).map(lambda cents: Decimal(cents).scaleb(-2))
facts = st.fixed_dictionaries(
    {
        "period": st.one_of(st.tuples(instants, instants).map(sorted), st.tuples(instants, instants)),
        "from_at": instants,
        "until_at": instants,
        "trial_until": instants,
        "old": amounts,
        "new": amounts,
        "paid": amounts,
        "credited": amounts,
        "left": st.integers(0, 100),
        "bought": st.integers(1, 100),
    }
)


def compare(o: Options, f: dict[str, Any]) -> None:
    given_facts = {**f, "period": {"start": f["period"][0], "end": f["period"][1]}}
    try:
        wanted: dict[str, Fraction] | str = expected(o, f)
    except Refused as refused:
        wanted = str(refused)
    try:
        outputs = policy(bundle(o)).decide("p", given_facts).outputs
        found: dict[str, Fraction] | str = {name: Fraction(outputs[name]) for name in ("credit", "charge", "net")}
    except pe.EvaluationError as error:
        found = error.code

    assert wanted == found


@settings(max_examples=150, deadline=None)
@given(o=options, f=facts)
def test_a_proration_is_what_its_rules_say(o, f):
    """Both legs, their net and the code of what is refused."""
    compare(o, f)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(o=options, f=facts)
def test_many_prorations_are_what_their_rules_say(o, f):
    """The same for many more."""
    compare(o, f)
