"""What the tests of the command line share: a way to call it, and a bundle to call it with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from policyengine.cli import cli

Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `policyengine ARGUMENTS` without a terminal; `input` is what stands on standard input."""
    monkeypatch.delenv("POLICYENGINE_DEBUG", raising=False)

    def run(*arguments: object, input: str | bytes | None = None, **more: object) -> Result:
        return CliRunner().invoke(cli, [str(each) for each in arguments], input=input, **more)  # type: ignore[arg-type]

    return run


@pytest.fixture
def chat(call: Call, tmp_path: Path) -> Path:
    """The bundle that `init` writes."""
    folder = tmp_path / "support-chat"
    assert 0 == call("init", folder).exit_code
    return folder


@pytest.fixture
def broken(chat: Path) -> Path:
    """The same with a mistake in it."""
    manifest = chat / "bundle.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("quantity: messages", "quantity: mesages"))
    return chat
