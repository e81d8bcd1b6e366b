"""A process that is killed while it writes leaves the registry as before or as after.

The slow test kills 200 on each kind of registry: `python -m pytest -m slow tests/registry/test_killed.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from registry import killed

from policyengine.clock import now
from policyengine.registry.registry import Registry
from policyengine.storage.open_store import open_store

TESTS = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork: nothing can be killed")


def killing(address: str, *arguments: str) -> dict[str, Any]:
    """What a program of `killed.py` says."""
    path = os.pathsep.join([str(TESTS), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, killed.__file__, address, *arguments],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_a_killed_write_is_done_or_not(address: str) -> None:
    """Killed after a random while; twelve writes of three kinds."""
    said = killing(address, "12", "11")

    assert [] == said["wrong"]
    assert 12 == sum(said["found"].values())


@pytest.mark.slow
def test_two_hundred_killed_writes_are_done_or_not(address: str) -> None:
    """And each kind of write was met before it was done as well as after."""
    said = killing(address, "200", "7")

    assert [] == said["wrong"]
    assert 200 == sum(said["found"].values())
    assert {f"{kind} {done}" for kind in killed.KINDS for done in ("before", "after")} == set(said["found"])


@pytest.mark.parametrize("kind", killed.KINDS)
def test_a_folder_is_whole_after_every_step_of_a_write(kind: str, tmp_path: Path) -> None:
    """Killed before each call of the operating system that puts something on the disk, in turn, until none is left."""
    said = killing(f"folder:{tmp_path / 'registry'}", "steps", kind)

    assert [] == said["wrong"]
    assert said["outcomes"] == sorted(said["outcomes"], reverse=True), "first before, then after"
    assert {"before", "after"} == set(said["outcomes"])
    with Registry(open_store(tmp_path / "registry"), now) as registry:
        assert registry.verify() == said["events"]


def test_the_killer_notices_a_write_that_is_not_whole() -> None:
    """An event without its artifact is neither before nor after."""
    assert "between" == killed.outcome("publish", (3, ("a",), "a"), (4, ("a",), "a"))
    assert "between" == killed.outcome("rollback", (3, ("a",), "a"), (5, ("a",), "b"))
