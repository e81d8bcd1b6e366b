"""A shadowed version is compared beside the answers, and nothing that it does can change or fail one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from registry.beside_versions import compared, made, soon, stalled
from registry.tampering import overwrite_blob

import policyengine as pe
from policyengine.clock import now
from policyengine.errors import EvaluationError, InvalidInput, UnknownVersion
from policyengine.registry import beside, events, scopes
from policyengine.registry.registry import Registry
from policyengine.runtime.artifacts import artifact
from policyengine.storage.open_store import open_store

WHEN = "2100-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else runs here that the comparing could keep waiting."""
    monkeypatch.setattr(beside, "SHARE_PERCENT", 90)
    monkeypatch.setattr(beside, "IDLE_SECONDS", 0.001)
    monkeypatch.setattr(beside, "QUEUE_MAX", 10_000)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Registry]:
    """A registry in which 1.0.0 answers everyone."""
    with Registry(open_store(f"sqlite:{tmp_path / 'registry'}"), now) as registry:
        registry.publish(made("1.0.0"), actor="ada")
        registry.activate("tokens@1.0.0", actor="ada")
        yield registry


def shadowed(registry: Registry, sample: str = "100%", **differently: str) -> str:
    """Publish another version and shadow it; its digest."""
    digest = registry.publish(made("1.1.0", **differently), actor="ada").digest
    registry.shadow(digest, sample=sample, actor="ada")
    return digest


def connected(registry: Registry, **options: Any) -> pe.LivePolicy:
    return pe.connect(registry.store.name, "tokens", interval=0.02, **options)


def test_it_is_followed_and_ended_on_every_store(registry: Registry, address: str) -> None:
    """The event says which version, for whom and how often; another one ends it."""
    for name, price in (("1.0.0", "1"), ("1.1.0", "2")):
        registry.publish(made(name, price), actor="ada")
    registry.activate("tokens@1.0.0", actor="ada")
    event = registry.shadow("tokens@1.1.0", scopes.tenant("acme"), sample="50%", actor="ada", reason="new prices")
    with pe.connect(address, "tokens", interval=0.02) as live:
        costs = {live.decide("bill", {"used": 10}, tenant="acme").outputs["cost"] for _ in range(100)}
        live.decide("bill", {"used": 10}, tenant="globex")
        report = compared(live)
        registry.stop_shadow("tokens", actor="bob")
        live.refresh()

        assert live.shadow is None

    assert event.data["sample"] == "50"
    assert costs == {Decimal(10)}
    assert 49 <= report.figures.compared <= 51
    assert report.figures.tenants == {"acme": report.figures.compared}
    assert report.figures.money["USD"].sum == 10 * report.figures.compared
    assert [event.kind for event in registry.history()][-2:] == ["shadowed", "shadowed"]
    assert registry.verify() == 5
    with pytest.raises(UnknownVersion, match="nothing to stop"):
        registry.stop_shadow("tokens", actor="bob")


def test_it_counts_by_output_rule_and_tenant_and_sums_money_exactly(shelf: Registry) -> None:
    """Each currency apart, with every digit; a decision is one difference, however many outputs differ."""
    shadowed(shelf, price="1.0000000001", fee="0.05")
    with connected(shelf, keep_inputs=True) as live:
        for number in range(300):
            given = {"used": 1 + number % 3, "plan": "free" if number % 10 == 0 else "pro"}
            live.decide("bill", given, tenant=f"tenant-{number % 2}")
            given["used"] = 999  # the caller's own, and none of the comparison's
        live.decide("other", {"used": 5}, tenant="idle")
        figures = compared(live).figures

    used = [(1 + number % 3, number % 10 == 0) for number in range(300)]
    more = sum(Decimal("0.0000000001") * count for count, is_free in used if not is_free)
    assert (figures.compared, figures.differing, figures.failed) == (301, 300, {})
    assert figures.money["USD"].sum == figures.money["USD"].absolute == more
    assert figures.money["EUR"].sum == Decimal("-0.05") * 600
    assert figures.money["EUR"].absolute == Decimal("0.05") * 600
    assert {name: each.differing for name, each in figures.outputs.items()} == {"bill.cost": 270, "bill.fee": 300}
    assert figures.outputs["bill.cost"].money["USD"].sum == more
    assert figures.tenants == {"tenant-0": 150, "tenant-1": 150}
    assert figures.same_rules == 300
    assert [sample.input for sample in figures.outputs["bill.fee"].samples] == [
        {"used": 1, "plan": "free"}, {"used": 2, "plan": "pro"}, {"used": 3, "plan": "pro"},
    ]  # fmt: skip


