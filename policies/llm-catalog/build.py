"""Make the tables of this bundle from the data of the package `genai-prices`.

    python policies/llm-catalog/build.py            writes prices.csv, aliases.csv and NOTICE.md beside this file
    python policies/llm-catalog/build.py --check    says whether they are what the installed version gives

Only facts are taken over: prices, dates, thresholds and names. What the package computes from them (which price holds
when, for how many tokens) is stated anew in the rules of this bundle; `tests/catalogue` compares the two.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.metadata import distribution, version
from itertools import pairwise
from pathlib import Path

from genai_prices.data import providers
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

HERE = Path(__file__).parent
PACKAGE = "genai-prices"

COLUMNS = {
    "input_mtok": "input",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "input_audio",
    "cache_audio_read_mtok": "cache_audio_read",
    "input_image_mtok": "input_image",
    "cache_image_read_mtok": "cache_image_read",
    "input_video_mtok": "input_video",
    "output_mtok": "output",
    "output_reasoning_mtok": "output_reasoning",
    "output_citation_mtok": "output_citation",
    "output_audio_mtok": "output_audio",
    "output_image_mtok": "output_image",
    "output_video_mtok": "output_video",
    "input_mchars": "input_character",
    "input_text_messages_kcount": "input_message",
    "input_document_kpages": "page",
    "input_annotated_document_kpages": "annotated_page",
    "audio_hours": "audio_second",
    "input_audio_hours": "input_audio_second",
    "web_searches_kcount": "web_search",
    "storage_searches_kcount": "storage_search",
    "requests_kcount": "request",
}
"""The package's price keys and our columns, in the order of the columns."""

MINIMUM_SECONDS = {("groq", "whisper-large-v3"): 10, ("groq", "whisper-large-v3-turbo"): 10}
"""What the package knows of a smallest duration; it holds this in code and not among its data."""

HEADER = (
    "id", "provider", "model", "variant", "context", "time", "from", "until",
    *COLUMNS.values(), "minimum_seconds",
)  # fmt: skip

DAY = 86_400
STANDARD = "standard"

Span = tuple[int, int | None]
"""Input tokens: more than the first, up to and with the second."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the price table: when it holds and what it says."""

    start: date | None
    end: date | None
    times: tuple[tuple[int, int], ...]
    context: Span
    prices: tuple[tuple[str, Decimal], ...]


# ------------------------------------------------------------------------------------------------------------- prices


def price_rows() -> Iterator[dict[str, str]]:
    """The lines of prices.csv: every priced model, in the package's order."""
    for provider in providers:
        for model in provider.models:
            for variants, row in rows_of(model):
                yield written(provider, model, variants, row)


def rows_of(model: ModelInfo) -> Iterator[tuple[tuple[str, ...], Row]]:
    """The rows of one model with the variants that each of them prices."""
    found: dict[tuple[Row, ...], list[str]] = {}
    for name, when in variants_of(model).items():
        found.setdefault(tuple(rows_of_variant(model, when)), []).append(name)
    for rows, names in found.items():
        for row in rows:
            yield tuple(names), row


def variants_of(model: ModelInfo) -> dict[str, Mapping[str, str]]:
    """The variants of a model by name: `standard`, and what a request can ask for, such as batch or priority."""
    found: dict[str, Mapping[str, str]] = {STANDARD: {}}
    for variant in model.price_variants or ():
        ((_, name),) = variant.when.items()
        known = found.setdefault(name, variant.when)
        assert known == variant.when, f"{model.id}: two variants are called {name}"
    return found


def rows_of_variant(model: ModelInfo, when: Mapping[str, str]) -> Iterator[Row]:
    """What one variant of a model costs: its stretches of time, of the day and of the context."""
    stretches = [
        (start, end, times, prices)
        for start, end in pairwise([None, *start_dates(model), None])
        for times, prices in prices_by_time(model, when, start or (end or date(2000, 1, 1)) - timedelta(days=1))
    ]
    for start, end, times, prices in _joined(stretches):
        for context, plain in by_context(prices):
            if plain:
                yield Row(start, end, times, context, plain)


_Stretch = tuple[date | None, date | None, tuple[tuple[int, int], ...], dict[str, Decimal | TieredPrices]]


