"""Publish, activate, take back: on every store, and by the history alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from registry.conftest import made

from policyengine.clock import now
from policyengine.errors import InvalidInput, UnknownVersion
from policyengine.registry import scopes
from policyengine.registry.registry import Registry
from policyengine.registry.release import Release
from policyengine.registry.scopes import Scope
from policyengine.storage.open_store import open_store
from policyengine.storage.store import Conflict
from policyengine.values.instant import Timestamp

TENANTS = [f"tenant-{number}" for number in range(1_000)]


def test_equal_content_is_published_once(registry: Registry, versions: dict[str, Release]) -> None:
    first = registry.publish(versions["1.0.0"], actor="ada")
    again = registry.publish(versions["1.0.0"], actor="bob")

    assert (first.is_new, again.is_new) == (True, False)
    assert first.digest == again.digest
    assert [event.kind for event in registry.history()] == ["published"]
    assert registry.artifact(first.digest).program.version == "1.0.0"


def test_a_version_answers_from_its_time_on(registry: Registry, digests: dict[str, str], clock) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    later = Timestamp.parse("2026-07-01T00:00:00Z")
    registry.activate(digests["1.1.0"], actor="ada", start=later)

    assert registry.due("tokens").artifact == digests["1.0.0"]
    assert registry.due("tokens", at=Timestamp(later - 1)).artifact == digests["1.0.0"]
    assert registry.due("tokens", at=later).artifact == digests["1.1.0"]
    with pytest.raises(UnknownVersion, match="nobody in particular"):
        registry.due("tokens", at=Timestamp.parse("2026-05-31T00:00:00Z"))


def test_the_narrowest_scope_decides(registry: Registry, digests: dict[str, str]) -> None:
    registry.activate("tokens@1.0.0", actor="ada")
    registry.set_cohort("tokens", "beta", ["tenant-1", "tenant-2"], actor="ada")
    registry.activate("tokens@1.1.0", scopes.cohort("beta"), actor="ada")
    registry.activate("tokens@1.2.0", scopes.tenant("tenant-2"), actor="ada")

    assert registry.due("tokens", "tenant-1").artifact == digests["1.1.0"]
    assert registry.due("tokens", "tenant-2").artifact == digests["1.2.0"]
    assert registry.due("tokens", "tenant-3").artifact == digests["1.0.0"]
    assert registry.due("tokens").artifact == digests["1.0.0"]
    assert "tenant tenant-2" in registry.due("tokens", "tenant-2").because


def test_a_share_grows_and_ends_with_everyone(registry: Registry, digests: dict[str, str], clock) -> None:  # type: ignore[no-untyped-def]
    def with_new() -> set[str]:
        return {tenant for tenant in TENANTS if registry.due("tokens", tenant).artifact == digests["1.1.0"]}

    registry.activate("tokens@1.0.0", actor="ada")
    clock.set("2026-06-02T00:00:00Z")
    registry.activate("tokens@1.1.0", scopes.percent(5), actor="ada")
    small = with_new()
    clock.set("2026-06-03T00:00:00Z")
    registry.activate("tokens@1.1.0", scopes.percent("20"), actor="ada")
    large = with_new()
    clock.set("2026-06-04T00:00:00Z")
    registry.activate("tokens@1.1.0", actor="ada")

    assert 20 <= len(small) <= 90
    assert 140 <= len(large) <= 260
    assert small < large
    assert with_new() == set(TENANTS)
    clock.set("2026-06-05T00:00:00Z")
    registry.rollback("tokens", actor="ada")
    assert with_new() == set()  # a share of what everyone is taken back from is taken back, too


def test_taking_back_goes_to_what_was_there_before(registry: Registry, digests: dict[str, str], clock) -> None:  # type: ignore[no-untyped-def]
    for day, version in enumerate(digests, start=1):
        clock.set(f"2026-06-0{day}T00:00:00Z")
        registry.activate(digests[version], actor="ada")
    clock.set("2026-06-05T00:00:00Z")
    registry.activate("tokens@1.1.0", actor="ada", start=Timestamp.parse("2026-07-01T00:00:00Z"))

    clock.set("2026-06-06T00:00:00Z")
    back = registry.rollback("tokens", actor="bob", reason="wrong prices")

    assert registry.due("tokens").artifact == digests["1.1.0"]
    assert registry.due("tokens", at=Timestamp.parse("2026-08-01T00:00:00Z")).activation.event == back
    assert registry.due("tokens", at=Timestamp.parse("2026-06-05T12:00:00Z")).artifact == digests["1.2.0"]
    clock.set("2026-06-07T00:00:00Z")
    registry.rollback("tokens", actor="bob")
    assert registry.due("tokens").artifact == digests["1.0.0"]
    clock.set("2026-06-08T00:00:00Z")
    with pytest.raises(UnknownVersion, match="before"):
        registry.rollback("tokens", actor="bob")
    registry.rollback("tokens", actor="bob", to="tokens@1.2.0")
    assert registry.due("tokens").artifact == digests["1.2.0"]


def test_a_narrow_scope_is_given_up(registry: Registry, digests: dict[str, str], clock) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.2.0", scopes.tenant("acme"), actor="ada")
    clock.set("2026-06-02T00:00:00Z")

    registry.rollback("tokens", scopes.tenant("acme"), actor="ada")

    assert registry.due("tokens", "acme").artifact == digests["1.0.0"]
    with pytest.raises(UnknownVersion, match="nothing to take back"):
        registry.rollback("tokens", scopes.tenant("globex"), actor="ada")


def test_what_was_known_can_be_asked(registry: Registry, digests: dict[str, str], clock) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    start = clock()
    corrected = clock.set("2026-06-10T00:00:00Z")
    with pytest.raises(InvalidInput, match="reason"):
        registry.activate("tokens@1.1.0", actor="ada", start=start)
    registry.activate("tokens@1.1.0", actor="ada", start=Timestamp(start + 5), reason="MSA 2026-114 began in June")

    day = Timestamp.parse("2026-06-05T00:00:00Z")
    assert registry.due("tokens", at=day).artifact == digests["1.1.0"]
    assert registry.due("tokens", at=day, known_at=Timestamp(corrected - 1)).artifact == digests["1.0.0"]


def test_of_two_activations_at_once_one_wins_and_the_other_is_told(address: str, digests: dict[str, str]) -> None:
    """Both were decided on the same event; the one that is told has changed nothing."""
    outcomes: list[str] = []
    with both(address) as (ada, bob):
        for _ in range(10):
            base = len(ada.history())
            at_once(
                outcomes,
                partial(ada.activate, "tokens@1.0.0", actor="ada", base=base),
                partial(bob.activate, "tokens@1.1.0", actor="bob", base=base),
            )
            assert len(bob.history()) == base + 1
        assert ada.verify() == len(digests) + 10

    assert sorted(outcomes) == ["Conflict"] * 10 + ["Event"] * 10


def test_an_activation_that_was_overtaken_is_told(address: str, digests: dict[str, str], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Also without a base, where another one was written after the registry was read."""
    with both(address) as (ada, bob):
        append = bob.store.append

        def late(*arguments: Any) -> None:
            ada.activate("tokens@1.0.0", actor="ada")
            append(*arguments)

        monkeypatch.setattr(bob.store, "append", late)
        with pytest.raises(Conflict):
            bob.activate("tokens@1.1.0", actor="bob")
        assert bob.due("tokens").artifact == digests["1.0.0"]


