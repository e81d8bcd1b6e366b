"""The evaluator that services embed: a program, and one function for each entry point, made when it is first asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from policyengine.errors import EvaluationError, InvalidInput, PolicyEngineError
from policyengine.runtime.answers import explain
from policyengine.runtime.answers.decision import Decision, OfUnavailable
from policyengine.runtime.answers.outputs import is_too_large, shower
from policyengine.runtime.answers.reason import Reason
from policyengine.runtime.artifacts.program_json import digest as program_digest
from policyengine.runtime.codegen import citing, compact, generator, lining, printing
from policyengine.runtime.codegen.citing import Cite
from policyengine.runtime.codegen.compact import Compact
from policyengine.runtime.codegen.generator import Decide, Hands, TooDeep
from policyengine.runtime.codegen.lining import FindLines
from policyengine.runtime.codegen.printing import Print
from policyengine.runtime.exact import held as as_held
from policyengine.runtime.failure import COST_EXCEEDED, RESULT_TOO_LARGE
from policyengine.runtime.given.facts import Facts, Reader, name_aside
from policyengine.runtime.given.given_json import given_json
from policyengine.runtime.limits import CostExceeded
from policyengine.runtime.meaning import costs, interpreter
from policyengine.runtime.program import Entry, Program
from policyengine.runtime.tables.indexed import Selects
from policyengine.values.canonical_json import canonical_bytes
from policyengine.values.instant import Timestamp
from policyengine.values.types import Type


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """Which policy answered: its name and label, the digest of its sources and that of its program."""

    name: str
    version: str
    digest: str
    program_digest: str

    @property
    def fields(self) -> dict[str, str]:
        """The version as JSON, as records have it."""
        digests = {"digest": self.digest, "program_digest": self.program_digest}
        return {"name": self.name, "version": self.version, **digests}

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.digest.removeprefix('sha256:')[:12]})"


class Policy:
    """One version of a bundle, ready to decide. Safe to share between threads; never changed after it is made."""

    def __init__(self, program: Program, digest: str | None = None) -> None:
        """A policy of a program; `digest` is the program's own, where it is known already."""
        self.program = program
        self._digest = digest
        self._prepared: dict[str, Prepared] = {}
        self._deciders = _Deciders(self)
        self.selects = Selects(program)

    def __repr__(self) -> str:
        return f"Policy({self.version})"

    @cached_property
    def version(self) -> PolicyVersion:
        """Which policy this is."""
        program = self.program
        if self._digest is None:
            self._digest = program_digest(program)
        return PolicyVersion(program.bundle, program.version, program.source_digest, self._digest)

    @property
    def entries(self) -> tuple[str, ...]:
        """What can be decided: the decisions first, then every other node whose value is no quotient."""
        first = [e.name for e in self.program.entries.values() if e.section == "decisions"]
        return (*first, *(e.name for e in self.program.entries.values() if e.section != "decisions"))

    def decide(
        self,
        name: str,
        input: object,
        *,
        tenant: str | None = None,
        at: object = None,
        event: str | None = None,
        purpose: str | None = None,
    ) -> Decision:
        """Answer one entry point for these facts.

        `input` is a dict of the declared inputs, or an instance of a dataclass or pydantic model with these fields;
        amounts are int or Decimal, never float. `at` is the instant that picks dated values (an aware datetime, a
        `Timestamp` or RFC 3339 text), required where anything is dated. `tenant` picks overrides.
        `event` is your id of what is billed and `purpose` what is booked (the decision's name, unless you say
        otherwise); with the tenant they make the booking key.

        Raises InvalidInput (a fact is missing, wrong or out of range), EvaluationError (a rule failed on these facts).
        """
        return self._deciders[name](input, tenant, at, event, purpose)

    def decide_json(
        self,
        name: str,
        data: bytes | str,
        *,
        tenant: str | None = None,
        at: object = None,
        event: str | None = None,
        purpose: str | None = None,
    ) -> Decision:
        """`decide` for an input that is written as JSON: every digit is kept, a key that stands twice is refused."""
        return self.decide(name, given_json(data), tenant=tenant, at=at, event=event, purpose=purpose)

    def decide_many(self, name: str, requests: Iterable[Mapping[str, Any]]) -> list[Decision | PolicyEngineError]:
        """An answer for each request, in order: a decision, or the exception that `decide` would raise for it.

        A request has `input` and, where they are wanted, `tenant`, `at`, `event` and `purpose`. One that has anything
        else raises TypeError, as a call would: it is a mistake in the caller's code and not in a fact.
        """
        decide = self.decider(name)
        answers: list[Decision | PolicyEngineError] = []
        for request in requests:
            try:
                answers.append(decide(**request))
            except PolicyEngineError as fault:
                answers.append(fault)
        return answers

    def reads_as(self, decision: Decision) -> bool:
        """Whether this version takes the same facts for the entry point of a decision, read in the same way."""
        name = decision.name
        if name not in self.program.entries or isinstance(decision, OfUnavailable):
            return False
        self.decider(name)
        return self._prepared[name].reads_as(decision._prepared)

    def decide_again(self, decision: Decision) -> Decision:
        """This version's answer to the facts that a decision of another one has kept, where it `reads_as` that one.

        Raises what `decide` raises.
        """
        return self._prepared[decision.name].decide_held(decision._facts, decision.event, decision.purpose)

    def decider(self, name: str) -> Decider:
        """One entry point as a function of `(input, tenant=, at=, event=, purpose=)`: `decide` for hot loops."""
        return self._deciders[name]

    def _prepare(self, name: str) -> Prepared:
        entry = self.program.entries.get(name)
        if entry is None:
            known = ", ".join(self.entries[:12])
            raise InvalidInput(f"`{name}` is nothing that this policy decides", "", f"it decides: {known}")
        prepared = self._prepared[name] = Prepared(self, entry)
        return prepared

    def check_in_force(self, at: int) -> None:
        """Refuse an instant at which this version does not hold."""
        start, end = self.program.effective
        if (start is not None and at < start) or (end is not None and at >= end):
            raise InvalidInput(
                f"this version is not in force at {Timestamp(at)}", "at", "ask the version that was in force then"
            )


