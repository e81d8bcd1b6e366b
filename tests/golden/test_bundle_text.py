"""What the emitter writes is read by our strict loader as what was meant."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden.bundle_text import Names, Raw, bundle, flow, written
from policyengine.language import yaml
from policyengine.language.schema import check
from policyengine.source import Report, Source

texts = st.text(st.characters(categories=("L", "N", "P", "S"), include_characters=' "\\\n'), min_size=1, max_size=20)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
scalars = texts | st.booleans() | st.integers(-1000, 1000)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(keys, trees, min_size=1, max_size=5))
def test_what_is_written_is_read_again(tree):
    """Texts that look like numbers, dates, flags, comments or brackets stay texts."""
    assert tree == yaml.load(written(tree))


@pytest.mark.parametrize(
    "text", ["10", "1e3", "no", "true", "null", "~", "2026-12-01", "a: b", "a #b", "[1", ">= 10", ""]
)
def test_a_text_that_yaml_could_mistake_is_quoted(text):
    """It comes back as the text it was."""
    assert {"a": text} == yaml.load(written({"a": text}))


def test_the_word_any_is_a_text_unless_it_is_raw():
    """In a cell `any` accepts everything, and `"any"` is the text."""
    assert ['"any"', "any"] == [flow("any"), flow(Raw("any"))]


def test_a_raw_number_keeps_its_digits():
    """Amounts stand in cases as text, and in bundles as the number with the same digits."""
    assert {"a": Decimal("0.10")} == yaml.load(written({"a": Raw("0.10")}))


def test_a_bundle_has_its_manifest_and_no_empty_sections():
    """The head satisfies the schema, and a section without entries is not written."""
    text = bundle({"inputs": {"x": "int"}, "values": {}})
    report = Report()
    tree = yaml.parse(Source("bundle.yaml", text), report)
    assert tree is not None
    check(tree, report, manifest=True)

    assert [] == report.in_order()
    assert "values" not in text


def test_names_are_ours_stable_and_different():
    """A name that is taken, reserved or no name is made one, and is the same whenever it is asked for."""
    names = Names("rules")

    found = [names[theirs] for theirs in ("Flu Symptoms", "aNumber", "A Number", "9 lives", "at", "Rules", "aNumber")]

    assert ["flu_symptoms", "a_number"] == found[:2]
    assert "a_number" == found[-1]
    assert 6 == len({*found, "rules", "at"} - {"rules", "at"})
