"""What the tests of the registry share: stores of every kind, a clock that is told, and small policies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from registry.databases import new_schema

from policyengine.registry import release
from policyengine.registry.registry import Registry
from policyengine.registry.release import Release
from policyengine.storage.open_store import open_store
from policyengine.storage.store import Store
from policyengine.values.instant import Timestamp

BUNDLE = """
policyengine: 1
bundle: tokens
version: {version}
currency: USD
timezone: UTC
inputs: {{used: {{type: int token, min: 0, max: 1_000}}}}
decisions: {{bill: {{outputs: {{cost: 'round(used * ({price} USD / 1 token), 2, half_up)'}}}}}}
"""

RULES: dict[str, Any] = {
    "roles": {"owner": ["olga", "otto"], "pricing": ["ada", "bob", "pia", "pit"], "finance": ["fay", "pia"]},
    "approvals": {"pricing": 2},
    "narrow": {"percent": "5", "tenant": True, "approvals": {"pricing": 1}},
    "impact": [{"over": "100.00", "currency": "USD", "approvals": {"finance": 1}}],
}


@pytest.fixture(params=["folder", "sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be opened, again and again."""
    return new_address(request.param, tmp_path)


def new_address(kind: str, folder: Path) -> str:
    """The address of a store of this kind that is not there yet."""
    return new_schema() if kind == "postgresql" else f"{kind}:{folder / 'registry'}"


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """A new store of each kind."""
    with open_store(address) as opened:
        yield opened


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = Timestamp.parse("2026-06-01T00:00:00Z")

    def __call__(self) -> Timestamp:
        return self.time

    def set(self, text: str) -> Timestamp:
        """Move it to a time."""
        self.time = Timestamp.parse(text)
        return self.time


@pytest.fixture
def clock() -> Clock:
    """The time of the registry."""
    return Clock()


@pytest.fixture
def registry(store: Store, clock: Clock) -> Registry:
    """A registry over a new store."""
    return Registry(store, clock)


def made(version: str, price: str) -> Release:
    """A version that may be published."""
    return release.of_texts({"bundle.yaml": BUNDLE.format(version=version, price=price)}, "0.1.0")


@pytest.fixture(scope="session")
def versions() -> dict[str, Release]:
    """Three versions of one bundle."""
    return {"1.0.0": made("1.0.0", "1"), "1.1.0": made("1.1.0", "2"), "1.2.0": made("1.2.0", "3")}


@pytest.fixture
def digests(registry: Registry, versions: dict[str, Release]) -> dict[str, str]:
    """The same versions, published."""
    return {name: registry.publish(data, actor="ada").digest for name, data in versions.items()}


@pytest.fixture
def ruled(registry, digests):  # type: ignore[no-untyped-def]
    """A registry in which ada has published, 1.0.0 answers everyone, and the rules hold."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.set_rules("tokens", RULES, actor="olga")
    return registry
