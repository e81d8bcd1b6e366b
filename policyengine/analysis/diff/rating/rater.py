"""Recorded usage decided by two versions, line by line.

What is denied or refused costs nothing. A line that cannot be read at all ends the run: money that is left out of a sum
in silence is worse than no sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from policyengine.analysis.diff.rating.tally import Tally
from policyengine.analysis.diff.rating.usage import Asked, Defaults, Reader, at_path, input_of
from policyengine.errors import EvaluationError, InvalidInput
from policyengine.runtime.engine import Decider, Policy
from policyengine.runtime.program import Program
from policyengine.values import types
from policyengine.values.currencies import CURRENCIES

ZERO = Decimal(0)
REFUSED = "refused"
NOBODY = "(no tenant)"
UNKNOWN = "(none)"


@dataclass(frozen=True, slots=True)
class Grouping:
    """By what sums are kept apart: the output that is paid, and the facts that name the tenant and the product."""

    amount: str | None = None
    tenant: tuple[str, ...] = ()
    product: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asking:
    """One decision of one version: how to ask it, and which output is an amount in which currency."""

    decide: Decider | None
    amount: str | None
    currency: str


class Rater:
    """Decides lines by two versions and counts what they come to."""

    def __init__(self, before: Policy, after: Policy, defaults: Defaults, grouping: Grouping) -> None:
        self.policies = (before, after)
        self.grouping = grouping
        inputs = frozenset(field.name for policy in self.policies for field in policy.program.inputs.fields)
        self.reader = Reader(defaults, inputs)
        self.same_inputs = before.program.inputs == after.program.inputs
        self._asking: dict[str, tuple[_Asking, _Asking]] = {}

    def tally(self, lines: Iterable[tuple[int, bytes]]) -> Tally:
        """What the lines come to. Raises InvalidInput with the number of a line that cannot be read."""
        found = Tally()
        for number, line in lines:
            try:
                self._count(number, self.reader.asked(line), found)
            except InvalidInput as fault:
                raise UnreadableLine(number, fault) from None
        return found

    def _count(self, number: int, asked: Asked, found: Tally) -> None:
        sides = self._asking.get(asked.decision) or self._prepare(asked.decision)
        first = input_of(asked, self.policies[0].program)
        second = first if self.same_inputs else input_of(asked, self.policies[1].program)
        found.calls += 1
        before, old_effect, old_fault = _decided(sides[0], first, asked)
        after, new_effect, new_fault = _decided(sides[1], second, asked)
        found.effects[old_effect, new_effect] += 1
        if old_fault is not None or new_fault is not None:
            _note(found, number, old_fault, new_fault)
        tenant = at_path(asked.input, self.grouping.tenant) if self.grouping.tenant else asked.tenant
        product = at_path(asked.input, self.grouping.product) if self.grouping.product else asked.decision
        whose = (tenant or NOBODY, product or UNKNOWN)
        old, new = (side.currency for side in sides)
        if old == new:
            if old:
                found.add((old, *whose), before, after)
            return
        if old:
            found.add((old, *whose), before, ZERO)
        if new:
            found.add((new, *whose), ZERO, after)

    def _prepare(self, name: str) -> tuple[_Asking, _Asking]:
        before, after = (_asking(policy, name, self.grouping.amount) for policy in self.policies)
        if before.decide is None and after.decide is None:
            raise InvalidInput(f"`{name}` is nothing that either version decides", "decision")
        self._asking[name] = (before, after)
        return before, after


class UnreadableLine(InvalidInput):
    """A line of usage that cannot be read; `number` counts from 1."""

    def __init__(self, number: int, fault: InvalidInput) -> None:
        self.number = number
        self.reason = fault
        field = f"line {number}" + (f": {fault.field}" if fault.field else "")
        super().__init__(fault.message, field, fault.hint)

    def __reduce__(self) -> tuple[type[UnreadableLine], tuple[int, InvalidInput]]:
        return UnreadableLine, (self.number, InvalidInput(self.reason.message, self.reason.field, self.reason.hint))


def _decided(side: _Asking, input: object, asked: Asked) -> tuple[Decimal, str, InvalidInput | EvaluationError | None]:
    """The amount, the effect, and why there is none."""
    if side.decide is None:
        return ZERO, REFUSED, InvalidInput(f"nothing decides `{asked.decision}`", "decision")
    try:
        decision = side.decide(input, asked.tenant, asked.at)
        effect = decision.effect
        paid = None if side.amount is None or effect == "deny" else decision.outputs[side.amount]
    except (InvalidInput, EvaluationError) as fault:
        return ZERO, REFUSED, fault
    return ZERO if paid is None else Decimal(paid), effect, None


def _note(
    found: Tally,
    number: int,
    before: InvalidInput | EvaluationError | None,
    after: InvalidInput | EvaluationError | None,
) -> None:
    fault = after if after is not None else before
    assert fault is not None
    side = "both" if before is not None and after is not None else "before" if before is not None else "after"
    about = fault.code if isinstance(fault, EvaluationError) else fault.field
    found.fault(side, about, number, str(fault))


def _asking(policy: Policy, name: str, wanted: str | None) -> _Asking:
    if name not in policy.program.entries:
        return _Asking(None, None, "")
    output, currency = _amount(policy.program, name, wanted)
    return _Asking(policy.decider(name), output, currency)


def _amount(program: Program, name: str, wanted: str | None) -> tuple[str | None, str]:
    """The output that is paid: the one asked for, or `amount`, or the only one that is money."""
    found = {output: code for output, node in program.entries[name].outputs if (code := money(program, node))}
    if wanted is not None and wanted in found:
        return wanted, found[wanted]
    if wanted is None and ("amount" in found or len(found) == 1):
        output = "amount" if "amount" in found else next(iter(found))
        return output, found[output]
    if wanted is None and found:
        names = ", ".join(f"`{output}`" for output in found)
        raise InvalidInput(f"`{name}` answers with several amounts: {names}", "--amount", "say which one is paid")
    return None, ""


def money(program: Program, node: str) -> str:
    """The currency of a node that is an amount of money, or nothing."""
    its_type = program.nodes[node].type
    its_type = its_type.item if isinstance(its_type, types.Optional) else its_type
    if not isinstance(its_type, types.Number) or len(its_type.unit) != 1:
        return ""
    code, power = its_type.unit[0]
    return code if power == 1 and (code in CURRENCIES or code == "money") else ""
