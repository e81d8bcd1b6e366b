"""How long a decision takes beside a hand-written function, for this engine and for what could be embedded instead.

    python benchmarks/decisions.py [w1 w2 w3] [--rows 10,1000] [--engines policyengine,zen-engine]
    python benchmarks/decisions.py --rows 1000 --engines policyengine --variants decide
        --check 1000000 --check-seconds 900

The second compares a million answers of each workload with the right ones.

Prints one JSON line a measurement and a table at the end. Each workload, size and engine has a process of its own, in
which the hand-written function (exact decimals, its reasons collected at once) answers the same requests in
turn; `ratio` is the median of the rounds' ratios of medians. `load_s` is the processor's time from the imported
engine to one that is ready to answer (ours from its artifact, the others from the policy's data in memory), and
`memory_mb` the most memory that the process had until then, its data included, above an empty one.
The peers are in `benchmarks/peers`; one that is not installed is left out with a line that says so.

Variants of this engine: `decide` is the public call, types checked, reasons on demand; `decider` the same by
`policy.decider`; `amount` also reads the amount (all outputs in W2 and W3); `rationale` makes the
rationale in full, `all` reads all outputs with their lines as well; `id` reads the amount and the decision's id;
`compact` makes the compact record and `record` the whole one.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import own
from measure import compared, loop, peak_mb, resident_mb, wrong
from peers import PEERS, SIZE_MAX, WITH_TABLES
from workloads import data, hand
from workloads.data import Row

OURS, BY_HAND = "policyengine", "hand-written"
SIZES = {"w1": (10, 1_000, 100_000), "w2": (10, 1_000, 100_000, 1_000_000), "w3": (34,)}
"""Price rows, tenants, and steps, of which W3 always has as many."""


@dataclass(frozen=True)
class Workload:
    """Where its data, its requests and its right answers come from, and what of an answer is compared."""

    make: Callable[[int], Row]
    ask: Callable[[Row, int, int], list[Row]]
    by_hand: Callable[[Row], Any]
    answer: tuple[str, ...]


WORKLOADS = {
    "w1": Workload(data.prices, data.calls, hand.PriceCall, ("amount",)),
    "w2": Workload(data.limits, data.asked, hand.MayUse, ("allowed", "limit", "remaining", "reason")),
    "w3": Workload(
        lambda size: data.subscription(),
        lambda policy, count, seed: data.changes(count, seed),
        hand.BillSubscription,
        ("amount", "status", "account"),
    ),
}
REQUESTS_SEED, CHECK_SEED, CHECK_BATCH = 5, 77, 20_000


def measured(name: str, size: int, engine: str, options: argparse.Namespace) -> Iterator[Row]:
    """The lines of one engine; this process is its own."""
    workload, before = WORKLOADS[name], resident_mb()
    policy = {} if engine == OURS else workload.make(size)
    begun = time.process_time()
    load = loader(name, engine, policy, options.folder)
    imported = time.process_time()
    made = load()
    loaded = time.process_time()
    about = {"workload": name, "size": size, "engine": engine, "import_s": round(imported - begun, 3)}
    about |= {"load_s": round(loaded - imported, 4), "memory_mb": round(peak_mb() - before, 1)}
    policy = policy or workload.make(size)
    by_hand = workload.by_hand(policy)
    about |= wrong(is_right(name, made, by_hand), to_check(workload, policy, options.check), options.check_seconds)
    requests = workload.ask(policy, options.requests, REQUESTS_SEED)
    theirs = loop("decide(request)", decide=by_hand.decide)
    is_ours = isinstance(made, own.Engine)
    questions: list[Any] = made.questions(requests) if is_ours else requests
    variants = made.variants(options.variants) if is_ours else {"decide": loop("decide(request)", decide=made.decide)}
    for variant, ours in variants.items():
        yield {
            **about,
            "variant": variant,
            **compared(ours, theirs, questions, requests, options.rounds, options.seconds),
        }


def to_check(workload: Workload, policy: Row, count: int) -> Iterator[Row]:
    """So many requests, of which no more than some are in memory."""
    for number, begin in enumerate(range(0, count, CHECK_BATCH)):
        yield from workload.ask(policy, min(CHECK_BATCH, count - begin), CHECK_SEED + number)


def loader(name: str, engine: str, policy: Row, folder: Path) -> Callable[[], Any]:
    """What loads the policy, with everything imported that it needs."""
    if engine == OURS:
        own.imported(name)
        return lambda: own.Engine(name, folder)
    if engine == BY_HAND:
        return lambda: WORKLOADS[name].by_hand(policy)
    peer = importlib.import_module(f"peers.{PEERS[engine]}")
    return lambda: peer.WORKLOADS[name](policy)


def is_right(name: str, engine: Any, by_hand: Any) -> Callable[[Row], bool]:
    """Whether an engine answers a request as the hand-written function does."""
    words = WORKLOADS[name].answer

    def right(request: Row) -> bool:
        expected = by_hand.decide(request)
        if isinstance(engine, own.Engine):
            return engine.is_right(request, expected)
        answer = engine.decide(request)
        return all(answer[word] == expected[word] for word in words)

    return right


def lines_of(name: str, size: int, engine: str, options: argparse.Namespace) -> Iterator[Row]:
    """The lines of one engine, measured in other processes."""
    words = ("rounds", "requests", "check", "check-seconds", "seconds", "variants")
    passed = [f"--{word}={getattr(options, word.replace('-', '_'))}" for word in words]
    with tempfile.TemporaryDirectory() as folder:
        published: Row = {}
        command = [sys.executable, __file__, name, f"--rows={size}", f"--engines={engine}", f"--folder={folder}"]
        try:
            if engine == OURS:
                list(_lines([*command, "--one=write"], options.timeout))
                published = next(_lines([*command, "--one=publish"], options.timeout))
            for line in _lines([*command, *passed, "--one=measure"], options.timeout):
                yield {**line, **published}
        except subprocess.TimeoutExpired:
            print(f"{engine} {name} {size}: left out, it takes over {options.timeout:g} s", file=sys.stderr)
        except subprocess.CalledProcessError as fault:
            last = (fault.stderr.strip().splitlines() or ["it said nothing"])[-1]
            print(f"{engine} {name} {size}: left out, it ended with {last}", file=sys.stderr)


def _lines(command: list[str], seconds: float) -> Iterator[Row]:
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True)
    return map(json.loads, said.stdout.splitlines())


def engines(asked: str) -> dict[str, str]:
    """The engines that are installed, with their versions; a line for each that is not."""
    found = {}
    for name in asked.split(","):
        if name not in (OURS, BY_HAND, *PEERS):
            sys.exit(f"no engine `{name}`; there are {', '.join((OURS, BY_HAND, *PEERS))}")
        try:
            found[name] = version(name) if name in PEERS else ""
        except PackageNotFoundError:
            print(f"{name}: left out, it is not installed (benchmarks/requirements.txt)", file=sys.stderr)
    return found


def machine(versions: dict[str, str]) -> Row:
    """What it was measured on, and which versions."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    about = {"machine": model, "cores": os.cpu_count(), "python": platform.python_version(), "day": day}
    return {**about, "peers": {name: its for name, its in versions.items() if its}}


