"""The policy that a service embeds: the active versions of one bundle, kept up to date while it decides.

A snapshot holds everything that a decision needs; a refresh makes a new one and swaps it in by one assignment, so a
decision sees one registry or the next, never half of each. What was read is copied to a folder of the service's own:
where the registry is away, at the start or later, the last good state answers, and `age` tells how old it is.

A version that the service does not accept (it is not signed by a trusted key, or asks for facts that the service does
not offer) is refused: its activations are as if they had not been made, so the last accepted version goes on. An
artifact that is damaged ends a refresh, so the last state goes on; but one that only past times ask for fails only the
decisions that need it, since a damaged version could else never be taken back.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from policyengine.errors import InvalidArtifact, InvalidInput, PolicyEngineError, StoreUnavailable, UnknownVersion
from policyengine.registry import offers
from policyengine.registry.events import BrokenHistory, Event, digest, present, verified
from policyengine.registry.offers import Offers, checked
from policyengine.registry.shadow import Pick, Report, State, Watch, shadow_of
from policyengine.registry.timeline import Due, Timeline
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.artifacts import artifact
from policyengine.runtime.engine import Policy
from policyengine.runtime.given.leaf_readers import instant
from policyengine.runtime.given.refusals import Refused
from policyengine.storage import whole_file
from policyengine.storage.folder import FolderStore
from policyengine.storage.store import Conflict, Head, Store, head_of
from policyengine.values.instant import Timestamp
from policyengine.values.invalid import InvalidValue

if TYPE_CHECKING:
    from policyengine.registry.signatures import Trust

TENANTS_KEPT_MAX = 100_000
"""For how many tenants a snapshot remembers which version is due to them."""
INTERVAL_SECONDS_MAX = 86_400
_NO_PROGRAM = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a program raises when it is made ready that only who can write to the store can have put there."""
_BUNDLE = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
"""As the schema has it; a copy is kept in a folder of this name."""
STAMP_NANOSECONDS = 60 * 10**9
"""How often the copy is told that it is still up to date."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a client runs: the number of the last event, when it was read, and why a later one could not be.

    `refused` says, by digest, why a version does not answer here: nobody trusted has signed it, or it needs facts that
    are not offered; a version that only past decisions need may also be damaged.
    """

    event: int
    read: Timestamp
    age_seconds: float
    digests: tuple[str, ...]
    fault: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)


class _Refused(Exception):
    """A version that this service does not accept."""


@dataclass(slots=True)
class _Snapshot:
    """The registry as it was when it was read; nothing is changed in it but what it remembers."""

    events: list[Event]
    timeline: Timeline
    policies: dict[str, Policy]
    read: Timestamp
    settled: Timestamp | None
    """From when on nothing changes any more: the last start of an activation."""
    published: dict[str, list[Event]] = field(default_factory=dict)
    """What was said of each artifact: that it is published, and who has signed it."""
    refused: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    latest: dict[str | None, Due] = field(default_factory=dict)

    def due(self, tenant: str | None, at: Timestamp) -> Due | None:
        if self.settled is None or at < self.settled:
            return self.timeline.due(tenant, at)
        found = self.latest.get(tenant)
        if found is None:
            found = self.timeline.due(tenant, at)
            if found is not None and len(self.latest) < TENANTS_KEPT_MAX:
                self.latest[tenant] = found
        return found


