"""What became of tests as text: for people like a test runner's report, as JSON, and as JUnit's XML for CI."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click

from policyengine.analysis.bundle_tests import Mismatch, Outcome
from policyengine.analysis.coverage import KINDS, Coverage
from policyengine.cli import render
from policyengine.errors import InvalidPolicy

FORMATS = ("pretty", "json", "junit")
DOTS_PER_LINE = 60


@dataclass(frozen=True, slots=True)
class Tested:
    """One bundle with the outcomes of its tests, or with what is wrong with it."""

    path: Path
    outcomes: Sequence[Outcome] = ()
    coverage: Coverage | None = None
    invalid: InvalidPolicy | None = None

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.passed]


def written(tested: Sequence[Tested], how: str, verbose: bool, seconds: float) -> str:
    """The report in one of the `FORMATS`."""
    if how == "json":
        return json.dumps(_as_json(tested, seconds), indent=2, ensure_ascii=False)
    if how == "junit":
        return _junit(tested, seconds)
    return "\n".join(_pretty(tested, verbose, seconds))


# ----------------------------------------------------------------------------------------------------- for people


def _pretty(tested: Sequence[Tested], verbose: bool, seconds: float) -> Iterator[str]:
    for one in tested:
        yield from _bundle(one, verbose)
    for one in tested:
        for outcome in one.failed:
            yield from _failure(outcome)
    for one in tested:
        if one.coverage is not None:
            yield from _coverage(one.path, one.coverage)
    yield from ["", _closing_line(tested, seconds)]


def _bundle(one: Tested, verbose: bool) -> Iterator[str]:
    if one.invalid is not None:
        yield f"{one.path} {click.style('E', fg='red', bold=True)}"
        yield render.pretty(one.invalid.diagnostics)
    elif verbose:
        for outcome in one.outcomes:
            yield f"{one.path}: {outcome.test.name} {_word(outcome)}"
    else:
        dots = [_dot(outcome) for outcome in one.outcomes]
        lines = ["".join(dots[i : i + DOTS_PER_LINE]) for i in range(0, len(dots), DOTS_PER_LINE)] or ["no tests"]
        yield f"{one.path} {lines[0]}"
        yield from ("  " + line for line in lines[1:])


def _dot(outcome: Outcome) -> str:
    return click.style(".", fg="green") if outcome.passed else click.style("F", fg="red", bold=True)


def _word(outcome: Outcome) -> str:
    return click.style("passed", fg="green") if outcome.passed else click.style("FAILED", fg="red", bold=True)


def _failure(outcome: Outcome) -> Iterator[str]:
    """A failed test: every expectation that did not come true, then how the policy came to its answer."""
    yield ""
    yield click.style(f"FAILED {outcome.test.at}: {outcome.test.name}", fg="red", bold=True)
    for mismatch in outcome.mismatches:
        yield from _mismatch(mismatch)
    decision = outcome.decision
    if decision is not None:
        yield from (f"  {line}" for line in decision.explain().splitlines())


def _mismatch(mismatch: Mismatch) -> Iterator[str]:
    yield f"  {mismatch.at}: {mismatch.about}"
    yield f"    expected {click.style(mismatch.expected, fg='green')}"
    yield f"    found    {click.style(mismatch.found, fg='red')}"
    if mismatch.hint:
        yield f"    hint: {mismatch.hint}"


def _coverage(path: Path, coverage: Coverage) -> Iterator[str]:
    yield ""
    parts = [f"{KINDS[kind]} {coverage.count(kind)} of {len(goals)}" for kind in KINDS if (goals := coverage.of(kind))]
    percent = click.style(f"{coverage.percent:.1f} %", fg="yellow" if coverage.missed else "green", bold=True)
    yield f"{path}: {percent} covered" + (f": {', '.join(parts)}" if parts else "")
    if not coverage.missed:
        return
    yield "not reached by any test"
    width = max(len(goal.kind) for goal in coverage.missed)
    what_width = max(len(goal.what) for goal in coverage.missed)
    for goal in coverage.missed:
        yield f"  {goal.kind:<{width}}  {goal.what:<{what_width}}  {click.style(goal.place, dim=True)}"


def _closing_line(tested: Sequence[Tested], seconds: float) -> str:
    """`N passed, N failed in 0.12s`: always both, always in this order, so that scripts can rely on it."""
    outcomes = [outcome for one in tested for outcome in one.outcomes]
    passed = sum(outcome.passed for outcome in outcomes)
    failed = len(outcomes) - passed
    invalid = sum(one.invalid is not None for one in tested)
    text = f"{passed} passed, {failed} failed"
    text += f", {render.counted(invalid, 'invalid bundle')}" if invalid else ""
    return click.style(f"{text} in {seconds:.2f}s", fg="red" if failed or invalid else "green", bold=True)


# --------------------------------------------------------------------------------------------------- for programs


def _as_json(tested: Sequence[Tested], seconds: float) -> dict[str, Any]:
    outcomes = [outcome for one in tested for outcome in one.outcomes]
    passed = sum(outcome.passed for outcome in outcomes)
    return {
        "passed": passed,
        "failed": len(outcomes) - passed,
        "seconds": round(seconds, 3),
        "bundles": [_bundle_json(one) for one in tested],
    }


def _bundle_json(one: Tested) -> dict[str, Any]:
    found: dict[str, Any] = {"path": str(one.path), "tests": [_outcome_json(o) for o in one.outcomes]}
    if one.invalid is not None:
        found["diagnostics"] = [render.finding(d) for d in one.invalid.diagnostics]
    if one.coverage is not None:
        missed = [{"kind": g.kind, "what": g.what, "place": g.place} for g in one.coverage.missed]
        found["coverage"] = {
            "percent": round(one.coverage.percent, 2),
            "kinds": {k: [one.coverage.count(k), len(one.coverage.of(k))] for k in KINDS},
            "missed": missed,
        }
    return found


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    test = outcome.test
    found: dict[str, Any] = {"name": test.name, "decide": test.decide, "passed": outcome.passed}
    found |= {"file": test.at.source.name, "line": test.at.line}
    found["mismatches"] = [
        {"about": m.about, "expected": m.expected, "found": m.found, "line": m.at.line, "column": m.at.column}
        for m in outcome.mismatches
    ]
    return found


def _junit(tested: Sequence[Tested], seconds: float) -> str:
    """JUnit's XML as CI systems read it: a suite for each bundle, a bundle that is invalid is one error."""
    root = ElementTree.Element("testsuites", name="policyengine", time=f"{seconds:.3f}")
    for one in tested:
        errors = int(one.invalid is not None)
        numbers = {"tests": len(one.outcomes) + errors, "failures": len(one.failed), "errors": errors}
        counts = {name: str(number) for name, number in numbers.items()}
        suite = ElementTree.SubElement(root, "testsuite", {"name": str(one.path), **counts})
        if one.invalid is not None:
            case = ElementTree.SubElement(suite, "testcase", classname=str(one.path), name="check")
            problem = ElementTree.SubElement(case, "error", message=render.verdict(one.invalid.diagnostics))
            problem.text = str(one.invalid)
        for outcome in one.outcomes:
            _junit_case(suite, one.path, outcome)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _junit_case(suite: ElementTree.Element, path: Path, outcome: Outcome) -> None:
    test = outcome.test
    where = {"file": test.at.source.name, "line": str(test.at.line)}
    case = ElementTree.SubElement(suite, "testcase", {"classname": f"{path}.{test.decide}", "name": test.name, **where})
    if outcome.passed:
        return
    failure = ElementTree.SubElement(case, "failure", message=str(outcome.mismatches[0]))
    failure.text = "\n".join(f"{m.at}: {m}" for m in outcome.mismatches)
