"""Which version is due, against the rules of docs/releasing.md written down once more, over random histories.

The second reading looks at every event for each question, and shares no code with the registry but for its events.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registry.conftest import Clock, made

from policyengine.errors import InvalidInput, UnknownVersion
from policyengine.registry import scopes
from policyengine.registry.client import LivePolicy
from policyengine.registry.guardrails import Guardrails
from policyengine.registry.registry import Registry
from policyengine.storage.folder import FolderStore
from policyengine.storage.sqlite import SqliteStore
from policyengine.values.instant import Timestamp

BEGIN = Timestamp.parse("2026-06-01T00:00:00Z")
HOUR = 3_600 * 10**9
LIMITS = Guardrails.read({"max_errors": "1%"})
RELEASES = [made(f"1.{number}.0", str(number + 1)) for number in range(3)]
TENANTS = ("acme", "globex", "tenant-7", "Zoë & Søn", "a%b", "percent 5", None)
NARROWEST = ("tenant", "cohort", "percent", "all")

a_scope = st.one_of(
    st.just(scopes.ALL),
    st.sampled_from(("0.01", "5", "50.5", "100")).map(scopes.percent),
    st.sampled_from(("beta", "gamma")).map(scopes.cohort),
    st.sampled_from([name for name in TENANTS if name is not None]).map(scopes.tenant),
)
an_hour = st.integers(-20, 20)
an_activation = st.tuples(st.just("activate"), a_scope, st.integers(0, 2), st.one_of(st.none(), an_hour))
a_canary = st.tuples(st.just("canary"), a_scope.filter(lambda scope: scope != scopes.ALL), st.integers(0, 2), st.none())
a_rollback = st.tuples(st.just("rollback"), a_scope, st.one_of(st.none(), st.integers(0, 2)), st.none())
a_cohort = st.tuples(
    st.just("cohort"), st.sampled_from(("beta", "gamma")), st.sets(st.sampled_from(TENANTS[:-1])), st.none()
)
a_step = st.tuples(st.integers(-3, 5), st.one_of(an_activation, an_activation, a_canary, a_rollback, a_cohort))
a_question = st.tuples(st.sampled_from(TENANTS), an_hour, st.one_of(st.none(), st.integers(0, 40)))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(a_step, max_size=14), questions=st.lists(a_question, min_size=5, max_size=15))
def test_the_version_that_is_due_is_the_one_that_the_rules_give(steps, questions, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    """By a registry that was opened before, one that is opened now and a service; whatever the clock has done."""
    path: Path = tmp_path_factory.mktemp("r") / "registry.db"
    clock = Clock()
    with Registry(SqliteStore(path), clock) as registry:
        digests = [registry.publish(each, actor="ada").digest for each in RELEASES]
        for hours, (kind, *arguments) in steps:
            clock.time = Timestamp(clock.time + hours * HOUR)
            done(path, registry, clock, kind, arguments, digests)
        events = [json.loads(body) for body in registry.store.events()]
        assert registry.verify() == len(events)

        with (
            Registry(SqliteStore(path), clock) as fresh,
            LivePolicy("tokens", lambda: SqliteStore(path), clock, interval=3_600) as live,
        ):
            for tenant, hour, number in questions:
                at = Timestamp(BEGIN + hour * HOUR)
                known_at = None if number is None else instant(events[min(number, len(events)) - 1]["recorded"])
                expected = due(events, tenant, at, known_at)
                assert expected == answer(registry.due, "tokens", tenant, at, known_at)
                assert expected == answer(fresh.due, "tokens", tenant, at, known_at)
                assert expected == answer(lambda *asked: live.policy_for(*asked)[1], tenant, at, known_at)


def done(path: Path, registry: Registry, clock: Clock, kind: str, arguments: list[Any], digests: list[str]) -> None:
    """One step; a registry that is opened for it would write the same."""
    target, what, hour = arguments
    if kind == "cohort":
        registry.set_cohort("tokens", target, sorted(what), actor="ada")
    elif kind in ("activate", "canary"):
        start = None if hour is None else Timestamp(BEGIN + hour * HOUR)
        limits = LIMITS if kind == "canary" else None
        registry.activate(digests[what], target, actor="ada", start=start, reason="because", guardrails=limits)
    else:
        to = None if what is None else digests[what]
        written = rollback_of(registry, target, to)
        if written is not None:
            assert written == rollback_of(copied(path, registry, clock, written), target, to)


def rollback_of(registry: Registry, scope: scopes.Scope, to: str | None) -> dict[str, Any] | None:
    try:
        return dict(registry.rollback("tokens", scope, actor="ada", to=to).data)
    except UnknownVersion:
        return None


def copied(path: Path, registry: Registry, clock: Clock, written: dict[str, Any]) -> Registry:
    """The registry before its last event, opened anew; at the time at which that was written."""
    *before, last = registry.store.events()
    store = FolderStore(path.with_name(f"before-{json.loads(last)['number']}"))
    for number, body in enumerate(before, start=1):
        store.append(number, body)
    return Registry(store, clock)


def answer(ask: Any, *asked: Any) -> str | None:
    try:
        found: str = ask(*asked).artifact
    except UnknownVersion:
        return None
    return found


def instant(text: str) -> Timestamp:
    return Timestamp.parse(text)


def due(events: list[dict[str, Any]], tenant: str | None, at: int, known_at: int | None) -> str | None:
    """The digest that the rules give, or None."""
    known = [event for event in events if known_at is None or instant(event["recorded"]) <= known_at]
    withdrawn = {number for event in known for number in event["data"].get("withdraws", [])}
    cohorts = {event["data"]["name"]: event["data"]["tenants"] for event in known if event["kind"] == "cohort"}
    latest: dict[tuple[str, str], tuple[tuple[int, int], str | None, bool]] = {}
    for event in known:
        said = event["data"]
        if event["kind"] not in ("activated", "rolled_back") or event["number"] in withdrawn:
            continue
        scope = (said["scope"]["kind"], said["scope"]["name"])
        begins = (instant(said["from"]), event["number"])
        if begins[0] <= at and holds(scope, tenant, cohorts):
            is_step = scope[0] == "percent" or "guardrails" in said
            found = (begins, said["artifact"], is_step)
            latest[scope] = max(latest.get(scope, found), found)
    everyone = latest.get(("all", ""))
    left = [
        (NARROWEST.index(kind), -begins[0], -begins[1], artifact)
        for (kind, _), (begins, artifact, is_step) in latest.items()
        if artifact is not None and not (is_step and everyone is not None and begins < everyone[0])
    ]
    return min(left)[-1] if left else None


def holds(scope: tuple[str, str], tenant: str | None, cohorts: dict[str, list[str]]) -> bool:
    kind, name = scope
    if kind == "all" or tenant is None:
        return kind == "all"
    step = int.from_bytes(hashlib.sha256(b"tokens\0" + tenant.encode()).digest()[:8], "big") % 10_000
    return {
        "tenant": tenant == name,
        "cohort": tenant in cohorts.get(name, []),
        "percent": kind == "percent" and step < Fraction(name) * 100,
    }[kind]


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 2), st.none()), max_size=20))
def test_taking_back_is_the_inverse_of_activating(tmp_path_factory, steps) -> None:  # type: ignore[no-untyped-def]
    """Where nothing is back-dated: a number activates that version, None takes back."""
    with Registry(FolderStore(tmp_path_factory.mktemp("r")), Clock()) as registry:
        digests = [registry.publish(each, actor="ada").digest for each in RELEASES]
        stack: list[str] = []
        for step in steps:
            if step is not None:
                registry.activate(digests[step], actor="ada")
                stack += [digests[step]] if stack[-1:] != [digests[step]] else []
            elif len(stack) > 1:
                assert stack[-2] == registry.rollback("tokens", actor="ada").data["artifact"]
                stack.pop()

        assert (stack[-1] if stack else None) == answer(registry.due, "tokens")


def test_after_going_to_a_version_that_never_answered_one_can_still_go_back(tmp_path: Path) -> None:
    """To what answered before the version that was taken back."""
    with Registry(FolderStore(tmp_path), Clock()) as registry:
        digests = [registry.publish(each, actor="ada").digest for each in RELEASES]
        registry.activate(digests[0], actor="ada")
        registry.activate(digests[1], actor="ada")
        registry.rollback("tokens", actor="ada", to=digests[2])

        assert digests[0] == registry.rollback("tokens", actor="ada").data["artifact"]


def test_a_share_of_everyone_is_everyone_and_the_smallest_one_is_small() -> None:
    """100 % leaves nobody out, and 0.01 % is one of the ten thousand steps."""
    tenants = [f"tenant-{number}" for number in range(20_000)]

    assert all(scopes.percent("100").holds("tokens", tenant, {}) for tenant in tenants)
    held = {tenant for tenant in tenants if scopes.percent("0.01").holds("tokens", tenant, {})}
    assert {tenant for tenant in tenants if scopes.step_of("tokens", tenant) == 0} == held != set()


@pytest.mark.parametrize("name", ["", "a\nb", "\x1b[2J", "\u202eacme", "\ud800", 5, None])
@pytest.mark.parametrize("make", [scopes.tenant, scopes.cohort])
def test_a_name_that_lists_cannot_show_is_refused(make: Any, name: Any) -> None:
    """And the message can be shown."""
    with pytest.raises(InvalidInput) as refused:
        make(name)
    assert str(refused.value).isprintable()
