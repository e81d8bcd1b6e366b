"""`policyengine activate`: from when on a version answers, and for whom."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli import OK, at_registry, guarding
from policyengine.registry import scopes
from policyengine.registry.guardrails import Guardrails


@click.command()
@click.argument("version", required=False)
@at_registry.who
@at_registry.for_whom
@click.option("--from", "start", metavar="TIME", help="From when on; a past time needs a reason. Default: now.")
@click.option(
    "--plan", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Activate exactly what `policyengine plan --out FILE` has saved, instead of a VERSION.",
)  # fmt: skip
@guarding.options
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
    everyone: bool,
    base: int | None,
    reason: str,
    guardrails: Guardrails | None,
) -> int:
    """Let a published version answer.

    VERSION is a digest or its beginning, or `bundle@1.2.0`. It answers for everyone, unless an option says for whom.
    A plan says all of that itself, and of several steps an option names the next one; where the bundle has rules, it
    needs a plan with the approvals that they ask for.
    """
    scope, offered = at_registry.scope_of(tenant, cohort, percent, everyone), at_registry.offers_in(offers)
    with at_registry.opened(address) as registry:
        begins = at_registry.instant(start, "--from")
        plan = None if file is None else at_registry.plan(file)
        event = registry.activate(
            version, scope, actor=actor, start=begins, reason=reason, offered=offered, base=base, plan=plan,
            guardrails=guardrails,
        )  # fmt: skip
        found = registry.find(event.data["artifact"])
        whom = scopes.from_json(event.data["scope"])
    guarded = ", with guardrails" if "guardrails" in event.data else ""
    from_when = event.data["from"]
    click.echo(f"{found.bundle} {found.version} answers for {whom} from {from_when}{guarded} (event {event.number})")
    if plan is not None and whom != plan.steps[-1]:
        click.echo(f"next by this plan: {plan.steps[plan.steps.index(whom) + 1]}")
    return OK
