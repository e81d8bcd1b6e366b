"""`plan`, `approve` and `activate --plan`: a change that somebody agrees to before it is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

RULES = """
roles: {owner: [olga], pricing: [pia, bob, ada]}
approvals: {pricing: 1}
impact:
  - {over: 10.50, currency: USD, approvals: {owner: 1}}
"""


@pytest.fixture
def registry(tmp_path):
    return f"sqlite:{tmp_path / 'registry.db'}"


@pytest.fixture
def act(call, registry):
    """Call a command as somebody."""

    def run(actor, name, *arguments):
        return call(name, *arguments, "--registry", registry, "--actor", actor)

    return run


@pytest.fixture
def released(act, chat, tmp_path):
    """Two versions of a bundle, of which the first answers, and usage of two tenants."""
    manifest = chat / "bundle.yaml"
    assert 0 == act("ada", "publish", chat).exit_code
    assert 0 == act("ada", "activate", "support-chat@0.1.0").exit_code
    text = manifest.read_text(encoding="utf-8").replace("version: 0.1.0", "version: 0.2.0")
    manifest.write_text(text, encoding="utf-8")
    assert 0 == act("ada", "publish", chat).exit_code
    return chat


@pytest.fixture
def plan(tmp_path):
    return tmp_path / "plan.json"


def test_a_plan_is_approved_and_activated(call, act, registry, released, plan, tmp_path):
    """From the command line, by three people; every step is in the history."""
    (tmp_path / "rules.yaml").write_text(RULES)
    assert "the rules hold" in act("olga", "approve", "rules", "support-chat", tmp_path / "rules.yaml").output
    assert "has rules" in act("ada", "activate", "support-chat@0.2.0").output

    made = act("bob", "plan", "support-chat@0.2.0", "--out", plan)
    assert made.exit_code == 0, made.output
    status = act("bob", "approve", plan, "--status")
    assert (3, True) == (status.exit_code, "1 approval of `pricing` (pia)" in status.output)
    assert "has made this plan" in act("bob", "approve", plan, "--role", "pricing").output
    assert (
        "pricing: pia\nmissing: 1 approval of `owner` (olga)" in act("pia", "approve", plan, "--role", "pricing").output
    )
    assert "withdrawn" in act("pia", "approve", plan, "--withdraw").output
    act("pia", "approve", plan, "--role", "pricing")
    assert "nothing is missing" in act("olga", "approve", plan, "--role", "owner").output
    told = act("bob", "approve", plan, "--status")
    assert 0 == told.exit_code
    assert told.output.startswith("support-chat@0.2.0 for everyone: no differences; no usage was given\n")

    assert "0.2.0 answers for everyone" in act("bob", "activate", "--plan", plan).output
    listed = call("history", "--registry", registry).output
    for said in ("put rules", "planned", "approved plan", "withdrew", "as owner", "by plan"):
        assert said in listed
    assert 0 == call("history", "--registry", registry, "verify").exit_code


def test_rules_are_shown_as_proposed(act, released, tmp_path):
    """Until an owner says the same."""
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"roles": {"owner": ["olga"]}, "approvals": {}}))
    act("olga", "approve", "rules", "support-chat", rules)
    rules.write_text(json.dumps({"roles": {"owner": ["olga", "otto"]}, "approvals": {}}))

    assert "proposed" in act("pia", "approve", "rules", "support-chat", rules).output
    assert "the rules hold" in act("olga", "approve", "rules", "support-chat", rules).output


def test_without_out_nothing_is_written(call, act, registry, released):
    """A look costs nothing."""
    before = call("history", "--registry", registry).output

    act("bob", "plan", "support-chat@0.2.0")

    assert before == call("history", "--registry", registry).output


@pytest.mark.parametrize("how", ["pretty", "markdown", "html", "json"])
def test_a_plan_is_written_for_every_reader(act, how, tmp_path):
    """What differs for whom, and the summary; the exit code is 2. What an author or a tenant wrote stays text."""
    bundle = tmp_path / "calls.yaml"
    for year, version in ((2026, "1.4.0"), (2027, "2.0.0")):
        text = (EXAMPLES / f"prices-{year}" / "bundle.yaml").read_text(encoding="utf-8")
        bundle.write_text(text.replace("version: 1.4.0", f"version: {version}"), encoding="utf-8")
        assert 0 == act("ada", "publish", bundle).exit_code
    act("ada", "activate", "calls@1.4.0")
    usage = ("--usage", EXAMPLES / "usage.jsonl", "--decision", "monthly_bill", "--tenant-field", "customer.id")

    result = act("bob", "plan", "calls@2.0.0", "--tenant", "bee", *usage, "--processes", "1", "--format", how)

    assert 2 == result.exit_code, result.output
    assert "2 prices up, 1 down, 1 parameter changed; 1 tenant, -6.40 USD on the recorded usage" in result.output
    assert {"json": '"USD": "-6.4"', "html": "<!doctype html>"}.get(how, "1.4.0 answers now: 1 of") in result.output
    assert (how == "html") == result.output.count("<html")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("activate",), "by a version or by a plan"),
        (("activate", "support-chat@0.2.0", "--plan", "{plan}"), "by a version or by a plan"),
        (("activate", "--plan", "{plan}", "--tenant", "x"), "the plan is for everyone, no more, and not for tenant x"),
        (("activate", "--plan", "{plan}", "--after", "9", "--max-errors", "1%"), "are for some tenants"),
        (("plan", "support-chat@0.2.0", "--max-errors", "1%"), "are for some tenants"),
        (("plan", "support-chat@0.2.0", "--percent", "5", "--everyone", "--from", "2099-01-01T00:00:00Z"), "several"),
        (("rollback", "support-chat", "--percent", "5", "--everyone"), "give one of"),
        (("approve", "{plan}"), "give one of --role"),
        (("approve", "{plan}", "--status", "--withdraw"), "give one of --role"),
        (("approve", "{plan}", "more"), "give a plan"),
        (("approve", "rules", "support-chat"), "give a plan"),
        (("approve", "rules", "support-chat", "{plan}", "--status"), "rules take no option"),
        (("approve", "{plan}", "--role", "pricing"), "has no rules"),
        (("approve", "{other}", "--status"), "is no plan"),
        (("approve", "nowhere.json", "--status"), "No such file"),
        (("plan", "support-chat@9"), "no version"),
        (("plan", "support-chat@0.2.0", "--from", "2020-01-01T00:00:00Z"), "say why"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(act, released, plan, tmp_path, arguments, message):
    """And changes nothing."""
    act("bob", "plan", "support-chat@0.2.0", "--out", plan)
    other = tmp_path / "other.json"
    other.write_text("{}")

    result = act("bob", *(text.format(plan=plan, other=other) for text in arguments))

    assert (1, True) == (result.exit_code, message in result.output), result.output


def test_an_edited_plan_is_refused(act, released, plan):
    """Whether its layout was changed, or what it says."""
    act("bob", "plan", "support-chat@0.2.0", "--tenant", "acme", "--out", plan)
    saved = plan.read_text()

    plan.write_text(json.dumps(json.loads(saved), indent=2))
    assert "has been edited" in act("bob", "activate", "--plan", plan).output
    plan.write_text(saved.replace('"acme"', '"globex"'))
    result = act("bob", "activate", "--plan", plan)
    assert (1, True) == (result.exit_code, "is edited is another one" in result.output)
