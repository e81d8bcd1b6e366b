"""How long a decision takes beside a hand-written function, and whether every answer is right.

    python benchmarks/decisions.py [w1 w2 w3] [--rows 10,1000] [--requests 2000] [--rounds 9] [--check 20000]

Prints one JSON line a measurement and a table at the end. The hand-written function (exact decimals, its reasons
collected at once) runs in the same process and in alternating rounds; `ratio` is the median of the rounds' ratios of
medians. Variants: `decide` is the public call, types checked, reasons on demand; `decider` the same by
`policy.decider`; `amount` also makes the outputs; `record` also the id and the whole record.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from workloads import data, hand, w1, w2, w3

import policyengine as pe
from policyengine import __version__
from policyengine.compiler.pipeline import compile_path
from policyengine.runtime import artifact

WORKLOADS: dict[str, tuple[ModuleType, Callable[[int], data.Row], Callable[..., list[data.Row]], Any]] = {
    "w1": (w1, data.prices, data.calls, hand.PriceCall),
    "w2": (w2, data.limits, data.asked, hand.MayUse),
    "w3": (
        w3,
        lambda rows: data.subscription(),
        lambda policy, count, **seed: data.changes(count, **seed),
        hand.BillSubscription,
    ),
}
Run = Callable[[Any], object]


def memory_mb() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(run: Run, questions: list[Any]) -> list[int]:
    """Nanoseconds of each call."""
    clock = time.perf_counter_ns
    taken = []
    for question in questions:
        begun = clock()
        run(question)
        taken.append(clock() - begun)
    return taken


def measured(name: str, rows: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """All variants of one workload at one size."""
    module, make, ask, reference = WORKLOADS[name]
    policy_data = make(rows)
    with tempfile.TemporaryDirectory() as folder:
        written = module.write(policy_data, Path(folder) / name)
        begun = time.process_time()
        compiled = compile_path(written)
        file = artifact.write(compiled.program, compiled.sources, __version__)
        publish_s, publish_mb = time.process_time() - begun, memory_mb()
        begun = time.process_time()
        found = artifact.read(file)
        policy = pe.Policy(found.program, found.program_digest)
        load_s = time.process_time() - begun
    by_hand = reference(policy_data)
    requests = ask(policy_data, options.requests)
    questions = [module.asked(request) for request in requests]
    decide, quick = policy.decide, policy.decider(module.DECISION)
    variants: dict[str, Run] = {
        "decide": lambda q: decide(module.DECISION, q[0], tenant=q[1], at=q[2]),
        "decider": lambda q: quick(q[0], q[1], q[2]),
        "amount": lambda q: dict(quick(q[0], q[1], q[2]).outputs) if name != "w1" else quick(*q).outputs["amount"],
        "record": lambda q: decide(module.DECISION, q[0], tenant=q[1], at=q[2], event="e").record(),
    }
    checked = ask(policy_data, options.check, seed=77)
    wrong = sum(not module.same(quick(*module.asked(r)).outputs, by_hand.decide(r)) for r in checked)
    common = {"workload": name, "size": rows, "engine": "policyengine", "wrong": wrong, "checked": len(checked)}
    common |= {"load_s": round(load_s, 3), "publish_s": round(publish_s, 2), "memory_mb": round(publish_mb)}
    return [{**common, "variant": variant, **compared(run, by_hand.decide, questions, requests, options.rounds)}
            for variant, run in variants.items()]  # fmt: skip


def compared(run: Run, by_hand: Run, questions: list[Any], requests: list[Any], rounds: int) -> dict[str, float]:
    """The ratio to the hand-written function, with its spread, and how far the slowest calls lie from the middle."""
    ratios, tails, medians = [], [], []
    for _ in range(rounds):
        gc.collect()
        ours, theirs = sorted(timed(run, questions)), sorted(timed(by_hand, requests))
        middle = statistics.median(ours)
        ratios.append(middle / statistics.median(theirs))
        tails.append(ours[int(len(ours) * 0.99)] / middle)
        medians.append(middle)
    return {
        "ratio": round(statistics.median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
        "p99_over_median": round(statistics.median(tails), 2),
        "median_us": round(statistics.median(medians) / 1_000, 2),
    }


def main() -> int:
    """Measure what was asked for; 1 where an answer was wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("workloads", nargs="*", help="w1, w2, w3; all of them unless some are named")
    arguments.add_argument("--rows", default="10,1000")
    arguments.add_argument("--requests", type=int, default=2_000)
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--check", type=int, default=20_000)
    options = arguments.parse_args()
    found: list[dict[str, Any]] = []
    for name in options.workloads or WORKLOADS:
        for rows in [int(text) for text in options.rows.split(",")][: None if name != "w3" else 1]:
            for line in measured(name, rows, options):
                print(json.dumps(line), flush=True)
                found.append(line)
    print(f"\n{'':4} {'size':>9}  {'variant':8} {'ratio':>6}  {'from':>6} {'to':>6}  {'p99':>5}  {'wrong':>5}")
    for line in found:
        spread = f"{line['ratio_min']:6.2f} {line['ratio_max']:6.2f}  {line['p99_over_median']:5.2f}"
        which = f"{line['workload']:4} {line['size']:9,}  {line['variant']:8}"
        print(f"{which} {line['ratio']:6.2f}  {spread}  {line['wrong']:5}")
    return 1 if any(line["wrong"] for line in found) else 0


if __name__ == "__main__":
    sys.exit(main())
