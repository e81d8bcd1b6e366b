"""Library functions over the values of programs: both evaluators call one implementation, through the types.

A function of `runtime/functions` takes values that say what they are (`Timestamp`, `MapValue`, `OptionalValue`); a
program's values are plain ints, tuples and dicts that only their static types explain. What lies between is made here,
once for each combination of types: values are lifted, the function runs, its answer is lowered. The interpreter lifts
exact values, generated code ints over denominators (`held`).

A number that does not fit the type which the checker gave it is a failure, never a wrong number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.failure import Failure
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.functions.formatting import formatted
from policyengine.runtime.functions.function import Function
from policyengine.runtime.functions.lists import order_of
from policyengine.runtime.functions.maps import MapValue, map_of
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.runtime.limits import Meter
from policyengine.runtime.meaning import zoned
from policyengine.runtime.meaning.operations import OPERATIONS
from policyengine.runtime.program import Call
from policyengine.values import types
from policyengine.values.civil import Date
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.type_name import TypeName
from policyengine.values.types import UNLIMITED, Limit, List, Map, Number, Optional, Record, Type

Change = Callable[[Any], Any]


def _in_order(meter: Meter, keys: tuple[Any, ...]) -> Any:
    """The positions of keys from the least to the greatest."""
    order = order_of(meter, keys)
    return order if isinstance(order, Failure) else tuple(order)


def _filled(meter: Meter, pattern: str, *values: Any) -> Any:
    return formatted(meter, pattern, values)


WRITTEN: dict[str, Function] = {
    "order_of": Function("order_of", (), _in_order, "what `sortBy` asks of its keys", metered=True),
    "format_values": Function("format_values", (), _filled, "`format` of a list that is written out", metered=True),
}
"""What the checker makes of macros, and no author can call."""


def function_of(call: Call) -> Function | None:
    """The library function that a call asks for; None for an operation of the core."""
    if call.function in OPERATIONS or call.function in zoned.FUNCTIONS:
        return None
    return WRITTEN.get(call.function) or FUNCTIONS.get(call.function)


def runner(call: Call, held: bool, charged: bool) -> Callable[..., Any]:
    """What computes a call: of the meter and the values where it is charged, else of the values alone."""
    return _runner(call.function, tuple([a.type for a in call.arguments]), call.type, held, charged)


@lru_cache(maxsize=4096)
def _runner(name: str, kinds: tuple[Type, ...], result: Type, held: bool, charged: bool) -> Callable[..., Any]:
    function = WRITTEN.get(name) or FUNCTIONS[name]
    run, cost = _implementation(function, kinds), function.cost
    lifts = [_lift(kind, held) for kind in kinds]
    lower = _lower(result, held)
    if function.metered:
        metered = run
    elif charged and not isinstance(cost, int):
        metered = _charging(run, cost)
    else:
        return _joined(run, lifts, lower)
    return _joined(metered, [None, *lifts], lower)


def _charging(run: Callable[..., Any], cost: Callable[..., int]) -> Callable[..., Any]:
    def charged(meter: Meter, *values: Any) -> Any:
        meter.charge(cost(*values))
        return run(*values)

    return charged


def _joined(run: Callable[..., Any], lifts: Sequence[Change | None], lower: Change | None) -> Callable[..., Any]:
    if not any(lifts):
        if lower is None:
            return run

        def lowered(*values: Any) -> Any:
            found = run(*values)
            return found if found.__class__ is Failure else lower(found)

        return lowered

    def lifted(*values: Any) -> Any:
        given = [value if lift is None else lift(value) for lift, value in zip(lifts, values, strict=False)]
        given += values[len(lifts) :]
        found = run(*given)
        return found if lower is None or found.__class__ is Failure else lower(found)

    return lifted


def _implementation(function: Function, kinds: tuple[Type, ...]) -> Callable[..., Any]:
    """The form for these types; the checker has seen that there is one."""
    held_by = [_held_by(kind) for kind in kinds]
    for form in function.signatures:
        if form.accepts(held_by):
            return form.run or function.run
    return function.run


_SIMPLE: dict[Type, type] = {
    types.BOOL: bool,
    types.STRING: str,
    types.BYTES: bytes,
    types.TIMESTAMP: Timestamp,
    types.DURATION: Duration,
    types.DATE: Date,
    types.TYPE: TypeName,
}


def _held_by(kind: Type) -> type:
    match kind:
        case Number(integer=integer):
            return int if integer else Fraction
        case types.Enum():
            return str
        case List():
            return tuple
        case Map() | Record():
            return MapValue
        case Optional():
            return OptionalValue
    return _SIMPLE.get(kind, type(None))


# ---------------------------------------------------------------------------------------------------------- lifting


def _lift(kind: Type, held: bool) -> Change | None:
    """From a program's value to one that says what it is; None where they are the same."""
    match kind:
        case Number(integer=True):
            return None
        case Number(den=den):
            return (lambda n: Fraction(n, den)) if held else Fraction
        case Limit(number=number):
            inner = _lift(number, held)
            return None if inner is None else lambda value: value if value == UNLIMITED else inner(value)
        case List(item=item):
            return _each(_lift(item, held))
        case Map(value=value):
            return _lifted_map(_lift(value, held))
        case Record(fields=fields):
            return _lifted_record([(name, _lift(its, held)) for name, its in fields], fields)
        case Optional(item=item):
            return _lifted_optional(_lift(item, held))
        case types.ANY:
            return _lift_any
    return _CLASSES.get(kind)


