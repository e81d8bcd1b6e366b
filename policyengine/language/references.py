"""Which names a part of a bundle reads, whatever its fields are called."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from policyengine.language.expression import syntax
from policyengine.language.expression.walk import walk
from policyengine.language.parts import Part
from policyengine.language.sentences import Sentence
from policyengine.language.written import (
    Choice,
    Dated,
    Keyed,
    ListOf,
    RecordOf,
    Written,
    expressions,
    paths,
)


def written_in(part: Any) -> Iterator[Written]:
    """Every expression of a part, wherever it stands."""
    match part:
        case Written() | Keyed() | Dated() | Choice() | RecordOf() | ListOf():
            yield from expressions(part)
        case Sentence():
            yield from part.filled
        case Part():
            for name in type(part).model_fields:
                yield from written_in(getattr(part, name))
        case tuple() | list():
            for item in part:
                yield from written_in(item)
        case dict():
            for item in part.values():
                yield from written_in(item)


def names_read(part: Any, known: Container[str]) -> set[str]:
    """The known names that the expressions of a part read or call."""
    found: set[str] = set()
    for written in written_in(part):
        found |= {p.path[0] for p in paths(written) if p.path[0] in known}
        for node, _ in walk(written.tree):
            if isinstance(node, syntax.Call) and node.target is None and node.name in known:
                found.add(node.name)
    return found
