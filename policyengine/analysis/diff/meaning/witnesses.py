"""For each change a question that both versions answer differently, so that a reader sees what it means.

The questions are samples: those of the bundles' tests, their neighbours, and some aimed at the changed row. Where none
shows a difference that says nothing yet; only a proof over all inputs can.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.meaning import samples
from policyengine.analysis.diff.meaning.aims import aimed
from policyengine.analysis.diff.meaning.answers import Answer, Question, answer, differ
from policyengine.analysis.diff.meaning.concern import OF_INPUTS, Used, stops_differ
from policyengine.analysis.diff.meaning.edges import edges
from policyengine.analysis.diff.meaning.landmarks import Landmarks
from policyengine.compiler.pipeline import Compiled
from policyengine.runtime.engine import Policy

NEIGHBOURS_MAX = 1_000
"""How many neighbours of one question are asked."""
SHOWN_MAX = 12
"""After so many differences the neighbours of a question are left: the next ones show the same changes."""
SEEDS_MAX = 6
"""How many tests of a decision have their neighbours asked."""
AIMED_MAX = 4_000
"""How many questions are aimed at one change."""
STARTS_MAX = 40
FURTHER_MAX = 60
"""From how many questions those that differ by a second fact are asked."""
ASKED_MAX = 60_000
"""How many questions are asked in all, so that a catalogue of a thousand new prices does not take a minute."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A question with both answers."""

    question: Question
    before: Answer
    after: Answer


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a change means for decisions: a witness, and what is proved over all inputs, which samples never do."""

    witness: Witness | None = None
    proved: str = ""


@dataclass(slots=True)
class _Search:
    """The questions that made a difference, with the numbers of the changes that each has to do with."""

    policies: tuple[Policy, Policy]
    changes: Sequence[Change]
    felt_in_effects: Container[int]
    found: list[tuple[Witness, frozenset[int]]] = field(default_factory=list)
    asked: int = 0

    def ask(self, question: Question) -> frozenset[int]:
        """The changes that a question shows; none where both answer alike."""
        self.asked += 1
        (old, first), (new, second) = (answer(policy, question) for policy in self.policies)
        if not differ(old, new):
            return frozenset()
        before, after = self.policies
        used = [Used(question, first, before.program), Used(question, second, after.program)]
        touched = frozenset(n for n, change in enumerate(self.changes) if self.shows(n, change, used, (old, new)))
        self.found.append((Witness(question, old, new), touched))
        return touched

    def shows(self, number: int, change: Change, used: Sequence[Used], answers: tuple[Answer, Answer]) -> bool:
        """Whether a change may be why two answers differ; what moves a guard, only where the effect differs, too."""
        if not any(each.touches(change) for each in used):
            return False
        old, new = answers
        if (old.by_input or new.by_input) and change.part.kind not in OF_INPUTS and change.kind != "row":
            return False
        if number not in self.felt_in_effects:
            return True
        return stops_differ(change, used[0], used[1], (old.effect, old.approvers) == (new.effect, new.approvers))

    def best(self, number: int) -> Witness | None:
        """Of the witnesses of a change, the one that has to do with the fewest others; of those the first."""
        own = [(len(touched), place) for place, (_, touched) in enumerate(self.found) if number in touched]
        return self.found[min(own)[1]][0] if own else None


def witnesses(
    before: Compiled, after: Compiled, changes: Sequence[Change], felt_in_effects: Container[int] = ()
) -> list[Witness | None]:
    """A witness for each change, in their order; None where no sample shows one.

    `felt_in_effects` are the numbers of the changes that only loosen or tighten guards.
    """
    if not changes:
        return []
    search = _Search((Policy(before.program), Policy(after.program)), changes, felt_in_effects)
    landmarks = Landmarks.of(before.program, after.program)
    seeds = list(_distinct(question for each in (after, before) for question in samples.questions(each)))
    for seed in seeds:
        search.ask(seed)
    varied = [question for own in _by_decision(seeds).values() for question in samples.spread(own, SEEDS_MAX)]
    for seed in varied:
        _ask_neighbours(search, seed, after, landmarks)
    for number, change in enumerate(changes):
        if search.asked < ASKED_MAX and search.best(number) is None:
            _ask_aimed(search, number, change, seeds, (after, before), landmarks)
    return [search.best(number) for number in range(len(changes))]


def _ask_neighbours(search: _Search, seed: Question, compiled: Compiled, landmarks: Landmarks) -> None:
    shown = 0
    for question in islice(samples.neighbours(seed, compiled.program, landmarks), NEIGHBOURS_MAX):
        shown += bool(search.ask(question))
        if shown >= SHOWN_MAX:
            return


def _ask_aimed(
    search: _Search,
    number: int,
    change: Change,
    seeds: Sequence[Question],
    sides: Sequence[Compiled],
    landmarks: Landmarks,
) -> None:
    """Ask at the changed row itself, then around it, until one question shows the change."""
    starts = [(each, start) for each in sides for seed in seeds for start in aimed(seed, change, each.program)]
    for question in islice(_around(search, starts[:STARTS_MAX], landmarks), AIMED_MAX):
        if number in search.ask(question):
            return


def _around(search: _Search, starts: Sequence[tuple[Compiled, Question]], landmarks: Landmarks) -> Iterator[Question]:
    """The questions themselves; their neighbours; the edges of both versions; and what differs by two facts."""
    yield from (start for _, start in starts)
    for compiled, start in starts:
        yield from samples.neighbours(start, compiled.program, landmarks)
    further = [(each, near) for each, start in starts for near in samples.coarse(start, each.program, landmarks)]
    for _, near in samples.spread(further, FURTHER_MAX):
        for policy in search.policies:
            yield from edges(near, policy)
    for compiled, near in samples.spread(further, FURTHER_MAX):
        yield from samples.neighbours(near, compiled.program, landmarks)


def _distinct(questions: Iterator[Question]) -> Iterator[Question]:
    seen = set()
    for question in questions:
        if repr(question) not in seen:
            seen.add(repr(question))
            yield question


def _by_decision(questions: Sequence[Question]) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {}
    for question in questions:
        found.setdefault(question.decision, []).append(question)
    return found
