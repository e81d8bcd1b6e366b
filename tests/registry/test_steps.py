"""A plan of several steps: approved once, activated one after another, with its guardrails; on every store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from registry.conftest import made
from registry.test_approvals import forge, planned, recorded

import policyengine as pe
from policyengine.errors import InvalidInput
from policyengine.registry import plans, scopes
from policyengine.registry.approvals import Refused
from policyengine.registry.events import BrokenHistory
from policyengine.registry.guardrails import Guardrails
from policyengine.registry.planning import Usage
from policyengine.registry.plans import Plan
from policyengine.registry.registry import Registry
from policyengine.values.instant import Timestamp

LIMITS = Guardrails.read({"max_differing": "2%", "max_money": ["100 USD"]})
OTHERS = Guardrails.read({"max_differing": "50%"})
FIVE, MORE, BETA, ACME = scopes.percent(5), scopes.percent(25), scopes.cohort("beta"), scopes.tenant("acme")


@pytest.fixture
def approved(ruled, tmp_path) -> Plan:  # type: ignore[no-untyped-def]
    """A plan of three steps with guardrails that lacks nothing."""
    plan: Plan = ruled.plan(
        "tokens@1.1.0", scopes.ALL, MORE, FIVE, actor="bob", usage=recorded(tmp_path, "acme", 50), guardrails=LIMITS
    ).plan
    ruled.approve(plan, "pricing", actor="pia")
    ruled.approve(plan, "pricing", actor="pit")
    return plan


def refusal(call: Any, *given: Any, **named: Any) -> str:
    """Why a call is refused."""
    with pytest.raises((Refused, InvalidInput)) as raised:
        call(*given, **named)
    return str(raised.value)


def test_the_steps_are_activated_one_after_another(ruled, digests, approved) -> None:  # type: ignore[no-untyped-def]
    """From narrow to wide, each with the guardrails but everyone; one approval is for all of them."""
    made = [ruled.activate(actor="bob", plan=approved, scope=step) for step in (FIVE, MORE, scopes.ALL)]

    assert (FIVE, MORE, scopes.ALL) == approved.steps
    assert [LIMITS.as_json()] * 2 + [None] == [event.data.get("guardrails") for event in made]
    assert [approved.digest] * 3 == [event.data["plan"] for event in made]
    assert digests["1.1.0"] == ruled.due("tokens").artifact
    assert "has been activated by event" in refusal(ruled.activate, actor="bob", plan=approved, scope=scopes.ALL)
    assert len(ruled.history()) == ruled.verify()


def test_no_step_is_done_by_mistake(ruled, approved) -> None:  # type: ignore[no-untyped-def]
    """Neither one that is not named, nor a later one, nor the same one twice, nor one that was not planned."""
    step = ruled.activate
    assert refusal(step, actor="bob", plan=approved).endswith("25 %, then everyone (name the next one: 5 %)")
    assert "5 % is the next, and not for everyone" in refusal(step, actor="bob", plan=approved, scope=scopes.ALL)
    step(actor="bob", plan=approved, scope=FIVE)

    for scope in (FIVE, scopes.ALL, ACME):
        assert f"25 % is the next, and not for {scope}" in refusal(step, actor="bob", plan=approved, scope=scope)


def test_other_guardrails_than_the_planned_ones_are_refused(ruled, approved, usage) -> None:  # type: ignore[no-untyped-def]
    """Those of the plan may be said again; they are part of its digest."""
    said = '{"after":200,"max_differing":"2%","max_money":["100.00 USD"]}'
    wrong = refusal(ruled.activate, actor="bob", plan=approved, scope=FIVE, guardrails=OTHERS)
    assert f"not the guardrails of the plan, which are {said}" in wrong
    with pytest.raises(Refused, match="edited"):
        ruled.activate(actor="bob", plan=replace(approved, guardrails=OTHERS.as_json()), scope=FIVE)
    without = planned(ruled, usage, scope=ACME)
    ruled.approve(without, "pricing", actor="pia")
    wrong = refusal(ruled.activate, actor="bob", plan=without, guardrails=LIMITS)
    assert "which are none" in wrong

    event = ruled.activate(actor="bob", plan=approved, scope=FIVE, guardrails=LIMITS)

    assert LIMITS.as_json() == event.data["guardrails"]
    assert approved == plans.read(approved.data)


@pytest.fixture
def usage(tmp_path) -> Usage:  # type: ignore[no-untyped-def]
    """50 tokens of acme."""
    return recorded(tmp_path, "acme", 50)


@pytest.mark.parametrize(
    "change",
    [
        lambda registry: registry.rollback("tokens", FIVE, actor="otto"),
        lambda registry: registry.set_cohort("tokens", "beta", ["x"], actor="otto"),
    ],
)
def test_what_somebody_else_changes_ends_the_plan(ruled, approved, change) -> None:  # type: ignore[no-untyped-def]
    """A canary that was taken back is not widened."""
    ruled.activate(actor="bob", plan=approved, scope=FIVE)
    change(ruled)

    assert "has come to event 9, and event 10 has changed" in refusal(
        ruled.activate, actor="bob", plan=approved, scope=MORE
    )


def test_an_approval_that_is_withdrawn_stops_the_next_step(ruled, approved) -> None:  # type: ignore[no-untyped-def]
    ruled.activate(actor="bob", plan=approved, scope=FIVE)
    ruled.withdraw_approval(approved, actor="pia")

    assert "lacks 1 approval" in refusal(ruled.activate, actor="bob", plan=approved, scope=MORE)


def test_a_plan_is_narrow_where_all_its_steps_are(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    """And not by many tenants one after another."""
    needs = {
        (FIVE, scopes.ALL): 2,
        (ACME, FIVE): 1,
        (ACME, scopes.tenant("globex")): 2,
        (BETA, FIVE): 2,
    }
    for steps, count in needs.items():
        plan = ruled.plan("tokens@1.1.0", *steps, actor="bob", usage=usage).plan
        assert count == ruled.approvals(plan).needed["pricing"]


def test_the_impact_is_that_of_all_steps(registry, digests, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """acme has a version of its own, and is the first to get another one: 10 tokens dearer by 2; others by 1."""
    registry.activate("tokens@1.1.0", actor="ada")
    registry.activate("tokens@1.0.0", ACME, actor="ada")
    file = tmp_path / "usage.jsonl"
    file.write_text("".join(f'{{"tenant": "{name}", "input": {{"used": 10}}}}\n' for name in ("acme", "globex")))

    found = registry.plan("tokens@1.2.0", ACME, scopes.ALL, actor="bob", usage=Usage(file, decision="bill"))

    assert ({"USD": "30"}, 2) == (found.plan.impact, found.plan.tenants)
    assert {"1.0.0", "1.1.0"} == {each.before.version for each in found.comparisons}


@pytest.mark.parametrize(
    ("steps", "named", "message"),
    [
        ((), {"guardrails": LIMITS}, "are for some tenants"),
        ((FIVE, scopes.ALL), {"start": Timestamp.parse("2027-01-01T00:00:00Z")}, "several steps"),
    ],
)
def test_what_no_plan_can_say_is_refused(registry, digests, steps, named, message) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")

    assert message in refusal(registry.plan, "tokens@1.1.0", *steps, actor="bob", **named)


@pytest.mark.parametrize("change", [{"scope": MORE.as_json()}, {"guardrails": OTHERS.as_json()}, {"guardrails": None}])
def test_a_step_past_its_plan_is_found_and_leads_nowhere(ruled, approved, change) -> None:  # type: ignore[no-untyped-def]
    """Whoever can write to the store has widened the canary, or taken its guardrails off."""
    said: dict[str, Any] = {
        "bundle": "tokens", "artifact": approved.artifact, "scope": FIVE.as_json(), "reason": "",
        "guardrails": LIMITS.as_json(), "from": "2026-06-02T00:00:00Z", "plan": approved.digest, **change,
    }  # fmt: skip
    number = forge(ruled, "bob", "activated", {key: its for key, its in said.items() if its is not None})

    assert f"event {number} has changed" in refusal(ruled.activate, actor="bob", plan=approved, scope=FIVE)
    with pytest.raises(BrokenHistory, match="not what its plan says") as raised:
        ruled.verify()
    assert number == raised.value.number


def test_a_canary_ends_with_everyone(registry, digests, address) -> None:  # type: ignore[no-untyped-def]
    """It was a step on the way; what a tenant got without guardrails is its own, and stays."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.set_cohort("tokens", "beta", ["initech"], actor="ada")
    registry.activate("tokens@1.1.0", ACME, actor="ada", guardrails=LIMITS)
    registry.activate("tokens@1.1.0", BETA, actor="ada", guardrails=LIMITS)
    registry.activate("tokens@1.1.0", scopes.tenant("globex"), actor="ada")
    registry.activate("tokens@1.1.0", actor="ada")
    registry.activate("tokens@1.2.0", actor="ada")

    have = {name: registry.due("tokens", name).artifact for name in ("acme", "initech", "globex", "other")}
    with pe.connect(address, "tokens", actor="checkout") as live:
        answering, canaries = live.status.digests, live.canaries

    new, own = digests["1.2.0"], digests["1.1.0"]
    assert {"acme": new, "initech": new, "globex": own, "other": new} == have
    assert (sorted({new, own}), ()) == (list(answering), canaries)


