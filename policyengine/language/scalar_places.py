"""Where in the file a part of a scalar's text stands.

Expressions are parsed as text, but authors look at their YAML: this walks the written form and the text together, so
that a caret is right in `|` and `>` blocks, behind escapes and doubled quotes, and on folded lines. It repeats what
YAML does to each style (YAML 1.2.2, sections 7.3 and 8.1) and is checked against the parser's own text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from policyengine.language.yaml import Scalar
from policyengine.source import Span


class _Piece(NamedTuple):
    """One character of the text and the stretch of the source that says it."""

    char: str
    start: int
    end: int


def place_in(scalar: Scalar, start: int, end: int) -> Span:
    """The characters in the source for `[start, end)` of the scalar's text."""
    source, span, text = scalar.span.source, scalar.span, scalar.text
    start = max(0, min(start, len(text)))
    end = max(start, min(end, len(text)))
    quote = 1 if scalar.style in ("single", "double") else 0
    if source.text[span.start + quote : span.end - quote] == text:  # nothing is folded or escaped: almost always
        return Span(source, span.start + quote + start, span.start + quote + end)
    pieces = _pieces(scalar)
    if "".join(piece.char for piece in pieces) != text:
        return span  # a tag or an anchor stands in front; a diagnostic says so already
    if start == len(text):
        at = pieces[-1].end if pieces else span.start + quote
        return Span(source, at, at)
    first = pieces[start].start
    return Span(source, first, pieces[end - 1].end if end > start else first)


def _pieces(scalar: Scalar) -> list[_Piece]:
    source, span = scalar.span.source, scalar.span
    match scalar.style:
        case "plain":
            return _flow(source.text, span.start, span.end, _PLAIN)
        case "single":
            return _flow(source.text, span.start + 1, span.end - 1, _SINGLE)
        case "double":
            return _flow(source.text, span.start + 1, span.end - 1, _DOUBLE)
        case "literal" | "folded":
            return _block(scalar)


# --- plain and quoted scalars

_BREAK = r"(?:\r\n|\r|\n)"
# Whatever means itself comes first and in one stretch, so that a long run of spaces is not tried from each of them.
_SPACES = r"(?P<spaces>[ \t]++(?![\r\n]))"
_FOLD = rf"(?P<fold>[ \t]*+{_BREAK}(?:[ \t]*+{_BREAK})*+[ \t]*+)"
_PLAIN = re.compile(rf"{_SPACES}|{_FOLD}|(?P<other>.)", re.DOTALL)
_SINGLE = re.compile(rf"{_SPACES}|{_FOLD}|(?P<quote>'')|(?P<other>.)", re.DOTALL)
_JOINED = rf"(?P<joined>\\{_BREAK}(?:[ \t]*+{_BREAK})*+[ \t]*+)"
_HEX = r"\\(?P<hex>x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"
_DOUBLE = re.compile(rf"{_SPACES}|{_JOINED}|{_FOLD}|{_HEX}|\\(?P<escape>.)|(?P<other>.)", re.DOTALL)
_ONE_BREAK = re.compile(_BREAK)
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


def _flow(text: str, start: int, end: int, pattern: re.Pattern[str]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for found in pattern.finditer(text, start, end):
        match found.lastgroup:
            case "fold":
                pieces += _folded_breaks(text, found, joined=False)
            case "joined":
                pieces += _folded_breaks(text, found, joined=True)
            case "hex":
                pieces.append(_Piece(chr(int(found["hex"][1:], 16)), *found.span()))
            case "escape":
                pieces.append(_Piece(_ESCAPES.get(found["escape"], found["escape"]), *found.span()))
            case "quote":
                pieces.append(_Piece("'", *found.span()))
            case _:
                pieces += [_Piece(char, at, at + 1) for at, char in enumerate(found[0], found.start())]
    return pieces


def _folded_breaks(text: str, found: re.Match[str], joined: bool) -> list[_Piece]:
    """One line break is a space, or nothing behind a backslash; of more than one, all but the first count."""
    breaks = list(_ONE_BREAK.finditer(text, found.start(), found.end()))
    if len(breaks) == 1:
        return [] if joined else [_Piece(" ", *found.span())]
    return [_Piece("\n", *each.span()) for each in breaks[1:]]


# --- block scalars

_HEADER = re.compile(rf"[|>][^\r\n]*{_BREAK}?")
_BLOCK_LINE = re.compile(rf"(?P<indent> *)(?P<content>[^\r\n]*)(?P<end>{_BREAK}?)")


class _Line(NamedTuple):
    """A line of a block scalar without its indentation."""

    start: int
    content: str
    line_end: tuple[int, int]


def _block(scalar: Scalar) -> list[_Piece]:
    lines = _block_lines(scalar)
    pieces: list[_Piece] = []
    for number, line in enumerate(lines):
        pieces += [_Piece(char, line.start + i, line.start + i + 1) for i, char in enumerate(line.content)]
        pieces += _line_end(lines, number, scalar.style == "folded")
    return pieces[: len(scalar.text)]  # chomping takes line breaks off the end


def _block_lines(scalar: Scalar) -> list[_Line]:
    text = scalar.span.source.text
    header = _HEADER.match(text, scalar.span.start)
    at = header.end() if header else scalar.span.end
    found = []
    while at < scalar.span.end and (line := _BLOCK_LINE.match(text, at)) is not None:
        found.append(line)
        at = line.end()
    indent = _indent(found, scalar.text)
    return [_unindented(line, indent) for line in found]


def _indent(lines: list[re.Match[str]], text: str) -> int:
    """The indentation that YAML has taken off: the first line with something on it shows how much."""
    for line in lines:
        if line["content"]:
            kept = next((each for each in text.split("\n") if each.strip(" ")), "")
            return len(line["indent"]) - (len(kept) - len(kept.lstrip(" ")))
    # Spaces only: those that the text has kept were more than the indentation.
    widest = max((len(line["indent"]) for line in lines), default=0)
    return widest - max(len(each) for each in text.split("\n"))


def _unindented(line: re.Match[str], indent: int) -> _Line:
    cut = min(indent, len(line["indent"]))
    return _Line(line.start() + cut, line["indent"][cut:] + line["content"], line.span("end"))


def _line_end(lines: list[_Line], number: int, folded: bool) -> list[_Piece]:
    """The line break after a line: kept in `|`; in `>` between two lines of text a space, or nothing before blanks."""
    line = lines[number]
    if line.line_end[0] == line.line_end[1]:
        return []
    if folded and line.content and line.content[0] not in " \t":
        following = next((each for each in lines[number + 1 :] if each.content), None)
        if following is not None and following.content[0] not in " \t":
            return [_Piece(" ", *line.line_end)] if following is lines[number + 1] else []
    return [_Piece("\n", *line.line_end)]
