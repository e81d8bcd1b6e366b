"""What a shadow costs the answers: the same requests to a service with one and to a service without, by turns.

    python benchmarks/shadow.py [--rounds 15] [--seconds 1] [--sample 10%] [--pause 0.002] [--only paced]

Prints one JSON line for each way of asking, times in microseconds:

`back to back`  one answer after the other, so that the processor has nothing else to do
`paced`         an answer every `--pause` seconds, as in a service: caches are cold, and the thread that compares may be
                at work when a request comes

A round is a stretch of `--seconds` without a shadow, one with, and one without again; each has a client of its own, so
that what is compared falls into the stretch that it belongs to. The figures are of all rounds together: the median and
the slowest hundredth of the answers with and without, their `ratio`, and as `noise` the ratio of the stretches without
a shadow after those before, which ought to be 1. A tenth of what the candidate answers differs.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from collections import Counter
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
            taken, counts = measured(plain, shadowed, pause, options)
            print(json.dumps({"mode": mode, "sample": options.sample, **summary(taken), **counts}), flush=True)


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


Taken = dict[str, list[int]]


def measured(plain: str, shadowed: str, pause: float, options: argparse.Namespace) -> tuple[Taken, dict[str, int]]:
    """All rounds: how long the answers took, and what was compared."""
    taken: Taken = {"before": [], "with": [], "after": []}
    counts: Counter[str] = Counter()
    for _ in range(options.rounds):
        for name in taken:
            with pe.connect(shadowed if name == "with" else plain, "llm-api", interval=0.25) as live:
                taken[name] += stretch(live, pause, options.seconds)
                report = live.shadow
            if report is not None:
                assert not report.fault, report.fault
                figures = report.figures
                counts.update(
                    sampled=report.sampled, compared=figures.compared, differing=figures.differing,
                    dropped=report.dropped,
                )  # fmt: skip
    return taken, dict(counts)


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


def summary(taken: Taken) -> dict[str, Any]:
    """The times of both, and their ratios."""
    found: dict[str, Any] = {"answers": len(taken["with"])}
    for name, place in (("median", 0.5), ("p99", 0.99)):
        ours, theirs = (quantile(each, place) for each in (taken["with"], taken["before"] + taken["after"]))
        noise = quantile(taken["after"], place) / quantile(taken["before"], place)
        found[name] = {"without_us": round(theirs / 1000, 2), "with_us": round(ours / 1000, 2),
                       "ratio": round(ours / theirs, 3), "noise": round(noise, 3)}  # fmt: skip
    return found


def quantile(taken: list[int], place: float) -> int:
    """The time that this share of the answers stays below."""
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * place))]


def read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--sample", default="10%")
    parser.add_argument("--pause", type=float, default=0.002)
    parser.add_argument("--only", choices=("back to back", "paced"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
