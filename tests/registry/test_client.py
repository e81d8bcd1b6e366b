"""A service that embeds a bundle of a registry decides by what is active, and goes on where the registry is away."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from registry.databases import new_database, new_schema
from registry.tampering import overwrite_blob, rewrite, taken_away

import policyengine as pe
from policyengine.clock import now
from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidArtifact, InvalidInput, StoreUnavailable, UnknownVersion
from policyengine.registry import release, scopes
from policyengine.registry.client import LivePolicy
from policyengine.registry.events import BrokenHistory, encode
from policyengine.registry.offers import objections
from policyengine.registry.registry import Registry
from policyengine.runtime.engine import Policy
from policyengine.storage.open_store import open_store
from policyengine.storage.store import Store
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


@pytest.mark.parametrize("kind", ["folder", "sqlite", "postgresql"])
def test_a_store_that_is_taken_away_is_told(kind, versions, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """In flight and at the start; decisions go on, and so does the following when it is back."""
    address = new_database() if kind == "postgresql" else f"{kind}:{tmp_path / 'registry'}"
    with Registry(open_store(address), now) as registry:
        for version in versions.values():
            registry.publish(version, actor="ada")
        registry.activate("tokens@1.0.0", actor="ada")
    with pe.connect(address, "tokens", copy=tmp_path / "copy", interval=0.05) as live:
        with taken_away(address):
            assert soon(lambda: live.status.fault != "")
            assert cost(live) == PRICE["1.0.0"]
            with pe.connect(address, "tokens", copy=tmp_path / "copy", interval=0.05) as other:
                assert cost(other) == PRICE["1.0.0"]
                assert other.status.fault != ""
            with pytest.raises(StoreUnavailable):
                pe.connect(address, "tokens")
        with Registry(open_store(address), now) as registry:
            registry.activate("tokens@1.1.0", actor="ada")
        assert soon(lambda: (cost(live), live.status.fault) == (PRICE["1.1.0"], ""))


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
        for number in range(100):
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
    nowhere = new_schema() if address.startswith("postgresql:") else f"{address}-of-another-name"
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


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf"), "1", True])
def test_an_interval_that_is_none_is_refused(registry, digests, address, interval) -> None:  # type: ignore[no-untyped-def]
    """Where the following began with it, it would end by it."""
    with pytest.raises(InvalidInput, match="interval"):
        pe.connect(address, "tokens", interval=interval)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bundle": "../tokens"}, "no name of a bundle"),
        ({"bundle": "/tokens"}, "no name of a bundle"),
        ({"offers": {"bill": "used"}}, "list of facts"),
        ({"offers": ["bill"]}, "list of facts"),
        ({"trusted": "release.key.pub"}, "list of keys"),
        ({"trusted": b"PEM"}, "list of keys"),
        ({"trusted": ["nowhere.pub"]}, "nowhere.pub: No such file"),
    ],
)
def test_a_wrong_argument_is_told(registry, digests, address, tmp_path, arguments, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInput, match=message):
        pe.connect(**{"address": address, "bundle": "tokens", "copy": tmp_path / "copy", **arguments})
    assert not (tmp_path / "copy").exists()


def test_closing_does_not_wait_for_the_interval(registry, digests, address) -> None:  # type: ignore[no-untyped-def]
    """Neither while it waits for news nor while the registry is away."""
    live = pe.connect(address, "tokens", interval=86_400)
    time.sleep(0.1)  # until it waits
    closing = threading.Thread(target=live.close, daemon=True)
    closing.start()
    closing.join(60)

    assert not closing.is_alive()
    assert not live._thread.is_alive()


def test_an_event_that_nobody_can_read_does_not_end_the_following(registry, digests, address, clock) -> None:  # type: ignore[no-untyped-def]
    """Who can write to the store could else stop all services from hearing of a rollback, in silence."""
    registry.activate("tokens@1.0.0", actor="ada")
    last = registry.history()[-1]
    with live_policy(address, clock) as live:
        body = encode(5, last.digest, Timestamp(last.recorded + 1), "eve", "activated", {"bundle": "tokens"})
        registry.store.append(5, body)
        assert soon(lambda: "event 5" in live.status.fault)

        assert cost(live) == PRICE["1.0.0"]
        assert live._thread.is_alive()


def test_a_program_that_no_compiler_has_made_does_not_end_the_following(
    registry, digests, address, clock, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    """Its digests may fit, but it cannot be made ready: the last state answers, and a rollback is heard of."""
    registry.activate("tokens@1.0.0", actor="ada")
    decider = Policy.decider

    def made_ready(self: Policy, name: str) -> object:
        if self.version.version == "1.1.0":
            raise KeyError(-1)
        return decider(self, name)

    monkeypatch.setattr(Policy, "decider", made_ready)
    with LivePolicy("tokens", lambda: open_store(address), clock, interval=0.05, offers=OFFERS) as live:
        registry.activate("tokens@1.1.0", actor="eve")
        assert soon(lambda: "no program" in live.status.fault)
        assert cost(live) == PRICE["1.0.0"]

        registry.activate("tokens@1.2.0", actor="ada")
        assert soon(lambda: cost(live) == PRICE["1.2.0"])


def test_a_clock_that_is_far_ahead_does_not_date_decisions(registry, digests, address) -> None:  # type: ignore[no-untyped-def]
    """They are made for the service's own time, and not for that of a machine whose clock is wrong."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", actor="ada", start=Timestamp.parse("2150-01-01T00:00:00Z"))
    with Registry(open_store(address), lambda: Timestamp.parse("2200-01-01T00:00:00Z")) as wrong:
        wrong.set_cohort("tokens", "beta", ["acme"], actor="bob")

    with pe.connect(address, "tokens") as live:
        assert cost(live) == PRICE["1.0.0"]


