"""What differs between two trees of elements, by names and keys and never by position."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Literal

from policyengine.analysis.diff.contents.bundle import contents
from policyengine.analysis.diff.contents.element import Element
from policyengine.compiler.pipeline import Compiled
from policyengine.language.collector import collector_paused

What = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: where (the names from the part down to the field), what, and both elements.

    An added element has no `before`, a removed one no `after`. `moved` says that the order of children, which counts
    there, is another one. `owners` are the elements around it on the side where it stands, the part first.
    """

    path: tuple[str, ...]
    what: What
    before: Element | None
    after: Element | None
    owners: tuple[Element, ...] = ()

    @property
    def name(self) -> str:
        """The path as authors write it."""
        return ".".join(self.path)

    @property
    def its(self) -> Element:
        """The element itself: the new one, where there is one."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def kind(self) -> str:
        """What it is: a row, a tier, a parameter."""
        return self.its.kind

    @property
    def part(self) -> Element:
        """The named part in which it stands, or which it is."""
        return self.owners[0] if self.owners else self.its

    @property
    def words(self) -> tuple[str, str]:
        """What stood there and what stands there now, in the authors' words; empty where there is nothing."""
        if self.what == "moved":
            assert self.before is not None
            assert self.after is not None
            common = set(self.before.order) & set(self.after.order)
            orders = [[name for name in each.order if name in common] for each in (self.before, self.after)]
            return ", ".join(orders[0]), ", ".join(orders[1])
        return "" if self.before is None else self.before.words, "" if self.after is None else self.after.words

    @property
    def place(self) -> str:
        """Where it stands now, or stood."""
        return self.its.place()


@collector_paused()
def between(before: Compiled, after: Compiled) -> list[Change]:
    """Every difference between two bundles."""
    return changes(contents(before), contents(after))


def changes(before: Element, after: Element) -> list[Change]:
    """Every difference between two trees, in the order of the parts of the second."""
    return list(_inside(before, after, (), ()))


def _compared(before: Element, after: Element, path: tuple[str, ...], owners: tuple[Element, ...]) -> Iterator[Change]:
    if before.meaning != after.meaning or before.numbered != after.numbered:
        yield Change(path, "changed", before, after, owners)
        return
    if not before.children or not after.children:
        if before.children or after.children:
            yield Change(path, "changed", before, after, owners)
        return
    yield from _inside(before, after, path, (*owners, after))


def _inside(before: Element, after: Element, path: tuple[str, ...], owners: tuple[Element, ...]) -> Iterator[Change]:
    gone, pairs, new = _numbered(before, after) if after.numbered else _named(before, after)
    for child in gone:
        yield Change((*path, child.name), "removed", child, None, owners or ())
    for old, its in pairs:
        yield from _compared(old, its, (*path, its.name), owners)
    for child in new:
        yield Change((*path, child.name), "added", None, child, owners)
    common = set(before.order) & set(after.order)
    if [name for name in before.order if name in common] != [name for name in after.order if name in common]:
        yield Change(path, "moved", before, after, owners[:-1])


Matched = tuple[list[Element], list[tuple[Element, Element]], list[Element]]
"""Children of the first alone, children of both, children of the second alone."""


def _named(before: Element, after: Element) -> Matched:
    gone = [child for key, child in before.children.items() if key not in after.children]
    new = [child for key, child in after.children.items() if key not in before.children]
    pairs = [(before.children[key], child) for key, child in after.children.items() if key in before.children]
    return gone, pairs, new


def _numbered(before: Element, after: Element) -> Matched:
    """Children without names, by their keys; of what is left, as many on both sides, each is taken for its like."""
    old_by_key: dict[Hashable, Element] = {child.key: child for child in before.children.values()}
    pairs = [(old_by_key.pop(child.key), child) for child in after.children.values() if child.key in old_by_key]
    paired = {id(child) for _, child in pairs}
    gone = list(old_by_key.values())
    new = [child for child in after.children.values() if id(child) not in paired]
    if len(gone) == len(new):
        return [], [*pairs, *zip(gone, new, strict=True)], []
    return gone, pairs, new
