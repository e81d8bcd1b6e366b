"""What a shadow costs the answers: the same requests to a service with one and to services without, by turns.

    python benchmarks/shadow.py [--rounds 24] [--seconds 0.5] [--sample 10%] [--pause 0.001] [--only paced]

Prints one JSON line for each way of asking, times in microseconds:

`back to back`  one answer after the other, so that the processor has nothing else to do
`paced`         an answer every `--pause` seconds, as in a service: caches are cold, and the thread that compares may be
                at work when a request comes

A round is a stretch of `--seconds` with a shadow and two without; who is first changes from round to round, and each
stretch has a client of its own, so that what is compared falls into the stretch that it belongs to. For the median, the
mean and the slowest hundredth, `ratio` is that of the answers with a shadow to those of both stretches without, and
`noise` that of the stretches without to each other, which ought to be 1: the middle of the rounds, and in `_from` and
`_to` between which values half of the rounds are. A tenth of what the candidate answers differs.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle
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
WARM_UP = 50


def main() -> None:
    options = read()
    with tempfile.TemporaryDirectory(prefix="pe") as folder:
        plain, shadowed = f"sqlite:{folder}/plain.db", f"sqlite:{folder}/shadowed.db"
        fill(plain, None)
        fill(shadowed, options.sample)
        modes = {"back to back": 0.0, "paced": options.pause}
        for mode, pause in modes.items():
            if options.only not in (None, mode):
                continue
            rounds, counts = measured(plain, shadowed, pause, options)
            print(json.dumps({"mode": mode, "sample": options.sample, **summary(rounds), **counts}), flush=True)


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


STRETCHES = ("without", "with", "again")
Taken = dict[str, list[int]]


def measured(plain: str, shadowed: str, pause: float, options: argparse.Namespace) -> tuple[list[Taken], Counter[str]]:
    """How long the answers of each round took, and what was compared."""
    rounds: list[Taken] = []
    counts: Counter[str] = Counter()
    for number in range(options.rounds):
        taken: Taken = {}
        for place in range(number, number + len(STRETCHES)):
            name = STRETCHES[place % len(STRETCHES)]
            with pe.connect(shadowed if name == "with" else plain, "llm-api", interval=0.25) as live:
                taken[name] = stretch(live, pause, options.seconds)
                report = live.shadow
            if report is not None:
                assert not report.fault, report.fault
                figures = report.figures
                counts.update(
                    sampled=report.sampled, compared=figures.compared, differing=figures.differing,
                    dropped=report.dropped,
                )  # fmt: skip
        rounds.append(taken)
    return rounds, counts


def stretch(live: pe.LivePolicy, pause: float, seconds: float) -> list[int]:
    """How many nanoseconds each answer takes."""
    asked, clock, at = cycle(requests()), time.perf_counter_ns, pe.Timestamp.parse("2026-12-15T00:00:00Z")
    for given, _ in zip(asked, range(WARM_UP), strict=False):
        live.decide("price_call", given, tenant="initech", at=at)
    time.sleep(0.3)
    gc.collect()
    taken = []
    until = time.monotonic() + seconds
    for given in asked:
        if pause:
            time.sleep(pause)
        begun = clock()
        live.decide("price_call", given, tenant="initech", at=at)
        taken.append(clock() - begun)
        if time.monotonic() > until:
            return taken
    raise AssertionError("requests do not end")


def summary(rounds: list[Taken]) -> dict[str, Any]:
    """The times of both, and their ratios."""
    found: dict[str, Any] = {"answers": sum(len(each["with"]) for each in rounds)}
    for name, figure in FIGURES.items():
        ours = [figure(each["with"]) for each in rounds]
        theirs = [figure(each["without"] + each["again"]) for each in rounds]
        noise = [figure(each["again"]) / figure(each["without"]) for each in rounds]
        ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
        found[name] = {
            "without_us": round(statistics.median(theirs) / 1000, 2),
            "with_us": round(statistics.median(ours) / 1000, 2),
            **spread("ratio", ratios), **spread("noise", noise),
        }  # fmt: skip
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
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--sample", default="10%")
    parser.add_argument("--pause", type=float, default=0.001)
    parser.add_argument("--only", choices=("back to back", "paced"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
