"""A charge, a guard, an entitlement: a part as an element, field by field."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from policyengine.analysis.diff.contents import element
from policyengine.analysis.diff.contents.element import Element
from policyengine.analysis.diff.contents.values import of_value, placed
from policyengine.language.charges import Tier
from policyengine.language.expression.printer import print_expression
from policyengine.language.model import Decision
from policyengine.language.parts import Part
from policyengine.language.retries import RetryClass
from policyengine.language.sentences import Sentence
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence
from policyengine.source import Span

LISTED_KINDS = {"tiers": "tier", "classes": "class", "budgets": "budget", "windows": "window"}
"""The kind of what a field lists, where it is not that of the part."""
WRITTEN_AS = {"class_of": "class", "final": "finally"}
"""Fields whose names authors write otherwise."""
SKIPPED = frozenset(("name", "at", "description", "id"))


def of_part(name: str, kind: str, part: Part, at: Span) -> Element:
    """A part by its fields. What equals a default and is not written is implied."""
    made = Element(name, kind, getattr(part, "at", at))
    for field in type(part).model_fields:
        if field not in SKIPPED:
            child = _field(WRITTEN_AS.get(field, field), kind, getattr(part, field), made.at or at)
            if child is not None:
                child.implied = field not in part.model_fields_set
                made.add(child)
    return made


def _field(name: str, kind: str, value: Any, at: Span) -> Element | None:
    match value:
        case None | "" | ():
            return None
        case bool() | int() | str():
            return Element(name, kind, at, str(value).lower() if isinstance(value, bool) else str(value), value)
        case Sentence():
            said = tuple(p if isinstance(p, str) else print_expression(p.tree) for p in value.pieces)
            return Element(name, kind, value.span, value.text, said)
        case Scalar() | Mapping() | Sequence():
            return element.node(name, kind, value)
        case Part():
            return of_part(name, kind, value, at)
        case tuple():
            return _list(name, kind, value, at)
    return of_value(name, kind, value, at)


def _list(name: str, kind: str, items: tuple[Any, ...], at: Span) -> Element:
    """A list of parts by their ids, of names by the names, of anything else as a whole."""
    made = Element(name, kind, at)
    first = items[0]
    if isinstance(first, tuple):
        for listed, listed_at in items:
            made.add(Element(listed, kind, listed_at, listed))
        made.order = tuple(listed for listed, _ in items)
        return made
    if isinstance(first, Part):
        own = LISTED_KINDS.get(name, kind)
        ids = [getattr(item, "id", "") or getattr(item, "name", "") for item in items]
        if all(ids) and len(set(ids)) == len(ids):
            for its_id, item in zip(ids, items, strict=True):
                made.add(of_part(its_id, own, item, at))
            made.order = () if isinstance(first, RetryClass) or name == "carry" else tuple(ids)
            return made
        made.numbered = True
        for number, item in enumerate(items, 1):
            child = of_part(str(number), own, item, at)
            child.key = _tier_key(child) if isinstance(item, Tier) else child.content
            made.add(child)
        return made
    inner = [_field(str(number), kind, item, at) for number, item in enumerate(items, 1)]
    told = [each for each in inner if each is not None]
    made.text = f"[{', '.join(each.words for each in told)}]"
    made.meaning = tuple(each.content for each in told)
    return made


def _tier_key(tier: Element) -> Hashable:
    """Tiers are told apart by where they end."""
    bound = tier.child("up_to")
    return "open" if bound is None else bound.content


def of_decision(decision: Decision) -> Element:
    """A decision; its outputs stand directly below it, as they do in paths."""
    made = Element(decision.name, "decision", decision.at)
    for field in type(decision).model_fields:
        if field not in SKIPPED and field not in ("outputs", "input"):
            child = _field(field, "decision", getattr(decision, field), decision.at)
            if child is not None:
                child.implied = field not in decision.model_fields_set
                made.add(child)
    for name, (at, value) in decision.outputs.items():
        made.add(placed(of_value(name, "output", value, at), at))
    if decision.input:
        given = Element("input", "decision", decision.at)
        for name, (at, value) in decision.input.items():
            given.add(of_value(name, "decision", value, at))
        made.add(given)
    return made


def of_chart(name: str, at: Span | None, node: Node) -> Element:
    """The chart of accounts, account by account."""
    made = Element(name, "chart", at or node.span)
    for key, key_at, inner in element.entries(node):
        if isinstance(inner, Mapping):
            made.add(of_chart(key, key_at, inner))
        else:
            made.add(replace(element.node(key, "chart", inner), at=key_at))
    return made
