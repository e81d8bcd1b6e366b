"""`policyengine test`: a report like a test runner's."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest


@pytest.fixture
def failing(chat):
    """A bundle one of whose tests expects something else."""
    tests = chat / "tests.yaml"
    tests.write_text(tests.read_text(encoding="utf-8").replace("amount: 22.50", "amount: 22.60"), encoding="utf-8")
    return chat


def without_time(text: str) -> str:
    """A report whose closing line does not say how long it took."""
    return re.sub(r" in \d+\.\d\ds", " in TIME", text)


@pytest.mark.smoke
def test_passed_tests_are_dots(call, chat):
    """One line a bundle, and a closing line that a script can read."""
    result = call("test", chat)

    assert 0 == result.exit_code
    assert f"{chat} .....\n\n5 passed, 0 failed in TIME\n" == without_time(result.output)


def test_a_failed_test_says_why(call, failing):
    """Expected, found, their place in the file, and how the policy came to its answer; exit code 4."""
    result = call("test", failing)
    lines = without_time(result.output).splitlines()

    assert 4 == result.exit_code
    assert f"{failing} .F..." == lines[0]
    assert f"FAILED {failing}/tests.yaml:10:11: a team pays its fee and what is beyond the free messages" == lines[2]
    assert f"  {failing}/tests.yaml:14:37: amount" == lines[3]
    assert ["    expected 22.60", "    found    22.5"] == lines[4:6]
    assert any(re.match(r"  +price.team +row ", line) for line in lines)
    assert "4 passed, 1 failed in TIME" == lines[-1]


def test_verbose_names_each_test(call, failing):
    """`-v` gives a line for each test."""
    result = call("test", failing, "-v")

    assert f"{failing}: free messages cost nothing passed\n" in result.output
    assert f"{failing}: a team pays its fee and what is beyond the free messages FAILED\n" in result.output


@pytest.mark.parametrize(
    ("pattern", "count"), [("large", 1), ("*bill*", 5), ("a large*", 1), ("monthly_bill", 5), ("x", 0)]
)
def test_a_pattern_selects(pattern, count, call, chat):
    """By name or decision; without a wildcard a part of it will do."""
    assert f"{count} passed, 0 failed" in call("test", chat, "--run", pattern).output


def test_nothing_to_run_fails_only_where_it_is_asked(call, chat):
    """A pattern with a misprint would pass CI for ever."""
    plain, strict = (call("test", chat, "--run", "x", *more) for more in ([], ["--fail-on-empty"]))

    assert (0, 4) == (plain.exit_code, strict.exit_code)
    assert f"{chat}: no test has run\n" == strict.stderr


def test_a_broken_bundle_is_not_a_failed_test(call, broken, tmp_path):
    """Its diagnostics are shown, other bundles are tested, and the exit code is that of a failed check."""
    call("init", tmp_path / "other")
    result = call("test", broken, tmp_path / "other")

    assert 3 == result.exit_code
    assert "unknown name `mesages`" in result.output
    assert "5 passed, 0 failed, 1 invalid bundle" in result.output


def test_coverage_says_what_no_test_reached(call, chat):
    """Each with its kind, its name and its place; below `--min` the exit code is 4."""
    result = call("test", chat, "--run", "cost nothing", "--coverage", "--min", "95")

    assert 4 == result.exit_code
    assert f"{chat}: 50.0 % covered: rows 3 of 6, guards 1 of 2\nnot reached by any test\n" in result.output
    assert f"  guard  approval speaks          {chat}/bundle.yaml:43\n" in result.output
    assert f"{chat}: the coverage of 50.0 % is below 95 %\n" == result.stderr
    assert 0 == call("test", chat, "--min", "95").exit_code


def test_json_has_every_mismatch(call, failing):
    """For programs: the same facts by name."""
    report = json.loads(call("test", failing, "--format", "json", "--coverage").stdout)
    (bundle,) = report["bundles"]
    second = bundle["tests"][1]

    assert (4, 1) == (report["passed"], report["failed"])
    assert [{"about": "amount", "expected": "22.60", "found": "22.5", "line": 14, "column": 37}] == second["mismatches"]
    assert 100 == bundle["coverage"]["percent"]


def test_junit_is_what_ci_reads(call, failing, tmp_path):
    """A suite for each bundle with its counts, and what failed as text."""
    (tmp_path / "empty").mkdir()
    root = ElementTree.fromstring(call("test", failing, tmp_path / "empty", "--format", "junit").stdout)
    first, second = root.findall("testsuite")

    assert ("5", "1", "0") == (first.get("tests"), first.get("failures"), first.get("errors"))
    assert ["amount: expected 22.60, found 22.5"] == [f.get("message") for f in first.iter("failure")]
    assert ("1", "0", "1") == (second.get("tests"), second.get("failures"), second.get("errors"))
