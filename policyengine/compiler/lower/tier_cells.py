"""Tiers in a cell of a table's row."""

from __future__ import annotations

from fractions import Fraction

from policyengine.compiler import diagnostics as say
from policyengine.compiler.literals import Exact, Unreadable
from policyengine.compiler.lower.context import Context
from policyengine.language.declared import Declared, DeclaredGroup
from policyengine.language.yaml import Mapping, Node, Sequence


def read(context: Context, node: Node, declared: Declared) -> Exact:
    """Bounds, rates and flats of a row's own tiers; the last tier is open, bounds grow."""
    group = declared.items
    assert isinstance(group, DeclaredGroup)
    if not isinstance(node, Sequence) or not node.items:
        context.error(say.bad_literal("something else", "a list of tiers", node.span))
        raise Unreadable
    bounds: list[Fraction | None] = []
    rates: list[Fraction] = []
    flats: list[Fraction] = []
    for position, tier in enumerate(node.items):
        if not isinstance(tier, Mapping):
            context.error(say.bad_literal("something else", "a tier such as `{up_to: 10, unit_amount: 2}`", tier.span))
            raise Unreadable
        given = {}
        for entry in tier.entries.values():
            if entry.key not in group.fields:
                context.error(say.unknown_column(entry.key, entry.key_span, group.fields))
                raise Unreadable
            its = group.fields[entry.key][1]
            given[entry.key] = context.literals.read(entry.value, its)
        _append(context, tier, given, position == len(node.items) - 1, (bounds, rates, flats))
    return tuple(bounds), tuple(rates), tuple(flats)


def _append(
    context: Context,
    tier: Mapping,
    given: dict[str, Exact],
    last: bool,
    into: tuple[list[Fraction | None], list[Fraction], list[Fraction]],
) -> None:
    bounds, rates, flats = into
    up_to = given.get("up_to")
    if up_to is None and not last:
        context.error(say.open_tier_not_last(tier.span))
        raise Unreadable
    if up_to is not None and last:
        context.error(say.last_tier_not_open(tier.entries["up_to"].value.span))
        raise Unreadable
    before = bounds[-1] if bounds else Fraction(0)
    if up_to is not None and before is not None and up_to <= before:
        context.error(say.tiers_not_increasing(tier.entries["up_to"].value.span))
        raise Unreadable
    bounds.append(up_to)
    rate: Exact = given.get("unit_amount", given.get("factor", Fraction(0)))
    rates.append(rate)
    flats.append(given.get("flat_amount", Fraction(0)))
