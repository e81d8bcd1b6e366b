"""Who must agree to an activation: the registry holds the rules, whoever calls it; on every store."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from registry.conftest import RULES
from registry.tampering import rewrite
from registry.test_registry import at_once, both

from policyengine.errors import InvalidInput, UnknownVersion
from policyengine.registry import events, scopes
from policyengine.registry.approvals import Refused
from policyengine.registry.events import BrokenHistory
from policyengine.registry.planning import Usage
from policyengine.registry.plans import Plan
from policyengine.storage.store import Conflict
from policyengine.values.instant import Timestamp


@pytest.fixture
def usage(tmp_path: Path) -> Usage:
    """50 tokens of acme: 1.1.0 costs 50 USD more than 1.0.0, and 1.2.0 costs 100 USD more."""
    return recorded(tmp_path, "acme", 50)


def recorded(folder: Path, tenant: str, used: int) -> Usage:
    file = folder / f"{tenant}-{used}.jsonl"
    file.write_text(json.dumps({"tenant": tenant, "input": {"used": used}}) + "\n")
    return Usage(file, decision="bill")


def planned(registry, usage, version="tokens@1.1.0", scope=scopes.ALL, actor="bob") -> Plan:  # type: ignore[no-untyped-def]
    plan: Plan = registry.plan(version, scope, actor=actor, usage=usage).plan
    return plan


def test_under_rules_nothing_is_activated_without_a_plan_that_was_approved(ruled, digests, usage) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused, match="has rules"):
        ruled.activate("tokens@1.1.0", actor="olga")
    plan = planned(ruled, usage)
    with pytest.raises(Refused, match=r"lacks 2 approvals of `pricing` \(pia or pit\)"):
        ruled.activate(actor="olga", plan=plan)
    ruled.approve(plan, "pricing", actor="pia")
    with pytest.raises(Refused, match=r"lacks 1 approval of `pricing` \(pit\)"):
        ruled.activate(actor="olga", plan=plan)
    ruled.approve(plan, "pricing", actor="pit")

    event = ruled.activate(actor="bob", plan=plan)

    assert (plan.digest, digests["1.1.0"]) == (event.data["plan"], ruled.due("tokens").artifact)
    assert len(ruled.history()) == ruled.verify()


@pytest.mark.parametrize(
    ("actor", "role", "message"),
    [
        ("bob", "pricing", "has made this plan"),
        ("ada", "pricing", "has published this version"),
        ("eve", "pricing", "`eve` is no `pricing`"),
        ("fay", "pricing", "`fay` is no `pricing`"),
        ("pia", "boss", "no role `boss`"),
        ("", "pricing", "is no `pricing`"),
    ],
)
def test_who_may_not_approve_is_told(ruled, usage, actor, role, message) -> None:  # type: ignore[no-untyped-def]
    plan = planned(ruled, usage)
    count = len(ruled.history())

    with pytest.raises(InvalidInput, match=message):
        ruled.approve(plan, role, actor=actor)
    assert count == len(ruled.history())


def test_whom_nobody_is_left_to_ask_is_told(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    """Of four in the role one has published, one has planned, and one has approved for another."""
    plan = planned(ruled, usage, actor="pit")
    ruled.approve(plan, "finance", actor="pia")
    ruled.approve(plan, "pricing", actor="bob")

    assert "1 approval of `pricing` (nobody is left who could give it)" == str(ruled.approvals(plan))


def test_one_person_counts_once(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    """Neither twice in a role, nor in two roles."""
    plan = planned(ruled, usage)
    ruled.approve(plan, "pricing", actor="pia")

    for role in ("pricing", "finance"):
        with pytest.raises(InvalidInput, match="counts once"):
            ruled.approve(plan, role, actor="pia")
    assert {"pricing": 1} == ruled.approvals(plan).missing


def test_who_plans_the_same_again_is_an_author_too(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    """An approval does not count once its giver has made the plan his own."""
    plan = planned(ruled, usage)
    ruled.approve(plan, "pricing", actor="pia")
    ruled._record(plan, "pia")

    assert {"pricing": 2} == ruled.approvals(plan).missing


def test_an_approval_can_be_taken_back(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    plan = planned(ruled, usage)
    ruled.approve(plan, "pricing", actor="pia")
    ruled.withdraw_approval(plan, actor="pia")

    assert {"pricing": 2} == ruled.approvals(plan).missing
    with pytest.raises(InvalidInput, match="has not approved"):
        ruled.withdraw_approval(plan, actor="pia")
    ruled.approve(plan, "finance", actor="pia")
    assert {"finance": ("pia",)} == ruled.approvals(plan).given


@pytest.mark.parametrize(
    ("used", "version", "missing"),
    [
        (50, "tokens@1.2.0", {"pricing": 2}),  # 100.00, which is the limit
        (100, "tokens@1.1.0", {"pricing": 2}),
        (101, "tokens@1.1.0", {"pricing": 2, "finance": 1}),
    ],
)
def test_an_impact_above_the_amount_needs_more(ruled, tmp_path, used, version, missing) -> None:  # type: ignore[no-untyped-def]
    plan = planned(ruled, recorded(tmp_path, "acme", used), version)

    assert missing == ruled.approvals(plan).missing


def test_a_loss_counts_like_a_gain(ruled, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """101 USD less for acme."""
    ruled.rollback("tokens", actor="ada", to="tokens@1.0.0")
    first = planned(ruled, recorded(tmp_path, "acme", 101), "tokens@1.1.0", scopes.tenant("acme"))
    for actor, role in (("pit", "pricing"), ("fay", "finance")):
        ruled.approve(first, role, actor=actor)
    ruled.activate(actor="bob", plan=first)

    back = planned(ruled, recorded(tmp_path, "acme", 101), "tokens@1.0.0", scopes.tenant("acme"))

    assert {"USD": "-101"} == back.impact
    assert {"pricing": 1, "finance": 1} == ruled.approvals(back).missing


def test_what_was_not_measured_exceeds_every_amount(ruled, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Without usage, with usage of those for whom nothing changes, and with usage that both versions refuse."""
    refused = tmp_path / "refused.jsonl"
    refused.write_text('{"tenant": "acme", "input": {"used": -5}}\n')
    of_others = recorded(tmp_path, "globex", 1)

    for usage in (None, of_others, Usage(refused, decision="bill")):
        plan = planned(ruled, usage, scope=scopes.tenant("acme"))
        assert {"pricing": 1, "finance": 1} == ruled.approvals(plan).missing


