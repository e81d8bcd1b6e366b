"""Guards -> a condition each; which effect it has is data of the entry point."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import sentences
from policyengine.compiler.lower.context import Context
from policyengine.language.expression import check
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import Guard
from policyengine.runtime.program import Const, If
from policyengine.values import types

EFFECTS = types.Enum("", ("allow", "review", "deny"))


def lower(context: Context, guard: Guard) -> None:
    """The node `NAME`, true where the guard speaks, and `NAME.effect`."""
    _check_approver(guard)
    scope = context.scope()
    condition = context.boolean(guard.when, scope)
    scope = scope.knowing(check.known_present(guard.when.tree, scope))
    fired = context.add(guard.name, condition, guard.name, "guards", guard.at, cite="guard")
    context.define(guard.name, fired)
    sentence = sentences.lower(context, guard.reason, scope)
    if sentence is not None:
        # What the condition guards is filled in only where the guard speaks.
        sentence = If(types.STRING, fired, sentence, Const(types.STRING, ""))
        context.add(f"{guard.name}.reason", sentence, guard.name, "guards", guard.at, deferred=True)
    effect = If(EFFECTS, fired, Const(EFFECTS, guard.effect), Const(EFFECTS, "allow"))
    read = context.add(f"{guard.name}.effect", effect, guard.name, "guards", guard.at)
    context.define(f"{guard.name}.effect", read)


def _check_approver(guard: Guard) -> None:
    """Raises Rejected where a guard that never asks for a review names who decides on one."""
    words = {guard.effect}
    if guard.on_error is not None:
        words |= {guard.on_error.unavailable, guard.on_error.other}
    if guard.approver and "review" not in words:
        raise Rejected(say.needless_approver(guard.effect, guard.at))
