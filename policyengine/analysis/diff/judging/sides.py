"""What judging a change needs to know beside the change itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.judging import rules
from policyengine.analysis.diff.judging.influence import Influence, Influences, Purpose
from policyengine.analysis.diff.judging.rules import Rule
from policyengine.compiler.pipeline import Compiled
from policyengine.runtime.program import Group, Leaf, Program
from policyengine.values.types import Type

EFFECTS: dict[Purpose, tuple[Rule, Rule, Rule]] = {
    "price": (rules.AMOUNT_CHANGED, rules.PRICE_RAISED, rules.PRICE_LOWERED),
    "entitlement": (rules.DECISION_CHANGED, rules.ENTITLEMENT_RAISED, rules.ENTITLEMENT_LOWERED),
    "retry": (rules.RETRY_MOVED, rules.RETRY_BUDGET_RAISED, rules.RETRY_BUDGET_LOWERED),
    "guard": (rules.DECISION_CHANGED, rules.GUARD_TIGHTENED, rules.GUARD_LOOSENED),
}
"""For each purpose what it means that it moves in an unknown way, up, or down."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both bundles: what their numbers are for, and what their decisions ask and answer."""

    before: Compiled
    after: Compiled
    influences: tuple[Influences, Influences]
    retyped: dict[str, tuple[str, str]]
    """Outputs of both whose types differ: both types."""
    newly_read: dict[str, list[str]]
    """Facts that must be given, by the decisions that did not read them before."""

    @classmethod
    def of(cls, before: Compiled, after: Compiled) -> Sides:
        influences = (Influences(before.bundle), Influences(after.bundle))
        return cls(before, after, influences, _retyped(before, after), _newly_read(before, after))

    def only_notes(self, guard: str) -> bool:
        """Whether a guard lets everything pass and only says so."""
        known = [its.bundle.guards[guard] for its in (self.before, self.after) if guard in its.bundle.guards]
        return bool(known) and all(each.effect == "allow" for each in known)

    def influence(self, *path: str) -> Influence | None:
        """What a parameter, a value or a column is for; where both sides disagree on the sign, none is known."""
        old, new = (its.of(*path) for its in self.influences)
        if old is None or new is None:
            return new or old
        return new if old.sign == new.sign or old.purpose != new.purpose else Influence(new.purpose, 0)


def effect(influence: Influence | None, direction: int | None) -> Rule:
    """What it means that a number moves."""
    if influence is None:
        return rules.DECISION_CHANGED
    return EFFECTS[influence.purpose][influence.sign * (direction or 0)]


def whole(change: Change) -> Rule | None:
    """What the coming or going of a whole part means; None where something inside it has changed."""
    if change.owners:
        return None
    return {"added": rules.PART_ADDED, "removed": rules.PART_REMOVED}.get(change.what)


def _decisions(program: Program) -> set[str]:
    return {name for name, entry in program.entries.items() if entry.section == "decisions"}


def _retyped(before: Compiled, after: Compiled) -> dict[str, tuple[str, str]]:
    old, new = (_answers(each.program) for each in (before, after))
    return {path: (str(old[path]), str(new[path])) for path in old if path in new and str(old[path]) != str(new[path])}


def _answers(program: Program) -> dict[str, Type]:
    found = {}
    for name in _decisions(program):
        for output, node in program.entries[name].outputs:
            found[f"{name}.{output}"] = program.nodes[node].type
    return found


def _newly_read(before: Compiled, after: Compiled) -> dict[str, list[str]]:
    needed = set(_required(after.program.inputs))
    found: dict[str, list[str]] = {}
    for name in sorted(_decisions(before.program) & _decisions(after.program)):
        old, new = (_facts(each.program, name) for each in (before, after))
        for fact in sorted((new & needed) - old):
            found.setdefault(fact, []).append(name)
    return found


def _facts(program: Program, name: str) -> set[str]:
    return {program.facts[index].name for index in program.entries[name].facts}


def _required(given: Leaf | Group, above: str = "") -> Iterator[str]:
    """The facts that must be given wherever they are read."""
    if given.optional:
        return
    path = f"{above}.{given.name}".strip(".")
    if isinstance(given, Group):
        for field in given.fields:
            yield from _required(field, path)
    elif not given.has_default:
        yield path
