"""Is every key, word and shape of a file one that the language knows? The contract is `schemas/*.schema.json`.

The files are hand-written, because editors read them too. They use only `KEYWORDS`, and choose between forms by
`if`/`then` on what the author wrote, never by `oneOf`: a mistake is then judged against the form that was meant.
Every field says in `x-policyengine` what stands there (`MARKS`); `x-expected` and `x-missing` are words for messages.

jsonschema finds every violation, and one mistake often violates several rules. What the author hears is decided here:
one diagnostic a mistake. A misspelt key is not also a missing one; where the type is wrong nothing else is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from policyengine import data_files
from policyengine.language import diagnostics
from policyengine.language.acceptance import Undecided, acceptance
from policyengine.language.yaml import Entry, Mapping, Node, Scalar, Sequence
from policyengine.source import Diagnostic, Report, Source, Span

KEYWORDS = frozenset({
    "$schema", "$id", "$ref", "$defs", "title", "description",
    "type", "enum", "const", "not", "allOf", "if", "then", "else",
    "properties", "required", "additionalProperties", "propertyNames", "minProperties",
    "items", "minItems", "uniqueItems", "pattern", "minLength", "minimum", "maximum",
    "x-policyengine", "x-expected", "x-missing",
})  # fmt: skip
"""The keywords that the schema files may use; others would need words of their own here."""

MARKS = frozenset({"literal", "expression", "value", "type", "name", "mapping", "list"})
"""What `x-policyengine` may say. A `value` is of the one grammar: plain, keyed, dated or a record."""

WITH_ROWS = ("tables", "accounts")
"""The sections whose parts have rows."""

Path = tuple[str | int, ...]
Json = dict[str, Any]


def check(root: Mapping, report: Report, *, manifest: bool) -> None:
    """Report what in this file is not of the language; `manifest` says whether it is `bundle.yaml`."""
    for path, found in _by_place(_violations(root, manifest)).items():
        _report_place(root, path, found, report, manifest=manifest)
    for rows in _row_lists(root):
        _check_rows(rows, report)
    _withdraw_warnings(report)


@cache
def document(name: str) -> Json:
    """The schema `bundle` or `part` as it lies in `schemas/`, with exact numbers."""
    text = (data_files.folder("schemas") / f"{name}.schema.json").read_text(encoding="utf-8")
    # Decimals on both sides: jsonschema compares a float bound wrongly with an exact number.
    loaded: Json = json.loads(text, parse_float=Decimal)
    return loaded


@cache
def _whole(name: str) -> Json:
    """The schema with the definitions that it refers to."""
    schema = document(name)
    if name != "bundle":  # its references lead into the bundle's definitions
        text = json.dumps(schema).replace('"bundle.schema.json#', '"#')
        schema = {**json.loads(text), "$defs": document("bundle")["$defs"]}
    return schema


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(_whole(name))


@cache
def _acceptance(name: str) -> Callable[[Any], bool]:
    return acceptance(_whole(name))


def _is_right(name: str, outline: Json) -> bool:
    """Whether jsonschema would find nothing; where this is not known, it is asked."""
    try:
        return _acceptance(name)(outline)
    except Undecided:
        return False


def _withdraw_warnings(report: Report) -> None:
    """Reading YAML has warned of values that are empty; where that is an error now, one of the two is enough."""
    wrong = [d.at for d in report.found if d.name in ("wrong_form", "unknown_word") and d.at]
    places = {(at.source, at.start) for at in wrong}
    report.found[:] = [d for d in report.found if not (d.name == "empty_value" and d.at and _is_at(d.at, places))]


def _is_at(warned: Span, places: set[tuple[Source, int]]) -> bool:
    # A warning about a key stands at the key, one about an item of a list just before it.
    return (warned.source, warned.start) in places or (warned.source, warned.end) in places


# --- from nodes to what jsonschema reads, and back


def _outline(root: Mapping) -> Json:
    """The plain value of the file, with the rows of tables left out: jsonschema takes 30 us a cell."""
    outline: Json = {key: _plain(entry.value) for key, entry in root.entries.items() if key not in WITH_ROWS}
    for section in WITH_ROWS:
        if tables := root.entries.get(section):
            outline[section] = _tables_without_rows(tables.value)
    return outline


def _tables_without_rows(tables: Node) -> Any:
    if not isinstance(tables, Mapping):
        return _plain(tables)
    return {name: _table_without_rows(entry.value) for name, entry in tables.entries.items()}


def _table_without_rows(table: Node) -> Any:
    if not isinstance(table, Mapping):
        return _plain(table)
    plain: Json = {}
    for key, entry in table.entries.items():
        rows = entry.value
        stands_in = key == "rows" and isinstance(rows, Sequence) and rows.items
        plain[key] = [{"id": "a row"}] if stands_in else _plain(rows)
    return plain


def _plain(node: Node) -> Any:
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [_plain(item) for item in node.items]
        case Mapping():
            return {key: _plain(entry.value) for key, entry in node.entries.items()}


def _row_lists(root: Mapping) -> Iterator[Sequence]:
    for section in WITH_ROWS:
        tables = root.entries.get(section)
        if tables is None or not isinstance(tables.value, Mapping):
            continue
        for table in tables.value.entries.values():
            rows = table.value.entries.get("rows") if isinstance(table.value, Mapping) else None
            if rows is not None and isinstance(rows.value, Sequence):
                yield rows.value


def _check_rows(rows: Sequence, report: Report) -> None:
    """Rows are mappings of cells that say something; what a cell may be depends on its column and is judged later."""
    for row in rows.items:
        if not isinstance(row, Mapping):
            report.add(diagnostics.wrong_form("a mapping of cells", _found(row), row.span, None))
            continue
        if not row.entries:
            report.add(diagnostics.empty("a row", row.span))
        for entry in row.entries.values():
            if isinstance(entry.value, Scalar) and entry.value.value is None:
                hint = "leave the key out where the cell is empty"
                report.add(diagnostics.wrong_form("a cell", "nothing", entry.key_span, hint))


def _lookup(root: Mapping, path: Path) -> tuple[Node, Entry | None]:
    """The node at a path, and the entry that it is the value of."""
    node: Node = root
    entry: Entry | None = None
    for step in path:
        if isinstance(node, Mapping):
            entry = node.entries[str(step)]
            node = entry.value
        else:
            assert isinstance(node, Sequence)
            assert isinstance(step, int)
            entry = None
            node = node.items[step]
    return node, entry


def _place_of(node: Node, entry: Entry | None) -> Span:
    """Where to point for a whole mapping or list: at its key, else at its first key, else at itself."""
    if entry is not None:
        return entry.key_span
    if isinstance(node, Mapping) and node.entries:
        return next(iter(node.entries.values())).key_span
    return node.span


def _value_place(node: Node, entry: Entry | None) -> Span:
    """Where to point for a value: at itself where it is short, else at its key."""
    if isinstance(node, Scalar) and node.span.end > node.span.start:
        return node.span
    return _place_of(node, entry)


# --- what jsonschema found, sorted by place


@dataclass(frozen=True, slots=True)
class _Violation:
    """One rule of the schema that does not hold at one place."""

    path: Path
    keyword: str
    wanted: Any  # what the schema says after the keyword
    value: Any
    schema: Json
    is_name: bool  # the key `value` of the mapping at `path` is meant, not the mapping


@dataclass(frozen=True, slots=True)
class _Missing:
    """A required key that is not there: what to call it (or it and what may stand instead), and what it is for."""

    called: str
    purpose: str | None


@dataclass(slots=True)
class _Found:
    """The violations of one place."""

    unknown: dict[str, list[str]] = field(default_factory=dict)  # each with the keys that are known there
    missing: dict[str, _Missing] = field(default_factory=dict)
    names: dict[str, _Violation] = field(default_factory=dict)
    value: _Violation | None = None  # the one violation that is told of the value itself


def _violations(root: Mapping, manifest: bool) -> Iterator[_Violation]:
    name, outline = "bundle" if manifest else "part", _outline(root)
    if _is_right(name, outline):
        return
    for error in _validator(name).iter_errors(outline):
        is_name = "propertyNames" in error.absolute_schema_path
        keyword, schema = error.validator, error.schema
        assert isinstance(keyword, str)
        assert isinstance(schema, dict)
        yield _Violation(tuple(error.absolute_path), keyword, error.validator_value, error.instance, schema, is_name)


def _by_place(violations: Iterable[_Violation]) -> dict[Path, _Found]:
    places: dict[Path, _Found] = {}
    for violation in violations:
        _sort_in(violation, places.setdefault(violation.path, _Found()))
    return {path: _Found(value=found.value) if _is_spoilt(found) else found for path, found in places.items()}


def _is_spoilt(found: _Found) -> bool:
    return found.value is not None and found.value.keyword == "type"


def _sort_in(violation: _Violation, found: _Found) -> None:
    schema, value = violation.schema, violation.value
    if violation.is_name and violation.keyword == "enum":
        found.unknown[value] = violation.wanted
    elif violation.is_name:
        found.names.setdefault(value, violation)
    elif violation.keyword == "additionalProperties":
        known = list(schema.get("properties", ()))
        found.unknown.update({key: known for key in value if key not in known})
    elif violation.keyword == "required":
        absent = [key for key in violation.wanted if key not in value]
        found.missing.update({key: _missing(schema, key) for key in absent})
    elif found.value is None or violation.keyword == "type":
        found.value = violation


def _missing(schema: Json, key: str) -> _Missing:
    if words := schema.get("x-missing"):
        return _Missing(words, None)
    member = schema.get("properties", {}).get(key, {})
    while "description" not in member and "$ref" in member:
        member = document("bundle")["$defs"][member["$ref"].rpartition("/")[2]]
    return _Missing(f"`{key}`", member.get("description"))


# --- one diagnostic a mistake


def _report_place(root: Mapping, path: Path, found: _Found, report: Report, *, manifest: bool) -> None:
    node, entry = _lookup(root, path)
    if isinstance(node, Scalar) and node.broken:
        return  # what is wrong with it has been said
    if found.value is not None:
        _report_value(node, entry, found.value, report)
    if not isinstance(node, Mapping):
        return
    for name, violation in found.names.items():
        _report_name(name, node.entries[name].key_span, violation, report)
    if not path and not manifest:
        _report_misplaced(node, found, report)
    _report_keys(node, entry, path, found, report)


def _report_misplaced(root: Mapping, found: _Found, report: Report) -> None:
    """A key of the manifest in another file is not an unknown one."""
    for key in [key for key in found.unknown if key in document("bundle")["properties"]]:
        del found.unknown[key]
        report.add(diagnostics.misplaced_key(key, root.entries[key].key_span))


def _report_keys(node: Mapping, entry: Entry | None, path: Path, found: _Found, report: Report) -> None:
    """Unknown and missing keys of one mapping; an unknown key stands for the missing one it was meant to be."""
    if _has_fields_beside_words(node, found):
        word = next(entry for entry in node.entries.values() if entry.key in _TYPE_KEYS)
        report.add(diagnostics.fields_beside_words(word.key, word.key_span))
        return
    foreign = _report_foreign(node, path, found, report)
    unknown = [key for key in found.unknown if key not in foreign]
    missing = dict(found.missing)
    for key, meant in _pairs(unknown, list(missing)).items():
        called = missing.pop(meant).called if meant else None
        at = node.entries[key].key_span
        report.add(diagnostics.unknown_key(key, at, found.unknown[key], node.entries, called))
    for absent in missing.values():
        report.add(diagnostics.missing_key(absent.called, _place_of(node, entry), absent.purpose))


def _has_fields_beside_words(node: Mapping, found: _Found) -> bool:
    """Whether these are the fields of a group, one of them called like a word of types, such as `zone`."""
    if not found.unknown or not any(key in _TYPE_KEYS for key in node.entries):
        return False
    for key, known in found.unknown.items():
        value = node.entries[key].value
        is_type = isinstance(value, Mapping) or (isinstance(value, Scalar) and isinstance(value.value, str))
        if not is_type or "optional" not in known or get_close_matches(key, _TYPE_KEYS, n=1):
            return False
    return True


def _report_foreign(node: Mapping, path: Path, found: _Found, report: Report) -> list[str]:
    """Keys that other charge models, or other ways to prorate, have; returns them."""
    model, way = node.entries.get("charge_model"), node.entries.get("basis", node.entries.get("fraction"))
    if model is not None and isinstance(model.value, Scalar):
        what, owners = f"a `{model.value.text}` charge", _keys_of_charges()
    elif way is not None and path[:1] == ("proration",) and len(path) == 2:
        what, owners = (
            f"a proration by `{way.value.text if isinstance(way.value, Scalar) else way.key}`",
            _keys_of_ways(),
        )
    else:
        return []
    foreign = [key for key in found.unknown if key in owners]
    for key in foreign:
        report.add(diagnostics.foreign_key(key, what, owners[key], node.entries[key].key_span))
    return foreign


@cache
def _keys_of_ways() -> dict[str, list[str]]:
    """Every key of a proration, with the bases, or `fraction`, that have it."""
    definitions = document("bundle")["$defs"]
    days = [basis for basis in definitions["basis"]["enum"] if basis != "second"]
    owners: dict[str, list[str]] = {}
    for way, named in (("second", ["second"]), ("day", days), ("fraction", ["fraction"])):
        for key in definitions[f"proration_by_{way}"]["properties"]:
            owners.setdefault(key, []).extend(named)
    return owners


@cache
def _keys_of_charges() -> dict[str, list[str]]:
    """Every key of a charge, with the charge models that have it; `sum` is called `sum`."""
    definitions = document("bundle")["$defs"]
    owners: dict[str, list[str]] = {}
    for model in [*definitions["charge_model"]["enum"], "sum"]:
        for key in definitions[f"{model}_charge"]["properties"]:
            owners.setdefault(key, []).append(model)
    return owners


def _pairs(unknown: list[str], missing: list[str]) -> dict[str, str | None]:
    """Which missing key each unknown key was meant to be: the nearest first, then whichever is left."""
    pairs: dict[str, str | None] = dict.fromkeys(unknown)
    left = list(missing)
    for key in unknown:
        if near := get_close_matches(key, left, n=1):
            pairs[key] = near[0]
            left.remove(near[0])
    for key in unknown:
        if pairs[key] is None and left:
            pairs[key] = left.pop(0)
    return pairs


def _report_name(name: str, at: Span, violation: _Violation, report: Report) -> None:
    if violation.keyword == "not":
        report.add(diagnostics.reserved_name(name, at))
    else:
        report.add(diagnostics.bad_name(name, at, capital=violation.schema["x-expected"] == "a type name"))


def _report_value(node: Node, entry: Entry | None, violation: _Violation, report: Report) -> None:
    at = _value_place(node, entry)
    schema, wanted = violation.schema, violation.wanted
    match violation.keyword:
        case "type":
            report.add(diagnostics.wrong_form(_expected(schema), _found(node), at, _type_hint(node, entry, schema)))
        case "enum" if "x-expected" in schema:
            report.add(diagnostics.wrong_form(_expected(schema), _found(node), at, None))
        case "enum":
            report.add(diagnostics.unknown_word(_found(node), at, [str(word) for word in wanted]))
        case "pattern":
            report.add(_bad_form(node, at, schema))
        case "not" if "required" in wanted:
            assert isinstance(node, Mapping)
            report.add(diagnostics.exclusive_keys(wanted["required"], node.entries[wanted["required"][1]].key_span))
        case "not":
            report.add(diagnostics.reserved_name(str(violation.value), at))
        case "minimum" | "maximum":
            is_least = violation.keyword == "minimum"
            report.add(diagnostics.out_of_range(_found(node), at, wanted, least=is_least))
        case "minItems" | "minProperties" | "minLength":
            report.add(diagnostics.empty(_called(entry), at))
        case "uniqueItems":
            report.add(_repeated(node))
        case _:
            raise AssertionError(f"the schema uses a keyword without words: {violation.keyword}")


def _bad_form(node: Node, at: Span, schema: Json) -> Diagnostic:
    assert isinstance(node, Scalar)
    if schema.get("x-policyengine") == "type":
        return diagnostics.unknown_type(node.text, at)
    return diagnostics.wrong_form(_expected(schema), _found(node), at, None)


def _repeated(node: Node) -> Diagnostic:
    assert isinstance(node, Sequence)
    scalars: dict[tuple[bool, Any], Node] = {}
    others: list[Node] = []
    for item in node.items:
        if isinstance(item, Scalar):
            earlier = scalars.setdefault((isinstance(item.value, bool), item.value), item)  # true is not 1
        else:
            others.append(item)
            earlier = next(other for other in others if _plain(other) == _plain(item))
        if earlier is not item:
            return diagnostics.repeated_item(_found(item), item.span, earlier.span)
    raise AssertionError("uniqueItems is only violated by equal items")


# --- words


_TYPE_WORDS = {
    "array": "a list",
    "object": "a mapping",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}


def _expected(schema: Json) -> str:
    if words := schema.get("x-expected"):
        return str(words)
    types = schema["type"]
    return " or ".join(_TYPE_WORDS[name] for name in ([types] if isinstance(types, str) else types))


def _found(node: Node) -> str:
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar():
            text = " ".join(node.text.split())
            return f"`{text if len(text) <= 40 else text[:37] + '...'}`"


def _called(entry: Entry | None) -> str:
    return f"`{entry.key}`" if entry else "this"


_TYPE_KEYS = ("type", "enum", "list", "map", "min", "max", "places", "default", "optional", "zone", "fields")


def _type_hint(node: Node, entry: Entry | None, schema: Json) -> str | None:
    """What to do about a value of the wrong type, where the shape tells."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if schema.get("x-policyengine") == "type" and entry and (near := get_close_matches(entry.key, _TYPE_KEYS, n=1)):
        # A misspelt attribute makes a group of what was meant as a leaf.
        return f"did you mean the key `{near[0]}`?"
    if not isinstance(node, Scalar):
        return None
    if node.value is None:
        return "write a value, or take the key out"
    if types == ["string"] and re.search(schema.get("pattern", ""), node.text):
        return f'quote it: "{node.text}"'
    if types == ["array"] and schema["items"].get("type") != "object":
        return f"write a list: [{node.text}]"
    return None