def table(found: list[Row]) -> Iterator[str]:
    """The measurements as text."""
    head = f"{'':4} {'size':>9}  {'engine':26} {'variant':9} {'ratio':>8} {'from':>8} {'to':>8} {'p99':>6}"
    yield f"\n{head} {'wrong':>5}"
    for line in found:
        what = f"{line['workload']:4} {line['size']:9,}  {line['engine']:26} {line['variant']:9}"
        spread = (
            f"{line['ratio']:8.2f} {line['ratio_min']:8.2f} {line['ratio_max']:8.2f} {line['p99_over_median']:6.2f}"
        )
        yield f"{what} {spread} {line['wrong']:5} of {line['checked']:,}"


def main() -> int:
    """Measure what was asked for; 1 where an answer of ours was wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("workloads", nargs="*", help="w1, w2, w3; all of them unless some are named")
    arguments.add_argument("--rows", help="price rows of W1 and tenants of W2, instead of 10 to a million")
    arguments.add_argument("--peer-rows", type=int, default=10**6, help="more are not given to engines without tables")
    arguments.add_argument("--engines", default=",".join((OURS, BY_HAND, *PEERS)))
    arguments.add_argument("--variants", default=",".join(own.VARIANTS), help="of this engine")
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--requests", type=int, default=2_000, help="of a round, where there is time for them")
    arguments.add_argument("--check", type=int, default=20_000, help="answers that are compared")
    arguments.add_argument("--check-seconds", type=float, default=5.0, help="after which no more of them are")
    arguments.add_argument("--seconds", type=float, default=2.0, help="of a variant's calls")
    arguments.add_argument("--timeout", type=float, default=600.0, help="seconds that one engine may take")
    arguments.add_argument("--one", choices=["write", "publish", "measure"], help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    sizes = [int(text) for text in (options.rows or "").split(",") if text]
    if options.one == "write":
        own.write(options.workloads[0], WORKLOADS[options.workloads[0]].make(sizes[0]), options.folder)
        return 0
    if options.one == "publish":
        print(json.dumps(own.publish(options.folder)))
        return 0
    if options.one == "measure":
        for line in measured(options.workloads[0], sizes[0], options.engines, options):
            print(json.dumps(line), flush=True)
        return 0
    versions = engines(options.engines)
    print(json.dumps(machine(versions)), flush=True)
    found: list[Row] = []
    for name in options.workloads or WORKLOADS:
        for size in SIZES[name] if name == "w3" or not sizes else sizes:
            for engine in versions:
                is_looked_up = engine in PEERS and engine not in WITH_TABLES
                if size > SIZE_MAX.get((engine, name), options.peer_rows if is_looked_up else size):
                    print(f"{engine} {name} {size}: left out, it is too large", file=sys.stderr)
                    continue
                for line in lines_of(name, size, engine, options):
                    print(json.dumps(line), flush=True)
                    found.append(line)
    print("\n".join(table(found)))
    return 1 if any(line["wrong"] for line in found if line["engine"] == OURS) else 0


if __name__ == "__main__":
    sys.exit(main())