def test_a_report_is_json_and_text(shelf: Registry) -> None:
    """Amounts are texts; without `keep_inputs` no input is in it."""
    digest = shadowed(shelf, price="2.5")
    with connected(shelf) as live:
        live.decide("bill", {"used": 4}, tenant="acme", at=WHEN)
        report = compared(live)
    found = json.loads(json.dumps(report.as_json()))

    sample = {"tenant": "acme", "at": WHEN, "base": "4", "candidate": "10"}
    assert found["outputs"]["bill.cost"] == {
        "differing": 1, "money": {"USD": {"sum": "6", "absolute": "6"}}, "samples": [sample],
    }  # fmt: skip
    assert (found["artifact"], found["sampled"], found["dropped"], found["compared"]) == (digest, 1, 0, 1)
    assert "bill.cost: 1 differ" in str(report)
    assert "+6 USD" in str(report)


def test_rules_that_only_one_side_has_are_counted(shelf: Registry) -> None:
    """What both rationales share is no reason."""
    shadowed(shelf, price="{2000-01-01: 1, 2050-01-01: 2}")
    with connected(shelf) as live:
        live.decide("bill", {"used": 4}, at=WHEN)
        figures = compared(live).figures

    assert figures.rules == {"rate.pro": 1, "rate.pro.2050-01-01": 1}
    assert figures.same_rules == 0


@pytest.mark.parametrize("given", [{"used": 10}, {"used": 10, "note": "x"}, {"used": 5_000}, {}, None])
def test_an_answer_is_that_of_the_version_that_is_due(shelf: Registry, given: Any) -> None:
    """The same record, or the same exception, whatever is shadowed."""

    def said(live: pe.LivePolicy) -> Any:
        try:
            decision = live.decide("bill", given, tenant="acme", at=WHEN, event="e1", purpose="bill")
            return decision.record()
        except (InvalidInput, EvaluationError) as fault:
            return type(fault), str(fault)

    with connected(shelf) as live:
        alone = said(live)
    shadowed(shelf, price="7", note="int(note)")
    with connected(shelf) as live:
        beside_a_shadow = [said(live) for _ in range(20)]
        compared(live)

    assert beside_a_shadow == [alone] * 20


def test_a_candidate_that_reads_other_facts_reads_them_of_the_same_request(shelf: Registry) -> None:
    """The input is copied for it: its owner may change it as soon as there is an answer."""
    shadowed(shelf, note="int(note)")
    with connected(shelf) as live:
        for number in range(30):
            given = {"used": 10, "note": str(number % 3)}
            live.decide("bill", given)
            given["note"] = "x"
        figures = compared(live).figures

    assert (figures.compared, figures.differing, figures.failed) == (30, 20, {})


@pytest.mark.parametrize("given", [{"used": 10}, {"used": 10, "plan": "free", "note": "x"}, {"used": 10, "note": "7"}])
def test_facts_that_a_decision_has_kept_are_answered_as_if_they_were_given(given: Any) -> None:
    """Where both versions read the same facts; the failures, too."""
    base, same, other = (
        pe.Policy(artifact.read(made(version, price, note=note).data).program)
        for version, price, note in (("1.0.0", "1", "note + note"), ("2.0.0", "2", "int(note)"), ("3.0.0", "3", "1"))
    )
    decision = base.decide("bill", given, tenant="acme", at=WHEN, event="e1")

    def said(call: Callable[[], pe.Decision]) -> Any:
        try:
            return call().record()
        except EvaluationError as fault:
            return str(fault)

    assert (same.reads_as(decision), other.reads_as(decision)) == (True, False)
    assert said(lambda: same.decide_again(decision)) == said(
        lambda: same.decide("bill", given, tenant="acme", at=WHEN, event="e1")
    )


def test_failures_are_counted_by_side_and_kind(shelf: Registry) -> None:
    """A failure differs from an answer, and two failures do not differ."""
    shadowed(shelf, note="int(note)")
    with connected(shelf) as live:
        live.decide("bill", {"used": 1, "note": "x"}, tenant="acme")
        with pytest.raises(InvalidInput):
            live.decide("bill", {"used": -1}, tenant="acme")
        figures = compared(live).figures

    assert (figures.compared, figures.differing) == (2, 1)
    assert {side: sum(kinds.values()) for side, kinds in figures.failed.items()} == {"candidate": 1, "both": 1}
    assert [kind.partition(" ")[0] for kind in figures.failed["candidate"]] == ["EvaluationError"]
    assert figures.tenants == {"acme": 1}
    assert figures.outputs["bill: failure"].samples[0].base is None


def test_a_candidate_that_crashes_is_a_finding(shelf: Registry) -> None:
    """Even where it raises what no policy should."""
    shadowed(shelf)
    with connected(shelf) as live:
        candidate = live._watch._candidate
        assert candidate is not None

        def crash(*_: Any, **__: Any) -> pe.Decision:
            raise ZeroDivisionError("by accident")

        candidate.decider("bill")
        candidate._deciders["bill"] = candidate._prepared["bill"]._run = crash
        costs = {live.decide("bill", {"used": 10}).outputs["cost"] for _ in range(50)}
        figures = compared(live).figures

    assert costs == {Decimal(10)}
    assert figures.failed == {"candidate": {"ZeroDivisionError": 50}}


