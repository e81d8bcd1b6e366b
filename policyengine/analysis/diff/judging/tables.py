"""What changes of parameters, tables, accounts and overrides mean."""

from __future__ import annotations

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.contents.element import Element
from policyengine.analysis.diff.judging import rules
from policyengine.analysis.diff.judging.moved import by_height, moved, step
from policyengine.analysis.diff.judging.rules import LEVELS, Rule
from policyengine.analysis.diff.judging.sides import Sides, effect, whole
from policyengine.values.types import INT64_MIN


def of_parameter(change: Change, sides: Sides) -> Rule:
    """A value, by what it is for; a step in time by what held before it."""
    if (found := whole(change)) is not None:
        return found
    if change.kind == "declaration":
        is_type = change.path[1] == "type"
        return rules.DECISION_CHANGED if is_type else rules.BOUNDS_CHANGED
    influence = sides.influence(*change.path)
    around = change.owners[-1] if change.owners else change.its
    if change.what in ("added", "removed") and around.meaning == ("by", "date"):
        return effect(influence, step(change, around))
    if change.what == "added":
        return rules.PART_ADDED
    return rules.PART_REMOVED if change.what == "removed" else effect(influence, moved(change))


def of_table(change: Change, sides: Sides) -> Rule:
    """A cell, by what its column is for; rows that come and go."""
    if (found := whole(change)) is not None:
        return found
    if change.kind == "row" and change.what == "removed":
        return rules.ROW_REMOVED
    if (found := _in_time(change, sides)) is not None:
        return found
    if change.kind == "row":
        return rules.PART_ADDED
    if "overridable" in change.path[1:2]:
        return rules.BOUNDS_CHANGED
    if len(change.path) > 2 and change.owners[1].kind == "row" and change.kind in ("cell", "tier"):
        return _cell(change, sides)
    columns = sides.after.program.tables[change.part.name].columns
    served = [sides.influence(change.part.name, column) for column in columns]
    for_price = any(its is not None and its.purpose == "price" for its in served)
    return rules.AMOUNT_CHANGED if for_price else rules.DECISION_CHANGED


def _in_time(change: Change, sides: Sides) -> Rule | None:
    """What it means that a dated row takes the place of an earlier one; None where none does."""
    starting = change.its if change.kind == "row" else _successor(change)
    former = None if starting is None else _predecessor(starting, change.part)
    if starting is None or former is None:
        return None
    found = []
    for cell in starting.children.values():
        old = former.children.get((cell.kind, cell.name))
        if cell.kind == "cell" and old is not None and old.content != cell.content:
            found.append(effect(sides.influence(change.part.name, cell.name), by_height(old, cell)))
    return max(found, key=lambda rule: LEVELS.index(rule.level), default=None)


def _successor(change: Change) -> Element | None:
    """The row that begins where an `until` of another one says that it ends."""
    if change.kind != "date" or change.its.name != "until":
        return None
    rows = (child for child in change.part.children.values() if child.kind == "row")
    return next((row for row in rows if _start(row) == change.its.meaning and _predecessor(row, change.part)), None)


def _predecessor(row: Element, table: Element) -> Element | None:
    """The row of the same id that holds before this one."""
    own = row.name.rpartition(".")[0]
    start = _start(row)
    if not own or start is None:
        return None
    named = (child for child in table.children.values() if child.kind == "row")
    same = [each for each in named if each is not row and (each.name == own or each.name.startswith(f"{own}."))]
    earlier = [(_start(each) or INT64_MIN, each.name, each) for each in same if (_start(each) or INT64_MIN) < start]
    return max(earlier, key=lambda found: found[:2])[2] if earlier else None


def _start(row: Element) -> int | None:
    date = row.children.get(("date", "from"))
    return date.meaning if date is not None and isinstance(date.meaning, int) else None


def _cell(change: Change, sides: Sides) -> Rule:
    is_bound = change.its.name == "up_to" or (change.kind == "tier" and bool(change.its.children))
    return effect(sides.influence(change.part.name, change.path[2]), None if is_bound else moved(change))


def of_account(change: Change, sides: Sides) -> Rule:
    """Where something is booked."""
    if (found := whole(change)) is not None:
        return found
    return rules.PART_ADDED if change.kind == "row" and change.what == "added" else rules.ACCOUNT_CHANGED


def of_override(change: Change, sides: Sides) -> Rule:
    """A tenant's contract: what it gives, and for how long."""
    if not change.owners:
        return rules.PART_ADDED if change.what == "added" else rules.CONTRACT_WORSENED
    if change.its.name == "reason":
        return rules.TEXT_CHANGED
    if change.kind == "set":
        if change.what != "changed":
            return rules.PART_ADDED if change.what == "added" else rules.CONTRACT_WORSENED
        return _leaf(change, sides)
    return _period(change)


def _leaf(change: Change, sides: Sides) -> Rule:
    """What an override sets, by what it replaces: a row's name lies between that of the table and the column."""
    name, *inner = change.its.name.split(".")
    found = effect(sides.influence(name, inner[-1]) if inner else sides.influence(name), moved(change))
    found = effect(sides.influence(name), moved(change)) if found is rules.DECISION_CHANGED else found
    if found in (rules.PRICE_LOWERED, rules.ENTITLEMENT_RAISED):
        return rules.CONTRACT_IMPROVED
    return rules.CONTRACT_WORSENED


def _period(change: Change) -> Rule:
    """From when until when: longer is better, and for whom is another contract."""
    name, old, new = change.its.name, change.before, change.after
    if name not in ("from", "until"):
        return rules.CONTRACT_WORSENED
    if old is None or new is None:
        return rules.CONTRACT_IMPROVED if new is None else rules.CONTRACT_WORSENED
    assert isinstance(old.meaning, int)
    assert isinstance(new.meaning, int)
    is_longer = new.meaning > old.meaning if name == "until" else new.meaning < old.meaning
    return rules.CONTRACT_IMPROVED if is_longer else rules.CONTRACT_WORSENED
