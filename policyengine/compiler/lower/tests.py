"""The tests of a bundle are read when they run; what can be said without running is said by `check`."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context


def check(context: Context) -> None:
    """A test that asks for something that nobody decides."""
    known = {*context.bundle.decisions, *context.bundle.charges, *context.bundle.values, *context.bundle.tables}
    known |= {*context.bundle.entitlements, *context.bundle.guards, *context.bundle.parameters}
    for test in context.bundle.tests:
        if test.decide not in known:
            context.error(say.unknown_entry(test.decide, test.at, known))
