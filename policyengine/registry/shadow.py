"""What a client compares beside its answers: a shadowed version, and the canaries that it guards.

A shadowed version is evaluated for a sample of the decisions and never answers. A canary answers, and the version that
would have answered otherwise is evaluated beside it. Both happen in a thread of their own, later, and neither can
change or fail an answer.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.errors import PolicyEngineError
from policyengine.registry import beside, canary, comparing, guardrails, scopes
from policyengine.registry.beside import Beside, Raised, attempt
from policyengine.registry.comparing import Asked, Failed, Figures, Outcome, Tally
from policyengine.registry.events import Event
from policyengine.registry.guardrails import Guardrails
from policyengine.registry.scopes import Scope
from policyengine.registry.timeline import Activation, Due, Timeline
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.runtime.given.mappings import mapping
from policyengine.storage.store import Store
from policyengine.values.instant import Timestamp

WORD = 2**32
STEP = 2_654_435_769
"""`WORD` divided by the golden ratio: its multiples fall evenly, so that no period of the calls can hide from them."""
PERIOD = 10_007
"""After so many decisions, a prime number, the picks begin anew."""
RETRY_NANOSECONDS = 10**9
"""After how long a version is tried to be taken back again, where the registry was away."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """A version that is evaluated beside the one that answers, for a share of the decisions, in percent."""

    artifact: str
    scope: Scope
    sample: str
    event: Event


def shadow_of(events: Iterable[Event]) -> Shadow | None:
    """The version that the last `shadowed` event of a bundle names; None where that ends it, or there is none."""
    last = next((event for event in reversed(list(events)) if event.kind == "shadowed"), None)
    if last is None or last.data["artifact"] is None:
        return None
    return Shadow(last.data["artifact"], scopes.from_json(last.data["scope"]), last.data["sample"], last)


@dataclass(frozen=True, slots=True)
class Report:
    """What a client has found beside its answers since it knows of the event, for a person as text.

    `kind` is `shadow` or `canary`. `sampled` decisions were picked; those that are not compared yet still wait, or
    were `dropped`: the queue was full, or the client's limit of processor time would have been passed.
    `fault` says why nothing can be compared, or why the registry could not be told.
    """

    kind: str
    bundle: str
    event: int
    artifact: str
    scope: str
    sample: str
    sampled: int
    dropped: int
    figures: Figures
    breach: str = ""
    fault: str = ""

    def as_json(self) -> dict[str, Any]:
        """As JSON; amounts are texts, so that no reader rounds them."""
        figures = self.figures
        outputs = {
            name: {
                "differing": each.differing,
                "money": comparing.money_json(each.money),
                "samples": [comparing.sample_json(sample) for sample in each.samples],
            }
            for name, each in figures.outputs.items()
        }
        return {
            "kind": self.kind, "bundle": self.bundle, "event": self.event, "artifact": self.artifact,
            "scope": self.scope, "sample": self.sample, "sampled": self.sampled, "dropped": self.dropped,
            "compared": figures.compared, "differing": figures.differing,
            "failed": {side: dict(kinds) for side, kinds in figures.failed.items()},
            "money": comparing.money_json(figures.money), "outputs": outputs, "rules": dict(figures.rules),
            "same_rules": figures.same_rules, "other_rules": figures.other_rules, "tenants": dict(figures.tenants),
            "other_tenants": figures.other_tenants, "breach": self.breach, "fault": self.fault,
        }  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(_lines(self))


class _Watched:
    """One version that is compared: its event, its tally, and what went wrong."""

    __slots__ = (
        "artifact", "breach", "dropped", "event", "fault", "guardrails", "is_ended", "kind", "sample", "scope",
        "taken", "tally",
    )  # fmt: skip

    def __init__(self, kind: str, event: Event, scope: Scope, sample: str, keep_inputs: bool) -> None:
        self.kind, self.event, self.scope, self.sample = kind, event, scope, sample
        self.artifact: str = event.data["artifact"]
        self.tally = Tally(keep_inputs=keep_inputs)
        self.taken = self.dropped = 0
        """How many decisions were compared or dropped, and how many were dropped; the rest still waits."""
        self.breach = self.fault = ""
        self.guardrails: Guardrails | None = None
        self.is_ended = False

    def report(self, waiting: int) -> Report:
        data, sampled = self.event.data, waiting + self.taken
        return Report(
            self.kind, data["bundle"], self.event.number, self.artifact, str(self.scope), self.sample,
            sampled, self.dropped, self.tally.figures(), self.breach, self.fault,
        )  # fmt: skip


_Piece = tuple[_Watched, Policy, Outcome, str, Any, str | None, Any]
"""One decision to compare: what was answered, and what is needed to ask the other version: the decision, the input, the
tenant and the time. The input is a copy, or `HELD` where the answer has kept everything that the other version reads.
"""
HELD = object()


@dataclass(frozen=True, slots=True)
class State:
    """What a client has just read: its timeline and the policies that can decide."""

    timeline: Timeline
    policies: Mapping[str, Policy]
    unusable: Mapping[str, str]
    now: Timestamp


Pick = Callable[[], int]
"""What each decision asks: nothing, `SAMPLED` or `GUARDED` or both. Every decision pays for it, so it is one call."""
SHADOW_PART = 8
"""Where there are canaries, the shadow has only this part of the places: what answers somebody is compared first."""
SAMPLED, GUARDED = 1, 2
"""That a decision is to be compared with the shadowed version; that there are canaries, of which it may ask one."""


class Watch:
    """What one client compares. `follow` is told each new state of the registry; `close` ends the thread."""

    __slots__ = (
        "_actor",
        "_alike",
        "_before",
        "_beside",
        "_bundle",
        "_candidate",
        "_clock",
        "_cohorts",
        "_counting",
        "_keep_inputs",
        "_known",
        "_opened",
        "_places", "_policies",
        "_refresh",
        "_retry",
        "_shadow",
        "_waiting",
        "guarded",
        "sampled",
    )  # fmt: skip

    def __init__(
        self,
        bundle: str,
        opened: Callable[[], Store],
        clock: Callable[[], Timestamp],
        refresh: Callable[[], None],
        *,
        actor: str | None,
        keep_inputs: bool,
    ) -> None:
        """`actor` is who takes a canary back; without one, none is guarded."""
        self._bundle, self._opened, self._clock, self._refresh = bundle, opened, clock, refresh
        self._actor, self._keep_inputs = actor, keep_inputs
        self.sampled: Pick | None = None
        """Whether the next decision is to be compared with the shadowed version; None where there is none."""
        self.guarded: Mapping[int, _Watched] = {}
        """The canaries, by the event that activated them."""
        self._counting = threading.Lock()
        self._waiting: deque[_Piece] = deque()
        self._places = beside.QUEUE_MAX
        """How many may wait when one more is compared for the shadow; canaries, which answer, have all places."""
        self._shadow: _Watched | None = None
        self._candidate: Policy | None = None
        self._before: dict[int, str | None] = {}
        self._known: dict[object, tuple[_Watched, Policy]] = {}
        """By what has answered: the shadow, where it is for everyone and reads the facts that the answer has kept."""
        self._alike: set[tuple[object, Policy]] = set()
        """The policies that read the facts which another one's entry point has kept."""
        self._cohorts: Mapping[str, frozenset[str]] = {}
        self._policies: Mapping[str, Policy] = {}
        self._retry = Timestamp(0)
        self._beside: Beside | None = None

    def close(self) -> None:
        """End the thread; what was counted can still be read."""
        if self._beside is not None:
            self._beside.close()

    def shadow(self) -> Report | None:
        """What is known of the shadowed version; None where there is none."""
        return None if self._shadow is None else self._report(self._shadow)

    def canaries(self) -> tuple[Report, ...]:
        """What is known of the canaries that this client guards."""
        return tuple(map(self._report, self.guarded.values()))

    def _report(self, watched: _Watched) -> Report:
        waiting = sum(piece[0] is watched for piece in self._waiting.copy())  # first: none is left out meanwhile
        return watched.report(waiting)

    # ---------------------------------------------------------------------------------------------------- following

    def follow(self, state: State, shadow: Shadow | None) -> Pick | None:
        """Compare by another state of the registry from now on; None where there is nothing to compare."""
        self._cohorts, self._policies = state.timeline.cohorts_at(), state.policies
        self._alike = set()
        sampled = self._follow_shadow(state, shadow)
        guarded = {} if self._actor is None else self._follow_canaries(state)
        if self._beside is None and (sampled or guarded):
            name = f"policyengine {self._bundle} beside"
            self._beside = Beside(self._waiting, self._compare, self._settle, self._failed, name)
        self.sampled, self.guarded, self._known = sampled, guarded, {}
        self._places = beside.QUEUE_MAX // SHADOW_PART if guarded else beside.QUEUE_MAX
        if sampled is not None and guarded:
            return lambda: sampled() | GUARDED
        return itertools.repeat(GUARDED).__next__ if guarded else sampled

    def _follow_shadow(self, state: State, shadow: Shadow | None) -> Pick | None:
        watched = self._shadow
        if watched is not None and (shadow is None or watched.event.number != shadow.event.number):
            watched.is_ended, watched, self.sampled = True, None, None
        if shadow is None:
            self._shadow = self._candidate = None
            return None
        if watched is None:
            watched = _Watched("shadow", shadow.event, shadow.scope, f"{shadow.sample} %", self._keep_inputs)
        candidate = state.policies.get(shadow.artifact)
        watched.fault = state.unusable.get(shadow.artifact, "")
        self._shadow, self._candidate = watched, candidate
        return None if candidate is None else self.sampled or _picks(shadow.sample)

    def _follow_canaries(self, state: State) -> dict[int, _Watched]:
        found = {}
        for activation in _guarded(state):
            limits = guardrails.of_event(activation.event)
            number = activation.event.number
            if limits is not None:
                watched = self.guarded.get(number)
                if watched is None:
                    watched = _Watched("canary", activation.event, activation.scope, "100 %", self._keep_inputs)
                    watched.guardrails = limits
                found[number] = watched
                self._before[number] = state.timeline.last_good(activation.scope, max(state.now, activation.start))
        for number, watched in self.guarded.items():
            watched.is_ended |= number not in found
        return found

    # ------------------------------------------------------------------------------------------------------ deciding

    def offer(
        self, picked: int, due: Due, answer: Decision, name: str, given: object, tenant: str | None, at: Any
    ) -> None:
        """Take what was answered to be compared later; never raises. The answer waits for this, so it is short."""
        if picked == SAMPLED and (known := self._known.get(answer._state[0])) is not None:
            waiting, (shadow, candidate) = self._waiting, known
            if len(waiting) < self._places:  # two threads may both take the last place, which is no harm
                waiting.append((shadow, candidate, answer, name, HELD, tenant, at))
            else:
                self._drop(shadow)
        elif picked & SAMPLED or due.activation.event.number in self.guarded:
            attempt(self._offer, picked, due, answer, name, given, tenant, at)

    def offer_failed(
        self, picked: int, due: Due, fault: Exception, name: str, given: object, tenant: Any, at: Any
    ) -> None:
        """The same for what could not be answered."""
        who = tenant if type(tenant) is str else None
        attempt(self._offer, picked, due, Failed.of(fault), name, given, who, at)

    def _offer(
        self, picked: int, due: Due, answer: Outcome, name: str, given: object, tenant: str | None, at: Any
    ) -> None:
        if picked & SAMPLED:
            self._offer_shadow(due, answer, name, given, tenant, at)
        if picked & GUARDED:
            self._offer_canary(due, answer, name, given, tenant, at)

    def _offer_shadow(self, due: Due, answer: Outcome, name: str, given: object, tenant: str | None, at: Any) -> None:
        shadow, candidate = self._shadow, self._candidate
        if shadow is None or candidate is None or due.artifact == shadow.artifact:
            return
        if shadow.scope.holds(self._bundle, tenant, self._cohorts):
            self._put(shadow, candidate, answer, name, given, tenant, at)

    def _offer_canary(self, due: Due, answer: Outcome, name: str, given: object, tenant: str | None, at: Any) -> None:
        number = due.activation.event.number
        watched = self.guarded.get(number)
        before = self._without_canaries(due)
        other = None if before is None or before == due.artifact else self._policies.get(before)
        if watched is not None and other is not None and not watched.is_ended:
            self._put(watched, other, answer, name, given, tenant, at)

    def _without_canaries(self, due: Due) -> str | None:
        """What would answer a tenant once all canaries of the version that answers are taken back."""
        for activation in (due.activation, *due.overruled):
            number = activation.event.number
            if activation.artifact != due.artifact or number not in self.guarded:
                return activation.artifact
            if (before := self._before[number]) is not None:
                return before
        return None

    def _put(
        self, watched: _Watched, other: Policy, answer: Outcome, name: str, given: object, tenant: str | None, at: Any
    ) -> None:
        kept: Any = HELD
        if len(self._waiting) >= (self._places if watched is self._shadow else beside.QUEUE_MAX):
            self._drop(watched)
            return
        if not isinstance(answer, Decision) or (answer._prepared, other) not in self._alike:
            kept = attempt(_kept, given)
        if isinstance(kept, Raised):
            self._drop(watched, f"an input cannot be copied: {kept.fault}")
        else:
            self._waiting.append((watched, other, answer, name, kept, tenant, at))

    def _drop(self, watched: _Watched, why: str = "") -> None:
        """Count a decision that is not compared, and say why, where it is not for the lack of a place."""
        with self._counting:
            watched.taken += 1
            watched.dropped += 1
        watched.fault = why or watched.fault

    # ----------------------------------------------------------------------------------------------------- comparing

    def _compare(self, piece: _Piece) -> None:
        self._add(piece)
        with self._counting:
            piece[0].taken += 1

    def _add(self, piece: _Piece) -> None:
        watched, policy, answer, decision, given, tenant, at = piece
        if watched.is_ended:
            return
        asked = Asked(decision, given, tenant, at)
        if given is HELD:
            assert isinstance(answer, Decision)
            other = comparing.outcome_again(policy, answer)
        else:
            other = comparing.outcome(policy, asked)
        base, candidate = (answer, other) if watched.kind == "shadow" else (other, answer)
        watched.tally.add(asked, base, candidate)
        if watched.guardrails is not None and not watched.breach:
            watched.breach = watched.guardrails.breach(watched.tally)
        if isinstance(answer, Decision) and given is not HELD and not self._keep_inputs and policy.reads_as(answer):
            self._alike.add((answer._prepared, policy))
            known = self._known  # before `_shadow`: where both are exchanged meanwhile, the old one is written to
            if watched is self._shadow and watched.scope == scopes.ALL:
                known[answer._prepared] = watched, policy

    def _settle(self) -> None:
        for watched in list(self.guarded.values()):
            if watched.breach and not watched.is_ended:
                self._take_back(watched)

    def _take_back(self, watched: _Watched) -> None:
        if self._clock() < self._retry:
            return
        assert self._actor is not None
        try:
            same = [each for each in self.guarded.values() if each.artifact == watched.artifact]
            others = [each.event for each in same if each is not watched]
            canary.take_back(self._opened, self._clock, watched.event, others, self._actor, watched.breach)
            for each in same:
                each.is_ended, each.fault = True, ""
            self._refresh()
        except PolicyEngineError as fault:
            watched.fault = str(fault)
            self._retry = Timestamp(self._clock() + RETRY_NANOSECONDS)

    def _failed(self, fault: Exception, piece: _Piece | None = None) -> None:
        """The comparing, or what follows from it, has failed: it is told, and a comparison that is lost is counted."""
        text = f"{type(fault).__name__}: {fault}"
        if piece is not None:
            self._drop(piece[0], f"a comparison failed: {text}")
            return
        for watched in self.guarded.values():
            watched.fault = text


