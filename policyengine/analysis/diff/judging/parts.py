"""What changes of values, charges, prorations, retries, entitlements and guards mean."""

from __future__ import annotations

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.judging import rules
from policyengine.analysis.diff.judging.influence import BUDGET_SIGNS, NESTED, SIGNS, UNCERTAIN, Influence
from policyengine.analysis.diff.judging.moved import moved
from policyengine.analysis.diff.judging.rules import Rule
from policyengine.analysis.diff.judging.sides import Sides, effect, whole
from policyengine.runtime.answers.decision import STRICTNESS

FALLING = frozenset(("maximum", "maximum_each"))
"""Fields that make a price smaller by being there, and larger by growing."""
PRICED = SIGNS["price"] | {"sum": 1}
"""How a price moves with the fields of a charge that come and go."""
LIMITING = frozenset(("windows", "limit", "when"))
"""Fields of entitlements that take away by being there."""


def of_value(change: Change, sides: Sides) -> Rule:
    """A named value, by what reads it."""
    return whole(change) or effect(sides.influence(change.part.name), moved(change))


def of_charge(change: Change, sides: Sides) -> Rule:
    """What a charge asks for."""
    if (found := whole(change)) is not None:
        return found
    field = change.path[1]
    sign = PRICED.get(field, 0)
    if UNCERTAIN & set(change.path[1:]) or (change.kind == "tier" and change.what != "changed"):
        sign = 0
    if change.what in ("added", "removed"):
        direction = 1 if change.what == "added" else -1
        if field in FALLING:
            direction = -direction
        if len(change.path) > 2 and field not in ("sum", "discounts", "credits", "tax"):
            direction = 0
        return effect(Influence("price", sign), direction)
    return effect(Influence("price", sign), moved(change))


def of_proration(change: Change, sides: Sides) -> Rule:
    """Parts of prices: nearly every field moves an amount one way or the other."""
    return whole(change) or rules.AMOUNT_CHANGED


def of_retry(change: Change, sides: Sides) -> Rule:
    """How often a payment is tried, and when."""
    if (found := whole(change)) is not None:
        return found
    name = change.its.name
    if change.kind == "budget" and len(change.path) == 3:
        return {"added": rules.RETRY_BUDGET_LOWERED, "removed": rules.RETRY_BUDGET_RAISED}.get(
            change.what, rules.RETRY_MOVED
        )
    if name == "schedule" and change.what == "changed":
        return effect(Influence("retry", 1), _longer(change))
    signs = BUDGET_SIGNS if change.kind == "budget" else SIGNS["retry"]
    if change.what != "changed" and name in signs:
        return rules.RETRY_BUDGET_LOWERED if change.what == "added" else rules.RETRY_BUDGET_RAISED
    return effect(Influence("retry", signs.get(name, 0)), moved(change))


def _longer(change: Change) -> int | None:
    """How many waits a schedule has more."""
    assert change.before is not None
    assert change.after is not None
    old, new = (len(m) if isinstance(m, tuple) else 0 for m in (change.before.meaning, change.after.meaning))
    return (new > old) - (new < old)


def of_entitlement(change: Change, sides: Sides) -> Rule:
    """What somebody may do."""
    if (found := whole(change)) is not None:
        return found
    fields = change.path[1:]
    if fields[0] == "otherwise":
        return rules.TEXT_CHANGED if fields[-1] == "reason" else rules.CODE_CHANGED
    if fields[0] == "warn_at":
        return rules.NOTICE_CHANGED
    if change.what in ("added", "removed"):
        return _coming(change)
    counts = next((name for name in fields if name in SIGNS["entitlement"]), None)
    is_counted = counts is not None and (fields[0] == counts or fields[0] in NESTED)
    return effect(Influence("entitlement", 1), moved(change)) if is_counted else rules.DECISION_CHANGED


def _coming(change: Change) -> Rule:
    """A field of an entitlement that comes or goes; more of a keyed value is a word more."""
    field, is_new = change.path[1], change.what == "added"
    if field in ("rollover", "overage"):
        return rules.ENTITLEMENT_RAISED if is_new else rules.ENTITLEMENT_LOWERED
    if field == "limit" and len(change.path) > 2:
        return rules.PART_ADDED if is_new else rules.PART_REMOVED
    if field in LIMITING:
        return rules.ENTITLEMENT_LOWERED if is_new else rules.ENTITLEMENT_RAISED
    return rules.DECISION_CHANGED


def of_guard(change: Change, sides: Sides) -> Rule:
    """When a guard speaks, and how strictly."""
    if (found := whole(change)) is not None:
        return found
    match change.path[1]:
        case "reason":
            return rules.TEXT_CHANGED
        case "approver":
            return rules.NOTICE_CHANGED
        case "when" if sides.only_notes(change.part.name):
            return rules.NOTICE_CHANGED
        case "when":
            return effect(Influence("guard", 1), moved(change))
        case "effect":
            old, new = (STRICTNESS[words] for words in change.words)
            return rules.GUARD_TIGHTENED if new > old else rules.GUARD_LOOSENED
    return rules.DECISION_CHANGED