_CLASSES: dict[Type, Change] = {
    types.TIMESTAMP: Timestamp,
    types.DURATION: Duration,
    types.DATE: Date,
    types.TYPE: TypeName,
}


def _each(change: Change | None) -> Change | None:
    return None if change is None else lambda items: tuple([change(item) for item in items])


def _lifted_map(change: Change | None) -> Change:
    def lift(entries: dict[Any, Any]) -> MapValue:
        return map_value((key, value if change is None else change(value)) for key, value in entries.items())

    return lift


def _lifted_record(changes: Sequence[tuple[str, Change | None]], fields: Sequence[tuple[str, Type]]) -> Change:
    """A record as a map; what is absent in it has no entry."""
    absent = [isinstance(its, Optional) for _, its in fields]

    def lift(values: tuple[Any, ...]) -> MapValue:
        entries: dict[Any, Any] = {}
        for (name, change), may_be_absent, value in zip(changes, absent, values, strict=True):
            found = value if change is None else change(value)
            if may_be_absent:
                if found is NONE:
                    continue
                found = found.value
            entries[name] = found
        return MapValue(entries)

    return lift


def _lifted_optional(change: Change | None) -> Change:
    def lift(value: Any) -> OptionalValue:
        return NONE if value is None else OptionalValue(value if change is None else change(value))

    return lift


def _lift_any(value: Any) -> Any:
    """A fact of any type, which has lists and maps of JSON in it."""
    if type(value) is tuple:
        return tuple([_lift_any(each) for each in value])
    if type(value) is dict:
        return map_value((key, _lift_any(each)) for key, each in value.items())
    return value


def map_value(entries: Iterable[tuple[Any, Any]]) -> MapValue:
    """A map of entries whose keys are known to differ."""
    made = map_of(entries)
    assert made is not None, "the keys of a map differ"
    return made


# --------------------------------------------------------------------------------------------------------- lowering


def _lower(kind: Type, held: bool) -> Change | None:
    """The way back; what does not fit its type is a failure."""
    match kind:
        case Number(integer=True, lo=lo, hi=hi):
            return lambda n: n if lo <= n <= hi else failure.OVERFLOW
        case Number(den=den, lo=lo, hi=hi):
            return _lowered_decimal(den, lo, hi, held)
        case Limit(number=number):
            inner = _lower(number, held)
            return None if inner is None else lambda value: value if value == UNLIMITED else inner(value)
        case List(item=item):
            return _each_lowered(_lower(item, held))
        case Map(value=value):
            return _lowered_map(_lower(value, held))
        case Record(fields=fields):
            return _lowered_record(fields, held)
        case Optional(item=item):
            return _lowered_optional(_lower(item, held))
        case types.TIMESTAMP | types.DURATION | types.DATE:
            return int
        case types.TYPE:
            return str.__str__
    return None


def _lowered_decimal(den: int, lo: int, hi: int, held: bool) -> Change:
    def lower(value: Any) -> Any:
        scaled = Fraction(value) * den
        if scaled.denominator != 1 or not lo <= scaled <= hi:
            return failure.TOO_MANY_DIGITS
        return scaled.numerator if held else Fraction(value)

    return lower


def _each_lowered(change: Change | None) -> Change | None:
    if change is None:
        return None

    def lower(items: tuple[Any, ...]) -> Any:
        made = tuple([change(item) for item in items])
        return next((item for item in made if item.__class__ is Failure), made)

    return lower


def _lowered_map(change: Change | None) -> Change:
    def lower(entries: MapValue) -> Any:
        made = {key: value if change is None else change(value) for key, value in entries.items()}
        return next((value for value in made.values() if value.__class__ is Failure), made)

    return lower


def _lowered_record(fields: Sequence[tuple[str, Type]], held: bool) -> Change:
    """A map as a record: a field that may be absent is so where the map has no entry."""
    changes = [(name, _lower(its.item if isinstance(its, Optional) else its, held)) for name, its in fields]

    def lower(entries: MapValue) -> Any:
        made = []
        for name, change in changes:
            value = entries.find(name)
            made.append(value if value is None or change is None else change(value))
        return next((value for value in made if value.__class__ is Failure), tuple(made))

    return lower


def _lowered_optional(change: Change | None) -> Change:
    def lower(optional: OptionalValue) -> Any:
        if optional is NONE:
            return None
        return optional.value if change is None else change(optional.value)

    return lower
