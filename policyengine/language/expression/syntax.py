"""The syntax tree of an expression: what the author wrote, before any meaning.

Macros (`all`, `map`, `has`, `cel.bind` ...) are kept as the calls that were written; the checker gives them their
meaning. Chains of one operator among `&& || + *` are one node with many operands, so that depth counts nesting only.
`start` and `end` are offsets into the expression's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Node:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal number. `value` is exact. `integer` is false where a point or an exponent was written, `unit` is the
    unit name that followed directly (`5 USD`, `3d`) or None."""

    value: Fraction
    integer: bool
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Bytes(Node):
    value: bytes


@dataclass(frozen=True, slots=True)
class Bool(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class Null(Node):
    pass


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name. `root` is true for `.name`, which skips the variables of comprehensions."""

    name: str
    root: bool = False


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`target.field`, or `target.?field` when `optional`."""

    target: Expression
    field: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`target[key]`, or `target[?key]` when `optional`."""

    target: Expression
    key: Expression
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(arguments)`, or `target.name(arguments)`. `name_start` is where the name is written."""

    name: str
    target: Expression | None
    arguments: tuple[Expression, ...]
    name_start: int


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x` or `!x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`- / % < <= > >= == != in`, two operands. `operator_start` is where the operator is written."""

    operator: str
    left: Expression
    right: Expression
    operator_start: int


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """`&& || + *`, two or more operands of the same operator, left to right."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Ternary(Node):
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """`[a, ?b]`: items with a flag that says whether `?` stood before the item."""

    items: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class MapLiteral(Node):
    """`{k: v, ?k: v}`: key, value and whether `?` stood before the key."""

    entries: tuple[tuple[Expression, Expression, bool], ...]


Expression = (
    Number
    | Text
    | Bytes
    | Bool
    | Null
    | Name
    | Select
    | Index
    | Call
    | Unary
    | Binary
    | Chain
    | Ternary
    | ListLiteral
    | MapLiteral
)
