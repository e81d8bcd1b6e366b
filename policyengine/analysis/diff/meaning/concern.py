"""Which changes a decision has to do with: those of parts whose values its answer really used.

Of a decision that was refused only the facts that it reads are known.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.meaning.answers import Question
from policyengine.runtime.answers import explain
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.program import Program

OF_INPUTS = frozenset(("bundle", "check", "type", "input", "decision"))
"""Parts for which an input may be refused that was accepted."""
ANYWHERE = frozenset(("bundle", "check", "type", "chart"))
"""Parts that any decision may feel."""


def _stops(decision: Decision, program: Program) -> Iterator[tuple[str, frozenset[str]]]:
    """What spoke against the request, with all that it read."""
    names = {reason.path for reason in decision.rationale if reason.kind in ("guard", "entitlement")}
    entry = program.entries[decision.name]
    for node in (*entry.guards, *entry.requires):
        owner = program.nodes[node].owner
        if owner in names:
            pending, seen = [node], {node}
            while pending:
                for read in decision.trace.demanded.get(pending.pop(), ()):
                    if read not in seen:
                        seen.add(read)
                        pending.append(read)
            yield owner, frozenset(program.nodes[name].owner for name in seen)


def stops_differ(change: Change, before: Used, after: Used, same_effect: bool) -> bool:
    """Whether a guard that the change moves spoke on one side only, or spoke otherwise."""
    moved = {change.part.name, change.its.name}
    own = not same_effect and change.part.kind == "guard" and change.its.name in ("effect", "approver")
    for name in before.stops.keys() | after.stops.keys():
        read = before.stops.get(name, frozenset()) | after.stops.get(name, frozenset()) | {name}
        on_one_side = (name in before.stops) != (name in after.stops)
        if read & moved and (on_one_side or (own and name == change.part.name)):
            return True
    return False


class Used:
    """What one decision used: the parts whose nodes were demanded, and the reasons that it cites."""

    def __init__(self, question: Question, decision: Decision | None, program: Program) -> None:
        entry = program.entries.get(question.decision)
        self.name = question.decision
        self.facts: frozenset[str] = frozenset()
        self.parts: frozenset[str] = frozenset()
        self.reasons: frozenset[str] = frozenset()
        self.stops: dict[str, frozenset[str]] = {}
        """The guards and entitlements that spoke, each with the parts that it read."""
        if entry is not None:
            self.facts = frozenset(program.facts[index].name for index in entry.facts)
        if entry is not None and decision is not None:
            asked = (*explain.demanded(program, entry, decision.trace), *entry.guards, *entry.requires)
            self.parts = frozenset(program.nodes[node].owner for node in asked)
            self.reasons = frozenset(reason.path for reason in decision.rationale)
            self.stops = dict(_stops(decision, program))

    def touches(self, change: Change) -> bool:
        """Whether the change lies in something that was used."""
        part, kind = change.part.name, change.part.kind
        if kind in ANYWHERE:
            return True
        if kind == "input":
            own = f"{change.name}."
            return any(f"{fact}.".startswith(own) or own.startswith(f"{fact}.") for fact in self.facts)
        if kind == "decision":
            return part == self.name
        if kind == "override":
            return part.removeprefix("overrides.").partition(" (")[0] in self.reasons
        if kind == "guard":
            return part in self.stops
        if kind in ("table", "account", "parameter") and len(change.path) > 1 and change.kind != "declaration":
            inner = [reason for reason in self.reasons if reason.startswith(f"{part}.")]
            if inner:
                return any(f"{change.name}.".startswith(f"{reason}.") for reason in inner)
        return part in self.parts
