"""What an author sees who writes what is no expression: the words, the place and the hint."""

# ruff: noqa: RUF001 - characters that look alike are among the mistakes

from __future__ import annotations

import pytest

from policyengine.language.expression.faults import FAULTS, SyntaxFault
from policyengine.language.expression.parser import parse

AND, OR, NOT = "write `&&`", "write `||`", "write `!`"
CHOICE = "a choice is written `condition ? a : b`"
BIND = "write `cel.bind(name, value, expression)`"
MACRO = "write `xs.map(x, ...)` or `xs.filter(x, ...)`"
POWER = "there is no power operator: multiply"
PERCENT = "there is no percent sign for numbers: write `0.1` for ten percent"
GROUPS = "digits are grouped by three from the point, and not after it: `1_000`"
CURRENCY = "write the currency's code after the number: `5 EUR`"
BACKSLASH = r"a backslash itself is written `\\`, or the whole text raw: `r'...'`"
BYTES = r"write the bytes with `\x`, or the character itself"
NO_BREAK = "the character U+00A0 NO-BREAK SPACE has no meaning outside text"
MAP = "a map is written `{'key': value}`"

# text, what it marks, message, hint
CASES = [
    ("", "", "the expression is empty", None),
    ("// nothing", "", "the expression is empty", None),
    ("a and b", "and", "expected an operator, found `and`", AND),
    ("x > 5 and y", "and", "expected an operator, found `and`", AND),
    ("a or b", "or", "expected an operator, found `or`", OR),
    ("not a", "a", "expected an operator, found `a`", NOT),
    ("a not in b", "not", "expected an operator, found `not`", "write `!(a in b)`"),
    ("a !in b", "!", "expected an operator, found `!`", "write `!(a in b)`"),
    ("a is null", "is", "expected an operator, found `is`", "write `==`"),
    ("x if y else z", "if", "expected an operator, found `if`", CHOICE),
    ("if (a) b", "if", "`if` is a reserved word", CHOICE),
    ("a = 1", "=", "expected an operator, found `=`", "write `==` to compare"),
    ("a <> 1", "<>", "expected an operator, found `<>`", "write `!=`"),
    ("a !== 1", "!==", "expected an operator, found `!==`", "write `!=`"),
    ("a => 1", "=>", "expected an operator, found `=>`", "write `>=`"),
    ("a < = 1", "=", "expected a value, found `=`", "write `<=` without a space"),
    ("a ^ 2", "^", "expected an operator, found `^`", POWER),
    ("a ** 2", "**", "expected an operator, found `**`", POWER),
    ("(y := 1)", ":=", "expected an operator, found `:=`", BIND),
    ("let", "let", "`let` is a reserved word", BIND),
    ("lambda x: x", "x", "expected an operator, found `x`", "write the variable first in a macro: `xs.map(x, ...)`"),
    ("[y for y in xs]", "for", "expected an operator, found `for`", MACRO),
    ("1.", "1.", "digits must follow the point of `1.`", "write `1.0`"),
    ("x * 10%", "%", "the expression ends after `%`, where a value is expected", PERCENT),
    ("10% + 5", "+", "expected a value, found `+`", PERCENT),
    ("1,000", ",", "expected an operator, found `,`", "digits are grouped with `_`: `1_000`"),
    ("1_00", "1_00", "the digits of `1_00` are not grouped by three", GROUPS),
    ("0.1_000", "0.1_000", "the digits of `0.1_000` are not grouped by three", GROUPS),
    ("2 * 1u", "1u", "there are no unsigned numbers", "write `1`"),
    ("0xG", "0xG", "`0xG` is no number", None),
    ("1e", "1e", "`1e` is no number", None),
    ("0x1Fg", "0x1Fg", "`0x1Fg` is no number", None),
    (
        "9223372036854775808",
        "9223372036854775808",
        "`9223372036854775808` does not fit in 64 bits",
        "write it with a point, `9223372036854775808.0`",
    ),
    ("-(9223372036854775808)", "9223372036854775808", "`9223372036854775808` does not fit in 64 bits", None),
    ("1e6145", "1e6145", "the exponent of `1e6145` is beyond 6144", None),
    ("1e-999999999", "1e-999999999", "the exponent of `1e-999999999` is beyond 6144", None),
    ("10e6144", "10e6144", "the exponent of `10e6144` is beyond 6144", None),
    ("0." + "1" * 35, "0." + "1" * 35, "a number has at most 34 significant digits, this one has 35", None),
    ("'abc", "'abc", "the closing quote is missing", None),
    ("'abc\n'", "'abc", "the closing quote is missing", "a text ends on its line; write it in three quotes"),
    (r"a == '\/'", r"\/", r"`\/` is no escape", BACKSLASH),
    (r"'\ud800'", r"\ud800", r"`\ud800` is no character", None),
    (r"'\U00110000'", r"\U00110000", r"`\U00110000` is no character", None),
    (
        r"b'\u0041'",
        r"\u0041",
        r"`\u0041` has no meaning in bytes",
        r"write the bytes with `\x`, or the character itself",
    ),
    (
        "'''a\r\n\\q'''",
        r"\q",
        r"`\q` is no escape",
        r"a backslash itself is written `\\`, or the whole text raw: `r'...'`",
    ),
    ("'a' 'b'", "'b'", "expected an operator, found `'b'`", "join text with `+`"),
    ("f'a'", "'a'", "expected an operator, found `'a'`", "there are no formatted literals: join text with `+`"),
    ("5 − 3", "−", "`−` (U+2212 MINUS SIGN) has no meaning outside text", "write `-`"),
    (
        "prіce > 1",
        "і",
        "`і` (U+0456 CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I) has no meaning outside text",
        "write `i`",
    ),
    ("a == “b”", "“", "`“` (U+201C LEFT DOUBLE QUOTATION MARK) has no meaning outside text", 'write `"`'),
    (
        "\ufeff1",
        "\ufeff",
        "the character U+FEFF ZERO WIDTH NO-BREAK SPACE has no meaning outside text",
        "this is a byte order mark: save the file without it",
    ),
    (
        "a\u00a0+ b",
        "\u00a0",
        "the character U+00A0 NO-BREAK SPACE has no meaning outside text",
        "write an ordinary space",
    ),
    (
        "a\u200b",
        "\u200b",
        "the character U+200B ZERO WIDTH SPACE has no meaning outside text",
        "the character is invisible: delete it",
    ),
    ("'a' + \ud800", "\ud800", "the character U+D800 has no meaning outside text", None),
    ("'\ud800'", "\ud800", "the character U+D800 has no meaning outside text", None),
    ("€5", "€", "`€` (U+20AC EURO SIGN) has no meaning outside text", CURRENCY),
    ("é", "é", "`é` (U+00E9 LATIN SMALL LETTER E WITH ACUTE) has no meaning outside text", None),
    ("$x", "$", None, "a name begins with a letter or `_`, and a currency follows its amount: `5 USD`"),
    ("/* a */ b", "/", "expected a value, found `/`", "comments begin with `//`"),
    ("a # b", "#", "expected an operator, found `#`", "comments begin with `//`"),
    ("a ? b ? c : d : e", "?", "a choice inside a choice needs parentheses", "write `a ? (b ? c : d) : e`"),
    ("a ? b", "?", "a choice ends without its `:`", "write `condition ? a : b`"),
    ("a?.b", "?", "a choice ends without its `:`", "a field that may be absent is written `a.?b`"),
    ("a ?? b", "??", "expected an operator, found `??`", "write `a.?b.orValue(c)`"),
    ("f(a", "(", "`(` is never closed", None),
    ("(a]", "]", "expected `)` for `(`, found `]`", None),
    ("a)", ")", "`)` closes nothing", None),
    ("[a b]", "b", "expected an operator or `]`, found `b`", None),
    ("{a}", "}", "expected `:` for `{`, found `}`", None),
    ("{a = 1}", "=", "expected `:` after a key, found `=`", "a map is written `{key: value}`"),
    ("a &&", "&&", "the expression ends after `&&`, where a value is expected", None),
    ("&& a", "&&", "expected a value, found `&&`", None),
    ("a.", ".", "no name follows the dot", None),
    ("a.in", "in", "`in` is a reserved word", "write it in back quotes: .`in`"),
    ("a. 5", "5", "expected a name after the dot, found `5`", "write an index in brackets: `xs[0]`"),
    ("x.y{}", "x.y", "`x.y{...}` would build a message: there are none", MAP),
    ("!-x", "-", "`!-` mixes two signs", "write `!(-x)`"),
    ("`a`", "`a`", "expected a value, found a name in back quotes", None),
    ("5\nUSD", "USD", "expected an operator, found `USD`", None),
]


@pytest.mark.parametrize(("text", "marked", "message", "hint"), CASES)
def test_faults_are_explained(text: str, marked: str, message: str | None, hint: str | None) -> None:
    """Each mistake gives one sentence, at its place, with a guess at what was meant."""
    with pytest.raises(SyntaxFault) as caught:
        parse(text)
    fault = caught.value

    assert marked == text[fault.start : fault.end]
    assert message is None or message == fault.message
    assert hint is None or hint == fault.hint
    assert fault.name in FAULTS
    assert not fault.message.endswith(".")
