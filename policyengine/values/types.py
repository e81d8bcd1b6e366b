"""The types of the language, shared by the checker, the compiler and every back end.

A number's type carries more than a name: its unit, a static denominator and a static range. A value of type
`Number(den=D)` is n / D for an int n with `lo <= n <= hi`. The denominator is chosen by the compiler, is not
necessarily a power of ten and can never be observed: texts and records show the shortest exact decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import lcm

from policyengine.frozen import frozen
from policyengine.values.currencies import CURRENCIES

Unit = tuple[tuple[str, int], ...]
"""An exponent map such as `(("USD", 1), ("token", -1))`, sorted by name, without zero exponents."""

NO_UNIT: Unit = ()
INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
DEFAULT_BOUND = 10**15
DEFAULT_PLACES = 12
BITS_MAX = 1024
DIGITS_MAX = 34


def unit_of(exponents: Mapping[str, int]) -> Unit:
    return tuple(sorted((name, power) for name, power in exponents.items() if power))


def unit_product(a: Unit, b: Unit, sign: int = 1) -> Unit:
    """The unit of a product, or of a quotient with `sign=-1`."""
    if not b:
        return a
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + sign * power
    return unit_of(powers)


def unit_text(unit: Unit) -> str:
    """A unit as authors write it: `USD / token`; the empty unit is ''."""
    above = " ".join(name if power == 1 else f"{name}^{power}" for name, power in unit if power > 0)
    below = " ".join(name if power == -1 else f"{name}^{-power}" for name, power in unit if power < 0)
    if not below:
        return above
    return f"{above or '1'} / {below}"


@frozen
class Number:
    """An exact number n / den. `integer` is the language's `int`, which must stay within 64 bits."""

    integer: bool
    unit: Unit = NO_UNIT
    den: int = 1
    lo: int = INT64_MIN
    hi: int = INT64_MAX

    def __str__(self) -> str:
        if not self.unit:
            return "int" if self.integer else "decimal"
        money = len(self.unit) == 1 and self.unit[0][1] == 1 and self.unit[0][0] in CURRENCIES
        if not self.integer and self.unit == (("money", 1),):
            return "money"
        word = "int" if self.integer else "money" if money else "decimal"
        if word == "money":
            return f"money ({self.unit[0][0]})"
        return f"{word} {unit_text(self.unit)}"


@frozen
class Quotient:
    """An exact ratio n / d of two ints, d > 0 and known only at run time; it must be rounded before it leaves.

    `lo..hi` bounds n and `den_hi` bounds d.
    """

    unit: Unit
    lo: int
    hi: int
    den_hi: int

    def __str__(self) -> str:
        return f"quotient {unit_text(self.unit)}".rstrip()


@frozen
class Simple:
    """A type that is only a name."""

    name: str

    def __str__(self) -> str:
        return self.name


BOOL = Simple("bool")
STRING = Simple("string")
BYTES = Simple("bytes")
NULL = Simple("null")
TIMESTAMP = Simple("timestamp")
DATE = Simple("date")
"""A calendar day, held as its number; 0 is 1970-01-01."""
DURATION = Simple("duration")
TYPE = Simple("type")
ANY = Simple("any")
"""A declared input of any type: may be tested and converted, nothing else."""
DYN = Simple("dyn")
"""An undeclared type: only in `evaluate_expression`, run by the interpreter."""
NEVER = Simple("never")
"""The type of an empty list's items: it fits everywhere."""
LINES = Simple("lines")
"""The lines of a charge: may be handed out, not computed with."""


@frozen
class Enum:
    """Text that is one of `members`; `name` is the declared type's name or ''."""

    name: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        if self.name:
            return self.name
        shown = ", ".join(self.members[:5]) + (", ..." if len(self.members) > 5 else "")
        return f"enum [{shown}]"


@frozen
class List:
    item: Type
    max: int

    def __str__(self) -> str:
        return f"list of {self.item}"


@frozen
class Map:
    key: Type
    value: Type

    def __str__(self) -> str:
        return f"map of {self.value}"


@frozen
class Record:
    name: str
    fields: tuple[tuple[str, Type], ...]

    def field(self, name: str) -> Type | None:
        for own, its_type in self.fields:
            if own == name:
                return its_type
        return None

    def __str__(self) -> str:
        return self.name or "record {" + ", ".join(name for name, _ in self.fields) + "}"


@frozen
class Optional:
    """A value that may be absent."""

    item: Type

    def __str__(self) -> str:
        return f"optional {self.item}"


UNLIMITED = "unlimited"
"""The value of a limit that is above every number."""


@frozen
class Limit:
    """A number or `unlimited`."""

    number: Number

    def __str__(self) -> str:
        return f"limit {unit_text(self.number.unit)}".rstrip()


