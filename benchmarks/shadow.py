"""What a shadow costs the answers: the same requests to a service with one and to services without, by turns.

    python benchmarks/shadow.py [--rounds 12] [--seconds 1] [--sample 10%] [--pause 0.001] [--only paced]

Prints one JSON line for each way of asking, times in microseconds:

`back to back`  one answer after the other, so that the processor has nothing else to do; a round is a stretch of
                `--seconds` to each service, so that what the comparing takes falls on the answers that it belongs to
`paced`         an answer every `--pause` seconds, as in a service: caches are cold, and answers differ so much from one
                moment to the next that each question is put to all services in turn; what the comparing takes, which
                is at most a hundredth of a processor, falls on all of them

One service has a shadow and two have none. `ratio` is the answers with a shadow to those of both without, and `noise`
those of one without to the other's, which ought to be 1: the middle of the rounds, with the quarters around it.
`median` compares an answer with the same one, which tells what most of them pay (back to back: the stretches' medians),
`mean` all answers, so also those that are handed over to be compared, and `p99` the slowest hundredth. A tenth of what
the candidate answers differs.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from itertools import chain, cycle, islice, permutations
from operator import truediv
from pathlib import Path
from typing import Any

import policyengine as pe
from policyengine.clock import now
from policyengine.registry import release
from policyengine.registry.registry import Registry
from policyengine.storage.open_store import open_store

BUNDLE = Path(__file__).parents[1] / "policies" / "llm-api"
OFFERS = {
    "price_call": [
        "usage.model", "usage.input_tokens", "usage.output_tokens", "usage.month_to_date", "customer.plan",
        "customer.credit_left",
    ]
}  # fmt: skip
WARM_UP = 100


def main() -> None:
    options = read()
    with tempfile.TemporaryDirectory(prefix="pe") as folder:
        address = {name: f"sqlite:{folder}/{name}.db" for name in SERVICES}
        for name, each in address.items():
            fill(each, options.sample if name == "with" else None)
        for mode, measured in {"back to back": apart, "paced": by_turns}.items():
            if options.only in (None, mode):
                counts: Counter[str] = Counter()
                taken = list(measured(address, options, counts))
                said = {"mode": mode, "sample": options.sample, **summary(taken, measured is by_turns), **counts}
                print(json.dumps(said), flush=True)


def fill(address: str, sample: str | None) -> None:
    """A registry with one active version, and where there is a sample, another one beside it."""
    texts: dict[str, str | bytes] = {file.name: file.read_bytes() for file in BUNDLE.glob("*.yaml")}
    other = {
        name: text.replace(b"version: 0.1.0", b"version: 0.2.0").replace(b"input: 0.15", b"input: 0.16")
        for name, text in texts.items()
        if isinstance(text, bytes) and name != "tests.yaml"
    }
    with Registry(open_store(address), now) as registry:
        begin = pe.Timestamp.parse("2026-01-01T00:00:00Z")
        first = registry.publish(release.of_texts(texts, "bench"), actor="ada")
        registry.activate(first.digest, actor="ada", start=begin, reason="from the beginning")
        if sample is not None:
            second = registry.publish(release.of_texts({**other}, "bench"), actor="ada")
            registry.shadow(second.digest, sample=sample, actor="ada")


def requests() -> list[dict[str, Any]]:
    """Requests of which a tenth are for the model whose price differs."""
    models = ["atlas-mini", *["atlas-pro"] * 5, *["atlas-embed"] * 4]
    return [
        {
            "usage": {"model": model, "input_tokens": 1_000 * number, "output_tokens": 10 * number,
                      "month_to_date": 9_900_000},
            "customer": {"plan": "team", "credit_left": Decimal("100.00")},
        }
        for number in range(1, 11)
        for model in models
    ]  # fmt: skip


SERVICES = ("without", "with", "again")
Taken = dict[str, list[int]]
AT = pe.Timestamp.parse("2026-12-15T00:00:00Z")


def apart(address: dict[str, str], options: argparse.Namespace, counts: Counter[str]) -> Iterator[Taken]:
    """Rounds of stretches; who is first changes."""
    for number in range(options.rounds):
        taken: Taken = {}
        for place in range(number, number + len(SERVICES)):
            name = SERVICES[place % len(SERVICES)]
            with pe.connect(address[name], "llm-api", interval=0.25) as live:
                taken[name] = stretch(live, options.seconds)
                count(live, counts)
        yield taken


def by_turns(address: dict[str, str], options: argparse.Namespace, counts: Counter[str]) -> Iterator[Taken]:
    """Rounds of questions that are put to each service; each is opened first, is first, and comes after each, as often:
    where a service lies in memory makes one or two percent."""
    clock, orders = time.perf_counter_ns, list(permutations(SERVICES))
    for number in range(options.rounds):
        taken: Taken = {name: [] for name in SERVICES}
        with ExitStack() as opened:
            lives = {}
            for name in orders[number % len(orders)]:
                lives[name] = opened.enter_context(pe.connect(address[name], "llm-api", interval=0.25))
                warm_up(lives[name])
            until = time.monotonic() + options.seconds * len(SERVICES)
            for given, order in zip(cycle(requests()), cycle(orders), strict=False):
                for name in order:
                    time.sleep(options.pause)
                    begun = clock()
                    lives[name].decide("price_call", given, tenant="initech", at=AT)
                    taken[name].append(clock() - begun)
                if time.monotonic() > until:
                    break
            count(lives["with"], counts)
        yield taken


def warm_up(live: pe.LivePolicy) -> None:
    """So many answers that all code has run, and time to compare some."""
    for given in islice(cycle(requests()), WARM_UP):
        live.decide("price_call", given, tenant="initech", at=AT)
    time.sleep(0.3)
    gc.collect()


def count(live: pe.LivePolicy, counts: Counter[str]) -> None:
    """Add what was compared."""
    if (report := live.shadow) is None:
        return
    assert not report.fault, report.fault
    figures = report.figures
    counts.update(
        sampled=report.sampled, compared=figures.compared, differing=figures.differing, dropped=report.dropped
    )


def stretch(live: pe.LivePolicy, seconds: float) -> list[int]:
    """How many nanoseconds each answer takes."""
    warm_up(live)
    clock, taken = time.perf_counter_ns, []
    until = time.monotonic() + seconds
    for given in cycle(requests()):
        begun = clock()
        live.decide("price_call", given, tenant="initech", at=AT)
        taken.append(clock() - begun)
        if time.monotonic() > until:
            break
    return taken


def summary(rounds: list[Taken], is_paired: bool) -> dict[str, Any]:
    """The times of both, and their ratios."""
    found: dict[str, Any] = {"answers": sum(len(each["with"]) for each in rounds)}
    for name, figure in FIGURES.items():
        found[name] = {
            f"{service}_us": round(statistics.median(figure(each[service]) for each in rounds) / 1000, 2)
            for service in ("without", "with")
        }
        ratios, noise = [], []
        for taken in rounds:
            if is_paired and name == "median":
                pairs = (map(truediv, taken["with"], taken[other]) for other in ("without", "again"))
                ratios.append(statistics.median(chain(*pairs)))
                noise.append(statistics.median(map(truediv, taken["again"], taken["without"])))
            else:
                ratios.append(figure(taken["with"]) / figure(taken["without"] + taken["again"]))
                noise.append(figure(taken["again"]) / figure(taken["without"]))
        found[name] |= spread("ratio", ratios) | spread("noise", noise)
    return found


def spread(name: str, ratios: list[float]) -> dict[str, float]:
    """The middle of some ratios, and the quarters around it."""
    ordered = sorted(ratios)
    quarter = len(ordered) // 4
    return {
        name: round(statistics.median(ordered), 3),
        f"{name}_from": round(ordered[quarter], 3),
        f"{name}_to": round(ordered[-1 - quarter], 3),
    }


FIGURES: dict[str, Callable[[list[int]], float]] = {
    "median": statistics.median,
    "mean": statistics.fmean,
    "p99": lambda taken: sorted(taken)[len(taken) * 99 // 100],
}


def read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--sample", default="10%")
    parser.add_argument("--pause", type=float, default=0.001)
    parser.add_argument("--only", choices=("back to back", "paced"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
