"""The kinds of values that expressions compute with, by the Python type that holds them.

A kind is asked for by `type(x)`, never by `isinstance`: a bool is no int here, a Timestamp is none, and a TypeName is
no text. INVARIANT: only these types are ever held.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from policyengine.runtime.functions.maps import MapValue
from policyengine.runtime.functions.optionals import OptionalValue
from policyengine.values.civil import Date
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.type_name import TypeName

TYPE_NAMES: dict[type, TypeName] = {
    bool: TypeName("bool"),
    int: TypeName("int"),
    Fraction: TypeName("decimal"),
    str: TypeName("string"),
    bytes: TypeName("bytes"),
    type(None): TypeName("null_type"),
    tuple: TypeName("list"),
    MapValue: TypeName("map"),
    Timestamp: TypeName("google.protobuf.Timestamp"),
    Duration: TypeName("google.protobuf.Duration"),
    Date: TypeName("date"),
    TypeName: TypeName("type"),
    OptionalValue: TypeName("optional_type"),
}
"""What `type(x)` gives, by the type that holds x; the names are CEL's, but for `decimal`."""

NAMED_TYPES: dict[str, TypeName] = {str(name): name for name in TYPE_NAMES.values()}
NAMED_TYPES |= {"double": TYPE_NAMES[Fraction]}
"""The types that expressions can name. `double` is CEL's name of the numbers that are decimals here."""

_WORDS = {
    type(None): "null",
    Timestamp: "timestamp",
    Duration: "duration",
    OptionalValue: "optional",
}


def word(value: Any) -> str:
    """The kind of a value in the words of authors."""
    its = type(value)
    return _WORDS.get(its) or str(TYPE_NAMES[its])


def words(values: Iterable[Any]) -> str:
    """The kinds of arguments as a message lists them."""
    return ", ".join(map(word, values))