OFFERS = {"bill": ["used"]}
WANTS_MORE = """
policyengine: 1
bundle: tokens
version: 2.0.0
currency: USD
timezone: UTC
inputs:
  used: {type: int token, min: 0, max: 1_000}
  region: {enum: [us, eu]}
  note: {type: string, default: ""}
  coupon: {optional: true, fields: {off: {type: int, min: 0, max: 5}}}
decisions:
  bill: {outputs: {cost: 'region == "eu" ? 1 USD : 2 USD', note: 'note', off: 'has(coupon) ? coupon.off : 0'}}
  other: {outputs: {used: used}}
"""


@pytest.mark.parametrize(
    ("offers", "message"),
    [
        ({"bill": ["used"]}, "`bill` needs `region`, which the host does not offer"),
        ({"bill": ["region", "plan"]}, "`bill` knows no `plan`, which the host offers"),
        ({"bill": ["region", "coupon.code"]}, "`bill` knows no `coupon.code`"),
        ({"refund": ["region"]}, "it does not decide `refund`"),
        ({"bill": ["region"], "other": []}, "`other` needs `used`"),
        ({"bill": ["region", "used", "note", "coupon.off"], "other": ["used"]}, ""),
        ({"bill": ["region"]}, ""),
        ({"other": ["used", "coupon.code"]}, ""),
    ],
)
def test_what_a_host_offers_is_compared_with_what_is_asked(offers: dict[str, list[str]], message: str) -> None:
    """What would fail every decision is found before there is one; what an optional group needs is not asked for."""
    found = objections(compile_texts({"bundle.yaml": WANTS_MORE}).program, offers)

    assert message in "; ".join(found)
    assert bool(message) == bool(found)


def test_a_version_that_the_host_cannot_feed_does_not_answer(registry, digests, address, clock) -> None:  # type: ignore[no-untyped-def]
    """Nor ends the answers of the one before it, nor what is activated for others."""
    hungry = registry.publish(release.of_texts({"bundle.yaml": WANTS_MORE}, "0.1.0"), actor="ada").digest
    registry.activate("tokens@1.0.0", actor="ada")
    with pytest.raises(InvalidInput, match="needs `region`"):
        registry.activate(hungry, actor="ada", offered=OFFERS)

    with LivePolicy("tokens", lambda: open_store(address), clock, interval=0.05, offers=OFFERS) as live:
        registry.activate(hungry, actor="ada")
        registry.activate("tokens@1.2.0", scopes.tenant("acme"), actor="ada")
        assert soon(lambda: cost(live, "acme") == PRICE["1.2.0"])

        assert cost(live) == PRICE["1.0.0"]
        assert "needs `region`" in live.status.refused[hungry]
        assert hungry not in live.status.digests
        registry.activate("tokens@1.1.0", actor="ada", offered=OFFERS)
        assert soon(lambda: cost(live) == PRICE["1.1.0"])


