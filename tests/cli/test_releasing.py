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
        (("rollback", "support-chat"), "nothing to take back"),
        (("rollback", "other"), "nothing of `other` is active"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(release, chat, arguments, message):
    """And changes nothing."""
    release("publish", chat)

    result = release(*arguments)

    assert (1, True) == (result.exit_code, message in result.output)


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
