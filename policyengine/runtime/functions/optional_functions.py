"""CEL's optionals. `orValue` and `or` are here for their types: evaluators read their argument only where it counts."""

from __future__ import annotations

from typing import Any

from policyengine.runtime.failure import NO_VALUE, Failure
from policyengine.runtime.functions.function import Function, T, method, optional_of, plain
from policyengine.runtime.functions.maps import MapValue
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.values.types import BOOL


def is_zero(value: Any) -> bool:
    """Whether a value is the empty one of its kind: null, false, 0, an empty text, list or map."""
    if value is None or value is NONE:
        return True
    return not (len(value) if type(value) is MapValue else value)


def value_of(optional: OptionalValue) -> Any:
    return NO_VALUE if optional is NONE else optional.value


def of_non_zero(value: Any) -> OptionalValue | Failure:
    return NONE if is_zero(value) else OptionalValue(value)


_IT = optional_of(T)

OPTIONALS = (
    Function("optional.of", (plain(T, gives=_IT),), OptionalValue, "an optional with this value"),
    Function("optional.none", (plain(gives=_IT),), lambda: NONE, "the optional without a value"),
    Function(
        "optional.ofNonZeroValue",
        (plain(T, gives=_IT),),
        of_non_zero,
        "an optional with this value, or none if it is null, false, 0 or empty",
    ),
    Function("hasValue", (method(_IT, gives=BOOL),), lambda it: it is not NONE, "whether there is a value"),
    Function("value", (method(_IT, gives=T, may_fail=True),), value_of, "the value of an optional that has one"),
    Function("or", (method(_IT, _IT, gives=_IT),), lambda a, b: b if a is NONE else a, "the first that has a value"),
    Function(
        "orValue",
        (method(_IT, T, gives=T),),
        lambda it, other: other if it is NONE else it.value,
        "the value of an optional, or another one if it has none",
    ),
)
