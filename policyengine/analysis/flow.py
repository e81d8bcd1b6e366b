"""One decision's values by the names that the author gave: what runs through a bundle's picture.

A name that the answer did not ask for has no value here. Texts are short, for a box of a picture; `explain` has all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policyengine.analysis.outline import Outline
from policyengine.runtime.answers import explain
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.failure import Failure
from policyengine.runtime.program import Node, Program
from policyengine.values import types

LENGTH_MAX = 44
ANSWERS = ("amount", "node", "action", "allowed", "net", "effect")
"""The field that stands for a part with several: the first of them that it has."""
FACTS_SHOWN = 3


def values(outline: Outline, program: Program, decision: Decision) -> dict[str, str]:
    """Name -> what it was in this decision, for every name that the answer really used."""
    entry = program.entries[decision.name]
    used = explain.demanded(program, entry, decision.trace)
    found: dict[str, str] = {}
    for item in outline.items:
        if item.kind == "input":
            text = _input(decision.input.get("input", decision.input), item.name)
        elif item.name == decision.name:
            text = _decision(decision)
        else:
            text = _part(program, decision, item.name, item.kind, used)
        if text is not None:
            found[item.name] = text if len(text) <= LENGTH_MAX else text[: LENGTH_MAX - 3] + "..."
    return found


def _decision(decision: Decision) -> str:
    shown = ", ".join(f"{name} {value}" for name, value in decision.outputs.items() if _is_short(value))
    return f"{decision.effect}: {shown}" if shown else decision.effect


def _is_short(value: Any) -> bool:
    return value is not None and not isinstance(value, list | dict)


def _input(given: Mapping[str, Any], name: str) -> str | None:
    """A fact, or the first facts of a group."""
    if name not in given:
        return None
    value = given[name]
    if not isinstance(value, Mapping):
        return f"{len(value)} items" if isinstance(value, list) else str(value)
    parts = [f"{key} {part}" for key, part in value.items() if not isinstance(part, Mapping | list) and part != ""]
    return ", ".join(parts[:FACTS_SHOWN]) + (", ..." if len(parts) > FACTS_SHOWN else "")


def _part(program: Program, decision: Decision, name: str, kind: str, used: list[str]) -> str | None:
    own = [program.nodes[node] for node in used if program.nodes[node].owner == name]
    if not own:
        called = [row for node in used for row in decision.trace.rows.get(node, ()) if row[0] == name]
        return _rows(program, called) if called else None
    trace = decision.trace
    if kind == "guard":
        return program.effects[name] if trace.values.get(name) is True else "silent"
    rows = [row for node in own for row in trace.rows.get(node.name, ()) if row[0] == name]
    if kind == "table" and rows:
        return _rows(program, rows)
    return next(_answers(program, own, name, trace.values), None)


def _rows(program: Program, rows: list[tuple[str, int]]) -> str:
    return ", ".join(dict.fromkeys(program.tables[table].ids[row] for table, row in rows))


def _answers(program: Program, own: list[Node], name: str, found: Mapping[str, Any]) -> Iterator[str]:
    """The value of the part itself, else that of the field that stands for it."""
    by_name = {node.name: node for node in own}
    wanted = [name, *(f"{name}.{field}" for field in ANSWERS), *by_name]
    for node in wanted:
        its = by_name.get(node)
        if its is not None and its.type not in (types.LINES, types.Simple("row")):
            value = found[node]
            yield "failed" if isinstance(value, Failure) else explain.value_text(value, its, program)
