"""How a change moves what it changes: up, down, or in a way that cannot be told."""

from __future__ import annotations

from policyengine.analysis.diff.changes import Change
from policyengine.analysis.diff.contents.element import Element
from policyengine.analysis.diff.judging.shift import shift


def moved(change: Change) -> int | None:
    """1 where what stands there grows, -1 where it falls, None where that cannot be told.

    A list grows by what it has more, a truth from false to true.
    """
    old, new = change.before, change.after
    if old is None or new is None or change.what == "moved":
        return None
    return by_height(old, new) or _by_meaning(old, new)


def by_height(old: Element, new: Element) -> int | None:
    """How one number lies to another of the same unit."""
    if old.height is None or new.height is None or old.unit != new.unit:
        return None
    return (new.height > old.height) - (new.height < old.height)


def _by_meaning(old: Element, new: Element) -> int | None:
    if old.tree is not None and new.tree is not None:
        return shift(old.tree, new.tree)
    if isinstance(old.meaning, bool) and isinstance(new.meaning, bool):
        return new.meaning - old.meaning
    if isinstance(old.meaning, tuple) and isinstance(new.meaning, tuple) and old.text[:1] == new.text[:1] == "[":
        before, after = set(old.meaning), set(new.meaning)
        return -1 if after < before else 1 if after > before else None
    return None


def step(change: Change, siblings: Element) -> int | None:
    """How a dated step moves what held before it: the step is there on one side only."""
    steps = [child for child in siblings.children.values() if child.kind == change.kind]
    earlier = [child for child in steps if child.name < change.its.name]
    if not earlier:
        return None
    previous = max(earlier, key=lambda child: child.name)
    return by_height(previous, change.its) if change.what == "added" else by_height(change.its, previous)
