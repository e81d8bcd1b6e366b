"""Names of models to look up: those that the package lists, and examples of those that its patterns take or refuse."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import partial

from genai_prices.data import providers
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ClauseAnd, ClauseEquals, ClauseOr, ClauseRegex, MatchLogic, ModelInfo, Provider

from catalogue.reference import MODELS, Key

ENDINGS = (
    "",
    "-20260105",
    "-2026-01-05",
    "@20260105",
    "-preview",
    "-tts",
    "-preview-tts",
    "-tts-2026",
    "-ttsx",
    ":free",
)
OWNERS = {id(model): provider.id for provider in providers for model in provider.models}


def listed(provider: Provider) -> Iterator[str]:
    """The names of a provider's models, with what is put before and after them."""
    matches = [model.match for model in provider.models]
    for match in [*matches, *([provider.model_match] if provider.model_match else [])]:
        for clause in leaves(match):
            yield from examples(clause)


def leaves(match: MatchLogic) -> Iterator[MatchLogic]:
    """The clauses that compare a name with something."""
    match match:
        case ClauseOr(or_=inner) | ClauseAnd(and_=inner):
            for each in inner:
                yield from leaves(each)
        case _:
            yield match


def examples(clause: MatchLogic) -> Iterator[str]:
    """Names that a clause takes, and close ones that it may not take."""
    match clause:
        case ClauseEquals(equals=text):
            yield from (text, text.upper(), text + "x")
        case ClauseRegex(regex=pattern):
            yield from examples_of_pattern(pattern)
        case _:
            (text,) = vars(clause).values()
            yield from (text + ending for ending in ENDINGS)
            yield from ("us." + text, "maker/" + text, text.upper(), text[:-1])


def examples_of_pattern(pattern: str) -> Iterator[str]:
    r"""Names after a pattern: `\d{8}` as digits, or as too few of them."""
    plain = pattern.strip("^$")
    for written, meant in MEANINGS.items():
        plain = plain.replace(written, meant)
    if "(?" in plain:
        return  # the names beside it say more
    for digits in ("2026010512345", "202601051234", "0"):
        found = DIGITS.sub(partial(_some, digits), plain)
        yield from (found, found + "-x", "x" + found)


MEANINGS = {
    r"\.": ".", r"\[": "[", r"\]": "]", "[-@]": "@", "[134]": "3", "(typesafe/)?": "", r"(-\d{8})?": r"-\d{8}",
}  # fmt: skip
DIGITS = re.compile(r"\\d(?:\{(\d)\})?")


def _some(digits: str, wanted: re.Match[str]) -> str:
    """As many digits as a pattern asks for, or what there is."""
    return digits[: int(wanted[1] or 1)]


def chosen(chance: random.Random, count: int) -> Iterator[tuple[Provider, str]]:
    """Names of one provider asked of another."""
    names = sorted({name for provider in providers for name in listed(provider)})
    yield from ((chance.choice(providers), chance.choice(names)) for _ in range(count))


def found_by_package(provider: Provider, name: str) -> Key | None:
    """The provider and the id of the model whose prices the package takes for a name.

    Without its second try, in which `-20251211` is read as `-2025-12-11`.
    """
    model = provider._match_model(name.lower(), all_providers=providers)
    return None if model is None else key_of(model)


def maker_by_package(name: str) -> str | None:
    """The provider that the package takes a name for that comes alone."""
    try:
        return get_snapshot().find_provider(name.lower(), None, None).id
    except LookupError:
        return None


def key_of(model: ModelInfo) -> Key:
    """The provider that lists a model, and the model's id."""
    key = OWNERS[id(model)], model.id
    assert MODELS[key][1] is model
    return key