# ------------------------------------------------------------------------------------------------------------- cohorts


@pytest.fixture
def cohort(registry, digests) -> Registry:  # type: ignore[no-untyped-def]
    """A registry in which two tenants are a cohort with a version of its own, and then there are rules."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.set_cohort("tokens", "beta", ["acme", "globex"], actor="ada")
    registry.activate("tokens@1.1.0", BETA, actor="ada")
    registry.set_rules("tokens", {"roles": {"owner": ["olga"]}, "approvals": {"owner": 1}}, actor="olga")
    made: Registry = registry
    return made


def test_under_rules_nobody_is_added_to_a_cohort_that_has_a_version(cohort) -> None:  # type: ignore[no-untyped-def]
    """It would give them a version that nobody has approved for them; who is taken out gets what everyone has."""
    assert "nobody can be added to it (`initech`)" in refusal(
        cohort.set_cohort, "tokens", "beta", ["acme", "initech"], actor="bob"
    )
    event = cohort.set_cohort("tokens", "beta", ["acme"], actor="bob")
    assert ("cohort", ["acme"]) == (event.kind, event.data["tenants"])
    assert "`globex`" in refusal(cohort.set_cohort, "tokens", "beta", ["acme", "globex"], actor="bob")
    assert cohort.set_cohort("tokens", "gamma", ["initech"], actor="bob").number == event.number + 1
    assert len(cohort.history()) == cohort.verify()


def test_nor_after_its_version_was_taken_back(cohort) -> None:  # type: ignore[no-untyped-def]
    """A rollback could name that version again, and needs no approval."""
    cohort.rollback("tokens", BETA, actor="bob")

    assert "nobody can be added" in refusal(cohort.set_cohort, "tokens", "beta", ["initech"], actor="bob")


def test_without_rules_a_cohort_may_grow(registry, digests) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", BETA, actor="ada")
    registry.set_cohort("tokens", "beta", ["acme"], actor="ada")

    assert digests["1.0.0"] == registry.due("tokens", "acme").artifact


def test_a_cohort_that_grew_past_the_rules_is_found(cohort) -> None:  # type: ignore[no-untyped-def]
    number = forge(cohort, "eve", "cohort", {"bundle": "tokens", "name": "beta", "tenants": ["initech"]})

    with pytest.raises(BrokenHistory, match="nobody can be added") as raised:
        cohort.verify()
    assert number == raised.value.number


def test_a_cohort_that_changes_voids_the_plan_for_it(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    ruled.publish(made("1.3.0", "4"), actor="ada")
    ruled.set_cohort("tokens", "beta", ["acme"], actor="ada")
    plan = planned(ruled, usage, scope=BETA)
    ruled.approve(plan, "pricing", actor="pia")
    ruled.approve(plan, "pricing", actor="pit")
    ruled.set_cohort("tokens", "beta", ["acme", "globex"], actor="bob")

    assert "make a new plan" in refusal(ruled.activate, actor="bob", plan=plan)
