"""`policyengine check`: all mistakes, in the form that the reader can use."""

from __future__ import annotations

import json

import pytest


@pytest.mark.smoke
def test_a_valid_bundle_has_one_line(call, chat):
    """The last line is the verdict, and here the only one."""
    result = call("check", chat)

    assert 0 == result.exit_code
    assert f"{chat}: no mistakes\n" == result.output


def test_mistakes_are_shown_where_they_are(call, broken):
    """Place, code, message, the line with carets, a hint; exit code 3 and the verdict at the end."""
    result = call("check", broken)
    lines = result.output.splitlines()

    assert 3 == result.exit_code
    assert "unknown name `mesages`" in lines[0]
    assert lines[0].startswith(f"{broken}/bundle.yaml:35:15: T")
    assert "   35 |     quantity: mesages" == lines[1]
    assert "      |               ^^^^^^^" == lines[2]
    assert "  hint: did you mean `messages`?" == lines[3]
    assert f"{broken}: 1 error" == lines[-1]


def test_several_bundles_are_checked_together(call, chat, tmp_path):
    """One broken bundle does not hide the others' mistakes, and one valid one does not hide anything."""
    (tmp_path / "empty").mkdir()
    result = call("check", chat, tmp_path / "empty")

    assert 3 == result.exit_code
    assert "B003: no `bundle.yaml`" in result.output
    assert "2 bundles: 1 error" == result.output.splitlines()[-1]


def test_json_has_one_object_for_each(call, broken):
    """Everything that a program needs, and the verdict out of its way."""
    result = call("check", broken, "--format", "json")
    (found,) = json.loads(result.stdout)

    assert 3 == result.exit_code
    assert {
        "code": "T001",
        "name": "unknown_name",
        "severity": "error",
        "message": "unknown name `mesages`",
        "hint": "did you mean `messages`?",
        "file": f"{broken}/bundle.yaml",
        "line": 35,
        "column": 15,
        "end_line": 35,
        "end_column": 22,
        "related": [],
    } == found
    assert f"{broken}: 1 error\n" == result.stderr


def test_json_of_a_valid_bundle_is_an_empty_list(call, chat):
    """A program need not handle the absence of output."""
    assert [] == json.loads(call("check", chat, "--format", "json").stdout)


def test_github_annotations_point_at_the_line(call, broken):
    """GitHub shows the message beside the change."""
    (line,) = call("check", broken, "--format", "github").stdout.splitlines()

    assert line.startswith(f"::error file={broken}/bundle.yaml,line=35,endLine=35,col=15,endColumn=22,title=T")
    assert line.endswith("::unknown name `mesages`%0Ahint: did you mean `messages`?")


def test_sarif_is_a_log_of_one_run(call, broken):
    """Code scanners find rule, level, message and region."""
    log = json.loads(call("check", broken, "--format", "sarif").stdout)
    (run,) = log["runs"]
    (result,) = run["results"]
    (rule,) = run["tool"]["driver"]["rules"]
    region = result["locations"][0]["physicalLocation"]["region"]

    assert ("2.1.0", "policyengine") == (log["version"], run["tool"]["driver"]["name"])
    assert (rule["id"], "error") == (result["ruleId"], result["level"])
    assert {"startLine": 35, "startColumn": 15, "endLine": 35, "endColumn": 22} == region


def test_a_warning_fails_only_where_it_is_asked(call, chat):
    """`--warnings-as-errors` is for CI; an author may look at a warning later."""
    with (chat / "bundle.yaml").open("a") as manifest:
        manifest.write("    description: see ticket #12 of May\n")
    plain, strict = call("check", chat), call("check", chat, "--warnings-as-errors")

    assert (0, 3) == (plain.exit_code, strict.exit_code)
    assert f"{chat}: 1 warning" == plain.output.splitlines()[-1] == strict.output.splitlines()[-1]


def test_a_price_that_falls_is_shown(call, tmp_path):
    """A volume price under which more costs less is a warning, with both sums."""
    tiers = "[{up_to: 10, unit_amount: 2}, {unit_amount: 1}]"
    charge = f"{{charge_model: tiered, mode: volume, quantity: calls, tiers: {tiers}}}"
    head = "policyengine: 1\nbundle: falls\nversion: 1.0.0\ncurrency: USD\ntimezone: UTC\n"
    text = f"{head}inputs:\n  calls: {{type: int call, min: 0}}\ncharges:\n  usage: {charge}\n"
    (tmp_path / "bundle.yaml").write_text(text, encoding="utf-8")

    result = call("check", tmp_path)

    assert 0 == result.exit_code
    assert "B095: warning: more costs less: a quantity of 10 costs 20, and 11 costs 11" in result.output
    assert 3 == call("check", tmp_path, "--warnings-as-errors").exit_code
