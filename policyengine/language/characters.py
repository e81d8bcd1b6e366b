"""Characters that an author cannot see, or that two readers of YAML would treat differently."""

from __future__ import annotations

import re

from policyengine.language import diagnostics
from policyengine.source import Diagnostic, Source, Span

_LINE_ENDS = "\x85\u2028\u2029"
# Those that reorder what is shown: text can look like another rule than the one that is read (CVE-2021-42574).
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = "\xad\u180e\u200b\u2060-\u2064\ufeff"
_HALVES = "\ud800-\udfff"
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff"
_SPACES = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"

_FORBIDDEN = re.compile(f"[{_LINE_ENDS}{_DIRECTIONS}{_INVISIBLE}{_HALVES}{_CONTROL}]")
_FORBIDDEN_ASCII = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INDENTING = re.compile(f"(?:\\A|[\r\n])[ \t]*([{_SPACES}])")
_HALF = re.compile(f"[{_HALVES}]")
_ODD_SPACE = re.compile(f"[{_SPACES}]")
_ODD_SPACE_AT_AN_EDGE = re.compile(f"\\A[{_SPACES}]|:[{_SPACES}]|[{_SPACES}]\\Z")

_KINDS = (
    (re.compile(f"[{_LINE_ENDS}]"), "ends a line for some readers of YAML only", "use an ordinary line break"),
    (re.compile(f"[{_DIRECTIONS}]"), "changes the order in which text is shown", "remove it"),
    (re.compile(f"[{_INVISIBLE}]"), "cannot be seen", "remove it"),
    (_HALF, "is half of a character", "write the whole character"),
    (re.compile("[\ufffe\uffff]"), "is no character", "remove it"),
)


def forbidden(source: Source) -> list[Diagnostic]:
    """The first place of every character that may not stand anywhere in a document."""
    text = source.text
    if text.isascii():  # almost always, and the shorter pattern is faster
        pattern, start = _FORBIDDEN_ASCII, 0
    else:
        pattern, start = _FORBIDDEN, 1 if text.startswith("\ufeff") else 0
    first: dict[str, int] = {}
    for found in pattern.finditer(text, start):
        first.setdefault(found[0], found.start())
    report = [_forbidden(char, Span(source, at, at + 1)) for char, at in first.items()]
    if not text.isascii():
        report += _indenting(source)
    return report


def _forbidden(char: str, at: Span) -> Diagnostic:
    for pattern, reason, hint in _KINDS:
        if pattern.match(char):
            return diagnostics.character(char, at, reason, hint)
    escape = f'in double quotes it can be written as "\\x{ord(char):02x}"'
    return diagnostics.character(char, at, "cannot be seen", f"remove it; {escape}")


def _indenting(source: Source) -> list[Diagnostic]:
    if (found := _INDENTING.search(source.text)) is None:
        return []
    return [_space(found[1], Span(source, found.start(1), found.end(1)))]


def _space(char: str, at: Span) -> Diagnostic:
    return diagnostics.character(char, at, "is not an ordinary space", "use an ordinary space, or quote the text")


def odd_space(text: str, span: Span, is_key: bool = False) -> Diagnostic | None:
    """A space that looks like one and separates nothing: anywhere in an unquoted key, at an edge of unquoted text."""
    pattern = _ODD_SPACE if is_key else _ODD_SPACE_AT_AN_EDGE
    if text.isascii() or (found := pattern.search(text)) is None:
        return None
    char = found[0].strip(":")
    at = span.source.text.find(char, span.start + max(0, found.start()))
    return _space(char, Span(span.source, at, at + 1))


def has_half(text: str) -> bool:
    """Half a character, which only the parser in Python lets pass, and only as an escape (`\\ud800`)."""
    return _HALF.search(text) is not None


def half(escape: Span) -> Diagnostic:
    """Half a character at its escape."""
    char = chr(int(escape.source.text[escape.start + 2 : escape.end], 16))
    return diagnostics.character(char, escape, "is half of a character", "write the whole character")
