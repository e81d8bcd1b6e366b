"""`policyengine compile`: one file that answers as the bundle does."""

from __future__ import annotations

import json

import policyengine as pe


def test_the_artifact_is_written_and_loads(call, chat, tmp_path):
    """It has the name that was asked for, and what is said of it is true."""
    target = tmp_path / "chat.policy"

    result = call("compile", chat, "--output", str(target), "--format", "json")

    said = json.loads(result.output)
    policy = pe.load(target)
    assert 0 == result.exit_code
    assert (str(target), target.stat().st_size) == (said["file"], said["bytes"])
    assert (policy.version.name, policy.version.digest) == (said["bundle"], said["source_digest"])
    assert [target] == list(tmp_path.glob("chat*"))


def test_the_same_bundle_gives_the_same_bytes(call, chat, tmp_path):
    """So that its digest names it."""
    files = [tmp_path / "a.policy", tmp_path / "b.policy"]
    for file in files:
        call("compile", chat, "-o", str(file))

    assert files[0].read_bytes() == files[1].read_bytes()


def test_commands_that_ask_take_an_artifact(call, chat, tmp_path):
    """`decide` of the artifact says what `decide` of the bundle says."""
    target = tmp_path / "chat.policy"
    call("compile", chat, "-o", str(target))
    asked = ("fee", "--input", '{"plan": "team"}', "--format", "json")

    assert call("decide", chat, *asked).output == call("decide", str(target), *asked).output
    assert 0 == call("decide", str(target), *asked).exit_code


def test_a_bundle_that_is_wrong_leaves_no_file(call, tmp_path):
    """The diagnostics are those of `check`."""
    (tmp_path / "bundle.yaml").write_text("policyengine: 1\nbundle: x\n")
    result = call("compile", str(tmp_path), "-o", str(tmp_path / "x.policy"))

    assert 3 == result.exit_code
    assert not (tmp_path / "x.policy").exists()
