"""Expressions for tests: the published ones of CEL, random ones, pieces of them, and trees without their offsets."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path

from hypothesis import strategies as st

CONFORMANCE = Path(__file__).resolve().parents[2] / "shared" / "conformance" / "cel"
NO_CONFORMANCE = "the CEL cases are not beside this checkout"

ATOMS = (
    ["a", "b.c", ".d", "x.`f-g`", "1", "-2", "0.5", "1e-50", "2.0", "1_000 token", "5 USD", "-3d", "0x1F"]
    + ["'it'", "\"'\"", r"b'\x00\xff'", "'''a\n\"b'''", "true", "null", "[]", "{}", "f()", "-9223372036854775808"]
)  # fmt: skip
TEMPLATES = (
    ["({0})", "-{0}", "!{0}", "-({0})", "!({0})", "({0}).f", "({0}).?f", "({0})[{1}]", "({0})[?{1}]", "({0}).m({1})"]
    + [f"{{0}} {operator} {{1}}" for operator in ("||", "&&", "==", "<", "in", "+", "-", "*", "/", "%")]
    + ["({0}) ? {1} : {2}", "{0} ? ({1}) : {2}", "f({0}, {1})", "[{0}, ?{1}]", "{{{0}: {1}, ?{1}: {2}}}"]
)  # fmt: skip
PIECES = (
    ["a", "b.c", "1", "2.5", "0x1F", "'s'", '"t"', "r'x'", "b'y'", "'''", "5 USD", "3d", "1_000", "1.", ".5", "e5", "u"]
    + ["(", ")", "[", "]", "{", "}", "?", ":", ",", ".", ".?", "[?", "&&", "||", "+", "-", "*", "/", "%", "<", "<="]
    + ["==", "!=", "!", " in ", "not", "and", "if", "true", "null", "has", ".all(x, ", "=", "===", "<>", "**", "^"]
    + ["//", '"', "`", ".`b`", "\\", "é", "\u2212", "1e", "0x", "#", "@", ";", "~", "\\n", "\n", "\t", " "]
    + ["\ud800", "\ufeff"]
)  # fmt: skip

pieces = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
# Mostly expressions: a few mixtures, such as `!-a`, are none.
expressions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.builds(
        lambda template, parts: template.format(*parts), st.sampled_from(TEMPLATES), st.tuples(inner, inner, inner)
    ),
    max_leaves=40,
)


def published_expressions() -> list[str]:
    """The different expressions of CEL's conformance suite that need neither unsigned integers nor messages."""
    cases = [case for path in sorted(CONFORMANCE.glob("*.json")) for case in json.loads(path.read_text("utf-8"))]
    return list(dict.fromkeys(case["expr"] for case in cases if not {"uint", "proto"} & set(case["needs"])))


def without_places(node: object) -> object:
    """A syntax tree as nested tuples, without its offsets."""
    if isinstance(node, tuple):
        return tuple(without_places(part) for part in node)
    if is_dataclass(node):
        names = [f.name for f in fields(node) if f.name not in ("start", "end", "name_start", "operator_start")]
        return (type(node).__name__, *(without_places(getattr(node, name)) for name in names))
    return node


def same(left: object, right: object) -> bool:
    """Whether two trees are equal up to their offsets."""
    return without_places(left) == without_places(right)
