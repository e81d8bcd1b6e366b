"""What changes of decisions, of the chart and of a bundle's own terms mean."""

from __future__ import annotations

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.judging import rules
from policyengine.analysis.diff.judging.rules import Rule
from policyengine.analysis.diff.judging.sides import Sides
from policyengine.values import types
from policyengine.values.currencies import CURRENCIES


def of_decision(change: Change, sides: Sides) -> Rule:
    """What is asked, what is answered, and who may stop it."""
    if not change.owners:
        return rules.PART_ADDED if change.what == "added" else rules.DECISION_REMOVED
    if any(each.kind == "output" for each in (*change.owners[1:], change.its)):
        return _output(change, sides)
    if change.path[1] in ("guards", "requires"):
        if change.path[1] == "guards" and sides.only_notes(change.its.name):
            return rules.NOTICE_CHANGED
        by_what = {"added": rules.GUARD_TIGHTENED, "removed": rules.GUARD_LOOSENED}
        return by_what.get(change.what, rules.NOTICE_CHANGED)
    return rules.DECISION_CHANGED


def _output(change: Change, sides: Sides) -> Rule:
    decision, output = change.path[:2]
    if len(change.path) == 2 and change.what != "changed":
        return rules.PART_ADDED if change.what == "added" else rules.OUTPUT_REMOVED
    if f"{decision}.{output}" in sides.retyped:
        return rules.OUTPUT_RETYPED
    program = sides.after.program
    its_type = program.nodes[dict(program.entries[decision].outputs)[output]].type
    is_money = isinstance(its_type, types.Number) and any(name in CURRENCIES for name, _ in its_type.unit)
    return rules.AMOUNT_CHANGED if is_money else rules.DECISION_CHANGED


def of_terms(change: Change, sides: Sides) -> Rule:
    """Currency, time zone, and from when until when a version is in force."""
    if not change.its.name.startswith("bundle.effective"):
        return rules.TERMS_CHANGED
    old, new = (each.program.effective for each in (sides.before, sides.after))
    starts_later = new[0] is not None and (old[0] is None or new[0] > old[0])
    ends_earlier = new[1] is not None and (old[1] is None or new[1] < old[1])
    is_narrower = starts_later if change.its.name.endswith("from") else ends_earlier
    return rules.TERMS_CHANGED if is_narrower else rules.TERMS_WIDENED


def of_chart(change: Change, sides: Sides) -> Rule:
    """The chart of accounts."""
    return rules.PART_ADDED if change.what == "added" else rules.ACCOUNT_CHANGED
