"""A plan says what an activation would do, and is applied as it was reviewed or not at all; on every store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from registry.conftest import BUNDLE, made

from policyengine.errors import InvalidInput
from policyengine.registry import planning, plans, release, scopes
from policyengine.registry.approvals import Refused
from policyengine.registry.planning import Usage
from policyengine.values.instant import Timestamp


@pytest.fixture
def usage(tmp_path: Path) -> Usage:
    """Recorded usage of four tenants, 10 tokens each; acme has used some twice, and there is an empty line."""
    names = ("acme", "globex", "initech", "umbrella", "acme")
    lines = [json.dumps({"tenant": name, "input": {"used": 10}}) for name in names]
    file = tmp_path / "usage.jsonl"
    file.write_text("\n".join([*lines[:2], "", *lines[2:]]) + "\n")
    return Usage(file, decision="bill")


def test_a_plan_compares_each_version_with_the_tenants_that_have_it(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """acme and umbrella pay 1 for a token, globex and initech 2; all would pay 3."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", scopes.percent(100), actor="ada")
    registry.activate("tokens@1.0.0", scopes.tenant("acme"), actor="ada")
    registry.set_cohort("tokens", "old", ["umbrella"], actor="ada")
    registry.activate("tokens@1.0.0", scopes.cohort("old"), actor="ada")

    found = registry.plan("tokens@1.2.0", scopes.percent(100), actor="bob", usage=usage)

    assert [("1.1.0", 2)] == [(each.before.version, each.tenants) for each in found.comparisons]
    assert {"USD": "20"} == found.plan.impact
    assert "1 output changed; 2 tenants, +20.00 USD on the recorded usage" == found.plan.summary
    assert 8 == found.plan.base
    planned = registry.history()[-1]
    assert ("planned", "bob", found.plan.digest) == (planned.kind, planned.actor, planned.data["plan"])
    assert found.plan.summary == planned.data["summary"]


def test_everyone_may_meet_several_versions(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """A version for everyone ends the shares; who has an own version keeps it."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", scopes.percent(50), actor="ada")
    with_share = {name for name in ("acme", "globex", "initech", "umbrella") if scopes.step_of("tokens", name) < 5_000}

    found = registry.plan("tokens@1.2.0", actor="bob", usage=usage)

    met = {each.before.version: each.tenants for each in found.comparisons}
    assert {"1.0.0": 4 - len(with_share), "1.1.0": len(with_share)} == met
    tokens = {"acme": 20, "globex": 10, "initech": 10, "umbrella": 10}
    change = sum(used * (1 if name in with_share else 2) for name, used in tokens.items())
    assert {"USD": str(change)} == found.plan.impact


@pytest.mark.parametrize("share", ["0.01", "3", "50", "99.99"])
def test_the_versions_that_a_share_meets_are_found_without_tenants(registry, digests, share) -> None:  # type: ignore[no-untyped-def]
    """Also those of stretches that hardly anybody is in."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", scopes.percent(share), actor="ada")

    found = registry.plan("tokens@1.2.0", actor="bob")

    assert {"1.0.0", "1.1.0"} == {each.before.version for each in found.comparisons}
    narrower = registry.plan("tokens@1.2.0", scopes.percent("0.01"), actor="bob")
    assert ["1.1.0"] == [each.before.version for each in narrower.comparisons]
    assert "1 output changed; no usage was given" == narrower.plan.summary


