"""Which version answers for a tenant at an instant, as it was known at another one: a pure fold over the events.

An activation holds from its own instant (valid time) and is known from the moment when it was recorded. Of one scope
the activation with the latest start decides, and among equal ones the last recorded; a rollback is an activation, too,
and withdraws what was to begin later in its scope.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from policyengine.frozen import frozen
from policyengine.registry import scopes
from policyengine.registry.events import Event
from policyengine.registry.scopes import NARROWEST_FIRST, Scope
from policyengine.values.instant import Timestamp


@frozen
class Activation:
    """From when a version answers for a scope; without an artifact the scope has none of its own any more."""

    scope: Scope
    artifact: str | None
    start: Timestamp
    event: Event
    is_rollback: bool = False

    @property
    def is_step(self) -> bool:
        """Whether it is a step on the way to everyone, and not somebody's own version: a share, or a canary."""
        return self.scope.kind == "percent" or "guardrails" in self.event.data

    def is_ended_by(self, everyone: Activation | None) -> bool:
        """Whether what decides for everyone has ended it."""
        return everyone is not None and self.is_step and _order(self) < _order(everyone)


@dataclass(frozen=True, slots=True)
class Due:
    """The version that answers, the activation that says so, and those for the same tenant that it goes before."""

    artifact: str
    activation: Activation
    overruled: tuple[Activation, ...] = ()

    @property
    def because(self) -> str:
        """Why this version, for a person."""
        done = "rolled back" if self.activation.is_rollback else "activated"
        event = self.activation.event
        others = " and ".join(f"{a.scope} (event {a.event.number})" for a in self.overruled)
        before = f"; it goes before {others}" if others else ""
        start = self.activation.start
        return f"{done} for {self.activation.scope} from {start} (event {event.number}, {event.actor}){before}"


