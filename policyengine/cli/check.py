"""`policyengine check`: everything that is wrong with bundles, before anyone is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from policyengine.analysis.diff.judging.against import too_low
from policyengine.analysis.diff.judging.rules import RULES
from policyengine.cli import CHECK_FAILED, OK, render, versions
from policyengine.cli.git_bundle import NoBundle
from policyengine.cli.watch import watched
from policyengine.compiler.pipeline import compile_path
from policyengine.compiler.sources import MANIFEST
from policyengine.errors import InvalidPolicy
from policyengine.source import Diagnostic


@dataclass(frozen=True, slots=True)
class Against:
    """What a bundle is compared with, the registry where it may lie, and the codes of changes that do not count."""

    name: str
    registry: str | None
    accepted: tuple[str, ...]


@click.command()
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "how", type=click.Choice(render.FORMATS), default="pretty", show_default=True)
@click.option("--warnings-as-errors", is_flag=True, help="Fail on a warning, too.")
@click.option("--against", metavar="REF", help="Ask for the version that the changes since REF require.")
@click.option(
    "--accept",
    metavar="CODE",
    multiple=True,
    type=click.Choice([rule.code for rule in RULES]),
    help="Let a kind of change pass without it, as D016; may be repeated.",
)
@click.option("--registry", metavar="ADDRESS", envvar="POLICYENGINE_REGISTRY", help="Where a digest is looked up.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes.")
def command(
    bundles: tuple[Path, ...],
    how: str,
    warnings_as_errors: bool,
    against: str | None,
    accept: tuple[str, ...],
    registry: str | None,
    watch: bool,
) -> int:
    """Say everything that is wrong with bundles.

    A BUNDLE is a folder with a `bundle.yaml`, or one YAML file. REF is a revision of git, a folder, or a published
    version. The exit code is 3 when a bundle cannot be compiled, or when its version is too low.
    """
    compared = None if against is None else Against(against, registry, accept)
    return watched(bundles, watch, lambda: _check(bundles, how, warnings_as_errors, compared))


def _check(bundles: Sequence[Path], how: str, warnings_as_errors: bool, against: Against | None) -> int:
    found = [diagnostic for bundle in bundles for diagnostic in diagnostics(bundle, against)]
    if how != "pretty" or found:
        click.echo(render.rendered(found, how))
    failed = any(warnings_as_errors or d.severity == "error" for d in found)
    _say_verdict(bundles, found, failed, to_stderr=how != "pretty")
    return CHECK_FAILED if failed else OK


def diagnostics(bundle: Path, against: Against | None = None) -> Sequence[Diagnostic]:
    """Every error and warning of one bundle; with `against`, also whether its version is too low."""
    try:
        compiled = compile_path(bundle)
    except InvalidPolicy as invalid:
        return invalid.diagnostics
    found = (*compiled.warnings, *compiled.lints)
    if against is None:
        return found
    try:
        before = versions.compiled(against.name, against.registry, bundle)
    except NoBundle:  # it is new, and promises nothing yet
        return found
    manifest = bundle / MANIFEST if bundle.is_dir() else bundle
    low = too_low(before, compiled, against.name, str(manifest), against.accepted)
    return found if low is None else (*found, low)


def _say_verdict(bundles: Sequence[Path], found: Sequence[Diagnostic], failed: bool, to_stderr: bool) -> None:
    """The last line: in a log of many commands it is the one that is looked for."""
    colour = "red" if failed else "yellow" if found else "green"
    which = str(bundles[0]) if len(bundles) == 1 else f"{len(bundles)} bundles"
    verdict = click.style(render.verdict(found), fg=colour, bold=True)
    if found and not to_stderr:
        click.echo()
    click.echo(f"{which}: {verdict}", err=to_stderr)
