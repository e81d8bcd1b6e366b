"""Who would get another version by an activation, and which one they have: the timeline with it beside that without.

Tenants whom the registry does not name differ by their share only, so one for each stretch of the shares stands for all
of them, and the versions that anybody may meet are found without knowing the tenants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count, pairwise
from typing import Any

from policyengine.registry import scopes
from policyengine.registry.events import Event
from policyengine.registry.scopes import STEPS, Scope
from policyengine.registry.timeline import Timeline
from policyengine.values.instant import Timestamp

NOTHING = ""
"""In the place of a version where none answers."""


class Reach:
    """The effect of all steps of an activation; `start` is from when on, `now` when it is asked."""

    def __init__(
        self,
        timeline: Timeline,
        artifact: str,
        steps: Sequence[Scope],
        guardrails: Mapping[str, Any] | None,
        start: Timestamp,
        now: Timestamp,
    ) -> None:
        self.before = timeline
        self.after = timeline.copy()
        first = 1 + max((activation.event.number for activation in timeline.all()), default=0)
        for number, scope in enumerate(steps, start=first):
            said: dict[str, Any] = {"artifact": artifact, "scope": scope.as_json(), "from": str(start)}
            if guardrails is not None and scope != scopes.ALL:
                said["guardrails"] = guardrails
            self.after.add(Event(number, now, "", "activated", said, ""))
        self.steps = steps
        self.instants = (start,) if start >= now else (start, now)
        self._known: dict[tuple[str | None, Timestamp], str | None] = {}

    def had(self, tenant: str | None, at: Timestamp | None = None) -> str | None:
        """The version that somebody has who would get another one; None for whom nothing changes.

        `at` is the start, or now where that is past.
        """
        instant = self.instants[-1] if at is None else at
        key = tenant, instant
        if key not in self._known:
            old, new = (line.due(tenant, instant) for line in (self.before, self.after))
            had = NOTHING if old is None else old.artifact
            gets = NOTHING if new is None else new.artifact
            self._known[key] = None if had == gets else had
        return self._known[key]

    def versions(self) -> list[str]:
        """The versions that anybody has who would get another one, at the start or now."""
        found = {had: None for at in self.instants for who in self._anybody() if (had := self.had(who, at)) is not None}
        return list(found)

    def _anybody(self) -> Iterator[str | None]:
        cohorts = self.before.cohorts_at()
        for scope in self.steps:
            if scope.kind == "tenant":
                yield scope.name
            elif scope.kind == "cohort":
                yield from sorted(cohorts.get(scope.name, ()))
        if self.steps[-1].kind in ("percent", "all"):
            yield None
            yield from (scope.name for scope in self.before.activations if scope.kind == "tenant")
            yield from sorted({tenant for members in cohorts.values() for tenant in members})
            yield from self._unnamed()

    def _unnamed(self) -> Iterator[str]:
        """A tenant for each stretch of the shares, under names that nobody can have."""
        shares = (scope for scope in self.after.wide if scope.kind == "percent")
        edges = sorted({0, STEPS, *(int(Fraction(scope.name) * STEPS / 100) for scope in shares)})
        wanted = set(pairwise(edges))
        for number in count():
            if not wanted:
                return
            name = f"\0{number}"
            step = scopes.step_of(self.before.bundle, name)
            for stretch in [(low, high) for low, high in wanted if low <= step < high]:
                wanted.remove(stretch)
                yield name
