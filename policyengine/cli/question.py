"""What `decide` and `explain` ask: the options they share, and the facts from a file, a pipe or in line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from policyengine.analysis.bundle_tests import instant
from policyengine.cli import recorded
from policyengine.compiler.pipeline import compile_path, compile_texts
from policyengine.errors import InvalidInput, InvalidPolicy
from policyengine.language import yaml
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.artifacts import artifact
from policyengine.runtime.engine import Policy

LINES = (".jsonl", ".ndjson")
"""Names of files with one JSON object a line."""
ENVELOPE = frozenset({"input", "tenant", "at", "event", "purpose"})


@dataclass(frozen=True, slots=True)
class Question:
    """One call of `Policy.decide`."""

    name: str
    input: Any
    tenant: str | None = None
    at: str | None = None
    event: str | None = None
    purpose: str | None = None


class Oracle:
    """A bundle, or what it was compiled into, that answers questions."""

    def __init__(self, bundle: Path) -> None:
        if artifact.is_artifact(bundle):
            found = artifact.read(bundle.read_bytes())
            self.compiled = compile_texts(dict(found.sources))
            self.policy = Policy(found.program, found.program_digest)
        else:
            self.compiled = compile_path(bundle)
            self.policy = Policy(self.compiled.program)
        self.timezone = self.compiled.bundle.timezone
        self.inputs = frozenset(self.compiled.bundle.inputs)

    def answer(self, asked: Question) -> Decision:
        """The decision; a date as its time is the midnight at which it begins. Raises InvalidInput, EvaluationError."""
        at = instant(asked.at, self.timezone) if isinstance(asked.at, str) else asked.at
        given = recorded.read(self.policy.program.inputs, asked.input)
        return self.policy.decide(
            asked.name, given, tenant=asked.tenant, at=at, event=asked.event, purpose=asked.purpose
        )


def asking(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments and options that say what is asked."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.argument("bundle", type=click.Path(exists=True, path_type=Path)),
    click.argument("name"),
    click.option("--input", "-i", "source", required=True, metavar="FILE|-|JSON",
                 help="The facts: a JSON or YAML file, `-` for standard input, or JSON in quotes."),
    click.option("--at", help="The time that picks dated values, or a date: 2026-12-15T00:00:00Z."),
    click.option("--tenant", help="Whose overrides apply."),
    click.option("--event", help="Your id of what is billed; with tenant and purpose it is the booking key."),
    click.option("--purpose", help="What is booked, unless it is the decision's name."),
)  # fmt: skip


def facts(source: str) -> Any:
    """The facts of one input."""
    if source.lstrip().startswith("{"):
        return _json(source, "the input")
    if source == "-":
        text = _standard_input()
        return _json(text, "standard input") if text.lstrip().startswith("{") else _yaml(text, "standard input")
    text = _file(source)
    return _yaml(text, source) if source.endswith((".yaml", ".yml")) else _json(text, source)


def lines(source: str) -> Iterator[tuple[int, str]]:
    """The lines of a file or of standard input that are not empty, with their numbers."""
    if source != "-" and not Path(source).is_file():
        raise _no_file(source)
    with click.open_file(source, encoding="utf-8-sig", errors="replace") as stream:
        yield from ((number, line) for number, line in enumerate(stream, 1) if line.strip())


def of_line(number: int, line: str, first: Question, inputs: Container[str]) -> Question:
    """What one of many JSON lines asks.

    A line is an input, or `{"input": {...}}` with `tenant`, `at`, `event` and `purpose` of its own beside it.
    """
    given = _json(line, f"line {number}")
    is_envelope = isinstance(given, Mapping) and "input" in given and given.keys() <= ENVELOPE
    if is_envelope and "input" not in inputs:
        return replace(first, **given)
    return replace(first, input=given)


def _standard_input() -> str:
    return sys.stdin.buffer.read().decode("utf-8-sig", "replace")


def _file(source: str) -> str:
    path = Path(source)
    if not path.is_file():
        raise _no_file(source)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"`{source}` is not UTF-8 text", "--input") from None


def _no_file(source: str) -> InvalidInput:
    return InvalidInput(f"there is no file `{source}`", "--input", "JSON in line begins with `{`")


def _yaml(text: str, name: str) -> Any:
    """Facts as YAML are as strict as a bundle: what two readers could understand differently is refused."""
    try:
        return yaml.load(text, name)
    except InvalidPolicy as refused:
        raise InvalidInput(f"cannot be read as YAML\n{refused}", "--input") from None


def _json(text: str, name: str) -> Any:
    """Facts as JSON with every digit kept; a key that stands twice is refused."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        reason = fault.msg[:1].lower() + fault.msg[1:]
        raise InvalidInput(f"{name} is not JSON: {reason} at {place}") from None
    except RecursionError:
        raise InvalidInput(f"{name} is nested too deep") from None
    except ValueError as fault:
        raise InvalidInput(f"{name} is not an input: {fault}") from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"`{word}` is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key `{twice}` stands twice")
    return found
