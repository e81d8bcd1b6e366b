"""How long a thousand expressions of CEL's conformance suite take to parse and to check, beside a parser generator.

    python benchmarks/parse.py [FOLDER WITH THE CASES]

Prints one JSON line for each of

- `lark`: lark's LALR parser with the grammar that the tests compare ours with; it builds its own kind of tree;
- `parse`: our parser alone;
- `check`: `policyengine.check_expression(text)`, which parses and deduces the type without declarations;
- `check_declared`: `policyengine.check_expression(text, declarations)`, which parses and checks as in a bundle. Only
  the expressions that are accepted there: a bundle has no `null`, no lists of different kinds and less of CEL's
  library. The declarations are the types that the case names for its variables; most have none, and `{}`.

`ms` is the best time for all expressions and `median_ms` the median; `ratio` and `median_ratio` are those times divided
by the ones of lark's parser for the same expressions. In each of the `ROUNDS` all are timed one after another, so that
what else the machine does falls on all alike. Nothing is kept by the text of an expression from round to round, but for
the numbers and patterns in it; what follows from declarations alone is kept, and `new_declarations_ms` is what an
expression over declarations costs that were never seen before.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import lark

import policyengine as pe
from policyengine.language.expression.parser import parse

ROOT = Path(__file__).resolve().parents[1]
EXPRESSIONS = 1_000
# Longer ones are about literal texts with every escape; this keeps the mean near that of rules people write.
CHARACTERS_MAX = 100
ROUNDS = 15
FIRST = ("core", "typecheck", "int64_range", "ext_bindings", "ext_comprehensions2", "ext_optionals", "ext_math")
DECLARED = {"double": "decimal"} | {name: name for name in ("bool", "int", "string", "timestamp", "duration")}
"""The types of the suite's variables as declarations have them, where they do."""

Declarations = dict[str, str]
Arguments = Sequence[tuple[Any, ...]]
Runs = dict[str, tuple[Callable[..., object], Arguments]]


def expressions(folder: Path) -> dict[str, Declarations]:
    """Different expressions, those of the core first, with the declarations of their variables."""
    cases = [
        case for name in (*FIRST, "ext_strings") for case in json.loads((folder / f"{name}.json").read_text("utf-8"))
    ]
    wanted = [case for case in cases if not {"uint", "proto"} & set(case["needs"])]
    found: dict[str, Declarations] = {}
    for case in wanted:
        if len(case["expr"]) <= CHARACTERS_MAX:
            found.setdefault(case["expr"], declarations(case))
    return dict(list(found.items())[:EXPRESSIONS])


def declarations(case: dict[str, Any]) -> Declarations:
    """The variables of a case whose types can be declared."""
    typed = {each["name"]: DECLARED.get(each.get("type", "")) for each in case.get("type_env", ())}
    return {name: word for name, word in typed.items() if word is not None and name.isidentifier()}


def is_accepted(text: str, declared: Declarations | None = None) -> bool:
    """Parse and check an expression: whether it has a type, or a diagnostic says why not."""
    try:
        pe.check_expression(text, declared)
    except pe.InvalidPolicy:
        return False
    return True


def seconds(run: Callable[..., object], given: Arguments) -> float:
    """The time for all."""
    gc.collect()
    begun = time.perf_counter()
    for arguments in given:
        run(*arguments)
    return time.perf_counter() - begun


def new_declarations_ms() -> float:
    """The median time of a check over one input whose name was never declared before."""
    found = [seconds(pe.check_expression, [(f"new{n} + 1", {f"new{n}": "int"})]) for n in range(20)]
    return round(median(found) * 1_000, 2)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "conformance" / "cel"
    texts = expressions(folder)
    begun = time.perf_counter()
    grammar = (ROOT / "tests" / "language" / "expression" / "cel.lark").read_text("utf-8")
    other = lark.Lark(grammar, parser="lalr", lexer="basic")
    built = (time.perf_counter() - begun) * 1_000
    every = [(text,) for text in texts]
    declared = [(text, its) for text, its in texts.items() if is_accepted(text, its)]
    runs: Runs = {
        "lark": (other.parse, every),
        "parse": (parse, every),
        "check": (is_accepted, every),
        "lark_declared": (other.parse, [(text,) for text, _ in declared]),
        "check_declared": (pe.check_expression, declared),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (run, given) in runs.items():
            times[name].append(seconds(run, given) * 1_000)

    show("lark", runs, times, "lark", build_ms=round(built, 1))
    show("parse", runs, times, "lark")
    show("check", runs, times, "lark", rejected=sum(not is_accepted(text) for text in texts))
    more = {"with_variables": sum(bool(its) for _, its in declared), "new_declarations_ms": new_declarations_ms()}
    show("check_declared", runs, times, "lark_declared", **more)


def show(name: str, runs: Runs, times: dict[str, list[float]], beside: str, **more: object) -> None:
    """One line of the result."""
    ours, theirs = times[name], times[beside]
    lengths = [len(text) for text, *_ in runs[name][1]]
    result = {
        "measured": name,
        "ms": round(min(ours), 2),
        "median_ms": round(median(ours), 2),
        "ratio": round(min(ours) / min(theirs), 3),
        "median_ratio": round(median(ours) / median(theirs), 3),
        "expressions": len(lengths),
        "mean_characters": round(sum(lengths) / len(lengths), 1),
    }
    print(json.dumps(result | more))


if __name__ == "__main__":
    main()
