"""`policyengine test`: the tests inside bundles, reported like a test runner does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from policyengine.analysis import bundle_tests, coverage
from policyengine.cli import CHECK_FAILED, OK, TESTS_FAILED, test_report
from policyengine.cli.test_report import Tested
from policyengine.cli.watch import watched
from policyengine.compiler.pipeline import compile_path
from policyengine.errors import InvalidPolicy


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of one call."""

    pattern: str | None
    how: str
    verbose: bool
    fail_on_empty: bool
    coverage: bool
    least: float | None


@click.command()
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--run", "pattern", metavar="GLOB", help="Only tests whose name, decision or tenant matches.")
@click.option("--format", "how", type=click.Choice(test_report.FORMATS), default="pretty", show_default=True)
@click.option("-v", "--verbose", is_flag=True, help="A line for each test.")
@click.option("--fail-on-empty", is_flag=True, help="Fail where no test runs.")
@click.option(
    "--coverage", is_flag=True, help="Say what no test reached: rows, tiers, branches, entitlements, guards, overrides."
)
@click.option("--min", "least", metavar="PERCENT", type=click.FloatRange(0, 100), help="Fail below this coverage.")
@click.option("--watch", is_flag=True, help="Run again whenever a file changes.")
def command(bundles: tuple[Path, ...], watch: bool, **options: Any) -> int:
    """Run the tests inside bundles.

    A BUNDLE is a folder with a `bundle.yaml`, or one YAML file. The exit code is 3 when a bundle cannot be compiled,
    and 4 when a test fails, when `--min` is not reached, or when `--fail-on-empty` finds no test.
    """
    wanted = Wanted(**options)
    return watched(bundles, watch, lambda: _run(bundles, wanted))


def _run(bundles: Sequence[Path], wanted: Wanted) -> int:
    start = time.perf_counter()
    measured = wanted.coverage or wanted.least is not None
    tested = [_tested(bundle, wanted.pattern, measured) for bundle in bundles]
    seconds = time.perf_counter() - start
    click.echo(test_report.written(tested, wanted.how, wanted.verbose, seconds))
    shortcomings = list(_shortcomings(tested, wanted))
    for shortcoming in shortcomings:
        click.echo(click.style(shortcoming, fg="red", bold=True), err=True)
    if any(t.invalid for t in tested):
        return CHECK_FAILED
    return TESTS_FAILED if shortcomings or any(t.failed for t in tested) else OK


def _tested(bundle: Path, pattern: str | None, measured: bool) -> Tested:
    try:
        compiled = compile_path(bundle)
    except InvalidPolicy as invalid:
        return Tested(bundle, invalid=invalid)
    outcomes = bundle_tests.run(compiled, pattern)
    return Tested(bundle, outcomes, coverage.measure(compiled, outcomes) if measured else None)


def _shortcomings(tested: Sequence[Tested], wanted: Wanted) -> list[str]:
    """What is not as the options ask, apart from failed tests."""
    found = []
    if wanted.fail_on_empty:
        found += [f"{t.path}: no test has run" for t in tested if not t.outcomes and not t.invalid]
    if wanted.least is not None:
        found += [
            f"{t.path}: the coverage of {t.coverage.percent:.1f} % is below {wanted.least:g} %"
            for t in tested
            if t.coverage is not None and t.coverage.percent < wanted.least
        ]
    return found
