"""Overrides as elements: for whom, from when, and every leaf that they set, by the path of what it replaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from policyengine.analysis.diff.contents import element
from policyengine.analysis.diff.contents.element import Element, day, height_of, unit_of
from policyengine.compiler.pipeline import Compiled
from policyengine.language.model import Bundle, Override
from policyengine.language.yaml import Mapping, Node
from policyengine.runtime.answers.explain import typed_text
from policyengine.runtime.exact import exact
from policyengine.runtime.program import Program
from policyengine.source import Source, Span
from policyengine.values.types import Type

Identity = tuple[str, str, int | None, int | None]
"""Which override: its id, the tenant, and from when until when."""


@dataclass(slots=True)
class _Found:
    """One override with its leaves by path: the value and its type."""

    reason: str
    leaves: dict[str, tuple[Any, Type]] = field(default_factory=dict)


def of_bundle(compiled: Compiled) -> Iterator[Element]:
    """The overrides of a bundle; an id that stands for several tenants or periods is told apart by them."""
    found = _collected(compiled.program)
    written = {o.id: o for o in compiled.bundle.overrides if isinstance(o, Override)}
    ids = [identity[0] for identity in found]
    for identity, its in found.items():
        name = identity[0] if ids.count(identity[0]) == 1 else f"{identity[0]} ({identity[1]}, {day(identity[2])})"
        yield _override(f"overrides.{name}", identity, its, written.get(identity[0]), compiled)


def _collected(program: Program) -> dict[Identity, _Found]:
    found: dict[Identity, _Found] = {}
    for tenant, tables in program.tenant_cells.items():
        for name, cells in tables.items():
            table = program.tables[name]
            for (row, column), dated in cells.items():
                own = table.ids[row]
                path = ".".join(part for part in (name, own, "" if column == "value" else column) if part)
                for cell in dated:
                    its_id, reason = program.override_ids[cell.override]
                    identity = (its_id, tenant, cell.start, cell.end)
                    leaves = found.setdefault(identity, _Found(reason)).leaves
                    leaves[path] = (cell.value, table.column_types[column])
    return found


def _override(name: str, identity: Identity, its: _Found, written: Override | None, compiled: Compiled) -> Element:
    _, tenant, start, end = identity
    at = written.at if written is not None else _place(compiled, identity[0])
    made = Element(name, "override", at)
    made.add(Element("tenant", "override", at, tenant, tenant))
    for word, instant in (("from", start), ("until", end)):
        if instant is not None:
            made.add(Element(word, "override", at, day(instant), instant))
    made.add(Element("reason", "override", at, its.reason, its.reason))
    words = {} if written is None else dict(_leaves(compiled.bundle, written))
    for path, (held, its_type) in its.leaves.items():
        value = exact(held, its_type)
        node = words.get(path)
        text = typed_text(value, its_type) if node is None else element.flow(node)
        leaf = Element(path, "set", at if node is None else node.span, text, ("value", value))
        leaf.height, leaf.unit = height_of(value, its_type), unit_of(its_type)
        made.add(leaf)
    return made


def _leaves(bundle: Bundle, written: Override) -> Iterator[tuple[str, Node]]:
    """What an override in YAML sets, in the author's words, by path."""
    pending: list[tuple[str, Node]] = [(key, node) for key, _, node in element.entries(written.set)]
    while pending:
        path, node = pending.pop()
        if isinstance(node, Mapping):
            pending += [(f"{path}.{key}", inner) for key, _, inner in element.entries(node)]
        else:
            yield path, node


def _place(compiled: Compiled, its_id: str) -> Span | None:
    """The place of an override in a CSV file, as far as the program knows it."""
    name, _, line = compiled.program.places.get(f"override {its_id}", "").rpartition(":")
    if not name or not line.isdigit():
        return None
    lines = int(line) - 1
    return Span(Source(name, "\n" * lines), lines, lines)
