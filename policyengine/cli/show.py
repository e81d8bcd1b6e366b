"""A decision as text for a terminal: the answer, then the reasons with their places, then who answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import click

from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.runtime.program import Program
from policyengine.values import types
from policyengine.values.instant import Timestamp

EFFECT_COLOURS = {"allow": "green", "review": "yellow", "deny": "red"}


def decision_text(decision: Decision, policy: Policy) -> str:
    """Everything that whoever asked wants to know, and what to look up where it surprises."""
    sections = [_headline(decision), *_outputs(decision, policy.program), *_reasons(decision)]
    return "\n".join([*sections, "", *_policy(decision)])


def _headline(decision: Decision) -> str:
    effect = click.style(decision.effect, fg=EFFECT_COLOURS[decision.effect], bold=True)
    codes = f" ({', '.join(decision.codes)})" if decision.codes else ""
    approvers = f", to be approved by {', '.join(decision.approvers)}" if decision.approvers else ""
    return f"{decision.name}: {effect}{codes}{approvers}"


def _outputs(decision: Decision, program: Program) -> Iterator[str]:
    units = units_of(decision, program)
    width = max(map(len, decision.outputs), default=0)
    for name, value in decision.outputs.items():
        if is_rows(value):
            yield click.style(f"  {name}", bold=True)
            yield from (f"    {line}" for line in columns(value))
        else:
            label = click.style(f"  {name:<{width}}", bold=True)
            yield f"{label}  {value_text(value)}{units[name]}"


def units_of(decision: Decision, program: Program) -> dict[str, str]:
    """The unit of each output with a space before it, or nothing."""
    entry = program.entries[decision.name]
    found = {}
    for name, node in entry.outputs:
        its_type = program.nodes[node].type
        its_type = its_type.item if isinstance(its_type, types.Optional) else its_type
        unit = types.unit_text(its_type.unit) if isinstance(its_type, types.Number) else ""
        found[name] = f" {unit}" if unit and decision.outputs[name] is not None else ""
    return found


def _reasons(decision: Decision) -> Iterator[str]:
    reasons = decision.rationale
    if not reasons:
        return
    yield "because"
    width = max(len(r.path) for r in reasons)
    kind_width = max(len(r.kind) for r in reasons)
    for reason in reasons:
        place = click.style(reason.place, dim=True)
        text = f"  {reason.text}" if reason.text else ""
        yield f"  {reason.path:<{width}}  {reason.kind:<{kind_width}}  {place}{text}".rstrip()


def _policy(decision: Decision) -> Iterator[str]:
    at = None if decision.at is None else str(Timestamp(decision.at))
    given = {"tenant": decision.tenant, "at": at, "event": decision.event}
    circumstances = "".join(f", {name} {value}" for name, value in given.items() if value is not None)
    yield click.style(f"policy {decision.policy}{circumstances}", dim=True)


# --------------------------------------------------------------------------------------------------------- values


def value_text(value: Any) -> str:
    """A value as people write it: plain digits, `true`, `absent`."""
    match value:
        case None:
            return "absent"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case Mapping():
            return ", ".join(f"{name} {value_text(part)}" for name, part in value.items())
        case list() | tuple():
            return "[" + ", ".join(value_text(part) for part in value) + "]"
    return str(value)


def is_rows(value: Any) -> bool:
    """Whether a value is a list of mappings, such as the lines of a charge."""
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def columns(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Mappings as a table, numbers to the right."""
    longest_first = sorted(rows, key=len, reverse=True)  # its order of columns is kept
    names = list(dict.fromkeys(name for row in longest_first for name in row))
    cells = [[value_text(row[name]) if name in row else "" for name in names] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(names)]
    right = [all(not isinstance(row.get(name), str) for row in rows) for name in names]

    def line(texts: Sequence[str]) -> str:
        placed = zip(texts, widths, right, strict=True)
        return "  ".join(t.rjust(w) if r else t.ljust(w) for t, w, r in placed).rstrip()

    yield click.style(line(names), dim=True)
    yield from map(line, cells)
