"""The sections of a bundle, each with the file that lowers it, in the order of what they read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.literals import Literals, Unreadable
from policyengine.compiler.lower import (
    accounts,
    charges,
    checks,
    decisions,
    entitlements,
    guards,
    inputs,
    overrides,
    parameters,
    proration,
    retries,
    tables,
    tests,
    values,
)
from policyengine.compiler.lower.context import Broken, Context
from policyengine.compiler.lower.table_files import columns_of
from policyengine.compiler.sources import Sources
from policyengine.language.declared import TypeReader
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import NAMED_SECTIONS, Bundle
from policyengine.language.references import names_read
from policyengine.source import Report, Span
from policyengine.values.currencies import CURRENCIES
from policyengine.values.invalid import InvalidValue
from policyengine.values.types import Unit
from policyengine.values.zone_data import zone
from policyengine.values.zones import UTC

LOWER: dict[str, Callable[[Context, Any], None]] = {
    "parameters": parameters.lower,
    "tables": tables.lower,
    "values": values.lower,
    "charges": charges.lower,
    "retries": retries.lower,
    "accounts": accounts.lower,
    "proration": proration.lower,
    "entitlements": entitlements.lower,
    "guards": guards.lower,
    "decisions": decisions.lower,
}


def prepare(bundle: Bundle, sources: Sources, report: Report) -> Context:
    """The context before the first section: types, inputs, overrides."""
    money: Unit = ((currency_unit(bundle), 1),) if bundle.currency else ()
    if bundle.currency is not None and bundle.currency.text.isupper() and bundle.currency.text not in CURRENCIES:
        report.add(say.currency_of_unknown(bundle.currency.text, bundle.currency.span))
    literals = Literals(report, None)
    if bundle.timezone is not None:
        try:
            literals.zone = zone(bundle.timezone)
        except InvalidValue as fault:
            report.add(say.bad_zone(bundle.timezone, bundle.timezone_at, fault.hint))
            literals.zone = UTC  # so that dates are not told to lack a zone
    reader = TypeReader(report, bundle.types, money[0][0] if money else "", columns_of(sources, report))
    context = Context(bundle, report, reader, literals, money, sources)
    context.effective = _effective(context)
    inputs.lower(context)
    overrides.collect(context)
    return context


def _effective(context: Context) -> tuple[int | None, int | None]:
    """When the bundle answers at all, in nanoseconds."""
    found: list[int | None] = []
    for date in context.bundle.effective:
        try:
            found.append(None if date is None else context.literals.instant(date, context.manifest_place))
        except Unreadable:
            found.append(None)
    start, end = found
    if start is not None and end is not None and end <= start:
        context.error(say.never_in_force("the bundle", context.manifest_place))
    return start, end


def currency_unit(bundle: Bundle) -> str:
    """The unit of `money`: a code, or `money` itself where each decision has a currency of its own."""
    assert bundle.currency is not None
    code = bundle.currency.text
    return code if code.isupper() else "money"


def named(context: Context) -> dict[str, tuple[str, Any]]:
    """Every named part with its section."""
    return {
        name: (section, part)
        for section in NAMED_SECTIONS
        for name, part in getattr(context.bundle, section).items()
    }  # fmt: skip


def reads(context: Context) -> dict[str, set[str]]:
    """For every named part, the parts and inputs that it reads."""
    parts = named(context)
    known = {*parts, *context.bundle.inputs}
    found = {name: names_read(part, known) for name, (_, part) in parts.items()}
    for name, (section, part) in parts.items():
        if section == "charges":
            found[name] |= {other for other, _ in part.sum} & known
        if section == "decisions":
            found[name] |= {other for other, _ in (*part.guards, *part.requires)} & known
            found[name] |= {part.decide} & known
    return found


def places(context: Context) -> dict[str, Span]:
    return {name: part.at for name, (_, part) in named(context).items()}


def lower_all(context: Context, order: list[str], reads: dict[str, set[str]]) -> None:
    """Lower every part; one that reads a broken part is left out, so that one mistake gives one diagnostic."""
    parts = named(context)
    context.poisoned |= parts.keys() - set(order)
    for name in order:
        section, part = parts[name]
        if not reads[name].isdisjoint(context.poisoned):
            context.poisoned.add(name)
            continue
        attempt(context, name, partial(LOWER[section], context, part))
    checks.lower(context)
    tests.check(context)


def attempt(context: Context, name: str, lower: Callable[[], None]) -> None:
    """Lower one part; its diagnostic goes to the report and its name is poisoned."""
    try:
        lower()
    except Rejected as rejected:
        context.error(rejected.diagnostic)
        context.poisoned.add(name)
    except Broken:
        context.poisoned.add(name)