@pytest.mark.parametrize(
    ("scope", "count"),
    [(scopes.percent(5), 1), (scopes.percent("5.01"), 2), (scopes.tenant("acme"), 1), (scopes.cohort("beta"), 2)],
)
def test_a_narrow_scope_needs_fewer(ruled, tmp_path, scope, count) -> None:  # type: ignore[no-untyped-def]
    ruled.set_cohort("tokens", "beta", ["acme"], actor="ada")
    inside = next(f"t{number}" for number in range(1_000) if scopes.step_of("tokens", f"t{number}") < 500)
    usage = recorded(tmp_path, inside if scope.kind == "percent" else "acme", 1)
    plan = planned(ruled, usage, scope=scope)

    assert {"pricing": count} == ruled.approvals(plan).missing


def test_a_moved_base_voids_approvals(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    plan = planned(ruled, usage)
    for actor in ("pia", "pit"):
        ruled.approve(plan, "pricing", actor=actor)
    ruled.rollback("tokens", actor="ada", to="tokens@1.0.0")

    for call in (
        lambda: ruled.activate(actor="bob", plan=plan),
        lambda: ruled.approve(plan, "finance", actor="fay"),
        lambda: ruled.approvals(plan),
    ):
        with pytest.raises(Refused, match="make a new plan"):
            call()


def test_a_rollback_needs_nobody_but_goes_only_where_it_was(ruled, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """Else it would be an activation that nobody has approved."""
    plan = planned(ruled, usage)
    for actor in ("pia", "pit"):
        ruled.approve(plan, "pricing", actor=actor)
    ruled.activate(actor="bob", plan=plan)

    with pytest.raises(Refused, match="never answered"):
        ruled.rollback("tokens", actor="eve", to="tokens@1.2.0")
    ruled.rollback("tokens", actor="eve")
    assert digests["1.0.0"] == ruled.due("tokens").artifact
    assert len(ruled.history()) == ruled.verify()


@pytest.mark.parametrize("scope", [scopes.ALL, scopes.tenant("acme"), scopes.percent(5)], ids=str)
def test_what_was_taken_back_is_no_way_back(ruled, digests, usage, scope) -> None:  # type: ignore[no-untyped-def]
    """Whoever has taken it back, and wherever: it would be a release without its approvals and its guardrails."""
    plan = planned(ruled, usage)
    for actor in ("pia", "pit"):
        ruled.approve(plan, "pricing", actor=actor)
    ruled.activate(actor="bob", plan=plan)
    ruled.rollback("tokens", actor="a guardrail")

    with pytest.raises((Refused, UnknownVersion)):
        ruled.rollback("tokens", scope, actor="eve", to=f"tokens@{plan.version}")
    assert digests["1.0.0"] == ruled.due("tokens", "acme").artifact


def test_an_approval_of_a_plan_that_is_done_is_not_withdrawn(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    """It would say something of what has happened already; nothing is written."""
    plan = planned(ruled, usage)
    for actor in ("pia", "pit"):
        ruled.approve(plan, "pricing", actor=actor)
    done = ruled.activate(actor="bob", plan=plan)

    with pytest.raises(Refused, match=f"activated by event {done.number}"):
        ruled.withdraw_approval(plan, actor="pia")
    assert done.number == ruled.history()[-1].number


def test_a_canary_that_was_taken_back_is_no_way_back(ruled, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """Nor is it one for the tenants that had it."""
    plan = planned(ruled, usage, scope=scopes.tenant("acme"))
    for actor in ("pia", "pit"):
        ruled.approve(plan, "pricing", actor=actor)
    ruled.activate(actor="bob", plan=plan)
    ruled.rollback("tokens", scopes.tenant("acme"), actor="a guardrail")

    for scope in (scopes.tenant("acme"), scopes.ALL):
        with pytest.raises(Refused, match="taken back"):
            ruled.rollback("tokens", scope, actor="eve", to=f"tokens@{plan.version}")


def test_a_rollback_does_not_begin_what_was_to_begin_later(registry, digests) -> None:  # type: ignore[no-untyped-def]
    """It has not answered yet."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", actor="ada", start=Timestamp.parse("2026-07-01T00:00:00Z"))
    registry.set_rules("tokens", RULES, actor="olga")

    with pytest.raises(Refused, match="never answered"):
        registry.rollback("tokens", actor="eve", to="tokens@1.1.0")


def test_other_rules_need_an_owner_who_has_not_written_them(ruled) -> None:  # type: ignore[no-untyped-def]
    other = {**RULES, "approvals": {"pricing": 1}}

    assert "rules_proposed" == ruled.set_rules("tokens", other, actor="otto").kind
    assert "rules_proposed" == ruled.set_rules("tokens", other, actor="otto").kind
    assert "rules_proposed" == ruled.set_rules("tokens", other, actor="pia").kind
    assert {"pricing": 2} == ruled.rules("tokens").approvals
    assert "rules_proposed" == ruled.set_rules("tokens", {**other, "narrow": None}, actor="olga").kind
    assert "rules" == ruled.set_rules("tokens", other, actor="olga").kind
    assert {"pricing": 1} == ruled.rules("tokens").approvals
    with pytest.raises(InvalidInput, match="hold already"):
        ruled.set_rules("tokens", other, actor="otto")
    assert len(ruled.history()) == ruled.verify()


def test_a_proposal_ends_with_the_rules_that_it_was_to_replace(ruled) -> None:  # type: ignore[no-untyped-def]
    for actor, count in (("pia", 1), ("pia", 3), ("olga", 1)):
        ruled.set_rules("tokens", {**RULES, "approvals": {"pricing": count}}, actor=actor)

    assert "rules_proposed" == ruled.set_rules("tokens", {**RULES, "approvals": {"pricing": 3}}, actor="otto").kind


def test_rules_of_a_bundle_that_nobody_has_published_are_refused(registry, digests) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnknownVersion):
        registry.set_rules("other", RULES, actor="ada")
    assert None is registry.rules("tokens")
    plan = registry.plan("tokens@1.0.0", actor="bob").plan
    with pytest.raises(InvalidInput, match="has no rules"):
        registry.approve(plan, "pricing", actor="pia")


def test_approvals_at_the_same_time_all_count(address, ruled, usage) -> None:  # type: ignore[no-untyped-def]
    """And of two activations of one plan, one is made."""
    with both(address) as (one, other):
        for _ in range(3):
            plan = planned(one, usage)
            approved: list[str] = []
            at_once(
                approved,
                partial(one.approve, plan, "pricing", actor="pia"),
                partial(other.approve, plan, "pricing", actor="pit"),
            )
            assert ["Event", "Event"] == approved
            assert {} == one.approvals(plan).missing
            activated: list[str] = []
            at_once(
                activated,
                partial(one.activate, actor="bob", plan=plan),
                partial(other.activate, actor="pit", plan=plan),
            )
            assert ["Conflict", "Event"] == sorted(activated)
            one.rollback("tokens", actor="bob")


def test_one_person_at_two_places_counts_once(address, ruled, usage, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Who is overtaken by herself is judged anew."""
    plan = planned(ruled, usage)
    with both(address) as (one, other):
        append = one.store.append

        def late(*arguments: Any) -> None:
            monkeypatch.undo()
            other.approve(plan, "finance", actor="pia")
            append(*arguments)

        monkeypatch.setattr(one.store, "append", late)
        with pytest.raises(InvalidInput, match="as `finance`, and counts once"):
            one.approve(plan, "pricing", actor="pia")


# ------------------------------------------------------------------------------------------ past the registry's door


def test_an_approval_that_was_edited_is_found(address, ruled, usage) -> None:  # type: ignore[no-untyped-def]
    plan = planned(ruled, usage)
    number = ruled.approve(plan, "pricing", actor="pia").number
    ruled.approve(plan, "pricing", actor="pit")
    history = ruled.store.events()
    history[number - 1] = history[number - 1].replace(b'"actor":"pia"', b'"actor":"fay"')
    rewrite(address, dict(enumerate(history, start=1)))

    with pytest.raises(BrokenHistory) as raised:
        ruled.verify()
    assert number == raised.value.number


def forge(registry, actor: str, kind: str, said: dict[str, Any]) -> int:  # type: ignore[no-untyped-def]
    """Write an event that fits into the chain straight into the store; its number."""
    last = registry.history()[-1]
    body = events.encode(last.number + 1, last.digest, type(last.recorded)(last.recorded + 1), actor, kind, said)
    registry.store.append(last.number + 1, body)
    return int(last.number + 1)


def test_an_activation_past_the_rules_is_found(ruled, digests) -> None:  # type: ignore[no-untyped-def]
    said = {"bundle": "tokens", "artifact": digests["1.1.0"], "scope": scopes.ALL.as_json(), "reason": ""}
    number = forge(ruled, "eve", "activated", {**said, "from": "2026-06-02T00:00:00Z"})

    with pytest.raises(BrokenHistory, match="without a plan") as raised:
        ruled.verify()
    assert number == raised.value.number


def test_approvals_past_the_rules_do_not_count(ruled, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """By the author, the publisher, a stranger; and an activation that leans on them is found."""
    plan = planned(ruled, usage)
    for actor in ("bob", "ada", "eve", "fay"):
        forge(ruled, actor, "approved", {"bundle": "tokens", "plan": plan.digest, "role": "pricing"})
    assert {"pricing": 2} == ruled.approvals(plan).missing
    with pytest.raises(Refused, match="lacks"):
        ruled.activate(actor="bob", plan=plan)
    said = {"bundle": "tokens", "artifact": plan.artifact, "scope": plan.steps[0].as_json(), "reason": ""}
    number = forge(ruled, "bob", "activated", {**said, "from": "2026-06-02T00:00:00Z", "plan": plan.digest})

    with pytest.raises(BrokenHistory, match="without enough approvals") as raised:
        ruled.verify()
    assert number == raised.value.number


@pytest.mark.parametrize("change", [{"scope": scopes.ALL.as_json()}, {"artifact": "1.2.0"}, {"reason": "other"}])
def test_an_activation_that_is_not_what_its_plan_says_is_found(ruled, digests, usage, change) -> None:  # type: ignore[no-untyped-def]
    plan = planned(ruled, usage, scope=scopes.tenant("acme"))
    ruled.approve(plan, "pricing", actor="pia")
    change = {key: digests.get(its, its) if isinstance(its, str) else its for key, its in change.items()}
    said = {"bundle": "tokens", "artifact": plan.artifact, "scope": plan.steps[0].as_json(), "reason": "", **change}
    number = forge(ruled, "bob", "activated", {**said, "from": "2026-06-02T00:00:00Z", "plan": plan.digest})

    with pytest.raises(BrokenHistory, match="not what its plan says") as raised:
        ruled.verify()
    assert number == raised.value.number


def test_a_rollback_past_the_rules_is_found(ruled, digests) -> None:  # type: ignore[no-untyped-def]
    said = {"bundle": "tokens", "artifact": digests["1.2.0"], "scope": scopes.ALL.as_json(), "reason": ""}
    number = forge(ruled, "eve", "rolled_back", {**said, "from": "2026-06-02T00:00:00Z", "withdraws": []})

    with pytest.raises(BrokenHistory, match="never answered") as raised:
        ruled.verify()
    assert number == raised.value.number


def test_rules_past_the_rules_do_not_hold(ruled, usage) -> None:  # type: ignore[no-untyped-def]
    number = forge(ruled, "eve", "rules", {"bundle": "tokens", "rules": {"roles": {"owner": ["eve"]}, "approvals": {}}})

    assert {"pricing": 2} == ruled.rules("tokens").approvals
    with pytest.raises(BrokenHistory, match="no `owner`") as raised:
        ruled.verify()
    assert number == raised.value.number


def test_a_second_record_with_another_impact_does_not_count(ruled, tmp_path) -> None:  # type: ignore[no-untyped-def]
    plan = planned(ruled, recorded(tmp_path, "acme", 500))
    forge(ruled, "eve", "planned", {**plan.event(), "impact": {"USD": "0"}})

    assert {"pricing": 2, "finance": 1} == ruled.approvals(plan).missing


def test_a_first_record_with_another_impact_voids_the_plan(ruled, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from policyengine.registry import planning

    usage = recorded(tmp_path, "acme", 500)
    plan = planning.planned(ruled, "tokens@1.1.0", (), start=None, reason="", usage=usage, guardrails=None).plan
    forge(ruled, "eve", "planned", {**plan.event(), "impact": {"USD": "0"}})

    with pytest.raises(Refused, match="something else"):
        ruled.approvals(plan)
    assert issubclass(Refused, Conflict)


def test_kinds_of_a_later_version_are_passed_over(ruled, digests, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(events.SHAPES, "blessed", {})
    number = forge(ruled, "ada", "blessed", {"bundle": "tokens"})
    monkeypatch.undo()

    assert number == ruled.verify()
    assert digests["1.0.0"] == ruled.due("tokens").artifact
