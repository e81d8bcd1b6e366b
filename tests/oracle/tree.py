"""Expressions as small trees: what they are made of, and what follows of their types from their parts.

A tree knows its kind, because two rules of the language are about types: an `int` must stay within 64 bits at every
step, while a decimal is unbounded; and an int and a decimal in one place (`?:`, `min`, a list) are decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

Unit = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type. `word` is int, decimal, bool, string, enum, timestamp, duration, list or record."""

    word: str
    unit: Unit = ()
    item: Kind | None = None
    members: tuple[str, ...] = ()
    fields: tuple[tuple[str, Kind], ...] = ()

    @property
    def is_number(self) -> bool:
        return self.word in ("int", "decimal")

    @property
    def is_whole(self) -> bool:
        return self.word == "int"


INT = Kind("int")
DECIMAL = Kind("decimal")
BOOL = Kind("bool")
STRING = Kind("string")
TIMESTAMP = Kind("timestamp")
DURATION = Kind("duration")


@dataclass(frozen=True, slots=True)
class Tree:
    """One node: an operation, its operands, its kind and what else it needs (a name, a number, a mode).

    `is_ratio` says that the language calls the value a quotient, `is_endless` that it may have no end of digits: such
    values must be rounded before they leave a decision.
    """

    op: str
    args: tuple[Tree, ...] = ()
    kind: Kind = BOOL
    data: Any = None
    is_ratio: bool = False
    is_endless: bool = False

    def walk(self) -> Iterator[Tree]:
        yield self
        for arg in self.args:
            yield from arg.walk()


def product_of(a: Unit, b: Unit, sign: int = 1) -> Unit:
    """The unit of a product, or of a quotient with `sign=-1`."""
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + sign * power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def joined(*kinds: Kind) -> Kind:
    """The kind that holds the values of all: ints and decimals together are decimals."""
    first = kinds[0]
    if first.is_number:
        whole = all(kind.is_whole for kind in kinds)
        unit = next((kind.unit for kind in kinds if kind.unit), ())
        return Kind("int" if whole else "decimal", unit)
    if first.item is not None:
        return Kind("list", item=joined(*(kind.item for kind in kinds if kind.item is not None)))
    if first.fields:
        names = [name for name, _ in first.fields]
        columns = zip(*([its for _, its in kind.fields] for kind in kinds), strict=True)
        return replace(first, fields=tuple((n, joined(*column)) for n, column in zip(names, columns, strict=True)))
    return first if all(kind == first for kind in kinds) else STRING


def number(value: Fraction | int, unit: Unit = (), *, whole: bool | None = None) -> Tree:
    """A literal."""
    exact = Fraction(value)
    is_whole = exact.denominator == 1 if whole is None else whole
    return Tree("number", kind=Kind("int" if is_whole else "decimal", unit), data=exact)


def name(path: str, kind: Kind, *, ratio: bool = False, endless: bool = False) -> Tree:
    """A name of the bundle, or a variable of a macro (`local`)."""
    return Tree("name", kind=kind, data=path, is_ratio=ratio, is_endless=endless)


def chain(op: str, *args: Tree) -> Tree:
    """`+ - * min max` of two or more numbers."""
    unit: Unit = ()
    if op == "*":
        for arg in args:
            unit = product_of(unit, arg.kind.unit)
    else:
        unit = joined(*(arg.kind for arg in args)).unit
    whole = all(arg.kind.is_whole for arg in args)
    kind = Kind("int" if whole else "decimal", unit)
    return Tree(op, args, kind, None, any(a.is_ratio for a in args), any(a.is_endless for a in args))


def divide(a: Tree, b: Tree) -> Tree:
    """`a / b`: by a literal an ordinary number, else a quotient."""
    unit = product_of(a.kind.unit, b.kind.unit, -1)
    literal = literal_of(b)
    ratio = literal is None or a.is_ratio
    endless = a.is_endless or (literal is not None and not ends(1 / literal))
    return Tree("/", (a, b), Kind("decimal", unit), None, ratio, endless)


def literal_of(tree: Tree) -> Fraction | None:
    if tree.op == "negate":
        inner = literal_of(tree.args[0])
        return None if inner is None else -inner
    return tree.data if tree.op == "number" else None


def ends(value: Fraction) -> bool:
    """Whether a number can be written with finitely many digits."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def choose(condition: Tree, then: Tree, otherwise: Tree) -> Tree:
    """`condition ? then : otherwise`."""
    kind = joined(then.kind, otherwise.kind)
    ratio = then.is_ratio or otherwise.is_ratio
    endless = then.is_endless or otherwise.is_endless
    return Tree("?:", (condition, then, otherwise), kind, None, ratio, endless)


def rounded(tree: Tree, places: int, mode: str) -> Tree:
    """`round(x, places, mode)`; an int stays an int."""
    whole = tree.kind.is_whole and not tree.is_ratio
    return Tree("round", (tree,), Kind("int" if whole else "decimal", tree.kind.unit), (places, mode))
