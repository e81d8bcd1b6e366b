"""What an evaluation was charged, by each evaluator: for tests that hold the two to one budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from policyengine.runtime.answers.outputs import is_too_large
from policyengine.runtime.codegen import generator
from policyengine.runtime.exact import held
from policyengine.runtime.limits import COST_MAX, Meter
from policyengine.runtime.meaning import interpreter
from policyengine.runtime.program import Entry, Program


class Seen(Meter):
    """A meter that is remembered."""

    __slots__ = ()
    last: list[Meter] = []  # noqa: RUF012

    def __init__(self, budget: int = COST_MAX) -> None:
        super().__init__(budget)
        self.last.append(self)


def interpreted(program: Program, entry: Entry, facts: Sequence[Any]) -> tuple[tuple[Any, ...], int]:
    """The held answers of the reference interpreter, and what they cost."""
    meter = Meter()
    order = interpreter.needed(program, entry)
    values = interpreter.run(program, order, facts, None, meter=meter).values
    found = [(values[n], program.nodes[n].type) for _, n in entry.outputs]
    answers = [value if is_too_large(value) else held(value, its_type) for value, its_type in found]
    return tuple(answers), COST_MAX - meter.left


def generated(
    program: Program, entry: Entry, facts: Sequence[Any], careful: bool = False
) -> tuple[tuple[Any, ...], int | None]:
    """The held answers of generated code, and what they cost; None where it has no meter at all."""
    order = interpreter.needed(program, entry)
    make = generator.generate_careful if careful else generator.generate
    Seen.last.clear()
    before, generator.Meter = generator.Meter, Seen  # type: ignore[misc]
    try:
        values = make(program, entry, order)(facts, None)
    finally:
        generator.Meter = before  # type: ignore[misc]
    return values, COST_MAX - Seen.last[-1].left if Seen.last else None