Decider = Callable[..., Decision]


class _Deciders(dict[str, Decider]):
    """The entry points that have been asked, each made ready when it is first asked."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def __missing__(self, name: str) -> Decider:
        made = self[name] = self._policy._prepare(name).decide
        return made


class Prepared:
    """An entry point made ready: `decide` answers (input, tenant, at, event, purpose).

    What only reasons, lines and records need is made when it is first asked for.
    """

    def __init__(self, policy: Policy, entry: Entry) -> None:
        self.policy = policy
        self.entry = entry
        self.order = tuple(interpreter.needed(policy.program, entry))
        self.reader = Reader(policy.program, entry)
        self.first_value = 3 + len(policy.program.facts)
        """Where the values stand in a decision's state, and where those of the guards do."""
        self.first_guard = self.first_value + len(entry.outputs)
        self.first_check = self.first_guard + len(entry.guards) + len(entry.requires)
        self.silence = (False,) * len(entry.guards) + (True,) * len(entry.requires)
        """What guards and required entitlements say where none of them objects."""
        self.objections: dict[tuple[Any, ...], tuple[Reason, ...]] = {}
        """The reasons that they give by what they say, as far as it has been asked for."""
        self.may_fail = bool(policy.program.on_error)
        """Whether a decision may hold a failure: else none is made of one."""
        self.answers = _answers(policy.program, entry)
        self._run: Decide | None = None
        self.decide: Decider = self._decide
        is_limited = policy.program.effective != (None, None)
        in_force = policy.check_in_force if is_limited else None
        hands = Hands(self, Decision, Decision.examined, policy.program.tenant_cells.get, self._decide, in_force)
        with contextlib.suppress(TooDeep, RecursionError):  # then the interpreter answers
            self.decide = generator.generate_asked(policy.program, entry, self.order, hands)
            self._run = generator.generate(policy.program, entry, self.order)
        if costs.may_exceed(policy.program, self.order):
            self.decide = _within_budget(self.decide)

    def reads_as(self, other: Prepared) -> bool:
        """Whether what another version's entry point holds of a request is what this one would hold of it."""
        ours, theirs = self.policy.program, other.policy.program
        is_alike = (ours.inputs, ours.facts) == (theirs.inputs, theirs.facts) and self.entry.facts == other.entry.facts
        return is_alike and self._run is not None

    def decide_held(self, held: tuple[Any, ...], event: str | None, purpose: str | None) -> Decision:
        """The answer to facts that have been read."""
        assert self._run is not None
        program = self.policy.program
        if program.effective != (None, None):
            self.policy.check_in_force(held[Program.AT])
        try:
            values = self._run(held, program.tenant_cells.get(held[Program.TENANT]))
            return Decision.examined((self, event, purpose, *held, *values))
        except CostExceeded:
            raise EvaluationError(COST_EXCEEDED.message, COST_EXCEEDED.code) from None

    @cached_property
    def cite(self) -> Cite | None:
        """What finds the reasons of a decision without a trace."""
        return citing.generate(self.policy.program, self.entry)

    @cached_property
    def find_lines(self) -> FindLines | None:
        """What finds the lines of a decision without a trace."""
        return lining.generate(self.policy.program, self.entry)

    @cached_property
    def print(self) -> Print:
        """What prints the canonical input of a decision."""
        return printing.generate(self.policy.program, self.entry)

    @cached_property
    def print_id(self) -> Print:
        """What makes the id of a decision."""
        return printing.generate_id(self.policy.program, self.entry, self.label)

    @cached_property
    def print_compact(self) -> Compact | None:
        """What prints the compact record of most decisions."""
        program, version = self.policy.program, self.policy.version.fields
        return compact.generate(program, self.entry, self.label, version, Decision.effects_of)

    @cached_property
    def sayings(self) -> dict[str, Reason]:
        """What guards and required entitlements say where they object."""
        return explain.sayings(self.policy.program, self.entry)

    @cached_property
    def label(self) -> str:
        """How the text begins whose hash is the id of a decision."""
        return canonical_bytes([self.policy.version.digest, self.entry.name]).decode()[:-1]

    def _decide(
        self, input: object, tenant: Any = None, at: object = None, event: str | None = None, purpose: str | None = None
    ) -> Decision:
        """The same answer as that of the generated function, for any request: facts may be wrong or unavailable."""
        event, purpose = name_aside("event", event), name_aside("purpose", purpose)
        facts = self.reader.check(input, at, tenant)
        program = self.policy.program
        if program.effective != (None, None):
            self.policy.check_in_force(facts.held[Program.AT])
        if self._run is None or facts.unavailable:
            values = interpreted(program, self.entry, self.order, facts, facts.held[Program.TENANT])
        else:
            values = self._run(facts.held, program.tenant_cells.get(facts.held[Program.TENANT]))
        made = OfUnavailable if facts.unavailable else Decision
        return made.examined((self, event, purpose, *facts.held, *values))