class LivePolicy:
    """One bundle of a registry, ready to decide. Safe to share between threads; `close` ends its refreshing."""

    def __init__(
        self,
        bundle: str,
        opened: Callable[[], Store],
        clock: Callable[[], Timestamp],
        *,
        copy: Path | None = None,
        interval: float = 1.0,
        offers: Offers | None = None,
        trusted: Iterable[bytes] | None = None,
        actor: str | None = None,
        keep_inputs: bool = False,
    ) -> None:
        """`opened` opens the registry's store; the rest is that of `policyengine.connect`.

        Raises what `policyengine.connect` raises.
        """
        if type(bundle) is not str or not _BUNDLE.fullmatch(bundle):
            raise InvalidInput(f"{bundle!r} is no name of a bundle", "bundle")
        if type(interval) not in (int, float) or not 0 < interval <= INTERVAL_SECONDS_MAX:
            raise InvalidInput(f"is a number of seconds, more than 0 and at most {INTERVAL_SECONDS_MAX:,}", "interval")
        self.bundle = bundle
        self._opened, self._clock, self._interval = opened, clock, interval
        self._offers, self._trust = checked(offers or {}), None if trusted is None else _trust(trusted)
        self._store: Store | None = None
        self._fault = ""
        self._refreshing = threading.Lock()
        self._ended = threading.Event()
        self._snapshot = _Snapshot([], Timeline(bundle), {}, clock(), None)
        self._copy, self._copyless = (None, "") if copy is None else _opened_copy(copy / bundle)
        if self._copyless:
            warnings.warn(f"`{bundle}` is followed without a copy: {self._copyless}", RuntimeWarning, stacklevel=3)
        self._pick: Pick | None = None
        self._watch = Watch(bundle, opened, clock, self.refresh, actor=actor, keep_inputs=keep_inputs)
        self._start()
        self._thread = threading.Thread(target=self._keep_up, name=f"policyengine {bundle}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the refreshing; what was read last keeps answering."""
        self._ended.set()
        if (store := self._store) is not None:
            store.interrupt()
        self._thread.join()
        self._watch.close()
        self._let_go()
        if self._copy is not None:
            self._copy.stamp(self._snapshot.read)

    # ----------------------------------------------------------------------------------------------------- deciding

    def decide(
        self,
        name: str,
        input: object,
        *,
        tenant: str | None = None,
        at: Any = None,
        event: str | None = None,
        purpose: str | None = None,
    ) -> Decision:
        """Answer an entry point by the version that is due to the tenant at `at` (now); see `Policy.decide`.

        Without `at` the decision is made for the present instant, by which the version was picked. Raises what
        `Policy.decide` raises, and UnknownVersion where no version is active.
        """
        instant = self._now(self._snapshot) if at is None else at
        policy, due = self.policy_for(tenant, instant)
        pick = self._pick
        picked = 0 if pick is None else pick()
        try:
            decision = policy.decide(name, input, tenant=tenant, at=instant, event=event, purpose=purpose)
        except PolicyEngineError as fault:
            if picked:
                self._watch.offer_failed(picked, due, fault, name, input, tenant, instant)
            raise
        if picked:
            self._watch.offer(picked, due, decision, name, input, tenant, instant)
        return decision

    def policy_for(self, tenant: str | None = None, at: Any = None, known_at: Any = None) -> tuple[Policy, Due]:
        """The version that is due to a tenant at an instant (now), and why; as it was known at another one (now).

        Raises UnknownVersion where none is active, InvalidArtifact where it is and its artifact is damaged.
        """
        snapshot = self._snapshot
        instant = self._now(snapshot) if at is None else _instant(at)
        who = tenant if type(tenant) is str else None
        if known_at is None:
            found = snapshot.due(who, instant)
        else:
            found = snapshot.timeline.due(who, instant, _instant(known_at, "known_at"))
        if found is None:
            raise UnknownVersion(
                f"no version of `{self.bundle}` is active for {_named(who)} at {instant}"
                + "".join(f"; {digest} is refused: {why}" for digest, why in snapshot.refused.items())
            )
        if found.artifact not in snapshot.policies:
            raise InvalidArtifact(f"{found.artifact} cannot be read: {snapshot.damaged[found.artifact]}")
        return snapshot.policies[found.artifact], found

    def why(self, decision: Decision) -> Due:
        """Why a decision was made by the version that made it: the last state of the registry in which it was due.

        Raises UnknownVersion where it was at no time.
        """
        snapshot, version = self._snapshot, decision.policy
        instant = self._now(snapshot) if decision.at is None else Timestamp(decision.at)
        for event in reversed(snapshot.events):
            found = snapshot.timeline.due(decision.tenant, instant, event.recorded)
            policy = None if found is None else snapshot.policies.get(found.artifact)
            if found is not None and policy is not None and policy.version == version:
                return found
        raise UnknownVersion(f"{version} was never active for {_named(decision.tenant)} at {instant}")

    @property
    def shadow(self) -> Report | None:
        """What the shadowed version would have answered otherwise, as far as this client knows; None without one."""
        return self._watch.shadow()

    @property
    def canaries(self) -> tuple[Report, ...]:
        """What the canaries that this client guards answer otherwise than the versions before them."""
        return self._watch.canaries()

    @property
    def status(self) -> Status:
        """What is run, and how old it is."""
        snapshot = self._snapshot
        now = self._now(snapshot)
        current = {a.artifact for a in snapshot.timeline.answering(now) if a.artifact is not None}
        age = (self._clock() - snapshot.read) / 10**9
        refused = {**snapshot.refused, **snapshot.damaged}
        return Status(len(snapshot.events), snapshot.read, age, tuple(sorted(current)), self._fault, refused)

    def _now(self, snapshot: _Snapshot) -> Timestamp:
        return present(self._clock(), snapshot.events[-1] if snapshot.events else None)

    # ----------------------------------------------------------------------------------------------------- refreshing

    def refresh(self) -> None:
        """Read what is new, now. Raises StoreUnavailable, BrokenHistory or InvalidArtifact; the last state stays."""
        with self._refreshing:
            if self._store is None:
                self._store = self._opened()
                if self._ended.is_set():  # `close` may have looked for it before
                    self._store.interrupt()
            blobs: dict[str, bytes] = {}
            self._read(self._store, blobs)
            self._fault = self._copyless if self._copy is None else self._copy.bring_up(self._store, blobs)
            self._stamp()

    def _start(self) -> None:
        try:
            self.refresh()
        except PolicyEngineError as fault:
            self._fault = str(fault)
            self._let_go()
            if self._copy is None or not self._copy.count:
                raise
            self._read(self._copy.store, {})
            self._snapshot.read = self._copy.stamped() or self._snapshot.events[-1].recorded

    def _keep_up(self) -> None:
        try:
            while not self._ended.is_set():
                try:
                    store = self._store
                    if store is None or self._waited(store):
                        self.refresh()
                except PolicyEngineError as fault:
                    self._fault = str(fault)
                    self._let_go()
                    self._ended.wait(self._interval)
        finally:
            if not self._ended.is_set():
                self._fault = "the following has ended by a fault of the engine, which stands in the log"

    def _let_go(self) -> None:
        """Close the store, if it can still be: it is opened anew by the next refresh."""
        store, self._store = self._store, None
        if store is not None:
            with contextlib.suppress(StoreUnavailable):
                store.close()

    def _waited(self, store: Store) -> bool:
        """Wait a while for a new event; whether there is one, or something to be tried again."""
        has_more = store.wait(len(self._snapshot.events), self._interval)
        if not has_more:
            self._snapshot.read = self._clock()
            self._stamp()
        is_behind = self._copy is not None and self._copy.is_behind
        return (has_more or is_behind or bool(self._snapshot.damaged)) and not self._ended.is_set()

    def _stamp(self) -> None:
        if self._copy is not None and self._snapshot.read > self._copy.last_stamp + STAMP_NANOSECONDS:
            self._copy.stamp(self._snapshot.read)

    def _read(self, store: Store, blobs: dict[str, bytes]) -> None:
        """Make the next snapshot from a store; the artifacts that were read for it are put into `blobs`."""
        old = self._snapshot
        new = self._new_events(store, old.events)
        timeline, published = old.timeline.copy(), {**old.published}
        for event in new:
            if event.data["bundle"] == self.bundle:
                timeline.add(event)
                if event.kind in ("published", "signed"):
                    name = event.data["artifact"]
                    published[name] = [*published.get(name, []), event]
        settled = max((a.start for a in timeline.known()), default=None)
        made = _Snapshot([*old.events, *new], timeline, {}, self._clock(), settled, published)
        shadow = shadow_of(event for event in made.events if event.data["bundle"] == self.bundle)
        wanted = [a.artifact for a in timeline.all()] + ([] if shadow is None else [shadow.artifact])
        for name in dict.fromkeys(each for each in wanted if each is not None):
            try:
                made.policies[name] = old.policies.get(name) or self._policy(
                    store, name, published.get(name, []), blobs
                )
            except _Refused as why:
                made.refused[name] = str(why)
            except InvalidArtifact as fault:
                if name in self._needed(made):
                    raise
                made.damaged[name] = str(fault)
        timeline.refused = frozenset(made.refused)
        self._snapshot = made
        self._pick = self._watch.follow(
            State(timeline, made.policies, {**made.refused, **made.damaged}, self._now(made)), shadow
        )

    def _needed(self, snapshot: _Snapshot) -> set[str | None]:
        """The artifacts that answer now, or will."""
        now, timeline = self._now(snapshot), snapshot.timeline
        later = [a for a in timeline.known() if a.start > now]
        return {a.artifact for a in (*timeline.answering(now), *later)}

    def _new_events(self, store: Store, known: list[Event]) -> list[Event]:
        """The events after those that are known, if the store still holds what was read from it, or copied, before."""
        last = known[-1] if known else None
        head = store.head()
        written = store.events(len(known) - 1) if known else store.events()
        if last is not None:
            if not written:
                raise BrokenHistory(last.number, "the history ends here, though it has been read")
            if digest(written[0]) != last.digest:
                raise BrokenHistory(last.number, "it is not the event that was read before")
            del written[0]
        found = verified(written, last, head)
        if not known and self._copy is not None and self._copy.head is not None:
            verified(written, None, self._copy.head)
        return found

    def _policy(self, store: Store, digest: str, published: list[Event], blobs: dict[str, bytes]) -> Policy:
        """The policy of an artifact. Raises _Refused, InvalidArtifact."""
        if not published:
            raise _Refused("it was activated without having been published")
        if self._trust is not None:
            self._trust_or_refuse(self._trust, digest, published)
        found = self._artifact(store, digest, blobs)
        if found.program.bundle != self.bundle:
            raise _Refused(f"it is a version of `{found.program.bundle}`")
        if wrong := offers.objections(found.program, self._offers):
            raise _Refused("; ".join(wrong))
        policy = Policy(found.program, found.program_digest)
        try:
            for name in self._offers:
                policy.decider(name)  # made ready here, so that no decision has to wait for it
        except _NO_PROGRAM as fault:  # the digests fit, but no compiler has made it
            raise InvalidArtifact(f"{digest} holds no program that can be run: {fault!r}") from None
        return policy

    def _trust_or_refuse(self, trust: Trust, digest: str, published: list[Event]) -> None:
        version = published[0].data["version"] if published[0].kind == "published" else ""
        envelopes = [event.data["signature"] for event in published if event.data.get("signature")]
        if fault := trust.objection(self.bundle, version, digest, envelopes):
            raise _Refused(fault)

    def _artifact(self, store: Store, digest: str, blobs: dict[str, bytes]) -> artifact.Artifact:
        """An artifact from the registry or, where it is damaged there, from the copy."""
        fault = InvalidArtifact(f"the registry holds no artifact {digest}")
        for source in (store, self._copy.store) if self._copy is not None else (store,):
            data = source.blob(digest)
            if data is not None:
                try:
                    found = artifact.read(data, digest)
                except InvalidArtifact as damage:
                    fault = damage
                    continue
                blobs[digest] = data
                return found
        raise fault


class _Copy:
    """The folder of a service's own in which the last good state is kept. Processes of one service may share it."""

    def __init__(self, folder: Path) -> None:
        self.store = FolderStore(folder)
        self._stamp = folder / "read"
        self.last_stamp = Timestamp(0)
        self.is_behind = False
        self._pending: dict[str, bytes] = {}
        head, damage = self._own_head()  # before the events: another process may be adding some
        events = self.store.events()
        self.count = len(events)
        self.head: Head | None = head_of(self.count, events[-1]) if events else None
        self._damage = ""
        try:
            if damage is not None:
                raise damage
            verified(events, head=head)
        except (BrokenHistory, StoreUnavailable) as fault:  # so it says nothing about the registry
            self._damage, self.head = f"the copy {folder} is damaged, remove it: {fault}", None

    def _own_head(self) -> tuple[Head | None, StoreUnavailable | None]:
        try:
            return self.store.head(), None
        except StoreUnavailable as damage:
            return None, damage

    def bring_up(self, registry: Store, blobs: Mapping[str, bytes]) -> str:
        """Copy what is new; why it could not be, or nothing: the registry has been read all the same."""
        if self._damage:
            return self._damage
        self._pending |= blobs
        self.is_behind = True
        try:
            self.store.keep(self._pending)
            self._pending = {}
            for body in registry.events(self.count):
                try:
                    self.store.append(self.count + 1, body)
                except Conflict:  # another process of this service was first, or somebody has changed the copy
                    if self.store.events(self.count)[:1] != [body]:
                        return f"the copy {self.store.name} holds another history"
                self.count += 1
        except StoreUnavailable as fault:
            return f"the copy could not be written: {fault}"
        self.is_behind = False
        return ""

    def stamp(self, read: Timestamp) -> None:
        """Note that the copy was up to date at an instant; it is a help, so that it may fail."""
        with contextlib.suppress(OSError):
            whole_file.write(self._stamp, str(read).encode("ascii"), mode=whole_file.PRIVATE)
            self.last_stamp = read

    def stamped(self) -> Timestamp | None:
        """When the copy was last known to be up to date."""
        try:
            return Timestamp.parse(self._stamp.read_text("ascii"))
        except (OSError, ValueError, InvalidValue):
            return None


def _opened_copy(folder: Path) -> tuple[_Copy | None, str]:
    """The copy in a folder or, where it cannot be used, why: a service starts without it if the registry is there."""
    try:
        return _Copy(folder), ""
    except StoreUnavailable as fault:
        return None, f"the copy cannot be used: {fault}"


def keys_of(trusted: Iterable[str | Path | bytes]) -> list[bytes]:
    """Public keys as PEM, of which some may be files; raises InvalidInput."""
    if isinstance(trusted, str | bytes | os.PathLike):
        raise InvalidInput("is a list of keys, not one", "trusted", "write it as [key]")
    return [_key(each) for each in trusted]


def _key(key: str | Path | bytes) -> bytes:
    if isinstance(key, bytes):
        return key
    if isinstance(key, str) and "-----BEGIN" in key:
        return key.encode()
    try:
        return Path(key).read_bytes()
    except OSError as fault:
        raise InvalidInput(f"{key}: {fault.strerror}", "trusted") from None


def _trust(keys: Iterable[bytes]) -> Trust:
    from policyengine.registry.signatures import Trust  # its package is an extra

    return Trust(keys)


def _named(tenant: str | None) -> str:
    return "nobody in particular" if tenant is None else f"tenant `{tenant}`"


def _instant(at: Any, name: str = "at") -> Timestamp:
    """The instant of a decision as `decide` reads it."""
    try:
        return Timestamp(instant(at))
    except Refused as refused:
        raise refused.within(name).invalid() from None
