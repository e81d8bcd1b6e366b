"""Bundles as text: the one place where translators' dicts and lists become YAML.

A `str` is a text, and is quoted wherever YAML or a cell could take it for something else. `Raw` is written as it
stands: a number, an expression, a range.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*")
# What a reader of YAML 1.1, or a condition cell, does not take for a text.
_WORDS = frozenset(["any", "error", "false", "n", "nan", "no", "null", "off", "on", "true", "unlimited", "y", "yes"])
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME_UNSAFE = re.compile(r"[^a-z0-9]+")


class Raw(str):
    """A text that is written without quotes, such as the digits of a number; as a fact it is that exact number."""

    __slots__ = ()


def bundle(sections: Mapping[str, Any], currency: str = "USD", timezone: str = "UTC") -> str:
    """The text of a bundle with these sections; empty ones are left out."""
    head = {"policyengine": Raw("1"), "bundle": "golden", "version": Raw("1.0.0")}
    head |= {"currency": currency, "timezone": timezone}
    return written({**head, **{name: section for name, section in sections.items() if section}})


def written(mapping: Mapping[str, Any]) -> str:
    """A mapping in block style, one line a key; what stands in lists is in flow style."""
    return "".join(f"{_scalar(key)}:{_block(value)}" for key, value in mapping.items())


def _block(value: Any) -> str:
    match value:
        case Mapping() if value:
            return f"\n{textwrap.indent(written(value), '  ')}"
        case list() if any(isinstance(item, Mapping | list) for item in value):
            items = "".join(f"- {flow(item)}\n" for item in value)
            return f"\n{textwrap.indent(items, '  ')}"
    return f" {flow(value)}\n"


def flow(value: Any) -> str:
    """A value in flow style, on one line."""
    match value:
        case Mapping():
            inner = ", ".join(f"{_scalar(key)}: {flow(item)}" for key, item in value.items())
            return f"{{{inner}}}"
        case str():
            return _scalar(value)
        case Sequence():
            return f"[{', '.join(flow(item) for item in value)}]"
    return _scalar(value)


def _scalar(value: object) -> str:
    match value:
        case Raw():
            return str(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        case str():
            return quoted(value)
    raise TypeError(f"a bundle cannot hold {value!r}")


def quoted(text: str) -> str:
    """A text in double quotes, for YAML and for expressions alike."""
    return json.dumps(text, ensure_ascii=False)


class Names:
    """Names of our language for names of others, each kept once it is given."""

    def __init__(self, *taken: str) -> None:
        self._given: dict[str, str] = {}
        self._taken = {*taken, "at", "tenant", "id", "from", "until", "in", "true", "false", "null"}

    def __getitem__(self, theirs: str) -> str:
        if theirs not in self._given:
            base = _NAME_UNSAFE.sub("_", _CAMEL.sub("_", theirs).lower()).strip("_")
            name = base if re.match("[a-z]", base) else f"n_{base}"
            ours = f"{name}_{len(self._taken)}" if name in self._taken else name
            self._taken.add(ours)
            self._given[theirs] = ours
        return self._given[theirs]
