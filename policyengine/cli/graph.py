"""`policyengine graph`: what reads what in a bundle, as a picture or as data."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.analysis import pictures
from policyengine.analysis.outline import outline
from policyengine.analysis.svg import svg
from policyengine.cli import OK
from policyengine.compiler.pipeline import compile_path
from policyengine.values.invalid import did_you_mean

DRAW = {"mermaid": pictures.mermaid, "dot": pictures.dot, "svg": svg, "json": pictures.as_json}


@click.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option("--format", "how", type=click.Choice(list(DRAW)), default="mermaid", show_default=True)
@click.option("--of", "names", metavar="NAME", multiple=True, help="Only what this reads, and it; may be repeated.")
def command(bundle: Path, how: str, names: tuple[str, ...]) -> int:
    """Draw what reads what in a bundle.

    Shown are the names that the BUNDLE gives: inputs, parameters, tables, values, charges, guards and decisions.
    """
    compiled = compile_path(bundle)
    found = outline(compiled.bundle, compiled.program)
    known = [item.name for item in found.items]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise click.BadParameter(f"the bundle has no `{name}`" + (f"; {hint}" if hint else ""), param_hint="--of")
    click.echo(DRAW[how](found.of(names) if names else found))
    return OK
