"""House rule: the schema files are the contract, so they keep to few keywords and explain every field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policyengine.language import schema

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("bundle", "part")
DEFINITIONS = schema.document("bundle")["$defs"]

Json = dict[str, Any]

# Keywords whose value is a schema, a list of them, or a mapping of names to them.
INNER = ("additionalProperties", "propertyNames", "items", "not", "if", "then", "else")
INNER_LISTS = ("allOf",)
INNER_MAPPINGS = ("properties", "$defs")


def inner(whole: Json) -> Iterator[tuple[str, Any]]:
    """The schemas directly inside this one, each with the keyword that leads to it."""
    yield from ((keyword, whole[keyword]) for keyword in INNER if keyword in whole)
    yield from ((keyword, part) for keyword in INNER_LISTS for part in whole.get(keyword, []))
    yield from ((keyword, part) for keyword in INNER_MAPPINGS for part in whole.get(keyword, {}).values())


def schemas_of(whole: Json, place: str) -> Iterator[tuple[str, Json]]:
    """This schema and all inside it, each with its place."""
    yield place, whole
    for keyword, part in inner(whole):
        if isinstance(part, dict):
            yield from schemas_of(part, f"{place}/{keyword}")


def fields_of(name: str) -> Iterator[tuple[str, Json]]:
    """Every place where an author writes something: properties, members of open mappings, items, definitions."""
    for place, whole in schemas_of(schema.document(name), name):
        for keyword in ("properties", "$defs"):
            for key, part in whole.get(keyword, {}).items():
                if isinstance(part, dict) and not place.endswith(("/if", "/not")):
                    yield f"{place}/{key}", part
        for keyword in ("additionalProperties", "items"):
            if isinstance(whole.get(keyword), dict):
                yield f"{place}/{keyword}", whole[keyword]


def said(field: Json, keyword: str) -> Any:
    """What a field says under a keyword, itself or through the definition that it refers to."""
    if keyword in field:
        return field[keyword]
    if "$ref" in field:
        return said(DEFINITIONS[field["$ref"].rpartition("/")[2]], keyword)
    return None


@pytest.mark.smoke
@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema(name: str) -> None:
    """The files are valid JSON Schema of 2020-12."""
    document = schema.document(name)

    assert "https://json-schema.org/draft/2020-12/schema" == document["$schema"]
    Draft202012Validator.check_schema(document)


@pytest.mark.parametrize("name", NAMES)
def test_only_the_listed_keywords_are_used(name: str) -> None:
    """Another keyword would be a violation for which there are no words."""
    used = {keyword for _, whole in schemas_of(schema.document(name), name) for keyword in whole}

    assert set() == used - schema.KEYWORDS


def test_every_listed_keyword_is_used() -> None:
    """The list does not promise more than there is."""
    used = {keyword for name in NAMES for _, whole in schemas_of(schema.document(name), name) for keyword in whole}

    assert set() == schema.KEYWORDS - used


@pytest.mark.parametrize("name", NAMES)
def test_every_field_says_what_stands_there(name: str) -> None:
    """Literal, expression, value, type, name, mapping or list: the model and the editor rely on it."""
    marks = {place: said(field, "x-policyengine") for place, field in fields_of(name)}

    assert {} == {place: mark for place, mark in marks.items() if mark not in schema.MARKS}


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described(name: str) -> None:
    """Editors show the description of the field under the cursor: a sentence."""
    texts = {place: said(field, "description") or "" for place, field in fields_of(name)}

    assert {} == {place: text for place, text in texts.items() if not text.endswith(".")}


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere(name: str) -> None:
    """A reference names a definition of `bundle.schema.json`."""
    references = {whole["$ref"] for _, whole in schemas_of(schema.document(name), name) if "$ref" in whole}

    assert set() == {reference.rpartition("/")[2] for reference in references} - set(DEFINITIONS)


def test_every_definition_is_used() -> None:
    """Nothing is left over in `$defs`."""
    used = {
        whole["$ref"].rpartition("/")[2] for _, whole in schemas_of(schema.document("bundle"), "") if "$ref" in whole
    }

    assert set() == set(DEFINITIONS) - used


def test_every_charge_model_has_its_form() -> None:
    """Each word of `charge_model` leads to one definition, and the keys of all forms are known to `charge`."""
    charge = DEFINITIONS["charge"]
    words = [part["if"]["properties"]["charge_model"]["const"] for part in charge["then"]["allOf"]]
    forms = [part["then"]["$ref"].rpartition("/")[2] for part in charge["then"]["allOf"]] + ["sum_charge"]
    keys = {key for form in forms for key in DEFINITIONS[form]["properties"]}

    assert DEFINITIONS["charge_model"]["enum"] == words
    assert keys == set(charge["else"]["else"]["propertyNames"]["enum"])


def test_a_value_with_attributes_is_told_by_its_keys() -> None:
    """A named value has attributes as soon as it has one key of them, so a misspelt `value` is no record."""
    told_by = set(DEFINITIONS["named_value"]["if"]["properties"])

    assert set(DEFINITIONS["value_with_attributes"]["properties"]) == told_by


def test_a_part_has_all_sections_and_nothing_of_the_manifest() -> None:
    """A section may stand in any file; what identifies the bundle only in `bundle.yaml`."""
    manifest = {"policyengine", "bundle", "version", "description", "currency", "timezone", "effective"}
    part = {
        key: field["$ref"].removeprefix("bundle.schema.json")
        for key, field in schema.document("part")["properties"].items()
    }
    bundle = {key: field["$ref"] for key, field in schema.document("bundle")["properties"].items()}

    assert {key: reference for key, reference in bundle.items() if key not in manifest} == part


@pytest.mark.parametrize("name", NAMES)
def test_no_key_stands_twice(name: str) -> None:
    """JSON readers silently keep the last of two equal keys."""

    def once(pairs: list[tuple[str, Any]]) -> Json:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), keys
        return dict(pairs)

    json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"), object_pairs_hook=once)


def test_editors_may_read_grouped_digits_as_text() -> None:
    """`1_000` is a string to a YAML 1.2 editor, and fits where a whole number stands."""
    field = Draft202012Validator(DEFINITIONS["count"])

    assert field.is_valid("1_000_000")
    assert not field.is_valid("1_00")
    assert not field.is_valid(0)
