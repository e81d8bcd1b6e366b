"""Calls to compare: stratified by what a model's prices distinguish, then at random; the same ones for every seed.

A usage is drawn as tokens of different kinds (cached images, written text, reasoning) and reported as the package
counts: the count of all input tokens includes the cached ones, and so on. So it never contradicts itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import product

from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint, TieredPrices, TimeOfDateConstraint

from catalogue.reference import MODELS, Call, Count, Key, offered, price, priced, prices, variants

SEED = 20_261
RANDOM_CALLS = 10_000
SECOND = timedelta(seconds=1)
NOON = time(12, tzinfo=UTC)
ORDINARY_DAY = date(2026, 11, 20)
ORDINARY_CONTEXT = 2_000

# Kinds of tokens and the counts that include them. The first of each list is the count of all.
INPUT = "input_tokens"
OUTPUT = "output_tokens"
TOKENS: dict[str, tuple[str, ...]] = {
    "text": (INPUT,),
    "cached text": (INPUT, "cache_read_tokens"),
    "written text": (INPUT, "cache_write_tokens"),
    "text written for an hour": (INPUT, "cache_write_tokens", "cache_write_1h_tokens"),
    "audio": (INPUT, "input_audio_tokens"),
    "cached audio": (INPUT, "input_audio_tokens", "cache_read_tokens", "cache_audio_read_tokens"),
    "image": (INPUT, "input_image_tokens"),
    "cached image": (INPUT, "input_image_tokens", "cache_read_tokens", "cache_image_read_tokens"),
    "video": (INPUT, "input_video_tokens"),
    "answer": (OUTPUT,),
    "reasoning": (OUTPUT, "output_reasoning_tokens"),
    "citation": (OUTPUT, "output_citation_tokens"),
    "spoken answer": (OUTPUT, "output_audio_tokens"),
    "drawn answer": (OUTPUT, "output_image_tokens"),
    "filmed answer": (OUTPUT, "output_video_tokens"),
    "characters": ("input_characters",),
    "messages": ("input_text_messages",),
    "plain pages": ("input_document_pages",),
    "annotated pages": ("input_document_pages", "input_annotated_document_pages"),
    "seconds": ("audio_seconds",),
    "seconds heard": ("audio_seconds", "input_audio_seconds"),
    "web searches": ("web_searches",),
    "storage searches": ("storage_searches",),
}
JOINS = {"cached audio": "cache_audio_read_tokens", "cached image": "cache_image_read_tokens"}
ROOTS = {keys[0] for keys in TOKENS.values()}
SECONDS = ("seconds", "seconds heard")


def counted(kinds: Mapping[str, Count]) -> dict[str, Count]:
    """The counts of a usage: each includes every kind that belongs to it."""
    found: dict[str, Count] = {}
    for kind, number in kinds.items():
        for key in TOKENS[kind]:
            found[key] = found.get(key, 0) + number
    return found


# --------------------------------------------------------------------------------------------------------------- strata


def stratified() -> Iterator[Call]:
    """For each model: each price key alone; then all together at every edge that its prices have, for each variant."""
    for (provider, name), (_, model) in MODELS.items():
        ordinary = datetime.combine(ORDINARY_DAY, NOON)
        for kind, usage in each_key_alone(prices(model, "standard", ordinary)):
            yield Call(provider, name, "standard", ordinary, usage, kind)
        for (kind, at), context in product(moments(model), contexts(model)):
            for variant in offered(model, at):
                together = everything(prices(model, variant, at), context)
                if together is not None:
                    yield Call(provider, name, variant, at, together, _named(kind, context, variant))


def _named(moment: str, context: int, variant: str) -> str:
    """What an edge is about: the rarest of its properties."""
    if moment != "all together":
        return moment
    if context != ORDINARY_CONTEXT:
        return "context tier"
    return "all together" if variant == "standard" else "variant"


def each_key_alone(its: ModelPrice) -> Iterator[tuple[str, dict[str, Count]]]:
    """Usages that only one price is charged for."""
    keys = priced(its)
    if "requests" in keys:
        yield "key alone: requests", {}
    for kind, counts in TOKENS.items():
        if counts[-1] in keys:
            yield f"key alone: {counts[-1]}", counted({kind: Decimal("61.25") if kind in SECONDS else 1_234})


def everything(its: ModelPrice, context: int) -> dict[str, Count] | None:
    """A usage that is charged for by every price, with so many input tokens; None where there is no price."""
    keys = priced(its)
    if not keys:
        return None
    # Numbers of their own, so that two prices that changed places would give another amount.
    kinds: dict[str, Count] = {
        kind: 101 + 7 * place for place, (kind, counts) in enumerate(TOKENS.items()) if counts[-1] in keys
    }
    if INPUT in keys:
        parts = [number for kind, number in kinds.items() if TOKENS[kind][0] == INPUT and kind != "text"]
        kinds["text"] = context - sum(parts)
    return counted(kinds)


def moments(model: ModelInfo) -> Iterator[tuple[str, datetime]]:
    """An ordinary day, the second before and the second of each start, and of each edge of the day on such days."""
    starts = start_dates(model)
    yield "all together", datetime.combine(ORDINARY_DAY, NOON)
    for day in starts:
        yield "start date", datetime.combine(day, time(), UTC) - SECOND
        yield "start date", datetime.combine(day, time(), UTC)
    days = [ORDINARY_DAY, *starts, *(day - timedelta(days=1) for day in starts)]
    for day, edge in product(dict.fromkeys(days), times_of_day(model)):
        yield "time of day", datetime.combine(day, edge) - SECOND
        yield "time of day", datetime.combine(day, edge)


def start_dates(model: ModelInfo) -> list[date]:
    """The days on which something about a model's prices begins."""
    return sorted({each.start_date for each in constraints(model) if isinstance(each, StartDateConstraint)})


