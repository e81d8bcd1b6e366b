"""`policyengine decide` and `explain`: an exact answer with its reasons, from whatever form the facts have."""

from __future__ import annotations

import json

import pytest

from policyengine import data_files

AT = ("--at", "2026-06-01T00:00:00Z")
FACTS = '{"plan": "team", "messages": 3000}'

PRETTY = """\
monthly_bill: allow
  amount  22.5 USD
  lines
    charge  quantity  unit_amount  amount
    fee                                20
    chat        1000       0.0025     2.5
because
  free_messages.team       parameter  BUNDLE:19
  review_above.2026-01-01  parameter  BUNDLE:20
  price.team               row        BUNDLE:29

policy support-chat 0.1.0 (DIGEST), at 2026-06-01T00:00:00Z
"""


@pytest.mark.smoke
def test_a_person_sees_answer_reasons_and_version(call, chat):
    """The amount with its currency, its lines, what decided and where that is written, and who answered."""
    result = call("decide", chat, "monthly_bill", "--input", FACTS, *AT)
    digest = result.output.rpartition("(")[2][:12]

    assert 0 == result.exit_code
    assert PRETTY.replace("BUNDLE", f"{chat}/bundle.yaml").replace("DIGEST", digest) == result.output


def test_json_is_the_record(call, chat):
    """What is printed can be stored and replayed."""
    import policyengine as pe

    result = call("decide", chat, "monthly_bill", "-i", FACTS, *AT, "--event", "e-1", "--format", "json")
    record = json.loads(result.stdout)

    assert ("22.5", "e-1") == (record["outputs"]["amount"], record["event"])
    assert pe.replay(record, pe.load(chat)).same


def test_what_an_answer_stores_is_the_next_input(call, tmp_path):
    """Grants and counters go from one answer's JSON into the next question's, unchanged."""
    folder = data_files.folder("policies") / "credits"
    asked = json.loads((folder / "examples" / "call.json").read_text(encoding="utf-8"))
    balances = []
    for _ in range(3):
        (tmp_path / "next.json").write_text(json.dumps(asked), encoding="utf-8")
        source = str(tmp_path / "next.json")
        result = call("decide", str(folder), "record", "-i", source, "--at", "2026-03-05", "--format", "json")
        answer = json.loads(result.stdout)["outputs"]
        asked["wallet"] |= {"grants": answer["grants"], "counters": answer["counters"]}
        balances.append([grant["balance"] for grant in answer["grants"]])

    assert [["0", "90"], ["0", "70"], ["0", "50"]] == balances


@pytest.mark.parametrize("text", ["3_000", "3000.0", "03000", "3e3", " 3000", "many"])
def test_a_text_that_no_record_holds_is_no_number(text, call, chat):
    """Only the form in which records have a number stands for it."""
    result = call("decide", chat, "monthly_bill", "-i", json.dumps({"plan": "team", "messages": text}), *AT)

    assert 1 == result.exit_code
    assert "messages: is a text; a whole number (int message) is wanted" in result.output


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("facts.json", FACTS),
        ("facts.json", "\ufeff" + FACTS),
        ("facts.yaml", "plan: team\nmessages: 3_000\n"),
        ("facts.yml", "{plan: team, messages: 3000}\n"),
    ],
)
def test_facts_come_from_files(name, text, call, chat, tmp_path):
    """JSON and YAML by the file's name, with or without a byte order mark."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    result = call("decide", chat, "monthly_bill", "-i", tmp_path / name, *AT)

    assert "amount  22.5 USD" in result.output


@pytest.mark.parametrize("text", [FACTS, "plan: team\nmessages: 3_000\n"])
def test_facts_come_from_a_pipe(text, call, chat):
    """`-` is standard input, in either language."""
    assert "amount  22.5 USD" in call("decide", chat, "monthly_bill", "-i", "-", *AT, input=text).output


def test_a_date_begins_in_the_zone_of_the_bundle(call, chat):
    """As in a bundle's tests, a date stands for its midnight."""
    result = call("decide", chat, "monthly_bill", "-i", FACTS, "--at", "2026-06-01")

    assert result.output.endswith("at 2026-06-01T00:00:00Z\n")


