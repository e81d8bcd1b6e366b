"""What `check --against` says about a version that promises less change than there is."""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.analysis.diff.judging.findings import Finding
from policyengine.analysis.diff.judging.rules import Level
from policyengine.source import Diagnostic, Span

SHOWN_MAX = 20


def version_too_low(
    version: str, at: Span | None, against: str, level: Level, least: str | None, reasons: Sequence[Finding]
) -> Diagnostic:
    """The version of a bundle is too low for what has changed since another one."""
    wanted = f"{least} or higher" if least is not None else "another one"
    related = [
        (finding.change.its.at, f"{finding.rule.code} {finding.rule.name}: {finding.path}")
        for finding in reasons[:SHOWN_MAX]
        if finding.change is not None and finding.change.its.at is not None
    ]
    message = f"the version {version} is too low for a {level} change since `{against}`"
    return Diagnostic("D000", "version_too_low", message, at, f"make it {wanted}", related=tuple(related))
