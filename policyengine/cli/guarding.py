"""The options of the commands that guard a canary."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from policyengine.errors import InvalidInput
from policyengine.registry.guardrails import AFTER, Guardrails, texts

_OPTIONS = (
    click.option(
        "--guardrails", "limits", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
        help='Limits for a canary, as JSON: {"max_differing": "2%", "max_money": ["100 USD"], "max_errors": "0.1%"}.',
    ),
    click.option("--max-differing", metavar="SHARE", help="Roll back where more of the decisions differ: 2%."),
    click.option("--max-money", multiple=True, metavar="AMOUNT", help="... where amounts differ by more: '100 USD'."),
    click.option("--max-errors", metavar="SHARE", help="... where more decisions fail that did not before: 0.1%."),
    click.option("--after", type=int, metavar="COUNT", help=f"Judge shares after so many decisions. Default: {AFTER}."),
)  # fmt: skip


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options; the command is given the `guardrails` that they come to, or None."""

    @wraps(command)
    def guarded(
        *given: Any,
        limits: Path | None,
        max_differing: str | None,
        max_money: tuple[str, ...],
        max_errors: str | None,
        after: int | None,
        **others: Any,
    ) -> Any:
        said = texts(max_differing, max_money, max_errors, after)
        return command(*given, guardrails=_read(limits, said), **others)

    found: Callable[..., Any] = guarded
    for option in reversed(_OPTIONS):
        found = option(found)
    return found


def _read(file: Path | None, said: dict[str, Any]) -> Guardrails | None:
    """The guardrails of the file or of the options, of which one may be given."""
    if file is None:
        return Guardrails.read(said) if said else None
    if said:
        raise click.UsageError("give the guardrails in a file or as options")
    try:
        return Guardrails.read(json.loads(file.read_bytes()))
    except ValueError as fault:
        raise InvalidInput(f"{file} is not JSON: {fault}", "--guardrails") from None
