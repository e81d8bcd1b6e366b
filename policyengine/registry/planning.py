"""A plan is made: the version is compared with each one that its tenants have now, and recorded usage is rated.

Of the usage, each line counts for the tenant that it names: it is rated with the version that this tenant has, and left
out where the activation changes nothing for them.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from policyengine.analysis.bundle_tests import instant
from policyengine.analysis.diff.rating.impact import Impact, impact
from policyengine.analysis.diff.rating.rater import Grouping, UnreadableLine
from policyengine.analysis.diff.rating.rerating import rerated
from policyengine.analysis.diff.rating.tally import EXACT
from policyengine.analysis.diff.rating.usage import Defaults, Reader, at_path
from policyengine.analysis.diff.report import Difference, difference
from policyengine.analysis.diff.reports.as_json import plain
from policyengine.compiler.pipeline import Compiled, compile_texts
from policyengine.errors import InvalidInput
from policyengine.registry import scopes
from policyengine.registry.guardrails import Guardrails, check_guardrails
from policyengine.registry.plan_summary import summary
from policyengine.registry.plans import Plan
from policyengine.registry.reach import Reach
from policyengine.registry.scopes import Scope
from policyengine.runtime.program import Program
from policyengine.values.instant import Timestamp

if TYPE_CHECKING:  # it imports this module when a plan is made
    from policyengine.registry.registry import Registry, Version


def _untold(size: int) -> None:
    """Nobody wants to know how far the rating is."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Recorded usage, and what its lines leave open, as `policyengine diff` has it."""

    path: Path
    decision: str | None = None
    at: str | None = None
    amount: str | None = None
    tenant_field: str | None = None
    product_field: str | None = None
    processes: int = 1
    told: Callable[[int], None] = _untold
    """Told how many more bytes have been rated."""

    def said(self, digest: str) -> dict[str, str]:
        """As a plan has it, so that the same file gives the same impact to whoever asks again."""
        options = ("decision", "at", "amount", "tenant_field", "product_field")
        return {"sha256": digest, **{name: text for name in options if (text := getattr(self, name)) is not None}}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The version against one that some have now."""

    before: Version | None
    """None where nothing answers for them."""
    difference: Difference | None
    """What differs, with the impact; None where nothing answered before."""
    impact: Impact | None
    tenants: int | None
    """How many tenants of the usage have it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what it was made from."""

    plan: Plan
    comparisons: tuple[Comparison, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the activation changes nothing for anybody."""
        return all(each.difference is not None and each.difference.is_empty for each in self.comparisons)


@dataclass(slots=True)
class _Share:
    """The lines of usage of those who have one version; the file keeps the numbers of the lines, the others empty."""

    path: Path
    file: BinaryIO
    line: int = 0
    tenants: set[str] = field(default_factory=set)


def planned(
    registry: Registry,
    name: str,
    given: Sequence[Scope],
    *,
    start: Timestamp | None,
    reason: str,
    usage: Usage | None,
    guardrails: Guardrails | None,
) -> Planned:
    """What activating a version would do, once all steps are done; nothing is written.

    Raises UnknownVersion, and InvalidInput where a line of usage cannot be read, a past start has no reason, several
    steps have a start, or guardrails no step that they are for.
    """
    steps = scopes.steps(given) or (scopes.ALL,)
    if len(steps) > 1 and start is not None:
        raise InvalidInput("a plan of several steps has none: each begins when it is activated", "start")
    check_guardrails(guardrails, steps[0])
    limits = None if guardrails is None else guardrails.as_json()
    version = registry.find(name)
    timeline, base, now = registry.state(version.bundle)
    if start is not None and start < now and not reason:
        raise InvalidInput(f"{start} is past", "reason", "say why the version is to hold from before now")
    reach = Reach(timeline, version.digest, steps, limits, now if start is None else start, now)
    published = {each.digest: each for each in registry.versions(version.bundle)}
    compiled = {digest: _compiled(registry, digest) for digest in [version.digest, *reach.versions()] if digest}
    with tempfile.TemporaryDirectory() as folder:
        shares, content = ({}, "") if usage is None else _split(usage, reach, list(compiled.values()), Path(folder))
        found = tuple(
            _compared(published.get(had), version, compiled, usage, shares.get(had)) for had in reach.versions()
        )
    measured = _measured([each.impact for each in found if each.impact is not None])
    tenants = None if usage is None else len({name for share in shares.values() for name in share.tenants})
    report = [
        {
            "before": None if each.before is None else {"version": each.before.version, "artifact": each.before.digest},
            "tenants": each.tenants,
            "difference": None if each.difference is None else plain(each.difference),
        }
        for each in found
    ]
    refused = _refused([each.impact for each in found if each.impact is not None])
    # A sum without what both refuse is told, but nobody knows what is missing: rules take it as not measured.
    is_whole = measured is not None and not refused
    impact_text = {code: format(change, "f") for code, change in (measured or {}).items()} if is_whole else None
    told = summary([each.difference for each in found], tenants, measured, refused)
    plan = Plan(
        version.bundle, version.version, version.digest, steps, limits, start, reason, base, now,
        None if usage is None else usage.said(content), impact_text,
        tenants, told, report,
    )  # fmt: skip
    return Planned(plan, found)