def _joined(stretches: Sequence[_Stretch]) -> list[_Stretch]:
    """The same prices at the same times of the day, on days that follow each other, are one stretch."""
    out: list[_Stretch] = []
    for start, end, times, prices in stretches:
        for position, (first, last, its_times, its_prices) in enumerate(out):
            if last is not None and last == start and its_times == times and its_prices == prices:
                out[position] = (first, end, times, prices)
                break
        else:
            out.append((start, end, times, prices))
    return out


def start_dates(model: ModelInfo) -> list[date]:
    """The days on which any price of a model begins."""
    listed = [] if isinstance(model.prices, ModelPrice) else model.prices
    constraints = [each.constraint for each in (*listed, *(model.price_variants or ()))]
    return sorted({each.start_date for each in constraints if isinstance(each, StartDateConstraint)})


def prices_by_time(
    model: ModelInfo, when: Mapping[str, str], day: date
) -> Iterator[tuple[tuple[tuple[int, int], ...], dict[str, Decimal | TieredPrices]]]:
    """The prices of one day with the seconds of the day at which they hold; nothing where the variant does not exist.

    The package is asked which of its prices holds at an instant, at the beginning of each stretch between two edges.
    """
    found: list[tuple[list[tuple[int, int]], dict[str, Decimal | TieredPrices]]] = []
    for first, last in pairwise([0, *times_of_day(model), DAY]):
        at = datetime.combine(day, time(), UTC) + timedelta(seconds=first)
        if when and not is_offered(model, when, at):
            continue
        prices = {key: price for key, price in vars(model.get_prices(at, when)).items() if price is not None}
        same = next((times for times, its in found if its == prices), None)
        if same is None:
            found.append(([(first, last)], prices))
        elif same[-1][1] == first:
            same[-1] = (same[-1][0], last)
        else:
            same.append((first, last))
    for times, prices in found:
        yield tuple(times), prices


def times_of_day(model: ModelInfo) -> list[int]:
    """The seconds of the day, in UTC, at which any price of a model begins or ends."""
    listed = [] if isinstance(model.prices, ModelPrice) else model.prices
    constraints = [each.constraint for each in (*listed, *(model.price_variants or ()))]
    edges = [
        edge
        for each in constraints
        if isinstance(each, TimeOfDateConstraint)
        for edge in (each.start_time, each.end_time)
    ]
    assert all(edge.tzinfo is UTC for edge in edges)
    return sorted({edge.hour * 3600 + edge.minute * 60 + edge.second for edge in edges} - {0})


def is_offered(model: ModelInfo, when: Mapping[str, str], at: datetime) -> bool:
    """Whether a model has a price of its own for a variant at that time."""
    return any(
        variant.when == when and (variant.constraint is None or variant.constraint.active(at))
        for variant in model.price_variants or ()
    )


def by_context(prices: Mapping[str, Decimal | TieredPrices]) -> Iterator[tuple[Span, tuple[tuple[str, Decimal], ...]]]:
    """The prices of each stretch of input tokens. A tier begins above its start and then prices every token."""
    starts = {tier.start for price in prices.values() if isinstance(price, TieredPrices) for tier in price.tiers}
    edges = [-1, *sorted(starts)]
    for low, high in zip(edges, [*edges[1:], None], strict=True):
        yield (low, high), tuple((key, _price_at(price, low)) for key, price in prices.items())


def _price_at(price: Decimal | TieredPrices, low: int) -> Decimal:
    if isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= low), price.base)


# -------------------------------------------------------------------------------------------------------------- cells


def written(provider: Provider, model: ModelInfo, variants: tuple[str, ...], row: Row) -> dict[str, str]:
    """A row as the fields of its line."""
    prices = {COLUMNS[key]: plain(price) for key, price in row.prices}
    minimum = MINIMUM_SECONDS.get((provider.id, model.id))
    return {
        "id": " ".join([f"{provider.id}/{model.id}", *_qualifiers(variants, row)]),
        "provider": provider.id,
        "model": text_cell(model.id),
        "variant": " | ".join(variants),
        "context": context_cell(row.context),
        "time": time_cell(row.times),
        "from": "" if row.start is None else row.start.isoformat(),
        "until": "" if row.end is None else row.end.isoformat(),
        **prices,
        "minimum_seconds": "" if minimum is None else str(minimum),
    }


