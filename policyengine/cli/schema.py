"""`policyengine schema`: the JSON Schema that editors check bundles with while they are written."""

from __future__ import annotations

import click

from policyengine.data_files import folder


@click.command()
@click.argument("name", type=click.Choice(["bundle", "part"]), default="bundle")
@click.option("--path", is_flag=True, help="Print where the schema lies instead, for an editor's settings.")
def command(name: str, path: bool) -> int:
    """Print the JSON Schema of a bundle, for editors.

    NAME is `bundle` for a `bundle.yaml` and `part` for the files beside it.
    """
    file = folder("schemas") / f"{name}.schema.json"
    click.echo(str(file) if path else file.read_text(encoding="utf-8").rstrip("\n"))
    return 0
