"""Types, inputs and checks as elements: what callers may give."""

from __future__ import annotations

from dataclasses import replace

from policyengine.analysis.diff.contents import element
from policyengine.analysis.diff.contents.acceptance import Many, fact
from policyengine.analysis.diff.contents.element import Element
from policyengine.language.model import Check
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence
from policyengine.runtime.program import Group, Leaf
from policyengine.source import Span


def of_type(name: str, at: Span, node: Node) -> Element:
    """An enum by its members, any other type as a whole; members read from a column are those of the column."""
    members = node.entries["enum"].value if isinstance(node, Mapping) and "enum" in node.entries else None
    if not isinstance(members, Sequence):
        return Element(f"types.{name}", "type", at, element.flow(node), element.canonical(node))
    made = Element(f"types.{name}", "type", at)
    for item in members.items:
        text = item.text if isinstance(item, Scalar) else element.flow(item)
        made.add(Element(text, "member", item.span, text))
    return made


def of_input(name: str, at: Span, node: Node, declared: Leaf | Group) -> Element:
    """A fact as a leaf, a group by its fields."""
    if isinstance(declared, Leaf):
        return _listed(name, at, node, declared) or Element(name, "input", at, element.flow(node), fact(declared))
    made = Element(name, "input", at)
    if declared.optional:
        made.add(Element("optional", "presence", at, "true", True))
    assert isinstance(node, Mapping)
    fields = node.entries["fields"].value if "fields" in node.entries else node
    places = {key: (key_at, value) for key, key_at, value in element.entries(fields)}
    for its in declared.fields:
        if its.name in places:
            made.add(of_input(its.name, *places[its.name], its))
    return made


def _listed(name: str, at: Span, node: Node, declared: Leaf) -> Element | None:
    """A list of records by the fields of a record; None of anything else."""
    inner = node.entries["list"].value if isinstance(node, Mapping) and "list" in node.entries else None
    places = {key: (key_at, value) for key, key_at, value in element.entries(inner)}
    if not isinstance(declared.items, Group) or {field.name for field in declared.items.fields} != places.keys():
        return None
    whole = fact(declared)
    assert isinstance(whole.values, Many)
    made = Element(name, "input", at, element.flow(node), replace(whole, values=replace(whole.values, of="records")))
    for its in declared.items.fields:
        made.add(of_input(its.name, *places[its.name], its))
    return made


def of_checks(checks: tuple[Check, ...]) -> Element | None:
    """Checks have no names: each is known by its reason."""
    if not checks:
        return None
    made = Element("bundle.checks", "check")
    for check in checks:
        twice = made.child(check.reason) is not None
        name = f"{check.reason} ({len(made.children) + 1})" if twice else check.reason
        made.add(replace(element.written(name, "check", check.that), at=check.at))
    return made
