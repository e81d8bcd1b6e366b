"""Sentences of a bundle: text with `{expression}` in it, which is filled in when somebody reads it."""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.language import diagnostics as say
from policyengine.language.scalar_places import place_in
from policyengine.language.written import Reader, Written
from policyengine.language.yaml import Scalar
from policyengine.source import Span


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """Texts and expressions in turn; a plain sentence is one text."""

    scalar: Scalar
    pieces: tuple[str | Written, ...]

    @property
    def text(self) -> str:
        return self.scalar.text

    @property
    def span(self) -> Span:
        return self.scalar.span

    @property
    def filled(self) -> tuple[Written, ...]:
        """The expressions in braces."""
        return tuple(p for p in self.pieces if isinstance(p, Written))


def read(reader: Reader, scalar: Scalar) -> Sentence | None:
    """The pieces of a sentence; a mistake goes to the report and gives None."""
    pieces: list[str | Written] = []
    place = 0
    text = scalar.text
    while (start := text.find("{", place)) >= 0:
        end = text.find("}", start)
        if end < 0 or not text[start + 1 : end].strip():
            reader.report.add(say.open_brace(place_in(scalar, start, start + 1)))
            return None
        inner = text[start + 1 : end]
        span = place_in(scalar, start + 1, end)
        written = reader.expression(Scalar(inner, span, "plain", inner))
        if written is None:
            return None
        pieces += [text[place:start], written]
        place = end + 1
    return Sentence(scalar, (*pieces, text[place:]))
