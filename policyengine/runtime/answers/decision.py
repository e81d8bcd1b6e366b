"""A decision: the answer, with the policy version and the reasons, materialised when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from policyengine.errors import EvaluationError, InvalidInput
from policyengine.runtime.answers import explain
from policyengine.runtime.answers.reason import Reason
from policyengine.runtime.answers.record import compact, effects, record
from policyengine.runtime.answers.why_not import WhyNot, why_not
from policyengine.runtime.failure import Failure
from policyengine.runtime.given.canonical import canonical
from policyengine.runtime.limits import COST_MAX, Meter
from policyengine.runtime.meaning import interpreter
from policyengine.runtime.program import Entry, Program
from policyengine.values import types
from policyengine.values.money import Money

if TYPE_CHECKING:
    from policyengine.runtime.engine import Policy, PolicyVersion, Prepared

STRICTNESS = {"allow": 0, "review": 1, "deny": 2}


OBJECTIONS_MAX = 1024
"""So many combinations of what guards and entitlements say are kept with their reasons."""


class Outputs(Mapping[str, Any]):
    """The outputs of a decision, each made when it is first asked for."""

    __slots__ = ("_decision",)

    _decision: Decision

    def __getitem__(self, name: str) -> Any:
        decision = self._decision
        state = decision._state
        node, place, show = state[0].answers[name]
        if show is None:
            return decision._lines(node, place)
        held = state[place]
        if held.__class__ is Failure:
            return None  # `on_error` has answered for it, by the effect
        value = show(held)
        if value.__class__ is Failure:
            raise _fault(decision._policy.program, node, value)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._decision._prepared.answers)

    def keys(self) -> KeysView[str]:
        """The names of the outputs; `dict(decision.outputs)` asks for them."""
        return self._decision._prepared.answers.keys()

    def __len__(self) -> int:
        return len(self._decision._prepared.answers)

    def __repr__(self) -> str:
        return repr(dict(self))


class Decision:
    """What one entry point answered for one set of facts. It keeps copies of the facts, never the caller's objects."""

    __slots__ = ("_found", "_state", "_traced")

    _state: tuple[Any, ...]
    """(the prepared entry point, event, purpose, *held facts, *held values), set by who makes the decision."""
    _found: tuple[list[dict[str, Any]], ...] | None
    """The lines of its charges, once they have been asked for: see `_listed`."""

    # One tuple holds what was asked and answered: it is made in one step, without an `__init__`, and most decisions are
    # never asked for more than an amount. What takes long to find is kept in `_found` and `_traced`.

    @classmethod
    def of(cls, state: tuple[Any, ...]) -> Decision:
        """The decision of a state that has been answered with already."""
        made = cls()
        made._state = state
        return made

    @classmethod
    def examined(cls, state: tuple[Any, ...]) -> Decision:
        """The decision of values that may have failed, or the exception of such a failure or of a broken check."""
        made = cls.of(state)
        made._check()
        return made

    @classmethod
    def effects_of(cls, state: tuple[Any, ...]) -> dict[str, Any]:
        """The effect, codes and approvers of a state, as records have them."""
        return effects(cls.of(state))

    @property
    def _prepared(self) -> Prepared:
        prepared: Prepared = self._state[0]
        return prepared

    @property
    def _facts(self) -> tuple[Any, ...]:
        state = self._state
        return state[3 : state[0].first_value]

    @property
    def _values(self) -> tuple[Any, ...]:
        state = self._state
        return state[state[0].first_value :]

    @property
    def event(self) -> str | None:
        """The caller's id of what is billed."""
        event: str | None = self._state[1]
        return event

    @property
    def _policy(self) -> Policy:
        return self._prepared.policy

    @property
    def _entry(self) -> Entry:
        return self._prepared.entry

    @property
    def tenant(self) -> str | None:
        """Whose overrides were asked for."""
        tenant: str | None = self._state[3 + Program.TENANT]
        return tenant

    @property
    def purpose(self) -> str:
        """What is booked: the decision's name, unless the caller gave another."""
        purpose: str | None = self._state[2]
        return purpose or self._entry.name

    def _check(self) -> None:
        """A decision fails if and only if something that it answers with has failed and nothing says what then.

        Facts that contradict each other are refused first: what fails because of them is no fault of the policy.
        """
        program = self._policy.program
        if self._entry.checks:
            self._check_facts(program)
        names = [node for _, node in self._entry.outputs] + [*self._entry.guards, *self._entry.requires]
        for node, value in zip(names, self._values, strict=False):
            if value.__class__ is Failure and self._effect_of(node, value) == "fail":
                raise _fault(program, self._failing_nodes(node, value)[0], value)

    def _effect_of(self, node: str, failure: Failure) -> str:
        """What `on_error` says about a failure: that of the part where it began, or else of the decision."""
        program = self._policy.program
        parts = self._failing_parts(node, failure) if program.on_error else []
        for name in (*parts, self._entry.name):
            if name in program.on_error:
                unavailable, other = program.on_error[name]
                return unavailable if failure.code == "unavailable" else other
        return "fail"

    def _failing_parts(self, node: str, failure: Failure) -> list[str]:
        """The named parts through which a failure came to a node, the first one first."""
        nodes = self._policy.program.nodes
        return list(dict.fromkeys(nodes[name].owner for name in self._failing_nodes(node, failure)))

    def _failing_nodes(self, node: str, failure: Failure) -> list[str]:
        """The nodes through which a failure came to a node, each once: what failed before what reads it."""
        trace = self.trace
        found: dict[str, None] = {}
        path: list[tuple[str, Iterator[str]]] = [("", iter([node]))]
        seen: set[str] = set()
        while path:
            reader, read = path[-1]
            name = next(read, None)
            if name is None:
                found[reader] = None
                path.pop()
            elif name not in seen and _is_same(trace.values.get(name), failure):
                seen.add(name)
                path.append((name, iter(trace.demanded[name])))
        return [name for name in found if name] or [node]

    @property
    def failures(self) -> dict[str, str]:
        """What failed and was answered by `on_error`: the node and the failure's code."""
        names = [node for _, node in self._entry.outputs] + [*self._entry.guards, *self._entry.requires]
        return {n: v.code for n, v in zip(names, self._values, strict=False) if isinstance(v, Failure)}

    def _check_facts(self, program: Program) -> None:
        checks = self._entry.checks
        for node, value in zip(checks, self._values[-len(checks) :], strict=True):
            if value.__class__ is Failure:
                raise _fault(program, node, value)
            if value is False:
                raise InvalidInput(program.reasons[node], "input", f"checked at {program.places.get(node, '')}")

    # ------------------------------------------------------------------------------------------------- answers

    @property
    def name(self) -> str:
        """The entry point that was asked."""
        return self._entry.name

    @property
    def policy(self) -> PolicyVersion:
        """Which version answered."""
        return self._policy.version

    @property
    def outputs(self) -> Outputs:
        """The answers by name: Decimal, int, str, bool, Timestamp, list or dict; an absent optional is None.

        Each is made when it is asked for, so that lines cost nothing where only the amount is read.
        """
        made = Outputs()
        made._decision = self
        return made

    def _lines(self, node: str, place: int) -> list[dict[str, Any]] | None:
        """The lines of a charge; None where it has failed and `on_error` has answered for it."""
        found = getattr(self, "_found", ())
        if found == ():
            found = self._found = self._listed()
        if found is not None:
            return [line.copy() for line in found[place]]
        lines = self.trace.values[node]
        return None if isinstance(lines, Failure) else explain.lines(lines)

    def _listed(self) -> tuple[list[dict[str, Any]], ...] | None:
        """Every output of lines by generated code; None where only the trace can tell."""
        state = self._state
        find = state[0].find_lines
        return None if find is None else find(state)

    @property
    def value(self) -> Any:
        """The answer of an entry point that has only one."""
        (only,) = self.outputs.values()
        return only

    def scaled(self, name: str) -> tuple[int, int]:
        """An output as `(n, places)`: it is exactly n / 10**places."""
        value = self.outputs[name]
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise InvalidInput(f"the output `{name}` is not a number", name)
        sign, digits, exponent = Decimal(value).as_tuple()
        assert isinstance(exponent, int)
        n = int("".join(map(str, digits))) * (-1 if sign else 1)
        return (n, -exponent) if exponent <= 0 else (n * 10**exponent, 0)

    def money(self, name: str) -> Money:
        """An output as an amount with its currency."""
        node = dict(self._entry.outputs)[name]
        its_type = self._policy.program.nodes[node].type
        unit = its_type.unit if isinstance(its_type, types.Number) else ()
        if len(unit) != 1 or unit[0][1] != 1:
            raise InvalidInput(f"the output `{name}` is not an amount of money", name)
        n, places = self.scaled(name)
        return Money(n, unit[0][0], places)

    @property
    def guards(self) -> tuple[str, ...]:
        """The guards that spoke."""
        guards = self._entry.guards
        if not guards:
            return ()
        first = self._prepared.first_guard
        fired = zip(guards, self._state[first : first + len(guards)], strict=True)
        return tuple([name for name, value in fired if value is True])

    @property
    def _refused(self) -> tuple[str, ...]:
        """The nodes of the required entitlements that do not allow."""
        requires = self._entry.requires
        if not requires:
            return ()
        first = self._prepared.first_guard + len(self._entry.guards)
        required = zip(requires, self._state[first : first + len(requires)], strict=True)
        return tuple([node for node, allowed in required if allowed is False])

    @property
    def _is_silent(self) -> bool:
        """Whether nothing that was asked objects, and nothing has failed."""
        state = self._state
        prepared: Prepared = state[0]
        if prepared.silence and state[prepared.first_guard : prepared.first_check] != prepared.silence:
            return False
        return not prepared.may_fail or Failure not in map(type, self._values)

    @property
    def effect(self) -> str:
        """`deny`, `review` or `allow`: the strictest of everything that was asked."""
        if self._is_silent:
            return "allow"
        effects = [self._policy.program.effects[g] for g in self.guards] + ["deny"] * len(self._refused)
        names = [node for _, node in self._entry.outputs] + [*self._entry.guards, *self._entry.requires]
        for node, value in zip(names, self._values, strict=False):
            if isinstance(value, Failure):
                effects.append(self._effect_of(node, value))
        return max(effects, key=STRICTNESS.__getitem__, default="allow")

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that an effect other than allow was given with: those of entitlements, then the guards' names."""
        if self._is_silent:
            return ()
        effects = self._policy.program.effects
        refused = tuple(dict.fromkeys(self._policy.program.codes[node] for node in self._refused))
        spoken = refused + tuple(g.rpartition(".")[2] for g in self.guards if effects[g] != "allow")
        return spoken + tuple(dict.fromkeys(self.failures.values()))

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who must approve, each once, in the order of the guards."""
        program = self._policy.program
        start = len(self._entry.outputs)
        found = []
        for guard, value in zip(self._entry.guards, self._values[start:], strict=False):
            asked = program.effects[guard] if value is True else ""
            if isinstance(value, Failure):
                asked = self._effect_of(guard, value)  # a guard that cannot tell may ask its approver, by `on_error`
            if asked == "review" and guard in program.approvers:
                found.append(program.approvers[guard])
        return tuple(dict.fromkeys(found))

    # ------------------------------------------------------------------------------------------------- reasons

    @property
    def trace(self) -> interpreter.Trace:
        """Every node's value and what it asked for, by the reference interpreter."""
        traced: interpreter.Trace | None = getattr(self, "_traced", None)
        if traced is None:
            program = self._policy.program
            order = interpreter.needed(program, self._entry, explained=True)
            # The decision was within the budget; what only reasons read comes on top.
            meter = Meter(2 * COST_MAX)
            traced = interpreter.run(program, order, self._facts, self.tenant, self._policy.selects, meter)
            self._traced = traced
        return traced

    @property
    def rationale(self) -> tuple[Reason, ...]:
        """The rows, tiers, parameters, overrides and guards that decided, in the order of evaluation."""
        found = self._cited()
        if found is None:
            found = explain.reasons(self._policy.program, self._entry, self.trace)
        state, prepared = self._state, self._prepared
        said = state[prepared.first_guard : prepared.first_check]
        return found if said == prepared.silence else found + self._objections(said)

    def _objections(self, said: tuple[Any, ...]) -> tuple[Reason, ...]:
        """What the guards and required entitlements say that object; mostly the same few, and nothing to fill in."""
        prepared = self._prepared
        known = prepared.objections.get(said)
        if known is not None:
            return known
        objected, sayings, program = self._refused + self.guards, prepared.sayings, prepared.policy.program
        found = tuple([explain.filled(program, n, sayings[n], lambda: self.trace) for n in objected])
        if len(prepared.objections) < OBJECTIONS_MAX and not any(explain.is_filled(program, n) for n in objected):
            prepared.objections[said] = found
        return found

    def _cited(self) -> tuple[Reason, ...] | None:
        """The reasons by generated code; None where only the trace can tell."""
        state = self._state
        cite = state[0].cite
        return None if cite is None else cite(state)

    def explain(self) -> str:
        """The decision as text for a person."""
        return explain.text(self, self._policy.program, self._entry, self.trace)

    def why_not(self, path: str) -> WhyNot:
        """Why a row (`price.mini`), a tier (`prompt.tiers.3`) or a guard did not decide."""
        return why_not(self._policy.program, self.trace, self._facts, self.tenant, path)

    # ------------------------------------------------------------------------------------------------- records

    @property
    def at(self) -> int | None:
        """The instant that picked dated values, in nanoseconds since 1970 (a `Timestamp`), or None."""
        held: int | None = self._state[3 + Program.AT]
        return held

    @property
    def input(self) -> Any:
        """The canonical input: the declared facts that the decision can read, after defaults; numbers are texts."""
        return canonical(self._policy.program, self._entry, self._facts)

    @property
    def id(self) -> str:
        """A hash of digest, decision, tenant, at, event and canonical input: it names this answer."""
        prepared = self._prepared
        return prepared.print_id(self._state)

    @property
    def canonical_input(self) -> str:
        """`input` as JSON text with sorted keys and no spaces: what the digest of a record's input is made of."""
        prepared = self._prepared
        return prepared.print(self._state)

    @property
    def booking_key(self) -> tuple[str | None, str, str] | None:
        """(tenant, event, purpose): what may be booked once, whatever version or time; None without an event."""
        return None if self.event is None else (self.tenant, self.event, self.purpose)

    def record(self, input: bool = True) -> dict[str, Any]:
        """Everything that a later replay needs, as JSON; `input=False` keeps only the digest of the input."""
        return record(self, with_input=input)

    def compact_record(self) -> str:
        """The record as a line of JSON without what a replay makes again: the rationale and the lines of charges.

        A service that keeps every decision pays least for this.
        """
        prepared = self._prepared
        written = None if prepared.print_compact is None else prepared.print_compact(self._state)
        return compact(self) if written is None else written

    def __repr__(self) -> str:
        return f"Decision({self.name} of {self.policy})"


def _fault(program: Program, node: str, failure: Failure) -> EvaluationError:
    """The exception of a failure that began in a node."""
    return EvaluationError(failure.message, failure.code, node, program.places.get(node, ""))


def _is_same(value: Any, failure: Failure) -> bool:
    return isinstance(value, Failure) and (value.code, value.message) == (failure.code, failure.message)


class OfUnavailable(Decision):
    """A decision of facts of which some could not be fetched: only the interpreter knows what follows from those."""

    __slots__ = ()

    def _cited(self) -> None:
        return None

    def _listed(self) -> None:
        return None
