"""A difference as Markdown, for the comment of a pull request: whatever an author wrote is shown as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policyengine.analysis.diff.judging.findings import Finding
from policyengine.analysis.diff.meaning.witnesses import Meaning
from policyengine.analysis.diff.rating.impact import Impact, Line, Money
from policyengine.analysis.diff.report import Difference, Side
from policyengine.analysis.diff.reports.shown import (
    REFUSED_BY,
    band_cells,
    calls_text,
    circumstances,
    clipped,
    line_cells,
    paid_text,
    shown_differences,
    value_text,
    verdict,
)

SHOWN_MAX = 60
"""How many changes of a level are listed; a comment has a largest size."""
TEXT_MAX = 200
"""How much is shown of one text."""


def as_markdown(found: Difference) -> str:
    """The whole report."""
    return "\n".join([*_head(found), *_changes(found), *([] if found.impact is None else _impact(found.impact))]) + "\n"


def code(text: str) -> str:
    """A text as code on one line, which ends nowhere but at its end, in a table too."""
    line = clipped(" ".join(text.split()), TEXT_MAX).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else ""


def _head(found: Difference) -> Iterator[str]:
    yield f"### {code(found.after.bundle)}: {verdict(found)}"
    yield ""
    yield f"{_side(found.before)} → {_side(found.after)}"
    if found.least_version is not None and not found.version_is_enough:
        yield ""
        yield f"**The version must be {code(found.least_version)} or higher.**"


def _side(side: Side) -> str:
    return f"{code(side.called)} {code(side.version)} ({code(side.short_digest)})"


def _changes(found: Difference) -> Iterator[str]:
    for level, own in found.by_level():
        yield from ("", f"#### {level}", "", "| | change | before | after |", "|---|---|---|---|")
        for finding, _ in own[:SHOWN_MAX]:
            yield _row(finding)
        if len(own) > SHOWN_MAX:
            yield f"| | and {len(own) - SHOWN_MAX} more | | |"
        yield from _witnesses(own[:SHOWN_MAX], found)


def _row(finding: Finding) -> str:
    rule = finding.rule
    order = " in another order" if finding.what == "moved" else ""
    words = f"{code(finding.before)} | {code(finding.after)}"
    return f"| {rule.code} {rule.name} | {code(finding.path)}{order} | {words} |"


def _witnesses(pairs: Sequence[tuple[Finding, Meaning]], found: Difference) -> Iterator[str]:
    seen = [(finding, meaning.witness) for finding, meaning in pairs if meaning.witness is not None]
    if not seen:
        return
    yield from ("", "<details><summary>what that means, by example</summary>", "")
    for finding, witness in seen:
        asked = f"{circumstances(witness.question, code)} of {code(value_text(witness.question.input))}"
        yield f"- {code(finding.path)}: {asked}"
        for name, old, new in shown_differences(witness, found.units):
            yield f"  - {code(name)}: {code(old)} → {code(new)}"
    yield from ("", "</details>")


def _impact(found: Impact) -> Iterator[str]:
    yield from ("", f"#### impact on {found.calls:,} calls of {code(found.source)}")
    for money in found.moneys:
        yield from _money(money)
    if found.effects or found.faults:
        yield ""
    for old, new, count in found.effects:
        yield f"- {old} → {new}: {calls_text(count)}"
    for side, about, fault in found.faults:
        who = f"{REFUSED_BY[side]} {code(about)}"
        yield f"- {who}: {calls_text(fault.count)}, first in line {fault.line:,}: {code(fault.example)}"


def _money(money: Money) -> Iterator[str]:
    old, new, change, differ = paid_text(money)
    yield from ("", f"{old} → {new}: **{change}**, {differ}")
    yield from _table("tenant", money.movers, money.currency)
    if len(money.products) > 1:
        yield from _table("product", money.products, money.currency)
    yield from ("", "| change | calls | tenants |", "|---|--:|--:|")
    yield from (f"| {' | '.join(cells)} |" for cells in band_cells(money))


def _table(title: str, lines: Sequence[Line], currency: str) -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"| {title} | before | after | change ({currency}) | |", "|---|--:|--:|--:|--:|")
    for name, *figures in line_cells(lines, currency):
        yield f"| {code(name)} | {' | '.join(figures)} |"
