"""Which version answers for a tenant at an instant, as it was known at another one: a pure fold over the events.

An activation holds from its own instant (valid time) and is known from the moment when it was recorded. Of one scope
the activation with the latest start decides, and among equal ones the last recorded; a rollback is an activation, too,
and withdraws what was to begin later in its scope.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from policyengine.registry import scopes
from policyengine.registry.events import Event
from policyengine.registry.scopes import NARROWEST_FIRST, Scope
from policyengine.values.instant import Timestamp


@dataclass(frozen=True, slots=True)
class Activation:
    """From when a version answers for a scope; without an artifact the scope has none of its own any more."""

    scope: Scope
    artifact: str | None
    start: Timestamp
    event: Event
    is_rollback: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """The version that answers, and the activation that says so."""

    artifact: str
    activation: Activation

    @property
    def because(self) -> str:
        """Why this version, for a person."""
        done = "rolled back" if self.activation.is_rollback else "activated"
        event = self.activation.event
        return f"{done} for {self.activation.scope} from {self.activation.start} (event {event.number}, {event.actor})"


@dataclass(slots=True)
class Timeline:
    """The activations and cohorts of one bundle, in the order of their events."""

    bundle: str
    activations: list[Activation] = field(default_factory=list)
    withdrawn: dict[int, Timestamp] = field(default_factory=dict)
    """When an activation that had not begun was taken back, by its event's number."""
    cohorts: list[tuple[Timestamp, str, frozenset[str]]] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take one more event of this bundle into account."""
        if event.kind == "cohort":
            self.cohorts.append((event.recorded, event.data["name"], frozenset(event.data["tenants"])))
        if event.kind not in ("activated", "rolled_back"):
            return
        scope, start = scopes.from_json(event.data["scope"]), Timestamp.parse(event.data["from"])
        is_rollback = event.kind == "rolled_back"
        self.activations.append(Activation(scope, event.data["artifact"], start, event, is_rollback))
        for number in event.data.get("withdraws", ()):
            self.withdrawn[number] = event.recorded

    def due(self, tenant: str | None, at: Timestamp, known_at: Timestamp | None = None) -> Due | None:
        """The version that answers for a tenant (None: for nobody in particular); None where none does."""
        cohorts = self.cohorts_at(known_at)
        current = {
            scope: found
            for scope, found in self.current(at, known_at).items()
            if scope.holds(self.bundle, tenant, cohorts)
        }
        everyone = current.get(scopes.ALL)
        for kind in NARROWEST_FIRST:
            found = [a for scope, a in current.items() if scope.kind == kind and a.artifact is not None]
            if kind == "percent" and everyone is not None:
                found = [a for a in found if _order(a) > _order(everyone)]
            if found:
                last = max(found, key=_order)
                assert last.artifact is not None
                return Due(last.artifact, last)
        return None

    def current(self, at: Timestamp, known_at: Timestamp | None = None) -> dict[Scope, Activation]:
        """The activation that decides in each scope at an instant."""
        found: dict[Scope, Activation] = {}
        for activation in self.known(known_at):
            if activation.start <= at:
                other = found.get(activation.scope)
                if other is None or _order(activation) > _order(other):
                    found[activation.scope] = activation
        return found

    def known(self, known_at: Timestamp | None = None) -> Iterable[Activation]:
        """The activations that were recorded, and not withdrawn, up to an instant."""
        for activation in self.activations:
            if known_at is not None and activation.event.recorded > known_at:
                continue
            taken_back = self.withdrawn.get(activation.event.number)
            if taken_back is None or (known_at is not None and taken_back > known_at):
                yield activation

    def cohorts_at(self, known_at: Timestamp | None = None) -> dict[str, frozenset[str]]:
        """Who is in each cohort."""
        count = len(self.cohorts)
        if known_at is not None:
            count = bisect_right([recorded for recorded, _, _ in self.cohorts], known_at)
        return {name: tenants for _, name, tenants in self.cohorts[:count]}

    def last_good(self, scope: Scope, at: Timestamp) -> str | None:
        """What answered in a scope before what answers now: the version to go back to, None where there was none."""
        own = sorted((a for a in self.known() if a.scope == scope and a.start <= at), key=_order)
        now = own[-1].artifact if own else None
        # A rollback goes past what it has taken back: two in a row go back two versions.
        stack: list[str | None] = []
        for activation in own:
            if activation.is_rollback:
                while stack and stack[-1] != activation.artifact:
                    stack.pop()
            elif not stack or stack[-1] != activation.artifact:
                stack.append(activation.artifact)
        if stack and stack[-1] == now:
            stack.pop()
        return stack[-1] if stack else None


def _order(activation: Activation) -> tuple[Timestamp, int]:
    return activation.start, activation.event.number
