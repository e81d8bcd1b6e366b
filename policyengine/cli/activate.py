"""`policyengine activate`: from when on a version answers, and for whom."""

from __future__ import annotations

import click

from policyengine.cli import OK, at_registry


@click.command()
@click.argument("version")
@at_registry.who
@at_registry.for_whom
@click.option("--from", "start", metavar="TIME", help="From when on; a past time needs a reason. Default: now.")
@click.option("--reason", default="", help="Why, as the history will say.")
def command(
    version: str,
    address: str,
    actor: str,
    tenant: str | None,
    cohort: str | None,
    percent: str | None,
    start: str | None,
    reason: str,
) -> int:
    """Let a published version answer.

    VERSION is a digest or its beginning, or `bundle@1.2.0`. It answers for everyone, unless an option says for whom.
    """
    scope = at_registry.scope_of(tenant, cohort, percent)
    at_registry.is_there(address)
    with at_registry.opened(address) as registry:
        found = registry.find(version)
        begins = at_registry.instant(start, "--from")
        event = registry.activate(found.digest, scope, actor=actor, start=begins, reason=reason)
    click.echo(f"{found.bundle} {found.version} answers for {scope} from {event.data['from']} (event {event.number})")
    return OK
