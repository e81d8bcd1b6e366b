"""Whether a plain value is of a schema: yes or no, for the keywords that `schemas/` uses.

Most files have nothing wrong, and jsonschema needs some 30 microseconds a value to find that. It is asked what is wrong
where this says no; a test holds that the two never differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Test = Callable[[Any], bool]
Json = dict[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, Decimal),
    "array": (list,),
    "object": (dict,),
}
_SAY_NOTHING = {"$schema", "$id", "$defs", "title", "description", "x-policyengine", "x-expected", "x-missing"}
_READ_WITH_OTHERS = {"then", "else"}


class Undecided(Exception):
    """A value that the schemas do not lead to: jsonschema decides."""


def acceptance(schema: Json) -> Test:
    """What says whether a value is of a schema; it may raise Undecided."""
    return _Reader(schema.get("$defs", {})).test(schema)


class _Reader:
    """Reads the schemas of one document; `definitions` are read when they are first referred to, as they may nest."""

    def __init__(self, definitions: Json) -> None:
        self.definitions = definitions
        self.known: dict[str, Test] = {}

    def test(self, schema: Json | bool) -> Test:
        if isinstance(schema, bool):
            return lambda value: schema
        silent = _SAY_NOTHING | _READ_WITH_OTHERS
        tests = [_READERS[keyword](self, schema) for keyword in schema if keyword not in silent]
        if len(tests) == 1:
            return tests[0]

        def every(value: Any) -> bool:
            for test in tests:  # noqa: SIM110 -- a generator takes twice as long
                if not test(value):
                    return False
            return True

        return every

    def tests(self, schemas: Json) -> dict[str, Test]:
        return {name: self.test(schema) for name, schema in schemas.items()}

    def definition(self, name: str) -> Test:
        if name not in self.known:
            self.known[name] = self.test(self.definitions[name])
        return self.known[name]


def _reference(reader: _Reader, schema: Json) -> Test:
    name = schema["$ref"].removeprefix("#/$defs/")
    return lambda value: reader.definition(name)(value)


def _type(_: _Reader, schema: Json) -> Test:
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    wanted = tuple({its for name in names for its in _TYPES[name]})
    if "boolean" in names:
        return lambda value: isinstance(value, wanted)
    return lambda value: isinstance(value, wanted) and not isinstance(value, bool)


def _enum(_: _Reader, schema: Json) -> Test:
    return _one_of(schema["enum"])


def _const(_: _Reader, schema: Json) -> Test:
    return _one_of([schema["const"]])


def _one_of(members: list[Any]) -> Test:
    texts = frozenset(member for member in members if isinstance(member, str))
    others = [member for member in members if not isinstance(member, str)]
    assert all(isinstance(member, int) for member in others)
    return lambda value: value in texts if isinstance(value, str) else any(_is_same(value, other) for other in others)


def _is_same(value: Any, number: int) -> bool:
    return bool(value == number) and isinstance(value, bool) == isinstance(number, bool)


def _not(reader: _Reader, schema: Json) -> Test:
    test = reader.test(schema["not"])
    return lambda value: not test(value)


def _all_of(reader: _Reader, schema: Json) -> Test:
    tests = [reader.test(each) for each in schema["allOf"]]
    return lambda value: all(test(value) for test in tests)


def _if(reader: _Reader, schema: Json) -> Test:
    condition, then, otherwise = (reader.test(schema.get(name, True)) for name in ("if", "then", "else"))
    return lambda value: then(value) if condition(value) else otherwise(value)


def _properties(reader: _Reader, schema: Json) -> Test:
    tests = reader.tests(schema["properties"]).items()

    def test(value: Any) -> bool:
        return not isinstance(value, dict) or all(test(value[name]) for name, test in tests if name in value)

    return test


def _additional(reader: _Reader, schema: Json) -> Test:
    known, test = schema.get("properties", {}), reader.test(schema["additionalProperties"])

    def others(value: Any) -> bool:
        return not isinstance(value, dict) or all(test(own) for name, own in value.items() if name not in known)

    return others


def _property_names(reader: _Reader, schema: Json) -> Test:
    test = reader.test(schema["propertyNames"])
    return lambda value: not isinstance(value, dict) or all(map(test, value))


def _items(reader: _Reader, schema: Json) -> Test:
    test = reader.test(schema["items"])
    return lambda value: not isinstance(value, list) or all(map(test, value))


def _required(_: _Reader, schema: Json) -> Test:
    names = schema["required"]
    return lambda value: not isinstance(value, dict) or all(name in value for name in names)


def _pattern(_: _Reader, schema: Json) -> Test:
    search = re.compile(schema["pattern"]).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _at_least(kind: type[str | list[Any] | dict[str, Any]], keyword: str) -> Callable[[_Reader, Json], Test]:
    def read(_: _Reader, schema: Json) -> Test:
        least = schema[keyword]
        return lambda value: not isinstance(value, kind) or len(value) >= least

    return read


def _minimum(_: _Reader, schema: Json) -> Test:
    least = schema["minimum"]
    return lambda value: not _is_number(value) or value >= least


def _maximum(_: _Reader, schema: Json) -> Test:
    most = schema["maximum"]
    return lambda value: not _is_number(value) or value <= most


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _unique_items(_: _Reader, schema: Json) -> Test:
    assert schema["uniqueItems"] is True

    def test(value: Any) -> bool:
        if not isinstance(value, list):
            return True
        if not {*map(type, value)} <= {str, int}:
            raise Undecided
        return len({*value}) == len(value)

    return test


_READERS: dict[str, Callable[[_Reader, Json], Test]] = {
    "$ref": _reference,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "not": _not,
    "allOf": _all_of,
    "if": _if,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "required": _required,
    "minProperties": _at_least(dict, "minProperties"),
    "items": _items,
    "minItems": _at_least(list, "minItems"),
    "uniqueItems": _unique_items,
    "pattern": _pattern,
    "minLength": _at_least(str, "minLength"),
    "minimum": _minimum,
    "maximum": _maximum,
}
