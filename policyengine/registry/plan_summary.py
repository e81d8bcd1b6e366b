"""A plan on one line: `3 prices up, 1 down, 1 row added; 412 tenants, +1,204.55 USD on the recorded usage`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from policyengine.analysis.diff.judging import rules
from policyengine.analysis.diff.judging.findings import Finding
from policyengine.analysis.diff.report import Difference
from policyengine.analysis.diff.reports.shown import money_text


def summary(
    differences: Sequence[Difference | None],
    tenants: int | None,
    impact: Mapping[str, Decimal] | None,
    refused: int = 0,
) -> str:
    """The line; a difference is None where nothing answered before, and there is none where nothing changes.

    `refused` is how many lines of the usage both versions refuse, so that they are in no amount.
    """
    if not differences:
        return "nothing changes: nobody in this scope gets another version"
    known = [each for each in differences if each is not None]
    told = [_changes(finding for each in known for finding in each.findings)] if known else []
    if len(known) < len(differences):
        told.append("some have had no version")
    without = f", without {_counted(refused, 'refused line')}" if refused else ""
    return f"{', '.join(told)}; {_measured(tenants, impact)}{without}"


def _changes(findings: Iterable[Finding]) -> str:
    """What has changed, counted; what several versions have in common counts once."""
    distinct = {(its.rule.code, its.path, its.before, its.after): its for its in findings}.values()
    up, down = (sum(its.rule is rule for its in distinct) for rule in (rules.PRICE_RAISED, rules.PRICE_LOWERED))
    prices = {rules.PRICE_RAISED, rules.PRICE_LOWERED}
    told = [f"{_counted(up, 'price')} up"] if up else []
    if down:
        told.append(f"{down} down" if up else f"{_counted(down, 'price')} down")
    others = Counter((its.kind, its.what) for its in distinct if its.rule not in prices)
    told += [
        _counted(count, kind) + (" for callers" if what == "follows" else f" {what}")
        for (kind, what), count in others.items()
    ]
    return ", ".join(told) or "no differences"


def _measured(tenants: int | None, impact: Mapping[str, Decimal] | None) -> str:
    if tenants is None:
        return "no usage was given"
    amounts = ", ".join(money_text(change, currency, signed=True) for currency, change in (impact or {}).items())
    return f"{_counted(tenants, 'tenant')}, {amounts or 'no amounts'} on the recorded usage"


def _counted(count: int, noun: str) -> str:
    if count != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun}"
