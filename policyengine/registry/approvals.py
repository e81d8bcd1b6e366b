"""What the rules of one bundle ask of an activation, and whether its plan has it: a pure fold over the events.

Approvals belong to the digest of a plan, and a plan to the event that it was made on (its base). An edit gives another
digest, and whatever changes who answers moves the base; either way nothing is left of the approvals. What breaks the
rules counts as if it had not been done, whoever has written it into the store; `objection` says so to `verify`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.registry import events, rules, scopes
from policyengine.registry.events import Event
from policyengine.registry.plans import Plan
from policyengine.registry.rules import OWNER, Rules
from policyengine.registry.scopes import Scope
from policyengine.registry.timeline import Timeline
from policyengine.storage.store import Conflict
from policyengine.values.instant import Timestamp

MOVES_BASE = ("activated", "rolled_back", "cohort", "rules")


class Refused(Conflict):
    """A plan cannot be approved or activated as things stand, or an activation has no plan and needs one."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a plan needs, has and lacks: numbers by role, and people by role."""

    needed: Mapping[str, int]
    given: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, int]
    able: Mapping[str, tuple[str, ...]]
    """Who could still approve, of the roles that are missing."""

    def __str__(self) -> str:
        if not self.missing:
            return "nothing is missing"
        return "; ".join(
            f"{count} approval{'s' if count > 1 else ''} of `{role}` ({self._able(role)})"
            for role, count in self.missing.items()
        )

    def _able(self, role: str) -> str:
        return " or ".join(self.able[role]) or "nobody is left who could give it"


