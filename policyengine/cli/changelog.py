"""`policyengine changelog`: what changed from one version of a bundle to the next, under a person's sentence."""

from __future__ import annotations

import re
from pathlib import Path

import click

from policyengine.analysis.diff.report import difference
from policyengine.analysis.diff.reports.as_changelog import as_changelog, with_section
from policyengine.cli import OK, versions
from policyengine.errors import InvalidInput
from policyengine.storage import whole_file

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("-m", "--message", required=True, help="The sentence on top: what this version is for.")
@click.option("--date", default="", help="When it is released, as 2026-12-01.")
@click.option(
    "--into", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Put the section into this changelog, before the others.",
)  # fmt: skip
@click.option("--registry", metavar="ADDRESS", envvar="POLICYENGINE_REGISTRY", help="Where digests are looked up.")
def command(before: str, after: str, message: str, date: str, into: Path | None, registry: str | None) -> int:
    """Write the section of a changelog about what differs between two versions.

    A and B are named as `policyengine diff` takes them. What can change an amount or a decision has a star.
    """
    if date and _DATE.fullmatch(date) is None:
        raise InvalidInput(f"`{date}` is not a date", "--date", "write it as 2026-12-01")
    if not message.strip():
        raise InvalidInput("is empty", "--message", "say in a sentence what this version is for")
    beside = [Path(name) if Path(name).exists() else None for name in (after, before)]
    old, new = (versions.compiled(name, registry, other) for name, other in zip((before, after), beside, strict=True))
    found = difference(old, new, (before, after))
    if found.is_empty:
        raise InvalidInput("the two versions say the same: there is nothing to tell", "B")
    section = as_changelog(found, message, date)
    if into is None:
        click.echo(section, nl=False)
        return OK
    known = into.read_text(encoding="utf-8") if into.exists() else ""
    try:
        whole = with_section(known, section, found.after.version)
    except ValueError as fault:
        raise InvalidInput(str(fault), str(into), "raise the version, or take the section out") from None
    whole_file.write(into, whole.encode())
    click.echo(f"{into}: {found.after.version}")
    return OK