def test_only_what_a_trusted_key_has_signed_answers(registry, versions, address, clock, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The last signed version goes on; from the copy, too. A signature that comes later is enough."""
    pytest.importorskip("cryptography", reason="cryptography is not installed: nothing can be signed")
    from policyengine.registry.signatures import Signer, new_key

    private, public = new_key()
    signers = {"1.0.0": Signer(private), "1.1.0": None, "1.2.0": Signer(new_key()[0])}
    for version, signer in signers.items():
        registry.publish(versions[version], actor="ada", signer=signer)
    copy = tmp_path / "copy"

    def opened() -> LivePolicy:
        return LivePolicy("tokens", lambda: open_store(address), clock, copy=copy, interval=0.05, trusted=[public])

    registry.activate("tokens@1.1.0", actor="ada")
    with opened() as live, pytest.raises(UnknownVersion, match="refused: it is not signed"):
        cost(live)
    registry.activate("tokens@1.0.0", actor="ada")
    with opened() as live:
        assert cost(live) == PRICE["1.0.0"]
        registry.activate("tokens@1.2.0", actor="eve")
        registry.activate("tokens@1.1.0", actor="eve")
        assert soon(lambda: len(live.status.refused) == 2)

        assert cost(live) == PRICE["1.0.0"]
        reasons = [live.status.refused[registry.find(f"tokens@{name}").digest] for name in ("1.1.0", "1.2.0")]
        assert reasons == ["it is not signed", "it is not signed by a trusted key"]
    with LivePolicy("tokens", away, clock, copy=copy, interval=5, trusted=[public]) as live:
        assert cost(live) == PRICE["1.0.0"]
        assert "away" in live.status.fault
    registry.publish(versions["1.1.0"], actor="ada", signer=Signer(private))
    with opened() as live:
        assert cost(live) == PRICE["1.1.0"]


def away() -> Store:
    raise StoreUnavailable("the registry is away")


def test_the_age_of_a_copy_is_told(registry, digests, address, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """It is that of the last look at the registry, and not of the start."""
    registry.activate("tokens@1.0.0", actor="ada")
    time_is = [registry.history()[-1].recorded + 1]

    def told() -> Timestamp:
        return Timestamp(time_is[0])

    with LivePolicy("tokens", lambda: open_store(address), told, copy=tmp_path, interval=0.05) as live:
        assert live.status.age_seconds == 0
    time_is[0] += 3_600 * 10**9

    with LivePolicy("tokens", away, told, copy=tmp_path, interval=5) as live:
        assert cost(live) == PRICE["1.0.0"]
        assert live.status.age_seconds == 3_600
        assert live.status.fault == "the registry is away"


def test_a_damaged_version_does_not_begin_to_answer(registry, digests, address, clock, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The last state goes on until it is repaired or taken back; then only the decisions that need it fail."""
    registry.activate("tokens@1.0.0", actor="ada")
    damaged = digests["1.1.0"]
    whole = registry.store.blob(damaged)
    overwrite_blob(address, damaged, whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:])
    with live_policy(address, clock, tmp_path) as live:
        during = registry.activate(damaged, actor="ada")
        assert soon(lambda: live.status.fault != "")
        assert cost(live) == PRICE["1.0.0"]

        registry.rollback("tokens", actor="ada")
        assert soon(lambda: live.status.fault == "")
        assert cost(live) == PRICE["1.0.0"]
        assert damaged in live.status.refused
        with pytest.raises(InvalidArtifact):
            cost(live, at=during.recorded)

        overwrite_blob(address, damaged, whole)
        assert soon(lambda: not live.status.refused)
        assert cost(live, at=during.recorded) == PRICE["1.1.0"]

    overwrite_blob(address, damaged, None)  # by now it is in the copy
    with live_policy(address, clock, tmp_path) as live:
        assert cost(live, at=during.recorded) == PRICE["1.1.0"]