def _qualifiers(variants: tuple[str, ...], row: Row) -> Iterator[str]:
    """What tells the rows of one model apart in its ids, in words that do not change when rows are added."""
    if STANDARD not in variants:
        yield variants[0]
    if row.start is not None:
        yield row.start.isoformat()
    if row.times != ((0, DAY),):
        yield ",".join(f"{_clock(first)}-{_clock(last)}" for first, last in row.times)
    if row.context != (-1, None):
        yield context_cell(row.context).replace(" ", "")


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}"


def context_cell(context: Span) -> str:
    """Input tokens as a range."""
    low, high = context
    if high is None:
        return "" if low < 0 else f"> {low}"
    return f"<= {high}" if low < 0 else f"({low}..{high}]"


def time_cell(times: Iterable[tuple[int, int]]) -> str:
    """Times of the day as ranges of the duration since midnight."""
    cells = []
    for first, last in times:
        if (first, last) == (0, DAY):
            return ""
        low, high = _since_midnight(first), _since_midnight(last)
        cells.append(f">= {low}" if last == DAY else f"< {high}" if first == 0 else f"[{low}..{high})")
    return " | ".join(cells)


def _since_midnight(second: int) -> str:
    hours, rest = divmod(second, 3600)
    assert rest % 60 == 0
    return (f"{hours}h" if hours else "") + (f"{rest // 60}m" if rest else "")


def plain(number: Decimal) -> str:
    """A number with no more digits than it needs."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def text_cell(text: str) -> str:
    """A text that stands for itself: a `'` in front where the cell would mean something else."""
    assert "|" not in text, f"`{text}` would be two texts"
    forms = ("'", "not:", "starts_with:", "ends_with:", "contains:", "matches:")
    return f"'{text}" if text == "any" or text.startswith(forms) else text


# -------------------------------------------------------------------------------------------------------------- names

ALIAS_HEADER = ("id", "provider", "name", "but", "priced_by", "model")
MAKER_HEADER = ("id", "name", "but", "provider")

WITHOUT_LOOKAHEAD = {
    r"^(?!.*-[tT][tT][sS](?:$|-))": ("", r"-tts(?:$|-)"),
    r"^(?![^/]+/)(?:labs-)?(?:(?:mi|code|dev|magi|mini)stral|mixtral|pixtral|voxtral|open-(?:mistral|mixtral))": (
        r"^(?:labs-)?(?:(?:mi|code|dev|magi|mini)stral|mixtral|pixtral|voxtral|open-(?:mistral|mixtral))",
        r"^[^/]+/",
    ),
}
"""Patterns that say what must not follow, as one that must match and one that must not: RE2 has no look-ahead.

