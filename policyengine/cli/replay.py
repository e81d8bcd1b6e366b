"""`policyengine replay`: recorded decisions made again, by the versions that made them or by another one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from policyengine.analysis.diff.rating.rater import money
from policyengine.analysis.diff.rating.tally import Sum
from policyengine.cli import DIFFERENCES, OK, at_registry, versions
from policyengine.cli.render import counted
from policyengine.errors import EvaluationError, InvalidInput, PolicyEngineError, UnknownVersion
from policyengine.registry.registry import Registry
from policyengine.runtime.engine import Policy
from policyengine.runtime.given.given_json import given_json
from policyengine.runtime.replay import Replay, recorded_digest, replay


@click.command()
@click.argument("records", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("names", metavar="[VERSION]...", nargs=-1)
@click.option("--with", "other", metavar="VERSION", help="Decide by this version, instead of those that decided.")
@click.option("--registry", "address", metavar="ADDRESS", envvar="POLICYENGINE_REGISTRY", help="Where versions are.")
@click.option("--format", "how", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True)
def command(records: Path, names: tuple[str, ...], other: str | None, address: str | None, how: str) -> int:
    """Make recorded decisions again, and say which come out otherwise.

    RECORDS holds one record a line, as `decide --format json`, `decision.record()` and `decision.compact_record()` make
    them. Each is decided by the version that its record names, which is one of the VERSIONs or lies in the registry; a
    VERSION is a folder, an artifact, `REVISION:FOLDER` of git or a published version. The exit code is 2 when a
    decision comes out otherwise.
    """
    if other is not None and names:
        raise click.UsageError("give versions, or one with --with: it decides all records")
    found = Report()
    with Versions(names, other, address) as known:
        for number, record in _lines(records):
            answer = _again(record, known, number)
            if answer is None:
                found.failed += 1
            else:
                found.count(number, record, answer)
                for text in _told(number, record, answer, how):
                    click.echo(text)
    click.echo(found.as_json() if how == "json" else found.text())
    return DIFFERENCES if found.differ else OK


@dataclass(slots=True)
class Answer:
    """A record's decision made again: what came out otherwise, and the money of both by output and currency."""

    differences: dict[str, tuple[Any, Any]]
    amounts: dict[tuple[str, str], tuple[Decimal, Decimal]] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """How many decisions came out otherwise, and what that is in money."""

    same: int = 0
    differ: int = 0
    failed: int = 0
    sums: dict[tuple[str, str, str], Sum] = field(default_factory=dict)

    def count(self, number: int, record: dict[str, Any], answer: Answer) -> None:
        """Take one more decision into account."""
        self.differ += bool(answer.differences)
        self.same += not answer.differences
        for (output, currency), (before, after) in answer.amounts.items():
            self.sums.setdefault((record["decision"], output, currency), Sum()).add(before, after)

    def text(self) -> str:
        """The sums of the outputs that changed, and the verdict."""
        changed = {name: each for name, each in self.sums.items() if each.changed}
        told = [
            f"{decision}.{output}: {each.before:f} -> {each.after:f} {currency} ({each.change:+f} in"
            f" {counted(each.changed, 'decision')})"
            for (decision, output, currency), each in sorted(changed.items())
        ]
        left = f", {self.failed} without a decision left out" if self.failed else ""
        verdict = f"{counted(self.same + self.differ, 'decision')} replayed, {self.differ} came out otherwise{left}"
        return "\n".join([*told, click.style(verdict, fg="red" if self.differ else "green", bold=True)])

    def as_json(self) -> str:
        """The same on one line."""
        sums = [
            {"decision": decision, "output": output, "currency": currency, "changed": each.changed,
             "before": f"{each.before:f}", "after": f"{each.after:f}"}
            for (decision, output, currency), each in sorted(self.sums.items())
        ]  # fmt: skip
        return json.dumps({"same": self.same, "differ": self.differ, "left_out": self.failed, "sums": sums})


class Versions:
    """The policies by which records are decided, each made when it is first asked for."""

    def __init__(self, names: Sequence[str], other: str | None, address: str | None) -> None:
        self._given = [Policy(versions.compiled(name, address).program) for name in names]
        self.other = None if other is None else Policy(versions.compiled(other, address).program)
        self._known = {policy.version.digest: policy for policy in self._given}
        self._registry: Registry | None = None
        if other is None and address is not None:
            self._registry = at_registry.opened(address)
        if other is None and not names and address is None:
            raise click.UsageError("say by which version: VERSION, --with VERSION or --registry")

    def __enter__(self) -> Versions:
        return self

    def __exit__(self, *_: object) -> None:
        if self._registry is not None:
            self._registry.store.close()

    def of(self, digest: str) -> Policy:
        """The version with this digest. Raises UnknownVersion."""
        if self.other is not None:
            return self.other
        if digest not in self._known:
            self._known[digest] = self._published(digest)
        return self._known[digest]

    def _published(self, digest: str) -> Policy:
        for version in [] if self._registry is None else self._registry.versions():
            if version.source_digest == digest:
                assert self._registry is not None
                found = self._registry.artifact(version.digest)
                return Policy(found.program, found.program_digest)
        known = ", ".join(self._known) or "none"
        raise UnknownVersion(f"a record was made by {digest}, which is not among the versions given ({known})")


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    given = given_json(line)
                except InvalidInput as fault:
                    raise _at_line(number, fault) from None
                yield number, given


def _again(record: dict[str, Any], known: Versions, number: int) -> Answer | None:
    """What a record says and what comes out now; None for a line that says why there was no decision."""
    if "error" in record and "decision" not in record:
        return None
    try:
        digest = recorded_digest(record)
    except InvalidInput as fault:
        raise _at_line(number, fault) from None
    policy = known.of(digest)
    try:
        found = replay(record, policy, other_version=known.other is not None)
    except EvaluationError as fault:
        return Answer({"decision": (record["outputs"], f"fails: {fault}")})
    except InvalidInput as fault:
        if known.other is None:
            raise _at_line(number, fault) from None
        return Answer({"decision": (record["outputs"], f"is refused: {fault}")})
    return Answer(found.differences, _amounts(record, policy, found))


def _amounts(record: dict[str, Any], policy: Policy, found: Replay) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """The money that was answered, and what it is now, by output and currency; of none there is nothing."""
    made: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for output, node in policy.program.entries[found.decision.name].outputs:
        currency = money(policy.program, node)
        before, after = record["outputs"].get(output), found.decision.outputs[output]
        if currency and isinstance(before, str) and after is not None:
            made[output, currency] = (Decimal(before), Decimal(after))
    return made


def _told(number: int, record: dict[str, Any], answer: Answer, how: str) -> Iterator[str]:
    """One decision that came out otherwise, field by field."""
    if not answer.differences:
        return
    if how == "json":
        differences = {name: list(pair) for name, pair in answer.differences.items()}
        yield json.dumps({"line": number, "id": record["id"], "differences": differences}, ensure_ascii=False)
        return
    yield f"{number}: {record['decision']} {record['id']}"
    for name, (before, after) in answer.differences.items():
        if isinstance(before, dict) and isinstance(after, dict):
            for key in sorted(before.keys() | after.keys()):
                if before.get(key) != after.get(key):
                    yield f"  {key}: {_shown(before.get(key))} -> {_shown(after.get(key))}"
        else:
            yield f"  {name}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _at_line(number: int, fault: InvalidInput) -> PolicyEngineError:
    return InvalidInput(fault.message, f"line {number}" + (f": {fault.field}" if fault.field else ""), fault.hint)
