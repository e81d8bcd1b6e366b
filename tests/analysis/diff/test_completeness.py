"""Whatever moves the program shows as a change, and what does not move it is never a price."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from policyengine.analysis.diff.changes import changes
from policyengine.analysis.diff.contents.bundle import contents
from policyengine.analysis.diff.judging.findings import findings
from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidPolicy
from policyengine.runtime.artifacts import program_json

ROOT = Path(__file__).resolve().parents[3]
SHOP = (Path(__file__).parent / "shop.yaml").read_text(encoding="utf-8")
GOOD = ROOT / "tests" / "cases" / "good"
EVERYTHING = (GOOD / "a_bundle_with_every_section.yaml").read_text(encoding="utf-8").partition("\ntests:")[0]
NUMBER = re.compile(r"(?<![\w.@{-])\d[\d_]*(\.\d+)?(?![\w.-])")
SIGN = re.compile(r"(<=|>=|<|>|\+|\*)(?= [\w\"])")
OTHER = {"<=": "<", ">=": ">", "<": "<=", ">": ">=", "+": "-", "*": "+"}


def edits(text):
    """The text with one number, or one operator, changed."""
    for found in NUMBER.finditer(text):
        whole, _, rest = found[0].partition(".")
        yield f"{text[: found.start()]}{int(whole) + 1}{'.' + rest if rest else ''}{text[found.end() :]}"
    for found in SIGN.finditer(text):
        yield f"{text[: found.start()]}{OTHER[found[0]]}{text[found.end() :]}"


def valid(texts):
    """Those that compile."""
    for text in texts:
        try:
            yield compile_texts({"bundle.yaml": text})
        except InvalidPolicy:
            continue


def decides(compiled):
    """The digest of everything that decides."""
    return program_json.digest(replace(compiled.program, version="", source_digest=""))


@pytest.mark.parametrize("text", [SHOP, EVERYTHING], ids=["shop", "everything"])
def test_no_edit_of_a_number_or_an_operator_is_missed(text):
    """A program that differs has a change, and every change has its rule."""
    before = compile_texts({"bundle.yaml": text})
    tree, digest = contents(before), decides(before)
    count = 0
    for after in valid(edits(text)):
        found = findings(before, after, changes(tree, contents(after)))
        count += 1
        assert found or digest == decides(after)
    assert count > 20
