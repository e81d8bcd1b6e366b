"""The digest of a bundle: its identity, over everything that an author can mean.

One canonical JSON document of all sections after reading YAML: files merged, keys sorted, lists and rows in order,
expressions printed from their syntax tree, numbers in shortest exact form, with the language version. Comments, layout
and the split into files do not change it; tests, descriptions and reasons do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from policyengine.compiler.sources import Sources
from policyengine.language.csv import Sheet
from policyengine.language.expression import parser
from policyengine.language.expression.faults import SyntaxFault
from policyengine.language.expression.printer import print_expression
from policyengine.language.model import Bundle
from policyengine.language.yaml import Mapping, Node, Scalar, plain
from policyengine.language.yaml import Sequence as YamlSequence
from policyengine.values.canonical_json import canonical_text
from policyengine.values.number_text import decimal_text, split_decimal

ROWS_AT_ONCE = 500


def digest(manifest: Mapping, parts: Sequence[Mapping], sources: Sources, bundle: Bundle) -> str:
    """`sha256:...` of the canonical document."""
    merged: dict[str, Any] = {}
    for document in (manifest, *parts):
        for entry in document.entries.values():
            _merge(merged, entry.key, _canonical(entry.value, entry.key))
    files = {t.file: sources.sheets[t.file] for t in (*bundle.tables.values(), *bundle.accounts.values()) if t.file}
    found = hashlib.sha256()
    for piece in _document(merged, {name: sheet for name, sheet in files.items() if sheet is not None}):
        found.update(piece.encode())
    return "sha256:" + found.hexdigest()


def _document(merged: dict[str, Any], files: dict[str, Sheet]) -> Iterator[str]:
    """The document in pieces: its `files` are many times as long as all the rest."""
    separator = "{"
    for key in sorted({*merged, *(["files"] if files else [])}):
        yield f"{separator}{canonical_text(key)}:"
        separator = ","
        if key == "files":
            yield from _files(files)
        else:
            yield canonical_text(merged[key])
    yield "}"


def _files(files: dict[str, Sheet]) -> Iterator[str]:
    separator = "{"
    for name, sheet in sorted(files.items()):
        yield f"{separator}{canonical_text(name)}:[{canonical_text(sheet.header)}"
        separator = ","
        columns = [map([*map(canonical_text, column.texts)].__getitem__, column.codes) for column in sheet.columns]
        rows = zip(*columns, strict=True)
        while some := "],[".join(map(",".join, islice(rows, ROWS_AT_ONCE))):
            yield f",[{some}]"
        yield "]"
    yield "}"


def _merge(merged: dict[str, Any], key: str, value: Any) -> None:
    present = merged.get(key)
    if isinstance(present, dict) and isinstance(value, dict):
        merged[key] = {**present, **value}
    elif isinstance(present, list) and isinstance(value, list):
        merged[key] = [*present, *value]
    else:
        merged[key] = value


def _canonical(node: Node, section: str) -> Any:
    if isinstance(node, Mapping):
        return {key: _canonical(entry.value, section) for key, entry in node.entries.items()}
    if isinstance(node, YamlSequence):
        return [_canonical(item, section) for item in node.items]
    return _scalar(node, section)


def _scalar(node: Scalar, section: str) -> Any:
    value = node.value
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return {"number": _number(value)}
    if section in ("tests", "overrides", "description", "types"):
        return value
    try:
        return print_expression(parser.parse(value))
    except SyntaxFault:
        return value


def _number(value: int | Decimal) -> str:
    if isinstance(value, int):
        return str(value)
    n, places = split_decimal(value)
    return decimal_text(n, 10**places) if places >= 0 else str(n * 10**-places)


__all__ = ["digest", "plain"]
