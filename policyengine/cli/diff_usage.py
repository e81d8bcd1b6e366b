"""The options by which `diff` rates recorded usage, and the rating itself, with a bar where somebody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from policyengine.analysis.bundle_tests import instant
from policyengine.analysis.diff.rating.impact import Impact, impact
from policyengine.analysis.diff.rating.rater import Grouping
from policyengine.analysis.diff.rating.rerating import rerated
from policyengine.analysis.diff.rating.usage import Defaults
from policyengine.compiler.pipeline import Compiled

_OPTIONS = (
    click.option("--usage", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
                 help="Inputs, requests or decision records, one JSON object a line, to rate with both."),
    click.option("--decision", metavar="NAME", help="What lines of usage ask that do not say it."),
    click.option("--at", help="The time of lines of usage that have none, or a date."),
    click.option("--amount", metavar="OUTPUT", help="The output that is paid, where there are several amounts."),
    click.option("--tenant-field", metavar="PATH",
                 help="The fact that names the tenant, as customer.id. Default: that of the request."),
    click.option("--product-field", metavar="PATH",
                 help="The fact that names the product, as usage.model. Default: the decision."),
    click.option("--processes", type=click.IntRange(1, 64), help="How many processes rate. Default: one a processor."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Usage:
    """What the options say."""

    usage: Path | None
    decision: str | None
    at: str | None
    amount: str | None
    tenant_field: str | None
    product_field: str | None
    processes: int | None


def usage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options about recorded usage."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def rated(before: Compiled, after: Compiled, wanted: Usage) -> Impact | None:
    """What the usage comes to; None where none was given. Raises InvalidInput where a line cannot be read."""
    path = wanted.usage
    if path is None:
        return None
    defaults = Defaults(wanted.decision, None if wanted.at is None else instant(wanted.at, after.bundle.timezone))
    grouping = Grouping(wanted.amount, _path(wanted.tenant_field), _path(wanted.product_field))
    processes = wanted.processes or os.cpu_count() or 1
    with progress(path) as told:
        return impact(str(path), rerated(before.program, after.program, path, defaults, grouping, processes, told))


def _path(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(text.split("."))


@contextmanager
def progress(usage: Path) -> Iterator[Callable[[int], None]]:
    """A bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda size: None
        return
    with click.progressbar(length=usage.stat().st_size, label=f"rating {usage}", file=sys.stderr) as bar:
        yield bar.update
