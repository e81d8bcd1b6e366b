"""One entitlement of any kind, from what it says to the fields of its answer.

A tenant has an entitlement where its `when` holds, within `effective`; without it everything is refused. A boolean one
says yes or no, a static one carries a value, a metered one counts.
"""

from __future__ import annotations

from policyengine.compiler.lower import sentences
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.decisions import check_leaves
from policyengine.compiler.lower.entitlements import burnt, guarded, metered, resets, resolution
from policyengine.compiler.lower.entitlements.resolution import optional
from policyengine.language.entitlements import Active, Entitlement
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import All, Call, Const, Expr, If
from policyengine.values import types

TEXT = types.Optional(types.STRING)
ORDER = (
    "value", "requested", "granted", "balance", "limit", "limit_type", "source", "resets_at",
    "warnings", "draw", "overage", "overage_added", "windows", "used", "grant_used", "available", "since", "segments",
)  # fmt: skip


def lower(context: Context, part: Entitlement) -> None:
    """The nodes `NAME.allowed`, `NAME.code` and those of the fields that this kind of entitlement has."""
    scope = context.scope()
    attached = _attached(context, part, scope)
    if part.when is not None:
        scope = scope.knowing(check.known_present(part.when.tree, scope))
    if part.allow is not None or part.value is not None:
        fields = _resolved(context, part, scope)
    elif part.burn_down is not None:
        fields = burnt.lower(context, part, scope, attached)
    else:
        fields = metered.lower(context, part, scope, attached)
    requires: frozenset[str] = frozenset()
    if attached is not None:
        context.presence[part.name] = attached
        requires = frozenset({part.name})
    own = fields.pop("allowed")
    allowed = own if attached is None else If(types.BOOL, attached, own, Const(types.BOOL, False))
    code = part.otherwise.code if part.otherwise is not None and part.otherwise.code else part.name
    context.codes[f"{part.name}.allowed"] = code
    read = _add(context, part, "allowed", allowed)
    context.define(f"{part.name}.allowed", read)
    refused = If(TEXT, read, Const(TEXT, None), Const(TEXT, code))
    _define(context, f"{part.name}.code", _add(context, part, "code", refused), frozenset())
    for name in (name for name in ORDER if name in fields):
        check_leaves(fields[name], f"{part.name}.{name}", part.at)
        node = f"{part.name}.{name}"
        made = fields[name]
        if node not in context.nodes:
            made = _add(context, part, name, guarded.only(attached, made))
        _define(context, node, made, requires)
    context.groups[part.name] = ("allowed", "code", *(name for name in ORDER if name in fields))
    if part.effective is not None:
        _bounds(context, part, part.effective, context.scope())
    _reason(context, part, scope)


def _define(context: Context, node: str, expr: Expr, requires: frozenset[str]) -> None:
    """A field of the answer; one that may be absent by itself is asked for with `has`."""
    its_type = context.nodes[node].type if node in context.nodes else expr.type
    if isinstance(its_type, types.Optional) and not requires:
        context.presence[node] = context.is_present(expr)
        requires = frozenset({node})
    context.define(node, expr, requires)


def _add(context: Context, part: Entitlement, field: str, expr: Expr) -> Expr:
    cite = "entitlement" if field == "allowed" else ""
    return context.add(f"{part.name}.{field}", expr, part.name, "entitlements", part.at, cite=cite)


def _reason(context: Context, part: Entitlement, scope: Scope) -> None:
    """What a refusal says, put together when somebody reads it."""
    if part.otherwise is None or part.otherwise.reason is None:
        return
    context.refusals[f"{part.name}.allowed"] = part.otherwise.reason.text
    sentence = sentences.lower(context, part.otherwise.reason, scope)
    if sentence is not None:
        node = f"{part.name}.allowed.reason"
        context.add(node, sentence, part.name, "entitlements", part.at, deferred=True)


def _attached(context: Context, part: Entitlement, scope: Scope) -> Expr | None:
    """Whether the tenant has this entitlement now; None where nothing says otherwise."""
    tests = [] if part.when is None else [context.boolean(part.when, scope)]
    if part.effective is not None:
        inner = scope if part.when is None else scope.knowing(check.known_present(part.when.tree, scope))
        tests += _in_force(context, part.effective, inner)
    if not tests:
        return None
    condition = tests[0] if len(tests) == 1 else All(types.BOOL, tuple(tests))
    return context.add(f"{part.name}.when", condition, part.name, "conditions", part.at, cite="condition")


def _in_force(context: Context, active: Active, scope: Scope) -> list[Expr]:
    """The tests of `[from, until)`; a time that is absent is open."""
    sides = [("<=", active.start)] if active.start is not None else []
    tests = []
    for sign, written in [*sides, *((">", end) for end in active.ends)]:
        assert written is not None
        instant = optional(context, written, scope, types.TIMESTAMP)
        now = resets.now(context, scope, active.at)
        test = arithmetic.compare(sign, check.unwrapped(instant), now, written.span)
        tests.append(arithmetic.choose(context.is_present(instant), test, Const(types.BOOL, True), written.span))
    return tests


def _bounds(context: Context, part: Entitlement, active: Active, scope: Scope) -> None:
    """From when until when the tenant has it, whatever the time is; an end before the beginning is the beginning."""
    time = types.Optional(types.TIMESTAMP)
    start: Expr = Const(time, None)
    if active.start is not None:
        start = optional(context, active.start, scope, types.TIMESTAMP)
    end: Expr = Const(time, None)
    for written in active.ends:
        own = optional(context, written, scope, types.TIMESTAMP)
        sooner = Call(types.TIMESTAMP, "min", (check.unwrapped(end), check.unwrapped(own)))
        both = If(time, context.is_present(own), arithmetic.coerced(sooner, time), end)
        end = If(time, context.is_present(end), both, own)
    later = Call(types.TIMESTAMP, "max", (check.unwrapped(start), check.unwrapped(end)))
    known = All(types.BOOL, (context.is_present(start), context.is_present(end)))
    end = If(time, known, arithmetic.coerced(later, time), end)
    for field, expr in (("active_from", start), ("active_until", end)):
        _define(context, f"{part.name}.{field}", _add(context, part, field, expr), frozenset())
    context.groups[part.name] = (*context.groups[part.name], "active_from", "active_until")


def _resolved(context: Context, part: Entitlement, scope: Scope) -> dict[str, Expr]:
    """A right, or a value: allowed where it is there (and a right says yes)."""
    field, value = ("allow", part.allow) if part.allow is not None else ("value", part.value)
    assert value is not None
    found = resolution.resolve(context, part, field, value, scope)
    its_type = found.value.type
    absent = isinstance(its_type, types.Optional)
    plain = its_type.item if isinstance(its_type, types.Optional) else its_type
    fields: dict[str, Expr] = {}
    if field == "allow":
        if plain != types.BOOL:
            raise Rejected(expression_say.expected_type("a condition", its_type, value.span))
        no = Const(types.BOOL, False)
        allowed: Expr = Call(types.BOOL, "or_value", (found.value, no)) if absent else found.value
    else:
        allowed = context.is_present(found.value) if absent else Const(types.BOOL, True)
        fields["value"] = found.value
    fields["allowed"] = allowed
    if found.source is not None:
        fields["source"] = found.source
    return fields
