"""Change a leaf or two of valid programs at random, load what comes of it, and ask it everything.

    python hostile_programs.py SEED COUNT

Prints one JSON object: how many ended in which way, and those that ended in none that is allowed, with how to find
them again. It is a program of its own, because only a process has limits of processor time and memory.
"""

from __future__ import annotations

import copy
import json
import random
import reprlib
import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import policyengine as pe
from policyengine.compiler.pipeline import compile_path
from policyengine.runtime.artifacts import program_json
from policyengine.values.canonical_json import canonical_bytes

CASES = Path(__file__).parents[1] / "cases" / "good"
NAMES = (
    "a_bundle_with_every_section", "a_contract_of_one_tenant", "tiers_that_differ_by_row", "lines_of_an_invoice",
    "a_failed_payment_is_tried_again", "changes_that_share_what_was_paid", "an_entitlement_that_is_there_for_a_time",
    "a_table_of_ranges", "discounts_credits_and_tax", "a_price_that_changes_inside_a_period",
    "a_markup_on_provider_cost",
)  # fmt: skip
SECONDS_MAX = 5
MEMORY_MAX = 1 << 30
NUMBERS = (
    0, 1, -1, 2, 7, 10, 255, 10**9, -(10**9), 2**31, 2**63 - 1, 2**63, -(2**64), 2**1023, 2**1025, 10**400, 10**4_000,
)  # fmt: skip
TEXTS = (
    "",
    "x",
    "x" * 10_000,
    "\0",
    "unlimited",
    "(a+)+$",
    "+".join("a" * 500),
    "é",
    "B",
    "BAAAA",
    "I" + "AAAA" * 1_000,
)
"""What a leaf may become."""

PROVED = ("tables",)
"""Where a change may undo what the compiler has proved, that there is a row for every question: then an evaluator may
meet a failure where none can be, which ends in a Python error and in nothing worse."""

Path_ = tuple[Any, ...]


class TooLong(BaseException):
    """One change has taken more processor time than it may."""


def main(seed: int, count: int) -> dict[str, Any]:
    """Try so many changes."""
    bases = [_base(name) for name in NAMES]
    signal.signal(signal.SIGPROF, _stop)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        body, asked = chance.choice(bases)
        changed = copy.deepcopy(body)
        told = [_change(changed, chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
        outcome = _within_limits(canonical_bytes(changed), asked)
        found[outcome.partition(":")[0]] += 1
        is_proof = any(path[0] in PROVED for path, _ in told) and outcome.startswith("raised")
        if outcome.partition(":")[0] not in ("refused", "answered", "failed") and not is_proof:
            wrong.append(f"{seed} {number}: {outcome}: {told}"[:600])
    return {"found": dict(found), "wrong": wrong}


def _base(name: str) -> tuple[dict[str, Any], list[tuple[str, Any, Any, Any]]]:
    """A program as JSON values, and what the tests of its bundle ask."""
    compiled = compile_path(CASES / f"{name}.yaml")
    asked = [(test.decide, test.input, test.tenant, test.time) for test in compiled.bundle.tests]
    return json.loads(program_json.to_json(compiled.program)), asked


def _within_limits(data: bytes, asked: list[tuple[str, Any, Any, Any]]) -> str:
    signal.setitimer(signal.ITIMER_PROF, SECONDS_MAX)
    try:
        return _outcome(data, asked)
    except TooLong:
        return "too long:"
    except MemoryError:
        return "too large:"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _outcome(data: bytes, asked: list[tuple[str, Any, Any, Any]]) -> str:
    """`refused`, `answered`, `failed`, or what else was raised."""
    try:
        policy = pe.Policy(program_json.from_json(data))
    except pe.InvalidArtifact:
        return "refused"
    outcomes = {_answer(policy, *each) for each in asked}
    return next((each for each in outcomes if ":" in each), "failed" if "failed" in outcomes else "answered")


def _answer(policy: pe.Policy, name: str, given: Any, tenant: Any, at: Any) -> str:
    try:
        decision = policy.decide(name, given, tenant=tenant, at=None if at is None else _instant(at), event="e")
        _ = dict(decision.outputs), decision.rationale, decision.explain(), decision.record()
    except (pe.InvalidInput, pe.EvaluationError, pe.InvalidArtifact):
        return "failed"
    except Exception as fault:
        return f"raised: {type(fault).__name__}: {fault}"
    return "answered"


def _instant(text: str) -> str:
    return text if "T" in text else f"{text}T00:00:00Z"


def _stop(*_: object) -> None:
    raise TooLong


# ------------------------------------------------------------------------------------------------------------ changes


def _change(body: dict[str, Any], chance: random.Random) -> tuple[Path_, str]:
    """Change one thing in place; tells what."""
    paths = list(_leaves(body, ()))
    section = chance.choice(sorted({path[0] for path in paths}))
    path = chance.choice([each for each in paths if each[0] == section])
    holder = body
    for step in path[:-1]:
        holder = holder[step]
    key = path[-1]
    before = holder[key]
    made = _other(before, chance)
    if chance.random() < 0.15 and isinstance(holder, list):
        made = chance.choice(holder)
    if chance.random() < 0.08 and isinstance(holder, list):
        holder *= chance.choice((2, 50))
    if chance.random() < 0.05 and isinstance(holder, list):
        del holder[key]
        return path, "is gone"
    holder[key] = made
    return path, f"{reprlib.repr(before)} became {reprlib.repr(made)}"


def _other(value: Any, chance: random.Random) -> Any:
    if type(value) is int and chance.random() < 0.7:
        return chance.choice((*NUMBERS, value + 1, value - 1, -value, value * 10))
    if type(value) is bool and chance.random() < 0.7:
        return not value
    kinds = (chance.choice(NUMBERS), chance.choice(TEXTS), None, chance.random() < 0.5, [], {}, [[]], [value] * 20)
    deep: Any = value
    for _ in range(chance.choice((3, 90, 400))):
        deep = [deep]
    return chance.choice((*kinds, deep) if chance.random() < 0.1 else kinds)


def _leaves(value: Any, path: Path_) -> Iterator[Path_]:
    """The paths of everything that holds nothing else."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    is_empty = True
    for key, inner in inside:
        is_empty = False
        yield from _leaves(inner, (*path, key))
    if is_empty and path:
        yield path


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
