"""`policyengine diff`: what differs between two versions of a bundle, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from policyengine.analysis.diff.report import Difference, difference
from policyengine.analysis.diff.reports import chart
from policyengine.analysis.diff.reports.as_html import as_html
from policyengine.analysis.diff.reports.as_json import as_json
from policyengine.analysis.diff.reports.as_markdown import as_markdown
from policyengine.cli import DIFFERENCES, OK, diff_text, versions
from policyengine.cli.diff_usage import Usage, rated, usage_options


def _svg(found: Difference) -> str:
    if found.impact is None:
        raise click.UsageError("`--format svg` draws the impact: give `--usage FILE`")
    return chart.svg(found.impact)


WRITE: dict[str, Callable[[Difference], str]] = {
    "pretty": diff_text.written,
    "markdown": as_markdown,
    "html": as_html,
    "json": as_json,
    "svg": _svg,
}


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@usage_options
@click.option("--registry", metavar="ADDRESS", envvar="POLICYENGINE_REGISTRY", help="Where digests are looked up.")
@click.option("--format", "how", type=click.Choice(list(WRITE)), default="pretty", show_default=True)
def command(before: str, after: str, registry: str | None, how: str, **usage: Any) -> int:
    """Say what differs between two versions of a bundle.

    A and B are folders with a `bundle.yaml`, YAML files, artifacts, `REVISION:FOLDER` of git, or published versions
    (`sha256:...`, `bundle@1.2.0`); one of them may be a revision alone, of the folder that is the other. The exit code
    is 2 when there are differences.
    """
    beside = [Path(name) if Path(name).exists() else None for name in (after, before)]
    names = (before, after)
    old, new = (versions.compiled(name, registry, other) for name, other in zip(names, beside, strict=True))
    found = replace(difference(old, new, names), impact=rated(old, new, Usage(**usage)))
    click.echo(WRITE[how](found), nl=how != "markdown" and how != "html")
    return OK if found.is_empty else DIFFERENCES
