"""What the changes of a bundle break: each is one kind of change, by the part in which it stands.

A number counts by what it is for (see `influence`). What cannot be told is taken for breaking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.judging import decisions, inputs, parts, rules, tables
from policyengine.analysis.diff.judging.rules import LEVELS, Level, Rule
from policyengine.analysis.diff.judging.sides import Sides
from policyengine.compiler.pipeline import Compiled

JUDGES = {
    "input": inputs.of_input,
    "type": inputs.of_type,
    "check": inputs.of_check,
    "bundle": decisions.of_terms,
    "chart": decisions.of_chart,
    "decision": decisions.of_decision,
    "parameter": tables.of_parameter,
    "table": tables.of_table,
    "account": tables.of_account,
    "override": tables.of_override,
    "value": parts.of_value,
    "charge": parts.of_charge,
    "proration": parts.of_proration,
    "retry": parts.of_retry,
    "entitlement": parts.of_entitlement,
    "guard": parts.of_guard,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A change by its rule. What follows for callers from changes elsewhere has no change of its own."""

    rule: Rule
    path: str
    before: str
    after: str
    change: Change | None = None

    @property
    def what(self) -> str:
        """`added`, `removed`, `changed`, `moved`; `follows` for what other changes bring about."""
        return "follows" if self.change is None else self.change.what

    @property
    def kind(self) -> str:
        """What has changed: a row, a tier, a parameter."""
        return "consequence" if self.change is None else self.change.kind

    @property
    def place(self) -> str:
        """Where it stands now, or stood."""
        return "" if self.change is None else self.change.place


def findings(before: Compiled, after: Compiled, changes: Sequence[Change]) -> list[Finding]:
    """Every change by what it breaks, then what follows for callers."""
    sides = Sides.of(before, after)
    found = [Finding(JUDGES[c.part.kind](c, sides), c.name, *c.words, c) for c in changes]
    return found + list(_consequences(sides, found))


def _consequences(sides: Sides, found: list[Finding]) -> Iterator[Finding]:
    """Answers of another type, and facts that are read by decisions that did not read them."""
    said = {(finding.rule.code, finding.path) for finding in found}
    required = [finding.path for finding in found if finding.rule is rules.INPUT_REQUIRED]
    for path, (old, new) in sides.retyped.items():
        if (rules.OUTPUT_RETYPED.code, path) not in said:
            yield Finding(rules.OUTPUT_RETYPED, path, old, new)
    for fact, readers in sides.newly_read.items():
        if not any(fact == path or fact.startswith(f"{path}.") for path in required):
            yield Finding(rules.INPUT_REQUIRED, fact, "", f"read by {', '.join(readers)}")


def level(found: Sequence[Finding]) -> Level | None:
    """The version bump that the findings require; None where there are none."""
    return max((finding.rule.level for finding in found), key=LEVELS.index, default=None)