@frozen
class Tiers:
    """A schedule of tiers: inclusive upper bounds (the last open), an amount per unit and a flat amount each."""

    bound: Number
    rate: Number
    flat: Number

    def __str__(self) -> str:
        return "tiers"


Type = Number | Quotient | Simple | Enum | List | Map | Record | Optional | Limit | Tiers


def integer(lo: int = INT64_MIN, hi: int = INT64_MAX, unit: Unit = NO_UNIT) -> Number:
    return Number(True, unit, 1, lo, hi)


def decimal(unit: Unit = NO_UNIT, places: int = DEFAULT_PLACES, bound: int = DEFAULT_BOUND) -> Number:
    """The default decimal: |x| < bound with at most `places` places."""
    den = 10**places
    return Number(False, unit, den, -bound * den + 1, bound * den - 1)


_NUMBERS = (Number, Quotient)


def is_number(a: Type) -> bool:
    return isinstance(a, _NUMBERS)


def are_strangers(a: Type, b: Type) -> bool:
    """Whether two enums have no member in common, so that a value of the one is never one of the other."""
    return isinstance(a, Enum) and isinstance(b, Enum) and not set(a.members) & set(b.members)


def is_text(a: Type) -> bool:
    return a is STRING or isinstance(a, Enum) or a == STRING


def rescaled(a: Number, den: int) -> Number:
    """The same values over another denominator, a multiple of the present one."""
    if den == a.den:
        return a
    k = den // a.den
    assert k * a.den == den
    return Number(a.integer, a.unit, den, a.lo * k, a.hi * k)


def joined(a: Number, b: Number, unit: Unit) -> Number:
    """The type that holds the values of both."""
    den = a.den if a.den == b.den else lcm(a.den, b.den)
    x, y = rescaled(a, den), rescaled(b, den)
    return Number(a.integer and b.integer, unit, den, min(x.lo, y.lo), max(x.hi, y.hi))


def bits(a: Type) -> int:
    """How many bits the numerator or the run-time denominator can need."""
    match a:
        case Number():
            return max(abs(a.lo), abs(a.hi)).bit_length()
        case Quotient():
            return max(abs(a.lo).bit_length(), abs(a.hi).bit_length(), a.den_hi.bit_length())
        case _:
            return 0


def is_finite_decimal(den: int) -> bool:
    """Whether every n / den can be written as a decimal."""
    while den % 10 == 0:
        den //= 10
    while den % 2 == 0:
        den //= 2
    while den % 5 == 0:
        den //= 5
    return den == 1


def to_json(a: Type) -> object:
    """The type as plain data, for the program."""
    match a:
        case Number():
            return ["int" if a.integer else "decimal", [list(p) for p in a.unit], a.den, a.lo, a.hi]
        case Quotient():
            return ["quotient", [list(p) for p in a.unit], a.lo, a.hi, a.den_hi]
        case Simple():
            return a.name
        case Enum():
            return ["enum", a.name, list(a.members)]
        case List():
            return ["list", to_json(a.item), a.max]
        case Map():
            return ["map", to_json(a.key), to_json(a.value)]
        case Record():
            return ["record", a.name, [[name, to_json(its)] for name, its in a.fields]]
        case Optional():
            return ["optional", to_json(a.item)]
        case Limit():
            return ["limit", to_json(a.number)]
        case Tiers():
            return ["tiers", to_json(a.bound), to_json(a.rate), to_json(a.flat)]


def from_json(data: object) -> Type:
    """The inverse of `to_json`; raises ValueError on anything else."""
    match data:
        case str():
            return Simple(data)
        case ["int" | "decimal" as word, list() as unit, int() as den, int() as lo, int() as hi]:
            return Number(word == "int", tuple((str(n), int(p)) for n, p in unit), den, lo, hi)
        case ["quotient", list() as unit, int() as lo, int() as hi, int() as den_hi]:
            return Quotient(tuple((str(n), int(p)) for n, p in unit), lo, hi, den_hi)
        case ["enum", str() as name, list() as members]:
            return Enum(name, tuple(str(m) for m in members))
        case ["list", item, int() as most]:
            return List(from_json(item), most)
        case ["map", key, value]:
            return Map(from_json(key), from_json(value))
        case ["record", str() as name, list() as fields]:
            return Record(name, tuple((str(f), from_json(its)) for f, its in fields))
        case ["optional", item]:
            return Optional(from_json(item))
        case ["limit", number]:
            return Limit(_number(number))
        case ["tiers", bound, rate, flat]:
            return Tiers(_number(bound), _number(rate), _number(flat))
    raise ValueError("not a type")


def _number(data: object) -> Number:
    number = from_json(data)
    if not isinstance(number, Number):
        raise ValueError("not a number type")
    return number
