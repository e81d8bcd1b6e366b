"""One policy against the package: the same calls, amount by amount and error by error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from catalogue.reference import Call, price
from policyengine.errors import EvaluationError, InvalidInput
from policyengine.runtime.engine import Policy

REFUSED = "refused"
Answer = Decimal | str


@dataclass(frozen=True, slots=True)
class Difference:
    """A call for which the two do not agree, with both answers."""

    call: Call
    theirs: Answer
    ours: Answer

    def __str__(self) -> str:
        return f"{self.call}: the package says {self.theirs}, the bundle {self.ours}"


def differences(policy: Policy, calls: Iterable[Call]) -> list[Difference]:
    """The calls that get another amount, or an error from one of the two only."""
    pairs = ((call, theirs(call), ours(policy, call)) for call in calls)
    return [Difference(call, a, b) for call, a, b in pairs if a != b]


def theirs(call: Call) -> Answer:
    """The package's price, to 12 places, or that it refuses."""
    try:
        return price(call)
    except ValueError:
        return REFUSED


def ours(policy: Policy, call: Call) -> Answer:
    """The bundle's price, which is rounded to 12 places, or that it refuses."""
    return amount_or_reason(policy, call)[0]


def amount_or_reason(policy: Policy, call: Call) -> tuple[Answer, str]:
    """The bundle's answer, and the words of its error where it has none."""
    try:
        found = policy.decide("price_call", call.facts, at=call.at).outputs["amount"]
    except (InvalidInput, EvaluationError) as fault:
        return REFUSED, str(fault)
    assert isinstance(found, Decimal | int)
    return Decimal(found), ""