def test_publishing_at_once_loses_nothing(address: str, versions: dict[str, Release]) -> None:
    """The same content is published once; other content follows."""
    outcomes: list[str] = []
    with both(address) as (ada, bob):
        for name in ("1.0.0", "1.1.0"):
            at_once(
                outcomes,
                partial(ada.publish, versions[name], actor="ada"),
                partial(bob.publish, versions["1.2.0"], actor="bob"),
            )
        at_once(
            outcomes,
            partial(ada.publish, made("1.3.0", "4"), actor="ada"),
            partial(bob.publish, made("1.3.0", "4"), actor="bob"),
        )
        assert ada.verify() == 4

    assert outcomes == ["Published"] * 6


@contextlib.contextmanager
def both(address: str) -> Iterator[tuple[Registry, Registry]]:
    """One registry, as two processes see it."""
    with Registry(open_store(address), now) as ada, Registry(open_store(address), now) as bob:
        yield ada, bob


def at_once(outcomes: list[str], *calls: Callable[[], object]) -> None:
    """Make calls at the same time; adds the name of what each gives or raises."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        try:
            outcomes.append(type(call()).__name__)
        except Conflict:
            outcomes.append("Conflict")

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("name", ["tokens@9.9.9", "sha256:00", "f" * 64])
def test_a_version_that_is_not_there_is_told(registry: Registry, digests: dict[str, str], name: str) -> None:
    with pytest.raises(UnknownVersion):
        registry.activate(name, actor="ada")


@pytest.mark.parametrize(
    "share", ["0", "101", "-5", "5.001", "five", "1/0", "5/1", "1_0", " 5", "\u0665", "1e9999999999"]
)
def test_a_share_that_is_none_is_refused(share: str) -> None:
    with pytest.raises(InvalidInput, match="percent"):
        scopes.percent(share)


def test_who_did_it_must_be_said(registry: Registry, versions: dict[str, Release]) -> None:
    with pytest.raises(InvalidInput, match="actor"):
        registry.publish(versions["1.0.0"], actor="")


@pytest.mark.parametrize("change", [{"actor": "a\nb"}, {"actor": 5}, {"actor": "\ud800"}, {"reason": "\x1b[2J"}])
def test_what_a_list_could_not_show_is_not_written(registry: Registry, digests: dict[str, str], change) -> None:  # type: ignore[no-untyped-def]
    """A line break would look like another event, and an escape could hide one."""
    with pytest.raises(InvalidInput, match=next(iter(change))):
        registry.activate("tokens@1.0.0", **{"actor": "ada", **change})
    assert registry.verify() == 3


@pytest.mark.parametrize(
    "scope", [Scope("percent", "abc"), Scope("everybody"), Scope("all", "x"), Scope("percent", "05")]
)
def test_a_scope_that_is_none_is_not_written(registry: Registry, digests: dict[str, str], scope: Scope) -> None:
    """Whoever reads the history could not say whom it holds."""
    with pytest.raises(InvalidInput, match="cannot be written"):
        registry.activate("tokens@1.0.0", scope, actor="ada")
    assert registry.verify() == 3


def test_a_clock_that_is_far_ahead_moves_nobody_s_time(registry: Registry, digests: dict[str, str], clock) -> None:  # type: ignore[no-untyped-def]
    """A price list of next year would else answer today, by one event of a machine whose clock is wrong."""
    registry.activate("tokens@1.0.0", actor="ada")
    today = clock.set("2026-06-02T00:00:00Z")
    registry.activate("tokens@1.1.0", actor="ada", start=Timestamp.parse("2027-01-01T00:00:00Z"))
    clock.set("2028-01-01T00:00:00Z")
    registry.activate("tokens@1.2.0", scopes.tenant("acme"), actor="bob")

    clock.time = today
    assert registry.due("tokens").artifact == digests["1.0.0"]
    registry.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada")
    assert registry.due("tokens", "acme").artifact == digests["1.1.0"]
    taken_back = registry.rollback("tokens", scopes.tenant("acme"), actor="ada").data
    assert (str(today), [6]) == (taken_back["from"], taken_back["withdraws"])
    assert registry.due("tokens", "acme").artifact == digests["1.0.0"]
    assert registry.verify() == 8


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59.999999999Z", "9999-01-01T00:00:00Z"])
def test_a_clock_at_the_end_of_time_ends_no_history(registry, digests, clock, time: str) -> None:  # type: ignore[no-untyped-def]
    """Events are later than those before them: after one at the end there could be none."""
    registry.activate("tokens@1.0.0", actor="ada")
    clock.set(time)
    with pytest.raises(InvalidInput, match=r"clock: event 5 would be recorded at 9999.*set the clock"):
        registry.activate("tokens@1.1.0", actor="ada")

    clock.set("2026-07-01T00:00:00Z")
    assert 5 == registry.activate("tokens@1.1.0", actor="ada").number
    assert 5 == registry.verify()


def test_a_history_goes_on_after_the_last_time_that_is_recorded(registry, digests, clock) -> None:  # type: ignore[no-untyped-def]
    """By a clock that is right again: its events stand behind the wrong one, and the present is that of the clock."""
    clock.set("9998-12-31T23:59:59Z")
    registry.activate("tokens@1.0.0", actor="ada")
    clock.set("2026-07-01T00:00:00Z")
    registry.activate("tokens@1.1.0", actor="ada")

    assert digests["1.1.0"] == registry.due("tokens").artifact
    assert 5 == registry.verify()


def test_a_clock_that_is_a_little_behind_sees_what_was_done(registry: Registry, digests: dict[str, str], clock) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    clock.set("2026-05-31T23:59:30Z")

    assert registry.due("tokens").artifact == digests["1.0.0"]
    registry.activate("tokens@1.1.0", actor="ada")
    assert registry.due("tokens").artifact == digests["1.1.0"]


def test_going_back_is_refused_where_services_cannot_feed_it(registry: Registry, digests: dict[str, str]) -> None:
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", actor="ada")

    with pytest.raises(InvalidInput, match="needs `used`"):
        registry.rollback("tokens", actor="ada", offered={"bill": []})
    with pytest.raises(InvalidInput, match="list of facts"):
        registry.rollback("tokens", actor="ada", offered={"bill": "used"})
    registry.rollback("tokens", actor="ada", offered={"bill": ["used"]})
    assert registry.due("tokens").artifact == digests["1.0.0"]


def test_a_label_stays_with_its_content(registry: Registry, versions: dict[str, Release]) -> None:
    """What `tokens@1.0.0` means never changes."""
    registry.publish(versions["1.0.0"], actor="ada")

    with pytest.raises(InvalidInput, match="other content"):
        registry.publish(made("1.0.0", "9"), actor="ada")
    assert len(registry.history()) == 1
