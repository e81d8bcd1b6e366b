"""`publish`, `activate`, `rollback` and `history`: a release from the command line."""

from __future__ import annotations

import json

import pytest

import policyengine as pe


@pytest.fixture
def release(call, chat, tmp_path):
    """Call a command with a registry of this test's own."""
    address = f"sqlite:{tmp_path / 'registry.db'}"

    def run(name, *arguments):
        return call(name, *arguments, "--registry", address, "--actor", "ada")

    run.address = address
    return run


def raised(chat, version):
    """The bundle with another version's label."""
    manifest = chat / "bundle.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("version: 0.1.0", f"version: {version}"), encoding="utf-8")


def test_a_release_from_beginning_to_end(call, release, chat):
    """Published, active, active for one tenant, taken back; every step is in the history."""
    first = json.loads(release("publish", chat, "--format", "json").output)
    raised(chat, "0.2.0")
    second = json.loads(release("publish", chat, "--format", "json").output)

    assert "answers for everyone" in release("activate", first["digest"]).output
    assert "answers for tenant acme" in release("activate", "support-chat@0.2.0", "--tenant", "acme").output
    with pe.connect(release.address, "support-chat") as live:
        assert {"0.1.0", "0.2.0"} == {live.policy_for(tenant)[0].version.version for tenant in ("acme", "globex")}
    assert "tenant acme follows everyone" in release("rollback", "support-chat", "--tenant", "acme").output

    listed = call("history", "--registry", release.address).output.splitlines()
    assert ["published", "published", "activated", "activated", "rolled back"] == [
        next(word for word in ("published", "activated", "rolled back") if word in line) for line in listed
    ]
    verified = call("history", "--registry", release.address, "verify")
    assert (0, True) == (verified.exit_code, "5 events are whole" in verified.output)
    exported = call("history", "--registry", release.address, "export").output.splitlines()
    assert [1, 2, 3, 4, 5] == [json.loads(line)["number"] for line in exported]
    assert second["digest"] != first["digest"]


def test_a_shadow_and_a_canary_are_in_the_history(call, release, chat, tmp_path):
    """With what they are to be judged by, exactly."""
    release("publish", chat)
    release("activate", "support-chat@0.1.0")
    raised(chat, "0.2.0")
    release("publish", chat)
    limits = {"max_money": ["100.00 USD"], "after": 50}
    (tmp_path / "limits.json").write_text(json.dumps(limits), encoding="utf-8")

    shadowed = release("shadow", "support-chat@0.2.0", "--tenant", "acme", "--sample", "2.50%").output
    stopped = release("shadow", "support-chat", "--stop", "--reason", "seen").output
    by_options = ("--max-differing", "2%", "--max-money", "100 USD", "--max-money", "9 EUR", "--max-errors", "0.10%")
    active = release("activate", "support-chat@0.2.0", "--percent", "5", *by_options).output
    release("activate", "support-chat@0.2.0", "--tenant", "acme", "--guardrails", tmp_path / "limits.json")
    listed = call("history", "--registry", release.address).output.splitlines()
    exported = call("history", "--registry", release.address, "export").output.splitlines()
    both = ("--guardrails", tmp_path / "limits.json", "--after", "9")
    twice = release("activate", "support-chat@0.2.0", "--percent", "5", *both)

    assert "shadows 2.5 % of the decisions for tenant acme (event 4)" in shadowed
    assert "no longer shadowed (event 5)" in stopped
    assert "with guardrails (event 6)" in active
    assert "for tenant acme, 2.5 % of the decisions" in listed[3]
    assert "no longer shadowed: seen" in listed[4]
    assert "with guardrails" in listed[5]
    assert json.loads(exported[5])["data"]["guardrails"] == {
        "after": 200, "max_differing": "2%", "max_errors": "0.1%", "max_money": ["100.00 USD", "9.00 EUR"],
    }  # fmt: skip
    assert json.loads(exported[6])["data"]["guardrails"] == limits
    assert (1, True) == (twice.exit_code, "in a file or as options" in twice.output)


