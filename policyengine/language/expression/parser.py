"""From the text of an expression to its tree: the grammar of CEL, and numbers with a unit.

Operators are combined with a stack of their own (`operations`), so a long run of them costs no recursion; only
brackets, arguments and choices recurse, and those are counted. The tree that comes out has at most `HEIGHT_MAX`
levels and `NODES_MAX` nodes: every later pass may rely on that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policyengine.language.expression import faults
from policyengine.language.expression.faults import (
    CHARACTERS_MAX,
    DEPTH_MAX,
    HEIGHT_MAX,
    ITEMS_MAX,
    NODES_MAX,
    SyntaxFault,
)
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
from policyengine.language.expression.tokens import QUOTES, read_number, tokenise, unquote
from policyengine.language.expression.walk import walk

__all__ = ["LEVELS", "RESERVED", "SyntaxFault", "is_unit", "parse"]

# How tightly the operators bind; all of them group to the left.
LEVELS = {"||": 1, "&&": 2}
LEVELS |= dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3)
LEVELS |= dict.fromkeys("+-", 4) | dict.fromkeys("*/%", 5)
CHAINED = frozenset(("||", "&&", "+", "*"))
# Not allowed as names, but as fields and methods after a dot. `in` and the literals are not allowed there either.
RESERVED = frozenset(
    ("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "namespace")
    + ("package", "return", "var", "void", "while")
)
LITERALS = frozenset(("true", "false", "null", "in"))
# Words that stand between values in other languages: `x > 5 and y` must not read as five ands.
_WORDS = frozenset(("and", "or", "not", "xor", "is", "eq", "mod", "then", "between", "like"))
_KEYWORDS = RESERVED | LITERALS
_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_POSTFIX = frozenset((".", "[", "{"))


def parse(text: str) -> Expression:
    """The tree of an expression. Raises `SyntaxFault`, and nothing else, where the text is no expression."""
    if len(text) > CHARACTERS_MAX:
        raise faults.too_long(len(text))
    parser = _Parser(text)
    node = parser.expression()
    if parser.texts[parser.index]:
        raise faults.operator_expected(parser.texts, parser.starts, parser.index)
    # Every node and every level takes at least one token, so ordinary expressions need no counting.
    if len(parser.texts) > HEIGHT_MAX:
        _check_size(node, len(text))
    return node


def is_unit(word: str) -> bool:
    """Whether a word directly after a number is its unit."""
    return word.isidentifier() and word.isascii() and word[0] != "_" and word not in _KEYWORDS and word not in _WORDS


def _check_size(node: Expression, end: int) -> None:
    for count, (current, level) in enumerate(walk(node), start=1):
        if level > HEIGHT_MAX:
            raise faults.nested_too_deeply(current.start, current.end)
        if count > NODES_MAX:
            raise faults.too_many_nodes(end)


class _Parser:
    """Reads tokens from left to right; `index` is the next one. Every method leaves it behind what it has read."""

    __slots__ = ("depth", "ends", "index", "starts", "text", "texts")

    def __init__(self, text: str) -> None:
        self.text = text
        self.texts, self.starts, self.ends = tokenise(text)
        self.index = 0
        self.depth = 0

    def expression(self, choice: bool = True) -> Expression:
        """A whole expression; without a `?:` of its own unless `choice`."""
        first = self.index
        node = self.operand()
        if self.texts[self.index] in LEVELS:
            node = self.operations(node, first)
        if choice and self.texts[self.index] == "?":
            return self.ternary(node, first)
        return node

    def operations(self, operand: Expression, first: int) -> Expression:
        """All operators up to the next bracket, comma or choice; `first` is the token that begins `operand`."""
        texts = self.texts
        # INVARIANT: levels rise from the bottom to the top. An entry waits for its right operand:
        # level, operator, operands so far, token of the first operand, token of the operator.
        pending: list[tuple[int, str, list[Expression], int, int]] = []
        while (level := LEVELS.get(operator := texts[self.index])) is not None:
            while pending and pending[-1][0] >= level and not (pending[-1][1] == operator and operator in CHAINED):
                first = pending[-1][3]
                operand = self.combined(*pending.pop()[1:], operand)
            if pending and pending[-1][0] == level:
                pending[-1][2].append(operand)
            else:
                pending.append((level, operator, [operand], first, self.index))
            self.index = first = self.index + 1
            operand = self.operand()
        while pending:
            operand = self.combined(*pending.pop()[1:], operand)
        return operand

    def combined(
        self, operator: str, operands: list[Expression], first: int, operator_token: int, last: Expression
    ) -> Expression:
        """The node of an operator whose last operand has just been read."""
        start = self.starts[first]
        end = self.ends[self.index - 1]
        if operator in CHAINED:
            operands.append(last)
            return Chain(start, end, operator, tuple(operands))
        return Binary(start, end, operator, operands[0], last, self.starts[operator_token])

    def ternary(self, condition: Expression, first: int) -> Expression:
        """`? a : b` behind its condition; as in CEL, only `b` may be a choice without parentheses."""
        opened = self.enter()
        then = self.expression(choice=False)
        self.require(":", opened)
        otherwise = self.expression()
        self.depth -= 1
        return Ternary(self.starts[first], self.ends[self.index - 1], condition, then, otherwise)

    def operand(self) -> Expression:
        """A value with its signs in front and its fields, indexes and methods behind."""
        first = self.index
        node = _OPERANDS.get(self.texts[first][:1], _Parser.nothing)(self)
        return self.postfix(node, first) if self.texts[self.index] in _POSTFIX else node

    def postfix(self, node: Expression, first: int) -> Expression:
        """Fields, indexes and methods, as many as there are."""
        start = self.starts[first]
        while (sign := self.texts[self.index]) in _POSTFIX:
            if sign == ".":
                node = self.member(node, start)
            elif sign == "[":
                opened = self.enter()
                optional = self.optional()
                key = self.expression()
                self.close("]", opened)
                node = Index(start, self.ends[self.index - 1], node, key, optional)
            elif isinstance(node, (Name, Select)):
                raise faults.message_construction(self.text[start : node.end], start, node.end)
            else:
                break
        return node

    def member(self, target: Expression, start: int) -> Expression:
        """`.field`, `.?field` or `.method(...)`."""
        self.index += 1
        optional = self.optional()
        index = self.index
        field = self.texts[index]
        quoted = field[:1] == "`" and len(field) > 2
        if not quoted and (field[:1] not in _LETTERS or field[-1] in QUOTES or field in LITERALS):
            raise faults.field_expected(self.texts, self.starts, index)
        self.index = index + 1
        if self.texts[index + 1] == "(" and not optional and not quoted:
            arguments = self.arguments()
            return Call(start, self.ends[self.index - 1], field, target, arguments, self.starts[index])
        return Select(start, self.ends[index], target, field[1:-1] if quoted else field, optional)

    def arguments(self) -> tuple[Expression, ...]:
        """`(a, b)` of a call."""
        opened = self.enter()
        found: list[Expression] = []
        if self.texts[self.index] != ")":
            found.append(self.expression())
            while self.texts[self.index] == ",":
                self.index += 1
                found.append(self.expression())
        self.close(")", opened)
        return tuple(found)

    def name(self) -> Expression:
        """A word: a name, a call of a function or one of the literal words."""
        index = self.index
        word = self.texts[index]
        if word in _KEYWORDS:
            return self.word(index, word)
        self.index = index + 1
        if self.texts[index + 1] == "(":
            arguments = self.arguments()
            start = self.starts[index]
            return Call(start, self.ends[self.index - 1], word, None, arguments, start)
        return Name(self.starts[index], self.ends[index], word)

    def word(self, index: int, word: str) -> Expression:
        """A literal word, or a reserved one."""
        self.index = index + 1
        if word in RESERVED:
            raise faults.reserved_word(self.texts, self.starts, index)
        if word == "in":
            raise faults.value_expected(self.texts, self.starts, index)
        if word == "null":
            return Null(self.starts[index], self.ends[index])
        return Bool(self.starts[index], self.ends[index], word == "true")

    def name_or_quoted(self) -> Expression:
        """A word that begins with one of the letters that may stand before a quote."""
        return self.quoted() if self.texts[self.index][-1] in QUOTES else self.name()

    def quoted(self) -> Expression:
        """A literal text, or literal bytes."""
        index = self.index
        start, end = self.starts[index], self.ends[index]
        try:
            value = unquote(self.texts[index], end == len(self.text))
        except SyntaxFault as fault:
            raise fault.moved(start) from None
        self.index = index + 1
        return Text(start, end, value) if isinstance(value, str) else Bytes(start, end, value)

    def number(self, negative: bool = False) -> Expression:
        """A number with the unit that follows it; a minus sign before it has been read already."""
        index = self.index
        try:
            value, integer = read_number(self.texts[index], negative)
        except SyntaxFault as fault:
            raise fault.moved(self.starts[index]) from None
        self.index = index + 1
        start = self.starts[index - negative]
        following = self.texts[index + 1]
        if following.isidentifier() and is_unit(following) and self.unit_is_near(index):
            self.index = index + 2
            return Number(start, self.ends[index + 1], value, integer, following)
        return Number(start, self.ends[index], value, integer)

    def unit_is_near(self, index: int) -> bool:
        """Whether only blanks of the same line stand between a number and the word behind it."""
        between = self.text[self.ends[index] : self.starts[index + 1]]
        if not between:
            self.refuse_malformed(index, self.texts[index], self.texts[index + 1])
        return not between.strip(" \t")

    def refuse_malformed(self, index: int, digits: str, word: str) -> None:
        """Refuse a word that is glued to a number and looks like the end of another kind of number."""
        start, end = self.starts[index], self.ends[index + 1]
        if word in ("u", "U"):
            hint = f"write `{digits}`"
            raise SyntaxFault("unsigned_number", "there are no unsigned numbers", start, end, hint)
        if digits[:2] in ("0x", "0X") or (digits == "0" and word[0] in "xX") or word in ("e", "E"):
            raise SyntaxFault("invalid_number", f"`{digits}{word}` is no number", start, end)

    def dot(self) -> Expression:
        """A number that begins with its point, or `.name`, which skips the variables of macros."""
        index = self.index
        if len(self.texts[index]) > 1:
            return self.number()
        self.index = index + 1
        if self.texts[index + 1][:1] not in _LETTERS or self.texts[index + 1][-1] in QUOTES:
            raise faults.field_expected(self.texts, self.starts, index + 1)
        node = self.name()
        start = self.starts[index]
        match node:
            case Name():
                return Name(start, node.end, node.name, root=True)
            case Call():
                return Call(start, node.end, node.name, None, node.arguments, node.name_start)
            case _:
                raise faults.field_expected(self.texts, self.starts, index + 1)

    def unary(self) -> Expression:
        """Signs of one kind, and what they stand before. The last minus before a number belongs to the number."""
        first = self.index
        sign = self.texts[first]
        if len(sign) > 1:  # `!=`
            return self.nothing()
        while self.texts[self.index] == sign:
            self.index += 1
        past = self.index
        after = self.texts[past]
        if sign == "-" and self.is_number(past):
            past -= 1
            node = self.postfix(self.number(negative=True), past)
        elif after == "!" or (after == "-" and not self.is_number(past + 1)):
            raise faults.mixed_signs(self.texts, self.starts, past)
        else:
            # Not `operand`, which would be one frame more for each level of nesting.
            node = _OPERANDS.get(after[:1], _Parser.nothing)(self)
            if self.texts[self.index] in _POSTFIX:
                node = self.postfix(node, past)
        end = self.ends[self.index - 1]
        for index in range(past - 1, first - 1, -1):
            node = Unary(self.starts[index], end, sign, node)
        return node

    def is_number(self, index: int) -> bool:
        token = self.texts[index]
        return token[:1] in _DIGITS or (token[:1] == "." and len(token) > 1)

    def group(self) -> Expression:
        """`(a)`; parentheses leave no trace in the tree but its shape."""
        opened = self.enter()
        node = self.expression()
        self.close(")", opened)
        return node

    def list(self) -> Expression:
        """`[a, ?b]`, with a comma at the end if the author likes."""
        opened = self.enter()
        items: list[tuple[Expression, bool]] = []
        while self.texts[self.index] != "]":
            optional = self.optional()
            items.append((self.expression(), optional))
            if self.texts[self.index] != ",":
                break
            self.index += 1
        self.close("]", opened)
        start, end = self.starts[opened], self.ends[self.index - 1]
        if len(items) > ITEMS_MAX:
            raise faults.list_too_long(start, end)
        return ListLiteral(start, end, tuple(items))

    def map(self) -> Expression:
        """`{k: v, ?k: v}`, with a comma at the end if the author likes."""
        opened = self.enter()
        entries: list[tuple[Expression, Expression, bool]] = []
        while self.texts[self.index] != "}":
            optional = self.optional()
            key = self.expression()
            self.require(":", opened)
            entries.append((key, self.expression(), optional))
            if self.texts[self.index] != ",":
                break
            self.index += 1
        self.close("}", opened)
        return MapLiteral(self.starts[opened], self.ends[self.index - 1], tuple(entries))

    def nothing(self) -> Expression:
        """No value begins here."""
        raise faults.value_expected(self.texts, self.starts, self.index)

    def optional(self) -> bool:
        """Whether a `?` stands here; it is read."""
        found = self.texts[self.index] == "?"
        self.index += found
        return found

    def enter(self) -> int:
        """Read the sign that opens a level of nesting; gives its token."""
        opened = self.index
        self.index = opened + 1
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise faults.nested_too_deeply(self.starts[opened], self.ends[opened])
        return opened

    def close(self, bracket: str, opened: int) -> None:
        self.require(bracket, opened)
        self.depth -= 1

    def require(self, sign: str, opened: int) -> None:
        if self.texts[self.index] != sign:
            raise faults.sign_expected(sign, self.texts, self.starts, self.index, opened)
        self.index += 1


_OPERANDS: Mapping[str, Callable[[_Parser], Expression]] = (
    dict.fromkeys(_LETTERS, _Parser.name)
    | dict.fromkeys("bBrR", _Parser.name_or_quoted)
    | dict.fromkeys(_DIGITS, _Parser.number)
    | dict.fromkeys(QUOTES, _Parser.quoted)
    | dict.fromkeys("-!", _Parser.unary)
    | {".": _Parser.dot, "(": _Parser.group, "[": _Parser.list, "{": _Parser.map}
)