def test_a_review_names_who_must_approve(call, chat):
    """The guard that spoke is in the headline and among the reasons, with what it says; the amount is there."""
    result = call("decide", chat, "monthly_bill", "-i", '{"plan": "team", "messages": 202000}', *AT)

    assert result.output.startswith("monthly_bill: review (approval), to be approved by finance\n  amount  520 USD\n")
    assert "a large bill needs a person\n" in result.output


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            '{"plan": "teem", "messages": 1}',
            "error: plan: is `teem`; one of `free`, `team` is wanted\n  hint: did you mean",
        ),
        ('{"plan": "team"}', "error: messages: is required"),
        ('{"plan": "team", "messages": -1}', "error: messages: "),
        ('{"plan": "team", "messages": 1.5}', "error: messages: "),
        ('{"plan": "team", "messages": "1.0"}', "error: messages: "),
        ('{"plan": "team", "messages": 1, "x": 1}', "error: x: "),
        ('{"plan": "team", "messages": NaN}', "error: the input is not an input: `NaN` is not a number"),
        ('{"plan": "team", "messages": 1e999999999}', "error: messages: "),
        (f'{{"plan": "team", "messages": {"1" * 5000}}}', "error: "),
        (
            '{"plan": "team", "plan": "free", "messages": 1}',
            "error: the input is not an input: the key `plan` stands twice",
        ),
        ('{"plan": ', "error: the input is not JSON: "),
        ("[" * 100_000, "error: there is no file"),
        ('{"a":' * 100_000, "error: the input is nested too deep"),
        ("nowhere.json", "error: --input: there is no file `nowhere.json`\n  hint: "),
    ],
)
def test_wrong_facts_are_refused(facts, message, call, chat):
    """Exit code 1 and one line that names the field; never a traceback, never an amount of zero."""
    result = call("decide", chat, "monthly_bill", "-i", facts, *AT)

    assert (1, "") == (result.exit_code, result.stdout)
    assert message.split(": there is")[0] in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_decision_is_a_wrong_call(call, chat):
    """It is told what can be decided."""
    result = call("decide", chat, "nothing", "-i", FACTS, *AT)

    assert 1 == result.exit_code
    assert "it decides: monthly_bill" in result.stderr


def test_a_broken_bundle_decides_nothing(call, broken):
    """The exit code is that of a failed check, and the diagnostics are shown."""
    result = call("decide", broken, "monthly_bill", "-i", FACTS, *AT)

    assert (3, "") == (result.exit_code, result.stdout)
    assert "unknown name `mesages`" in result.stderr


# --- many inputs

LINES = """\
{"plan": "team", "messages": 3000}

{"input": {"plan": "free", "messages": 300}, "event": "e-2", "at": "2027-01-01"}
{"plan": "team"}
{"plan"
"""


def test_each_line_is_answered_in_order(call, chat, tmp_path):
    """A line that cannot be decided says why; the others are decided all the same, and the exit code is 1."""
    (tmp_path / "facts.jsonl").write_text(LINES)
    result = call("decide", chat, "monthly_bill", "-i", tmp_path / "facts.jsonl", *AT, "--format", "json")
    first, second, third, fourth = map(json.loads, result.stdout.splitlines())

    assert 1 == result.exit_code
    assert (1, "22.5") == (first["line"], first["outputs"]["amount"])
    assert (3, "e-2", "2027-01-01T00:00:00Z") == (second["line"], second["event"], second["at"])
    assert {"line": 4, "error": {"type": "InvalidInput", "field": "messages", "message": "is required"}} == third
    assert (5, "InvalidInput") == (fourth["line"], fourth["error"]["type"])
    assert "2 decided, 2 failed\n" == result.stderr


def test_lines_may_come_from_a_pipe(call, chat):
    """With `--lines`; a person sees one line for each."""
    text = '{"plan": "team", "messages": 3000}\n{"plan": "free", "messages": 100}\n'
    result = call("decide", chat, "monthly_bill", "-i", "-", "--lines", *AT, input=text)

    assert 0 == result.exit_code
    assert "1: allow  amount 22.5\n2: allow  amount 0\n" == result.stdout


def test_one_event_is_not_many(call, chat, tmp_path):
    """The same event for every line would make all but the first a repetition."""
    (tmp_path / "facts.jsonl").write_text(LINES)
    result = call("decide", chat, "monthly_bill", "-i", tmp_path / "facts.jsonl", *AT, "--event", "e-1")

    assert 1 == result.exit_code
    assert "each line is an event of its own" in result.stderr


# --- explain


def test_explain_shows_how_every_value_came_about(call, chat):
    """The answer, the reasons, and the values of all nodes that were needed."""
    result = call("explain", chat, "monthly_bill", "--input", FACTS, *AT)

    assert 0 == result.exit_code
    assert "  amount = 22.5 USD\n" in result.output
    assert "\nvalues\n" in result.output
    assert "  chat.quantity " in result.output


@pytest.mark.parametrize("how", ["svg", "html"])
def test_explain_draws_the_decision(call, chat, how):
    """The whole bundle, the values of this decision in their boxes, and no script."""
    result = call("explain", chat, "monthly_bill", "--input", FACTS, *AT, "--graph", how)

    assert 0 == result.exit_code
    assert result.output.startswith("<svg" if how == "svg" else "<!doctype html>")
    assert 'class="shown"' in result.output
    assert "monthly_bill" in result.output
    assert "<script" not in result.output