def test_what_a_slow_candidate_leaves_is_dropped_and_counted(shelf: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue is bounded, and no answer waits for a place in it."""
    monkeypatch.setattr(beside, "QUEUE_MAX", 5)
    shadowed(shelf)
    with connected(shelf) as live:
        go_on = stalled(live)
        costs = [live.decide("bill", {"used": 10}).outputs["cost"] for _ in range(50)]
        stuck = live.shadow
        go_on.set()
        report = compared(live)

    assert costs == [Decimal(10)] * 50
    assert stuck is not None
    assert stuck.figures.compared == 0
    assert stuck.dropped >= 44
    assert (report.sampled, report.figures.compared) == (50, 50 - report.dropped)


@pytest.mark.parametrize("data", [b"", None])
def test_a_candidate_that_is_damaged_leaves_the_answers_alone(registry, address, data) -> None:  # type: ignore[no-untyped-def]
    """The report says why nothing is compared."""
    registry.publish(made("1.0.0"), actor="ada")
    registry.activate("tokens@1.0.0", actor="ada")
    overwrite_blob(address, shadowed(registry), data)
    with pe.connect(address, "tokens", interval=0.02) as live:
        assert live.decide("bill", {"used": 10}).outputs["cost"] == Decimal(10)
        assert live.status.fault == ""
        report = live.shadow
        registry.activate("tokens@1.0.0", scopes.tenant("acme"), actor="ada")
        assert soon(lambda: live.status.event == registry.history()[-1].number)

    assert report is not None
    assert "artifact" in report.fault
    assert (report.sampled, report.figures.compared) == (0, 0)


def test_a_candidate_that_is_refused_is_not_evaluated(shelf: Registry) -> None:
    """It is not what the service offers its facts for."""
    shadowed(shelf)
    with connected(shelf, offers={"gone": []}) as live:
        report = live.shadow

    assert report is not None
    assert "does not decide `gone`" in report.fault


def test_the_sample_is_a_share_of_the_calls_and_not_of_their_period(shelf: Registry) -> None:
    """Calls that come in turns of ten are all sampled alike."""
    shadowed(shelf, "10%", price="2")
    with connected(shelf) as live:
        for number in range(2_000):
            live.decide("bill", {"used": 1}, tenant=f"tenant-{number % 10}")
        report = compared(live)

    assert report.sampled == 200
    assert {f"tenant-{number}" for number in range(10)} == set(report.figures.tenants)
    assert {19, 20, 21, 22} == set(report.figures.tenants.values())


def test_threads_are_counted_each(shelf: Registry) -> None:
    """Sampled is compared or dropped, from however many threads."""
    shadowed(shelf, price="2")
    costs: set[Decimal] = set()

    def load(live: pe.LivePolicy) -> None:
        for _ in range(500):
            costs.add(live.decide("bill", {"used": 10}, tenant="acme").outputs["cost"])

    with connected(shelf) as live:
        threads = [threading.Thread(target=load, args=(live,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        report = compared(live)

    assert costs == {Decimal(10)}
    assert report.sampled == 2_000 == report.figures.compared + report.dropped
    assert report.figures.money["USD"].sum == 10 * report.figures.compared
    assert report.figures.tenants == {"acme": report.figures.compared}


def test_tenants_are_counted_by_name_up_to_a_bound(shelf: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest are counted together."""
    monkeypatch.setattr("policyengine.registry.comparing.NAMES_MAX", 3)
    shadowed(shelf, price="2")
    with connected(shelf) as live:
        for number in range(10):
            live.decide("bill", {"used": 1}, tenant=f"tenant-{number}")
        figures = compared(live).figures

    assert figures.tenants == {"tenant-0": 1, "tenant-1": 1, "tenant-2": 1}
    assert figures.other_tenants == 7


def test_a_client_passes_over_events_of_a_kind_that_it_does_not_know(registry: Registry, address: str) -> None:
    """So a later version of the package may write what this one has not heard of."""
    registry.publish(made("1.0.0"), actor="ada")
    last = registry.activate("tokens@1.0.0", actor="ada")
    body = events.encode(3, last.digest, now(), "ada", "shadowed", {"bundle": "tokens", "artifact": None})
    registry.store.append(3, body.replace(b"shadowed", b"celebrated"))
    with pe.connect(address, "tokens", interval=0.02) as live:
        assert live.decide("bill", {"used": 10}).outputs["cost"] == Decimal(10)
        assert (live.status.event, live.status.fault) == (3, "")

    assert registry.verify() == 3