def test_the_first_version_is_compared_with_nothing(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    found = registry.plan("tokens@1.0.0", actor="bob", usage=usage)

    assert [None] == [each.before for each in found.comparisons]
    assert ({"USD": "50"}, False) == (found.plan.impact, found.is_empty)
    assert "some have had no version; 4 tenants, +50.00 USD on the recorded usage" == found.plan.summary


def test_what_changes_nothing_is_said(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")

    found = registry.plan("tokens@1.0.0", actor="bob", usage=usage)

    assert (True, None) == (found.is_empty, found.plan.impact)
    assert found.plan.summary.startswith("nothing changes")


def test_a_later_start_is_compared_with_what_answers_then(registry, digests) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", actor="ada", start=Timestamp.parse("2026-07-01T00:00:00Z"))

    for start, version in (("2026-06-15T00:00:00Z", "1.0.0"), ("2026-07-15T00:00:00Z", "1.1.0")):
        found = registry.plan("tokens@1.2.0", actor="bob", start=Timestamp.parse(start))
        assert [version] == [each.before.version for each in found.comparisons]
    with pytest.raises(InvalidInput, match="past"):
        registry.plan("tokens@1.2.0", actor="bob", start=Timestamp.parse("2026-01-01T00:00:00Z"))


def test_a_line_that_cannot_be_read_is_named(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """By its number in the file; nothing is recorded."""
    registry.activate("tokens@1.0.0", actor="ada")
    usage.path.write_text(usage.path.read_text() + "{\n")

    with pytest.raises(InvalidInput, match="line 7"):
        registry.plan("tokens@1.2.0", actor="bob", usage=usage)
    assert "activated" == registry.history()[-1].kind


def test_a_line_that_is_refused_is_named(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """By its number in the file, though its tenant's lines are rated apart."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada")
    usage.path.write_text(usage.path.read_text() + '\n{"tenant": "globex", "input": {"used": -1}}\n')

    found = registry.plan("tokens@1.2.0", scopes.ALL, actor="bob", usage=usage)

    ((side, about, fault),) = found.comparisons[0].impact.faults
    assert ("both", "used", 1, 8) == (side, about, fault.count, fault.line)


def test_usage_that_comes_to_no_amount_measures_nothing(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """Calls that both versions refuse say nothing of a change."""
    registry.activate("tokens@1.0.0", actor="ada")
    usage.path.write_text('{"tenant": "acme", "input": {"used": -1}}\n')

    found = registry.plan("tokens@1.2.0", actor="bob", usage=usage)

    assert None is found.plan.impact
    assert found.plan.summary.endswith("1 tenant, no amounts on the recorded usage, without 1 refused line")


def test_usage_of_which_a_part_is_refused_is_not_measured(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    """What the rest comes to is told, and nobody takes it for all: rules ask everybody whose amount it may exceed."""
    registry.activate("tokens@1.0.0", actor="ada")
    usage.path.write_text(usage.path.read_text() + '\n{"tenant": "globex", "input": {"used": -1}}\n')

    found = registry.plan("tokens@1.2.0", actor="bob", usage=usage)

    assert None is found.plan.impact
    assert found.plan.summary.endswith("USD on the recorded usage, without 1 refused line")


def test_a_saved_plan_is_the_same(registry, digests, usage) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    plan = registry.plan("tokens@1.1.0", scopes.tenant("acme"), actor="bob", reason="asked for", usage=usage).plan

    again = plans.read(plan.data + b"\n")

    assert (plan, plan.digest) == (again, again.digest)
    content = hashlib.sha256(usage.path.read_bytes()).hexdigest()
    assert {"sha256": content, "decision": "bill"} == again.usage


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data.replace(b'"tenants":', b'"tenants": '),
        lambda data: data.replace(b'"base":4', b'"base":4.0'),
        lambda data: data[:-1] + b',"more":1}',
        lambda data: data.replace(b'{"artifact"', b'{"artifact":"x","artifact"', 1),
        lambda data: b"[]",
        lambda data: b"{}",
        lambda data: b"\xff",
        lambda data: data.replace(b'"kind":"all"', b'"kind":[]'),
        lambda data: data.replace(b'[{"kind":"all","name":""}]', b"[]"),
        lambda data: data.replace(b'"guardrails":null', b'"guardrails":[]'),
    ],
)
def test_a_file_that_is_not_as_it_was_saved_is_refused(registry, digests, edit) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    data = registry.plan("tokens@1.1.0", actor="bob").plan.data
    assert edit(data) != data

    with pytest.raises(InvalidInput, match="plan"):
        plans.read(edit(data))


def test_a_plan_is_applied_as_it_was_reviewed(registry, digests) -> None:  # type: ignore[no-untyped-def]
    """Without rules it needs no approvals; the event names it."""
    registry.activate("tokens@1.0.0", actor="ada")
    plan = registry.plan("tokens@1.1.0", scopes.tenant("acme"), actor="bob", reason="asked for").plan

    event = registry.activate(actor="bob", plan=plan)

    assert (plan.digest, "asked for") == (event.data["plan"], event.data["reason"])
    assert digests["1.1.0"] == registry.due("tokens", "acme").artifact
    assert digests["1.0.0"] == registry.due("tokens").artifact
    with pytest.raises(Refused, match="has been activated by event 6"):
        registry.activate(actor="bob", plan=plan)
    for more in ({"version": "tokens@1.2.0"}, {"reason": "why"}):
        with pytest.raises(InvalidInput, match="has it all"):
            registry.activate(actor="bob", plan=plan, **more)


def test_an_edited_plan_is_refused(registry, digests) -> None:  # type: ignore[no-untyped-def]
    """It has another digest, which nobody has recorded."""
    registry.activate("tokens@1.0.0", actor="ada")
    plan = registry.plan("tokens@1.1.0", scopes.tenant("acme"), actor="bob").plan

    for edited in (
        replace(plan, steps=(scopes.ALL,)),
        replace(plan, artifact=digests["1.2.0"]),
        replace(plan, summary=""),
    ):
        with pytest.raises(Refused, match="edited"):
            registry.activate(actor="bob", plan=edited)
    assert digests["1.0.0"] == registry.due("tokens", "acme").artifact


MOVES = {
    "activation": lambda registry: registry.activate("tokens@1.2.0", scopes.tenant("x"), actor="ada"),
    "rollback": lambda registry: registry.rollback("tokens", scopes.tenant("globex"), actor="ada"),
    "cohort": lambda registry: registry.set_cohort("tokens", "beta", ["acme"], actor="ada"),
    "rules": lambda registry: registry.set_rules(
        "tokens", {"roles": {"owner": ["olga"]}, "approvals": {}}, actor="ada"
    ),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_whatever_changes_who_answers_voids_a_plan(registry, digests, move) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.2.0", scopes.tenant("globex"), actor="ada")
    plan = registry.plan("tokens@1.1.0", actor="bob").plan

    move(registry)

    with pytest.raises(Refused, match="made on event 5, and event 7"):
        registry.activate(actor="bob", plan=plan)


def test_nothing_else_voids_a_plan(registry, digests, versions) -> None:  # type: ignore[no-untyped-def]
    """Neither another bundle nor another plan or version."""
    registry.activate("tokens@1.0.0", actor="ada")
    plan = registry.plan("tokens@1.1.0", actor="bob").plan
    other = BUNDLE.format(version="1.0.0", price="1").replace("bundle: tokens", "bundle: other")
    registry.publish(release.of_texts({"bundle.yaml": other}, "0.1.0"), actor="ada")
    registry.activate("other@1.0.0", actor="ada")
    registry.set_cohort("other", "beta", ["acme"], actor="ada")
    registry.publish(made("1.3.0", "4"), actor="ada")
    registry.plan("tokens@1.2.0", actor="carl")

    registry.activate(actor="bob", plan=plan)

    assert digests["1.1.0"] == registry.due("tokens").artifact


def test_time_may_void_a_plan(registry, digests, clock) -> None:  # type: ignore[no-untyped-def]
    """What was to begin has begun, or the plan's own start has passed: it was compared with something else."""
    registry.activate("tokens@1.0.0", actor="ada")
    clock.set("2026-06-02T00:00:00Z")
    registry.activate("tokens@1.1.0", actor="ada", start=Timestamp.parse("2026-06-03T00:00:00Z"))
    now = registry.plan("tokens@1.2.0", actor="bob").plan
    later = registry.plan("tokens@1.2.0", actor="bob", start=Timestamp.parse("2026-06-10T00:00:00Z")).plan
    clock.set("2026-06-04T00:00:00Z")

    with pytest.raises(Refused, match=r"activated by event 5 .* has begun"):
        registry.activate(actor="bob", plan=now)
    clock.set("2026-06-11T00:00:00Z")
    with pytest.raises(Refused, match="which is past"):
        registry.activate(actor="bob", plan=later)


def test_a_plan_that_was_overtaken_while_it_was_made_is_not_recorded(registry, digests, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    summary = planning.summary

    def slow(*arguments):  # type: ignore[no-untyped-def]
        registry.activate("tokens@1.1.0", actor="ada")
        return summary(*arguments)

    monkeypatch.setattr(planning, "summary", slow)
    with pytest.raises(Refused, match="while the plan was made"):
        registry.plan("tokens@1.2.0", actor="bob")
    assert "activated" == registry.history()[-1].kind