def times_of_day(model: ModelInfo) -> list[time]:
    """The times at which something about a model's prices begins or ends every day."""
    daily = [each for each in constraints(model) if isinstance(each, TimeOfDateConstraint)]
    return sorted({edge for each in daily for edge in (each.start_time, each.end_time)})


def constraints(model: ModelInfo) -> Iterator[object]:
    """All conditions of time under which a price of the model holds."""
    if not isinstance(model.prices, ModelPrice):
        yield from (each.constraint for each in model.prices)
    yield from (each.constraint for each in variants(model))


def contexts(model: ModelInfo) -> list[int]:
    """Numbers of input tokens: an ordinary one, and around the start of each tier."""
    listed = [model.prices] if isinstance(model.prices, ModelPrice) else [each.prices for each in model.prices]
    found = [*listed, *(each.prices for each in variants(model))]
    tiered = [value for its in found for value in vars(its).values() if isinstance(value, TieredPrices)]
    starts = sorted({tier.start for value in tiered for tier in value.tiers})
    return [ORDINARY_CONTEXT, *(start + step for start in starts for step in (-1, 0, 1))]


# --------------------------------------------------------------------------------------------------------------- random


def random_calls(chance: random.Random, count: int) -> Iterator[Call]:
    """Usages of every kind at any time, whether or not a part has a price of its own."""
    keys = [key for key, (_, model) in MODELS.items() if priced(prices(model, "standard", _noon(ORDINARY_DAY)))]
    for number in range(count):
        # Every model in turn, and every fourth call one of the models that have more to say.
        key = keys[number % len(keys)] if number % 4 else chance.choice(eventful())
        model = MODELS[key][1]
        at = random_instant(chance)
        variant = chance.choice(offered(model, at))
        its = prices(model, variant, at)
        if priced(its):
            yield Call(*key, variant, at, random_usage(chance, its), "random")


def eventful() -> list[Key]:
    """The models with more than one list of prices."""
    return [key for key, (_, model) in MODELS.items() if variants(model) or not isinstance(model.prices, ModelPrice)]


