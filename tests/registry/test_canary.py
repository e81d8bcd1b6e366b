"""A canary that breaks a guardrail is rolled back by whoever guards it, once, and nothing else is."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from registry.beside_versions import made, soon, stalled
from registry.tampering import taken_away

import policyengine as pe
from policyengine.clock import now
from policyengine.errors import EvaluationError, InvalidInput
from policyengine.registry import beside, scopes
from policyengine.registry.canary import take_back
from policyengine.registry.events import Event
from policyengine.registry.guardrails import Guardrails, of_event
from policyengine.registry.registry import Registry
from policyengine.storage.open_store import open_store
from policyengine.values.instant import Timestamp

TENANTS = [f"tenant-{number}" for number in range(200)]
DIFFERING = Guardrails.read({"max_differing": "2%", "after": 20})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else runs here that the comparing could keep waiting."""
    monkeypatch.setattr(beside, "SHARE_PERCENT", 90)
    monkeypatch.setattr(beside, "IDLE_SECONDS", 0.001)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Registry]:
    """A registry in which 1.0.0 answers everyone, and more versions are published."""
    with stocked(f"sqlite:{tmp_path / 'registry'}") as registry:
        yield registry


def stocked(address: str) -> Registry:
    registry = Registry(open_store(address), now)
    for version, differently in {
        "1.0.0": {}, "1.1.0": {"price": "1.5"}, "1.2.0": {"note": "int(note)"}, "1.3.0": {"note": "2 - 1"},
    }.items():  # fmt: skip
        registry.publish(made(version, **differently), actor="ada")
    registry.activate("tokens@1.0.0", actor="ada")
    return registry


def connected(registry: Registry, actor: str | None = "checkout") -> pe.LivePolicy:
    return pe.connect(registry.store.name, "tokens", interval=0.02, actor=actor)


def ask(live: pe.LivePolicy, times: int = 1, **given: Any) -> set[Decimal]:
    """Decide for every tenant; what they were answered."""
    live.refresh()
    found = set()
    for tenant in TENANTS * times:
        found.add(live.decide("bill", {"used": 10, **given}, tenant=tenant).outputs["cost"])
    return found


def is_judged(live: pe.LivePolicy) -> bool:
    """Whether the one canary has compared all that was asked."""
    return all(each.figures.compared + each.dropped >= each.sampled for each in live.canaries)


def last(registry: Registry) -> Event:
    return registry.history()[-1]


