"""What a declared fact accepts, and whether one declaration accepts all that another does."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction

from policyengine.runtime.exact import exact
from policyengine.runtime.program import Group, Leaf
from policyengine.values import types
from policyengine.values.types import Type, Unit


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers from `low` to `high` that are multiples of 1/`den`; `is_limit` says that `unlimited` is one, too."""

    whole: bool
    unit: Unit
    low: Fraction
    high: Fraction
    den: int
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Members:
    """One of these words. A declared type is known by its name: its members are told where it is declared."""

    name: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Many:
    """A list of at most so many, or a map of anything (-1)."""

    most: int
    of: Hashable


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact: its values, and what happens where it is not given."""

    values: Hashable
    optional: bool = False
    has_default: bool = False
    default: Hashable = None
    zone: str = ""

    @property
    def may_lack(self) -> bool:
        """Whether callers need not give it."""
        return self.optional or self.has_default


Fields = frozenset[tuple[str, Fact]]


def fact(declared: Leaf | Group) -> Fact:
    """A declared fact; of a group its fields."""
    if isinstance(declared, Group):
        return Fact(frozenset((each.name, fact(each)) for each in declared.fields), declared.optional)
    default: Hashable = None
    if declared.has_default:
        default = repr(declared.default) if declared.items else exact(declared.default, declared.type)
    values = _values(declared.type, declared.items)
    return Fact(values, declared.optional, declared.has_default, default, declared.zone)


def _values(its_type: Type, items: Leaf | Group | None = None) -> Hashable:
    match its_type:
        case types.Number(integer=whole, unit=unit, den=den, lo=lo, hi=hi):
            return Numbers(whole, unit, Fraction(lo, den), Fraction(hi, den), den)
        case types.Limit(number=n):
            return Numbers(n.integer, n.unit, Fraction(n.lo, n.den), Fraction(n.hi, n.den), n.den, is_limit=True)
        case types.Enum(name=name, members=members):
            return Members(name, frozenset() if name else frozenset(members))
        case types.List(item=item, max=most):
            return Many(most, _values(item) if items is None else fact(items))
        case types.Map(value=value):
            return Many(-1, _values(value) if items is None else fact(items))
        case types.Optional(item=item):
            return _values(item, items)
    return str(its_type)


def holds(wide: Hashable, narrow: Hashable) -> bool:
    """Whether everything that the one accepts is accepted by the other."""
    match wide, narrow:
        case Numbers() as a, Numbers() as b:
            return a.unit == b.unit and (b.whole or not a.whole) and _range(a, b)
        case Members() as a, Members() as b:
            return a.name == b.name and b.words <= a.words
        case Many() as a, Many() as b:
            return a.most >= b.most and holds(a.of, b.of)
        case Fact() as a, Fact() as b:
            return (a.may_lack or not b.may_lack) and holds(a.values, b.values)
        case frozenset() as a, frozenset() as b:
            return _fields(dict(a), dict(b))
    return wide == narrow


def _range(wide: Numbers, narrow: Numbers) -> bool:
    inside = wide.low <= narrow.low and narrow.high <= wide.high
    return inside and wide.den % narrow.den == 0 and (wide.is_limit or not narrow.is_limit)


def _fields(wide: dict[str, Fact], narrow: dict[str, Fact]) -> bool:
    new = [wide[name] for name in wide if name not in narrow]
    shared = all(name in wide and holds(wide[name], its) for name, its in narrow.items())
    return shared and all(its.may_lack for its in new)
