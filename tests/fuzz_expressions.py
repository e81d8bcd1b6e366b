"""Random texts, most of them nearly expressions: each gives a value, a diagnostic or an error, and nothing else.

    python -m tests.fuzz_expressions 1000000 [SEED]

runs that many and prints what it met; it ends with an error at the first text that ends otherwise. Every text follows
from the seed and its number, so a failure can be run again. For each text, too: a type that is deduced without facts
is the type of the value, and what is refused for its types alone would have failed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import policyengine as pe
from policyengine.language.expression.dynamic import deduce, given, plan
from policyengine.language.expression.dynamic.step import Failed
from policyengine.language.expression.faults import SyntaxFault
from policyengine.language.expression.parser import parse
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.functions.kinds import TYPE_NAMES
from policyengine.runtime.limits import CostExceeded, Meter
from policyengine.source import Source, Span

VARIABLES: dict[str, Any] = {
    "i": 3,
    "d": Decimal("2.50"),
    "s": "text",
    "b": True,
    "n": None,
    "xs": [1, 2, 3],
    "mixed": [1, "a", None, Decimal("0.1"), [2]],
    "m": {"a": 1, "b": {"c": [1]}},
    "keys": {2: "two", True: "yes", "x": 0},
    "t": pe.Timestamp.parse("2026-12-01T10:30:00Z"),
    "u": pe.Duration.parse("1h30m"),
    "y": b"\x00\xff",
}
LITERALS = (
    ["0", "1", "-1", "2.5", "0.1", "1e3", "9223372036854775807", "-9223372036854775808", '"a"', "'é😀'", '""', "true"]
    + ["false", "null", "[]", "{}", "b'x'", "3d", "90m", "1e-20", "7", "10", '"2026-01-31T00:00:00Z"', '"1h"']
    + ['"[a-z]+"', '"1 month"', '"Europe/Berlin"', '"%s %d %.2f"', '"12.5"', "int", "string", "half_up"]
)  # fmt: skip
OPERATORS = ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "in", "&&", "||")
MACROS = ("all", "exists", "exists_one", "map", "filter", "sortBy", "optMap", "optFlatMap")
PAIR_MACROS = ("all", "exists", "existsOne", "transformList", "transformMap", "transformMapEntry")
METHODS = sorted({n for n, f in FUNCTIONS.items() if any(s.method for s in f.signatures)})
CALLS = sorted({n for n, f in FUNCTIONS.items() if any(not s.method for s in f.signatures)})
NOISE = ("(", ")", "[", "]", "{", "}", "?", ":", ",", ".", ".?", "[?", "'", '"', "`", "\\", "//", "\n", "é")
NOISE += ("\ud800", "@", "and", "__class__", "1_000", "5 USD", "0x", "1e", "..", "!", "-", "&&", "\x00", "if", "1u")


class Writer:
    """Writes one random expression; deeper ones get simpler."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.bound: list[str] = []

    def expression(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf()
        return self.random.choice(_FORMS)(self, depth - 1)

    def leaf(self) -> str:
        names = [*VARIABLES, *self.bound, *self.bound]
        return self.random.choice(names if self.random.random() < 0.55 else LITERALS)

    def operation(self, depth: int) -> str:
        return f"({self.expression(depth)} {self.random.choice(OPERATORS)} {self.expression(depth)})"

    def sign(self, depth: int) -> str:
        return f"{self.random.choice('!-')}({self.expression(depth)})"

    def choice(self, depth: int) -> str:
        return f"({self.expression(depth)} ? {self.expression(depth)} : {self.expression(depth)})"

    def list(self, depth: int) -> str:
        return f"[{', '.join(self.optional() + self.expression(depth) for _ in range(self.random.randrange(4)))}]"

    def map(self, depth: int) -> str:
        count = self.random.randrange(3)
        return f"{{{', '.join(f'{self.expression(0)}: {self.expression(depth)}' for _ in range(count))}}}"

    def optional(self) -> str:
        return "?" if self.random.random() < 0.03 else ""

    def part(self, depth: int) -> str:
        field = self.random.choice(("a", "b", "c", "x", "missing"))
        target = self.expression(depth)
        return self.random.choice((f"{target}.{field}", f"{target}.?{field}", f"has({target}.{field})"))

    def index(self, depth: int) -> str:
        return f"{self.expression(depth)}[{self.random.choice(('', '', '?'))}{self.expression(0)}]"

    def call(self, depth: int) -> str:
        return f"{self.random.choice(CALLS)}({self.arguments(depth, 3)})"

    def method(self, depth: int) -> str:
        return f"{self.expression(depth)}.{self.random.choice(METHODS)}({self.arguments(depth, 2)})"

    def arguments(self, depth: int, most: int) -> str:
        return ", ".join(self.expression(depth) for _ in range(self.random.randrange(most + 1)))

    def macro(self, depth: int) -> str:
        pair = self.random.random() < 0.3
        names = self.random.sample(["v", "w", "i"], 2 if pair else 1)
        target = self.expression(depth)
        self.bound += names
        bodies = ", ".join(self.expression(depth) for _ in range(self.random.choice((1, 1, 2))))
        del self.bound[-len(names) :]
        return f"{target}.{self.random.choice(PAIR_MACROS if pair else MACROS)}({', '.join(names)}, {bodies})"

    def bind(self, depth: int) -> str:
        value = self.expression(depth)
        self.bound.append("w")
        body = self.expression(depth)
        self.bound.pop()
        return f"cel.bind(w, {value}, {body})"


_FORMS: tuple[Callable[[Writer, int], str], ...] = (
    *[Writer.operation] * 6,
    *[Writer.method] * 4,
    *[Writer.call] * 3,
    *[Writer.macro] * 3,
    *[Writer.index] * 2,
    *[Writer.part] * 2,
    Writer.sign,
    Writer.choice,
    *[Writer.list] * 2,
    Writer.map,
    Writer.bind,
)


def text_of(seed: int, number: int) -> str:
    """The text of a number: an expression, one with something wrong in it, or noise."""
    random = Random(f"{seed}/{number}")
    kind = random.random()
    if kind < 0.1:
        return " ".join(random.choice((*NOISE, *LITERALS, *OPERATORS, *VARIABLES)) for _ in range(random.randrange(20)))
    text = Writer(random).expression(random.choice((1, 2, 2, 3, 3, 4)))
    for _ in range(random.randrange(1, 3) if kind < 0.3 else 0):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(("", random.choice(NOISE))) + text[at + random.randrange(3) :]
    return text


def outcome(text: str) -> str:
    """The class of what a text ends in; anything that is not expected is raised."""
    try:
        pe.evaluate_expression(text, VARIABLES)
    except (pe.InvalidPolicy, pe.InvalidInput, pe.EvaluationError) as fault:
        str(fault).encode("utf-8", "surrogatepass")
        if isinstance(fault, pe.InvalidPolicy) and fault.diagnostics[0].code in ("T002", "T003", "T015"):
            assert not _runs(text), "what is refused for its types alone fails"
        return type(fault).__name__
    _check_type(text)
    return "value"


def _runs(text: str) -> bool:
    """Whether the text has a value where nothing is asked beforehand."""
    try:
        _value(text)
    except (Failed, CostExceeded, SyntaxFault, deduce.Rejected):
        return False
    # An operand of `||` that is no condition is refused although the other one may decide.
    return "||" not in text and "&&" not in text


def _value(text: str) -> Any:
    source = Source("fuzz", text)
    planner = plan.Planner(given.read_variables(VARIABLES), "", Meter(), lambda a, b: Span(source, a, b))
    return planner.plan(parse(text), {})()


def _check_type(text: str) -> None:
    source = Source("fuzz", text)
    deducer = deduce.Deducer(text, lambda a, b: Span(source, a, b), hidden=True)
    deduced = deducer.deduce(parse(text), {}, certain=False).name
    found = TYPE_NAMES[type(_value(text))]
    names = {"null_type": "null", "google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration"}
    if (deduced, found) == ("optional_type", "null_type"):
        return  # CEL's rule: where an optional may stand, null may, too
    assert deduced in ("dyn", names.get(found, found)), f"deduced {deduced}, found {found}"


def main(count: int, seed: int = 0) -> int:
    met: Counter[str] = Counter()
    for number in range(count):
        text = text_of(seed, number)
        try:
            met[outcome(text)] += 1
        except Exception as fault:
            sys.stdout.write(f"number {number} of seed {seed}: {text!r}\n{type(fault).__name__}: {fault}\n")
            return 1
    sys.stdout.write(", ".join(f"{name} {times}" for name, times in sorted(met.items())) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