@dataclass(slots=True)
class Approvals:
    """The rules, plans and approvals of one bundle, in the order of their events."""

    bundle: str
    base: int = 0
    """The last event that changed who answers, or the rules."""
    rules: Rules | None = None
    publishers: dict[str, str] = field(default_factory=dict)
    """Who has published an artifact."""
    proposals: dict[str, set[str]] = field(default_factory=dict)
    """Who has proposed rules in the place of those that hold, by their digest."""
    planned: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What was planned, by the digest of the plan."""
    authors: dict[str, set[str]] = field(default_factory=dict)
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    """Who has approved a plan, and in which role."""
    done: dict[str, list[int]] = field(default_factory=dict)
    """By which events the steps of a plan were activated, as it says."""

    def add(self, event: Event) -> None:
        """Take one more event of this bundle into account."""
        said, actor = event.data, event.actor
        match event.kind:
            case "published":
                self.publishers[said["artifact"]] = actor
            case "planned" if self.planned.setdefault(said["plan"], said) == said:
                self.authors.setdefault(said["plan"], set()).add(actor)
            case "activated" if "plan" in said and self._step_objection(said) is None:
                self.done.setdefault(said["plan"], []).append(event.number)
            case "approved":
                self.given.setdefault(said["plan"], {})[actor] = said["role"]
            case "approval_withdrawn":
                self.given.get(said["plan"], {}).pop(actor, None)
            case "rules_proposed":
                self.proposals.setdefault(_digest(said["rules"]), set()).add(actor)
            case "rules" if self.rules_objection(said["rules"], actor) is None:
                self.rules = rules.of(said["rules"])
                self.proposals.clear()
            case "rules":
                return
        if event.kind in MOVES_BASE:
            self.base = event.number

    # ------------------------------------------------------------------------------------------------------ rules

    def rules_objection(self, said: Any, actor: str) -> str | None:
        """Why somebody cannot put rules into force; None where they can."""
        try:
            rules.of(said)
        except InvalidInput as fault:
            return str(fault)
        if self.rules is None:
            return None
        if actor not in self.rules.roles[OWNER]:
            return f"`{actor}` is no `{OWNER}` by the rules that hold"
        if not self.proposals.get(_digest(said), set()) - {actor}:
            return "nobody else has proposed these rules"
        return None

    # ------------------------------------------------------------------------------------------------------ plans

    def status(self, plan: str) -> Status:
        """What a recorded plan needs, has and lacks. Raises Refused where nobody made it, or its base has moved."""
        said = self.planned.get(plan)
        if said is None:
            raise Refused(
                f"nobody has made this plan of `{self.bundle}` here ({plan}): a plan that is edited is another one"
            )
        done = self.done.get(plan, [])
        if len(done) == len(said["steps"]):
            raise Refused(f"the plan has been activated by event {done[-1]}: make a new plan")
        # Its own steps do not void it: they are what it says.
        stands = f"has come to event {done[-1]}" if done else f"was made on event {said['base']}"
        if self.base != (done[-1] if done else said["base"]):
            raise Refused(
                f"the plan {stands}, and event {self.base} has changed since who answers, or the rules: make a new plan"
            )
        if self.rules is None:
            return Status({}, {}, {}, {})
        needed = self.rules.needed(_steps(said), said["impact"])
        given = {role: tuple(sorted(self._counted(plan, role))) for role in self.rules.roles}
        missing = {role: count - len(given[role]) for role, count in needed.items() if count > len(given[role])}
        used = self.given.get(plan, {})
        able = {role: tuple(sorted(self._able(plan, role) - used.keys())) for role in missing}
        return Status(needed, {role: people for role, people in given.items() if people}, missing, able)

    def _able(self, plan: str, role: str) -> set[str]:
        """Who may approve a plan in a role, or has."""
        assert self.rules is not None
        publisher = self.publishers.get(self.planned[plan]["artifact"])
        return set(self.rules.roles.get(role, ())) - self.authors[plan] - {publisher or ""}

    def _counted(self, plan: str, role: str) -> set[str]:
        """Who has approved in a role and may: what breaks the rules does not count."""
        return self._able(plan, role) & {who for who, its in self.given.get(plan, {}).items() if its == role}

    def check_recorded(self, plan: Plan) -> None:
        """Raises Refused where this very plan was not recorded, or its base has moved."""
        self.status(plan.digest)
        if self.planned[plan.digest] != plan.event():
            raise Refused("the plan says something else than what was recorded of it: make a new plan")

    def check_approval(self, plan: Plan, role: str, actor: str) -> None:
        """Whether somebody may approve a plan in a role. Raises Refused, and InvalidInput where they may not."""
        self.check_recorded(plan)
        if self.rules is None:
            raise InvalidInput(
                f"`{self.bundle}` has no rules, so its plans need no approvals",
                "plan",
                "`policyengine approve rules` sets them",
            )
        people = self.rules.roles.get(role)
        if people is None:
            raise InvalidInput(f"the rules know no role `{role}`", "role", f"one of {', '.join(self.rules.roles)}")
        if actor not in people:
            raise InvalidInput(f"`{actor}` is no `{role}`", "role", f"{', '.join(sorted(people))} may approve as that")
        if actor in self.authors[plan.digest]:
            raise InvalidInput(f"`{actor}` has made this plan, and so cannot approve it", "actor")
        if actor == self.publishers.get(plan.artifact):
            raise InvalidInput(f"`{actor}` has published this version, and so cannot approve it", "actor")
        if (known := self.given.get(plan.digest, {}).get(actor)) is not None:
            raise InvalidInput(f"`{actor}` has approved this plan as `{known}`, and counts once", "actor")

    def check_withdrawal(self, plan: Plan, actor: str) -> None:
        """Whether there is an approval to take back. Raises InvalidInput where there is none, Refused where the plan is
        done or void."""
        self.check_recorded(plan)
        if actor not in self.given.get(plan.digest, {}):
            raise InvalidInput(f"`{actor}` has not approved this plan", "actor")

    # ------------------------------------------------------------------------------------------------ activations

    def check_unplanned(self) -> None:
        """Whether something may be activated without a plan. Raises Refused where there are rules."""
        if self.rules is not None:
            raise Refused(f"`{self.bundle}` has rules: make a plan, have it approved, and activate that")

    def step(self, plan: Plan, named: Scope | None, timeline: Timeline | None, recorded: Timestamp) -> Scope:
        """The step of a plan that may be activated now; of several it must be `named`, so that none is done by mistake.

        Raises Refused with what stands against it, and InvalidInput where it is not named.
        """
        self.check_recorded(plan)
        status = self.status(plan.digest)
        done = self.done.get(plan.digest, [])
        step = plan.steps[len(done)]
        if named is None and len(plan.steps) > 1:
            raise InvalidInput(f"the plan is for {scopes.steps_text(plan.steps)}", "plan", f"name the next one: {step}")
        if named not in (None, step):
            next_one = f"of which {step} is the next" if len(plan.steps) > 1 else "no more"
            raise Refused(f"the plan is for {scopes.steps_text(plan.steps)}, {next_one}, and not for {named}")
        if status.missing:
            raise Refused(f"the plan lacks {status}")
        if plan.start is not None and plan.made < plan.start < recorded:
            raise Refused(f"the plan was to begin at {plan.start}, which is past by now: make a new plan")
        if plan.start is not None and plan.start > plan.made:
            return step  # it was compared with what answers then
        known = timeline.known() if timeline else ()
        begun = [a for a in known if plan.made < a.start <= recorded and a.event.number not in done]
        if begun:
            raise Refused(f"since the plan was made, {_begun(begun[0].event)} has begun: make a new plan")
        return step

    def check_cohort(self, timeline: Timeline, name: str, tenants: Iterable[str]) -> None:
        """Whether these may be the tenants of a cohort. Raises Refused where a version would reach others unapproved.

        Under rules, whoever has been given a version was known when it was approved: nobody is added later.
        """
        if self.rules is None or scopes.cohort(name) not in timeline.activations:
            return
        if added := sorted(set(tenants) - timeline.cohorts_at().get(name, frozenset())):
            raise Refused(
                f"`{self.bundle}` has rules, and cohort `{name}` has been given a version, so nobody can be added to it"
                f" (`{added[0]}`): name another cohort, and plan the version for that"
            )

    def check_target(self, timeline: Timeline, scope: Scope, target: str, recorded: Timestamp) -> None:
        """Whether a rollback may name this version: under rules, one that has answered there before.

        One that was taken back, by a person or by a guardrail, is no way back: it needs a plan like any other.
        """
        standing = [*timeline.standing(scope, recorded), *timeline.standing(scopes.ALL, recorded)]
        if self.rules is not None and target not in standing:
            raise Refused(
                f"`{self.bundle}` has rules, and this version has never answered for {scope}, or was taken back there:"
                " make a plan"
            )

    def objection(self, event: Event, timeline: Timeline) -> str | None:
        """Why an event could not have been written by the rules that held before it; None where it could."""
        if event.kind == "rules":
            return self.rules_objection(event.data["rules"], event.actor)
        if event.kind == "rolled_back" and event.data["artifact"] is not None:
            scope = scopes.from_json(event.data["scope"])
            try:
                self.check_target(timeline, scope, event.data["artifact"], event.recorded)
            except Refused as fault:
                return str(fault)
        if event.kind == "cohort":
            try:
                self.check_cohort(timeline, event.data["name"], event.data["tenants"])
            except Refused as fault:
                return str(fault)
        if event.kind != "activated" or self.rules is None:
            return None
        if "plan" not in event.data:
            return "it was activated without a plan, though there were rules"
        return self._step_objection(event.data)

    def _step_objection(self, said: Mapping[str, Any]) -> str | None:
        """Why an activation is not the next step of its plan; None where it is."""
        try:
            status = self.status(said["plan"])
        except Refused as fault:
            return str(fault)
        planned = self.planned[said["plan"]]
        step = planned["steps"][len(self.done.get(said["plan"], ()))]
        guardrails = None if step == scopes.ALL.as_json() else planned["guardrails"]
        is_it = (said["artifact"], said["reason"], said["scope"], said.get("guardrails")) == (
            planned["artifact"], planned["reason"], step, guardrails,
        )  # fmt: skip
        if not is_it or planned["from"] not in (None, said["from"]):
            return "it is not what its plan says"
        return f"it was activated without enough approvals: {status}" if status.missing else None


def objections(history: Iterable[Event]) -> None:
    """Whether a history keeps the rules in it. Raises BrokenHistory at the first event that does not."""
    known: dict[str, tuple[Approvals, Timeline]] = {}
    for event in history:
        bundle = event.data["bundle"]
        if bundle not in known:
            known[bundle] = Approvals(bundle), Timeline(bundle)
        approvals, timeline = known[bundle]
        if (wrong := approvals.objection(event, timeline)) is not None:
            raise events.BrokenHistory(event.number, wrong)
        approvals.add(event)
        timeline.add(event)


def _steps(planned: Mapping[str, Any]) -> list[Scope]:
    return [scopes.from_json(step) for step in planned["steps"]]


def _begun(event: Event) -> str:
    return f"what was activated by event {event.number} from {event.data['from']}"


def _digest(said: Any) -> str:
    return hashlib.sha256(events.canonical(said)).hexdigest()
