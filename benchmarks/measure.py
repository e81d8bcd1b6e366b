"""How the benchmarks measure: rounds of two functions by turns in one process, and the memory of that process."""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

BLOCK = 100
Loop = Callable[[Sequence[Any]], list[int]]
"""Answers each of some questions and says how many nanoseconds each of them took."""


def loop(statement: str, question: str = "request", **names: Any) -> Loop:
    """The loop around one statement, as `timeit` makes it, so that nothing is measured but what a caller writes.

    `question` is what the statement calls one question, and `names` what else it reads.
    """
    text = f"""
def measured(questions):
    taken = []
    for {question} in questions:
        begun = clock()
        {statement}
        taken.append(clock() - begun)
    return taken
"""
    scope: dict[str, Any] = {"clock": time.perf_counter_ns, **names}
    exec(text, scope)
    made: Loop = scope["measured"]
    return made


def compared(
    ours: Loop, theirs: Loop, questions: Sequence[Any], requests: Sequence[Any], rounds: int, seconds: float
) -> dict[str, Any]:
    """The ratio of two loops over the same questions, put to each in its own form, A B B A A B.

    A ratio is that of the medians of one round; reported is the median of the rounds' ratios, with the least and the
    greatest. Each call is divided by its round's median before the slowest hundredth is looked for. Where `ours`
    would take more than `seconds`, a round has fewer questions.
    """
    each = statistics.median(ours(questions[:20])) / 1e9
    count = max(5, min(len(questions), int(seconds / rounds / each)))
    ratios, medians, their_medians, shares = [], [], [], []
    for turn in range(rounds):
        begin = turn * count % (len(questions) - count + 1)
        gc.collect()
        taken, compared_with = _round(
            ours, theirs, questions, requests, range(begin, begin + count, BLOCK), begin + count
        )
        middle, their_middle = statistics.median(taken), statistics.median(compared_with)
        ratios.append(middle / their_middle)
        medians.append(middle)
        their_medians.append(their_middle)
        shares += [one / middle for one in taken]
    shares.sort()
    return {
        "ratio": _short(statistics.median(ratios)),
        "ratio_min": _short(min(ratios)),
        "ratio_max": _short(max(ratios)),
        "p99_over_median": round(shares[int(len(shares) * 0.99)], 2),
        "median_us": _short(statistics.median(medians) / 1_000),
        "by_hand_us": _short(statistics.median(their_medians) / 1_000),
        "calls": len(shares),
    }


def _round(
    ours: Loop, theirs: Loop, questions: Sequence[Any], requests: Sequence[Any], begins: range, end: int
) -> tuple[list[int], list[int]]:
    """A few questions to one, the same to the other; who is first finds cold caches, so they take turns at it."""
    taken: list[int] = []
    compared_with: list[int] = []
    for number, begin in enumerate(begins):
        part = slice(begin, min(begin + BLOCK, end))
        if number % 2:
            compared_with += theirs(requests[part])
            taken += ours(questions[part])
        else:
            taken += ours(questions[part])
            compared_with += theirs(requests[part])
    return taken, compared_with


def wrong(is_right: Callable[[Any], bool], questions: Iterable[Any], seconds: float) -> dict[str, int]:
    """How many of the questions are answered wrongly, among as many of them as fit into the time."""
    found, asked, until, rest = 0, 0, time.perf_counter() + seconds, iter(questions)
    while time.perf_counter() < until and (batch := list(islice(rest, 100))):
        found += sum(not is_right(question) for question in batch)
        asked += len(batch)
    return {"wrong": found, "checked": asked}


def _short(number: float) -> float:
    return round(number, 3 if number < 100 else 1)


def resident_mb() -> float:
    """The memory that this process has now."""
    return _status("VmRSS:")


def peak_mb() -> float:
    """The most memory that this process has had."""
    return _status("VmHWM:")


def _status(name: str) -> float:
    # `ru_maxrss` of a started process begins with its parent's memory, so it is the second choice.
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith(name))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
