"""The tokens of an expression: one regular expression cuts the text, two functions read numbers and quoted text.

A token is its own text; its kind is seen from its first character. Cutting never fails: what is no token becomes a
token of one character (an unfinished text takes all the rest), and the parser, which knows what it expected, says so.
The loop over the text stays inside `re` and `itertools`, which is what makes parsing fast.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, chain

from policyengine.language.expression import faults
from policyengine.language.expression.faults import DIGITS_MAX, EXPONENT_MAX, SyntaxFault

INTEGER_MAX = 2**63 - 1
QUOTES = frozenset("\"'")

# A quote that closes nothing must not be tried again at every later quote: that would take quadratic time. So the last
# alternative but one takes all the rest, and `unquote` sees that the closing quote is missing.
_TEXT = r"""
    [bB]?[rR](?: \"{3}.*?\"{3} | '{3}.*?'{3} | \"(?!\"\")[^"\r\n]*\" | '(?!'')[^'\r\n]*' )
  | [bB]? (?: \"{3}[^"\\]*(?:(?:\\.|\"(?!\"\"))[^"\\]*)*\"{3} | '{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}
            | \"(?!\"\")[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*\" | '(?!'')[^'\\\r\n]*(?:\\[^\r\n][^'\\\r\n]*)*' )
"""
_TOKEN = re.compile(
    rf"""
    ([ \t\n\r\f]*(?://[^\n]*[ \t\n\r\f]*)*)
    ( [A-Za-z_][A-Za-z0-9_]*\b(?!["'])
    | 0[xX][0-9A-Fa-f]+ | [0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)? | \.[0-9][0-9_]*(?:[eE][+-]?[0-9]+)?
    | && | \|\| | ===? | !==? | <[=>]? | >=? | =[<>] | := | \*\* | \?\? | [-+*/%!?:,.()\[\]{{}}]
    | {_TEXT}
    | `[A-Za-z0-9_.\-/ ]+`
    | [bB]?[rR]?["'].*
    | [A-Za-z_][A-Za-z0-9_]*
    | . | \Z )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_WHOLE_TEXT = re.compile(_TEXT, re.VERBOSE | re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"([0-9]{1,3}(?:_[0-9]{3})+|[0-9]+|)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", re.ASCII)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2})|(.?))|(\r\n?)",
    re.DOTALL,
)
_SHORT = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))


def tokenise(text: str) -> tuple[list[str], list[int], list[int]]:
    """The tokens of a text without blanks and comments, then their starts, then their ends.

    At least one empty token stands at the end, so the token after any other may be looked at.
    """
    if not text.isascii() and (surrogate := _SURROGATE.search(text)):
        raise faults.unexpected_character(surrogate.group(), surrogate.start())
    pieces = list(chain.from_iterable(_TOKEN.findall(text)))
    bounds = list(accumulate(map(len, pieces)))
    return pieces[1::2], bounds[0::2], bounds[1::2]


@lru_cache(maxsize=4096)
def read_number(token: str, negative: bool) -> tuple[Fraction, bool]:
    """The exact value of a number, and whether it is whole by its spelling; the minus sign counts for 64 bits."""
    if token[:2] in ("0x", "0X"):
        return _whole(token, token[2:].lstrip("0"), 16, negative), True
    match = _NUMBER.fullmatch(token)
    if match is None:
        hint = "digits are grouped by three from the point, and not after it: `1_000`"
        message = f"the digits of `{_short(token)}` are not grouped by three"
        raise SyntaxFault("invalid_number", message, 0, len(token), hint)
    whole, decimals, exponent = match.groups()
    whole = whole.replace("_", "").lstrip("0")
    if decimals is None and exponent is None:
        return _whole(token, whole, 10, negative), True
    return _decimal(token, whole, decimals or "", exponent or "0", negative), False


def _whole(token: str, digits: str, base: int, negative: bool) -> Fraction:
    # Python refuses to read thousands of digits, so the length comes first.
    value = int(digits or "0", base) if len(digits) < 20 else INTEGER_MAX + 2
    if value > INTEGER_MAX + negative:
        hint = f"write it with a point, `{token}.0`" if base == 10 and len(token) <= DIGITS_MAX else None
        message = f"`{_short(token)}` does not fit in 64 bits"
        raise SyntaxFault("number_out_of_range", message, 0, len(token), hint)
    return Fraction(-value if negative else value)


