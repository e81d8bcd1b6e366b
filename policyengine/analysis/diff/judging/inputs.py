"""What changes of inputs, types and checks mean for callers."""

from __future__ import annotations

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.contents.acceptance import Fact, holds
from policyengine.analysis.diff.judging import rules
from policyengine.analysis.diff.judging.moved import moved
from policyengine.analysis.diff.judging.rules import Rule
from policyengine.analysis.diff.judging.sides import Sides


def of_input(change: Change, sides: Sides) -> Rule:
    """A fact that comes, goes, or accepts other values."""
    if change.kind == "presence":
        return rules.INPUT_WIDENED if change.what == "added" else rules.INPUT_REQUIRED
    if change.what == "added" and any(isinstance(owner.meaning, Fact) for owner in change.owners):
        its = change.its.meaning  # in the records of a list
        return rules.PART_ADDED if isinstance(its, Fact) and its.may_lack else rules.INPUT_REQUIRED
    if change.what == "added":
        is_needed = any(fact == change.name or fact.startswith(f"{change.name}.") for fact in sides.newly_read)
        return rules.INPUT_REQUIRED if is_needed else rules.PART_ADDED
    if change.what == "removed":
        return rules.INPUT_REMOVED
    old, new = change.before, change.after
    if old is None or new is None or not isinstance(old.meaning, Fact) or not isinstance(new.meaning, Fact):
        return rules.INPUT_NARROWED
    return _fact(old.meaning, new.meaning)


def _fact(old: Fact, new: Fact) -> Rule:
    may_lack = (old.may_lack, new.may_lack)
    if may_lack == (True, False):
        return rules.INPUT_REQUIRED
    if not holds(new.values, old.values):
        return rules.INPUT_NARROWED
    if may_lack == (False, True) or old.values != new.values:
        return rules.INPUT_WIDENED
    return rules.DECISION_CHANGED


def of_type(change: Change, sides: Sides) -> Rule:
    """A word that comes or goes; any other declared type as a whole."""
    if change.what == "added":
        return rules.PART_ADDED
    if change.kind == "member":
        return rules.MEMBER_REMOVED
    return rules.PART_REMOVED if change.what == "removed" else rules.INPUT_NARROWED


def of_check(change: Change, sides: Sides) -> Rule:
    """What must hold between facts."""
    if change.what == "changed":
        return rules.INPUT_WIDENED if moved(change) == 1 else rules.INPUT_NARROWED
    return rules.INPUT_NARROWED if change.what == "added" else rules.INPUT_WIDENED
