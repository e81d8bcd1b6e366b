"""How a decision's time grows with price rows, tenants, nodes of the graph, and versions that are active together.

    python benchmarks/growth.py [rows tenants nodes versions] [--most 1000000] [--plot docs/growth.svg]

Prints one JSON line a size, a table, and draws the plot. Measured as in `benchmarks/decisions.py`: `policy.decide`
beside a hand-written function, each size in a process of its own. `rows` are those of W1 and `tenants` those of W2;
sizes that the file of `--known` has are not measured again. `nodes` are values of a generated bundle, of which each
reads earlier ones; `versions` are W1 with 500 price rows in a registry, where each of 100 tenants has one of them,
asked by `policyengine.connect`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import decisions
import plot
from measure import compared, loop, wrong
from workloads import data, hand, nodes
from workloads.data import Row

SIZES = {
    "rows": (10, 100, 1_000, 10_000, 100_000),
    "tenants": (10, 100, 1_000, 10_000, 100_000, 1_000_000),
    "nodes": (10, 30, 100, 300, 1_000),
    "versions": (1, 3, 10, 30, 100),
}
WORKLOAD = {"rows": "w1", "tenants": "w2"}
PRICE_ROWS, TENANTS = 500, 100
"""Of each version; so many rows make so many tenants."""


def of_nodes(size: int, options: argparse.Namespace) -> Row:
    """A generated bundle of so many values."""
    import policyengine as pe
    from policyengine.compiler.pipeline import compile_texts

    text, by_hand = nodes.write(size)
    program, took = compile_texts({"bundle.yaml": text}).program, []
    for _ in range(3):
        begun = time.process_time()
        compile_texts({"bundle.yaml": text})
        took.append(time.process_time() - begun)
    policy = pe.Policy(program)
    begun = time.process_time()
    decide = policy.decider(nodes.DECISION)
    about = {"compile_s": round(statistics.median(took), 4), "generate_s": round(time.process_time() - begun, 4)}

    def is_right(request: Row) -> bool:
        return bool(decide(request).outputs["amount"] == by_hand(request)["amount"])

    about |= wrong(is_right, nodes.requests(options.check, 8), options.check_seconds)
    requests = nodes.requests(options.requests)
    ours = loop("policy.decide(NAME, request)", policy=policy, NAME=nodes.DECISION)
    theirs = loop("decide(request)", decide=by_hand)
    return about | compared(ours, theirs, requests, requests, options.rounds, options.seconds)


def of_versions(size: int, options: argparse.Namespace) -> Row:
    """A registry with so many versions of one bundle, and a client that decides by them."""
    from workloads import w1

    import policyengine as pe
    from policyengine.registry import release, scopes
    from policyengine.registry.registry import Registry
    from policyengine.storage.open_store import open_store

    policies = [data.prices(PRICE_ROWS, seed=100 + number) for number in range(size)]
    start = pe.Timestamp.parse("2026-01-01T00:00:00Z")
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:{folder}/registry.db"
        with Registry(open_store(address, make=True), lambda: start) as registry:
            digests = []
            for number, policy in enumerate(policies):
                written = w1.write(policy, Path(folder) / f"v{number}")
                bundle = written / "bundle.yaml"
                bundle.write_text(
                    bundle.read_text("utf-8").replace("version: 1.0.0", f"version: 1.0.{number}"), "utf-8"
                )
                digests.append(registry.publish(release.of_bundle(written, pe.__version__), actor="benchmark").digest)
            names = [f"tenant-{number:06d}" for number in range(TENANTS)]
            for number, tenant in enumerate(names):
                registry.activate(digests[number % size], scopes.tenant(tenant), actor="benchmark")
        by_hand = [hand.PriceCall(policy) for policy in policies]
        due = {tenant: by_hand[number % size] for number, tenant in enumerate(names)}
        begun = time.process_time()
        with pe.connect(address, "price-a-call") as live:
            about = {"load_s": round(time.process_time() - begun, 3)}

            def is_right(request: Row) -> bool:
                facts, tenant, at = w1.asked(request)
                answer = due[request["tenant"]].decide(request)
                return w1.same(live.decide(w1.DECISION, facts, tenant=tenant, at=at).outputs, answer)

            about |= wrong(is_right, data.calls(policies[0], options.check, 77), options.check_seconds)
            requests = data.calls(policies[0], options.requests)
            questions = [w1.asked(request) for request in requests]
            text = "live.decide(NAME, facts, tenant=tenant, at=at)"
            ours = loop(text, "facts, tenant, at", live=live, NAME=w1.DECISION)
            theirs = loop("due[request['tenant']].decide(request)", due=due)
            return about | compared(ours, theirs, questions, requests, options.rounds, options.seconds)


MADE_HERE: dict[str, Callable[[int, argparse.Namespace], Row]] = {"nodes": of_nodes, "versions": of_versions}


def line_of(against: str, size: int, options: argparse.Namespace) -> Iterator[Row]:
    """The line of one size, where it could be measured."""
    known = [line for line in options.known if (line.get("workload"), line["size"]) == (WORKLOAD.get(against), size)]
    if known:
        found = iter(known)
    elif against in WORKLOAD:
        options.variants = "decide"
        found = decisions.lines_of(WORKLOAD[against], size, decisions.OURS, options)
    else:
        words = ("rounds", "requests", "check", "check-seconds", "seconds")
        passed = [f"--{word}={getattr(options, word.replace('-', '_'))}" for word in words]
        command = [sys.executable, __file__, against, f"--one={size}", *passed]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=options.timeout, check=True)
        found = iter([json.loads(said.stdout)])
    for line in found:
        yield {"growth": against, **line, "size": size}


def ours_in(file: str) -> list[Row]:
    """What `benchmarks/decisions.py` has printed about `policy.decide`."""
    found = [json.loads(line) for line in Path(file).read_text("utf-8").splitlines() if line.startswith("{")]
    return [line for line in found if (line.get("engine"), line.get("variant")) == (decisions.OURS, "decide")]


def table(found: list[Row]) -> Iterator[str]:
    """The measurements as text."""
    yield f"\n{'against':9} {'size':>9} {'ratio':>7} {'from':>7} {'to':>7} {'us':>9} {'by hand':>9} wrong"
    for line in found:
        ratio = f"{line['ratio']:7.2f} {line['ratio_min']:7.2f} {line['ratio_max']:7.2f}"
        times = f"{line['median_us']:9.2f} {line['by_hand_us']:9.2f}"
        yield f"{line['growth']:9} {line['size']:9,} {ratio} {times} {line['wrong']:5}"


def main() -> int:
    """Measure what was asked for; 1 where an answer was wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "against", nargs="*", help="rows, tenants, nodes, versions; all of them unless some are named"
    )
    arguments.add_argument("--most", type=int, default=1_000_000, help="the greatest size")
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--requests", type=int, default=2_000)
    arguments.add_argument("--check", type=int, default=2_000)
    arguments.add_argument("--check-seconds", type=float, default=5.0)
    arguments.add_argument("--seconds", type=float, default=2.0)
    arguments.add_argument("--known", type=ours_in, default=[], help="what `benchmarks/decisions.py` has printed")
    arguments.add_argument("--timeout", type=float, default=600.0)
    arguments.add_argument("--plot", type=Path, help="where to write the plot, an SVG")
    arguments.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one is not None:
        print(json.dumps(MADE_HERE[options.against[0]](options.one, options)))
        return 0
    found: list[Row] = []
    for against in options.against or SIZES:
        for size in SIZES[against]:
            for line in line_of(against, size, options) if size <= options.most else ():
                print(json.dumps(line), flush=True)
                found.append(line)
    print("\n".join(table(found)))
    if options.plot is not None:
        options.plot.write_text(plot.draw(found), encoding="utf-8")
    return 1 if any(line["wrong"] for line in found) else 0


if __name__ == "__main__":
    sys.exit(main())
