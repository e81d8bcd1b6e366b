"""`policyengine compile`: a bundle as one file that services load."""

from __future__ import annotations

import json
from pathlib import Path

import click

from policyengine import __version__
from policyengine.cli import OK
from policyengine.compiler.pipeline import compile_path
from policyengine.runtime.artifacts import artifact
from policyengine.storage import whole_file


@click.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@click.option("--format", "how", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True)
def command(bundle: Path, output: Path | None, how: str) -> int:
    """Compile a bundle into one file that services load.

    `policyengine.load` reads this artifact without the compiler. The same bundle gives the same bytes. Without
    `--output` the file is called after the bundle and its version.
    """
    compiled = compile_path(bundle)
    data = artifact.write(compiled.program, compiled.sources, __version__)
    digest = artifact.digest_of(data)
    program = compiled.program
    target = output or Path(f"{program.bundle}-{program.version}{artifact.SUFFIX}")
    whole_file.write(target, data)
    said = {"file": str(target), "bytes": len(data), "digest": digest, "bundle": program.bundle}
    said |= {"version": program.version, "source_digest": program.source_digest}
    if how == "json":
        click.echo(json.dumps(said))
    else:
        click.echo(f"{target}: {program.bundle} {program.version}, {len(data):,} bytes")
        click.echo(f"  {digest}")
    return OK
