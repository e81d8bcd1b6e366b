"""A difference as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import click

from policyengine.analysis.diff.judging.findings import Finding
from policyengine.analysis.diff.meaning.witnesses import Witness
from policyengine.analysis.diff.report import Difference, Side
from policyengine.analysis.diff.reports.shown import (
    circumstances,
    clipped,
    shown_differences,
    value_text,
    verdict,
    words,
)
from policyengine.cli.diff_impact import impact

SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": "~", "follows": "!"}
COLOURS = {"+": "green", "-": "red", "~": "yellow", "!": "magenta"}
TEXT_MAX = 400
"""How much is shown of a whole part that comes or goes."""
LEVEL_COLOURS = {"major": "red", "minor": "yellow", "patch": "green"}


def written(found: Difference) -> str:
    """The whole report; the verdict is its last line."""
    measured = [] if found.impact is None else impact(found.impact)
    return "\n".join([*_heads(found), *_findings(found), *measured, _verdict(found)])


def _heads(found: Difference) -> Iterator[str]:
    for sign, side in (("-", found.before), ("+", found.after)):
        yield click.style(f"{sign * 3} {_head(side)}", bold=True)
    yield ""


def _head(side: Side) -> str:
    return f"{side.called}: {side.bundle} {side.version} ({side.short_digest})"


def _findings(found: Difference) -> Iterator[str]:
    """Each change on a line of its own with what it breaks below, the breaking ones first."""
    for level, own in found.by_level():
        yield click.style(level, fg=LEVEL_COLOURS[level], bold=True)
        for finding, meaning in own:
            yield from _finding(finding)
            if meaning.witness is not None:
                yield from _witness(meaning.witness, found)
        yield ""


def _finding(finding: Finding) -> Iterator[str]:
    sign = SIGNS[finding.what]
    head = click.style(f"{sign} {finding.path}", fg=COLOURS[sign])
    yield f"  {head}: {clipped(words(finding), TEXT_MAX)}"
    place = f"  {finding.place}" if finding.place else ""
    code = click.style(f"{finding.rule.code} {finding.rule.name}", fg=LEVEL_COLOURS[finding.rule.level])
    yield f"      {code}" + click.style(f" ({finding.kind}){place}", dim=True)


def _witness(witness: Witness, found: Difference) -> Iterator[str]:
    """A question that shows the change, and what was and is answered."""
    question = witness.question
    yield click.style(f"      {circumstances(question)}: {value_text(question.input)}", dim=True)
    told = (f"{name} {old} -> {new}" for name, old, new in shown_differences(witness, found.units))
    yield f"        {', '.join(told)}"


def _verdict(found: Difference) -> str:
    return click.style(verdict(found), fg=LEVEL_COLOURS.get(found.level or "", "green"), bold=True)
