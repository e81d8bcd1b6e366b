"""Regular expressions that mean one thing and cannot hang: the subset that authors may write.

A pattern is read by a small grammar of its own, and whatever the grammar does not know is refused: look-around,
references to groups, conditional and atomic groups, possessive quantifiers, flags other than a leading `(?i)`. What is
repeated may not itself vary in length, and its alternatives must begin differently: a matcher that goes back would
otherwise try exponentially many ways to divide one text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from policyengine.compiler import diagnostics as say
from policyengine.source import Report, Span

CHARACTERS_MAX = 1_000
DEPTH_MAX = 32
REPEATS_MAX = 1_000

_QUANTIFIER = re.compile(r"([*+?])|\{([0-9]{1,6})(?:(,)([0-9]{0,6}))?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_LETTER_ESCAPES = frozenset("dDwWsSbBAntrfv")
_GROUP = re.compile(r"\((?:\?:|\?P<[A-Za-z_][A-Za-z0-9_]*>)?(?!\?)")
_REFUSED_GROUPS = (
    ("(?=", "look-around"),
    ("(?!", "look-around"),
    ("(?<=", "look-around"),
    ("(?<!", "look-around"),
    ("(?>", "an atomic group"),
    ("(?P=", "a reference to a group"),
    ("(?(", "a conditional group"),
    ("(?#", "a comment"),
)


class _Refused(Exception):
    def __init__(self, what: str, hint: str | None = None) -> None:
        self.what = what
        self.hint = hint


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
        if len(pattern) > CHARACTERS_MAX:
            raise _Refused(f"it is longer than {CHARACTERS_MAX:,} characters")
        _Grammar(pattern).check()
        re.compile(pattern, re.ASCII)
    except _Refused as refused:
        report.add(say.bad_pattern(refused.what, at, refused.hint))
        return False
    except (re.error, OverflowError) as problem:
        report.add(say.bad_pattern(str(problem).split(" at position")[0], at))
        return False
    return True


class _Grammar:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.folded = pattern.startswith("(?i)")
        self.at = 4 if self.folded else 0
        self.depth = 0

    def check(self) -> None:
        self._choice()
        if self.at < len(self.pattern):
            raise _Refused("a bracket `)` closes nothing", r"write `\)` for the character")

    def _choice(self) -> _Part:
        parts = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        firsts = [c.lower() if c and self.folded else c for c in (part.first for part in parts)]
        alike = None in firsts or len(set(firsts)) < len(firsts)
        return _Part(None, any(part.varies for part in parts), alike or any(part.divides for part in parts))

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated())
        first = parts[0].first if parts else None
        return _Part(first, any(part.varies for part in parts), any(part.divides for part in parts))

    def _repeated(self) -> _Part:
        part = self._atom()
        found = _QUANTIFIER.match(self.pattern, self.at)
        if found is None:
            return part
        self.at = found.end()
        low, high = self._bounds(found)
        if self._peek() == "?":
            self.at += 1
        if self._peek() == "+":
            raise _Refused("a possessive quantifier is not allowed")
        if _QUANTIFIER.match(self.pattern, self.at):
            raise _Refused("a quantifier follows another one")
        if high is None or high > 1:
            self._check_repeated(part)
        return _Part(part.first if low else None, part.varies or low != high, part.divides)

    def _bounds(self, found: re.Match[str]) -> tuple[int, int | None]:
        match found[1]:
            case "*":
                return 0, None
            case "+":
                return 1, None
            case "?":
                return 0, 1
        low = int(found[2])
        high = low if not found[3] else int(found[4]) if found[4] else None
        if low > REPEATS_MAX or (high or 0) > REPEATS_MAX:
            raise _Refused(f"something is repeated more than {REPEATS_MAX:,} times")
        return low, high

    def _check_repeated(self, part: _Part) -> None:
        if part.varies:
            hint = "repeat one character or class: `[a-z-]+` for `([a-z]+-?)+`"
            raise _Refused("something of varying length is repeated, which can take forever", hint)
        if part.divides:
            hint = "let each of them begin with another character"
            raise _Refused("alternatives that may begin alike are repeated, which can take forever", hint)

    def _atom(self) -> _Part:
        char = self._peek()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if _QUANTIFIER.match(self.pattern, self.at):
            raise _Refused(f"there is nothing to repeat before `{char}`", f"write `\\{char}` for the character")
        if char in "{}]":
            raise _Refused(f"`{char}` stands alone", f"write `\\{char}` for the character")
        self.at += 1
        return _Part(first=None if char in ".^$" else char)

    def _group(self) -> _Part:
        rest = self.pattern[self.at : self.at + 4]
        for opening, what in _REFUSED_GROUPS:
            if rest.startswith(opening):
                raise _Refused(f"{what} is not allowed (`{opening}`)")
        found = _GROUP.match(self.pattern, self.at)
        if found is None:
            raise _Refused(
                f"`{rest}` is not allowed", "only `(?i)` may stand at the very start; groups are `(` or `(?:`"
            )
        self.at = found.end()
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise _Refused(f"more than {DEPTH_MAX} groups stand inside each other")
        part = self._choice()
        if self._peek() != ")":
            raise _Refused("a bracket `(` is never closed", r"write `\(` for the character")
        self.at += 1
        self.depth -= 1
        return part

    def _class(self) -> _Part:
        found = _CLASS.match(self.pattern, self.at)
        if found is None:
            raise _Refused("a bracket `[` is never closed", r"write `\[` for the character")
        inside = found[0][1:-1]
        for escape in re.finditer(r"\\(.)", inside, re.DOTALL):
            self._check_escape(escape[1], inside=True)
        if re.search(r"(?<!\\)\[|--|&&|\|\||~~", inside):
            raise _Refused("`[`, `--`, `&&`, `||` and `~~` mean different things inside `[ ]`", "write `\\[` or `\\-`")
        self.at = found.end()
        return _Part()

    def _escape(self) -> _Part:
        char = self.pattern[self.at + 1 : self.at + 2]
        self._check_escape(char, inside=False)
        self.at += 2
        return _Part(first=None if char in _LETTER_ESCAPES else char)

    def _check_escape(self, char: str, inside: bool) -> None:
        if not char:
            raise _Refused("a backslash stands at the end", r"write `\\` for the character")
        if char.isdigit():
            raise _Refused("a reference to a group is not allowed")
        allowed = _LETTER_ESCAPES - frozenset("bBA") if inside else _LETTER_ESCAPES
        if (char.isalnum() or not char.isascii()) and char not in allowed:
            raise _Refused(f"the escape `\\{char}` is not known")

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]
