"""The digest of a bundle: its identity, over everything that an author can mean.

One canonical JSON document of all sections after reading YAML: files merged, keys sorted, lists and rows in order,
expressions printed from their syntax tree, numbers in shortest exact form, with the language version. Comments, layout
and the split into files do not change it; tests, descriptions and reasons do.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from policyengine.compiler.sources import Sources
from policyengine.language.expression import parser
from policyengine.language.expression.faults import SyntaxFault
from policyengine.language.expression.printer import print_expression
from policyengine.language.model import Bundle
from policyengine.language.yaml import Mapping, Node, Scalar, plain
from policyengine.language.yaml import Sequence as YamlSequence
from policyengine.values.number_text import decimal_text, split_decimal


def digest(manifest: Mapping, parts: Sequence[Mapping], sources: Sources, bundle: Bundle) -> str:
    """`sha256:...` of the canonical document."""
    merged: dict[str, Any] = {}
    for document in (manifest, *parts):
        for entry in document.entries.values():
            _merge(merged, entry.key, _canonical(entry.value, entry.key))
    for table in (*bundle.tables.values(), *bundle.accounts.values()):
        if table.file is not None:
            merged.setdefault("files", {})[table.file] = _csv(sources, table.file)
    text = json.dumps(merged, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


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


def _csv(sources: Sources, name: str) -> list[list[str]]:
    data = sources.csv(name)
    return list(csv.reader(io.StringIO((data or b"").decode("utf-8-sig"), newline="")))


__all__ = ["digest", "plain"]
