"""What a built-in function is: its forms, its implementation, its cost and its line in the reference.

An implementation takes exact values (int, Fraction, str, bytes, bool, None, tuple, MapValue, Timestamp, Duration,
TypeName, OptionalValue) and gives one, or a `Failure` where there is no answer; it never raises, but for the meter's
`CostExceeded`. It may rely on the kinds that its forms name, and on nothing about what is inside lists and maps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from fractions import Fraction
from typing import Any

from policyengine.frozen import frozen
from policyengine.runtime.functions.maps import MapValue
from policyengine.runtime.functions.optionals import OptionalValue
from policyengine.values import types
from policyengine.values.civil import Date
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.type_name import TypeName
from policyengine.values.types import BOOL, BYTES, DURATION, DYN, NULL, STRING, TIMESTAMP, TYPE, Simple, Type

Run = Callable[..., Any]

INT = types.integer()
DECIMAL = types.decimal()
NUMBER = Simple("number")
"""An int or a decimal."""
T, K, V = Simple("T"), Simple("K"), Simple("V")
"""Types that a form leaves open: the same letter stands for one type."""
OPEN = frozenset((T, K, V))
ITEMS_MAX = 1_000_000


def list_of(item: Type) -> types.List:
    return types.List(item, ITEMS_MAX)


def map_of(key: Type, value: Type) -> types.Map:
    return types.Map(key, value)


def optional_of(item: Type) -> types.Optional:
    return types.Optional(item)


@frozen
class Signature:
    """One form of a function. `method` functions are written `x.f(y)`, the others `f(x, y)`.

    With `repeats` the last parameter may stand once or more. `run` is there where the forms of one function are
    computed in different ways.
    """

    parameters: tuple[Type, ...]
    result: Type
    method: bool = False
    may_fail: bool = False
    repeats: bool = False
    run: Run | None = field(default=None, compare=False)

    @property
    def typed(self) -> bool:
        """Whether the form has only texts, bytes, truth values and ints, which every evaluator holds in one way."""
        return not self.repeats and all(t in _PLAIN for t in (*self.parameters, self.result))

    def accepts(self, kinds: Sequence[type]) -> bool:
        """Whether values of these Python types may be given."""
        count = len(self.parameters)
        if len(kinds) < count or (len(kinds) > count and not self.repeats):
            return False
        last = self.parameters[-1] if self.parameters else DYN
        wanted = [*self.parameters, *[last] * (len(kinds) - count)]
        return all(kind in held_as(t) for kind, t in zip(kinds, wanted, strict=True))

    def shown(self, name: str) -> str:
        """The form as authors read it: `string.split(string, int) -> list(string)`."""
        parts = [type_text(p) for p in self.parameters]
        if self.repeats:
            parts[-1] += ", ..."
        if self.method:
            return f"{parts[0]}.{name}({', '.join(parts[1:])}) -> {type_text(self.result)}"
        return f"{name}({', '.join(parts)}) -> {type_text(self.result)}"

    def __str__(self) -> str:
        shown = [str(p) for p in self.parameters]
        if self.method:
            return f"{shown[0]}.f({', '.join(shown[1:])})"
        return f"f({', '.join(shown)})"


_PLAIN = frozenset((STRING, BOOL, BYTES, INT))
_EVERY: frozenset[type] = frozenset(
    (bool, int, Fraction, str, bytes, type(None), tuple, MapValue, Timestamp, Duration, Date, TypeName, OptionalValue)
)
_HELD: dict[Type, frozenset[type]] = {
    STRING: frozenset((str,)),
    BOOL: frozenset((bool,)),
    BYTES: frozenset((bytes,)),
    INT: frozenset((int,)),
    DECIMAL: frozenset((Fraction,)),
    NUMBER: frozenset((int, Fraction)),
    TIMESTAMP: frozenset((Timestamp,)),
    DURATION: frozenset((Duration,)),
    types.DATE: frozenset((Date,)),
    NULL: frozenset((type(None),)),
    TYPE: frozenset((TypeName,)),
}
_HELD_BY_FORM: dict[type, frozenset[type]] = {
    types.List: frozenset((tuple,)),
    types.Map: frozenset((MapValue,)),
    types.Optional: frozenset((OptionalValue,)),
}


def held_as(its_type: Type) -> frozenset[type]:
    """The Python types that hold the values of a type."""
    found = _HELD.get(its_type)
    return _HELD_BY_FORM.get(type(its_type), _EVERY) if found is None else found


def type_text(its_type: Type) -> str:
    """A type as the reference of functions writes it."""
    match its_type:
        case types.List(item=item):
            return f"list({type_text(item)})"
        case types.Map(key=key, value=value):
            return f"map({type_text(key)}, {type_text(value)})"
        case types.Optional(item=item):
            return f"optional({type_text(item)})"
    return str(its_type)


@frozen
class Function:
    """One built-in. `cost` is what a call is charged, a number or a function of the arguments; `metered` functions take
    the meter as their first argument and charge by themselves as they go. `doc` is the line in the reference."""

    name: str
    signatures: tuple[Signature, ...]
    run: Run
    doc: str
    cost: int | Callable[..., int] = 1
    metered: bool = False

    @property
    def total(self) -> bool:
        """Whether no form can fail."""
        return not any(signature.may_fail for signature in self.signatures)


def method(*parameters: Type, gives: Type, may_fail: bool = False, run: Run | None = None) -> Signature:
    """A form that is written `x.f(y)`."""
    return Signature(parameters, gives, method=True, may_fail=may_fail, run=run)


def plain(
    *parameters: Type, gives: Type, may_fail: bool = False, repeats: bool = False, run: Run | None = None
) -> Signature:
    """A form that is written `f(x, y)`."""
    return Signature(parameters, gives, may_fail=may_fail, repeats=repeats, run=run)
