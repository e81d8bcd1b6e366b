"""The syntax tree of an expression: what the author wrote, before any meaning.

Macros (`all`, `map`, `has`, `cel.bind` ...) are kept as the calls that were written; the checker gives them their
meaning. Chains of one operator among `&& || + *` are one node with many operands, so that depth counts nesting only.
`start` and `end` are offsets into the expression's text.
"""

from __future__ import annotations

from fractions import Fraction

from policyengine.frozen import frozen


@frozen
class Node:
    start: int
    end: int


@frozen
class Number(Node):
    """A literal number. `value` is exact. `integer` is false where a point or an exponent was written, `unit` is the
    unit name that followed directly (`5 USD`, `3d`) or None."""

    value: Fraction
    integer: bool
    unit: str | None = None


@frozen
class Text(Node):
    value: str


@frozen
class Bytes(Node):
    value: bytes


@frozen
class Bool(Node):
    value: bool


@frozen
class Null(Node):
    pass


@frozen
class Name(Node):
    """A name. `root` is true for `.name`, which skips the variables of comprehensions."""

    name: str
    root: bool = False


@frozen
class Select(Node):
    """`target.field`, or `target.?field` when `optional`."""

    target: Expression
    field: str
    optional: bool = False


@frozen
class Index(Node):
    """`target[key]`, or `target[?key]` when `optional`."""

    target: Expression
    key: Expression
    optional: bool = False


@frozen
class Call(Node):
    """`name(arguments)`, or `target.name(arguments)`. `name_start` is where the name is written."""

    name: str
    target: Expression | None
    arguments: tuple[Expression, ...]
    name_start: int


@frozen
class Unary(Node):
    """`-x` or `!x`."""

    operator: str
    operand: Expression


@frozen
class Binary(Node):
    """`- / % < <= > >= == != in`, two operands. `operator_start` is where the operator is written."""

    operator: str
    left: Expression
    right: Expression
    operator_start: int


@frozen
class Chain(Node):
    """`&& || + *`, two or more operands of the same operator, left to right."""

    operator: str
    operands: tuple[Expression, ...]


@frozen
class Ternary(Node):
    condition: Expression
    then: Expression
    otherwise: Expression


@frozen
class ListLiteral(Node):
    """`[a, ?b]`: items with a flag that says whether `?` stood before the item."""

    items: tuple[tuple[Expression, bool], ...]


@frozen
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
