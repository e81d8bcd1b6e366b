"""How long the compile-time analysis of one table takes, for tables of the sizes that people have.

    python benchmarks/table_analysis.py

Prints one JSON line for each table, with what was found. Each time is the best of `ROUNDS`. The last ones are random
ranges, which nobody writes: they show what the cap on regions costs before the analysis gives up.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

from policyengine.compiler.tables import analyse
from policyengine.runtime.program import TableData
from policyengine.values import types

ROWS = 100_000
ROUNDS = 3


def table(hit: str, keys: Sequence[types.Type], rows: Sequence[Sequence[Any]], otherwise: str = "") -> TableData:
    """A table from rows of cells, with one result column."""
    columns = tuple(zip(*rows, strict=True))
    ids = tuple(f"row {n}" for n in range(len(rows)))
    values = {"value": tuple(range(len(rows)))}
    return TableData("price", hit, tuple(keys), columns, values, {"value": types.integer()}, ids, otherwise=otherwise)


def enum(letter: str, size: int) -> types.Enum:
    return types.Enum("", tuple(f"{letter}{n}" for n in range(size)))


def slices(count: int, width: int) -> list[tuple[Any, ...]]:
    """Neighbouring half-open ranges over all numbers."""
    bounds = [None, *(n * width for n in range(1, count)), None]
    return [("range", low, True, high, False) for low, high in pairwise(bounds)]


def random_ranges(rows: int, columns: int, width: int, seed: int) -> list[list[tuple[Any, ...]]]:
    chance = random.Random(seed)
    bounds = [[sorted((chance.randrange(width), chance.randrange(width))) for _ in range(columns)] for _ in range(rows)]
    return [[("range", low, True, high, True) for low, high in row] for row in bounds]


def dated(data: TableData) -> TableData:
    """Two rows for each key: until a day, and from it."""
    day = 86_400 * 10**9
    count = len(data.ids)
    return TableData(
        data.name,
        data.hit,
        data.keys,
        tuple(column * 2 for column in data.conditions),
        {"value": tuple(range(2 * count))},
        data.column_types,
        tuple(f"row {n}" for n in range(2 * count)),
        (None,) * count + (day,) * count,
        (day,) * count + (None,) * count,
        data.otherwise,
    )


def tables() -> dict[str, TableData]:
    whole = types.integer()
    decimal = types.decimal()
    grid = list(product(slices(15, 100), slices(10, 7), slices(9, 1000)))
    tiers = slices(4, 100)
    skus = [[f"sku-{n}"] for n in range(ROWS)]
    numbers = [[("range", n * 10, True, n * 10 + 9, True)] for n in range(ROWS)]
    fallback = [*([f"c{n // 10}", f"m{n % 10}"] for n in range(ROWS)), *([None, f"m{n}"] for n in range(10))]
    return {
        "100,000 rows, text": table("unique", [types.STRING], skus, "error"),
        "100,000 rows, enum x enum, complete": table(
            "unique", [enum("a", 100), enum("b", 1000)], [[f"a{n % 100}", f"b{n // 100}"] for n in range(ROWS)]
        ),
        "100,000 rows, text x enum x int": table(
            "unique",
            [types.STRING, enum("a", 100), types.integer(0, 9)],
            [[f"c{n // 1000}", f"a{n // 10 % 100}", n % 10] for n in range(ROWS)],
            "error",
        ),
        "100,000 rows, text with one key twice": table("unique", [types.STRING], [*skus, ["sku-7"]], "error"),
        "100,000 rows, text x 4 ranges": table(
            "unique", [types.STRING, whole], [[f"c{n // 4}", tiers[n % 4]] for n in range(ROWS)], "error"
        ),
        "100,000 rows, one range column": table("unique", [whole], numbers, "error"),
        "100,010 rows, most specific with fallbacks": table("most_specific", [types.STRING, enum("m", 10)], fallback),
        "100,000 rows, text, dated": dated(table("unique", [types.STRING], skus[: ROWS // 2], "error")),
        "1,350 rows x 3 range columns": table("unique", [decimal, decimal, whole], grid),
        "1,350 rows x 3 range columns, first": table("first", [decimal, decimal, whole], grid),
        "60 rows x 4 random ranges, first": table("first", [whole] * 4, random_ranges(60, 4, 100, 1), "error"),
        "1,350 rows x 3 random ranges, first": table("first", [whole] * 3, random_ranges(1350, 3, 1000, 2), "error"),
    }


def main() -> None:
    for name, data in tables().items():
        best, findings = float("inf"), analyse(data)
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            findings = analyse(data)
            best = min(best, time.perf_counter() - begun)
        found = {"status": findings.status, "reason": findings.reason, "gaps": findings.gap_count}
        more = {"overlaps": len(findings.overlaps), "masked": len(findings.masked)}
        print(json.dumps({"table": name, "milliseconds": round(best * 1_000, 1), **found, **more}))


if __name__ == "__main__":
    main()
