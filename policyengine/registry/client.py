"""The policy that a service embeds: the active versions of one bundle, kept up to date while it decides.

A snapshot holds everything that a decision needs; a refresh makes a new one and swaps it in by one assignment, so a
decision sees one registry or the next, never half of each. What was read is copied to a folder of the service's own:
where the registry is away, at the start or later, the last good state answers, and `age` tells how old it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from policyengine.errors import PolicyEngineError, UnknownVersion
from policyengine.registry.events import Event, verified
from policyengine.registry.timeline import Due, Timeline
from policyengine.runtime import artifact
from policyengine.runtime.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.storage.folder import FolderStore
from policyengine.storage.store import Store, StoreUnavailable
from policyengine.values.instant import Timestamp

TENANTS_KEPT_MAX = 100_000
"""For how many tenants a snapshot remembers which version is due to them."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a client runs: the number of the last event, when it was read, and why a later one could not be."""

    event: int
    read: Timestamp
    age_seconds: float
    digests: tuple[str, ...]
    fault: str = ""


@dataclass(slots=True)
class _Snapshot:
    """The registry as it was when it was read; nothing is changed in it but what it remembers."""

    events: list[Event]
    timeline: Timeline
    policies: dict[str, Policy]
    read: Timestamp
    settled: Timestamp | None
    """From when on nothing changes any more: the last start of an activation."""
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
    ) -> None:
        """`opened` opens the registry's store, `copy` is a folder for the last good state, `interval` in seconds.

        Raises StoreUnavailable where neither the registry nor a copy of it can be read.
        """
        self.bundle = bundle
        self._opened, self._clock, self._interval = opened, clock, interval
        self._copy = None if copy is None else FolderStore(copy)
        self._store: Store | None = None
        self._fault = ""
        self._refreshing = threading.Lock()
        self._ended = threading.Event()
        self._snapshot = _Snapshot([], Timeline(bundle), {}, clock(), None)
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
        self._thread.join()
        if self._store is not None:
            self._store.close()

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

        Raises UnknownVersion where no version is active.
        """
        _, policy = self.due(tenant, at)
        return policy.decide(name, input, tenant=tenant, at=at, event=event, purpose=purpose)

    def due(self, tenant: str | None = None, at: Any = None) -> tuple[Due, Policy]:
        """The version that is due to a tenant, with the reason, and its policy."""
        snapshot = self._snapshot
        instant = self._now(snapshot) if at is None else _instant(at)
        found = snapshot.due(tenant if type(tenant) is str else None, instant)
        if found is None:
            raise UnknownVersion(f"no version of `{self.bundle}` is active for tenant {tenant!r} at {instant}")
        return found, snapshot.policies[found.artifact]

    @property
    def status(self) -> Status:
        """What is run, and how old it is."""
        snapshot = self._snapshot
        now = self._now(snapshot)
        current = {a.artifact for a in snapshot.timeline.current(now).values() if a.artifact is not None}
        age = (self._clock() - snapshot.read) / 10**9
        return Status(len(snapshot.events), snapshot.read, age, tuple(sorted(current)), self._fault)

    def _now(self, snapshot: _Snapshot) -> Timestamp:
        """The clock, but never before the last event: what another machine has just done is done here, too."""
        clock = self._clock()
        return max(clock, snapshot.events[-1].recorded) if snapshot.events else clock

    # ----------------------------------------------------------------------------------------------------- refreshing

    def refresh(self) -> None:
        """Read what is new, now. Raises StoreUnavailable, BrokenHistory or InvalidArtifact; the last state stays."""
        with self._refreshing:
            if self._store is None:
                self._store = self._opened()
            self._read(self._store, self._copy)
            self._fault = ""

    def _start(self) -> None:
        try:
            self.refresh()
        except PolicyEngineError as fault:
            self._fault = str(fault)
            if self._copy is None or not self._copy.events():
                raise
            self._read(self._copy, None)

    def _keep_up(self) -> None:
        while not self._ended.is_set():
            try:
                if self._store is not None and not self._waited(self._store):
                    continue
                self.refresh()
            except PolicyEngineError as fault:
                self._fault = str(fault)
                self._store = None
                self._ended.wait(self._interval)

    def _waited(self, store: Store) -> bool:
        """Wait a while for a new event; whether there is one."""
        has_more = store.wait(len(self._snapshot.events), self._interval)
        if not has_more:
            self._snapshot.read = self._clock()
        return has_more and not self._ended.is_set()

    def _read(self, store: Store, copy: Store | None) -> None:
        """Make the next snapshot from a store, and write what is new to the copy."""
        old = self._snapshot
        last = old.events[-1] if old.events else None
        written = store.events(len(old.events))
        if copy is not None and len(copy.events()) > len(old.events) + len(written):
            raise StoreUnavailable("the registry has fewer events than the copy: it is another one, or was cut off")
        new = verified(written, last)
        timeline = Timeline(self.bundle)
        events = [*old.events, *new]
        for event in events:
            if event.data["bundle"] == self.bundle:
                timeline.add(event)
        blobs: dict[str, bytes] = {}
        policies = {
            digest: old.policies.get(digest) or self._policy(store, digest, blobs)
            for digest in dict.fromkeys(a.artifact for a in timeline.known() if a.artifact is not None)
        }
        if copy is not None:
            _copy(copy, events, written, blobs)
        settled = max((a.start for a in timeline.known()), default=None)
        self._snapshot = _Snapshot(events, timeline, policies, self._clock(), settled)

    def _policy(self, store: Store, digest: str, blobs: dict[str, bytes]) -> Policy:
        data = store.blob(digest)
        if data is None:
            raise StoreUnavailable(f"the registry holds no artifact {digest}")
        found = artifact.read(data, digest)
        blobs[digest] = data
        return Policy(found.program, found.program_digest)


def _copy(copy: Store, events: list[Event], written: list[bytes], blobs: Mapping[str, bytes]) -> None:
    """Bring the copy to the same last event."""
    known = len(copy.events())
    first = len(events) - len(written) + 1
    for number, body in enumerate(written, start=first):
        if number > known:
            copy.append(number, body, blobs)


def _instant(at: Any) -> Timestamp:
    """The instant of a decision as `decide` reads it."""
    from policyengine.runtime.leaf_readers import instant
    from policyengine.runtime.refusals import Refused

    try:
        return Timestamp(instant(at))
    except Refused as refused:
        raise refused.within("at").invalid() from None
