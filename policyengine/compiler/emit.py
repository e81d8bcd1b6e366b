"""The last stage: the lowered bundle as a program, with every entry point and the facts it can read."""

from __future__ import annotations

from policyengine.compiler.lower import guards
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.decisions import finite
from policyengine.language.charges import Charge
from policyengine.language.entitlements import Entitlement
from policyengine.language.model import NAMED_SECTIONS, Decision, Guard, NamedValue
from policyengine.language.proration import Proration
from policyengine.language.retries import Retry
from policyengine.runtime.places import Places
from policyengine.runtime.program import Entry, Expr, Fact, Node, Program, Read, reads, walk
from policyengine.values import types

LISTED = (
    "values",
    "charges",
    "proration",
    "tables",
    "parameters",
    "retries",
    "accounts",
    "entitlements",
    "guards",
    "decisions",
)


def emit(context: Context, digest: str) -> Program:
    """The program of a lowered bundle."""
    bundle = context.bundle
    entries = _entries(context)
    spoken = dict(bundle.guards)
    for guards_of in context.repeated_guards.values():
        spoken |= {node: bundle.guards[guard] for node, guard in guards_of}
    return Program(
        bundle=bundle.name,
        version=bundle.version,
        source_digest=digest,
        currency=bundle.currency.text if bundle.currency else "",
        inputs=context.inputs,
        facts=tuple(context.facts),
        nodes=context.nodes,
        tables=context.tables,
        entries=entries,
        effective=context.effective,
        override_ids=tuple(context.override_ids),
        tenant_cells=context.cells,
        zones=context.zones,
        codes=context.codes,
        reasons=context.check_reasons | context.refusals | {node: g.reason.text for node, g in spoken.items()},
        approvers={node: g.approver for node, g in spoken.items() if g.approver},
        effects={node: g.effect for node, g in spoken.items()},
        on_error=_on_error(context),
        places=Places(context.places, context.row_lines),
    )


def _on_error(context: Context) -> dict[str, tuple[str, str]]:
    """What each named part answers with where it fails."""
    bundle = context.bundle
    parts: dict[str, NamedValue | Charge | Proration | Retry | Entitlement | Guard | Decision] = {
        **bundle.values,
        **bundle.charges,
        **bundle.proration,
        **bundle.retries,
        **bundle.entitlements,
        **bundle.guards,
        **bundle.decisions,
    }
    return {
        name: (part.on_error.unavailable, part.on_error.other)
        for name, part in parts.items()
        if part.on_error is not None
    }  # fmt: skip


def _entries(context: Context) -> dict[str, Entry]:
    """Every named thing whose value is no quotient."""
    facts = _facts_of(context)
    found: dict[str, Entry] = {}
    for section in NAMED_SECTIONS:
        for name in getattr(context.bundle, section) if section != "decisions" else ():
            verdict = (f"{name}.allowed",) if section == "entitlements" else ()
            _add(context, found, name, _own_outputs(context, name), facts, required=verdict)
    for name, decision in context.bundle.decisions.items():
        listed = context.repeated.get(name, tuple(decision.outputs))
        asked = [n for n, _ in decision.guards] + [node for node, _ in context.repeated_guards.get(name, ())]
        required = [f"{entitlement}.allowed" for entitlement, _ in decision.requires]
        required += context.repeated_required.get(name, [])
        outputs = {output: f"{name}.{output}" for output in listed}
        _add(context, found, name, outputs, facts, tuple(asked), tuple(required))
    return found


def _own_outputs(context: Context, name: str) -> dict[str, str]:
    """What a node yields by itself: its fields, or its value."""
    node = context.nodes.get(name)
    if node is not None and node.section in ("parameters", "values", "guards"):
        return {"value": name} if node.section != "guards" else {"effect": f"{name}.effect"}
    fields = context.groups.get(name, ())
    own = {field: f"{name}.{field}" for field in fields if f"{name}.{field}" in context.nodes}
    return {field: context.shown.get(node, node) for field, node in own.items()}


def _add(
    context: Context,
    found: dict[str, Entry],
    name: str,
    outputs: dict[str, str],
    facts: dict[str, frozenset[int]],
    asked: tuple[str, ...] = (),
    required: tuple[str, ...] = (),
) -> None:
    nodes = [context.nodes[node] for node in (*outputs.values(), *asked, *required)]
    if not nodes or any(not finite(n.type) for n in nodes):
        return
    section = _section_of(context, name)
    if section == "guards":
        outputs, asked = {}, (name,)
    own: set[int] = set().union(*(facts[n.name] for n in nodes))
    groups = {context.facts[i].path[0] for i in own if context.facts[i].path}
    checks = []
    for check in context.check_reasons:
        read = facts[check]
        if {context.facts[i].path[0] for i in read if context.facts[i].path} & groups:
            checks.append(check)
            own |= read
    dated = 0 in own or context.bundle.effective != (None, None)
    found[name] = Entry(
        name, section, tuple(outputs.items()), tuple(sorted(own)), asked, required, tuple(checks), dated
    )


def _section_of(context: Context, name: str) -> str:
    return next(section for section in LISTED if name in getattr(context.bundle, section))


def _facts_of(context: Context) -> dict[str, frozenset[int]]:
    """For each node, the facts that it can read, through other nodes too."""
    found: dict[str, frozenset[int]] = {}
    for name, node in context.nodes.items():
        own = {e.index for e in walk(node.expr) if isinstance(e, Fact)}
        own |= {i for e in walk(node.expr) if isinstance(e, Read) for i in found[e.node]}
        found[name] = frozenset(own)
    return found


__all__ = ["Expr", "Node", "emit", "guards", "reads", "types"]
