"""Case files -> cases: what a translator may see, and apart from it what must come out.

A neutral case has an `id`, a `kind`, and its answer in `expected` or `expect`. A decision table of the DMN kit is one
entry with many `tests`; each of them becomes a case of kind `dmn`, with the table and without the other tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

ANSWERS = ("expected", "expect")
ABOUT = ("id", "note", "source", "derived_fields")


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `given` holds nothing of `expected`, and neither the case's name nor its origin."""

    id: str
    kind: str
    given: Any
    expected: Any


def read(path: Path) -> list[Case]:
    """The cases of one file: a list, or a mapping with a list of `cases`."""
    document = json.loads(path.read_text(encoding="utf-8"))
    entries = document["cases"] if isinstance(document, dict) else document
    return [case for entry in entries for case in _cases(entry)]


def _cases(entry: Mapping[str, Any]) -> Iterator[Case]:
    if "table" not in entry:
        yield Case(entry["id"], entry.get("kind", ""), given(entry), _expected(entry))
        return
    shared = {key: value for key, value in entry.items() if key != "tests"}
    for test in entry["tests"]:
        name = f"{entry['id']} {test['id']}"
        yield Case(name, "dmn", given({**shared, **test}), plain(test["expected"]))


def given(entry: Mapping[str, Any]) -> Any:
    """A copy without what tells the answer (at any depth) or the case."""
    return _without_answers({key: value for key, value in entry.items() if key not in ABOUT})


def _without_answers(node: Any) -> Any:
    match node:
        case dict():
            return {key: _without_answers(value) for key, value in node.items() if key not in ANSWERS}
        case list():
            return [_without_answers(item) for item in node]
    return node


def _expected(entry: Mapping[str, Any]) -> Any:
    """The answer of the whole case, else those of its steps in order."""
    for key in ANSWERS:
        if key in entry:
            return entry[key]
    return list(_answers(entry))


def _answers(node: Any) -> Iterator[Any]:
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _answers(item)
    if isinstance(node, dict):
        yield from (node[key] for key in ANSWERS if key in node)


def plain(typed: Mapping[str, Any]) -> Any:
    """A value of the DMN kit, `{type, value}` with numbers as text, as Python has it."""
    match typed["type"], typed["value"]:
        case "number", text:
            return Decimal(text)
        case "list", items:
            return [plain(item) for item in items]
        case "context", fields:
            return {name: plain(field) for name, field in fields.items()}
        case _, value:
            return value
