"""The canonical text of a syntax tree: the fewest parentheses, one spelling for each literal, blanks around operators.

INVARIANT: parsing the text gives the tree again, apart from its offsets. Digests and diffs of rules rely on it. The
text depends on the tree alone, so nothing is asked of Python's tables of printable characters, which grow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import assert_never

from policyengine.language.expression.parser import LEVELS, LITERALS
from policyengine.language.expression.syntax import (
    Binary,
    Bool,
    Bytes,
    Call,
    Chain,
    Expression,
    Index,
    ListLiteral,
    MapLiteral,
    Name,
    Null,
    Number,
    Select,
    Ternary,
    Text,
    Unary,
)

_CHOICE = 0
_UNARY = max(LEVELS.values()) + 1
_TIGHT = _UNARY + 1
# Beyond this many digits a decimal is written with an exponent.
_PLAIN_DIGITS_MAX = 40
# These are written as people write them, `3d`; a blank stands before all other units.
_GLUED_UNITS = frozenset("smhdwy")
_PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
# Control characters, line ends and what is invisible or turns the direction of writing.
_HIDDEN = re.compile('[\x00-\x1f"\\\\\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

# What is still to be written: text, or a node with whether it stands in parentheses.
_Piece = str | tuple[Expression, bool]


def print_expression(node: Expression) -> str:
    """The canonical text of an expression."""
    written: list[str] = []
    pending: list[_Piece] = [(node, False)]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            written.append(piece)
            continue
        inner, grouped = piece
        pieces = _pieces(inner)
        pending += reversed(["(", *pieces, ")"] if grouped else pieces)
    return "".join(written)


def _pieces(node: Expression) -> list[_Piece]:
    match node:
        case Number() | Text() | Bytes() | Bool() | Null() | Name():
            return [_leaf(node)]
        case Select(target=target, field=field, optional=optional):
            return [_inside(target, _TIGHT), ".?" if optional else ".", _field(field)]
        case Index(target=target, key=key, optional=optional):
            return [_inside(target, _TIGHT), "[?" if optional else "[", (key, False), "]"]
        case Call(name=name, target=target, arguments=arguments):
            lead: list[_Piece] = [name, "("] if target is None else [_inside(target, _TIGHT), f".{name}("]
            return [*lead, *_listed(arguments), ")"]
        case Unary(operator=operator, operand=operand):
            return [operator, (operand, _needs_parentheses_after(operator, operand))]
        case Binary(operator=operator, left=left, right=right):
            level = LEVELS[operator]
            return [_inside(left, level), f" {operator} ", _inside(right, level + 1)]
        case Chain():
            return _chain(node)
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            return [_inside(condition, 1), " ? ", _inside(then, 1), " : ", (otherwise, False)]
        case ListLiteral(items=items):
            return ["[", *_joined([_marked(optional), (item, False)] for item, optional in items), "]"]
        case MapLiteral(entries=entries):
            return ["{", *_joined([_marked(optional), (k, False), ": ", (v, False)] for k, v, optional in entries), "}"]
        case _:
            assert_never(node)


def _chain(node: Chain) -> list[_Piece]:
    level = LEVELS[node.operator]
    first, *others = node.operands
    # A chain at the head of a chain of the same operator was in parentheses, or it would be one chain.
    nested = isinstance(first, Chain) and first.operator == node.operator
    pieces: list[_Piece] = [_inside(first, level + nested)]
    for operand in others:
        pieces += [f" {node.operator} ", _inside(operand, level + 1)]
    return pieces


def _inside(node: Expression, level: int) -> _Piece:
    """A node at a place that takes what binds at least as tightly as `level`."""
    return node, _level(node) < level


def _level(node: Expression) -> int:
    match node:
        case Ternary():
            return _CHOICE
        case Binary() | Chain():
            return LEVELS[node.operator]
        case Unary():
            return _UNARY
        case _:
            return _TIGHT


def _needs_parentheses_after(sign: str, operand: Expression) -> bool:
    if isinstance(operand, Unary):
        return operand.operator != sign
    if sign == "-" and _begins_with_digit(operand):
        return True  # or the sign would become the number's own
    return _level(operand) < _UNARY


def _begins_with_digit(node: Expression) -> bool:
    head: Expression | None = node
    while isinstance(head, (Select, Index, Call)):
        head = head.target
    return isinstance(head, Number) and head.value >= 0


def _listed(nodes: Iterable[Expression]) -> list[_Piece]:
    return _joined([(node, False)] for node in nodes)


def _joined(groups: Iterable[list[_Piece]]) -> list[_Piece]:
    pieces = [piece for group in groups for piece in (", ", *group)]
    return pieces[1:]


def _marked(optional: bool) -> str:
    return "?" if optional else ""


def _leaf(node: Number | Text | Bytes | Bool | Null | Name) -> str:
    match node:
        case Number():
            return _number(node)
        case Text(value=value):
            return '"' + _HIDDEN.sub(_escaped, value) + '"'
        case Bytes(value=data):
            return 'b"' + "".join(_byte(byte) for byte in data) + '"'
        case Bool(value=truth):
            return "true" if truth else "false"
        case Null():
            return "null"
        case Name(name=name, root=root):
            return f".{name}" if root else name
        case _:
            assert_never(node)


def _field(name: str) -> str:
    return name if _PLAIN_FIELD.fullmatch(name) and name not in LITERALS else f"`{name}`"


def _number(node: Number) -> str:
    text = str(node.value.numerator) if node.integer else decimal_text(node.value)
    if node.unit is None:
        return text
    return text + node.unit if node.unit in _GLUED_UNITS else f"{text} {node.unit}"


def decimal_text(value: Fraction) -> str:
    """The shortest spelling of an exact decimal that is read as a decimal: `2.0`, `0.125`, `1e-300`."""
    sign = "-" if value < 0 else ""
    digits, power = _scaled(abs(value.numerator), value.denominator)
    leading = len(digits) + power - 1
    if max(leading, -power, 0) >= _PLAIN_DIGITS_MAX:
        return f"{sign}{digits[0]}{'.' + digits[1:] if len(digits) > 1 else ''}e{leading}"
    if power >= 0:
        return f"{sign}{digits}{'0' * power}.0"
    padded = digits.rjust(1 - power, "0")
    return f"{sign}{padded[:power]}.{padded[power:]}"


def _scaled(numerator: int, denominator: int) -> tuple[str, int]:
    """Digits without zeros at their end, and the power of ten that they are multiplied with."""
    twos = (denominator & -denominator).bit_length() - 1
    fives = _fives(denominator >> twos)
    places = max(twos, fives)
    digits = numerator * 2 ** (places - twos) * 5 ** (places - fives)
    trailing = 0
    while digits and digits % 10 == 0:
        digits //= 10
        trailing += 1
    return str(digits), trailing - places


def _fives(number: int) -> int:
    count = 0
    while number > 1:
        number, rest = divmod(number, 5)
        assert rest == 0, "a literal has a finite decimal expansion"
        count += 1
    return count


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def _byte(byte: int) -> str:
    character = chr(byte)
    if character in _SHORT:
        return _SHORT[character]
    return character if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
