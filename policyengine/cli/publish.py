"""`policyengine publish`: a bundle that compiles and passes its tests becomes a version in a registry."""

from __future__ import annotations

import json
from pathlib import Path

import click

from policyengine import __version__
from policyengine.analysis import bundle_tests
from policyengine.cli import OK, TESTS_FAILED, at_registry
from policyengine.compiler.pipeline import compile_path
from policyengine.runtime import artifact


@click.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@at_registry.who
@click.option("--format", "how", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True)
def command(bundle: Path, address: str, actor: str, how: str) -> int:
    """Put a version of a bundle into a registry.

    The BUNDLE is checked, its tests run, and the artifact stored under its digest; a version that is there already
    stays as it is. Nothing answers with it before it is activated. The exit code is 4 when a test fails.
    """
    compiled = compile_path(bundle)
    outcomes = bundle_tests.run(compiled)
    failed = [outcome.test.name for outcome in outcomes if not outcome.passed]
    if failed:
        click.echo(f"{bundle}: not published, {len(failed)} of {len(outcomes)} tests failed:", err=True)
        for name in failed:
            click.echo(f"  {name}", err=True)
        click.echo("  hint: `policyengine test` shows what was expected", err=True)
        return TESTS_FAILED
    data = artifact.write(compiled.program, compiled.sources, __version__)
    report = {"tests": len(outcomes), "warnings": [warning.code for warning in compiled.warnings]}
    with at_registry.opened(address) as registry:
        found = registry.publish(data, actor=actor, report=report)
    if how == "json":
        said = {"bundle": found.bundle, "version": found.version, "digest": found.digest, "is_new": found.is_new}
        click.echo(json.dumps(said))
    else:
        done = "published" if found.is_new else "is published already"
        click.echo(f"{found.bundle} {found.version} {done}, {len(outcomes)} tests passed")
        click.echo(f"  {found.digest}")
    return OK
