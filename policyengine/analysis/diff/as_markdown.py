"""A difference as Markdown, for the comment of a pull request: whatever an author wrote is shown as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policyengine.analysis.diff.breaking import Finding
from policyengine.analysis.diff.impact import Impact, Line, Money
from policyengine.analysis.diff.report import Difference, Side
from policyengine.analysis.diff.rules import LEVELS
from policyengine.analysis.diff.shown import (
    amounts,
    calls_text,
    change_text,
    clipped,
    money_text,
    places,
    share_text,
    shown_differences,
    value_text,
    verdict,
)
from policyengine.analysis.diff.tally import BANDS
from policyengine.analysis.diff.witnesses import Meaning, Witness

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
    return f"{code(side.called)} {code(side.version)} ({code(side.digest.removeprefix('sha256:')[:12])})"


def _changes(found: Difference) -> Iterator[str]:
    pairs = list(zip(found.findings, found.meanings, strict=True))
    for level in reversed(LEVELS):
        own = [pair for pair in pairs if pair[0].rule.level == level]
        if not own:
            continue
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
        yield f"- {code(finding.path)}: {_question(witness)}"
        for name, old, new in shown_differences(witness, found.units):
            yield f"  - {code(name)}: {code(old)} → {code(new)}"
    yield from ("", "</details>")


def _question(witness: Witness) -> str:
    asked = witness.question
    tenant = f", tenant {code(asked.tenant)}" if asked.tenant is not None else ""
    at = f", at {asked.at}" if asked.at is not None else ""
    return f"{code(asked.decision)}{tenant}{at} of {code(value_text(asked.input))}"


def _impact(found: Impact) -> Iterator[str]:
    yield from ("", f"#### impact on {found.calls:,} calls of {code(found.source)}")
    for money in found.moneys:
        yield from _money(money)
    if found.effects or found.faults:
        yield ""
    for old, new, count in found.effects:
        yield f"- {old} → {new}: {calls_text(count)}"
    for side, about, fault in found.faults:
        who = {"before": "refused before", "after": "refused now", "both": "refused by both"}[side]
        yield f"- {who} {code(about)}: {calls_text(fault.count)}, first in line {fault.line:,}: {code(fault.example)}"


def _money(money: Money) -> Iterator[str]:
    total = money.total
    change = change_text(total, money.currency)
    old, new = money_text(total.before, money.currency), money_text(total.after, money.currency)
    yield from ("", f"{old} → {new}: **{change}**, {total.changed:,} of {total.calls:,} calls differ")
    yield from _table("tenant", money.movers, money.currency)
    if len(money.products) > 1:
        yield from _table("product", money.products, money.currency)
    yield from ("", "| change | calls | tenants |", "|---|--:|--:|")
    for name, calls, tenants in zip(BANDS, money.bands, money.tenant_bands, strict=True):
        if calls or tenants:
            yield f"| {name} | {calls:,} | {tenants:,} |"


def _table(title: str, lines: Sequence[Line], currency: str) -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"| {title} | before | after | change ({currency}) | |", "|---|--:|--:|--:|--:|")
    shown = places(lines, currency)
    for line in lines:
        before, after, change = amounts(line.sum, shown)
        yield f"| {code(line.name)} | {before} | {after} | {change} | {share_text(line.sum.share)} |"
