"""Where the bundle answers otherwise on purpose: calls by the reason, each with the price that the package gives.

Each of them is a call that the package prices, at nothing or as something else, and that the bundle refuses: a price
that is not known is never a price of 0, and never another price.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal

from genai_prices.types import StartDateConstraint

from catalogue.reference import MODELS, Call, Key, priced, prices, variants
from catalogue.usages import NOON, ORDINARY_DAY, ROOTS, SECOND, TOKENS

AT = datetime.combine(ORDINARY_DAY, NOON)

NO_MODEL = "a model without a price: the package charges 0"
NO_USAGE = "a count without a price: the package leaves it out"
NO_VARIANT = "a variant that the model does not have: the package takes the standard price"
NOT_YET = "a variant before its first date: the package takes the standard price"
PART = "a part above its whole, neither with a price of its own: the package does not look"
FRACTION = "a fraction of a token: the package charges it"


def designed(chance: random.Random) -> Iterator[tuple[str, Call]]:
    """The reasons with calls for them, for every model to which they apply."""
    for key, (_, model) in MODELS.items():
        keys = priced(prices(model, "standard", AT))
        if not keys:
            yield NO_MODEL, Call(*key, "standard", AT, {"input_tokens": 1_000}, NO_MODEL)
            continue
        whole = chance.choice(sorted(ROOTS & keys.keys() - {"requests"}))
        unpriced = chance.choice(sorted(ROOTS - keys.keys()))
        yield NO_USAGE, Call(*key, "standard", AT, {whole: 1_000, unpriced: 7}, NO_USAGE)
        if not variants(model):
            yield NO_VARIANT, Call(*key, "batch", AT, {whole: 1_000}, NO_VARIANT)
        yield from ((NOT_YET, call) for call in _not_yet(key, whole))
        parts = [counts for counts in TOKENS.values() if len(counts) == 2 and counts[0] == whole]
        parts = [counts for counts in parts if counts[1] not in keys]
        if parts:
            yield PART, Call(*key, "standard", AT, {whole: 10, chance.choice(parts)[1]: 11}, PART)
        if whole.endswith("tokens"):
            yield FRACTION, Call(*key, "standard", AT, {whole: Decimal("1.5")}, FRACTION)


def _not_yet(key: Key, whole: str) -> Iterator[Call]:
    model = MODELS[key][1]
    starts: dict[str, datetime | None] = {}
    for variant in variants(model):
        begins = variant.constraint
        first = datetime.combine(begins.start_date, time(), UTC) if isinstance(begins, StartDateConstraint) else None
        for name in variant.when.values():
            known = starts.setdefault(name, first)
            starts[name] = None if known is None or first is None else min(known, first)
    for name, start in starts.items():
        before = start and start - SECOND
        if before and priced(prices(model, "standard", before)):
            yield Call(*key, name, before, {whole: 1_000}, NOT_YET)
