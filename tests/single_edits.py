"""Every single mistake of five kinds that can be made in a bundle, as an edit of its text.

The kinds: a key renamed, a required key dropped, a value of the wrong type, a word that is none of the fixed list, an
entry written twice. What is a field, what is required and which types are wrong is read from the schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from policyengine.language import schema, yaml
from policyengine.source import Report, Source

Json = dict[str, Any]

REPLACEMENTS = {
    "array": "[zzz]",
    "object": "{zzz: 7}",
    "string": "zzz",
    "number": "7",
    "boolean": "true",
    "null": "",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """One mistake: `text` is the bundle with it."""

    kind: str
    path: str
    text: str


def edits(text: str) -> Iterator[Edit]:
    """All single mistakes in this bundle."""
    root = yaml.parse(Source("bundle.yaml", text), Report())
    assert root is not None
    yield from _edits(_Text(text), root, [schema.document("bundle")], "")


# --- walking the tree and the schema together


def _edits(text: _Text, node: yaml.Node, schemas: list[Json], path: str) -> Iterator[Edit]:
    applied = [part for whole in schemas for part in _applied(whole, yaml.plain(node))]
    if path:
        always = [part for whole in schemas for part in _referred(whole)]  # whatever the value is
        yield from _wrong_types(text, node, always, path)
    match node:
        case yaml.Scalar():
            yield from _wrong_members(text, node, applied, path)
        case yaml.Sequence():
            for index, item in enumerate(node.items):
                inner = [part["items"] for part in applied if "items" in part]
                yield from _edits(text, item, inner, f"{path}[{index}]")
        case yaml.Mapping():
            for key, entry in node.entries.items():
                yield from _key_edits(text, node, entry, applied, f"{path}.{key}")
                inner = [part for whole in applied if (part := _member(whole, key)) is not None]
                yield from _edits(text, entry.value, inner, f"{path}.{key}")


def _referred(whole: Json) -> Iterator[Json]:
    yield whole
    if "$ref" in whole:
        yield from _referred(schema.document("bundle")["$defs"][whole["$ref"].rpartition("/")[2]])


def _applied(whole: Json, value: Any) -> Iterator[Json]:
    """The schemas that hold for this value, references and conditions resolved."""
    for part in _referred(whole):
        yield part
        for one in part.get("allOf", []):
            yield from _applied(one, value)
        if "if" in part:
            holds = Draft202012Validator(part["if"]).is_valid(value)
            yield from _applied(part.get("then" if holds else "else", {}), value)


def _member(whole: Json, key: str) -> Json | None:
    if key in whole.get("properties", {}):
        member: Json = whole["properties"][key]
        return member
    rest = whole.get("additionalProperties")
    return rest if isinstance(rest, dict) else None


# --- the five kinds


def _key_edits(text: _Text, node: yaml.Mapping, entry: yaml.Entry, applied: list[Json], path: str) -> Iterator[Edit]:
    key = entry.key
    yield Edit("duplicate", path, text.twice(node, entry))
    closed = any(key in part.get("properties", {}) and part.get("additionalProperties") is False for part in applied)
    if closed:
        for other in (key + "x", key[1:] or "zz", "zzz"):
            yield Edit("key renamed", path, text.replaced(entry.key_span.start, entry.key_span.end, other))
    if any(key in part.get("required", []) for part in applied):
        yield Edit("key dropped", path, text.without(node, entry))


def _wrong_types(text: _Text, node: yaml.Node, applied: list[Json], path: str) -> Iterator[Edit]:
    allowed = _allowed(applied)
    for name, other in REPLACEMENTS.items():
        if name in allowed or (other == "" and path.endswith("]")):  # `[a, ]` is a list of one
            continue
        yield Edit("wrong type", path, text.replaced(node.span.start, node.span.end, other))


def _allowed(applied: list[Json]) -> set[str]:
    """The types that these schemas let pass; a text stands for all words of a fixed list."""
    allowed = set(REPLACEMENTS)
    for part in applied:
        if "enum" in part:
            allowed &= {"string"}
        if "type" in part:
            types = {part["type"]} if isinstance(part["type"], str) else set(part["type"])
            allowed &= types | ({"number"} if "integer" in types else set())
    return allowed


def _wrong_members(text: _Text, node: yaml.Scalar, applied: list[Json], path: str) -> Iterator[Edit]:
    if any("enum" in part for part in applied):
        for other in (node.text + "x", "zzz"):
            yield Edit("wrong member", path, text.replaced(node.span.start, node.span.end, other))


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that is cut up by places."""

    text: str

    def replaced(self, start: int, end: int, other: str) -> str:
        return self.text[:start] + other + self.text[end:]

    def twice(self, node: yaml.Mapping, entry: yaml.Entry) -> str:
        start, end = entry.key_span.start, entry.value.span.end
        between = ", " if self._is_flow(node) else "\n" + " " * (entry.key_span.column - 1)
        return self.replaced(end, end, between + self.text[start:end])

    def without(self, node: yaml.Mapping, entry: yaml.Entry) -> str:
        entries = list(node.entries.values())
        index = entries.index(entry)
        if index + 1 < len(entries):
            return self.replaced(entry.key_span.start, entries[index + 1].key_span.start, "")
        if index > 0:
            return self.replaced(entries[index - 1].value.span.end, entry.value.span.end, "")
        if self._is_flow(node):
            return self.replaced(node.span.start, node.span.end, "{}")
        return self.replaced(entry.key_span.start, entry.value.span.end, "{}")

    def _is_flow(self, node: yaml.Mapping) -> bool:
        return self.text[node.span.start] == "{"
