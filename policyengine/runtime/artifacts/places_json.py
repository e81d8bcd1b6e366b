"""The places of a program as JSON, beside the program: what decides does not change when a file is moved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from policyengine.errors import InvalidArtifact
from policyengine.runtime.artifacts.column_json import numbers_json, numbers_of
from policyengine.runtime.artifacts.well_formed import check_size
from policyengine.runtime.places import Places, RowLines
from policyengine.values.canonical_json import canonical_bytes


def to_json(places: Places) -> bytes:
    """The places as canonical JSON."""
    rows = {table: [own.file, numbers_json(own.lines)] for table, own in places.rows.items()}
    body = {"named": places.named, "rows": rows}
    return canonical_bytes(body)


def from_json(data: bytes, ids: Mapping[str, Sequence[str]]) -> Places:
    """The places of a program whose tables have rows of these ids; raises InvalidArtifact where they are none."""
    try:
        check_size(data)
        body = json.loads(data)
        rows = {
            table: RowLines(_text(file), ids[table], numbers_of(lines)) for table, (file, lines) in body["rows"].items()
        }
        if any(len(own.lines) > len(own.ids) for own in rows.values()):
            raise ValueError("a table has more places than rows")
        return Places({name: _text(place) for name, place in body["named"].items()}, rows)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as fault:
        raise InvalidArtifact(f"the places cannot be read: {fault}") from fault


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a place is a text")
    return value
