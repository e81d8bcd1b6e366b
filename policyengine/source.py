"""Places in authored text, and the diagnostics that point at them.

Every stage that reads what an author wrote keeps `Span`s, so that any later stage can say where the trouble is.
Offsets count code points from 0; lines and columns, which people see, count from 1.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from typing import Literal

from policyengine.frozen import frozen

_LINE_END = re.compile(r"\r\n|\r|\n")


class Source:
    """One text that an author wrote: a YAML file, a CSV file or a single expression."""

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @property
    def _line_starts(self) -> list[int]:
        """Where the lines begin, found when somebody asks for a line."""
        if self._starts is None:
            self._starts = [0, *(end.end() for end in _LINE_END.finditer(self.text))]
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset, both from 1."""
        row = bisect_right(self._line_starts, offset) - 1
        return row + 1, offset - self._line_starts[row] + 1

    def start_of(self, number: int) -> int:
        """The offset at which a line begins, counted from 1; the end of the text for a line behind the last."""
        starts = self._line_starts
        return starts[number - 1] if number <= len(starts) else len(self.text)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        starts = self._line_starts
        if not 0 < number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")


@frozen
class Span:
    """A stretch of a source, `[start, end)` in code points."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"


@frozen
class Diagnostic:
    """One thing that is wrong, or doubtful, in what an author wrote.

    `code` is stable (`T001`), `name` is the code in words (`unknown_name`), `message` is one sentence in lower case
    without a full stop, `hint` says what to do, `related` are further places with a note each.
    """

    code: str
    name: str
    message: str
    at: Span | None
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    related: tuple[tuple[Span, str], ...] = ()

    def __str__(self) -> str:
        place = f"{self.at}: " if self.at else ""
        return f"{place}{self.code}: {self.message}"

    def render(self) -> str:
        """The diagnostic as an author sees it: place, message, the line with carets, hint."""
        word = "" if self.severity == "error" else "warning: "
        place = f"{self.at}: " if self.at else ""
        out = [f"{place}{self.code}: {word}{self.message}"]
        if self.at:
            out += _excerpt(self.at)
        for span, note in self.related:
            out.append(f"  {span}: {note}")
        if self.hint:
            out.append(f"  hint: {self.hint}")
        return "\n".join(out)


def _excerpt(span: Span) -> list[str]:
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    if not text.strip():
        return []
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    first = 0
    if len(text) > 160:  # a very long line is cut around the place
        first = max(0, column - 60)
        text = text[first : first + 160]
        width = min(width, 160 - (column - 1 - first))
    lead = "".join("\t" if c == "\t" else " " for c in text[: column - 1 - first])
    number = f"{line:5d} | "
    return [number + text, " " * (len(number) - 2) + "| " + lead + "^" * max(1, width)]


class Report:
    """The diagnostics of one run of the pipeline, in the order in which they were found."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def add(self, diagnostic: Diagnostic) -> None:
        self.found.append(diagnostic)

    def once(self, since: int) -> None:
        """Of the diagnostics found since a point, keep the first of each wording: one mistake that every row meets."""
        kept: dict[tuple[str, str], Diagnostic] = {}
        for diagnostic in self.found[since:]:
            kept.setdefault((diagnostic.code, diagnostic.message), diagnostic)
        self.found[since:] = kept.values()

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self.found if d.severity == "error"]

    @property
    def warnings(self) -> list[Diagnostic]:
        return [d for d in self.found if d.severity == "warning"]

    def in_order(self) -> list[Diagnostic]:
        """All diagnostics sorted by file and place; a word that an enum lacks is one, wherever it is used."""
        found = sorted(self.found, key=lambda d: (d.at.source.name, d.at.start) if d.at else ("", -1))
        kept: list[Diagnostic] = []
        first: dict[str, int] = {}
        for diagnostic in found:
            if diagnostic.name != "not_a_member" or diagnostic.message not in first:
                first.setdefault(diagnostic.message, len(kept))
                kept.append(diagnostic)
            elif diagnostic.at is not None:
                one = kept[first[diagnostic.message]]
                kept[first[diagnostic.message]] = replace(one, related=(*one.related, (diagnostic.at, "here, too")))
        return kept
