"""Stage `schema`: every mistake in keys, words and shapes is told once, in the author's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.language import schema, yaml
from policyengine.source import Report, Source

CASES = Path(__file__).parents[1] / "cases"
GOOD = sorted((CASES / "good").glob("*.yaml"))

TABLE = "tables:\n  price:\n    when: {model: model}\n    then: {input: money}\n    rows:\n"


def check(text: str, name: str = "bundle.yaml") -> Report:
    report = Report()
    root = yaml.parse(Source(name, text), report)
    assert root is not None
    schema.check(root, report, manifest="policyengine" in root.entries)
    return report


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_bundle_is_accepted(path: Path) -> None:
    """Nothing is said about a bundle that is right."""
    assert [] == check(path.read_text(encoding="utf-8")).found


def test_five_mistakes_are_five_diagnostics() -> None:
    """Mistakes in different places neither hide nor multiply each other."""
    report = check((CASES / "bad" / "schema" / "five_mistakes_at_once.yaml").read_text(encoding="utf-8"))

    assert 5 == len(report.found)


def test_a_value_that_was_refused_is_not_judged_again() -> None:
    """What reading YAML has refused is not also of the wrong type."""
    report = check("tables:\n  price: {when: {a: a}, then: {b: int}, rows: [{a: 1}], dated: yes}\n")

    assert ["ambiguous_bool"] == [diagnostic.name for diagnostic in report.found]


def test_an_empty_value_is_told_once() -> None:
    """The warning of an empty value gives way to the error that it is here."""
    report = check("parameters:\n  free: {type: int, value: }\n")

    assert ["wrong_form"] == [diagnostic.name for diagnostic in report.found]


def test_an_empty_value_that_may_be_empty_keeps_its_warning() -> None:
    """A fact of a test may be null; that it is empty stays doubtful."""
    report = check("tests:\n  - {name: a, decide: b, input: {c: }, expect: {d: 1}}\n")

    assert ["empty_value"] == [diagnostic.name for diagnostic in report.found]


def test_rows_are_checked_one_by_one() -> None:
    """A wrong row is found at its own place among right ones, though jsonschema does not see rows."""
    report = check(TABLE + "      - {model: a, input: 1}\n" * 3 + "      - 7\n")

    assert [(9, 9)] == [(d.at.line, d.at.column) for d in report.found if d.at]


def test_grouped_digits_and_percentages_are_numbers() -> None:
    """`1_000` and `10%` stand wherever a number may."""
    report = check(
        "inputs:\n  coupons: {list: string, max: 1_000}\n"
        "parameters:\n  share: {type: decimal, value: 10%, min: 0, max: 100%}\n"
    )

    assert [] == report.found
