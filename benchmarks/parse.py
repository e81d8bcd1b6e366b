"""How long a thousand expressions of CEL's conformance suite take to parse, here and with a parser generator.

    python benchmarks/parse.py [FOLDER WITH THE CASES]

Prints one JSON line for each parser and one with the ratio. The other parser is lark's LALR parser with the grammar
that the tests compare ours with; it builds its own kind of tree. Each time is the best of `ROUNDS`.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import lark

from policyengine.language.expression.parser import parse

ROOT = Path(__file__).resolve().parents[1]
EXPRESSIONS = 1_000
# Longer ones are about literal texts with every escape; this keeps the mean near that of rules people write.
CHARACTERS_MAX = 100
ROUNDS = 9
FIRST = ("core", "typecheck", "int64_range", "ext_bindings", "ext_comprehensions2", "ext_optionals", "ext_math")


def expressions(folder: Path) -> list[str]:
    """Different expressions, those of the core first."""
    cases = [
        case for name in (*FIRST, "ext_strings") for case in json.loads((folder / f"{name}.json").read_text("utf-8"))
    ]
    wanted = [case["expr"] for case in cases if not {"uint", "proto"} & set(case["needs"])]
    return [text for text in dict.fromkeys(wanted) if len(text) <= CHARACTERS_MAX][:EXPRESSIONS]


def milliseconds(read: Callable[[str], object], texts: list[str]) -> float:
    """The best time for all texts."""
    best = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        begun = time.perf_counter()
        for text in texts:
            read(text)
        best = min(best, time.perf_counter() - begun)
    return best * 1_000


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "conformance" / "cel"
    texts = expressions(folder)
    begun = time.perf_counter()
    grammar = (ROOT / "tests" / "language" / "expression" / "cel.lark").read_text("utf-8")
    other = lark.Lark(grammar, parser="lalr", lexer="basic")
    built = (time.perf_counter() - begun) * 1_000
    ours = milliseconds(parse, texts)
    theirs = milliseconds(other.parse, texts)
    common = {"expressions": len(texts), "mean_characters": round(sum(map(len, texts)) / len(texts), 1)}
    print(json.dumps({"parser": "policyengine", "ms": round(ours, 2), **common}))
    print(json.dumps({"parser": "lark", "ms": round(theirs, 2), "build_ms": round(built, 1), **common}))
    print(json.dumps({"ratio": round(theirs / ours, 1)}))


if __name__ == "__main__":
    main()
