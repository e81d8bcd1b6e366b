"""`policyengine plan`: what an activation would do, and for whom; saved, it can be approved and activated."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from policyengine.cli import DIFFERENCES, OK, at_registry
from policyengine.cli.diff_usage import progress, usage_options
from policyengine.cli.plan_text import WRITE
from policyengine.registry import planning
from policyengine.registry.planning import Usage
from policyengine.storage import whole_file


@click.command()
@click.argument("version")
@at_registry.who
@at_registry.for_whom
@click.option("--from", "start", metavar="TIME", help="From when on; a past time needs a reason. Default: now.")
@click.option("--reason", default="", help="Why, as the history will say.")
@usage_options
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Save the plan and record it, so that it can be approved and activated.",
)  # fmt: skip
@click.option("--format", "how", type=click.Choice(list(WRITE)), default="pretty", show_default=True)
def command(
    version: str,
    address: str,
    actor: str,
    tenant: str | None,
    cohort: str | None,
    percent: str | None,
    start: str | None,
    reason: str,
    out: Path | None,
    how: str,
    usage: Path | None,
    processes: int | None,
    **left_open: Any,
) -> int:
    """Say what activating a version would do.

    VERSION is a digest or its beginning, or `bundle@1.2.0`. It is compared with each version that the tenants in the
    scope have now. Without `--out` nothing is written. The exit code is 2 when there are differences.
    """
    scope = at_registry.scope_of(tenant, cohort, percent)
    begins = at_registry.instant(start, "--from")
    with at_registry.opened(address) as registry, nullcontext() if usage is None else progress(usage) as told:
        recorded = None
        if usage is not None and told is not None:
            recorded = Usage(usage, processes=processes or os.cpu_count() or 1, told=told, **left_open)
        if out is None:
            made = planning.planned(registry, version, scope, start=begins, reason=reason, usage=recorded)
        else:
            made = registry.plan(version, scope, actor=actor, start=begins, reason=reason, usage=recorded)
            whole_file.write(out, made.plan.data + b"\n")
            click.echo(f"saved {out}: {made.plan.digest}", err=True)
    click.echo(WRITE[how](made), nl=how != "markdown" and how != "html")
    return OK if made.is_empty else DIFFERENCES
