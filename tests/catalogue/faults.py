"""Single faults planted in prices.csv, as a slip of the hand or of the script would make them."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from catalogue.reference import CATALOGUE, Key

Row = dict[str, str]
CONDITIONS = ("id", "provider", "model", "variant", "context", "time", "from", "until")


@dataclass(frozen=True, slots=True)
class Fault:
    """A changed table: what was changed, whose prices it can change, and the text of the file."""

    said: str
    models: frozenset[Key]
    text: str


def planted(chance: random.Random, count: int) -> Iterator[Fault]:
    """So many different faults, each alone in its table."""
    with (CATALOGUE / "prices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    seen: set[str] = set()
    while len(seen) < count:
        changed = [dict(row) for row in rows]
        said, places = chance.choice(KINDS)(chance, changed)
        if said not in seen:
            seen.add(said)
            models = frozenset((changed[place]["provider"], changed[place]["model"]) for place in places)
            yield Fault(said, models, written(changed))


def written(rows: list[Row]) -> str:
    """The rows as a file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def prices_of(row: Row) -> Row:
    """The cells of a row that are prices."""
    return {name: cell for name, cell in row.items() if name not in CONDITIONS and cell}


Planted = tuple[str, list[int]]


def tier_start(chance: random.Random, rows: list[Row]) -> Planted:
    """A longer context begins one token later, in all rows of a model."""
    place = chance.choice([n for n, row in enumerate(rows) if row["context"]])
    start = chance.choice(re.findall(r"\d+", rows[place]["context"]))
    return _in_model(rows, place, ("context",), rf"\b{start}\b", str(int(start) + 1), f"context {start} + 1")


def start_date(chance: random.Random, rows: list[Row]) -> Planted:
    """A price begins one day later, and the one before it ends one day later."""
    place = chance.choice([n for n, row in enumerate(rows) if row["from"]])
    start = rows[place]["from"]
    later = (date.fromisoformat(start) + timedelta(days=1)).isoformat()
    return _in_model(rows, place, ("from", "until"), start, later, f"date {start} + 1 day")


def time_of_day(chance: random.Random, rows: list[Row]) -> Planted:
    """An edge of the day lies one minute later."""
    place = chance.choice([n for n, row in enumerate(rows) if row["time"]])
    edge = chance.choice(re.findall(r"\d+[hm](?:\d+m)?", rows[place]["time"]))
    later = f"{edge}1m" if edge.endswith("h") else re.sub(r"\d+m", lambda each: f"{int(each[0][:-1]) + 1}m", edge)
    return _in_model(rows, place, ("time",), rf"\b{edge}\b", later, f"time {edge} + 1 minute")


def _in_model(rows: list[Row], place: int, columns: tuple[str, ...], old: str, new: str, said: str) -> Planted:
    key = rows[place]["provider"], rows[place]["model"]
    for row in rows:
        if (row["provider"], row["model"]) == key:
            row.update({column: re.sub(old, new, row[column]) for column in columns})
    return f"{'/'.join(key)}: {said}", [place]


def price_doubled(chance: random.Random, rows: list[Row]) -> Planted:
    """One price is twice as high."""
    place, name = _a_price(chance, rows)
    row = rows[place]
    row[name] = f"{2 * Decimal(row[name]):f}"
    return f"{row['id']}: {name} doubled", [place]


def price_left_out(chance: random.Random, rows: list[Row]) -> Planted:
    """One price is not there."""
    place, name = _a_price(chance, rows)
    rows[place][name] = ""
    return f"{rows[place]['id']}: {name} left out", [place]


def _a_price(chance: random.Random, rows: list[Row]) -> tuple[int, str]:
    place = chance.randrange(len(rows))
    names = [name for name, cell in prices_of(rows[place]).items() if cell != "0"]
    return (place, chance.choice(names)) if names else _a_price(chance, rows)


def rows_swapped(chance: random.Random, rows: list[Row]) -> Planted:
    """Two rows have each other's prices."""
    one, other = chance.sample(range(len(rows)), 2)
    first, second = prices_of(rows[one]), prices_of(rows[other])
    if first == second:
        return rows_swapped(chance, rows)
    empty = dict.fromkeys(first | second, "")
    rows[one].update(empty | second)
    rows[other].update(empty | first)
    return f"{rows[one]['id']} and {rows[other]['id']} swapped", [one, other]


KINDS: tuple[Callable[[random.Random, list[Row]], Planted], ...] = (
    tier_start,
    start_date,
    time_of_day,
    price_doubled,
    price_left_out,
    rows_swapped,
)