def _compiled(registry: Registry, digest: str) -> Compiled:
    """What the sources of a version mean, and the program that services run."""
    found = registry.artifact(digest)
    return replace(compile_texts(dict(found.sources)), program=found.program)


def _compared(
    before: Version | None, after: Version, compiled: dict[str, Compiled], usage: Usage | None, share: _Share | None
) -> Comparison:
    new = compiled[after.digest]
    old = None if before is None else compiled[before.digest]
    program = replace(new.program, entries={}) if old is None else old.program  # nothing answers: nothing is paid
    its = None if usage is None or share is None else _rated(program, new, usage, share.path)
    count = None if usage is None else 0 if share is None else len(share.tenants)
    if before is None or old is None:
        return Comparison(None, None, its, count)
    names = (f"{before.bundle}@{before.version}", f"{after.bundle}@{after.version}")
    return Comparison(before, replace(difference(old, new, names), impact=its), its, count)


def _rated(before: Program, after: Compiled, usage: Usage, share: Path) -> Impact:
    grouping = Grouping(usage.amount, _path(usage.tenant_field), _path(usage.product_field))
    tally = rerated(before, after.program, share, _defaults(usage, after), grouping, usage.processes, usage.told)
    return impact(str(usage.path), tally)


def _defaults(usage: Usage, after: Compiled) -> Defaults:
    return Defaults(usage.decision, None if usage.at is None else instant(usage.at, after.bundle.timezone))


def _path(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(text.split("."))


def _split(usage: Usage, reach: Reach, of: Sequence[Compiled], folder: Path) -> tuple[dict[str, _Share], str]:
    """The lines by the version that their tenants have, and the file's digest; `of` begins with the new version."""
    inputs = frozenset(each.name for compiled in of for each in compiled.program.inputs.fields)
    reader = Reader(_defaults(usage, of[0]), inputs)
    field_path, content = _path(usage.tenant_field), hashlib.sha256()
    shares: dict[str, _Share] = {}
    with ExitStack() as opened:
        file = opened.enter_context(usage.path.open("rb"))
        for number, line in enumerate(file, start=1):
            content.update(line)
            if not line.strip():
                continue
            try:
                asked = reader.asked(line)
            except InvalidInput as fault:
                raise UnreadableLine(number, fault) from None
            tenant = at_path(asked.input, field_path) if field_path else asked.tenant
            had = reach.had(tenant)
            if had is None:
                continue
            share = shares.get(had)
            if share is None:
                own = folder / str(len(shares))
                share = shares[had] = _Share(own, opened.enter_context(own.open("wb")))
            share.file.write(b"\n" * (number - share.line - 1) + line)
            share.line = number
            if tenant is not None:
                share.tenants.add(tenant)
    return shares, content.hexdigest()


def _measured(impacts: Sequence[Impact]) -> dict[str, Decimal] | None:
    """The change by currency; None where no line came to an amount, which is not the same as no change."""
    moneys = [money for each in impacts for money in each.moneys]
    if not moneys or sum(each.calls for each in impacts) == _refused(impacts):
        return None
    found: dict[str, Decimal] = {}
    for money in moneys:
        found[money.currency] = EXACT.add(found.get(money.currency, Decimal(0)), money.total.change)
    return dict(sorted(found.items()))


def _refused(impacts: Sequence[Impact]) -> int:
    """How many lines both versions refuse, so that nothing is known of what they come to."""
    return sum(fault.count for each in impacts for side, _, fault in each.faults if side == "both")