def test_a_canary_takes_itself_back_and_a_fixed_one_goes_to_everyone(address: str) -> None:
    """Decisions alone bring it about, on every store, and the history says why."""
    with stocked(address) as registry, pe.connect(address, "tokens", interval=0.02, actor="checkout") as live:
        registry.activate("tokens@1.1.0", scopes.percent(5), actor="ada", guardrails=DIFFERING)
        assert ask(live) == {Decimal(10), Decimal(15)}
        assert soon(lambda: ask(live) and last(registry).kind == "rolled_back")
        assert ask(live) == {Decimal(10)}
        assert live.canaries == ()
        taken_back = last(registry)

        registry.activate("tokens@1.3.0", scopes.percent(5), actor="ada", guardrails=DIFFERING)
        share = len([tenant for tenant in TENANTS if scopes.step_of("tokens", tenant) < 500])
        ask(live, 30 // share + 1)
        assert soon(lambda: is_judged(live))
        (passed,) = live.canaries
        registry.activate("tokens@1.3.0", actor="ada")
        live.refresh()
        labels = {live.decide("bill", {"used": 1}, tenant=tenant).policy.version for tenant in TENANTS}
        by_itself = [event.kind for event in registry.history() if event.actor == "checkout"]
        assert registry.verify() == 9

    assert (taken_back.actor, taken_back.data["scope"]) == ("checkout", {"kind": "percent", "name": "5"})
    assert "guardrail max_differing: 20 of 20 compared decisions differ (100 %)" in taken_back.data["reason"]
    assert "at most 2 % are allowed" in taken_back.data["reason"]
    assert passed.figures.compared >= 20
    assert (passed.figures.differing, passed.breach) == (0, "")
    assert labels == {"1.3.0"}
    assert by_itself == ["rolled_back"]


def test_a_shadow_leaves_places_to_a_canary(shelf: Registry) -> None:
    """What answers somebody is compared first: a shadow of everything, and slow, takes no place from it."""
    shelf.shadow("tokens@1.2.0", sample="100", actor="ada")
    shelf.activate("tokens@1.1.0", scopes.tenant(TENANTS[0]), actor="ada", guardrails=DIFFERING)
    with connected(shelf) as live:
        live.refresh()
        go_on = stalled(live)
        for _ in range(100):
            live.decide("bill", {"used": 10}, tenant=TENANTS[1])
        live.decide("bill", {"used": 10}, tenant=TENANTS[0])
        (guarded,), shadow = live.canaries, live.shadow
        go_on.set()

    assert shadow is not None
    assert shadow.dropped > 50
    assert (guarded.sampled, guarded.dropped) == (1, 0)


@pytest.mark.parametrize(
    ("version", "said", "given", "reason"),
    [
        ("1.1.0", {"max_money": ["99.99 USD"]}, {}, "by 100 USD, and at most 99.99 USD are allowed"),
        ("1.1.0", {"max_money": ["1000.00 EUR", "104.99 USD"]}, {}, "by 105 USD, and at most 104.99 USD are allowed"),
        ("1.2.0", {"max_errors": "5%", "after": 10}, {"note": "x"}, "10 of 10 compared decisions fail where they did"),
        ("1.2.0", {"max_differing": "5%", "after": 10}, {"note": "x"}, "10 of 10 compared decisions differ (100 %)"),
    ],
)
def test_each_guardrail_says_its_figures(shelf: Registry, version, said, given, reason) -> None:  # type: ignore[no-untyped-def]
    """Money is judged at once, shares after some decisions."""
    event = shelf.activate(f"tokens@{version}", scopes.tenant("acme"), actor="ada", guardrails=Guardrails.read(said))
    with connected(shelf) as live:
        for _ in range(22):
            try:
                live.decide("bill", {"used": 10, **given}, tenant="acme")
            except EvaluationError:
                continue
        assert soon(lambda: last(shelf).kind == "rolled_back")

    assert event.data["guardrails"] == {"after": 200, **said}
    assert reason in last(shelf).data["reason"]


def test_at_the_limit_it_goes_on(shelf: Registry) -> None:
    """Exactly, with every digit; and what fails under either version is no error of the canary."""
    said = {"max_money": ["100.00 USD"], "max_errors": "0%", "max_differing": "100%", "after": 1}
    shelf.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada", guardrails=Guardrails.read(said))
    with connected(shelf) as live:
        for _ in range(20):
            live.decide("bill", {"used": 10}, tenant="acme")
            with pytest.raises(InvalidInput):
                live.decide("bill", {"used": -1}, tenant="acme")
        assert soon(lambda: live.canaries[0].figures.compared == 40)
        (report,) = live.canaries

    assert report.figures.money["USD"].absolute == 100
    assert (report.breach, last(shelf).kind) == ("", "activated")


def test_nobody_guards_without_an_actor(shelf: Registry) -> None:
    """A client that may not act compares nothing."""
    shelf.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada", guardrails=DIFFERING)
    with connected(shelf, actor=None) as live:
        assert live.decide("bill", {"used": 10}, tenant="acme").outputs["cost"] == 15
        assert live.canaries == ()


def test_of_many_clients_one_takes_it_back(address: str) -> None:
    """The others find that it has been done, and do nothing more."""
    with contextlib.ExitStack() as opened:
        registry = opened.enter_context(stocked(address))
        registry.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada", guardrails=DIFFERING)
        lives = [
            opened.enter_context(pe.connect(address, "tokens", interval=0.02, actor=f"checkout-{number}"))
            for number in range(3)
        ]
        for _, live in itertools.product(range(25), lives):
            live.decide("bill", {"used": 10}, tenant="acme")
        assert soon(lambda: last(registry).kind == "rolled_back")
        assert soon(lambda: all(live.canaries == () for live in lives))
        assert len(registry.history()) == 7


def test_another_version_is_never_taken_back(shelf: Registry) -> None:
    """Neither one that answers instead by now, nor one that is to answer later."""
    acme = scopes.tenant("acme")
    opened = lambda: open_store(shelf.store.name)  # noqa: E731
    guarded = shelf.activate("tokens@1.1.0", acme, actor="ada", guardrails=DIFFERING)
    begin = Timestamp.parse("2100-01-01T00:00:00Z")
    later = shelf.activate("tokens@1.3.0", acme, actor="ada", start=begin)
    again = shelf.activate("tokens@1.1.0", acme, actor="ada", start=Timestamp(begin + 1))

    (event,) = take_back(opened, now, guarded, [], "checkout", "broken")
    instead = shelf.activate("tokens@1.3.0", acme, actor="ada")

    assert event.data["withdraws"] == [again.number]
    assert take_back(opened, now, guarded, [], "checkout", "broken") == []
    assert last(shelf).number == instead.number
    assert shelf.due("tokens", "acme", begin).activation.event.number == later.number


def test_it_is_compared_with_what_its_rollback_brings_back(shelf: Registry) -> None:
    """A tenant that had a version of its own is not compared with everyone's."""
    acme = scopes.tenant("acme")
    shelf.activate("tokens@1.1.0", acme, actor="ada")
    shelf.activate("tokens@1.3.0", acme, actor="ada", guardrails=Guardrails.read({"max_money": ["4 USD"]}))
    with connected(shelf) as live:
        live.decide("bill", {"used": 10}, tenant="acme")
        assert soon(lambda: last(shelf).kind == "rolled_back")
        live.refresh()

        assert live.decide("bill", {"used": 10}, tenant="acme").policy.version == "1.1.0"


def test_a_wider_step_is_compared_with_what_was_before_all_steps(shelf: Registry) -> None:
    """And not with the step before it, which has the same version."""
    loose = Guardrails.read({"max_differing": "100%"})
    step = min(TENANTS, key=lambda tenant: scopes.step_of("tokens", tenant))
    for share in (5, 25):
        shelf.activate("tokens@1.1.0", scopes.percent(share), actor="ada", guardrails=loose)
    with connected(shelf) as live:
        live.decide("bill", {"used": 10}, tenant=step)
        assert soon(lambda: sum(each.figures.compared for each in live.canaries) == 1)
        found = [(each.scope, each.figures.differing) for each in live.canaries]

    assert [("5 %", 0), ("25 %", 1)] == found


def test_a_breach_takes_back_every_canary_of_the_version(shelf: Registry) -> None:
    """And no other: neither that of another version, nor what a tenant was given without guardrails."""
    loose = Guardrails.read({"max_differing": "100%"})
    shelf.activate("tokens@1.1.0", scopes.tenant("own"), actor="ada")
    shelf.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada", guardrails=loose)
    shelf.activate("tokens@1.3.0", scopes.tenant("globex"), actor="ada", guardrails=loose)
    shelf.activate("tokens@1.1.0", scopes.percent(100), actor="ada", guardrails=DIFFERING)
    with connected(shelf) as live:
        for tenant in TENANTS[:25]:
            live.decide("bill", {"used": 10}, tenant=tenant)
        assert soon(lambda: [each.scope for each in live.canaries] == ["tenant globex"])
        names = ("own", "acme", "globex", "other")
        labels = [live.decide("bill", {"used": 10}, tenant=name).policy.version for name in names]
    taken_back = [event.data for event in shelf.history() if event.kind == "rolled_back"]

    assert ["1.1.0", "1.0.0", "1.3.0", "1.0.0"] == labels
    assert [scopes.percent(100).as_json(), scopes.tenant("acme").as_json()] == [said["scope"] for said in taken_back]
    assert 1 == len({said["reason"] for said in taken_back})


@pytest.mark.parametrize("kind", ["folder", "sqlite"])
def test_it_is_tried_again_where_the_registry_was_away(kind: str, tmp_path: Path) -> None:
    """And told meanwhile."""
    address = f"{kind}:{tmp_path / 'registry'}"
    with stocked(address) as registry:
        registry.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada", guardrails=DIFFERING)
    with pe.connect(address, "tokens", interval=0.02, actor="checkout") as live:
        with taken_away(address):
            for _ in range(25):
                live.decide("bill", {"used": 10}, tenant="acme")
            assert soon(lambda: live.canaries[0].fault != "")
            assert "max_differing" in live.canaries[0].breach
        assert soon(lambda: live.canaries == ())
    with Registry(open_store(address), now) as registry:
        assert last(registry).kind == "rolled_back"


def test_answers_go_on_in_threads_while_it_is_taken_back(shelf: Registry) -> None:
    """Each by one version or the other, and none fails."""
    shelf.activate("tokens@1.1.0", scopes.percent(50), actor="ada", guardrails=DIFFERING)
    seen: set[Decimal] = set()
    faults: list[BaseException] = []
    ended = threading.Event()

    def load(live: pe.LivePolicy, tenants: Iterator[str]) -> None:
        for tenant in tenants:
            if ended.is_set():
                return
            try:
                seen.add(live.decide("bill", {"used": 10}, tenant=tenant).outputs["cost"])
            except Exception as fault:
                faults.append(fault)
            ended.wait(0.001)

    with connected(shelf) as live:
        threads = [threading.Thread(target=load, args=(live, itertools.cycle(TENANTS))) for _ in range(4)]
        for thread in threads:
            thread.start()
        is_back = soon(lambda: last(shelf).kind == "rolled_back")
        ended.set()
        for thread in threads:
            thread.join()

    assert is_back
    assert faults == []
    assert seen == {Decimal(10), Decimal(15)}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "there is no limit"),
        ([], "guardrails are an object"),
        ({"max_diffs": "2%"}, "`max_diffs` is no guardrail"),
        ({"max_differing": "2 of 3"}, "`2 of 3` is no share"),
        ({"max_errors": "101%"}, "`101%` is no share"),
        ({"max_errors": 0.1, "after": "soon"}, "`soon` is no number of decisions"),
        ({"max_money": "100 USD"}, "is a list"),
        ({"max_money": ["100"]}, "`100` is no amount"),
        ({"max_money": ["1e3 USD"]}, "`1e3 USD` is no amount"),
        ({"max_money": ["1 USD", "2 USD"]}, "names a currency twice"),
        ({"max_money": ["-1 USD"]}, "less than nothing"),
    ],
)
def test_guardrails_that_cannot_be_read_are_refused(said: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Guardrails.read(said)


def test_guardrails_are_for_some_tenants(shelf: Registry) -> None:
    """For everyone there is nothing to compare with; and what an event says is read as it was written."""
    said = {"max_differing": "0.1%", "max_errors": "2%", "max_money": ["100.0001 USD", "5 JPY"], "after": 7}
    with pytest.raises(InvalidInput, match="guardrails"):
        shelf.activate("tokens@1.1.0", actor="ada", guardrails=Guardrails.read(said))
    event = shelf.activate("tokens@1.1.0", scopes.cohort("beta"), actor="ada", guardrails=Guardrails.read(said))

    assert event.data["guardrails"] == said
    assert of_event(event) == Guardrails.read(said)
