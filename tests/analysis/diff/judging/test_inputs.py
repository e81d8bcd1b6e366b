"""What a changed input means for those who give it."""

from __future__ import annotations

import pytest

from policyengine.analysis.diff.changes import between
from policyengine.analysis.diff.judging.findings import findings
from policyengine.compiler.pipeline import compile_texts

BUNDLE = """
policyengine: 1
bundle: inputs
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  FIELD
values:
  found: READ
decisions:
  answer: {outputs: {found: found}}
"""


def codes(before, after, read="size(string(field))"):
    """The codes and paths of what is found where one declared field becomes another."""
    texts = [BUNDLE.replace("FIELD", f"field: {its}").replace("READ", read) for its in (before, after)]
    old, new = (compile_texts({"bundle.yaml": text}) for text in texts)
    return [f"{finding.rule.code} {finding.path}" for finding in findings(old, new, between(old, new))]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("int", "{type: int}", None),
        ("int", "{type: int, min: 0}", "D003"),
        ("{type: int, min: 0}", "int", "D035"),
        ("{type: int, min: 0, max: 9}", "{type: int, min: 1, max: 10}", "D003"),
        ("{type: int, min: 0, max: 9}", "{type: decimal, min: 0, max: 9}", "D035"),
        ("decimal", "int", "D003"),
        ("{type: decimal, places: 2}", "{type: decimal, places: 4}", "D035"),
        ("{type: decimal, places: 4}", "{type: decimal, places: 2}", "D003"),
        ("int token", "int seat", "D003"),
        ("int", "string", "D003"),
        ("{enum: [a, b]}", "{enum: [b, a]}", None),
        ("{enum: [a, b]}", "{enum: [a, b, c]}", "D035"),
        ("{enum: [a, b]}", "{enum: [a]}", "D003"),
        ("int", "{type: int, default: 1}", "D035"),
        ("{type: int, default: 1}", "int", "D001"),
        ("{type: int, default: 1}", "{type: int, default: 2}", "D017"),
        ("{type: int, default: 1}", "{type: int, default: 1, max: 5}", "D003"),
    ],
)
def test_a_fact_accepts_more_or_less(before, after, code):
    """Whatever was accepted and is refused now breaks somebody; a default that changes may change any answer."""
    read = "'field == \"a\" ? 1 : 2'" if "enum" in before else "1" if "int token" in before else "size(string(field))"
    found = codes(before, after, read)

    assert ([] if code is None else [f"{code} field"]) == [each for each in found if not each.startswith("D006")]


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("{list: {sku: string, amount: {type: int, min: 0, max: 8}}, max: 5}", "D003 field.amount"),
        ("{list: {amount: {max: 9, min: 0, type: int}, sku: string}, max: 5}", None),
        ("{list: {sku: string, amount: {type: int, min: 0, max: 9}}, max: 6}", "D035 field"),
        ("{list: {sku: string, amount: {type: int, min: 0, max: 9}}, max: 4}", "D003 field"),
        ("{list: {sku: string, amount: {type: int, min: 0, max: 9}, more: int}, max: 5}", "D001 field.more"),
        (
            "{list: {sku: string, amount: {type: int, min: 0, max: 9}, more: {type: int, default: 1}}, max: 5}",
            "D037 field.more",
        ),
        ("{list: {amount: {type: int, min: 0, max: 9}}, max: 5}", "D002 field.sku"),
    ],
)
def test_records_of_a_list_are_told_apart_by_their_fields(after, found):
    """Not the whole declaration, but the field that changed."""
    before = "{list: {sku: string, amount: {type: int, min: 0, max: 9}}, max: 5}"

    assert ([] if found is None else [found]) == codes(before, after, "sum(field.map(f, f.amount))")


def test_a_group_may_be_left_out():
    """An optional group is as good as a default, and the way back as bad as a new fact."""
    group = "{fields: {a: {type: int, default: 1}}OPTIONAL}"
    needed, optional = group.replace("OPTIONAL", ""), group.replace("OPTIONAL", ", optional: true")

    assert ["D035 field.optional"] == codes(needed, optional, "1")
    assert ["D001 field.optional"] == codes(optional, needed, "1")
