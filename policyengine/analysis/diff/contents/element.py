"""One thing that a bundle says, with everything said inside it: what a diff compares.

An element has a name among its siblings, the author's words, and a meaning in which spelling no longer shows: numbers
are exact, expressions are printed from their tree, cells that accept the same are equal.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any

from policyengine.language.expression import syntax
from policyengine.language.expression.printer import print_expression
from policyengine.language.written import Written
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.instant import Timestamp
from policyengine.values.types import UNLIMITED, Type, Unit, unit_product

Height = tuple[int, Fraction]
"""How high a number lies, so that `unlimited` lies above all of them."""

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
"""Units of durations, which may be written in any of them."""
UNREAD = frozenset(("description",))
"""What says nothing that a decision depends on."""


@dataclass(slots=True)
class Element:
    """A part, a row, a tier, a field: see the module.

    Children are told apart by kind and name. `order` are the names of the children where their order says something.
    `numbered` children have no names of their own: they are compared by their `key`. `implied` is what an author did
    not write and a default says. `tree` is that of an expression.
    """

    name: str
    kind: str
    at: Span | None = None
    text: str = ""
    meaning: Hashable = None
    height: Height | None = None
    unit: Unit = ()
    children: dict[tuple[str, str], Element] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    numbered: bool = False
    key: Hashable = None
    implied: bool = False
    tree: syntax.Expression | None = None

    def add(self, child: Element | None) -> None:
        """Put a child in its place, if there is one."""
        if child is not None:
            self.children[child.kind, child.name] = child

    def child(self, name: str) -> Element | None:
        """The child of a name, the first where two kinds share it."""
        return next((child for child in self.children.values() if child.name == name), None)

    @property
    def words(self) -> str:
        """The author's words; those of its children where it has none of its own."""
        if self.text or not self.children:
            return self.text
        said = [c.words if self.numbered else f"{c.name}: {c.words}" for c in self.children.values() if not c.implied]
        return f"[{', '.join(said)}]" if self.numbered else f"{{{', '.join(said)}}}"

    @property
    def content(self) -> Hashable:
        """All that it says, apart from its name."""
        inner = frozenset((child.name, child.content) for child in self.children.values())
        return (self.kind, self.meaning, self.order, inner)

    def place(self) -> str:
        """`file:line`, or nothing where it is nowhere written."""
        return "" if self.at is None else f"{self.at.source.name}:{self.at.line}"


# -------------------------------------------------------------------------------------------------------- expressions


def written(name: str, kind: str, expression: Written) -> Element:
    """The element of an expression."""
    text = " ".join(expression.scalar.text.split())
    found = constant(expression.tree)
    meaning = ("=", print_expression(expression.tree)) if found is None else ("number", *found)
    height = None if found is None else (0, found[0])
    if text == UNLIMITED:
        height = (1, Fraction(0))
    unit = () if found is None else found[1]
    return Element(name, kind, expression.span, text, meaning, height, unit, tree=expression.tree)


def constant(tree: syntax.Expression) -> tuple[Fraction, Unit] | None:
    """The number and unit that a tree of plain numbers comes to, as in `3 USD / 1_000 token`; None of any other."""
    match tree:
        case syntax.Number(value=value, unit=unit):
            seconds = SECONDS.get(unit or "")
            if seconds is not None:
                return value * seconds, (("s", 1),)
            return value, () if unit is None else ((unit, 1),)
        case syntax.Unary(operator="-", operand=operand):
            inner = constant(operand)
            return None if inner is None else (-inner[0], inner[1])
        case syntax.Binary(operator="/", left=left, right=right):
            return _product(constant(left), constant(right), -1)
        case syntax.Chain(operator="*", operands=operands):
            return reduce(_product, map(constant, operands))
    return None


def _product(
    a: tuple[Fraction, Unit] | None, b: tuple[Fraction, Unit] | None, sign: int = 1
) -> tuple[Fraction, Unit] | None:
    if a is None or b is None or (sign < 0 and not b[0]):
        return None
    return a[0] * b[0] ** sign, unit_product(a[1], b[1], sign)


# -------------------------------------------------------------------------------------------------------------- nodes


def node(name: str, kind: str, its: Node) -> Element:
    """The element of a literal: a scalar, or a list or mapping that is data."""
    height = None
    if isinstance(its, Scalar):
        height = scalar_height(its)
    return Element(name, kind, its.span, flow(its), canonical(its), height)


def scalar_height(its: Scalar) -> Height | None:
    """How high a written number lies."""
    if its.value == UNLIMITED:
        return 1, Fraction(0)
    if isinstance(its.value, bool) or its.value is None or isinstance(its.value, str):
        return None
    return 0, Fraction(its.value)


def canonical(its: Node) -> Hashable:
    """What a node says: numbers exact, keys without order, descriptions left out."""
    if isinstance(its, Scalar):
        if isinstance(its.value, bool) or its.value is None or isinstance(its.value, str):
            return its.value
        return "number", Fraction(its.value)
    if isinstance(its, Sequence):
        return tuple(canonical(item) for item in its.items)
    return frozenset((key, canonical(entry.value)) for key, entry in its.entries.items() if key not in UNREAD)


def flow(its: Node) -> str:
    """A node on one line, in the author's words."""
    if isinstance(its, Scalar):
        return " ".join(its.text.split())
    if isinstance(its, Sequence):
        return f"[{', '.join(flow(item) for item in its.items)}]"
    said = (f"{key}: {flow(entry.value)}" for key, entry in its.entries.items() if key not in UNREAD)
    return f"{{{', '.join(said)}}}"


def entries(its: Node | None) -> Iterator[tuple[str, Span, Node]]:
    """The keys of a mapping with their places and values; nothing of anything else."""
    if isinstance(its, Mapping):
        for entry in its.entries.values():
            yield entry.key, entry.key_span, entry.value


# -------------------------------------------------------------------------------------------------------- held values


def height(value: Any) -> Height | None:
    """How high an exact number lies."""
    if value is None:
        return None
    return (1, Fraction(0)) if value == UNLIMITED else (0, Fraction(value))


def unit_of(its_type: Type) -> Unit:
    """The unit of a number or a limit; no unit of anything else."""
    match its_type:
        case types.Number(unit=unit) | types.Limit(number=types.Number(unit=unit)):
            return unit
        case types.Optional(item=item):
            return unit_of(item)
    return ()


def height_of(value: Any, its_type: Type) -> Height | None:
    """How high an exact value of a type lies, where that is a number or a stretch of time."""
    match its_type:
        case types.Number() | types.Limit() | types.DURATION:
            return height(value)
        case types.Optional(item=item):
            return None if value is None else height_of(value, item)
    return None


def day(instant: int | None) -> str:
    """An instant as its date where a day of UTC begins there; nothing where there is none."""
    return "" if instant is None else str(Timestamp(instant)).removesuffix("T00:00:00Z")
