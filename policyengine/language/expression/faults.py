"""What can be wrong with the text of an expression: every wording and every hint of the tokeniser and the parser.

A fault carries a name from `FAULTS`, never a code: who parses an expression knows the file it came from and turns the
fault into a `Diagnostic`. Hints are guesses at what other languages' users meant; they never change what is accepted.
"""

from __future__ import annotations

import unicodedata

from policyengine.language.expression.lookalikes import LOOKALIKES

CHARACTERS_MAX = 20_000
DEPTH_MAX = 64
NODES_MAX = 5_000
ITEMS_MAX = 1_000
DIGITS_MAX = 34
EXPONENT_MAX = 6_144
# The height of a tree is bounded apart from its nesting: `a - b - c ...` nests nothing and yet is as deep as it is
# long. Passes over the tree may recurse once or twice a level, inside a web framework's stack of 200 frames.
HEIGHT_MAX = 4 * DEPTH_MAX

FAULTS = {
    "empty_expression": "there is nothing to evaluate",
    "expression_too_long": f"more than {CHARACTERS_MAX} characters",
    "nested_too_deeply": f"more than {DEPTH_MAX} levels of brackets and choices, or operators in a row by the hundred",
    "too_many_nodes": f"more than {NODES_MAX} names, literals and operations",
    "list_too_long": f"a list literal of more than {ITEMS_MAX} items",
    "unexpected_character": "a character that has no meaning outside text",
    "unexpected_token": "a word or sign at a place where something else must stand",
    "unexpected_end": "the expression breaks off",
    "unclosed_bracket": "a bracket that is never closed, or closed by one of another kind",
    "unterminated_text": "a literal text without its closing quote",
    "unknown_escape": "a backslash followed by something that is no escape",
    "invalid_number": "a number that is not written as numbers are",
    "number_too_long": f"more than {DIGITS_MAX} significant digits",
    "number_out_of_range": f"a whole number beyond 64 bits, or an exponent beyond {EXPONENT_MAX}",
    "unsigned_number": "an unsigned literal such as `1u`",
    "reserved_word": "a reserved word used as a name",
    "plain_date": "a date or a time that stands alone, which would be a subtraction",
    "message_construction": "`Name{...}`, which builds protocol buffer messages in CEL",
}


