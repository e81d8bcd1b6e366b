"""Recorded usage: lines of JSON that are inputs, requests, or decision records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.runtime.given.canonical import from_canonical
from policyengine.runtime.given.given_json import given_json
from policyengine.runtime.program import Program
from policyengine.runtime.replay import is_record
from policyengine.values.instant import Timestamp
from policyengine.values.invalid import InvalidValue

REQUEST = frozenset(("input", "tenant", "at", "event", "purpose", "decision"))
"""The keys of a line that is a request; a line with others is an input."""


FAILED = frozenset(("line", "error"))
"""The keys of a line with which `decide --lines --format json` says that there is no decision."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a line asks: by the input as callers give it, or by the canonical input of a record."""

    decision: str
    input: dict[str, Any]
    tenant: str | None
    at: Timestamp | None
    is_record: bool


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a line asks that does not say it: the decision and the time."""

    decision: str | None = None
    at: Timestamp | None = None


class Reader:
    """Reads lines; the instants that it has read are kept, because usage comes in order of time."""

    def __init__(self, defaults: Defaults, inputs: frozenset[str]) -> None:
        self.defaults = defaults
        self.inputs = inputs
        self._last: tuple[object, Timestamp | None] = (None, None)

    def asked(self, line: bytes) -> Asked:
        """What one line asks. Raises InvalidInput where it is no JSON, or does not say what is to be decided."""
        given = given_json(line)
        if is_record(given):
            if "input" not in given:
                raise InvalidInput("the record keeps only the digest of its input", "input", "record it with its input")
            return self._request(given, True)
        if "input" in given and given.keys() <= REQUEST and "input" not in self.inputs:
            return self._request(given, False)
        if given.keys() == FAILED:
            raise InvalidInput("tells of a decision that failed, without its input", "", "leave such lines out")
        return Asked(self._decision(None), given, None, self.defaults.at, False)

    def _request(self, given: dict[str, Any], is_record: bool) -> Asked:
        tenant, input = given.get("tenant"), given["input"]
        if type(input) is not dict or (tenant is not None and type(tenant) is not str):
            raise InvalidInput("a request has an `input`, which is a mapping, and its tenant is a text")
        return Asked(self._decision(given.get("decision")), input, tenant, self._at(given.get("at")), is_record)

    def _decision(self, given: object) -> str:
        name = self.defaults.decision if given is None else given
        if type(name) is not str:
            raise InvalidInput("does not say what is to be decided", "decision", "give `--decision NAME`")
        return name

    def _at(self, given: object) -> Timestamp | None:
        if given is None:
            return self.defaults.at
        if given != self._last[0]:
            try:
                self._last = (given, Timestamp.parse(str(given)))
            except InvalidValue as fault:
                raise InvalidInput(fault.message, "at", fault.hint) from None
        return self._last[1]


def input_of(asked: Asked, program: Program) -> Any:
    """The input that a line gives to one version."""
    entry = program.entries.get(asked.decision)
    return from_canonical(program, entry, asked.input) if asked.is_record and entry is not None else asked.input


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a file that begins and ends between lines."""

    path: Path
    start: int
    end: int

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines that are not empty, with their numbers from the start of the chunk."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            number = 0
            while file.tell() < self.end:
                number += 1
                line = file.readline()
                if line.strip():
                    yield number, line

    def count(self) -> int:
        """How many lines it has, empty ones too."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.end - self.start).count(b"\n")


def chunks(path: Path, size: int) -> list[Chunk]:
    """A file in stretches of about so many bytes."""
    found = []
    with path.open("rb") as file:
        end = path.stat().st_size
        start = 0
        while start < end:
            file.seek(min(start + size, end))
            file.readline()
            stop = min(file.tell(), end)
            found.append(Chunk(path, start, stop))
            start = stop
    return found


def at_path(input: object, path: tuple[str, ...]) -> str | None:
    """The text of a fact of an input, or None where it is not there."""
    for name in path:
        if type(input) is not dict or name not in input:
            return None
        input = input[name]
    return None if input is None else str(input)
