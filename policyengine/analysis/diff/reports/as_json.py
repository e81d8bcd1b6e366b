"""A difference as JSON: every amount and number is a text, so that no reader makes a float of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from policyengine.analysis.diff.meaning.witnesses import Meaning, Witness
from policyengine.analysis.diff.rating.impact import Impact, Line, Money
from policyengine.analysis.diff.rating.tally import BANDS, Sum
from policyengine.analysis.diff.report import Difference, Side


def as_json(found: Difference) -> str:
    """The whole report."""
    return json.dumps(plain(found), indent=2, ensure_ascii=False)


def plain(found: Difference) -> dict[str, Any]:
    """The whole report as JSON values."""
    return {
        "before": _side(found.before),
        "after": _side(found.after),
        "bump": found.level,
        "least_version": found.least_version,
        "version_is_enough": found.version_is_enough,
        "changes": [
            {
                "code": finding.rule.code,
                "name": finding.rule.name,
                "level": finding.rule.level,
                "path": finding.path,
                "kind": finding.kind,
                "what": finding.what,
                "before": finding.before or None,
                "after": finding.after or None,
                "place": finding.place or None,
                "meaning": _meaning(meaning),
            }
            for finding, meaning in zip(found.findings, found.meanings, strict=True)
        ],
        "impact": None if found.impact is None else _impact(found.impact),
    }


def _side(side: Side) -> dict[str, str]:
    return {"called": side.called, "bundle": side.bundle, "version": side.version, "digest": side.digest}


def _meaning(meaning: Meaning) -> dict[str, Any]:
    return {
        "witness": None if meaning.witness is None else _witness(meaning.witness),
        "proved": meaning.proved or None,
    }


def _witness(witness: Witness) -> dict[str, Any]:
    question = witness.question
    asked = {"decision": question.decision, "input": value(question.input), "tenant": question.tenant}
    at = None if question.at is None else str(question.at)
    return {**asked, "at": at, "before": value(witness.before.told()), "after": value(witness.after.told())}


def value(its: Any) -> Any:
    """A value of a question or an answer: numbers but whole ones as text, times as RFC 3339."""
    match its:
        case None | bool() | str():
            return its
        case Decimal():
            return format(its, "f")
        case Mapping():
            return {name: value(part) for name, part in its.items()}
        case list() | tuple():
            return [value(part) for part in its]
        case int() if type(its) is int:
            return its
    return str(its)


def _impact(found: Impact) -> dict[str, Any]:
    return {
        "source": found.source,
        "calls": found.calls,
        "currencies": {money.currency: _money(money) for money in found.moneys},
        "effects": [{"before": old, "after": new, "calls": count} for old, new, count in found.effects],
        "refused": [
            {"by": side, "about": about, "calls": fault.count, "first_line": fault.line, "example": fault.example}
            for side, about, fault in found.faults
        ],
    }


def _money(money: Money) -> dict[str, Any]:
    return {
        "total": _sum(money.total),
        "tenants": [_line(line) for line in money.tenants],
        "products": [_line(line) for line in money.products],
        "distribution": [
            {"change": name, "calls": calls, "tenants": tenants}
            for name, calls, tenants in zip(BANDS, money.bands, money.tenant_bands, strict=True)
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    return {"name": line.name, **_sum(line.sum)}


def _sum(its: Sum) -> dict[str, Any]:
    told = {"before": its.before, "after": its.after, "change": its.change}
    return {"calls": its.calls, "changed": its.changed, **{name: format(amount, "f") for name, amount in told.items()}}
