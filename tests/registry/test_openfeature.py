"""An OpenFeature client is told which version a tenant gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("openfeature", reason="openfeature-sdk is not installed: there is nobody to answer")

from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from policyengine.clock import now
from policyengine.registry import scopes
from policyengine.registry.client import LivePolicy
from policyengine.registry.openfeature import VersionProvider
from policyengine.registry.registry import Registry
from policyengine.storage.open_store import open_store


@pytest.fixture
def client(registry: Registry, digests: dict[str, str], address: str) -> Iterator[OpenFeatureClient]:
    """A client of the service, for which 1.0.0 is active for everyone and 1.1.0 for acme and a cohort."""
    registry.set_cohort("tokens", "beta", ["globex"], actor="ada")
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada")
    registry.activate("tokens@1.2.0", scopes.cohort("beta"), actor="ada")
    registry.activate("tokens@1.0.0", scopes.percent(100), actor="ada")
    with LivePolicy("tokens", lambda: open_store(address), now) as live:
        api.set_provider(VersionProvider(live))
        yield api.get_client()
        api.clear_providers()


@pytest.mark.parametrize(
    ("tenant", "version", "reason"),
    [
        ("acme", "1.1.0", Reason.TARGETING_MATCH),
        ("globex", "1.2.0", Reason.TARGETING_MATCH),
        ("initech", "1.0.0", Reason.SPLIT),
        (None, "1.0.0", Reason.STATIC),
    ],
)
def test_a_tenant_gets_its_version(client, digests, tenant, version, reason) -> None:  # type: ignore[no-untyped-def]
    """As the flag's value, with the reason and the digest beside it."""
    found = client.get_string_details("tokens", "none", EvaluationContext(targeting_key=tenant))

    assert (version, version, reason) == (found.value, found.variant, found.reason)
    assert digests[version] == found.flag_metadata["digest"]
    assert "activated for" in found.flag_metadata["because"]


def test_an_object_says_all(client, digests) -> None:  # type: ignore[no-untyped-def]
    found = client.get_object_value("tokens", {}, EvaluationContext("acme"))

    assert ("tokens", "1.1.0", digests["1.1.0"]) == (found["bundle"], found["version"], found["digest"])
    assert ("tenant acme", 6) == (found["scope"], found["event"])


def test_a_time_without_a_version_gives_the_default(client) -> None:  # type: ignore[no-untyped-def]
    """Which is no error: nothing was active then."""
    context = EvaluationContext("acme", {"at": "2001-01-01T00:00:00Z"})
    found = client.get_string_details("tokens", "none", context)

    assert ("none", Reason.DEFAULT, None) == (found.value, found.reason, found.error_code)


@pytest.mark.parametrize(
    ("flag", "at", "code"),
    [("unknown", "2026-06-01T00:00:00Z", ErrorCode.FLAG_NOT_FOUND), ("tokens", "June", ErrorCode.INVALID_CONTEXT)],
)
def test_a_wrong_question_is_told(client, flag, at, code) -> None:  # type: ignore[no-untyped-def]
    found = client.get_string_details(flag, "none", EvaluationContext("acme", {"at": at}))

    assert ("none", code) == (found.value, found.error_code)


def test_a_version_is_no_number(client) -> None:  # type: ignore[no-untyped-def]
    for ask in (client.get_boolean_details, client.get_integer_details, client.get_float_details):
        assert ErrorCode.TYPE_MISMATCH == ask("tokens", 0).error_code
