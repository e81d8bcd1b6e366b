"""What a number is for: which prices, entitlements, guards and retries move with it, and in which direction.

A parameter says nothing about itself: raised, it may be a price, a free quantity or the amount above which somebody
must approve. So the fields that read it are asked, through named values, down to the parameter or the table's column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from policyengine.analysis.diff.judging.shift import reads
from policyengine.language.model import Bundle
from policyengine.language.parts import Part
from policyengine.language.retries import Budget
from policyengine.language.written import Choice, Dated, Keyed, ListOf, RecordOf, Value, Written

Purpose = Literal["price", "entitlement", "retry", "guard"]
PURPOSES: tuple[Purpose, ...] = ("price", "entitlement", "retry", "guard")
"""In the order in which they count where a number serves several."""

SIGNS: dict[Purpose, dict[str, int]] = {
    "price": {
        "quantity": 1, "unit_amount": 1, "flat_amount": 1, "rate": 1, "factor": 1, "base": 1, "tiers": 1,
        "minimum": 1, "maximum": 1, "minimum_each": 1, "maximum_each": 1, "commitment": 1, "overage_factor": 1,
        "free_quantity": -1, "free_amount": -1, "discounts": -1, "credits": -1, "tax": 1,
    },
    "entitlement": {
        "limit": 1, "value": 1, "allow": 1, "max": 1, "carried": 1, "cap_percent": 1, "max_purchase": 1,
        "spend_limit": 1,
    },
    "retry": {"attempts": 1, "limit": 1, "within": 1},
    "guard": {"when": 1},
}  # fmt: skip
"""How each purpose moves with the fields of the parts that serve it."""
BUDGET_SIGNS = {"limit": 1, "within": -1}
"""Those of a budget of attempts: as many of them in a longer stretch of time are fewer."""
NESTED = frozenset(("windows", "classes", "budgets", "rollover", "overage"))
"""Fields whose parts have fields of these names in turn."""
UNCERTAIN = frozenset(("up_to", "when", "package_size", "round", "round_each"))
"""Fields of such parts with which a price moves up or down."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What moves with a name, and how: 1, -1, or 0 where it cannot be told."""

    purpose: Purpose
    sign: int


class Influences:
    """The influences of the parameters, columns and values of one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._found: dict[tuple[str, ...], dict[Purpose, set[int | None]]] = {}
        for purpose, part in _served(bundle):
            self._fields(purpose, part)

    def of(self, *path: str) -> Influence | None:
        """What moves with a parameter, a value, or a table's column; None where no field that counts reads it."""
        for length in range(len(path), 0, -1):
            purposes = self._found.get(path[:length], {})
            for purpose in PURPOSES:
                if purpose in purposes:
                    signs = purposes[purpose]
                    (sign,) = signs if len(signs) == 1 else (None,)
                    return Influence(purpose, sign or 0)
        return None

    def _fields(self, purpose: Purpose, part: Part) -> None:
        signs = BUDGET_SIGNS if isinstance(part, Budget) else SIGNS[purpose]
        for name in type(part).model_fields:
            its = getattr(part, name)
            if name in signs:
                self._value(purpose, its, signs[name], frozenset())
            elif name in NESTED:
                for inner in _parts(its):
                    self._fields(purpose, inner)

    def _value(self, purpose: Purpose, value: Any, sign: int | None, seen: frozenset[str]) -> None:
        for inner in _parts(value):
            for name in type(inner).model_fields:
                self._value(purpose, getattr(inner, name), None if name in UNCERTAIN else sign, seen)
        for own_sign, written in _written(value):
            for path, own in reads(written.tree):
                total = None if own is None or sign is None or own_sign is None else own * sign
                self._found.setdefault(path, {}).setdefault(purpose, set()).add(total)
                named = self.bundle.values.get(path[0])
                if named is not None and path[0] not in seen:
                    self._value(purpose, named.value, total, seen | {path[0]})


def _served(bundle: Bundle) -> Iterator[tuple[Purpose, Part]]:
    yield from (("price", charge) for charge in bundle.charges.values())
    yield from (("entitlement", entitlement) for entitlement in bundle.entitlements.values())
    yield from (("retry", retry) for retry in bundle.retries.values())
    yield from (("guard", guard) for guard in bundle.guards.values() if guard.effect != "allow")


def _parts(value: Any) -> list[Part]:
    if isinstance(value, Part):
        return [value]
    return [item for item in value if isinstance(item, Part)] if isinstance(value, tuple) else []


def _written(value: Value | object) -> Iterator[tuple[int | None, Written]]:
    """The expressions in a value; what only chooses among others moves nothing in a known way."""
    match value:
        case Written():
            yield 1, value
        case Keyed(cases=cases, otherwise=otherwise):
            for _, inner in cases.values():
                yield from _written(inner)
            yield from _written(otherwise)
        case Dated(steps=steps):
            for _, _, inner in steps:
                yield from _written(inner)
        case Choice(when=when, value=chosen, otherwise=otherwise):
            yield None, when
            yield from _written(chosen)
            yield from _written(otherwise)
        case RecordOf(fields=fields):
            for _, inner in fields.values():
                yield from _written(inner)
        case ListOf(items=items):
            for item in items:
                yield from _written(item)
