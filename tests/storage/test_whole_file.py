"""A file is written as a whole or not at all, whatever happens in between."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import policyengine
from policyengine.storage import whole_file

OLD, NEW = b"old", b"new" * 100_000
STEPS = ("open", "fsync", "chmod", "link", "replace", "unlink")
DYING = """
import itertools, os, signal, sys
from pathlib import Path
from policyengine.storage import whole_file

left = itertools.count(int(sys.argv[3]), -1)

def dying(call):
    def step(*arguments, **named):
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **named)
    return step

for name in sys.argv[4].split(","):
    setattr(os, name, dying(getattr(os, name)))
target, data = Path(sys.argv[1]), b"new" * 100_000
if sys.argv[2] == "write":
    whole_file.write(target, data, lasting=True)
else:
    whole_file.create(target, data)
"""


@pytest.mark.parametrize("kind", ["pipe", "folder", "nowhere"])
def test_only_a_file_is_replaced(kind: str, tmp_path: Path) -> None:
    """A device, a pipe or a folder stays what it is, and a folder that is missing is named."""
    target = tmp_path / "target"
    if kind == "pipe":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    else:
        target = target / "file"
    before = target.exists() and target.stat().st_mode

    with pytest.raises(OSError, match=str(target)):
        whole_file.write(target, NEW)

    assert before == (target.exists() and target.stat().st_mode)
    assert [tmp_path / "target"] * (kind != "nowhere") == list(tmp_path.iterdir())


def killed_at(step: int, how: str, target: Path) -> bool:
    """Let a process write that kills itself before a step; whether it has come so far."""
    path = os.pathsep.join([str(Path(policyengine.__file__).parents[1]), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", DYING, str(target), how, str(step), ",".join(STEPS)],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def outcomes(how: str, target: Path, old: bytes | None) -> list[bytes | None]:
    """What stands in the file after a write that was killed before its first step, its second, and so on."""
    found = []
    for step in range(20):
        target.unlink(missing_ok=True)
        if old is not None:
            target.write_bytes(old)
        is_killed = killed_at(step, how, target)
        found.append(target.read_bytes() if target.exists() else None)
        if not is_killed:
            return found
    raise AssertionError("the steps of a write have an end")


@pytest.mark.parametrize("old", [OLD, None])
def test_a_killed_write_leaves_the_old_file_or_the_new_one(old: bytes | None, tmp_path: Path) -> None:
    found = outcomes("write", tmp_path / "file", old)

    assert {old, NEW} == set(found)
    assert found == sorted(found, key=lambda data: data == NEW), "first the old one, then the new one"


def test_a_killed_creation_leaves_no_file_or_a_whole_one(tmp_path: Path) -> None:
    found = outcomes("create", tmp_path / "file", None)

    assert {None, NEW} == set(found)
    assert found == sorted(found, key=lambda data: data == NEW)


@pytest.mark.parametrize("call", ["fsync", "chmod", "replace"])
def test_a_full_disk_leaves_the_old_file(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    target.write_bytes(OLD)
    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        whole_file.write(target, NEW)

    assert OLD == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


def full(*arguments: object, **named: object) -> object:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_no_part_of_what_was_written(tmp_path: Path) -> None:
    """The file system itself refuses, in the middle of the data."""
    resource = pytest.importorskip("resource")
    target = tmp_path / "file"
    target.write_bytes(OLD)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
        with pytest.raises(OSError, match="too large"):
            whole_file.write(target, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)

    assert OLD == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


def test_a_name_that_is_taken_is_told(tmp_path: Path) -> None:
    target = tmp_path / "file"
    whole_file.create(target, OLD)
    with pytest.raises(FileExistsError):
        whole_file.create(target, NEW)

    assert OLD == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


def test_files_of_a_store_are_private_and_those_of_a_command_are_not(tmp_path: Path) -> None:
    whole_file.write(tmp_path / "a", NEW)
    whole_file.write(tmp_path / "b", NEW, mode=whole_file.PRIVATE)
    whole_file.create(tmp_path / "c", NEW)

    assert [0o644, 0o600, 0o600] == [(tmp_path / name).stat().st_mode & 0o777 for name in "abc"]
