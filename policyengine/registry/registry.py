"""A registry: publish, activate, take back, and ask which version answers for whom.

Everything it knows follows from its events; a store keeps them and the artifacts. A registry object holds what it has
read and reads on before it answers or writes, so that any number of processes may share a store. The chain of the
events is checked when they are read; what they say is read when it is asked for, so that who opens a registry to write
one event need not read ten thousand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from policyengine.errors import InvalidArtifact, InvalidInput, UnknownVersion
from policyengine.registry import events, offers, rules, scopes
from policyengine.registry.approvals import Approvals, Refused, Status, objections
from policyengine.registry.events import BrokenHistory, Event, present
from policyengine.registry.guardrails import check_guardrails
from policyengine.registry.offers import Offers
from policyengine.registry.plans import Plan
from policyengine.registry.rules import Rules
from policyengine.registry.scopes import Scope
from policyengine.registry.timeline import Due, Timeline
from policyengine.runtime.artifacts import artifact
from policyengine.runtime.artifacts.artifact import Artifact
from policyengine.storage.store import Conflict, Head, Store
from policyengine.values.instant import Timestamp

if TYPE_CHECKING:  # the compiler, and a package for signatures, are for those who publish
    from policyengine.registry.guardrails import Guardrails
    from policyengine.registry.planning import Planned, Usage
    from policyengine.registry.release import Release
    from policyengine.registry.signatures import Signer

Answer = TypeVar("Answer")
RETRIES_MAX = 20
"""How often a write that another one has overtaken is tried again, where both can be done."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version in the registry; `is_new` and `is_signed` say that this call has put it there, and signed it."""

    bundle: str
    version: str
    digest: str
    is_new: bool
    is_signed: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A published version as its event describes it."""

    bundle: str
    version: str
    digest: str
    source_digest: str
    program_digest: str
    event: Event
    envelopes: list[Mapping[str, Any]] = field(default_factory=list)
    """Its signatures, as DSSE envelopes."""


class Registry:
    """A registry over an open store; `clock` tells the present time.

    Safe to share between threads; closes its store as a context manager.
    """

    def __init__(self, store: Store, clock: Callable[[], Timestamp]) -> None:
        self.store = store
        self._clock = clock
        self._lock = threading.RLock()
        self._bodies: list[bytes] = []
        self._has_rules = False
        self._last: Event | None = None
        self._events: list[Event] = []
        """The first of the bodies as events: those that the timelines are folded from."""
        self._versions: dict[str, Version] = {}
        self._timelines: dict[str, Timeline] = {}
        self._approvals: dict[str, Approvals] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    # ------------------------------------------------------------------------------------------------------ reading

    def refresh(self) -> int:
        """Read what has been written since; the number of the last event. Raises BrokenHistory, StoreUnavailable."""
        with self._lock:
            head = self.store.head()  # before the events: there may be more by then, but not fewer
            written = self.store.events(len(self._bodies))
            self._take(written, events.chained(written, self._last, head))
            return len(self._bodies)

    def _take(self, written: Sequence[bytes], last: Event | None) -> None:
        """Hold events whose chain has been checked, and the versions that are published by them."""
        for number, body in enumerate(written, start=len(self._bodies) + 1):
            self._has_rules = self._has_rules or events.is_of_kind(body, b"rules")
            if events.is_of_kind(body, b"published") or events.is_of_kind(body, b"signed"):
                self._take_version(events.decoded(number, body))
        self._bodies += written
        self._last = last

    def _take_version(self, event: Event) -> None:
        said = event.data
        if event.kind == "published":
            self._versions[said["artifact"]] = Version(
                said["bundle"], said["version"], said["artifact"], said["source_digest"], said["program_digest"], event
            )
        envelope = said.get("signature")
        if envelope is not None and (signed := self._versions.get(said["artifact"])):
            signed.envelopes.append(envelope)

    def _fold(self) -> None:
        """Read what all events say."""
        for number in range(len(self._events) + 1, len(self._bodies) + 1):
            event = events.decoded(number, self._bodies[number - 1])
            bundle = event.data["bundle"]
            if bundle not in self._approvals:
                self._approvals[bundle] = Approvals(bundle)
            self._approvals[bundle].add(event)
            self._timelines.setdefault(bundle, Timeline(bundle)).add(event)
            self._events.append(event)

    def _timeline(self, bundle: str, scope: Scope) -> Timeline:
        """The activations of one scope; without rules, the other events need not be read for them."""
        if self._events or self._has_rules:
            self._fold()
            return self._timelines.get(bundle, Timeline(bundle))
        found, mark = Timeline(bundle), events.mark_of(scope)
        for number, body in enumerate(self._bodies, start=1):
            if mark in body and (event := events.decoded(number, body)).data["bundle"] == bundle:
                found.add(event)
        return found

    def due(
        self, bundle: str, tenant: str | None = None, at: Timestamp | None = None, known_at: Timestamp | None = None
    ) -> Due:
        """The version that answers for a tenant at an instant (now), as it was known at another one (now).

        Raises UnknownVersion where none does.
        """
        with self._lock:
            self.refresh()
            self._fold()
            instant = self._now() if at is None else at
            timeline = self._timelines.get(bundle)
            found = None if timeline is None else timeline.due(tenant, instant, known_at)
        if found is None:
            whom = "nobody in particular" if tenant is None else f"tenant `{tenant}`"
            raise UnknownVersion(f"no version of `{bundle}` is active for {whom} at {instant}")
        return found

    def versions(self, bundle: str | None = None) -> list[Version]:
        """The published versions, in the order in which they were published."""
        with self._lock:
            self.refresh()
            return [version for version in self._versions.values() if bundle in (None, version.bundle)]

    def find(self, name: str) -> Version:
        """A version by its digest or its beginning, or as `bundle@1.2.0`. Raises UnknownVersion."""
        bundle, at, label = name.partition("@")
        digest = name if name.startswith("sha256:") else f"sha256:{name}"
        if at:
            found = [v for v in self.versions(bundle) if v.version == label]
        else:
            found = [v for v in self.versions() if v.digest.startswith(digest)]
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
        with self._lock:
            self.refresh()
            self._fold()
            return tuple(self._events)

    def verify(self, head: Head | None = None) -> int:
        """Read everything anew and check it; the number of events. Raises BrokenHistory at the first that is wrong.

        The end is checked against the store's own head and against `head`, if somebody has kept one elsewhere. Every
        artifact that an event names must be there and whole, and what was activated must keep the rules of its time.
        """
        its_own = self.store.head()
        written = self.store.events()
        found = events.verified(written, head=its_own)
        if head is not None:
            events.verified(written, head=head)
        published: set[tuple[str, str]] = set()
        for event in found:
            said, digest = event.data, event.data.get("artifact")
            if event.kind == "published":
                self._verify_artifact(event)
                published.add((said["bundle"], said["artifact"]))
            elif digest is not None and (said["bundle"], digest) not in published:
                message = f"it names {digest}, which was not published before as a version of `{said['bundle']}`"
                raise BrokenHistory(event.number, message)
        objections(found)
        return len(found)

    def _verify_artifact(self, event: Event) -> None:
        """Whether the artifact of a version is there, whole, and the one that its event describes."""
        said = event.data
        try:
            manifest = self.artifact(said["artifact"]).manifest
        except (UnknownVersion, InvalidArtifact) as fault:
            raise BrokenHistory(event.number, str(fault)) from None
        if _described(manifest) != {name: said[name] for name in _described(manifest)}:
            raise BrokenHistory(event.number, "it describes another version than its artifact is")

    # ------------------------------------------------------------------------------------------------------ writing

    def publish(self, release: Release, *, actor: str, signer: Signer | None = None) -> Published:
        """Put a checked version into the registry; its report is kept in the event.

        A version that is there already, with the same sources and program, is left as it is, without an event but for
        a signature by a key that has not signed it. Raises InvalidInput where the label stands for other content.
        """
        found = artifact.read(release.data)
        return self._repeated(lambda: self._publish(found, release, actor, signer))

    def _repeated(self, write: Callable[[], Answer]) -> Answer:
        """Write what depends on nothing that others write at the same time, or looks at it anew each time."""
        for _ in range(RETRIES_MAX):
            try:
                return write()
            except Refused:
                raise
            except Conflict:
                continue
        raise Conflict("others write to the registry all the time")

    def _publish(self, found: Artifact, release: Release, actor: str, signer: Signer | None) -> Published:
        manifest = found.manifest
        bundle, version = manifest["bundle"], manifest["version"]
        with self._lock:
            self.refresh()
            for known in self._versions.values():
                if (known.source_digest, known.program_digest) == (manifest["digest"], found.program_digest):
                    return self._sign(known, actor, signer)
                if (known.bundle, known.version) == (bundle, version):
                    is_same = known.source_digest == manifest["digest"]
                    how = f"as `{known.event.data['compiler']}` compiles it" if is_same else "with other content"
                    message = f"{bundle} {version} has been published {how}"
                    raise InvalidInput(message, "version", "raise the version in `bundle.yaml`")
            said = {
                **_described(manifest), "artifact": found.digest, "report": dict(release.report),
                "signature": None if signer is None else signer.envelope(bundle, version, found.digest),
            }  # fmt: skip
            self._write(actor, "published", said, {found.digest: release.data})
            return Published(bundle, version, found.digest, True, signer is not None)

    def _sign(self, known: Version, actor: str, signer: Signer | None) -> Published:
        """Add a signature to a version that is there, if its key has not signed it yet."""
        is_signed = False
        if signer is not None:
            envelope = signer.envelope(known.bundle, known.version, known.digest)
            is_signed = envelope not in known.envelopes  # the same key signs the same with the same bytes
            if is_signed:
                said = {"bundle": known.bundle, "artifact": known.digest, "signature": envelope}
                self._write(actor, "signed", said)
        return Published(known.bundle, known.version, known.digest, False, is_signed)

    def activate(
        self,
        version: str | None = None,
        scope: Scope | None = None,
        *,
        actor: str,
        start: Timestamp | None = None,
        reason: str = "",
        offered: Offers | None = None,
        base: int | None = None,
        plan: Plan | None = None,
        guardrails: Guardrails | None = None,
    ) -> Event:
        """Let a version answer for a scope (everyone) from an instant on (now). Back-dating needs a reason.

        A `plan` says the version, the start, the reason and the guardrails instead; of a plan of several steps the
        scope names the next one. Refused is raised where it lacks approvals, what it was made on has changed or it
        says something else, and without a plan where the bundle has rules.
        With `guardrails`, clients that may act take it back where it breaks one; they are for a narrow scope.
        `offered` is what the host asks and gives: a version that cannot answer it is refused with InvalidInput. `base`
        is the last event that this was decided on. Where there is more by now, or of two activations at the same time,
        Conflict is raised: what it was decided on has changed, so it must be decided anew.
        """
        if plan is None and version is not None:
            return self._activate(version, scope, actor, start, reason, offered, base, None, guardrails)
        if plan is None or (version, start, reason) != (None, None, ""):
            raise InvalidInput("say what to activate by a version or by a plan, which has it all", "plan")
        said = (plan.artifact, scope, actor, plan.start, plan.reason, offered, base, plan, guardrails)
        return self._repeated(lambda: self._activate(*said)) if base is None else self._activate(*said)

    def _activate(
        self,
        version: str,
        named: Scope | None,
        actor: str,
        start: Timestamp | None,
        reason: str,
        offered: Offers | None,
        base: int | None,
        plan: Plan | None,
        guardrails: Guardrails | None,
    ) -> Event:
        with self._lock:
            found = self.find(version)
            self._check_base(base)
            self._check_offers(found, offered)
            recorded, begins = self._times()
            scope = named or scopes.ALL
            if plan is not None or self._has_rules:
                self._fold()
                approvals = self._approvals[found.bundle]
                if plan is None:
                    approvals.check_unplanned()
                else:
                    scope = approvals.step(plan, named, self._timelines.get(found.bundle), begins)
            check_guardrails(guardrails, scope)
            given = None if guardrails is None else guardrails.as_json()
            limits = given if plan is None else _planned_guardrails(plan, scope, given)
            if start is not None and start < begins and not reason:
                raise InvalidInput(f"{start} is past", "reason", "say why the version is to hold from before now")
            said: dict[str, Any] = {
                "bundle": found.bundle, "artifact": found.digest, "scope": scope.as_json(),
                "from": str(begins if start is None else start), "reason": reason,
                **({} if plan is None else {"plan": plan.digest}),
            }  # fmt: skip
            if limits is not None:
                said["guardrails"] = dict(limits)
            return self._write(actor, "activated", said, recorded=recorded)

    def rollback(
        self,
        bundle: str,
        scope: Scope = scopes.ALL,
        *,
        actor: str,
        to: str | None = None,
        reason: str = "",
        offered: Offers | None = None,
        base: int | None = None,
        activation: int | None = None,
    ) -> Event:
        """Go back, now, to what answered in a scope before, or to the version `to`.

        `activation` is the event that is taken back: where another one answers by now, UnknownVersion is raised.
        What was to begin later in the scope is withdrawn. Where nothing answered before, a narrow scope is given up,
        so that the wider one decides; everyone cannot be left without a version. It needs no approvals, but where the
        bundle has rules, `to` must have answered there before. `offered` and `base` are those of `activate`. Raises
        UnknownVersion, InvalidInput, Conflict.
        """
        with self._lock:
            self.refresh()
            self._check_base(base)
            recorded, begins = self._times()
            timeline = self._timeline(bundle, scope)
            current = timeline.deciding(scope, begins)
            if current is None:
                raise UnknownVersion(f"nothing of `{bundle}` is active for {scope}: there is nothing to take back")
            if activation is not None and current.event.number != activation:
                raise UnknownVersion(f"event {activation} does not answer for {scope} any more")
            target = timeline.last_good(scope, begins) if to is None else self._target(to, bundle)
            if target is None and scope == scopes.ALL:
                raise UnknownVersion(f"no version of `{bundle}` was active for everyone before: name one with `to`")
            if target is not None:
                self._check_offers(self._versions[target], offered)
                if self._has_rules:
                    self._approvals[bundle].check_target(timeline, scope, target, begins)
            later = [
                a.event.number
                for a in timeline.known(None, scope)
                if a.start > begins and (activation is None or a.artifact == current.artifact)
            ]
            said = {
                "bundle": bundle, "artifact": target, "scope": scope.as_json(), "from": str(begins),
                "reason": reason, "withdraws": later,
            }  # fmt: skip
            return self._write(actor, "rolled_back", said, recorded=recorded)

    def shadow(
        self, version: str, scope: Scope = scopes.ALL, *, sample: str = "10", actor: str, reason: str = ""
    ) -> Event:
        """Evaluate a version beside the one that answers, for a share of the decisions in percent; it never answers.

        A bundle has one shadow: this one is instead of the one before. Raises UnknownVersion, InvalidInput, Conflict.
        """
        with self._lock:
            found = self.find(version)
            said = {
                "bundle": found.bundle, "artifact": found.digest, "scope": scope.as_json(),
                "sample": scopes.sample(sample), "reason": reason,
            }  # fmt: skip
            return self._write(actor, "shadowed", said)

    def stop_shadow(self, bundle: str, *, actor: str, reason: str = "") -> Event:
        """End the shadow of a bundle. Raises UnknownVersion where it has none, Conflict."""
        with self._lock:
            last = next(
                (e for e in reversed(self.history()) if e.kind == "shadowed" and e.data["bundle"] == bundle), None
            )
            if last is None or last.data["artifact"] is None:
                raise UnknownVersion(f"nothing of `{bundle}` is shadowed: there is nothing to stop")
            return self._write(actor, "shadowed", {**last.data, "artifact": None, "reason": reason})

    def _target(self, name: str, bundle: str) -> str:
        """The version to go back to, which must be one of this bundle."""
        found = self.find(name)
        if found.bundle != bundle:
            raise UnknownVersion(f"`{name}` is a version of `{found.bundle}`, not of `{bundle}`")
        return found.digest

    def _check_offers(self, version: Version, offered: Offers | None) -> None:
        if offered is None:
            return
        if wrong := offers.objections(self.artifact(version.digest).program, offers.checked(offered)):
            raise InvalidInput(f"{version.bundle} {version.version} cannot be activated: {'; '.join(wrong)}", "offers")

    def _check_base(self, base: int | None) -> None:
        if base is not None and base != len(self._bodies):
            raise Conflict(f"this was decided on event {base}, and event {len(self._bodies)} is the last by now")

    def set_cohort(self, bundle: str, name: str, tenants: Sequence[str], *, actor: str) -> Event:
        """Say which tenants are in a cohort, instead of what was said before.

        Where the bundle has rules, nobody can be added to a cohort that has been given a version. Raises InvalidInput
        where a name is none, UnknownVersion where the bundle has no version, Refused, Conflict.
        """
        scopes.cohort(name)
        names = sorted({scopes.tenant(each).name for each in tenants})
        with self._lock:
            if not self.versions(bundle):
                raise UnknownVersion(f"no version of `{bundle}` has been published")
            if self._has_rules:
                self._fold()
                self._approvals[bundle].check_cohort(self._timelines[bundle], name, names)
            return self._write(actor, "cohort", {"bundle": bundle, "name": name, "tenants": names})

    # ---------------------------------------------------------------------------------------- plans and approvals

    def plan(
        self,
        version: str,
        *steps: Scope,
        actor: str,
        start: Timestamp | None = None,
        reason: str = "",
        usage: Usage | None = None,
        guardrails: Guardrails | None = None,
    ) -> Planned:
        """Work out what `activate` would do, and record the plan, so that it can be approved and activated.

        `steps` are for whom (everyone): several are activated one after another, from narrow to wide, and `guardrails`
        are for all of them but everyone. Raises what `planning.planned` does, and Refused where somebody changes who
        answers meanwhile.
        """
        from policyengine.registry import planning  # the compiler is for those who plan

        made = planning.planned(self, version, steps, start=start, reason=reason, usage=usage, guardrails=guardrails)
        self._repeated(lambda: self._record(made.plan, actor))
        return made

    def _record(self, plan: Plan, actor: str) -> Event:
        with self._lock:
            self.refresh()
            self._fold()
            if (base := self._approvals[plan.bundle].base) != plan.base:
                raise Refused(f"event {base} has changed who answers while the plan was made: make a new one")
            return self._write(actor, "planned", plan.event())

    def approve(self, plan: Plan, role: str, *, actor: str) -> Event:
        """Approve a plan in a role. Raises InvalidInput where somebody may not, Refused where the plan is void."""

        def write() -> Event:
            self._rules_of(plan.bundle).check_approval(plan, role, actor)
            return self._write(actor, "approved", {"bundle": plan.bundle, "plan": plan.digest, "role": role})

        return self._locked(write)

    def withdraw_approval(self, plan: Plan, *, actor: str) -> Event:
        """Take an approval back, as if it had not been given. Raises InvalidInput where there is none, Refused where
        the plan is done or void."""

        def write() -> Event:
            self._rules_of(plan.bundle).check_withdrawal(plan, actor)
            return self._write(actor, "approval_withdrawn", {"bundle": plan.bundle, "plan": plan.digest})

        return self._locked(write)

    def approvals(self, plan: Plan) -> Status:
        """What a plan needs, has and lacks. Raises Refused where it is void."""
        with self._lock:
            state = self._rules_of(plan.bundle)
            state.check_recorded(plan)
            return state.status(plan.digest)

    def rules(self, bundle: str) -> Rules | None:
        """The rules that hold, None where there are none. Raises UnknownVersion where nothing was published."""
        return self._rules_of(bundle).rules

    def set_rules(self, bundle: str, said: Mapping[str, Any], *, actor: str) -> Event:
        """Put rules into force. In the place of others they are only proposed, until another, an owner, sets them.

        Raises InvalidInput where they are no rules, or hold already.
        """
        given = rules.of(said).data

        def write() -> Event:
            state = self._rules_of(bundle)
            if state.rules is not None and state.rules.data == given:
                raise InvalidInput("these rules hold already", "rules")
            kind = "rules_proposed" if state.rules_objection(given, actor) else "rules"
            return self._write(actor, kind, {"bundle": bundle, "rules": given})

        return self._locked(write)

    def state(self, bundle: str) -> tuple[Timeline, int, Timestamp]:
        """A copy of a bundle's timeline, the last event that changed who answers, and the present time."""
        with self._lock:
            self.refresh()
            self._fold()
            known = self._timelines.get(bundle, Timeline(bundle))
            return known.copy(), self._approvals[bundle].base, self._now()

    def _rules_of(self, bundle: str) -> Approvals:
        if not self.versions(bundle):
            raise UnknownVersion(f"no version of `{bundle}` has been published")
        with self._lock:
            self._fold()
            return self._approvals[bundle]

    def _locked(self, write: Callable[[], Answer]) -> Answer:
        def locked() -> Answer:
            with self._lock:
                return write()

        return self._repeated(locked)

    def _now(self) -> Timestamp:
        return present(self._clock(), self._last)

    def _times(self) -> tuple[Timestamp, Timestamp]:
        """When the next event is recorded, which is after the last one, and the present instant."""
        last, clock = self._last, self._clock()
        recorded = clock if last is None or clock > last.recorded else Timestamp(last.recorded + 1)
        return recorded, present(clock, last, recorded)

    def _write(
        self,
        actor: str,
        kind: str,
        data: Mapping[str, Any],
        blobs: Mapping[str, bytes] | None = None,
        recorded: Timestamp | None = None,
    ) -> Event:
        """Append an event on what has been read last. Raises InvalidInput, Conflict where there is more by now."""
        if not events.is_name(actor):
            raise InvalidInput("is required, as one line: the history says who did what", "actor")
        if not events.is_line(data.get("reason", "")):
            raise InvalidInput("is one line of text", "reason")
        with self._lock:
            previous = self._last.digest if self._last else events.FIRST
            number = len(self._bodies) + 1
            body = events.encode(number, previous, recorded or self._times()[0], actor, kind, data)
            try:
                event = events.chained([body], self._last)
            except BrokenHistory as broken:  # so that what nobody could read is not written
                raise InvalidInput(f"this cannot be written into the history: {broken}", kind) from None
            assert event is not None
            try:
                self.store.append(number, body, blobs)
            except Conflict as overtaken:
                raise Conflict(f"{overtaken}: nothing was changed, look at `history` and decide again") from None
            self._take([body], event)
            return event


def _planned_guardrails(plan: Plan, step: Scope, given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The guardrails of a step; Refused is raised where somebody gives others."""
    if given not in (None, plan.guardrails):
        its_own = "none" if plan.guardrails is None else events.canonical(plan.guardrails).decode()
        raise Refused(f"these are not the guardrails of the plan, which are {its_own}: make a new plan for others")
    return plan.guardrails_for(step)


def _described(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the event of a version says of its artifact."""
    return {
        "bundle": manifest["bundle"], "version": manifest["version"], "source_digest": manifest["digest"],
        "program_digest": manifest["program_digest"], "compiler": manifest["compiler"],
    }  # fmt: skip
