"""One question to the public API and to the reference interpreter, which must answer alike."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from golden.bundle_text import bundle

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts
from policyengine.runtime.engine import interpreted
from policyengine.runtime.given.facts import Reader
from policyengine.runtime.meaning import interpreter


class Asked:
    """A bundle, compiled, whose entry points are asked; `lints` are the codes that `check` warns of."""

    def __init__(self, sections: Mapping[str, Any]) -> None:
        self.text = bundle(sections)
        compiled = compile_texts({"bundle.yaml": self.text})
        self.policy = pe.Policy(compiled.program)
        self.lints = {lint.code for lint in compiled.lints}

    def outputs(self, name: str, given: Mapping[str, Any], tenant: str | None = None, at: str | None = None) -> Any:
        """The outputs, after the interpreter has given the same; the lines of a charge add up to its amount."""
        decision = self.policy.decide(name, given, tenant=tenant, at=at)
        program = self.policy.program
        entry = program.entries[name]
        facts = Reader(program, entry).check(dict(given), at, tenant)
        specified = interpreted(program, entry, interpreter.needed(program, entry), facts, tenant)
        held = decision._values
        for (output, node), ours, theirs in zip(entry.outputs, held, specified, strict=False):
            assert program.nodes[node].deferred or (type(ours), ours) == (type(theirs), theirs), (
                output,
                self.text,
                given,
            )
        return decision.outputs

    def amount(self, given: Mapping[str, Any], name: str = "charge", tenant: str | None = None) -> Decimal:
        """The amount of a charge."""
        found = self.outputs(name, given, tenant)
        total = sum((Decimal(line["amount"]) for line in found["lines"]), Decimal(0))
        assert total == found["amount"], (self.text, given, found)
        amount = found["amount"]
        assert isinstance(amount, Decimal)
        return amount
