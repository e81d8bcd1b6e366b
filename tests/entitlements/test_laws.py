"""Laws of entitlements, held on random wallets and histories; both evaluators answer every question alike.

In CI a few hundred questions each; `python -m pytest -m slow tests/entitlements` asks many more.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entitlements import oracle
from entitlements.asking import BUNDLE, FACTS, HISTORY, NOW, asked, cents, histories, hours, policy_of

WALLET = policy_of(BUNDLE)
BURNT = policy_of(HISTORY)
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LOUD = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = ("wallet", "counted", "limited")


def law(*arguments: Any) -> Callable[[Any], Any]:
    """A test over random facts: small in CI, and once more with many examples where slow tests are asked for."""

    def both(check: Any) -> Any:
        quick = QUIET(given(*arguments)(check))
        long = LOUD(given(*arguments)(check))

        @pytest.mark.parametrize("size", ["small", pytest.param("large", marks=pytest.mark.slow)])
        def test(size: str) -> None:
            (quick if size == "small" else long)()

        test.__doc__ = check.__doc__
        test.__name__ = check.__name__
        return test

    return both


def granted_of(answer: dict[str, Any]) -> Decimal:
    return Decimal(answer["granted"])


@law(FACTS)
def test_the_lowering_means_what_the_reference_says(facts):
    """Every field of the answer is that of the oracle."""
    found = asked(WALLET, "wallet", facts, NOW)
    expected = oracle.answer(facts, NOW)
    shown = {
        **found,
        "draw": [(grant["id"], grant["drawn"], grant["balance"]) for grant in found["draw"]],
        "windows": [(counter["id"], counter["used"]) for counter in found["windows"]],
    }

    assert expected == {name: shown[name] for name in expected}


@law(FACTS, st.integers(min_value=0, max_value=5), cents())
def test_a_larger_grant_never_turns_yes_into_no(facts, place, more):
    """Nor does it grant less."""
    before = asked(WALLET, "wallet", facts, NOW)
    larger = deepcopy(facts)
    if larger["grants"]:
        grant = larger["grants"][place % len(larger["grants"])]
        grant["balance"] = min(grant["balance"] + more, Decimal(1_000))
        grant["amount"] = max(grant["amount"], grant["balance"])
    after = asked(WALLET, "wallet", larger, NOW)

    assert before["allowed"] <= after["allowed"]
    assert before["granted"] <= after["granted"]


@law(FACTS, cents())
def test_a_larger_limit_never_turns_yes_into_no(facts, more):
    """With a limit as with grants."""
    larger = deepcopy(facts)
    if larger["window"] != "unlimited":
        larger["window"] = min(larger["window"] + more, Decimal(1_000))
    before, after = asked(WALLET, "limited", facts), asked(WALLET, "limited", larger)

    assert before["allowed"] <= after["allowed"]
    assert before["granted"] <= after["granted"]


@law(FACTS)
def test_nothing_is_lost_and_nothing_made(facts):
    """What grants have given and what is new overage are what was granted; no balance is below zero."""
    answer = asked(WALLET, "wallet", facts, NOW)
    held = {grant["id"]: grant["balance"] for grant in facts["grants"]}
    drawn = sum((grant["drawn"] for grant in answer["draw"]), Decimal(0))

    assert granted_of(answer) == drawn + answer["overage"] - facts["overage"]["used"]
    assert all(held[grant["id"]] - grant["drawn"] == grant["balance"] >= 0 for grant in answer["draw"])
    assert {grant["id"] for grant in answer["draw"]} == set(held)
    assert 0 <= granted_of(answer) <= facts["requested"]


@law(FACTS)
def test_no_more_is_refused_than_must_be(facts):
    """A refused request is larger than a clamped one would be; an overflowing one is at least as large."""
    found = {
        word: granted_of(asked(WALLET, "wallet", {**facts, "on_excess": word}, NOW))
        for word in ("refuse", "clamp", "overflow")
    }

    assert found["refuse"] in (0, facts["requested"])
    assert found["refuse"] <= found["clamp"] <= found["overflow"]
    assert found["clamp"] == facts["requested"] or found["refuse"] == 0


@law(FACTS)
def test_equal_grants_are_drawn_as_they_stand(facts):
    """Grants that differ in nothing that orders them keep their places, and a second look changes nothing."""
    same = [{**grant, "priority": 1, "expires_at": None, "id": "same"} for grant in facts["grants"]]
    answer = asked(WALLET, "wallet", {**facts, "grants": same, "requested": Decimal(0)}, NOW)

    assert [grant["amount"] for grant in same] == [grant["amount"] for grant in answer["draw"]]


@law(FACTS)
def test_the_order_of_drawing_is_an_order(facts):
    """What was drawn and is given back stands in the order already."""
    first = asked(WALLET, "wallet", facts, NOW)
    again = asked(WALLET, "wallet", {**facts, "grants": first["draw"], "requested": Decimal(0)}, NOW)

    assert [grant["id"] for grant in first["draw"]] == [grant["id"] for grant in again["draw"]]


@law(FACTS, st.sampled_from(["2026-03-29T13:00:00Z", "2026-03-30T00:00:00Z", "2026-04-02T00:00:00Z"]))
def test_a_window_reset_never_changes_a_balance(facts, later):
    """Time goes by, windows begin anew; what grants hold is what they held."""
    still = [{**grant, "effective_at": None, "expires_at": None} for grant in facts["grants"]]
    asked_then = {**facts, "grants": still, "requested": Decimal(0)}
    now, then = asked(WALLET, "wallet", asked_then, NOW), asked(WALLET, "wallet", asked_then, later)

    assert now["draw"] == then["draw"]
    assert now["balance"] == then["balance"]
    assert now["overage"] == then["overage"]


@law(FACTS)
def test_a_window_counts_what_was_granted(facts):
    """No window lets more through than its limit, unless it had to write down what has happened."""
    answer = asked(WALLET, "counted", facts, NOW)
    (counter,) = answer["windows"]
    before = max([0, *(one["used"] for one in facts["call_counters"])])

    assert before <= counter["used"] <= before + facts["calls"]
    if facts["on_excess"] != "overflow":
        assert counter["used"] <= max(before, facts["call_limit"])
    if granted_of(answer) == facts["requested"] > 0:
        assert counter["used"] == before + facts["calls"]


@law(FACTS)
def test_an_answer_is_the_next_question(facts):
    """`draw`, `overage` and `windows` are facts as they stand; asking half twice is no more than asking once."""
    first = asked(WALLET, "wallet", {**facts, "on_excess": "clamp"}, NOW)
    stored = {"grants": first["draw"], "counters": first["windows"]}
    overage = {**facts["overage"], "used": first["overage"]}
    second = asked(WALLET, "wallet", {**facts, **stored, "overage": overage, "on_excess": "clamp"}, NOW)
    if facts["requested"] <= 500:
        both = asked(WALLET, "wallet", {**facts, "requested": facts["requested"] * 2, "on_excess": "clamp"}, NOW)

        assert granted_of(first) + granted_of(second) == granted_of(both)


# ----------------------------------------------------------------------------------------------------- burning down


@law(histories())
def test_usage_is_burned_or_overage(facts):
    """Without resets, what grants have paid and the overage are the usage; no balance is below zero."""
    found = asked(BURNT, "full", {**facts, "resets": []})
    used = sum((event["amount"] for event in facts["usage"] if event["at"] < facts["until"]), Decimal(0))

    assert used == found["used"]
    assert used == found["grant_used"] + found["overage"]
    assert all(grant["balance"] >= 0 for grant in found["draw"])
    assert found["balance"] == sum((grant["balance"] for grant in found["draw"]), Decimal(0))


@law(histories(), hours())
def test_a_run_may_be_cut_anywhere(facts, at):
    """Two runs, the second from what the first says, come to the same as one.

    They meet at half past an hour, where nothing else happens: what falls on the cut itself is done by both.
    """
    at = at.replace(":00:00Z", ":30:00Z")
    if not facts["start"] < at < facts["until"]:
        return
    whole = asked(BURNT, "full", facts)
    before = [reset for reset in facts["resets"] if reset < at]
    first = asked(BURNT, "full", {**facts, "until": at, "resets": before})
    state = {"overage": first["overage"], "used": first["used"], "grant_used": first["grant_used"]}
    after = [reset for reset in facts["resets"] if reset > at]
    second = asked(BURNT, "resumed", {**facts, **state, "start": at, "resets": after, "balances": first["draw"]})

    assert all(whole[name] == second[name] for name in ("draw", "overage", "used", "grant_used", "balance"))


@law(histories(), st.integers(min_value=0, max_value=3), cents())
def test_a_larger_grant_never_leaves_more_overage(facts, place, more):
    """Monotone, with and without resets."""
    larger = deepcopy(facts)
    if larger["grants"]:
        grant = larger["grants"][place % len(larger["grants"])]
        grant["amount"] = min(grant["amount"] + more, Decimal(1_000))
    before, after = asked(BURNT, "dropping", facts), asked(BURNT, "dropping", larger)

    assert after["overage"] <= before["overage"]


@law(histories())
def test_the_order_of_the_facts_does_not_matter(facts):
    """Grants have an order of their own, and usage has its times."""
    turned = {**facts, **{name: facts[name][::-1] for name in ("grants", "usage", "resets")}}

    assert asked(BURNT, "full", facts) == asked(BURNT, "full", turned)


@law(histories())
def test_segments_cover_the_time(facts):
    """Each begins where the one before it ends, the first at the start, the last at the end."""
    for name in ("full", "dropping", "latest"):
        found = asked(BURNT, name, facts)
        segments = found["segments"]

        assert facts["start"] == str(segments[0]["from"])
        assert facts["until"] == str(segments[-1]["to"])
        assert all(one["to"] == other["from"] for one, other in pairwise(segments))
