"""The command line as a whole: help, exit codes, and what becomes of faults."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

import policyengine
from policyengine import data_files
from policyengine.cli import COMMANDS, cli, init
from policyengine.errors import InvalidArtifact, InvalidInput, PolicyEngineError, UnknownVersion

START = "import sys; from policyengine.cli import main; main()"


@pytest.mark.smoke
def test_help_lists_every_command(call):
    """A newcomer sees what there is, and what each exit code means."""
    result = call("--help")

    assert 0 == result.exit_code
    assert [] == [name for name in COMMANDS if f"\n  {name} " not in result.output]
    assert "70 a fault of ours" in result.output


@pytest.mark.smoke
@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_each_command_says_itself(name, call):
    """The lines of `--help` are kept apart from the commands, so that they need not be loaded; they agree."""
    command = importlib.import_module(f"policyengine.cli.{name}").command

    assert COMMANDS[name] == (command.help or "").split("\n")[0]
    assert 0 == call(name, "--help").exit_code


@pytest.mark.smoke
def test_the_version_is_the_packages(call):
    """`--version` names the distribution's version."""
    assert f"policyengine, version {policyengine.__version__}\n" == call("--version").output


def test_help_loads_no_authoring_tool():
    """`policyengine --help` pays for click only: neither YAML, schemas nor graphs are loaded, nor any command."""
    code = (
        "import sys\nfrom policyengine.cli import cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'yaml', 'jsonschema', 'pydantic', 'networkx', 'policyengine.compiler', 'importlib.metadata'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_help_is_there_at_once():
    """The best of a few calls takes less than 150 ms more than starting Python."""
    assert quickest(f"import sys; sys.argv = ['policyengine', '--help']; {START}") < quickest("pass") + 0.15


def quickest(code: str) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(8):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    return min(times)


# --- exit codes


def test_a_misspelt_command_is_a_wrong_call(call):
    """Exit code 1, not click's 2, which here means that differences were found; and the closest name."""
    result = call("chekc", ".")

    assert 1 == result.exit_code
    assert "no such command `chekc`; did you mean `check`?" in result.stderr


@pytest.mark.parametrize("arguments", [["check"], ["check", "nowhere"], ["check", ".", "--colour"], ["--unknown"]])
def test_wrong_arguments_are_a_wrong_call(arguments, call):
    """Whatever click refuses exits with 1 and shows how to ask."""
    result = call(*arguments)

    assert 1 == result.exit_code
    assert "--help" in result.stderr


def failing(fault: BaseException) -> click.Command:
    """A command that meets a fault."""

    @click.command()
    def command() -> None:
        raise fault

    return command


@pytest.mark.parametrize(
    ("fault", "exit_code"),
    [
        (InvalidInput("is required", "usage.model"), 1),
        (UnknownVersion("no version answers"), 1),
        (InvalidArtifact("the file is cut off"), 1),
        (PolicyEngineError("the folder `schemas` is missing"), 70),
        (FileNotFoundError(2, "No such file or directory", "there.yaml"), 1),
        (AssertionError("never"), 70),
        (KeyError("x"), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_faults_are_exit_codes(fault, exit_code, call, monkeypatch):
    """Each says whose fault it was in its exit code, in one line, and without a traceback."""
    monkeypatch.setattr(init, "command", failing(fault))
    result = call("init")

    assert exit_code == result.exit_code
    assert "Traceback" not in result.output


def test_our_faults_say_so(call, monkeypatch):
    """A fault of ours names itself and says how to see more."""
    monkeypatch.setattr(init, "command", failing(AssertionError("never")))

    assert call("init").stderr.startswith("error: this is a fault of policyengine: AssertionError: never\n  hint: ")


@pytest.mark.parametrize("environment", [{}, {"POLICYENGINE_DEBUG": "1"}])
def test_debug_shows_the_traceback(environment, call, monkeypatch):
    """`--debug`, or the environment, lets the exception through."""
    monkeypatch.setattr(init, "command", failing(AssertionError("never")))
    arguments = ["init"] if environment else ["--debug", "init"]
    result = call(*arguments, env=environment)

    assert isinstance(result.exception, AssertionError)


def test_a_closed_pipe_ends_quietly(chat):
    """`policyengine graph ... | head -1` is no fault: nothing is written to standard error."""
    command = f"{sys.executable} -c '{START}' graph {chat} --format svg | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("<svg")
    assert "" == done.stderr


# --- colours and the other distribution


def test_no_colour_without_a_terminal(call, broken):
    """What is piped on has no escape sequences, and none with NO_COLOR where there is a terminal."""
    assert "\x1b[" not in call("check", broken).output
    assert "\x1b[" in call("check", broken, color=True).output
    assert "\x1b[" not in call("check", broken, color=True, env={"NO_COLOR": "1"}).output


def test_the_other_distribution_is_told(call, chat, monkeypatch):
    """Whoever has both distributions hears of it: they install into one folder."""
    monkeypatch.setattr("policyengine.cli.foreign_distribution", lambda: "there is another one")
    result = call("check", chat)

    assert "warning: there is another one\n" == result.stderr
    assert 0 == result.exit_code


def test_the_other_distribution_is_found_by_its_metadata(tmp_path, monkeypatch):
    """One look-up of the name `policyengine`, which is never ours."""
    assert data_files.foreign_distribution() is None
    metadata = tmp_path / "policyengine-3.4.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: policyengine\nVersion: 3.4.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert "`policyengine` 3.4.0 is another project" in (data_files.foreign_distribution() or "")


@pytest.mark.smoke
def test_the_group_is_what_the_script_calls():
    """The entry point of the distribution exists under its name."""
    assert callable(importlib.import_module("policyengine.cli").main)
    assert list(COMMANDS) == cli.list_commands(click.Context(cli))
    assert Path(os.fspath(policyengine.__file__)).name == "__init__.py"
