"""`policyengine init`: a bundle that works from its first minute."""

from __future__ import annotations

import os
import stat

import pytest

from policyengine.cli import init


@pytest.mark.smoke
def test_what_it_writes_is_valid_and_tested(call, tmp_path):
    """Checked without a warning, all tests passed, everything covered, and the command it names decides."""
    folder = tmp_path / "My Chat 2"
    result = call("init", folder)
    example = folder / "example.json"

    assert 0 == result.exit_code
    assert 0 == call("check", folder, "--warnings-as-errors").exit_code
    assert 0 == call("test", folder, "--fail-on-empty", "--min", "100").exit_code
    assert 0 == call("decide", folder, "monthly_bill", "-i", example, "--at", "2026-06-01").exit_code
    assert f"decide '{folder}' monthly_bill --input '{example}'" in result.output


def test_the_bundle_is_named_for_its_folder(call, tmp_path):
    """Unless a name is given; a folder's name may be no name of a bundle."""
    call("init", tmp_path / "My Chat 2")
    call("init", tmp_path / "2026")
    call("init", tmp_path / "other", "--name", "seats")

    assert "\nbundle: my-chat-2\n" in (tmp_path / "My Chat 2" / "bundle.yaml").read_text()
    assert "\nbundle: my-policy\n" in (tmp_path / "2026" / "bundle.yaml").read_text()
    assert "\nbundle: seats\n" in (tmp_path / "other" / "bundle.yaml").read_text()


def test_editors_find_the_schema(call, tmp_path):
    """The first line of each YAML file points at a copy of the schema beside it."""
    call("init", tmp_path / "chat")
    for file in (tmp_path / "chat").glob("*.yaml"):
        first = file.read_text().splitlines()[0]

        assert first.startswith("# yaml-language-server: $schema=")
        assert (file.parent / first.partition("$schema=")[2]).is_file()


def test_nothing_is_overwritten(call, chat):
    """A folder with anything in it, and a file, are left alone."""
    before = {file: file.read_bytes() for file in chat.rglob("*") if file.is_file()}
    on_a_folder, on_a_file = call("init", chat), call("init", chat / "bundle.yaml")

    assert (1, 1) == (on_a_folder.exit_code, on_a_file.exit_code)
    assert before == {file: file.read_bytes() for file in chat.rglob("*") if file.is_file()}


def test_an_empty_folder_is_filled(call, tmp_path, monkeypatch):
    """`policyengine init .` in a new folder, which stays the same folder."""
    folder = tmp_path / "chat"
    folder.mkdir()
    before = os.stat(folder).st_ino
    monkeypatch.chdir(folder)

    assert 0 == call("init", ".").exit_code
    assert before == os.stat(folder).st_ino
    assert 0 == call("check", ".").exit_code
    assert "\nbundle: chat\n" in (folder / "bundle.yaml").read_text()


def test_nothing_is_left_half_written(call, tmp_path, monkeypatch):
    """When a file cannot be written, there is no folder at all."""
    monkeypatch.setattr(init, "SCHEMAS", ("no.such.schema",))

    assert 1 == call("init", tmp_path / "chat").exit_code
    assert [] == list(tmp_path.iterdir())


def test_the_folder_is_as_open_as_any_other(call, tmp_path):
    """Not closed to others, as temporary folders are."""
    (tmp_path / "usual").mkdir()
    call("init", tmp_path / "chat")
    usual, chat = (stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in ("usual", "chat"))

    assert usual == chat


@pytest.mark.parametrize("name", ["Chat", "-chat", "my chat", ""])
def test_a_name_that_no_bundle_may_have(name, call, tmp_path):
    """Refused before anything is written."""
    assert 1 == call("init", tmp_path / "chat", "--name", name).exit_code
    assert not (tmp_path / "chat").exists()
