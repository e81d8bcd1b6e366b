"""Random inputs for a bundle: edges, exact ties, negative values, absent groups, and a fifth that fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from generated.strategies import TENANTS, TEXTS, YEARS
from generated.writing import instant_text
from oracle.bundle import Bundle, Dated, Fact, Group, Keyed
from oracle.outcome import Failed
from oracle.sections import NOT_FETCHED, Answer, midnight
from oracle.tree import Kind, Tree

FIRST_INSTANT = -62_135_596_800 * 10**9
LAST_INSTANT = 253_402_300_800 * 10**9 - 1
BIG = (2**63 - 1, -(2**63), 2**62, -(2**62) - 1, 3_037_000_500, 10**17, 4_611_686_018_427_387_904)
FAILING_SHARE = 0.2
NODE_SHARE = 0.2
UNAVAILABLE_SHARE = 0.03
TRIES = 6


@dataclass(frozen=True, slots=True)
class Question:
    """One input of a bundle: what is decided, for whom, when, and from which facts (as the oracle reads them)."""

    decision: str
    facts: dict[str, Any]
    tenant: str | None
    at: int


def questions(bundle: Bundle, random: Random, count: int) -> list[Question]:
    """So many questions; about a fifth of them have a failed answer, where the bundle can fail at all."""
    made = []
    edges = _edges(bundle)
    for _ in range(count):
        wants_failure = random.random() < FAILING_SHARE
        question = _question(bundle, random, edges)
        for _ in range(TRIES):
            if fails(bundle, question) == wants_failure:
                break
            question = _question(bundle, random, edges)
        made.append(question)
    return made


def fails(bundle: Bundle, question: Question) -> bool:
    """Whether something that the decision answers with has failed."""
    answer = Answer(bundle, question.facts, question.tenant, question.at)
    return any(isinstance(value, Failed) for value in answer.asked(question.decision).values())


def _question(bundle: Bundle, random: Random, edges: _Edges) -> Question:
    decision = random.choice(list(bundle.decisions))
    if random.random() < NODE_SHARE:
        decision = random.choice(_nodes(bundle) or [decision])
    facts = _group(bundle.inputs, random, edges)
    if random.random() < UNAVAILABLE_SHARE:
        _lose(facts, random)
    return Question(decision, facts, random.choice(TENANTS), _instant(random, edges))


def _nodes(bundle: Bundle) -> list[str]:
    """The named parts that can be asked by themselves; a table that is only called cannot."""
    tables = [name for name, table in bundle.tables.items() if all(isinstance(k, Tree) for k in table.when.values())]
    return [*bundle.parameters, *tables, *bundle.values, *bundle.charges, *bundle.guards]


def _lose(facts: dict[str, Any], random: Random) -> None:
    """One fact, or a whole group, could not be fetched."""
    key = random.choice(list(facts))
    if isinstance(facts[key], dict) and facts[key] and random.random() < 0.7:
        facts[key][random.choice(list(facts[key]))] = NOT_FETCHED
    else:
        facts[key] = NOT_FETCHED


@dataclass(frozen=True, slots=True)
class _Edges:
    """Numbers and instants at which something changes."""

    numbers: list[Fraction]
    instants: list[int]


def _edges(bundle: Bundle) -> _Edges:
    numbers = [Fraction(0), Fraction(1), Fraction(-1)]
    for charge in bundle.charges.values():
        numbers += [tier.up_to for tier in charge.tiers if tier.up_to is not None]
        if charge.free_quantity is not None and charge.free_quantity.op == "number":
            numbers.append(charge.free_quantity.data)
    instants = [midnight(date, bundle.timezone) for date in YEARS]
    for table in bundle.tables.values():
        for row in table.rows:
            instants += [each for each in (row.start, row.end) if each is not None]
            for cell in row.cells.values():
                numbers += [Fraction(b) for b in (cell.low, cell.high) if b is not None and abs(b) < 10**12]
    for override in bundle.overrides:
        instants += [each for each in (override.start, override.end) if each is not None]
    for parameter in bundle.parameters.values():
        instants += _starts(parameter.value)
    return _Edges(numbers, instants)


def _starts(value: Any) -> list[int]:
    match value:
        case Dated(steps=steps):
            return [start for start, _ in steps] + [s for _, inner in steps for s in _starts(inner)]
        case Keyed():
            return [s for inner in (*value.cases.values(), value.otherwise) for s in _starts(inner)]
    return []


def _group(fields: dict[str, Fact | Group], random: Random, edges: _Edges) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, declared in fields.items():
        if declared.optional and random.random() < 0.4:
            continue
        if isinstance(declared, Group):
            made[name] = _group(declared.fields, random, edges)
            continue
        if declared.default is not None and random.random() < 0.3:
            continue
        made[name] = _fact(declared, random, edges)
    return made


def _fact(declared: Fact, random: Random, edges: _Edges) -> Any:
    if declared.kind.item is not None:
        size = random.choice((0, 1, 2, declared.length))
        return [_one(declared.kind.item, declared, random, edges) for _ in range(size)]
    return _one(declared.kind, declared, random, edges)


def _one(kind: Kind, declared: Fact, random: Random, edges: _Edges) -> Any:
    match kind.word:
        case "record":
            return {name: _one(its, declared, random, edges) for name, its in kind.fields}
        case "int" | "decimal":
            return _number(kind, declared, random, edges)
        case "bool":
            return random.random() < 0.5
        case "string":
            return random.choice((*TEXTS, "other"))
        case "enum":
            return random.choice(kind.members)
        case "timestamp":
            return _instant(random, edges)
        case "duration":
            return random.choice((0, 1, -1, 86_400 * 10**9, -3_600 * 10**9, 90 * 10**9, 2**63 - 1, -(2**63)))
    raise ValueError(kind.word)


def _number(kind: Kind, declared: Fact, random: Random, edges: _Edges) -> int | Fraction:
    """A value that the declaration allows: its ends, an edge of the bundle or beside it, a tie, or anything."""
    step = Fraction(1) if kind.is_whole else Fraction(1, 10 ** (declared.places or 0))
    low = declared.low if declared.low is not None else Fraction(-(2**63) if not kind.unit else -(10**15) + 1)
    high = declared.high if declared.high is not None else Fraction(2**63 - 1 if not kind.unit else 10**15 - 1)
    is_unbounded = declared.high is None and not kind.unit
    makers: list[Callable[[], Fraction]] = [
        lambda: random.choice((low, high)),
        lambda: random.choice(edges.numbers),
        lambda: random.choice(edges.numbers) + random.choice((step, -step)),
        lambda: random.randint(-40, 40) * 5 * step,
        lambda: Fraction(random.randint(-12, 12)),
        lambda: low + random.randint(0, int((high - low) / step)) * step,
        lambda: Fraction(random.choice(BIG)) if is_unbounded else Fraction(random.randint(0, 3_000)),
    ]
    for _ in range(8):
        value = random.choice(makers)()
        if low <= value <= high and (value / step).denominator == 1:
            return int(value) if kind.is_whole else value
    return int(low) if kind.is_whole else low


def _instant(random: Random, edges: _Edges) -> int:
    if random.random() < 0.03:
        return random.choice((FIRST_INSTANT, LAST_INSTANT))
    if random.random() < 0.6:
        return random.choice(edges.instants) + random.choice((0, 0, -1, 1))
    return midnight("2025-06-01", "UTC") + random.randint(0, 4 * 365 * 86_400) * 10**9


# ------------------------------------------------------------------------------------------------- as a caller gives


def given(
    bundle: Bundle, facts: dict[str, Any], random: Random | None = None, unavailable: Any = None
) -> dict[str, Any]:
    """The facts as a caller hands them over: Decimals (some with needless zeros) and texts of times."""
    return {name: _given(bundle.inputs[name], value, random, unavailable) for name, value in facts.items()}


def _given(declared: Fact | Group, value: Any, random: Random | None, unavailable: Any) -> Any:
    if value is NOT_FETCHED:
        return unavailable
    if isinstance(declared, Group):
        return {name: _given(declared.fields[name], each, random, unavailable) for name, each in value.items()}
    return _plain(declared.kind, value, random)


def _plain(kind: Kind, value: Any, random: Random | None) -> Any:
    match kind.word:
        case "decimal":
            return _decimal(value, random)
        case "timestamp":
            return instant_text(value)
        case "duration":
            return f"{'-' if value < 0 else ''}{abs(value) // 10**9}.{abs(value) % 10**9:09d}s"
        case "list":
            assert kind.item is not None
            item = kind.item
            return [_plain(item, each, random) for each in value]
        case "record":
            return {name: _plain(its, value[name], random) for name, its in kind.fields}
    return value


def _decimal(value: Fraction | int, random: Random | None) -> int | Decimal:
    exact = Fraction(value)
    places = 0
    while (exact * 10**places).denominator != 1:
        places += 1
    digits = (exact * 10**places).numerator
    zeros = random.choice((0, 0, 0, 1, 4)) if random is not None else 0
    if not places and random is not None and random.random() < 0.3:
        return digits
    return Decimal(digits * 10**zeros).scaleb(-places - zeros)