class SyntaxFault(Exception):
    """The text is no expression. `start` and `end` are offsets into it; internal: callers see a `Diagnostic`."""

    def __init__(self, name: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        assert name in FAULTS
        super().__init__(message)
        self.name = name
        self.message = message
        self.start = start
        self.end = end
        self.hint = hint

    def moved(self, offset: int) -> SyntaxFault:
        """The same fault in a text that has `offset` characters more in front."""
        return SyntaxFault(self.name, self.message, self.start + offset, self.end + offset, self.hint)


_OPERATOR_HINTS = {
    "and": "write `&&`",
    "or": "write `||`",
    "xor": "write `!=` between two conditions",
    "is": "write `==`",
    "eq": "write `==`",
    "mod": "write `%`",
    "if": "a choice is written `condition ? a : b`",
    "then": "a choice is written `condition ? a : b`",
    "else": "a choice is written `condition ? a : b`",
    "for": "write `xs.map(x, ...)` or `xs.filter(x, ...)`",
    "between": "write `low <= x && x <= high`",
    "like": "write `x.startsWith(...)`, `x.contains(...)` or `x.matches(...)`",
    "=": "write `==` to compare",
    "===": "write `==`",
    "!==": "write `!=`",
    "<>": "write `!=`",
    "=>": "write `>=`",
    "=<": "write `<=`",
    ":=": "write `cel.bind(name, value, expression)`",
    "**": "there is no power operator: multiply",
    "^": "there is no power operator: multiply",
    "&": "write `&&`",
    "|": "write `||`",
    "??": "write `a.?b.orValue(c)`",
    ";": "an expression is one value: join conditions with `&&`, name parts with `cel.bind`",
    "#": "comments begin with `//`",
    "~": "there are no operations on bits",
}
_PREFIX_HINTS = {
    "not": "write `!`",
    "lambda": "write the variable first in a macro: `xs.map(x, ...)`",
    "if": "a choice is written `condition ? a : b`",
    "let": "write `cel.bind(name, value, expression)`",
    "var": "write `cel.bind(name, value, expression)`",
    "const": "write `cel.bind(name, value, expression)`",
    "for": "write `xs.map(x, ...)` or `xs.filter(x, ...)`",
    "while": "there are no loops: write `xs.map(x, ...)` or `xs.filter(x, ...)`",
    "loop": "there are no loops: write `xs.map(x, ...)` or `xs.filter(x, ...)`",
    "return": "write the value alone",
    "+": "a number needs no plus sign",
    "#": "comments begin with `//`",
    "@": "a name begins with a letter or `_`",
    "$": "a name begins with a letter or `_`, and a currency follows its amount: `5 USD`",
    "`": "back quotes are for the name of a field, after a dot",
    "?": "a choice inside a choice needs parentheses: `a ? (b ? c : d) : e`",
}
TIME_HINT = 'a time is written `timestamp("2026-12-01T00:00:00Z")`'
_PERCENT_HINT = "there is no percent sign for numbers: write `0.1` for ten percent"


def plain_date(text: str) -> SyntaxFault:
    """`2026-12-01`, which is 2013 as an expression."""
    time = text if "T" in text else f"{text}T00:00:00Z"
    message = f"`{text}` is a date, and an expression stands here"
    return SyntaxFault("plain_date", message, 0, len(text), f'write `timestamp("{time}")`')


def unexpected_character(character: str, offset: int) -> SyntaxFault:
    """A character that no token begins with, or that is not ASCII outside text."""
    name = unicodedata.name(character, "")
    code = f"U+{ord(character):04X}" + (f" {name}" if name else "")
    if character.isascii() and character.isprintable():
        what = f"`{character}`"
    elif character.isprintable():
        what = f"`{character}` ({code})"
    else:
        what = f"the character {code}"
    message = f"{what} has no meaning outside text"
    return SyntaxFault("unexpected_character", message, offset, offset + 1, _character_hint(character))


def _character_hint(character: str) -> str | None:
    if character == "\ufeff":
        return "this is a byte order mark: save the file without it"
    category = unicodedata.category(character)
    if category == "Zs":
        return "write an ordinary space"
    if category in ("Cc", "Cf", "Zl", "Zp"):
        return "the character is invisible: delete it"
    if category == "Sc":
        return "write the currency's code after the number: `5 EUR`"
    plain = LOOKALIKES.get(character) or unicodedata.normalize("NFKC", character)
    return f"write `{plain}`" if plain != character and plain.isascii() and plain.isprintable() else None


def operator_expected(texts: list[str], starts: list[int], index: int) -> SyntaxFault:
    """A value is complete and something follows that neither continues nor ends it."""
    token = texts[index]
    before = texts[index - 1]
    hint = _OPERATOR_HINTS.get(token)
    if token in ("not", "!") and texts[index + 1] == "in":
        hint = "write `!(a in b)`"
    elif before in ("not", "lambda"):
        hint = _PREFIX_HINTS[before]
    elif before == "f" and token[0] in "\"'":
        hint = "there are no formatted literals: join text with `+`"
    elif token[0] in "\"'" and before[-1] in "\"'":
        hint = "join text with `+`"
    elif token == "," and before.isdigit() and texts[index + 1].isdigit():
        hint = "digits are grouped with `_`: `1_000`"
    elif token == ":" and before[0] == "T" and before[1:].isdigit():
        hint = TIME_HINT
    if token in (")", "]", "}"):
        message = f"`{token}` closes nothing"
    else:
        message = f"expected an operator, found {_quoted(token)}"
    return _at_token("unexpected_token", message, texts, starts, index, hint)


def value_expected(texts: list[str], starts: list[int], index: int) -> SyntaxFault:
    """A value must begin here and does not."""
    token = texts[index]
    before = texts[index - 1] if index else ""
    hint = _PREFIX_HINTS.get(token)
    if before == "%":
        hint = _PERCENT_HINT
    elif token == "/" and texts[index + 1] in ("*", "**"):
        hint = "comments begin with `//`"
    elif token == "=" and before in ("<", ">", "=", "!"):
        hint = f"write `{before}=` without a space"
    if token:
        message = f"expected a value, found {_quoted(token)}"
        return _at_token("unexpected_token", message, texts, starts, index, hint)
    if not index:
        return SyntaxFault("empty_expression", "the expression is empty", 0, 0)
    message = f"the expression ends after {_quoted(before)}, where a value is expected"
    return SyntaxFault("unexpected_end", message, starts[index - 1], starts[index - 1] + len(before), hint)


def field_expected(texts: list[str], starts: list[int], index: int) -> SyntaxFault:
    """No name of a field follows a dot."""
    before = texts[index - 2] if index > 1 else ""
    token = texts[index]
    if token in ("in", "true", "false", "null"):
        message, hint = f"`{token}` is a reserved word", f"write it in back quotes: .`{token}`"
        return _at_token("reserved_word", message, texts, starts, index, hint)
    if before.isdigit():
        message = f"digits must follow the point of `{before}.`"
        example = f"write `{before}.0`" if not token.isdigit() else None
        return SyntaxFault("invalid_number", message, starts[index - 2], starts[index - 1] + 1, example)
    if not token:
        return SyntaxFault("unexpected_end", "no name follows the dot", starts[index - 1], starts[index - 1] + 1)
    message = f"expected a name after the dot, found {_quoted(token)}"
    advice = "write an index in brackets: `xs[0]`" if token.isdigit() else None
    return _at_token("unexpected_token", message, texts, starts, index, advice)


def sign_expected(sign: str, texts: list[str], starts: list[int], index: int, opened: int) -> SyntaxFault:
    """`sign` must follow, for what the token number `opened` began."""
    token = texts[index]
    opener = texts[opened]
    if not token:
        if opener == "?":
            message = "a choice ends without its `:`"
            hint = "write `condition ? a : b`"
            if texts[opened + 1] == ".":
                hint = "a field that may be absent is written `a.?b`"
            return _at_token("unexpected_end", message, texts, starts, opened, hint)
        return _at_token("unclosed_bracket", f"`{opener}` is never closed", texts, starts, opened)
    if token in (")", "]", "}"):
        message = f"expected `{sign}` for `{opener}`, found `{token}`"
        return _at_token("unclosed_bracket", message, texts, starts, index)
    if opener == "?" and token == "?":
        message = "a choice inside a choice needs parentheses"
        return _at_token("unexpected_token", message, texts, starts, index, "write `a ? (b ? c : d) : e`")
    if opener == "{" and token in (",", "="):
        message = f"expected `:` after a key, found `{token}`"
        return _at_token("unexpected_token", message, texts, starts, index, "a map is written `{key: value}`")
    fault = operator_expected(texts, starts, index)
    if fault.hint is not None or fault.name != "unexpected_token":
        return fault
    message = f"expected an operator or `{sign}`, found {_quoted(token)}"
    return _at_token("unexpected_token", message, texts, starts, index)


def mixed_signs(texts: list[str], starts: list[int], index: int) -> SyntaxFault:
    """`!-x` or `-!x`."""
    pair = texts[index - 1] + texts[index]
    message = f"`{pair}` mixes two signs"
    return _at_token("unexpected_token", message, texts, starts, index, f"write `{pair[0]}({pair[1]}x)`")


def reserved_word(texts: list[str], starts: list[int], index: int) -> SyntaxFault:
    word = texts[index]
    return _at_token("reserved_word", f"`{word}` is a reserved word", texts, starts, index, _PREFIX_HINTS.get(word))


def message_construction(name: str, start: int, end: int) -> SyntaxFault:
    message = f"`{name}{{...}}` would build a message: there are none"
    return SyntaxFault("message_construction", message, start, end, "a map is written `{'key': value}`")


def nested_too_deeply(start: int, end: int) -> SyntaxFault:
    hint = "give parts of it names of their own"
    return SyntaxFault("nested_too_deeply", "the expression is nested too deeply", start, end, hint)


def too_many_nodes(end: int) -> SyntaxFault:
    message = f"the expression has more than {NODES_MAX} parts"
    return SyntaxFault("too_many_nodes", message, 0, end, "give parts of it names of their own")


def too_long(end: int) -> SyntaxFault:
    message = f"the expression has more than {CHARACTERS_MAX} characters"
    return SyntaxFault("expression_too_long", message, 0, end, "give parts of it names of their own")


def list_too_long(start: int, end: int) -> SyntaxFault:
    message = f"the list has more than {ITEMS_MAX} items"
    return SyntaxFault("list_too_long", message, start, end, "put the items into a table or an input")


def _quoted(token: str) -> str:
    if token[0] == "`" and len(token) > 1:
        return "a name in back quotes"
    if token[0] in "\"'" and (len(token) > 30 or not token.isprintable()):
        return "text"
    return f"`{token[:30]}...`" if len(token) > 30 else f"`{token}`"


def _at_token(
    name: str, message: str, texts: list[str], starts: list[int], index: int, hint: str | None = None
) -> SyntaxFault:
    token = texts[index]
    start = starts[index]
    if len(token) == 1 and not (token.isascii() and token.isprintable()):
        # Whatever was expected here, the character itself is the mistake.
        return unexpected_character(token, start)
    if token in ("\\", "~") and hint is None:
        return unexpected_character(token, start)
    return SyntaxFault(name, message, start, start + len(token), hint)
