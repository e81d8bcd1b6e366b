"""The runner: what a translator may see, what counts as equal, and what the command says."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import policyengine as pe
from golden import runner
from golden.asking import Answer, Ask, LeftOut, Refused, answer
from golden.bundle_text import Raw, bundle
from golden.case_files import Case, given, read
from golden.compare import Unordered, differences
from golden.translate import TRANSLATORS

ROOT = Path(__file__).parents[2]
TABLES = Path(__file__).parent / "cases" / "dmn_tables.json"
DOUBLE = bundle({"inputs": {"x": "decimal"}, "values": {"y": "x * 2"}, "decisions": {"d": {"outputs": {"y": "y"}}}})


def doubling(case):
    """A translator for these tests: twice what is given."""
    if case["input"] is None:
        raise LeftOut("the language has no nothing")
    found = yield Ask(DOUBLE, "d", {"x": Raw(case["input"])})
    return {"amount": found.outputs["y"]}


def doubling_twice(case):
    """A translator whose second question depends on the first answer."""
    once = yield Ask(DOUBLE, "d", {"x": Raw(case["input"])})
    twice = yield Ask(DOUBLE, "d", {"x": once.outputs["y"]})
    return {"amount": twice.outputs["y"]}


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setitem(TRANSLATORS, "double", doubling)
    monkeypatch.setitem(TRANSLATORS, "double_twice", doubling_twice)


def a_case(amount: object, expected: object, kind: str = "double") -> dict[str, object]:
    return {"id": f"{kind}-{amount}", "kind": kind, "input": amount, "expected": expected}


def a_file(folder: Path, *cases: object) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps(cases), encoding="utf-8")
    return path


def test_a_translator_does_not_see_what_tells_the_answer():
    """Neither the case's name and origin, nor an answer at any depth; ids of what a case is about stay."""
    entry = {
        "id": "c1",
        "kind": "run",
        "note": "half",
        "source": {"repo": "r"},
        "derived_fields": ["amount"],
        "expected": {"amount": "1"},
        "grants": [{"id": "g1", "expect": 3, "steps": {"expected": 4, "at": 5}}],
    }

    assert {"kind": "run", "grants": [{"id": "g1", "steps": {"at": 5}}]} == given(entry)


def test_a_translator_cannot_change_the_case():
    """What it is given is a copy."""
    entry = {"id": "c1", "grants": [{"amount": "1"}], "expected": 1}
    given(entry)["grants"][0]["amount"] = "2"

    assert "1" == entry["grants"][0]["amount"]  # type: ignore[index]


def test_no_case_of_a_table_holds_the_tables_answers():
    """A test of a decision table is given the table and its own input, and no other test."""
    for case in read(TABLES):
        assert {"table", "input"} == case.given.keys()


def test_answers_of_steps_are_expected_in_order(tmp_path):
    """A case without an answer of its own has those of its steps."""
    steps = {"id": "s", "kind": "steps", "steps": [{"do": 1, "expect": "a"}, {"do": 2, "expect": {"b": 1}}]}
    (case,) = read(a_file(tmp_path, steps))

    assert Case("s", "steps", {"kind": "steps", "steps": [{"do": 1}, {"do": 2}]}, ["a", {"b": 1}]) == case


def test_an_answer_feeds_the_next_question(tmp_path):
    """A case may go in steps, each decided by the engine."""
    assert ["passed"] == [
        r.status for r in runner.run_files([a_file(tmp_path, a_case("3", {"amount": "12"}, "double_twice"))])
    ]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("2", Decimal("2.00")),
        ("2.50", Decimal("2.5")),
        (2, Decimal(2)),
        ("2", 2),
        (True, True),
        (None, None),
        ("a", "a"),
        ("2026-12-01T00:00:00Z", pe.Timestamp.parse("2026-12-01T01:00:00+01:00")),
        (["1", "2"], [Decimal(1), Decimal(2)]),
        (["1", "2"], Unordered([Decimal(2), Decimal(1)])),
        ({"a": "1"}, {"a": Decimal(1), "more": 2}),
    ],
)
def test_what_is_equal(expected, found):
    """Numbers by value, whatever their spelling; a list in order unless the rules leave it free."""
    assert [] == list(differences(expected, found))


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("2", Decimal("2.01")),
        ("0", False),
        (1, True),
        (False, None),
        ("0", None),
        (None, Decimal(0)),
        ("a", Decimal(1)),
        ({"a": "1"}, {}),
        ({"a": None}, {}),
        ([], None),
        (["1"], [Decimal(1), Decimal(1)]),
        (["1", "2"], [Decimal(2), Decimal(1)]),
        (["1", "1", "2"], Unordered([Decimal(1), Decimal(2), Decimal(2)])),
        ({"a": {"b": ["1"]}}, {"a": {"b": ["1.0", "2"]}}),
    ],
)
def test_what_is_not_equal(expected, found):
    """Another amount, nothing, a flag for a number, another order, another length."""
    assert [] != list(differences(expected, found))


def test_a_difference_says_where():
    """The path of the field, and both values."""
    assert ["lines[2].amount: expected '2', found 3"] == list(
        differences({"lines": [{}, {"amount": "2"}]}, {"lines": [{}, {"amount": Decimal(3)}]})
    )


def test_errors_are_answers():
    """What does not compile, what is not accepted and what fails come back by code; outputs of them are refused."""
    uncompilable = answer(Ask(bundle({"values": {"a": "b"}}), "a"))
    unaccepted = answer(Ask(DOUBLE, "d", {}))

    assert ("unknown_name",) == uncompilable.codes
    assert ("x",) == unaccepted.codes
    with pytest.raises(Refused, match="InvalidInput"):
        _ = unaccepted.outputs
    assert () == Answer().codes


def test_the_command_counts_and_names_what_did_not_pass(tmp_path, capsys):
    """Failures with expected and found, omissions with their reason, the counts last."""
    cases = [
        a_case("1", {"amount": "2"}),
        a_case("2", {"amount": "5"}),
        a_case(None, {"amount": "0"}),
        a_case("1", {}, "unheard_of"),
        {"id": "trips", "kind": "double", "expected": {}},
    ]

    code = runner.main([str(a_file(tmp_path, *cases))])

    assert 1 == code
    assert [
        "failed double-2",
        "    amount: expected '5', found 4",
        "skipped double-None",
        "    the language has no nothing",
        "skipped unheard_of-1",
        "    no translator for cases of kind `unheard_of`",
        "failed trips",
        "    KeyError: 'input'",
        "1 passed, 2 failed, 2 skipped",
    ] == capsys.readouterr().out.splitlines()


def test_the_command_succeeds_if_nothing_failed(tmp_path, capsys):
    """What was left out is no failure."""
    assert 0 == runner.main([str(a_file(tmp_path, a_case("1", {"amount": "2"}), a_case(None, {})))])
    assert "1 passed, 0 failed, 1 skipped" == capsys.readouterr().out.splitlines()[-1]


def test_the_command_shows_how_a_case_is_asked(tmp_path, capsys):
    """The bundle that was written, and the facts, for the cases whose id fits."""
    runner.main(["--show", "double_twice", str(a_file(tmp_path, a_case("3", {}), a_case("3", {}, "double_twice")))])

    assert 2 == capsys.readouterr().out.count("# decide d")


def test_the_command_runs_from_the_repository():
    """`python -m tests.golden FILE`, as the documents say it."""
    command = [sys.executable, "-m", "tests.golden", str(TABLES)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert (0, "36 passed, 0 failed, 0 skipped\n", "") == (done.returncode, done.stdout, done.stderr)
