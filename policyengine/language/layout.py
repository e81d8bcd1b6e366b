"""What stands between the values of a YAML document: tabs, comments, directives, brackets.

PyYAML's two parsers differ from each other and from YAML 1.2 only here, so these checks make them one. They are cheap:
almost all of them look at the text only where a search has found something suspicious.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policyengine.language import diagnostics
from policyengine.source import Diagnostic, Source, Span

# Possessive quantifiers, because a long run of white space must not be tried in all its partitions.
_DIRECTIVE = re.compile(r"\ufeff?(?:[ \t]*+(?:#[^\r\n]*+)?(?:\r\n|\r|\n))*+(%[^\r\n]*)")
_PROPERTY = re.compile(r"(&[^\s,\[\]{}]*|!<[^>\s]*>|![^\s,\[\]{}]*)\s*")
_NO_COLON = re.compile(r"\s*+(?:#[^\r\n]*+\s*+)*+[,}\]]")
_SINGLE_WORD = re.compile(r"""[\w.-]+|"[^"]*"|'[^']*'""")
_COMMA = re.compile(r"\s*,")
_BLOCK_HEADER = re.compile(r"[|>][-+1-9]*")
_TOUCHED_HASH = re.compile(r"[^\s]#")
_SHARP_TEXT = re.compile(r"\S #\w")
_SPACES = re.compile(r"( *)[ \t]*([^\s]?)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_MISSING_SPACE = re.compile(r"[\w.-]+ *:\S")
# A comment, or what must not stand between values. A `#` inside a tag or an alias has been reported with it.
_GAP = re.compile(r"(?:(?<=\s)|\A)#[^\r\n]*|(?P<hash>(?<=[\"'\[\]{},])#)|(?P<tab>\t)")
_BLOCK_HEADER_TROUBLE = re.compile(r"[|>][-+0-9]*(?:(?P<hash>#)| *(?P<tab>\t))")
_BLOCK_INDENT_TROUBLE = re.compile(r"[|>][-+]?(?: [^\r\n]*)?+(?:\r\n|\r|\n)(?: *+(?:\r\n|\r|\n))*+ *+(?P<tab>\t)")


def directive(source: Source) -> Span | None:
    """A `%` line before the document."""
    found = _DIRECTIVE.match(source.text)
    return Span(source, found.start(1), found.end(1)) if found else None


def properties(source: Source, start: int) -> Iterator[Span]:
    """The tag and the anchor that begin here, in the order in which they stand."""
    while found := _PROPERTY.match(source.text, start):
        yield Span(source, found.start(1), found.end(1))
        start = found.end()


def is_separated(source: Source, end: int) -> bool:
    """White space or the end of the text follows."""
    return source.text[end : end + 1] in ("", " ", "\n", "\r")


def is_key_without_colon(source: Source, end: int) -> bool:
    """In `{a, b: 1}` no colon follows `a`."""
    return _NO_COLON.match(source.text, end) is not None


def is_single_word(written: str) -> bool:
    return _SINGLE_WORD.fullmatch(written) is not None


def is_tab_below(source: Source, span: Span) -> bool:
    """A tab indents the first line of a block of text."""
    return _BLOCK_INDENT_TROUBLE.match(source.text, span.start) is not None


def comma_follows(source: Source, end: int) -> bool:
    return _COMMA.match(source.text, end) is not None


def block_header(source: Source, span: Span) -> Span:
    """The `|` or `>` of a block of text, with what says how to read it."""
    found = _BLOCK_HEADER.match(source.text, span.start)
    return Span(source, span.start, found.end()) if found else span


def is_colon_touching_bracket(source: Source, end: int) -> bool:
    """`{a:[1]}`: for some readers the key `a:`, for others an error."""
    text = source.text
    return text.startswith(":", end) and text[end + 1 : end + 2] in tuple("[]{},")


def missing_space_hint(text: str) -> str | None:
    return "write a space after the colon" if _MISSING_SPACE.match(text) else None


def may_cut_a_sentence(text: str) -> bool:
    return _SHARP_TEXT.search(text) is not None


def cut_sentence(source: Source, end: int) -> Span | None:
    """The comment behind an unquoted text if it reads as a part of it: ` #12`, not ` # twelve`."""
    text = source.text
    if not (text.startswith(" #", end) and text[end + 2 : end + 3].isalnum()):
        return None
    line_end = _LINE_END.search(text, end)
    return Span(source, end + 1, line_end.start() if line_end else len(text))


def under_indented_line(source: Source, span: Span, indent: int) -> Span | None:
    """The first line of a text in quotes, after its first, that does not lie right of the column `indent`."""
    text = source.text
    for found in _LINE_END.finditer(text, span.start, span.end):
        spaces = _SPACES.match(text, found.end())
        assert spaces is not None
        if len(spaces[1]) <= indent and spaces[2] and spaces.end() <= span.end:
            return Span(source, spaces.end(1), spaces.end(1) + 1)
    return None


class Layout:
    """The places of all scalars, if something in the text makes it necessary to look between them."""

    def __init__(self, source: Source, start: int) -> None:
        self.source = source
        self.start = start
        self.scalars: list[tuple[int, int, str]] = []
        self.needed = "\t" in source.text or _TOUCHED_HASH.search(source.text) is not None

    def problem(self, end: int) -> Diagnostic | None:
        """The first tab outside quotes and comments, or the first comment without a space before it."""
        if not self.needed:
            return None
        at = self.start
        for start, stop, style in self.scalars:
            if found := self._in_gap(at, start) or self._in_scalar(start, stop, style):
                return found
            at = stop
        return self._in_gap(at, end)

    def _in_gap(self, start: int, end: int) -> Diagnostic | None:
        for found in _GAP.finditer(self.source.text, start, end):
            if found.lastgroup:
                return self._diagnostic(found)
        return None

    def _in_scalar(self, start: int, end: int, style: str) -> Diagnostic | None:
        text = self.source.text
        if style == "plain":
            at = text.find("\t", start, end)
            return diagnostics.tab(Span(self.source, at, at + 1)) if at >= 0 else None
        if style in ("literal", "folded"):
            found = _BLOCK_HEADER_TROUBLE.match(text, start) or _BLOCK_INDENT_TROUBLE.match(text, start)
            return self._diagnostic(found) if found else None
        return None

    def _diagnostic(self, found: re.Match[str]) -> Diagnostic:
        kind = found.lastgroup
        assert kind is not None
        at = Span(self.source, found.start(kind), found.end(kind))
        return diagnostics.tab(at) if kind == "tab" else diagnostics.hash_without_space(at)
