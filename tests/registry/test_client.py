"""A service that embeds a bundle of a registry decides by what is active, and goes on where the registry is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from registry.databases import new_database

import policyengine as pe
from policyengine.errors import UnknownVersion
from policyengine.registry import scopes
from policyengine.registry.client import LivePolicy
from policyengine.registry.registry import Registry
from policyengine.storage.open_store import open_store
from policyengine.storage.store import Store, StoreUnavailable
from policyengine.values.instant import Timestamp

PRICE = {"1.0.0": Decimal(10), "1.1.0": Decimal(20), "1.2.0": Decimal(30)}


def cost(live: LivePolicy, tenant: str | None = None, at: object = None) -> Decimal:
    found: Decimal = live.decide("bill", {"used": 10}, tenant=tenant, at=at).outputs["cost"]
    return found


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within some seconds."""
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def clock() -> Callable[[], Timestamp]:
    return lambda: Timestamp(time.time_ns())


def live_policy(address: str, clock: Callable[[], Timestamp], copy: Path | None = None) -> LivePolicy:
    return LivePolicy("tokens", lambda: open_store(address), clock, copy=copy, interval=0.1)


def test_it_follows_the_registry(registry: Registry, digests: dict[str, str], address: str, clock) -> None:  # type: ignore[no-untyped-def]
    with live_policy(address, clock) as live:
        with pytest.raises(UnknownVersion):
            cost(live)
        registry.activate("tokens@1.0.0", actor="ada")
        assert soon(lambda: live.status.event == 4)
        assert cost(live) == PRICE["1.0.0"]

        registry.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada")
        assert soon(lambda: cost(live, "acme") == PRICE["1.1.0"])
        assert cost(live, "globex") == PRICE["1.0.0"]

        registry.rollback("tokens", scopes.tenant("acme"), actor="ada")
        assert soon(lambda: cost(live, "acme") == PRICE["1.0.0"])
        assert live.status.digests == (digests["1.0.0"],)
        assert live.status.fault == ""


def test_a_version_is_picked_by_the_time_of_the_decision(registry, digests, address, clock) -> None:  # type: ignore[no-untyped-def]
    start = Timestamp.parse("2026-01-01T00:00:00Z")
    registry.activate("tokens@1.0.0", actor="ada", start=start, reason="from the beginning")
    registry.activate("tokens@1.1.0", actor="ada", start=Timestamp.parse("2100-01-01T00:00:00Z"))

    with live_policy(address, clock) as live:
        assert cost(live) == PRICE["1.0.0"]
        assert cost(live, at="2100-06-01T00:00:00Z") == PRICE["1.1.0"]
        assert "event 5" in live.policy_for("acme", "2100-06-01T00:00:00Z")[1].because


def test_it_goes_on_where_the_registry_is_away(registry, digests, address, clock, tmp_path) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    away = threading.Event()

    def opened() -> Store:
        if away.is_set():
            raise StoreUnavailable("the registry is away")
        return open_store(address)

    copy = tmp_path / "copy"
    with LivePolicy("tokens", opened, clock, copy=copy, interval=0.05) as live:
        away.set()
        live._let_go()
        assert soon(lambda: "away" in live.status.fault)
        assert cost(live) == PRICE["1.0.0"]
        registry.activate("tokens@1.1.0", actor="ada")
        away.clear()
        assert soon(lambda: cost(live) == PRICE["1.1.0"])

    away.set()
    with LivePolicy("tokens", opened, clock, copy=copy, interval=0.05) as again:
        assert cost(again) == PRICE["1.1.0"]
        assert "away" in again.status.fault
    with pytest.raises(StoreUnavailable):
        LivePolicy("tokens", opened, clock, copy=tmp_path / "empty", interval=0.05)


def test_no_decision_fails_while_versions_change(registry, digests, address, clock) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    seen: set[Decimal] = set()
    faults: list[BaseException] = []
    ended = threading.Event()

    def load(live: LivePolicy) -> None:
        while not ended.is_set():
            try:
                seen.add(cost(live, "acme"))
            except Exception as fault:
                faults.append(fault)
            ended.wait(0.001)  # threads that never pause leave nothing of one processor to the others

    with live_policy(address, clock) as live:
        threads = [threading.Thread(target=load, args=(live,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(30):
            registry.activate(f"tokens@1.{number % 3}.0", actor="ada")
            live.refresh()
        ended.set()
        for thread in threads:
            thread.join()

    assert faults == []
    assert seen == set(PRICE.values())


def test_a_registry_that_is_not_there_is_not_made(registry, digests, address, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Neither a mistyped address nor a volume that is not mounted becomes an empty registry."""
    registry.activate("tokens@1.0.0", actor="ada")
    nowhere = new_database() if address.startswith("postgresql:") else f"{address}-of-another-name"
    with pe.connect(address, "tokens", copy=tmp_path / "copy", interval=0.05) as live:
        assert cost(live) == PRICE["1.0.0"]

    with pytest.raises(StoreUnavailable, match="no registry"):
        pe.connect(nowhere, "tokens")
    with pe.connect(nowhere, "tokens", copy=tmp_path / "copy", interval=0.05) as live:
        assert cost(live) == PRICE["1.0.0"]
        assert "no registry" in live.status.fault
    with open_store(nowhere):  # made by somebody, and empty
        pass
    with pe.connect(nowhere, "tokens", copy=tmp_path / "copy", interval=0.05) as live:
        assert cost(live) == PRICE["1.0.0"]
        assert "the history ends here" in live.status.fault
