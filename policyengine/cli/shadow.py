"""`policyengine shadow`: what a version would answer, beside the one that answers."""

from __future__ import annotations

import click

from policyengine.cli import OK, at_registry
from policyengine.registry import scopes


@click.command()
@click.argument("name", metavar="VERSION|BUNDLE")
@at_registry.who
@at_registry.for_whom
@click.option("--sample", default="10%", show_default=True, metavar="SHARE", help="For this share of the decisions.")
@click.option("--stop", is_flag=True, help="End the shadow of BUNDLE.")
@click.option("--reason", default="", help="Why, as the history will say.")
def command(
    name: str,
    address: str,
    actor: str,
    tenant: str | None,
    cohort: str | None,
    percent: str | None,
    everyone: bool,
    sample: str,
    stop: bool,
    reason: str,
) -> int:
    """Evaluate a version beside the one that answers.

    VERSION is a digest or its beginning, or `bundle@1.2.0`. It never answers: services compare what it would have
    answered, and tell by their `shadow` what differs. A bundle has one shadow at a time.
    """
    scope = at_registry.scope_of(tenant, cohort, percent, everyone) or scopes.ALL
    with at_registry.opened(address) as registry:
        if stop:
            event = registry.stop_shadow(name, actor=actor, reason=reason)
            click.echo(f"{name} is no longer shadowed (event {event.number})")
            return OK
        found = registry.find(name)
        event = registry.shadow(found.digest, scope, sample=sample, actor=actor, reason=reason)
    share = event.data["sample"]
    click.echo(f"{found.bundle} {found.version} shadows {share} % of the decisions for {scope} (event {event.number})")
    return OK