def test_the_same_is_published_once(release, chat):
    """Equal content is one version and one event."""
    release("publish", chat)

    again = release("publish", chat)

    assert (0, True) == (again.exit_code, "is published already" in again.output)


def test_a_bundle_whose_tests_fail_is_not_published(release, chat, tmp_path):
    """The exit code is that of `test`, and the registry is not even made."""
    tests = chat / "tests.yaml"
    tests.write_text(tests.read_text(encoding="utf-8").replace("amount: 22.50}", "amount: 23}"), encoding="utf-8")

    result = release("publish", chat)

    assert 4 == result.exit_code
    assert "not published, 1 of" in result.output
    assert not (tmp_path / "registry.db").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("activate", "x@1"), "no version `x@1`"),
        (("activate", "support-chat@0.1.0", "--tenant", "a", "--percent", "5"), "give one of"),
        (("activate", "support-chat@0.1.0", "--percent", "500"), "is no percentage"),
        (("activate", "support-chat@0.1.0", "--from", "2020-01-01"), "write it as"),
        (("activate", "support-chat@0.1.0", "--from", "2020-01-01T00:00:00Z"), "say why"),
        (("activate", "support-chat@0.1.0", "--max-errors", "1%"), "give a tenant, a cohort or a share"),
        (("activate", "support-chat@0.1.0", "--tenant", "a", "--max-errors", "few"), "write it as 2% or 0.1%"),
        (("activate", "support-chat@0.1.0", "--tenant", "a", "--after", "9"), "there is no limit"),
        (("shadow", "support-chat@0.1.0", "--sample", "110%"), "write it as 10% or 0.5%"),
        (("shadow", "support-chat", "--stop"), "nothing to stop"),
        (("shadow", "support-chat"), "no version `support-chat`"),
        (("rollback", "support-chat"), "nothing to take back"),
        (("rollback", "other"), "nothing of `other` is active"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(release, chat, arguments, message):
    """And changes nothing."""
    release("publish", chat)

    result = release(*arguments)

    assert (1, True) == (result.exit_code, message in result.output)


def test_who_does_it_is_the_user_of_the_system(call, release, chat, monkeypatch):
    """Unless an option or the environment says otherwise; who has no name must say one."""
    where = ("--registry", release.address)
    monkeypatch.setenv("LOGNAME", "zoe")
    call("publish", chat, *where)
    monkeypatch.setenv("POLICYENGINE_ACTOR", "yan")
    call("activate", "support-chat@0.1.0", *where)
    monkeypatch.delenv("POLICYENGINE_ACTOR")
    monkeypatch.setattr("getpass.getuser", nobody)
    nameless = call("activate", "support-chat@0.1.0", *where)

    assert (1, True) == (nameless.exit_code, "say who you are with --actor" in nameless.output)
    listed = call("history", *where).output.splitlines()
    assert ["zoe", "yan"] == [line.split()[2] for line in listed]


def nobody():
    raise KeyError("getpwuid(): uid not found: 10001")


def test_a_version_is_signed(call, release, chat, tmp_path):
    """By a key that `keys new` has made and never overwrites; only the owner may read it."""
    pytest.importorskip("cryptography", reason="cryptography is not installed: nothing can be signed")
    key = tmp_path / "release.key"
    assert 0 == call("keys", "new", key).exit_code
    again = call("keys", "new", key)
    assert (1, True) == (again.exit_code, "never overwritten" in again.output)
    assert 0o600 == key.stat().st_mode & 0o777

    assert "signed" not in release("publish", chat).output
    assert "is published already, signed" in release("publish", chat, "--key", key).output
    release("activate", "support-chat@0.1.0")
    with pe.connect(release.address, "support-chat", trusted=[tmp_path / "release.key.pub"]) as live:
        assert "0.1.0" == live.policy_for()[0].version.version
    wrong = release("publish", chat, "--key", tmp_path / "release.key.pub")
    assert (1, True) == (wrong.exit_code, "is no private key" in wrong.output)


def test_a_cohort_is_named_and_gets_a_version(call, release, chat):
    """What is said last of a cohort counts; a bundle that nobody has published has none."""
    release("publish", chat)
    release("cohort", "support-chat", "beta", "acme", "globex")
    assert "cohort beta has 1 tenant (event 3)" in release("cohort", "support-chat", "beta", "globex").output
    assert "for cohort beta" in release("activate", "support-chat@0.1.0", "--cohort", "beta").output

    with pe.connect(release.address, "support-chat") as live:
        assert "0.1.0" == live.policy_for("globex")[0].version.version
        with pytest.raises(pe.UnknownVersion):
            live.policy_for("acme")
    for arguments, message in (
        (("chat", "beta", "acme"), "no version of `chat`"),
        (("support-chat", "beta", ""), "no name"),
    ):
        wrong = release("cohort", *arguments)
        assert (1, True) == (wrong.exit_code, message in wrong.output)


def test_an_artifact_is_published(call, release, chat, tmp_path):
    """What `compile` has written is checked and tested like its bundle; one that was changed is refused."""
    file = tmp_path / "chat.policy"
    digest = json.loads(call("compile", chat, "--output", file, "--format", "json").output)["digest"]

    assert digest in release("publish", file).output
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert 1 == release("publish", file).exit_code


def test_what_services_do_not_offer_is_refused(release, chat, tmp_path):
    """At the activation, with the facts that are missing."""
    release("publish", chat)
    offers = tmp_path / "offers.json"

    for text, message in (
        ('{"monthly_bill": ["plan"]}', "which the host does not offer"),
        ('{"refund": []}', "does not decide `refund`"),
        ('["plan"]', "does not say for each decision"),
        ("{", "is not JSON"),
    ):
        offers.write_text(text)
        result = release("activate", "support-chat@0.1.0", "--offers", offers)
        assert (1, True) == (result.exit_code, message in result.output), result.output


def test_what_was_decided_on_something_else_is_refused(release, chat):
    """`--base` is the last event that was seen."""
    release("publish", chat)
    assert 0 == release("activate", "support-chat@0.1.0", "--base", "1").exit_code

    for late in (("activate", "support-chat@0.1.0"), ("rollback", "support-chat")):
        result = release(*late, "--base", "1")
        assert (1, True) == (result.exit_code, "event 2 is the last by now" in result.output)


def test_a_head_that_was_kept_must_be_there(call, release, chat):
    """`verify` prints it, and asks for it later."""
    release("publish", chat)
    where = ("history", "--registry", release.address, "verify")
    head = call(*where).output.split()[-1]
    release("activate", "support-chat@0.1.0")

    assert 0 == call(*where, "--head", head).exit_code
    other = call(*where, "--head", head[:-1] + ("0" if head[-1] != "0" else "1"))
    assert (3, True) == (other.exit_code, "event 1:" in other.output)
    assert 1 == call(*where, "--head", "x").exit_code


def test_a_registry_that_cannot_be_reached_is_no_fault_of_ours(call, chat):
    """The exit code is that of a wrong call, and the message says what the server says."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    result = call("publish", chat, "--registry", "postgresql://ada:sesame@127.0.0.1:1/x", "--actor", "ada")

    assert (1, True) == (result.exit_code, "refused" in result.output)
    assert "sesame" not in result.output


def test_a_registry_that_is_not_there_is_told(call, tmp_path):
    """Asking makes none."""
    address = f"sqlite:{tmp_path / 'none.db'}"

    for name in (("history",), ("activate", "x@1"), ("rollback", "x")):
        result = call(*name, "--registry", address)
        assert (1, True) == (result.exit_code, "there is no registry" in result.output)
    assert not (tmp_path / "none.db").exists()


def test_a_history_that_was_edited_is_found(call, release, chat, tmp_path):
    """`verify` names the event."""
    import sqlite3

    release("publish", chat)
    release("activate", "support-chat@0.1.0")
    with sqlite3.connect(tmp_path / "registry.db") as db:
        (body,) = db.execute("SELECT body FROM event WHERE number = 1").fetchone()
        db.execute("UPDATE event SET body = ? WHERE number = 1", (body.replace(b"ada", b"eve"),))

    result = call("history", "--registry", release.address, "verify")

    assert (3, True) == (result.exit_code, "event 1:" in result.output)
