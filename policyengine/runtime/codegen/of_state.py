"""Functions of a decision that has been made: they take its state, and what it holds already is not computed again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from policyengine.runtime.codegen.generator import Generator
from policyengine.runtime.codegen.writer import Val, is_pair
from policyengine.runtime.meaning.interpreter import needed
from policyengine.runtime.program import Entry, Program

_ANSWERED = re.compile(r"\bv\d+\b")


def state_names(program: Program, entry: Entry) -> str:
    """The variables of what a decision's state holds: `f0`, `f1` ... are its facts, `v0`, `v1` ... its values."""
    facts = [f"f{index}" for index in range(len(program.facts))]
    values = [f"v{place}" for place in range(len(_answers(entry)))]
    return ", ".join(["_", "event", "purpose", *facts, *values])


def _answers(entry: Entry) -> list[str]:
    return [node for _, node in entry.outputs] + [*entry.guards, *entry.requires, *entry.checks]


class OfState(Generator):
    """The writer of such a function; where anything fails on the way it returns None, as only the trace can tell then.

    `answered` is the entry point whose answer the state is, and `entry` what is computed of it.
    """

    def __init__(self, program: Program, entry: Entry, answered: Entry, order: Sequence[str]) -> None:
        super().__init__(program, entry, order, leaves=True)
        self.answered = answered
        self.leave = "return None"
        self.names["O"] = program.tenant_cells.get

    def number_nodes(self) -> None:
        """Number the nodes, and know those whose values the state holds."""
        super().number_nodes()
        nodes, numbering = self.program.nodes, self.numbering
        uses = numbering.uses.copy()
        for name in needed(self.program, self.answered):
            numbering.node(name)
        numbering.uses = uses  # of what is computed here
        for place, name in enumerate(_answers(self.answered)):
            if not nodes[name].deferred and not is_pair(nodes[name].type):
                self.memo[numbering.of_node[name]] = Val(f"v{place}", nodes[name].type)

    def head(self, body: list[str]) -> list[str]:
        answers = sorted(set(_ANSWERED.findall("\n".join(body))))
        return [
            "def decide(s):",
            f" {state_names(self.program, self.answered)} = s",
            " o = O(f1)",
            *[f" if {answer}.__class__ is F: return None" for answer in answers],
        ]
