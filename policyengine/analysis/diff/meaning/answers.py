"""What one version answers to a question, in a form that can be compared with another version's answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policyengine.errors import EvaluationError, InvalidInput
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.runtime.program import Program
from policyengine.values import types
from policyengine.values.instant import Timestamp


@dataclass(frozen=True, slots=True)
class Question:
    """One call of `Policy.decide`."""

    decision: str
    input: dict[str, Any]
    tenant: str | None = None
    at: Timestamp | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody was told: the effect with its codes and the outputs, or `refused`, and why."""

    effect: str = ""
    codes: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    outputs: tuple[tuple[str, Any], ...] = ()
    refused: str = ""
    by_input: bool = False
    """Whether it was refused for its input, before any rule was asked."""

    def told(self) -> dict[str, Any]:
        """Everything by name, as far as there is something to tell."""
        if self.refused:
            return {"refused": self.refused}
        named = {"codes": list(self.codes), "approvers": list(self.approvers)}
        return {"effect": self.effect, **{name: words for name, words in named.items() if words}, **dict(self.outputs)}


def answer(policy: Policy, question: Question) -> tuple[Answer, Decision | None]:
    """The answer, and the decision where there is one."""
    try:
        decision = policy.decide(question.decision, question.input, tenant=question.tenant, at=question.at)
        outputs = tuple((name, decision.outputs[name]) for name in quick_outputs(policy.program, question.decision))
    except (InvalidInput, EvaluationError) as fault:
        return Answer(refused=str(fault), by_input=isinstance(fault, InvalidInput)), None
    return Answer(decision.effect, decision.codes, decision.approvers, outputs), decision


def quick_outputs(program: Program, name: str) -> list[str]:
    """The outputs that are computed with the decision; lines are made when they are asked for, by the interpreter."""
    entry = program.entries[name]
    return [output for output, node in entry.outputs if not program.nodes[node].deferred]


Units = dict[tuple[str, str], str]
"""The unit of each output of each entry point, where it has one."""


def units_of(program: Program) -> Units:
    """The units of all outputs."""
    found = {}
    for entry in program.entries.values():
        for output, node in entry.outputs:
            its_type = program.nodes[node].type
            its_type = its_type.item if isinstance(its_type, types.Optional) else its_type
            unit = types.unit_text(its_type.unit) if isinstance(its_type, types.Number) else ""
            if unit:
                found[entry.name, output] = unit
    return found


def differ(before: Answer, after: Answer) -> bool:
    """Whether somebody was told something else; two refusals are alike, whatever their words."""
    if before.refused or after.refused:
        return bool(before.refused) != bool(after.refused)
    return before != after


def differences(before: Answer, after: Answer) -> Iterator[tuple[str, Any, Any]]:
    """What differs by name: what was told before and what is told now; None for nothing."""
    old, new = before.told(), after.told()
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)