@pytest.mark.parametrize("part", ["events", "blobs", "head"])
def test_a_flipped_bit_of_a_copy_is_found(part, registry, digests, address, clock, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """It does not answer, nor does it end the answers where the registry is whole."""
    registry.activate("tokens@1.0.0", actor="ada")
    with live_policy(address, clock, tmp_path):
        pass
    place = tmp_path / "tokens" / part
    file = max(place.iterdir()) if place.is_dir() else place
    whole = file.read_bytes()
    file.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])

    with pytest.raises((BrokenHistory, InvalidArtifact)):
        LivePolicy("tokens", away, clock, copy=tmp_path, interval=5)
    with live_policy(address, clock, tmp_path) as live:
        assert cost(live) == PRICE["1.0.0"]
        assert ("is damaged, remove it: event 4" in live.status.fault) == (part != "blobs")
    assert (file.read_bytes() == whole) == (part == "blobs")


def test_another_registry_in_the_place_of_the_first_is_told(registry, digests, address, clock, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A history that was made anew, or cut off, is not followed; neither by who runs nor by who starts."""
    for name in digests:
        registry.activate(digests[name], actor="ada")
    events = registry.store.events()
    with live_policy(address, clock, tmp_path) as live:
        rewrite(address, dict(enumerate(events[:5], start=1)))
        with pytest.raises(BrokenHistory, match="ends here"):
            live.refresh()
        forged = {number: body.replace(b'"ada"', b'"eve"') for number, body in enumerate(events, start=1)}
        rewrite(address, forged)
        with pytest.raises(BrokenHistory, match="event 6"):
            live.refresh()
        assert cost(live) == PRICE["1.2.0"]

    with live_policy(address, clock, tmp_path) as live:
        assert cost(live) == PRICE["1.2.0"]
        assert "event" in live.status.fault


def test_why_a_version_answers_is_told(registry, digests, address, clock) -> None:  # type: ignore[no-untyped-def]
    """The event, the scope, and what it goes before."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", scopes.percent(100), actor="bob")
    registry.set_cohort("tokens", "beta", ["acme"], actor="ada")
    registry.activate("tokens@1.2.0", scopes.cohort("beta"), actor="cyd", reason="trial")

    with live_policy(address, clock) as live:
        policy, due = live.policy_for("acme")
        assert policy.version.version == "1.2.0"
        assert (due.activation.event.number, due.activation.event.actor, str(due.activation.scope)) == (
            7,
            "cyd",
            "cohort beta",
        )
        assert [a.event.number for a in due.overruled] == [5, 4]
        assert due.because.startswith("activated for cohort beta from ")
        assert due.because.endswith("(event 7, cyd); it goes before 100 % (event 5) and everyone (event 4)")

        earlier = live.policy_for("acme", known_at=Timestamp(due.activation.event.recorded - 1))[1]
        assert earlier.because.endswith("(event 5, bob); it goes before everyone (event 4)")
        assert live.policy_for("globex")[1].activation.event.number == 5
        assert live.policy_for(None)[1].overruled == ()


def test_why_a_decision_was_made_by_its_version_is_told_later(registry, digests, address, clock) -> None:  # type: ignore[no-untyped-def]
    """By what was known when it was made, though other versions are due by now."""
    start = Timestamp.parse("2026-01-01T00:00:00Z")
    first = registry.activate("tokens@1.0.0", actor="ada", start=start, reason="from the beginning")
    with live_policy(address, clock) as live:
        made = live.decide("bill", {"used": 10}, tenant="acme", at="2026-03-01T00:00:00Z")
        registry.activate("tokens@1.1.0", actor="ada", start=start, reason="the price was wrong")
        live.refresh()

        assert live.policy_for("acme", Timestamp(made.at))[0].version.version == "1.1.0"
        assert live.why(made).activation.event == first
        stranger = pe.Policy(compile_texts({"bundle.yaml": WANTS_MORE}).program)
        with pytest.raises(UnknownVersion, match="never active"):
            live.why(stranger.decide("other", {"used": 1}, at="2026-03-01T00:00:00Z"))


