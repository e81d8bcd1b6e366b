"""`policyengine plan`: what an activation would do, and for whom; saved, it can be approved and activated."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from policyengine.cli import DIFFERENCES, OK, at_registry, guarding
from policyengine.cli.diff_usage import progress, usage_options
from policyengine.cli.plan_text import WRITE
from policyengine.registry import planning
from policyengine.registry.guardrails import Guardrails
from policyengine.registry.planning import Usage
from policyengine.storage import whole_file


@click.command()
@click.argument("version")
@at_registry.who
@at_registry.for_steps
@click.option("--from", "start", metavar="TIME", help="From when on; a past time needs a reason. Default: now.")
@click.option("--reason", default="", help="Why, as the history will say.")
@guarding.options
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
    tenants: tuple[str, ...],
    cohorts: tuple[str, ...],
    percents: tuple[str, ...],
    everyone: bool,
    start: str | None,
    reason: str,
    out: Path | None,
    how: str,
    usage: Path | None,
    processes: int | None,
    guardrails: Guardrails | None,
    **left_open: Any,
) -> int:
    """Say what activating a version would do.

    VERSION is a digest or its beginning, or `bundle@1.2.0`. It is compared with each version that the tenants in the
    scope have now. Several options for whom are steps, which are activated one after another, from narrow to wide;
    guardrails are for all of them but everyone. Without `--out` nothing is written. The exit code is 2 when there are
    differences.
    """
    steps = at_registry.steps_of(tenants, cohorts, percents, everyone)
    begins = at_registry.instant(start, "--from")
    if out is not None:
        whole_file.check(out)
    with at_registry.opened(address) as registry, nullcontext() if usage is None else progress(usage) as told:
        recorded = None
        if usage is not None and told is not None:
            recorded = Usage(usage, processes=processes or os.cpu_count() or 1, told=told, **left_open)
        if out is None:
            made = planning.planned(
                registry, version, steps, start=begins, reason=reason, usage=recorded, guardrails=guardrails
            )
        else:
            made = registry.plan(
                version, *steps, actor=actor, start=begins, reason=reason, usage=recorded, guardrails=guardrails
            )
            whole_file.write(out, made.plan.data + b"\n")
            click.echo(f"saved {out}: {made.plan.digest}", err=True)
    click.echo(WRITE[how](made), nl=how != "markdown" and how != "html")
    return OK if made.is_empty else DIFFERENCES
