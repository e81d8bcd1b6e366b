"""Questions worth asking both versions: those of the bundles' own tests, and neighbours of them at every number, word,
date and tenant that a rule tells apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from policyengine.analysis.bundle_tests import instant
from policyengine.analysis.diff.meaning.answers import Question
from policyengine.analysis.diff.meaning.landmarks import Landmarks
from policyengine.compiler.pipeline import Compiled
from policyengine.errors import InvalidInput
from policyengine.runtime.answers.outputs import plain
from policyengine.runtime.program import Group, Leaf, Program
from policyengine.values import types
from policyengine.values.civil import Date
from policyengine.values.instant import Duration, Timestamp

MEMBERS_MAX = 40
"""An enum with more members is not gone through for each question."""
NUMBERS_MAX = 40
SIZES = (10, 20_000)
"""The numbers of made-up questions."""
BEGINNING = Timestamp.parse("2026-01-01T00:00:00Z")

Path = tuple[str, ...]


def questions(compiled: Compiled) -> Iterator[Question]:
    """What the tests of a bundle ask, and for each decision that none asks made-up ones."""
    asked = set()
    for test in compiled.bundle.tests:
        if test.error is None and isinstance(test.input, dict) and test.decide in compiled.program.entries:
            try:
                at = None if test.time is None else instant(test.time, compiled.bundle.timezone)
            except InvalidInput:
                continue
            asked.add(test.decide)
            yield Question(test.decide, test.input, test.tenant, at)
    for entry in compiled.program.entries.values():
        if entry.section == "decisions" and entry.name not in asked:
            yield from (made_up(compiled.program, entry.name, number) for number in SIZES)


def made_up(program: Program, name: str, number: int) -> Question:
    """A plain question: first words, one number wherever it is accepted, nothing that may be absent."""
    start = program.effective[0]
    return Question(name, _group(program.inputs, number), None, BEGINNING if start is None else Timestamp(start))


def _group(group: Group, number: int) -> dict[str, Any]:
    found = {}
    for field in group.fields:
        if field.optional or (isinstance(field, Leaf) and field.has_default):
            continue
        found[field.name] = _group(field, number) if isinstance(field, Group) else _leaf(field, number)
    return found


def _leaf(leaf: Leaf, size: int) -> Any:
    match leaf.type:
        case types.Number() | types.Limit():
            number = leaf.type if isinstance(leaf.type, types.Number) else leaf.type.number
            return given(min(max(Fraction(size * leaf.scale), Fraction(number.lo)), Fraction(number.hi)), leaf.scale)
        case types.Enum(members=members):
            return members[0]
        case types.BOOL:
            return True
        case types.TIMESTAMP:
            return BEGINNING
        case types.DATE:
            return Date(int(BEGINNING) // 86_400_000_000_000)
        case types.DURATION:
            return Duration(3_600_000_000_000)
        case types.List():
            return []
        case types.Map():
            return {}
    return "a"


def given(held: Fraction | int, scale: int) -> int | Decimal | None:
    """A held number as callers give it; None where it has no finite decimal."""
    number = Fraction(held) / scale
    if number.denominator == 1:
        return number.numerator
    found = plain(number.numerator, types.Number(False, (), number.denominator))
    return found if isinstance(found, Decimal) else None


def neighbours(question: Question, program: Program, landmarks: Landmarks) -> Iterator[Question]:
    """The question with one of its facts, its tenant or its time changed to something that a rule tells apart."""
    yield from coarse(question, program, landmarks)
    for path, leaf in needed(question, program):
        if isinstance(leaf.type, types.Number):
            for number in _numbers(leaf, leaf.type, landmarks):
                yield Question(question.decision, replaced(question.input, path, number), question.tenant, question.at)


def coarse(question: Question, program: Program, landmarks: Landmarks) -> Iterator[Question]:
    """Those of the neighbours that differ by anything but a number."""
    for tenant in landmarks.tenants:
        yield Question(question.decision, question.input, tenant, question.at)
    for at in landmarks.instants:
        yield Question(question.decision, question.input, question.tenant, Timestamp(at))
    for path, leaf in needed(question, program):
        for value in _words(leaf, landmarks):
            yield Question(question.decision, replaced(question.input, path, value), question.tenant, question.at)


def needed(question: Question, program: Program) -> Iterator[tuple[Path, Leaf]]:
    """The facts that the decision may read."""
    entry = program.entries.get(question.decision)
    read = {program.facts[index].path for index in entry.facts} if entry is not None else set()
    return ((path, leaf) for path, leaf in leaves(program.inputs) if path in read)


def leaves(group: Group, above: Path = ()) -> Iterator[tuple[Path, Leaf]]:
    """The leaves of the inputs, by path."""
    for field in group.fields:
        if isinstance(field, Group):
            yield from leaves(field, (*above, field.name))
        else:
            yield (*above, field.name), field


def _words(leaf: Leaf, landmarks: Landmarks) -> Iterator[Any]:
    match leaf.type:
        case types.BOOL:
            yield from (True, False)
        case types.Enum(members=members) if len(members) <= MEMBERS_MAX:
            yield from members
        case types.TIMESTAMP:
            yield from map(Timestamp, landmarks.instants)


def _numbers(leaf: Leaf, its_type: types.Number, landmarks: Landmarks) -> Iterator[int | Decimal]:
    """The numbers of the same unit that stand in a rule, with their neighbours and middles, and the ends of what is
    accepted."""
    found = []
    for landmark in (*landmarks.numbers.get(its_type.unit, ()), Fraction(0), Fraction(its_type.hi, its_type.den)):
        held = landmark * its_type.den
        found += [held, held + leaf.scale, held - leaf.scale]
    known = sorted(landmarks.numbers.get(its_type.unit, ()))
    middles = [(a + b) / 2 * its_type.den for a, b in pairwise(known)]
    found += [middle // leaf.scale * leaf.scale if its_type.integer else middle for middle in middles]
    kept = [held for held in dict.fromkeys(found) if its_type.lo <= held <= its_type.hi and held.denominator == 1]
    for held in kept[: 4 * NUMBERS_MAX]:
        value = given(held, leaf.scale)
        if value is not None:
            yield value


def replaced(input: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The input with one fact changed, and the groups above it made where they are not there."""
    made = dict(input)
    inner = made
    for name in path[:-1]:
        below = inner.get(name)
        inner[name] = dict(below) if isinstance(below, dict) else {}
        inner = inner[name]
    inner[path[-1]] = deepcopy(value)
    return made


def spread(items: Sequence[Any], most: int) -> Sequence[Any]:
    """At most so many of the items, taken evenly."""
    return items if len(items) <= most else [items[n * len(items) // most] for n in range(most)]
