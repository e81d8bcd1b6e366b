"""`policyengine cohort`: which tenants are in a cohort, for which a version can then be activated."""

from __future__ import annotations

import click

from policyengine.cli import OK, at_registry


@click.command()
@click.argument("bundle")
@click.argument("name")
@click.argument("tenants", nargs=-1, required=True, metavar="TENANT...")
@at_registry.who
def command(bundle: str, name: str, tenants: tuple[str, ...], address: str, actor: str) -> int:
    """Say which tenants are in a cohort.

    BUNDLE is the bundle's name. The tenants stand in the place of those that were said before.
    """
    with at_registry.opened(address) as registry:
        event = registry.set_cohort(bundle, name, tenants, actor=actor)
    count = len(event.data["tenants"])
    click.echo(f"{bundle}: cohort {name} has {count} tenant{'' if count == 1 else 's'} (event {event.number})")
    return OK