def test_a_decision_without_a_time_is_made_for_now(registry, digests, address, clock) -> None:  # type: ignore[no-untyped-def]
    """By the instant that picked the version, which its record keeps."""
    event = registry.activate("tokens@1.0.0", actor="ada")
    with live_policy(address, clock) as live:
        made = live.decide("bill", {"used": 10})

    assert made.at is not None
    assert made.at >= event.recorded


def test_processes_of_one_service_may_share_a_copy(registry, digests, address, clock, tmp_path) -> None:  # type: ignore[no-untyped-def]
    registry.activate("tokens@1.0.0", actor="ada")
    with live_policy(address, clock, tmp_path) as one, live_policy(address, clock, tmp_path) as other:
        for number in range(20):
            registry.activate(f"tokens@1.{number % 3}.0", actor="ada")
            one.refresh()
            other.refresh()
        assert soon(lambda: (one.status.fault, other.status.fault) == ("", ""))

    with LivePolicy("tokens", away, clock, copy=tmp_path, interval=5) as live:
        assert live.status.event == len(registry.history())
        assert cost(live) == PRICE["1.1.0"]


def test_a_full_disk_does_not_end_the_following(registry, digests, address, clock, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The copy falls behind, which is told, and is brought up when there is room again."""
    registry.activate("tokens@1.0.0", actor="ada")
    with live_policy(address, clock, tmp_path) as live:
        assert live._copy is not None
        whole = live._copy.store.keep

        def full(blobs: object) -> None:
            raise StoreUnavailable("No space left on device")

        monkeypatch.setattr(live._copy.store, "keep", full)
        registry.activate("tokens@1.1.0", actor="ada")
        assert soon(lambda: "No space left" in live.status.fault)
        assert cost(live) == PRICE["1.1.0"]
        monkeypatch.setattr(live._copy.store, "keep", whole)
        assert soon(lambda: live.status.fault == "")

    with LivePolicy("tokens", away, clock, copy=tmp_path, interval=5) as live:
        assert cost(live) == PRICE["1.1.0"]


def test_a_copy_that_cannot_be_made_does_not_keep_a_service_from_starting(
    registry, digests, address, clock, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    """It follows the registry, and says that there is no copy; without the registry either it has nothing."""
    registry.activate("tokens@1.0.0", actor="ada")
    (tmp_path / "file").write_bytes(b"no folder")
    with pytest.warns(RuntimeWarning, match="`tokens` is followed without a copy: .*Not a directory"):
        live = live_policy(address, clock, tmp_path / "file")
    with live:
        assert cost(live) == PRICE["1.0.0"]
        assert "the copy cannot be used" in live.status.fault
        registry.activate("tokens@1.1.0", actor="ada")
        assert soon(lambda: cost(live) == PRICE["1.1.0"])
        assert "the copy cannot be used" in live.status.fault

    with pytest.warns(RuntimeWarning), pytest.raises(StoreUnavailable):
        LivePolicy("tokens", away, clock, copy=tmp_path / "file", interval=5)


def test_following_a_registry_needs_no_third_party_module(registry, digests, address, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A service over a folder or SQLite pays neither for the compiler nor for databases and signatures."""
    if address.startswith("postgresql:"):
        pytest.skip("PostgreSQL has its own package")
    registry.activate("tokens@1.0.0", actor="ada")
    code = (
        "import sys, policyengine as pe\n"
        f"with pe.connect({address!r}, 'tokens', offers={OFFERS!r}) as live:\n"
        "    print(live.decide('bill', {'used': 10}).outputs)\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(names & {'yaml', 'jsonschema', 'pydantic', 'networkx', 'click', 'psycopg', 'cryptography'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["{'cost': Decimal('10')}", "[]"]