def random_instant(chance: random.Random) -> datetime:
    """Any microsecond of some years, seen from any time zone."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    at = start + timedelta(microseconds=chance.randrange(4 * 366 * 86_400 * 10**6))
    return at.astimezone(_zone(chance.randrange(-12 * 60, 14 * 60, 30)))


def _zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes))


def random_usage(chance: random.Random, its: ModelPrice) -> dict[str, Count]:
    """A usage that does not contradict itself and has nothing that would have to be free."""
    keys = priced(its)
    kinds: dict[str, Count] = {}
    for kind, counts in TOKENS.items():
        if counts[0] in keys and chance.random() < (0.9 if len(counts) == 1 else 0.4):
            kinds[kind] = random_count(chance, kind)
    usage = counted(kinds)
    for kind, join in JOINS.items():
        _, whole, read, _ = TOKENS[kind]
        if whole in usage and read in usage:
            usage.setdefault(join, 0)
            if join not in keys and chance.random() < 0.5:
                del usage[join]  # nobody needs to know it
    return {key: number for key, number in usage.items() if number or key in JOINS.values() or chance.random() < 0.5}


def random_count(chance: random.Random, kind: str) -> Count:
    """None, few, or very many."""
    most = chance.choice((0, 1, 9, 1_000, 100_000, 300_000, 10_000_000))
    number = chance.randint(0, most)
    return number + Decimal(chance.randrange(10**6)).scaleb(-6) if kind in SECONDS else number


def _noon(day: date) -> datetime:
    return datetime.combine(day, NOON)


# -------------------------------------------------------------------------------------------------------------- refused


def refused(chance: random.Random, count: int) -> Iterator[Call]:
    """Usages that the package refuses: parts that are more than their whole, a whole left out, and what is no count."""
    models = [key for key, (_, model) in MODELS.items() if priced(prices(model, "standard", _noon(ORDINARY_DAY)))]
    found = 0
    while found < count:
        key = chance.choice(models)
        its = prices(MODELS[key][1], "standard", _noon(ORDINARY_DAY))
        kind = chance.choice(list(BREAKS))
        usage = random_usage(chance, its)
        BREAKS[kind](chance, usage, sorted(priced(its).keys() - {"requests"}))
        call = Call(*key, "standard", _noon(ORDINARY_DAY), usage, kind)
        if is_refused(call):
            found += 1
            yield call


def is_refused(call: Call) -> bool:
    """Whether the package has no price for a usage that contradicts itself."""
    try:
        price(call)
    except ValueError:
        return True
    return False


def _part_above_whole(chance: random.Random, usage: dict[str, Count], keys: list[str]) -> None:
    parts = [counts for counts in TOKENS.values() if len(counts) > 1 and counts[-1] in keys]
    if parts:
        counts = chance.choice(parts)
        usage[counts[-1]] = usage.get(counts[0], 0) + chance.randint(1, 1_000)


def _parts_above_whole(chance: random.Random, usage: dict[str, Count], keys: list[str]) -> None:
    usage[INPUT] = 1_000
    for key in ("cache_read_tokens", "cache_write_tokens", "input_audio_tokens", "input_image_tokens"):
        if key in keys:
            usage[key] = chance.randint(501, 1_000)


def _whole_left_out(chance: random.Random, usage: dict[str, Count], keys: list[str]) -> None:
    _everything_reported(usage, keys)
    usage.pop(chance.choice(sorted(ROOTS & usage.keys()) or [INPUT]), None)


def _join_left_out(chance: random.Random, usage: dict[str, Count], keys: list[str]) -> None:
    usage.update({INPUT: 1_000, "cache_read_tokens": 30, "input_audio_tokens": 40, "input_image_tokens": 50})
    for join in JOINS.values():
        usage.pop(join, None)


def _not_a_count(chance: random.Random, usage: dict[str, Count], keys: list[str]) -> None:
    wrong = (-1, True, Decimal("NaN"), Decimal("Infinity"), Decimal(-1), float("nan"), float("inf"), "12")
    usage[chance.choice(keys)] = chance.choice(wrong)  # type: ignore[assignment]


def _everything_reported(usage: dict[str, Count], keys: Iterable[str]) -> None:
    usage.update(counted({kind: 10 for kind, counts in TOKENS.items() if counts[-1] in keys}))


BREAKS = {
    "a part above its whole": _part_above_whole,
    "parts above their whole together": _parts_above_whole,
    "a whole left out": _whole_left_out,
    "what parts share left out": _join_left_out,
    "not a count": _not_a_count,
}
