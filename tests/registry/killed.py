"""Kill a process in the middle of a write to a registry, many times, and look at what it leaves.

    python killed.py ADDRESS COUNT SEED       after a random while
    python killed.py ADDRESS steps KIND       in a folder: before each call that puts something on the disk, in turn

Prints one JSON object: how often the registry was as before and as after, and what was found to be neither. It is a
program of its own, because only a process with one thread may fork; nothing of a store is open while it does.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from registry.conftest import made

from policyengine.clock import now
from policyengine.errors import PolicyEngineError
from policyengine.registry.registry import Registry
from policyengine.registry.release import Release
from policyengine.storage.open_store import open_store

Write = Callable[[Registry], object]
State = tuple[int, tuple[str, ...], str | None]
KINDS = ("publish", "activate", "rollback")


def at_random(address: str, count: int, seed: int) -> dict[str, object]:
    """Kill `count` writes, of each kind in turn."""
    chance = random.Random(seed)
    releases = _begun(address)
    took = {kind: _seconds(address, _write(kind, next(releases))) for kind in KINDS}
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for kind in itertools.islice(itertools.cycle(KINDS), count):
        _prepare(address)
        before = _state(address)
        _kill(address, _write(kind, next(releases)), chance.uniform(0, 1.3) * took[kind])
        try:
            after = _state(address)
        except PolicyEngineError as fault:
            wrong.append(f"{kind}: {fault}")
            break  # what follows would only find the same again
        done = outcome(kind, before, after)
        found[f"{kind} {done}"] += 1
        if done == "between":
            wrong.append(f"{kind}: {before} became {after}")
    return {"found": dict(found), "wrong": wrong}


def each_step(address: str, kind: str) -> dict[str, object]:
    """Kill one write before its first step, one before its second, until one has come to its end."""
    releases = _begun(address)
    outcomes: list[str] = []
    wrong: list[str] = []
    for steps in itertools.count():
        _prepare(address)
        before = _state(address)
        is_killed = _killed_at(address, _write(kind, next(releases)), steps)
        after = _state(address)
        outcomes.append(outcome(kind, before, after))
        if outcomes[-1] == "between":
            wrong.append(f"{kind}, step {steps}: {before} became {after}")
        if not is_killed:
            return {"outcomes": outcomes, "wrong": wrong, "events": after[0]}
    raise AssertionError("the steps of a write have an end")


def _begun(address: str) -> Iterator[Release]:
    """A registry with two versions; gives more of them."""
    releases = (made(f"2.{number}.0", str(number)) for number in itertools.count(1))
    with Registry(open_store(address), now) as registry:
        for release in (next(releases), next(releases)):
            registry.activate(registry.publish(release, actor="ada").digest, actor="ada")
    return releases


def _killed_at(address: str, write: Write, steps: int) -> bool:
    """Let a process write that kills itself after so many steps; whether it has come to its end before."""
    child = os.fork()
    if child == 0:
        with Registry(open_store(address), now) as registry:
            registry.refresh()
            left = itertools.count(steps, -1)
            for name in ("open", "fsync", "link", "replace", "unlink"):
                setattr(os, name, _dying(getattr(os, name), left))
            write(registry)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _dying(call: Callable[..., object], left: Iterator[int]) -> Callable[..., object]:
    def step(*arguments: object, **named: object) -> object:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **named)

    return step


def _write(kind: str, release: Release) -> Write:
    if kind == "publish":
        return lambda registry: registry.publish(release, actor="ada")
    if kind == "activate":
        return lambda registry: registry.activate(registry.versions()[0].digest, actor="ada")
    return lambda registry: registry.rollback("tokens", actor="ada")


def _prepare(address: str) -> None:
    """The last version answers, so that each kind of write changes something; and it can be written at all."""
    with Registry(open_store(address), now) as registry:
        registry.activate(registry.versions()[-1].digest, actor="ada")


def _state(address: str) -> State:
    """What the registry says, all of it verified: the number of events, the versions, and the one that answers."""
    with Registry(open_store(address), now) as registry:
        count = registry.verify()
        versions = tuple(version.digest for version in registry.versions())
        return count, versions, registry.due("tokens").artifact


def outcome(kind: str, before: State, after: State) -> str:
    if after == before:
        return "before"
    count, versions, answers = after
    is_published = len(versions) == len(before[1]) + 1 and answers == before[2]
    is_changed = versions == before[1] and answers != before[2]
    is_after = count == before[0] + 1 and (is_published if kind == "publish" else is_changed)
    return "after" if is_after else "between"


def _kill(address: str, write: Write, seconds: float) -> None:
    """Let a process begin to write, and kill it after a while."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with Registry(open_store(address), now) as registry:
            registry.refresh()
            os.write(writing, b"!")
            write(registry)
        os._exit(0)
    os.read(reading, 1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)
    _wait_for_the_server(address)


def _wait_for_the_server(address: str) -> None:
    """A server may only now read what the dead process has sent."""
    if not address.startswith("postgresql:"):
        return
    import psycopg

    others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(address, autocommit=True) as db:
        while db.execute(others).fetchone() is not None:
            time.sleep(0.005)


def _seconds(address: str, write: Write) -> float:
    """How long a write takes when nobody kills it."""
    with Registry(open_store(address), now) as registry:
        begun = time.perf_counter()
        write(registry)
        return time.perf_counter() - begun


if __name__ == "__main__":
    place, how, what = sys.argv[1:]
    sys.stdout.write(json.dumps(each_step(place, what) if how == "steps" else at_random(place, int(how), int(what))))