@dataclass(slots=True)
class Timeline:
    """The activations and cohorts of one bundle, in the order of their events."""

    bundle: str
    activations: dict[Scope, list[Activation]] = field(default_factory=dict)
    withdrawn: dict[int, Timestamp] = field(default_factory=dict)
    """When an activation that had not begun was taken back, by its event's number."""
    cohorts: list[tuple[Timestamp, str, frozenset[str]]] = field(default_factory=list)
    wide: list[Scope] = field(default_factory=list)
    """The scopes of more than one tenant."""
    refused: frozenset[str] = frozenset()
    """The artifacts that whoever asks does not accept: their activations are as if they had not been made."""

    def add(self, event: Event) -> None:
        """Take one more event of this bundle into account."""
        if event.kind == "cohort":
            self.cohorts.append((event.recorded, event.data["name"], frozenset(event.data["tenants"])))
        if event.kind not in ("activated", "rolled_back"):
            return
        scope, start = scopes.from_json(event.data["scope"]), Timestamp.parse(event.data["from"])
        is_rollback = event.kind == "rolled_back"
        activation = Activation(scope, event.data["artifact"], start, event, is_rollback)
        if scope not in self.activations and scope.kind != "tenant":
            self.wide.append(scope)
        self.activations.setdefault(scope, []).append(activation)
        for number in event.data.get("withdraws", ()):
            self.withdrawn[number] = event.recorded

    def copy(self) -> Timeline:
        """The same, to which events may be added apart."""
        activations = {scope: list(made) for scope, made in self.activations.items()}
        cohorts, withdrawn = list(self.cohorts), dict(self.withdrawn)
        return Timeline(self.bundle, activations, withdrawn, cohorts, list(self.wide), self.refused)

    def due(self, tenant: str | None, at: Timestamp, known_at: Timestamp | None = None) -> Due | None:
        """The version that answers for a tenant (None: for nobody in particular); None where none does."""
        holding = self._deciding(self._holding(tenant, known_at), at, known_at)
        own = [a for a in holding.values() if a.artifact is not None]
        everyone = holding.get(scopes.ALL)

        def rank(activation: Activation) -> tuple[bool, int, int, int]:
            width = NARROWEST_FIRST.index(activation.scope.kind)
            return activation.is_ended_by(everyone), width, -activation.start, -activation.event.number

        own.sort(key=rank)
        if not own or own[0].artifact is None:
            return None
        return Due(own[0].artifact, own[0], tuple(own[1:]))

    def current(self, at: Timestamp, known_at: Timestamp | None = None) -> dict[Scope, Activation]:
        """The activation that decides in each scope at an instant."""
        return self._deciding(self.activations, at, known_at)

    def answering(self, at: Timestamp) -> list[Activation]:
        """The same without what is ended by that of everyone: what somebody may be answered by."""
        found = self.current(at)
        return [each for each in found.values() if not each.is_ended_by(found.get(scopes.ALL))]

    def deciding(self, scope: Scope, at: Timestamp, known_at: Timestamp | None = None) -> Activation | None:
        """The activation that decides in one scope at an instant."""
        return max((a for a in self.known(known_at, scope) if a.start <= at), key=_order, default=None)

    def _deciding(self, wanted: Iterable[Scope], at: Timestamp, known_at: Timestamp | None) -> dict[Scope, Activation]:
        found = {scope: self.deciding(scope, at, known_at) for scope in wanted}
        return {scope: activation for scope, activation in found.items() if activation is not None}

    def _holding(self, tenant: str | None, known_at: Timestamp | None) -> Iterable[Scope]:
        """The scopes that a tenant is in; those of other tenants are not looked at."""
        cohorts = self.cohorts_at(known_at)
        if tenant is not None and (own := Scope("tenant", tenant)) in self.activations:
            yield own
        for scope in self.wide:
            if scope.holds(self.bundle, tenant, cohorts):
                yield scope

    def known(self, known_at: Timestamp | None = None, scope: Scope | None = None) -> Iterable[Activation]:
        """The activations (of one scope) that were recorded, and not withdrawn, up to an instant."""
        for activation in self.all() if scope is None else self.activations.get(scope, ()):
            if known_at is not None and activation.event.recorded > known_at:
                continue
            taken_back = self.withdrawn.get(activation.event.number)
            is_known = taken_back is None or (known_at is not None and taken_back > known_at)
            if is_known and activation.artifact not in self.refused:
                yield activation

    def all(self) -> Iterable[Activation]:
        """Every activation, also those that were withdrawn."""
        return (activation for made in self.activations.values() for activation in made)

    def cohorts_at(self, known_at: Timestamp | None = None) -> dict[str, frozenset[str]]:
        """Who is in each cohort."""
        count = len(self.cohorts)
        if known_at is not None:
            count = bisect_right([recorded for recorded, _, _ in self.cohorts], known_at)
        return {name: tenants for _, name, tenants in self.cohorts[:count]}

    def last_good(self, scope: Scope, at: Timestamp) -> str | None:
        """What answered in a scope before what answers now: the version to go back to, None where there was none."""
        stack, now = self.standing(scope, at), self.deciding(scope, at)
        if stack and now is not None and stack[-1] == now.artifact:
            stack.pop()
        return stack[-1] if stack else None

    def standing(self, scope: Scope, at: Timestamp) -> list[str | None]:
        """What has answered in a scope and has not been taken back since, the last one last."""
        own = sorted((a for a in self.known(None, scope) if a.start <= at), key=_order)
        # A rollback goes past what it has taken back: two in a row go back two versions.
        stack: list[str | None] = []
        for activation in own:
            if activation.is_rollback and activation.artifact in (None, *stack):
                while stack and stack[-1] != activation.artifact:
                    stack.pop()
            elif activation.is_rollback:  # to a version that has not answered here before
                stack[-1:] = [activation.artifact]
            elif not stack or stack[-1] != activation.artifact:
                stack.append(activation.artifact)
        return stack


def _order(activation: Activation) -> tuple[Timestamp, int]:
    return activation.start, activation.event.number
