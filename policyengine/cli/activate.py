"""`policyengine activate`: from when on a version answers, and for whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from policyengine.cli import OK, at_registry
from policyengine.errors import InvalidInput
from policyengine.registry import scopes
from policyengine.registry.canary import AFTER, Guardrails, texts


@click.command()
@click.argument("version", required=False)
@at_registry.who
@at_registry.for_whom
@click.option("--from", "start", metavar="TIME", help="From when on; a past time needs a reason. Default: now.")
@click.option(
    "--plan", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Activate exactly what `policyengine plan --out FILE` has saved, instead of a VERSION.",
)  # fmt: skip
@click.option(
    "--guardrails", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help='Limits for a canary, as JSON: {"max_differing": "2%", "max_money": ["100 USD"], "max_errors": "0.1%"}.',
)  # fmt: skip
@click.option("--max-differing", metavar="SHARE", help="Roll back where more of the decisions differ: 2%.")
@click.option("--max-money", multiple=True, metavar="AMOUNT", help="... where amounts differ by more: '100 USD'.")
@click.option("--max-errors", metavar="SHARE", help="... where more decisions fail that did not before: 0.1%.")
@click.option("--after", type=int, metavar="COUNT", help=f"Judge shares after so many decisions. Default: {AFTER}.")
@at_registry.on_what
@click.option("--reason", default="", help="Why, as the history will say.")
def command(
    version: str | None,
    address: str,
    actor: str,
    tenant: str | None,
    cohort: str | None,
    percent: str | None,
    start: str | None,
    offers: Path | None,
    file: Path | None,
    guardrails: Path | None,
    max_differing: str | None,
    max_money: tuple[str, ...],
    max_errors: str | None,
    after: int | None,
    base: int | None,
    reason: str,
) -> int:
    """Let a published version answer.

    VERSION is a digest or its beginning, or `bundle@1.2.0`. It answers for everyone, unless an option says for whom.
    A plan says all of that itself; where the bundle has rules, it needs one with the approvals that they ask for.
    """
    scope, offered = at_registry.scope_of(tenant, cohort, percent), at_registry.offers_in(offers)
    limits = _guardrails(guardrails, texts(max_differing, max_money, max_errors, after))
    with at_registry.opened(address) as registry:
        begins = at_registry.instant(start, "--from")
        plan = None if file is None else at_registry.plan(file)
        event = registry.activate(
            version, scope, actor=actor, start=begins, reason=reason, offered=offered, base=base, plan=plan,
            guardrails=limits,
        )  # fmt: skip
        found = registry.find(event.data["artifact"])
        whom = scopes.from_json(event.data["scope"])
    guarded = ", with guardrails" if limits is not None else ""
    from_when = event.data["from"]
    click.echo(f"{found.bundle} {found.version} answers for {whom} from {from_when}{guarded} (event {event.number})")
    return OK


def _guardrails(file: Path | None, options: dict[str, Any]) -> Guardrails | None:
    """The guardrails of the file or of the options, of which one may be given."""
    if file is not None and options:
        raise click.UsageError("give the guardrails in a file or as options")
    said = options if file is None else _json(file, "--guardrails")
    return Guardrails.read(said) if said or file is not None else None


def _json(file: Path, option: str) -> Any:
    try:
        return json.loads(file.read_bytes())
    except ValueError as fault:
        raise InvalidInput(f"{file} is not JSON: {fault}", option) from None
