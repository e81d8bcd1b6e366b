"""The command line: one file a command, loaded when that command is asked for.

Exit codes are stable: 0 fine, 1 wrong call or input, 2 differences found, 3 check failed, 4 tests failed, 70 a fault of
ours. A command returns its code; this module turns every exception into one of them, in `Commands.main`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from policyengine import __version__
from policyengine.data_files import foreign_distribution
from policyengine.errors import InvalidInput, InvalidPolicy, PolicyEngineError
from policyengine.values.invalid import did_you_mean

OK, WRONG_CALL, DIFFERENCES, CHECK_FAILED, TESTS_FAILED, OUR_FAULT = 0, 1, 2, 3, 4, 70
INTERRUPTED, PIPE_CLOSED = 130, 141
"""What a shell reports of a process that Ctrl-C or a closed pipe has ended."""

COMMANDS = {
    "init": "Write a small tested bundle into a new folder.",
    "check": "Say everything that is wrong with bundles.",
    "test": "Run the tests inside bundles.",
    "decide": "Decide for the facts of an input, with the reasons.",
    "explain": "Decide, and show how every value came about.",
    "replay": "Make recorded decisions again, and say which come out otherwise.",
    "eval": "Evaluate one expression.",
    "diff": "Say what differs between two versions of a bundle.",
    "changelog": "Write the section of a changelog about what differs between two versions.",
    "compile": "Compile a bundle into one file that services load.",
    "publish": "Put a version of a bundle into a registry.",
    "plan": "Say what activating a version would do.",
    "approve": "Approve a plan, or set the rules for that.",
    "activate": "Let a published version answer.",
    "cohort": "Say which tenants are in a cohort.",
    "shadow": "Evaluate a version beside the one that answers.",
    "rollback": "Go back to the version that answered before.",
    "history": "Show what was done to a registry, and verify it.",
    "keys": "Make keys that sign versions.",
    "graph": "Draw what reads what in a bundle.",
    "schema": "Print the JSON Schema of a bundle, for editors.",
}
"""Every command with its first line, so that `--help` need not load them; each lies in the module of its name."""


class Commands(click.Group):
    """A group whose commands are loaded by name, and whose every end is an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"policyengine.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as mistake:
            raise _closest_command(args[0], mistake) from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run one command line and leave with its exit code."""
        arguments = sys.argv[1:] if args is None else list(args)
        try:
            code = super().main(arguments, prog_name or "policyengine", complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except BrokenPipeError:
            _forget_output()
            sys.exit(PIPE_CLOSED)
        except (KeyboardInterrupt, click.Abort):
            click.echo(err=True)
            sys.exit(INTERRUPTED)
        except click.exceptions.Exit as end:
            sys.exit(end.exit_code)
        except (click.ClickException, PolicyEngineError, OSError) as fault:
            sys.exit(_say(fault))
        except Exception as fault:
            if _wants_traceback(arguments):
                raise
            _error(f"this is a fault of policyengine: {type(fault).__name__}: {fault}")
            click.echo("  hint: `policyengine --debug ...` shows where; please report it", err=True)
            sys.exit(OUR_FAULT)
        sys.exit(code if isinstance(code, int) else OK)


def _closest_command(name: str, mistake: click.UsageError) -> click.UsageError:
    hint = did_you_mean(name, COMMANDS)
    return click.UsageError(f"no such command `{name}`" + (f"; {hint}" if hint else ""), mistake.ctx)


def _say(fault: click.ClickException | PolicyEngineError | OSError) -> int:
    """Tell what went wrong outside of our own code, and give its exit code."""
    match fault:
        case click.ClickException():
            fault.show()
            return WRONG_CALL
        case InvalidPolicy():
            from policyengine.cli import render

            click.echo(render.pretty(fault.diagnostics), err=True)
            return CHECK_FAILED
        case PolicyEngineError():
            _error(_without_hint(fault))
            if hint := getattr(fault, "hint", None):
                click.echo(f"  hint: {hint}", err=True)
            return OUR_FAULT if type(fault) is PolicyEngineError else WRONG_CALL  # a fault with a name is not ours
    _error(f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault))
    return WRONG_CALL


def _without_hint(fault: PolicyEngineError) -> str:
    """What a fault says; the hint of an input follows on a line of its own."""
    if not isinstance(fault, InvalidInput):
        return str(fault)
    return f"{fault.field}: {fault.message}" if fault.field else fault.message


def _error(text: str) -> None:
    click.echo(f"{click.style('error', fg='red', bold=True)}: {text}", err=True)


def _wants_traceback(arguments: Sequence[str]) -> bool:
    return "--debug" in arguments or os.environ.get("POLICYENGINE_DEBUG", "0") not in ("", "0")


def _forget_output() -> None:
    """Nobody reads on: keep Python from complaining about that once more when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# Every option can be set by the environment too: `POLICYENGINE_TEST_VERBOSE=1`.
SETTINGS = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "POLICYENGINE", "max_content_width": 100}


@click.group(cls=Commands, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="policyengine")
@click.option("--debug", is_flag=True, help="Show a traceback when policyengine itself fails.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Billing rules as versioned YAML: check, test, decide and explain them.

    Exit codes: 0 fine, 1 wrong call or input, 2 differences found, 3 check failed, 4 tests failed, 70 a fault of ours.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    if warning := foreign_distribution():
        click.echo(f"{click.style('warning', fg='yellow', bold=True)}: {warning}", err=True)


def main() -> NoReturn:
    """The command `policyengine`."""
    cli.main()