def _answers(program: Program, entry: Entry) -> dict[str, tuple[str, int, Callable[[Any], Any] | None]]:
    """For each output its node, its place in a decision's state and how callers see it; for one that is made when it is
    asked for, its place among those and None."""
    first, later = 3 + len(program.facts), count()
    return {
        name: (node, next(later), None)
        if program.nodes[node].deferred
        else (node, first + n, shower(program.nodes[node].type))
        for n, (name, node) in enumerate(entry.outputs)
    }


def _within_budget(decide: Decider) -> Decider:
    """The same, where the end of the budget is an error of the evaluation."""

    def decide_or_end(*given: Any, **named: Any) -> Decision:
        try:
            return decide(*given, **named)
        except CostExceeded:
            raise EvaluationError(COST_EXCEEDED.message, COST_EXCEEDED.code) from None

    return decide_or_end


def interpreted(
    program: Program, entry: Entry, order: Sequence[str], facts: Facts, tenant: str | None
) -> tuple[Any, ...]:
    """The same values by the reference interpreter, in the held form of generated code."""
    trace = interpreter.run(program, order, facts.held, tenant)
    names = [node for _, node in entry.outputs] + [*entry.guards, *entry.requires, *entry.checks]
    return tuple([None if program.nodes[n].deferred else _held(trace.values[n], program.nodes[n].type) for n in names])


def _held(value: Any, its_type: Type) -> Any:
    return RESULT_TOO_LARGE if costs.is_nested(its_type) and is_too_large(value) else as_held(value, its_type)
