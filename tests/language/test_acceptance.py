"""`acceptance` says yes where jsonschema finds nothing, and no where it finds something."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policyengine.language import schema, yaml
from policyengine.language.acceptance import Undecided, acceptance
from policyengine.source import Report, Source

CASES = Path(__file__).parents[1] / "cases"
FILES = sorted([*(CASES / "good").glob("*.yaml"), *(CASES / "bad" / "schema").glob("*.yaml")])
DEFINITIONS = schema.document("bundle")["$defs"]
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 31, 32, 34, 35, Decimal("1.0"), Decimal("0.5"), "", "x", "true", "tenant", "a b",
    "1.0.0", [], [1], ["x"], ["x", "x"], ["x", "y"], [1, "1"], [[]], {}, {"x": 1}, {"tenant": "x"}, {"": ""}, {"x": []},
]  # fmt: skip
PER_DEFINITION = 150


def parts_of(value: Any) -> Iterator[Any]:
    """A value and all inside it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts_of(inner)


def written(path: Path) -> Any:
    """What the schema is asked of a file; None where it is no YAML."""
    root = yaml.parse(Source(path.name, path.read_text("utf-8")), Report())
    return None if root is None else schema._outline(root)


def values() -> list[Any]:
    """Every different value that stands anywhere in the cases."""
    found = {json.dumps(part, default=str): part for path in FILES for part in parts_of(written(path))}
    return list(found.values())


VALUES = values()


def answers(whole: dict[str, Any], asked: list[Any]) -> list[bool | None]:
    """What `acceptance` says of each value; None where it leaves it to jsonschema."""
    accepts = acceptance(whole)
    found: list[bool | None] = []
    for value in asked:
        try:
            found.append(accepts(value))
        except Undecided:
            found.append(None)
    return found


@pytest.mark.parametrize("name", DEFINITIONS)
def test_agrees_with_jsonschema_on_each_definition(name):
    """Of values that stand in bundles, right or wrong, and of odd ones, both say the same."""
    whole = {"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS}
    asked = [*ODD, *Random(name).sample(VALUES, PER_DEFINITION)]
    expected = [*map(Draft202012Validator(whole).is_valid, asked)]

    wrong = [
        value
        for value, said, right in zip(asked, answers(whole, asked), expected, strict=True)
        if said not in (None, right)
    ]
    assert [] == wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_agrees_with_jsonschema_on_each_file(path):
    """Good bundles are accepted, and those that break the schema are not."""
    whole, value = schema._whole("bundle"), written(path)

    assert [Draft202012Validator(whole).is_valid(value)] == answers(whole, [value])


def test_leaves_what_it_cannot_compare_to_jsonschema():
    """Lists with lists in them are never found to differ or not."""
    assert [None] == answers({"uniqueItems": True}, [[[1], [True]]])


def test_a_keyword_that_it_does_not_know_is_an_error():
    """A new keyword in a schema cannot be passed over."""
    with pytest.raises(KeyError):
        acceptance({"maxItems": 3})
