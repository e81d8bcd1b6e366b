"""How long recorded usage takes to be rated with two versions, and how long two large bundles take to be compared.

    python benchmarks/diff.py [--calls 200000] [--rows 100000] [--processes 1,2]

Prints one JSON line a measurement. `rate` reads, decides twice and sums calls of `policies/llm-api` whose price has
risen by a tenth, as requests and as decision records; it is meant to take less than 20 seconds for 200,000 calls on two
processors, and says how long reading the same lines with the `json` module takes beside it. `compare` compiles and
compares two bundles with a table in CSV of so many rows, in another order, with one price changed; it checks that this
price is all that is found. `seconds` are those of the clock, `processor` those of all processes together.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policyengine.analysis.diff.rating.rater import Grouping
from policyengine.analysis.diff.rating.rerating import rerated
from policyengine.analysis.diff.rating.usage import Defaults
from policyengine.analysis.diff.report import difference
from policyengine.compiler.pipeline import compile_path, compile_texts
from policyengine.runtime.engine import Policy

PRICES = Path(__file__).resolve().parents[1] / "policies" / "llm-api"
MODELS, PLANS = ("atlas-mini", "atlas-pro", "atlas-embed"), ("free", "team", "enterprise")
LARGE = """
policyengine: 1
bundle: large
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  item: string
  count: {type: int item, min: 0, max: 1_000_000}
tables:
  price: {when: {item: item}, then: {each: money / item}, file: prices.csv, otherwise: error}
charges:
  bill: {charge_model: per_unit, quantity: count, unit_amount: price.each}
decisions:
  charge: {outputs: {amount: bill.amount}}
"""


def requests(count: int) -> Iterator[dict[str, Any]]:
    """Calls of five hundred tenants in a month."""
    chance = random.Random(7)
    for number in range(count):
        usage = {
            "model": chance.choice(MODELS),
            "input_tokens": chance.randrange(1, 500_000),
            "output_tokens": chance.randrange(50_000),
            "month_to_date": chance.randrange(200_000_000),
        }
        at = f"2026-12-{chance.randrange(1, 29):02}T{chance.randrange(24):02}:{chance.randrange(60):02}:00Z"
        customer = {"plan": chance.choice(PLANS), "credit_left": 1_000}
        tenant = f"tenant-{chance.randrange(500)}"
        yield {"input": {"usage": usage, "customer": customer}, "tenant": tenant, "at": at, "event": f"call-{number}"}


def records(count: int) -> Iterator[dict[str, Any]]:
    """The same calls as decision records."""
    decide = Policy(compile_path(PRICES).program).decider("price_call")
    for asked in requests(count):
        yield decide(**asked).record()


def timed_reading(path: Path) -> float:
    """Seconds that the lines take to be read as JSON and nothing else."""
    begun = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
    return time.perf_counter() - begun


def rate(name: str, path: Path, calls: int, processes: int) -> None:
    """Measure one file of usage."""
    texts = {file.name: file.read_bytes() for file in PRICES.glob("*.yaml")}
    before = compile_texts(dict(texts)).program
    texts["prices.yaml"] = texts["prices.yaml"].replace(b"input: 2.50", b"input: 2.75")
    after = compile_texts(dict(texts)).program
    grouping = Grouping(product=("usage", "model"))
    reading = timed_reading(path)
    begun, used = time.perf_counter(), sum(os.times()[:4])
    found = rerated(before, after, path, Defaults("price_call"), grouping, processes, lambda size: None)
    seconds = time.perf_counter() - begun
    total = {product: its.change for (_, _, product), its in found.groups.items() if its.change}
    assert found.calls == calls
    assert set(total) == {"atlas-pro"}
    tell("rate", usage=name, calls=calls, processes=processes, seconds=seconds, reading=reading,
         processor=sum(os.times()[:4]) - used)  # fmt: skip


def compare(rows: int) -> None:
    """Measure two bundles with a large table."""
    prices = [f"s{number},item {number},{number % 997 + 1}.50\n" for number in range(rows)]
    before = {"bundle.yaml": LARGE, "prices.csv": "id,item,each\n" + "".join(prices)}
    prices[rows // 3] = prices[rows // 3].replace(".50", ".75")
    random.Random(7).shuffle(prices)
    after = {"bundle.yaml": LARGE, "prices.csv": "id,item,each\n" + "".join(prices)}
    begun = time.perf_counter()
    sides = compile_texts(dict(before)), compile_texts(dict(after))
    compiled = time.perf_counter()
    found = difference(*sides, ("before", "after"))
    seconds = time.perf_counter() - compiled
    assert [finding.path for finding in found.findings] == [f"price.s{rows // 3}.each"]
    assert found.meanings[0].witness is not None
    tell("compare", rows=rows, compiling=compiled - begun, seconds=seconds)


def tell(what: str, **measured: Any) -> None:
    """One line."""
    print(json.dumps({"what": what} | {k: round(v, 2) if type(v) is float else v for k, v in measured.items()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--processes", default="1,2")
    given = parser.parse_args()
    compare(given.rows)
    with tempfile.TemporaryDirectory() as folder:
        for name, made in (("requests", requests), ("records", records)):
            path = Path(folder) / f"{name}.jsonl"
            with path.open("w", encoding="utf-8") as out:
                out.writelines(json.dumps(line) + "\n" for line in made(given.calls))
            for processes in map(int, given.processes.split(",")):
                rate(name, path, given.calls, processes)


if __name__ == "__main__":
    main()
