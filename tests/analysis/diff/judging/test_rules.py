"""The rules: each has its code, stands in the documentation, and is met by a planted change; and what they require."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policyengine.analysis.diff.judging import bump
from policyengine.analysis.diff.judging.rules import RULES

HERE = Path(__file__).parents[1]
PAGE = (HERE.parents[2] / "docs" / "diff.md").read_text(encoding="utf-8")
PLANTED = yaml.safe_load((HERE / "planted.yaml").read_text(encoding="utf-8"))


def test_codes_and_names_are_unique_and_in_order():
    """A code never stands for two kinds of change."""
    assert sorted({rule.code for rule in RULES}) == [rule.code for rule in RULES]
    assert len(RULES) == len({rule.name for rule in RULES})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_documented(rule):
    """The page says the same as the code."""
    assert f"| `{rule.code}` | `{rule.name}` | {rule.level} | {rule.says} |" in PAGE


def test_every_rule_is_met():
    """One way or back."""
    met = {text[:4] for each in PLANTED for text in each["found"]} | {code for each in PLANTED for code in each["back"]}

    assert [] == [rule.name for rule in RULES if rule.code not in met]


@pytest.mark.parametrize(
    ("version", "level", "expected"),
    [
        ("1.4.2", "patch", "1.4.3"),
        ("1.4.2", "minor", "1.5.0"),
        ("1.4.2", "major", "2.0.0"),
        ("0.4.2", "patch", "0.4.3"),
        ("0.4.2", "minor", "0.4.3"),
        ("0.4.2", "major", "0.5.0"),
        ("next", "major", None),
    ],
)
def test_a_level_requires_a_version(version, level, expected):
    """Semantic versioning; before 1.0.0 each part stands one place lower."""
    assert expected == bump.least(version, level)


@pytest.mark.parametrize(
    ("before", "after", "level", "expected"),
    [
        ("1.4.2", "2.0.0", "major", True),
        ("1.4.2", "1.5.0", "major", False),
        ("1.4.2", "1.10.0", "minor", True),
        ("1.4.2", "1.4.2", "patch", False),
        ("1.4.2", "1.3.9", "patch", False),
        ("next", "next", "patch", False),
        ("next", "later", "major", True),
    ],
)
def test_a_version_is_enough_or_not(before, after, level, expected):
    """Numbers are compared as numbers; other versions must only differ."""
    assert expected == bump.is_enough(before, after, level)
