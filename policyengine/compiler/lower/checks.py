"""Checks: conditions that the facts of one decision must fulfil before anything is decided."""

from __future__ import annotations

from policyengine.compiler.lower.context import Context
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.references import names_read
from policyengine.runtime.program import All, Any_, Call
from policyengine.values import types


def lower(context: Context) -> None:
    """The nodes `checks.N`: true where the facts agree, or where an optional one is absent."""
    for number, check in enumerate(context.bundle.checks, start=1):
        if names_read(check, context.poisoned):
            continue  # what it reads is broken, and that has been said
        requires: frozenset[str] = frozenset()
        try:
            try:
                condition = context.boolean(check.that, context.scope())
            except Rejected as rejected:
                requires = context.required_by(check.that)
                if not requires:
                    raise rejected from None
                condition = context.boolean(check.that, context.scope().knowing(requires))
        except Rejected as rejected:
            context.error(rejected.diagnostic)
            continue
        if requires:
            tests = tuple(context.presence[atom] for atom in sorted(requires))
            there = tests[0] if len(tests) == 1 else All(types.BOOL, tests)
            condition = Any_(types.BOOL, (Call(types.BOOL, "not", (there,)), condition))
        name = f"checks.{number}"
        context.add(name, condition, name, "checks", check.at)
        context.check_reasons[name] = check.reason