def _guarded(state: State) -> Iterable[Activation]:
    """The activations with guardrails that answer now, or will."""
    current = {activation.event.number for activation in state.timeline.answering(state.now)}
    for activation in state.timeline.known():
        is_due = activation.event.number in current or activation.start > state.now
        if is_due and activation.event.data.get("guardrails") is not None:
            yield activation


def _picks(sample: str) -> Pick:
    """A function that says for each decision whether it is in the sample; it reads one byte, since all pay for it."""
    below = Fraction(sample) * WORD / 100
    period = bytes(number * STEP % WORD < below for number in range(PERIOD))
    return itertools.chain.from_iterable(itertools.repeat(period)).__next__


SCALARS = frozenset((str, int, Decimal, bool, type(None), Timestamp))


def _kept(value: Any) -> Any:
    """A copy of an input, which its owner may go on changing; what is no dict, list or object with fields is shared."""
    kind = value.__class__
    if kind is dict:
        return {key: each if each.__class__ in SCALARS else _kept(each) for key, each in value.items()}
    if kind is list or kind is tuple:
        return [each if each.__class__ in SCALARS else _kept(each) for each in value]
    fields = mapping(value)
    return value if fields is value else _kept(fields)


def _lines(report: Report) -> Iterable[str]:
    """A report as text."""
    figures = report.figures
    digest = report.artifact.removeprefix("sha256:")[:12]
    yield f"{report.kind} of {report.bundle} {digest} for {report.scope} (event {report.event})"
    yield (
        f"  {figures.compared} decisions compared, {figures.differing} differ; {report.sampled} sampled"
        f" ({report.sample}), {report.dropped} dropped"
    )
    for side, kinds in figures.failed.items():
        yield f"  failed by {side}: " + ", ".join(f"{kind} {count}" for kind, count in kinds.items())
    for currency, money in figures.money.items():
        yield f"  money: {money.sum:+f} {currency} in all, {money.absolute:f} {currency} in size"
    for name, output in figures.outputs.items():
        yield f"  {name}: {output.differing} differ"
        for sample in output.samples:
            said = comparing.sample_json(sample)
            yield f"    {said['tenant'] or 'nobody'} at {said['at']}: {said['base']} -> {said['candidate']}"
    if figures.rules:
        yield "  rules that only one has: " + ", ".join(f"{name} {count}" for name, count in figures.rules.items())
    if figures.same_rules:
        yield f"  by the same rules with other values: {figures.same_rules}"
    if figures.tenants:
        yield "  tenants: " + ", ".join(f"{name} {count}" for name, count in figures.tenants.items())
    yield from (f"  {text}" for text in (report.breach, report.fault) if text)
