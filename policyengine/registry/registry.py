"""A registry: publish, activate, take back, and ask which version answers for whom.

Everything it knows follows from its events; a store keeps them and the artifacts. A registry object holds what it has
read and reads on before it answers or writes, so that any number of processes may share a store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from policyengine.errors import InvalidArtifact, InvalidInput, UnknownVersion
from policyengine.registry import events, scopes
from policyengine.registry.events import Event
from policyengine.registry.scopes import Scope
from policyengine.registry.timeline import Due, Timeline
from policyengine.runtime import artifact
from policyengine.runtime.artifact import Artifact
from policyengine.storage.store import Conflict, Head, Store
from policyengine.values.instant import Timestamp

RETRIES_MAX = 20
"""How often a write that another one has overtaken is tried again, where both can be done."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version in the registry; `is_new` says that this call has put it there."""

    bundle: str
    version: str
    digest: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A published version as its event describes it."""

    bundle: str
    version: str
    digest: str
    source_digest: str
    program_digest: str
    event: Event


class Registry:
    """A registry over an open store; `clock` tells the present time.

    Safe to share between threads; closes its store as a context manager.
    """

    def __init__(self, store: Store, clock: Callable[[], Timestamp]) -> None:
        self.store = store
        self._clock = clock
        self._lock = threading.RLock()
        self._events: list[Event] = []
        self._versions: dict[str, Version] = {}
        self._timelines: dict[str, Timeline] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    # ------------------------------------------------------------------------------------------------------ reading

    def refresh(self) -> int:
        """Read what has been written since; the number of the last event. Raises BrokenHistory, StoreUnavailable."""
        with self._lock:
            last = self._events[-1] if self._events else None
            for event in events.verified(self.store.events(0 if last is None else last.number), last):
                self._take(event)
            return len(self._events)

    def _take(self, event: Event) -> None:
        self._events.append(event)
        bundle = event.data["bundle"]
        if event.kind == "published":
            said = event.data
            digest = said["artifact"]
            self._versions[digest] = Version(
                bundle, said["version"], digest, said["source_digest"], said["program_digest"], event
            )
        else:
            self._timelines.setdefault(bundle, Timeline(bundle)).add(event)

    def due(
        self, bundle: str, tenant: str | None = None, at: Timestamp | None = None, known_at: Timestamp | None = None
    ) -> Due:
        """The version that answers for a tenant at an instant (now), as it was known at another one (now).

        Raises UnknownVersion where none does.
        """
        self.refresh()
        with self._lock:
            instant = self._now() if at is None else at
            timeline = self._timelines.get(bundle)
            found = None if timeline is None else timeline.due(tenant, instant, known_at)
        if found is None:
            whom = "nobody in particular" if tenant is None else f"tenant `{tenant}`"
            raise UnknownVersion(f"no version of `{bundle}` is active for {whom} at {instant}")
        return found

    def versions(self, bundle: str | None = None) -> list[Version]:
        """The published versions, in the order in which they were published."""
        self.refresh()
        return [version for version in self._versions.values() if bundle in (None, version.bundle)]

    def find(self, name: str) -> Version:
        """A version by its digest or its beginning, or as `bundle@1.2.0`. Raises UnknownVersion."""
        self.refresh()
        bundle, at, label = name.partition("@")
        digest = name if name.startswith("sha256:") else f"sha256:{name}"
        if at:
            found = [v for v in self._versions.values() if (v.bundle, v.version) == (bundle, label)]
        else:
            found = [v for v in self._versions.values() if v.digest.startswith(digest)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownVersion(f"`{name}` names {len(found)} versions: " + ", ".join(v.digest for v in found))
        raise UnknownVersion(f"no version `{name}` has been published")

    def artifact(self, digest: str) -> Artifact:
        """An artifact, every byte of it checked. Raises UnknownVersion, InvalidArtifact."""
        data = self.store.blob(digest)
        if data is None:
            raise UnknownVersion(f"the registry holds no artifact {digest}")
        return artifact.read(data, digest)

    def history(self) -> Sequence[Event]:
        """All events, in order."""
        self.refresh()
        return tuple(self._events)

    def verify(self, head: Head | None = None) -> int:
        """Read everything anew and check it; the number of events. Raises BrokenHistory at the first that is wrong.

        The end is checked against the store's own head and against `head`, if somebody has kept one elsewhere. Every
        artifact that an event names must be there and whole.
        """
        written = self.store.events()
        found = events.verified(written, head=self.store.head())
        if head is not None:
            events.verified(written, head=head)
        for event in found:
            if event.kind == "published":
                try:
                    self.artifact(event.data["artifact"])
                except (UnknownVersion, InvalidArtifact) as fault:
                    raise events.BrokenHistory(event.number, str(fault)) from None
        return len(found)

    # ------------------------------------------------------------------------------------------------------ writing

    def publish(self, data: bytes, *, actor: str, report: Mapping[str, Any] | None = None) -> Published:
        """Put an artifact into the registry; one that is there already is left as it is, without an event.

        `report` is what the tests of the bundle said; it is kept in the event. Raises InvalidArtifact, and InvalidInput
        where the same version of the bundle is there with other content.
        """
        found = artifact.read(data)
        version, bundle = found.manifest["version"], found.manifest["bundle"]
        for _ in range(RETRIES_MAX):
            self.refresh()
            if found.digest in self._versions:
                return Published(bundle, version, found.digest, False)
            if any((known.bundle, known.version) == (bundle, version) for known in self._versions.values()):
                message = f"{bundle} {version} has been published with other content"
                raise InvalidInput(message, "version", "raise the version in `bundle.yaml`")
            said = {
                "bundle": bundle, "version": version, "artifact": found.digest,
                "source_digest": found.manifest["digest"], "program_digest": found.program_digest,
                "compiler": found.manifest["compiler"], "report": dict(report or {}),
            }  # fmt: skip
            try:
                self._write(actor, "published", said, {found.digest: data})
            except Conflict:
                continue
            return Published(bundle, version, found.digest, True)
        raise Conflict("others write to the registry all the time")

    def activate(
        self,
        version: str,
        scope: Scope = scopes.ALL,
        *,
        actor: str,
        start: Timestamp | None = None,
        reason: str = "",
    ) -> Event:
        """Let a version answer for a scope from an instant on (now). Back-dating needs a reason.

        Of two activations at the same time one is written and the other raises Conflict: what it was decided on has
        changed, so it must be decided anew.
        """
        found = self.find(version)
        recorded = self._time()
        if start is not None and start < recorded and not reason:
            raise InvalidInput(f"{start} is past", "reason", "say why the version is to hold from before now")
        said = {
            "bundle": found.bundle, "artifact": found.digest, "scope": scope.as_json(),
            "from": str(recorded if start is None else start), "reason": reason,
        }  # fmt: skip
        return self._write(actor, "activated", said, recorded=recorded)

    def rollback(
        self, bundle: str, scope: Scope = scopes.ALL, *, actor: str, to: str | None = None, reason: str = ""
    ) -> Event:
        """Go back, now, to what answered in a scope before, or to the version `to`.

        What was to begin later in the scope is withdrawn. Where nothing answered before, a narrow scope is given up,
        so that the wider one decides; everyone cannot be left without a version. Raises UnknownVersion.
        """
        self.refresh()
        recorded = self._time()
        with self._lock:
            timeline = self._timelines.get(bundle)
            if timeline is None or scope not in timeline.current(recorded):
                raise UnknownVersion(f"nothing of `{bundle}` is active for {scope}: there is nothing to take back")
            target = self.find(to).digest if to is not None else timeline.last_good(scope, recorded)
            if target is None and scope == scopes.ALL:
                raise UnknownVersion(f"no version of `{bundle}` was active for everyone before: name one with `to`")
            later = [a.event.number for a in timeline.known() if a.scope == scope and a.start > recorded]
        said = {
            "bundle": bundle, "artifact": target, "scope": scope.as_json(), "from": str(recorded), "reason": reason,
            "withdraws": later,
        }  # fmt: skip
        return self._write(actor, "rolled_back", said, recorded=recorded)

    def set_cohort(self, bundle: str, name: str, tenants: Sequence[str], *, actor: str) -> Event:
        """Say which tenants are in a cohort, instead of what was said before."""
        scopes.cohort(name)
        return self._write(actor, "cohort", {"bundle": bundle, "name": name, "tenants": sorted(set(tenants))})

    def _now(self) -> Timestamp:
        """The clock, but never before the last event: what another machine has just done is done here, too."""
        clock = self._clock()
        return max(clock, self._events[-1].recorded) if self._events else clock

    def _time(self) -> Timestamp:
        """The time of the next event: after the last one."""
        last = self._events[-1].recorded if self._events else None
        clock = self._clock()
        return clock if last is None or clock > last else Timestamp(last + 1)

    def _write(
        self,
        actor: str,
        kind: str,
        data: Mapping[str, Any],
        blobs: Mapping[str, bytes] | None = None,
        recorded: Timestamp | None = None,
    ) -> Event:
        """Append an event on what has been read last. Raises Conflict where there is more by now."""
        if not actor:
            raise InvalidInput("is required: the history says who did what", "actor")
        with self._lock:
            previous = self._events[-1].digest if self._events else events.FIRST
            number = len(self._events) + 1
            body = events.encode(number, previous, recorded or self._time(), actor, kind, data)
            self.store.append(number, body, blobs)
            (event,) = events.verified([body], self._events[-1] if self._events else None)
            self._take(event)
            return event
