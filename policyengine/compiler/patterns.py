"""The regular expressions that may stand in a cell: those of `runtime.patterns` that no engine takes for ever over.

The matcher here reads every text once, but a policy is also run by engines whose matchers go back (Spark's). So what is
repeated may not itself vary in length, and its alternatives must begin differently: a matcher that goes back would
otherwise try exponentially many ways to divide one text.
"""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.runtime.functions.automaton import compiled
from policyengine.runtime.functions.patterns import (
    CHARACTERS_MAX,
    Anchor,
    Chars,
    Choice,
    Group,
    Node,
    Refused,
    Repeat,
    Sequence,
    parse_pattern,
)
from policyengine.source import Report, Span

__all__ = ["CHARACTERS_MAX", "check_pattern"]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a part of a pattern can match: the character it begins with, None where several are possible.

    `varies`: it contains a quantifier, so that its length varies. `divides`: it contains alternatives that may begin
    alike.
    """

    first: str | None = None
    varies: bool = False
    divides: bool = False


def check_pattern(pattern: str, at: Span, report: Report) -> bool:
    """Whether a pattern is one that may be used; says why not."""
    try:
        _measured(parse_pattern(pattern))
    except Refused as refused:
        report.add(say.bad_pattern(refused.what, at, refused.hint))
        return False
    program = compiled(pattern)
    if isinstance(program, str):
        report.add(say.bad_pattern(program, at))
        return False
    return True


def _measured(node: Node) -> _Part:
    """What a part can match; raises Refused for a repetition that may take forever."""
    match node:
        case Chars(written=written):
            return _Part(written)
        case Anchor():
            return _Part()
        case Group(part=inside):
            return _measured(inside)
        case Sequence(parts=nodes):
            parts = [_measured(each) for each in nodes]
            first = parts[0].first if parts else None
            return _Part(first, any(p.varies for p in parts), any(p.divides for p in parts))
        case Choice(options=nodes):
            return _choice([_measured(each) for each in nodes])
        case Repeat(part=Anchor()):
            raise Refused("a place in the text is repeated, which engines read differently", "remove the quantifier")
        case Repeat(part=repeated, low=low, high=high):
            once = _measured(repeated)
            if high is None or high > 1:
                _check_repeated(once)
            return _Part(once.first if low else None, once.varies or low != high, once.divides)


def _choice(parts: list[_Part]) -> _Part:
    firsts = [part.first for part in parts]
    alike = None in firsts or len(set(firsts)) < len(firsts)
    return _Part(None, any(part.varies for part in parts), alike or any(part.divides for part in parts))


def _check_repeated(part: _Part) -> None:
    if part.varies:
        hint = "repeat one character or class: `[a-z-]+` for `([a-z]+-?)+`"
        raise Refused("something of varying length is repeated, which can take forever", hint)
    if part.divides:
        hint = "let each of them begin with another character"
        raise Refused("alternatives that may begin alike are repeated, which can take forever", hint)
