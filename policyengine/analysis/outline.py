"""What reads what in a bundle, in the names that its author gave: the source of every picture of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from policyengine.language.charges import Charge
from policyengine.language.entitlements import Entitlement
from policyengine.language.model import NAMED_SECTIONS, Bundle, Decision, Parameter, Table
from policyengine.language.proration import Proration
from policyengine.language.references import names_read
from policyengine.language.retries import Retry
from policyengine.language.written import Dated, Keyed
from policyengine.language.yaml import Mapping, Scalar
from policyengine.runtime.program import Program
from policyengine.source import Span

KINDS = (
    "input",
    "parameter",
    "table",
    "value",
    "charge",
    "proration",
    "retry",
    "account",
    "entitlement",
    "guard",
    "decision",
)
KIND_OF = {"retries": "retry"}
"""The kind of a section's parts, where it is not the section's name without its `s`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One named thing: its kind, what more there is to say in a few words, and where it is written."""

    name: str
    kind: str
    detail: str
    at: Span


@dataclass(frozen=True, slots=True)
class Outline:
    """Named things in the order of the sections, and pairs of what is read and what reads it."""

    bundle: str
    version: str
    items: tuple[Item, ...]
    reads: tuple[tuple[str, str], ...]

    def of(self, names: Iterable[str]) -> Outline:
        """Only these and everything that they read, directly or not."""
        wanted: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in wanted:
                wanted.add(name)
                pending += [read for read, reader in self.reads if reader == name]
        items = tuple(item for item in self.items if item.name in wanted)
        reads = tuple(pair for pair in self.reads if pair[1] in wanted)
        return Outline(self.bundle, self.version, items, reads)


def outline(bundle: Bundle, program: Program) -> Outline:
    """The outline of a compiled bundle."""
    items = [Item(name, "input", _type_text(node), at) for name, (at, node) in bundle.inputs.items()]
    parts = {name: part for section in NAMED_SECTIONS for name, part in getattr(bundle, section).items()}
    kinds = {
        name: KIND_OF.get(section, section.removesuffix("s"))
        for section in NAMED_SECTIONS
        for name in getattr(bundle, section)
    }
    items += [Item(name, kinds[name], _detail(part, program), part.at) for name, part in parts.items()]
    position = {item.name: number for number, item in enumerate(items)}
    reads = [
        (read, name)
        for name, part in parts.items()
        for read in sorted({*names_read(part, position), *_listed(part)} & position.keys(), key=position.__getitem__)
    ]
    return Outline(bundle.name, bundle.version, tuple(items), tuple(reads))


def _listed(part: Any) -> Iterator[str]:
    """What a part names in a list, outside of expressions."""
    match part:
        case Charge():
            yield from (name for name, _ in part.sum)
        case Decision():
            yield from (name for name, _ in (*part.guards, *part.requires))
            yield from (part.decide,) if part.decide else ()


def _detail(part: Any, program: Program) -> str:
    match part:
        case Entitlement():
            words = ("allow", "value", "limit", "grants", "burn_down")
            return next(word for word in words if getattr(part, word) is not None)
        case Table():
            count = len(program.tables[part.name].ids)
            return f"{count} row" if count == 1 else f"{count} rows"
        case Retry(classes=classes):
            return f"{len(classes)} class" if len(classes) == 1 else f"{len(classes)} classes"
        case Charge(sum=()):
            return part.charge_model.replace("_", " ")
        case Charge():
            return "sum"
        case Proration():
            return (part.basis or "fraction").replace("_", " ")
        case Parameter(value=Keyed()):
            return "keyed"
        case Parameter(value=Dated()):
            return "dated"
        case Parameter():
            return _type_text(part.type)
    return str(getattr(part, "effect", ""))


def _type_text(node: Any) -> str:
    """A type in the author's words; a group is its number of fields."""
    if isinstance(node, Scalar):
        return node.text
    if not isinstance(node, Mapping):
        return ""
    for word in ("enum", "list", "map"):
        if word in node.entries:
            return word
    if "type" in node.entries:
        return _type_text(node.entries["type"].value)
    fields = node.entries["fields"].value if "fields" in node.entries else node
    count = len(fields.entries) if isinstance(fields, Mapping) else 0
    return f"{count} field" if count == 1 else f"{count} fields"
