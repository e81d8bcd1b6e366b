"""The difference of two versions of a bundle, as everything that shows it reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policyengine.analysis.diff.changes import between
from policyengine.analysis.diff.judging import bump, rules
from policyengine.analysis.diff.judging.findings import Finding, findings, level
from policyengine.analysis.diff.judging.rules import LEVELS, Level
from policyengine.analysis.diff.meaning.answers import Units, units_of
from policyengine.analysis.diff.meaning.witnesses import Meaning, witnesses
from policyengine.analysis.diff.rating.impact import Impact
from policyengine.compiler.pipeline import Compiled


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions: what it was called, and what it calls itself."""

    called: str
    bundle: str
    version: str
    digest: str

    @property
    def short_digest(self) -> str:
        """As much of the digest as people read."""
        return self.digest.removeprefix("sha256:")[:12]


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that was found out about two versions."""

    before: Side
    after: Side
    findings: tuple[Finding, ...]
    meanings: tuple[Meaning, ...]
    """What each finding means, in their order."""
    units: tuple[Units, Units]
    """The units of the outputs on both sides, for people."""
    impact: Impact | None = None
    """What recorded usage comes to, where some was given."""

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not self.findings

    def by_level(self) -> Iterator[tuple[Level, list[tuple[Finding, Meaning]]]]:
        """The findings with what they mean, those that break most first; no level without any."""
        pairs = list(zip(self.findings, self.meanings, strict=True))
        for each in reversed(LEVELS):
            own = [pair for pair in pairs if pair[0].rule.level == each]
            if own:
                yield each, own

    @property
    def level(self) -> Level | None:
        """The version bump that the changes require; None where there are none."""
        return level(self.findings)

    @property
    def least_version(self) -> str | None:
        """The least version that the changes require; None where there are none, or where it cannot be told."""
        return None if self.level is None else bump.least(self.before.version, self.level)

    @property
    def version_is_enough(self) -> bool:
        """Whether the second version is at least the one required."""
        return self.level is None or bump.is_enough(self.before.version, self.after.version, self.level)


def difference(before: Compiled, after: Compiled, called: tuple[str, str]) -> Difference:
    """What differs between two compiled bundles; `called` is how whoever asks names them."""
    changed = between(before, after)
    found = findings(before, after, changed)
    felt = {number for number, finding in enumerate(found) if finding.rule in rules.OF_GUARDS}
    shown = zip(found, witnesses(before, after, changed, felt), strict=False)
    meanings = [Meaning(None if _is_silent(finding) else witness) for finding, witness in shown]
    meanings += [Meaning()] * (len(found) - len(meanings))  # what follows from changes has none of its own
    sides = (_side(before, called[0]), _side(after, called[1]))
    units = (units_of(before.program), units_of(after.program))
    return Difference(*sides, tuple(found), tuple(meanings), units)


def _is_silent(finding: Finding) -> bool:
    """Whether no answer can show a change: a wording, a bound of overrides, a guard that only notes."""
    notes = finding.rule is rules.NOTICE_CHANGED and finding.change is not None and finding.change.path[-1] == "when"
    return finding.rule in rules.UNSEEN or notes


def _side(compiled: Compiled, called: str) -> Side:
    program = compiled.program
    return Side(called, program.bundle, program.version, program.source_digest)
