"""`policyengine publish`: a bundle that compiles and passes its tests becomes a version in a registry."""

from __future__ import annotations

import json
from pathlib import Path

import click

from policyengine import __version__
from policyengine.cli import OK, TESTS_FAILED, at_registry
from policyengine.registry import release
from policyengine.registry.release import FailedTests
from policyengine.runtime.artifacts import artifact


@click.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@at_registry.who
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Sign the version with this private key, which `policyengine keys new` has made.",
)  # fmt: skip
@click.option("--format", "how", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True)
def command(bundle: Path, address: str, actor: str, key: Path | None, how: str) -> int:
    """Put a version of a bundle into a registry.

    The BUNDLE, or an artifact of `policyengine compile`, is checked, its tests run, and the artifact stored under its
    digest; a version that is there already stays as it is. Nothing answers with it before it is activated. The exit
    code is 4 when a test fails.
    """
    signer = None
    if key is not None:
        from policyengine.registry.signatures import Signer  # its package is an extra

        signer = Signer(key.read_bytes())
    try:
        checked = (
            release.of_artifact(bundle.read_bytes())
            if artifact.is_artifact(bundle)
            else release.of_bundle(bundle, __version__)
        )
    except FailedTests as failed:
        click.echo(f"{bundle}: not published, {len(failed.failed)} of {failed.count} tests failed:", err=True)
        for name in failed.failed:
            click.echo(f"  {name}", err=True)
        click.echo("  hint: `policyengine test` shows what was expected", err=True)
        return TESTS_FAILED
    with at_registry.made(address) as registry:
        found = registry.publish(checked, actor=actor, signer=signer)
    if how == "json":
        said = {"bundle": found.bundle, "version": found.version, "digest": found.digest}
        click.echo(json.dumps({**said, "is_new": found.is_new, "is_signed": found.is_signed}))
    else:
        done = "published" if found.is_new else "is published already"
        signed = ", signed" if found.is_signed else ""
        click.echo(f"{found.bundle} {found.version} {done}{signed}, {checked.report['tests']} tests passed")
        click.echo(f"  {found.digest}")
    return OK
