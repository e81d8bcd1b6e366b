"""`policyengine rollback`: back to what answered before, at once."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli import OK, at_registry
from policyengine.registry import scopes


@click.command()
@click.argument("bundle")
@at_registry.who
@at_registry.for_whom
@click.option("--to", metavar="VERSION", help="Back to this version, and not to the one before.")
@at_registry.on_what
@click.option("--reason", default="", help="Why, as the history will say.")
def command(
    bundle: str,
    address: str,
    actor: str,
    tenant: str | None,
    cohort: str | None,
    percent: str | None,
    everyone: bool,
    to: str | None,
    offers: Path | None,
    base: int | None,
    reason: str,
) -> int:
    """Go back to the version that answered before.

    BUNDLE is the bundle's name. What was to begin later for the same tenants is withdrawn. A tenant, cohort or share
    that had no version of its own before has none again, and follows everyone.
    """
    scope = at_registry.scope_of(tenant, cohort, percent, everyone) or scopes.ALL
    offered = at_registry.offers_in(offers)
    with at_registry.opened(address) as registry:
        event = registry.rollback(bundle, scope, actor=actor, to=to, reason=reason, offered=offered, base=base)
        digest = event.data["artifact"]
        answers = "follows everyone" if digest is None else f"has {registry.find(digest).version} again"
    click.echo(f"{bundle}: {scope} {answers} (event {event.number})")
    return OK
