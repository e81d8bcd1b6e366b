"""Tiers in a cell of a table's row, from YAML or from the lines of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from policyengine.compiler import diagnostics as say
from policyengine.compiler.literals import Exact, Unreadable
from policyengine.compiler.lower.context import Context
from policyengine.language import yaml
from policyengine.language.declared import Declared, DeclaredGroup
from policyengine.language.yaml import Mapping, Node
from policyengine.source import Span
from policyengine.values import types


@dataclass(slots=True)
class Tier:
    """The fields that a tier gives, its place and that of its bound."""

    given: dict[str, Exact]
    at: Span
    bound_at: Span


def read_node(context: Context, node: Node, declared: Declared) -> Exact:
    """The exact value of a cell, a schedule in a column of tiers; raises Unreadable after reporting."""
    return (
        read(context, node, declared)
        if isinstance(declared.type, types.Tiers)
        else context.literals.read(node, declared)
    )


def read(context: Context, node: Node, declared: Declared) -> Exact:
    """Bounds, rates and flats of a row's own tiers; raises Unreadable after reporting."""
    if not isinstance(node, yaml.Sequence) or not node.items:
        context.error(say.bad_literal("something else", "a list of tiers", node.span))
        raise Unreadable
    return schedule(context, [_tier(context, item, declared) for item in node.items])


def _tier(context: Context, node: Node, declared: Declared) -> Tier:
    if not isinstance(node, Mapping):
        context.error(say.bad_literal("something else", "a tier such as `{up_to: 10, unit_amount: 2}`", node.span))
        raise Unreadable
    fields = fields_of(context, declared, {key: entry.key_span for key, entry in node.entries.items()})
    given = {key: context.literals.read(entry.value, fields[key]) for key, entry in node.entries.items()}
    return Tier(given, node.span, node.entries["up_to"].value.span if "up_to" in node.entries else node.span)


def fields_of(context: Context, declared: Declared, names: dict[str, Span]) -> dict[str, Declared]:
    """The types of a tier's fields, all `names` among them; raises Unreadable after reporting one that is not."""
    group = declared.items
    assert isinstance(group, DeclaredGroup)
    for name, at in names.items():
        if name not in group.fields:
            context.error(say.unknown_column(name, at, group.fields))
            raise Unreadable
    return {name: its for name, (_, its) in group.fields.items() if isinstance(its, Declared)}


def schedule(context: Context, tiers: Sequence[Tier]) -> Exact:
    """Bounds, rates and flats; the last tier is open, bounds grow."""
    bounds: list[Fraction | None] = []
    before = Fraction(0)
    for tier in tiers:
        up_to = tier.given.get("up_to")
        if up_to is None and tier is not tiers[-1]:
            context.error(say.open_tier_not_last(tier.at))
            raise Unreadable
        if up_to is not None and tier is tiers[-1]:
            context.error(say.last_tier_not_open(tier.bound_at))
            raise Unreadable
        if up_to is not None and up_to <= before:
            context.error(say.tiers_not_increasing(tier.bound_at))
            raise Unreadable
        bounds.append(up_to)
        before = before if up_to is None else up_to
    none = Fraction(0)
    rates = [tier.given.get("unit_amount", tier.given.get("factor", none)) for tier in tiers]
    return tuple(bounds), tuple(rates), tuple([tier.given.get("flat_amount", none) for tier in tiers])
