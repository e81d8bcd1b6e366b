"""`policyengine check`: everything that is wrong with bundles, before anyone is charged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from policyengine.cli import CHECK_FAILED, OK, render
from policyengine.cli.watch import watched
from policyengine.compiler.pipeline import compile_path
from policyengine.errors import InvalidPolicy
from policyengine.source import Diagnostic


@click.command()
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "how", type=click.Choice(render.FORMATS), default="pretty", show_default=True)
@click.option("--warnings-as-errors", is_flag=True, help="Fail on a warning, too.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes.")
def command(bundles: tuple[Path, ...], how: str, warnings_as_errors: bool, watch: bool) -> int:
    """Say everything that is wrong with bundles.

    A BUNDLE is a folder with a `bundle.yaml`, or one YAML file. The exit code is 3 when a bundle cannot be compiled.
    """
    return watched(bundles, watch, lambda: _check(bundles, how, warnings_as_errors))


def _check(bundles: Sequence[Path], how: str, warnings_as_errors: bool) -> int:
    found = [diagnostic for bundle in bundles for diagnostic in diagnostics(bundle)]
    if how != "pretty" or found:
        click.echo(render.rendered(found, how))
    failed = any(warnings_as_errors or d.severity == "error" for d in found)
    _say_verdict(bundles, found, failed, to_stderr=how != "pretty")
    return CHECK_FAILED if failed else OK


def diagnostics(bundle: Path) -> Sequence[Diagnostic]:
    """Every error and warning of one bundle."""
    try:
        compiled = compile_path(bundle)
    except InvalidPolicy as invalid:
        return invalid.diagnostics
    return (*compiled.warnings, *compiled.lints)


def _say_verdict(bundles: Sequence[Path], found: Sequence[Diagnostic], failed: bool, to_stderr: bool) -> None:
    """The last line: in a log of many commands it is the one that is looked for."""
    colour = "red" if failed else "yellow" if found else "green"
    which = str(bundles[0]) if len(bundles) == 1 else f"{len(bundles)} bundles"
    verdict = click.style(render.verdict(found), fg=colour, bold=True)
    if found and not to_stderr:
        click.echo()
    click.echo(f"{which}: {verdict}", err=to_stderr)