def _decimal(token: str, whole: str, decimals: str, exponent: str, negative: bool) -> Fraction:
    stripped = (whole + decimals).rstrip("0")
    digits = stripped.lstrip("0")
    if len(digits) > DIGITS_MAX:
        message = f"a number has at most {DIGITS_MAX} significant digits, this one has {len(digits)}"
        raise SyntaxFault("number_too_long", message, 0, len(token))
    # The length of the exponent comes before its value, for the same reason as above.
    written = int(exponent) if len(exponent.lstrip("+-0")) < 6 else EXPONENT_MAX + 1
    power = written + len(whole) - len(stripped)  # `digits` times ten to this power is the number
    if abs(written) > EXPONENT_MAX or (digits and abs(power + len(digits) - 1) > EXPONENT_MAX):
        message = f"the exponent of `{_short(token)}` is beyond {EXPONENT_MAX}"
        raise SyntaxFault("number_out_of_range", message, 0, len(token))
    value = int(digits or "0")
    if negative:
        value = -value
    return Fraction(value * 10**power) if power >= 0 or not value else Fraction(value, 10**-power)


def _short(token: str) -> str:
    return token if len(token) <= DIGITS_MAX else f"{token[:DIGITS_MAX]}..."


def unquote(token: str, last: bool) -> str | bytes:
    """The value of a quoted text, bytes if a `b` stands in front. `last` says that the token ends the expression,
    where it may be one that was never closed."""
    if last and not _WHOLE_TEXT.fullmatch(token):
        hint = "a text ends on its line; write it in three quotes" if "\n" in token else None
        end = len(token.split("\n", 1)[0])
        raise SyntaxFault("unterminated_text", "the closing quote is missing", 0, end, hint)
    prefix = len(token) - len(token.lstrip("bBrR"))
    marks = token[:prefix].lower()
    width = 3 if token[prefix : prefix + 3] in ('"""', "'''") and len(token) - prefix >= 6 else 1
    body = token[prefix + width : -width]
    if "r" in marks or "\\" not in body:
        body = _lines(body)
        return body.encode() if "b" in marks else body
    try:
        return _unescape_bytes(body) if "b" in marks else _unescape(body)
    except SyntaxFault as fault:
        raise fault.moved(prefix + width) from None


def _lines(body: str) -> str:
    # A file saved with other line ends must mean the same. Only three quotes let a line end in.
    return body.replace("\r\n", "\n").replace("\r", "\n") if "\r" in body else body


def _unescape(body: str) -> str:
    def replace(match: re.Match[str]) -> str:
        short, byte, narrow, wide, octal, _, line_end = match.groups()
        if short or line_end:
            return _SHORT[short] if short else "\n"
        return _character(match, int(octal, 8) if octal else int(byte or narrow or wide or _unknown(match), 16))

    return _ESCAPE.sub(replace, body)


def _unescape_bytes(body: str) -> bytes:
    out = bytearray()
    position = 0
    for match in _ESCAPE.finditer(body):
        short, byte, narrow, wide, octal, _, line_end = match.groups()
        out += body[position : match.start()].encode()
        position = match.end()
        if short or line_end:
            out += (_SHORT[short] if short else "\n").encode()
        elif narrow or wide:
            hint = "write the bytes with `\\x`, or the character itself"
            raise SyntaxFault("unknown_escape", f"`{match.group()}` has no meaning in bytes", *match.span(), hint)
        else:
            out.append(int(octal, 8) if octal else int(byte or _unknown(match), 16))
    return bytes(out + body[position:].encode())


def _character(match: re.Match[str], code: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise SyntaxFault("unknown_escape", f"`{match.group()}` is no character", *match.span())
    return chr(code)


def _unknown(match: re.Match[str]) -> str:
    hint = "a backslash itself is written `\\\\`, or the whole text raw: `r'...'`"
    escape = match.group()
    message = f"`{escape}` is no escape" if escape.isprintable() else "a backslash does not join lines"
    raise SyntaxFault("unknown_escape", message, *match.span(), hint)
