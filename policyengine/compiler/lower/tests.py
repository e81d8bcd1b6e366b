"""The tests of a bundle are read when they run; what can be said without running is said by `check`."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.language.model import NAMED_SECTIONS


def check(context: Context) -> None:
    """A test that asks for something that nobody decides."""
    known = {name for section in NAMED_SECTIONS for name in getattr(context.bundle, section)}
    for test in context.bundle.tests:
        if test.decide not in known:
            context.error(say.unknown_entry(test.decide, test.at, known))
