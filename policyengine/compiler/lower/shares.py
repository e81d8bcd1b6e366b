"""Shares: a bare number above 1 is refused, since `19` where `19%` is meant would be a hundred times as much."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from policyengine.compiler import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.written import Choice, Dated, Keyed, Literal, Value, Written
from policyengine.language.yaml import Scalar


def check(value: Value | None) -> None:
    """Raises Rejected for a number above 1 without a percent sign; what is computed is not looked at."""
    for scalar in _numbers(value):
        number = scalar.value
        if isinstance(number, int | Decimal) and number > 1 and not scalar.text.endswith("%"):
            raise Rejected(say.bare_share(scalar.text.strip(), number, scalar.span))


def _numbers(value: Value | None) -> Iterator[Scalar]:
    """The scalars that are numbers as they stand."""
    match value:
        case Written(scalar=scalar) | Literal(node=Scalar() as scalar):
            yield scalar
        case Keyed():
            for _, inner in value.cases.values():
                yield from _numbers(inner)
            yield from _numbers(value.otherwise)
        case Dated():
            for _, _, inner in value.steps:
                yield from _numbers(inner)
        case Choice():
            yield from _numbers(value.value)
            yield from _numbers(value.otherwise)