Names are compared in lower case, so `[tT]` is `t`.
"""

FORMS: dict[type, tuple[str, str]] = {
    ClauseEquals: ("equals", ""),
    ClauseStartsWith: ("starts_with", "starts_with: "),
    ClauseEndsWith: ("ends_with", "ends_with: "),
    ClauseContains: ("contains", "contains: "),
}


def alias_rows() -> Iterator[dict[str, str]]:
    """The lines of aliases.csv: the names of each provider's models, and then of those whose prices it falls back on.

    The first line that fits answers, so the order is the package's.
    """
    by_id = {provider.id: provider for provider in providers}
    for provider in providers:
        for source in (provider, *(by_id[each] for each in provider.fallback_model_providers or ())):
            for model in source.models:
                for form, name, but in name_cells(model.match):
                    own = f"{source.id}/{model.id} {form}"
                    yield {
                        "id": own if source is provider else f"{provider.id}: {own}",
                        "provider": provider.id,
                        "name": name,
                        "but": but,
                        "priced_by": source.id,
                        "model": text_cell(model.id),
                    }


def maker_rows() -> Iterator[dict[str, str]]:
    """The lines of makers.csv: whose a model is that is called without its provider."""
    for provider in providers:
        if provider.model_match is not None:
            for form, name, but in name_cells(provider.model_match):
                yield {"id": f"{provider.id} {form}", "name": name, "but": but, "provider": provider.id}


def name_cells(match: MatchLogic) -> Iterator[tuple[str, str, str]]:
    """What a name is and what it is not, as cells: one for each form, and one for each pattern."""
    texts: dict[type, list[str]] = {}
    patterns: list[tuple[str, str]] = []
    for clause in _alternatives(match):
        match clause:
            case ClauseRegex(regex=pattern):
                patterns.append(_pattern_cells(pattern))
            case ClauseAnd(and_=[first, ClauseRegex(regex=pattern)]):
                wanted, unwanted = _pattern_cells(pattern)
                assert not wanted
                patterns.append((_text_cells(type(first), [_text_of(first)]), unwanted))
            case _:
                texts.setdefault(type(clause), []).append(_text_of(clause))
    for kind, found in texts.items():
        yield FORMS[kind][0], _text_cells(kind, found), ""
    for number, (name, but) in enumerate(patterns, start=1):
        yield f"matches {number}", name, but


def _alternatives(match: MatchLogic) -> Iterator[MatchLogic]:
    """The clauses of which one must hold."""
    if isinstance(match, ClauseOr):
        for clause in match.or_:
            yield from _alternatives(clause)
    else:
        yield match


def _text_of(clause: MatchLogic) -> str:
    """The text that a plain clause compares a name with, in lower case as the names are."""
    (text,) = vars(clause).values()
    return str(text).lower()


def _text_cells(kind: type, texts: Iterable[str]) -> str:
    prefix = FORMS[kind][1]
    return prefix + " | ".join(dict.fromkeys(text_cell(text) if not prefix else text for text in texts))


def _pattern_cells(pattern: str) -> tuple[str, str]:
    wanted, unwanted = WITHOUT_LOOKAHEAD.get(pattern, (pattern, ""))
    assert not re.search(r"\(\?<?[=!]", wanted), f"RE2 has no look-ahead: {pattern}"
    return wanted and f"matches: {wanted}", unwanted and f"not: matches: {unwanted}"


# -------------------------------------------------------------------------------------------------------------- files


def csv_text(header: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """Lines as RFC 4180 has them, but with the line ends of the other files here."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def files() -> dict[str, str]:
    """The files that this script makes, by name."""
    return {
        "prices.csv": csv_text(HEADER, price_rows()),
        "aliases.csv": csv_text(ALIAS_HEADER, alias_rows()),
        "makers.csv": csv_text(MAKER_HEADER, maker_rows()),
        "NOTICE.md": notice(),
    }


def notice() -> str:
    """Where the facts come from, under which terms, and how many they are."""
    models = sum(len(provider.models) for provider in providers)
    listed = {(row["provider"], row["model"]) for row in price_rows()}
    return NOTICE.format(
        package=PACKAGE,
        version=version(PACKAGE),
        providers=len(providers),
        models=f"{models:,}",
        priced=f"{len(listed):,}",
        unpriced=f"{models - len(listed):,}",
        licence=license_text(),
    )


def license_text() -> str:
    """The licence of the installed package, as it ships it."""
    file = next(each for each in distribution(PACKAGE).files or () if each.name == "LICENSE")
    return Path(str(file.locate())).read_text(encoding="utf-8").strip()


NOTICE = """\
# Where these prices come from

`prices.csv`, `aliases.csv` and `makers.csv` state facts taken from the data of \
[{package}](https://github.com/pydantic/genai-prices) {version}: prices, the dates and times from which they hold, \
context lengths, and the names under which models are called.
No code was taken over; `build.py` reads the installed package and writes the tables.
They are list prices in USD as that version knew them, and providers change theirs: \
check what you bill against your contracts.

{providers} providers offer {models} models there.
{priced} of them have prices and stand in `prices.csv`; \
the other {unpriced} have none, and asking for their price is an error.

The licence of {package}:

```text
{licence}
```
"""


def main() -> int:
    """Write the files, or with `--check` compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    is_check = parser.parse_args().check
    changed = [name for name, text in files().items() if not _is_written(HERE / name, text)]
    if not is_check:
        for name, text in files().items():
            (HERE / name).write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PACKAGE} {version(PACKAGE)}: {', '.join(changed) or 'nothing'} changed\n")
    return 1 if is_check and changed else 0


def _is_written(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
