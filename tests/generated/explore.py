"""Search over seeds for questions on which the evaluators differ; each kind of difference is shown once, shrunk.

PYTHONPATH=tests python -m generated.explore --seeds 0-200 --questions 20
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from generated.comparing import compiled, differences
from generated.rows import Question, given, questions
from generated.shrink import shrunk
from generated.strategies import bundle, bundle_of_expressions
from generated.writing import instant_text, yaml_of
from oracle.bundle import Bundle

from policyengine.errors import InvalidPolicy


def kinds(made: Bundle, question: Question) -> set[str]:
    """What kinds of differences one question shows: their sides and failures, or the place of a crash."""
    try:
        return {_kind(each.where, each.expected, each.found) for each in differences(compiled(made), question)}
    except InvalidPolicy as refused:
        return {f"refused: {refused.diagnostics[0].name}"}
    except Exception as fault:
        last = traceback.extract_tb(fault.__traceback__)[-1]
        return {f"crash: {type(fault).__name__} {str(fault)[:40]} in {last.name}"}


def _kind(where: str, expected: str, found: str) -> str:
    sides = where.rpartition(": ")[2]
    return f"{sides}: {_side(expected)} / {_side(found)}"


def _side(text: str) -> str:
    return text[:60] if "fail" in text.lower() else "a value"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", default="0-100")
    arguments.add_argument("--questions", type=int, default=20)
    arguments.add_argument("--expressions", action="store_true", help="bundles of expressions alone")
    arguments.add_argument("--only", default="", help="show only kinds that contain this text")
    arguments.add_argument("--skip", default="", help="kinds to leave out, separated by `|`")
    given_arguments = arguments.parse_args()
    first, _, last = given_arguments.seeds.partition("-")
    found: dict[str, tuple[int, Bundle, Question]] = {}
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    for seed in range(int(first), int(last)):
        make = bundle_of_expressions if given_arguments.expressions else bundle
        for kind, question, made in _of_seed(make, seed, given_arguments.questions, counts):
            found.setdefault(kind, (seed, made, question))
    seconds = time.perf_counter() - start
    say(f"{counts['questions']} questions in {seconds:.1f} s")
    for kind, count in counts.most_common():
        say(f"{count:7} {kind}")
    skipped = [word for word in given_arguments.skip.split("|") if word]
    for kind, (seed, made, question) in found.items():
        if given_arguments.only in kind and not any(word in kind for word in skipped):
            show(kind, seed, made, question)


def _of_seed(
    make: Callable[[Random], Bundle], seed: int, count: int, counts: Counter[str]
) -> list[tuple[str, Question, Bundle]]:
    random = Random(seed)
    made = make(random)
    asked = questions(made, random, count)
    try:
        policy = compiled(made)
    except Exception:
        out = [(kind, asked[0], made) for kind in kinds(made, asked[0])]
        counts.update(kind for kind, _, _ in out)
        return out
    out = []
    for question in asked:
        counts["questions"] += 1
        try:
            is_equal = not differences(policy, question, random)
        except Exception:
            is_equal = False
        if not is_equal:
            out += [(kind, question, made) for kind in kinds(made, question)]
    counts.update(kind for kind, _, _ in out)
    return out


def show(kind: str, seed: int, made: Bundle, question: Question) -> None:
    """The shrunk bundle and question of one kind."""
    made, question = shrunk(made, question, lambda b, q: kind in kinds(b, q))
    say(f"\n===== {kind} (seed {seed})\n{yaml_of(made)}")
    facts: Any = given(made, question.facts)
    say(f"{question.decision}, tenant {question.tenant}, at {instant_text(question.at)}, {facts}")
    try:
        for each in differences(compiled(made), question):
            say(f"  {each}")
    except InvalidPolicy as refused:
        say(str(refused))
    except Exception:
        say(traceback.format_exc()[-900:])


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
