"""Publish, activate, take back: on every store, and by the history alone."""

from __future__ import annotations

import pytest

from policyengine.errors import InvalidInput, UnknownVersion
from policyengine.registry import scopes
from policyengine.registry.registry import Registry
from policyengine.registry.release import Release
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


def test_of_two_at_once_the_other_is_told(address: str, store, clock, digests: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    with open_store(address) as second:
        ada, bob = Registry(store, clock), Registry(second, clock)
        ada.refresh()
        bob.refresh()
        number = len(bob.history())
        ada.activate("tokens@1.0.0", actor="ada")

        with pytest.raises(Conflict):
            bob._write("bob", "activated", {"bundle": "tokens"})
        assert len(ada.history()) == number + 1
        assert bob.due("tokens").artifact == digests["1.0.0"]


@pytest.mark.parametrize("name", ["tokens@9.9.9", "sha256:00", "f" * 64])
def test_a_version_that_is_not_there_is_told(registry: Registry, digests: dict[str, str], name: str) -> None:
    with pytest.raises(UnknownVersion):
        registry.activate(name, actor="ada")


@pytest.mark.parametrize("share", ["0", "101", "-5", "5.001", "five", "1/0"])
def test_a_share_that_is_none_is_refused(share: str) -> None:
    with pytest.raises(InvalidInput, match="percent"):
        scopes.percent(share)


def test_who_did_it_must_be_said(registry: Registry, versions: dict[str, Release]) -> None:
    with pytest.raises(InvalidInput, match="actor"):
        registry.publish(versions["1.0.0"], actor="")


def test_a_label_stays_with_its_content(registry: Registry, versions: dict[str, Release]) -> None:
    """What `tokens@1.0.0` means never changes."""
    from registry.conftest import made

    registry.publish(versions["1.0.0"], actor="ada")

    with pytest.raises(InvalidInput, match="other content"):
        registry.publish(made("1.0.0", "9"), actor="ada")
    assert len(registry.history()) == 1
