"""The regular expressions that authors may write: their grammar, and what each part of one means.

It is the subset of RE2's syntax that other matchers read in the same way: texts, classes, groups, alternatives,
quantifiers, anchors, and `(?i)` at the very start. Letters, digits and white space are those of ASCII. Look-around,
references to groups, possessive quantifiers and all else that a linear matcher cannot do are refused with a reason.
"""

from __future__ import annotations

import re

from policyengine.frozen import frozen

CHARACTERS_MAX = 1_000
DEPTH_MAX = 32
REPEATS_MAX = 1_000


class Refused(Exception):
    """A pattern outside of the subset: what is wrong with it, and perhaps what to write instead."""

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


Ranges = tuple[tuple[int, int], ...]


@frozen
class Chars:
    """One character out of ranges of code points, or one that is in none of them. `written` is a plain character."""

    ranges: Ranges
    negated: bool = False
    written: str | None = None


@frozen
class Anchor:
    """A place between characters: `^` the start and `$` the end of the text, `b` the edge of a word, `B` no edge."""

    kind: str


@frozen
class Sequence:
    parts: tuple[Node, ...]


@frozen
class Choice:
    options: tuple[Node, ...]


@frozen
class Repeat:
    """`part` from `low` to `high` times (None: any number), as often as it can or, if `lazy`, as seldom."""

    part: Node
    low: int
    high: int | None
    lazy: bool


@frozen
class Group:
    """A part in round brackets; `number` counts the groups that keep what they matched, from 1."""

    part: Node
    number: int | None


Node = Chars | Anchor | Sequence | Choice | Repeat | Group

_QUANTIFIER = re.compile(r"([*+?])|\{([0-9]{1,6})(?:(,)([0-9]{0,6}))?\}")
_CLASS = re.compile(r"\[(\^?)(\]?(?:\\.|[^\]\\])*)\]", re.DOTALL)
_CLASS_ITEM = re.compile(r"\\(.)|(.)", re.DOTALL)
_GROUP = re.compile(r"\((\?:|\?P<[A-Za-z_][A-Za-z0-9_]*>)?(?!\?)")
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
_CODE_MAX = 0x10FFFF
_DIGITS: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Ranges = ((9, 10), (12, 13), (32, 32))
_SETS = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11}
_ANCHORS = {"b": "b", "B": "B", "A": "^"}


def parse_pattern(pattern: str) -> Node:
    """The meaning of a pattern; raises Refused with the reason where it is outside of the subset."""
    if len(pattern) > CHARACTERS_MAX:
        raise Refused(f"it is longer than {CHARACTERS_MAX:,} characters")
    return _Grammar(pattern).parse()


class _Grammar:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.folded = pattern.startswith("(?i)")
        self.at = 4 if self.folded else 0
        self.depth = 0
        self.groups = 0

    def parse(self) -> Node:
        node = self._choice()
        if self.at < len(self.pattern):
            raise Refused("a bracket `)` closes nothing", r"write `\)` for the character")
        return node

    def _choice(self) -> Node:
        options = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self) -> Node:
        part = self._atom()
        found = _QUANTIFIER.match(self.pattern, self.at)
        if found is None:
            return part
        self.at = found.end()
        low, high = _bounds(found)
        lazy = self._peek() == "?"
        self.at += lazy
        if self._peek() == "+":
            raise Refused("a possessive quantifier is not allowed")
        if _QUANTIFIER.match(self.pattern, self.at):
            raise Refused("a quantifier follows another one")
        return Repeat(part, low, high, lazy)

    def _atom(self) -> Node:
        char = self._peek()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if _QUANTIFIER.match(self.pattern, self.at):
            raise Refused(f"there is nothing to repeat before `{char}`", f"write `\\{char}` for the character")
        if char in "{}]":
            raise Refused(f"`{char}` stands alone", f"write `\\{char}` for the character")
        self.at += 1
        if char in "^$":
            return Anchor(char)
        return Chars(((10, 10),), negated=True) if char == "." else self._literal(char)

    def _literal(self, char: str) -> Chars:
        ranges: Ranges = ((ord(char), ord(char)),)
        return Chars(_folded(ranges) if self.folded else ranges, written=char.lower() if self.folded else char)

    def _group(self) -> Group:
        rest = self.pattern[self.at : self.at + 4]
        for opening, what in _REFUSED_GROUPS:
            if rest.startswith(opening):
                raise Refused(f"{what} is not allowed (`{opening}`)")
        found = _GROUP.match(self.pattern, self.at)
        if found is None:
            hint = "only `(?i)` may stand at the very start; groups are `(` or `(?:`"
            raise Refused(f"`{rest}` is not allowed", hint)
        number = None
        if found[1] != "?:":
            self.groups += 1
            number = self.groups
        self.at = found.end()
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise Refused(f"more than {DEPTH_MAX} groups stand inside each other")
        part = self._choice()
        if self._peek() != ")":
            raise Refused("a bracket `(` is never closed", r"write `\(` for the character")
        self.at += 1
        self.depth -= 1
        return Group(part, number)

    def _class(self) -> Chars:
        found = _CLASS.match(self.pattern, self.at)
        if found is None or not found[2]:
            raise Refused("a bracket `[` is never closed", r"write `\[` for the character")
        inside = found[2]
        for escape in re.finditer(r"\\(.)", inside, re.DOTALL):
            _check_escape(escape[1], inside=True)
        if re.search(r"(?<!\\)\[|--|&&|\|\||~~", inside):
            raise Refused("`[`, `--`, `&&`, `||` and `~~` mean different things inside `[ ]`", "write `\\[` or `\\-`")
        self.at = found.end()
        ranges = _class_ranges(inside)
        return Chars(_folded(ranges) if self.folded else ranges, negated=bool(found[1]))

    def _escape(self) -> Node:
        char = self.pattern[self.at + 1 : self.at + 2]
        _check_escape(char, inside=False)
        self.at += 2
        if char in _ANCHORS:
            return Anchor(_ANCHORS[char])
        if char in _CONTROLS:
            return Chars(((_CONTROLS[char],) * 2,))
        if char.lower() in _SETS:
            return Chars(_SETS[char.lower()], negated=char.isupper())
        return self._literal(char)

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]


def _bounds(found: re.Match[str]) -> tuple[int, int | None]:
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
        raise Refused(f"something is repeated more than {REPEATS_MAX:,} times")
    if high is not None and high < low:
        raise Refused("min repeat greater than max repeat")
    return low, high


def _check_escape(char: str, inside: bool) -> None:
    if not char:
        raise Refused("a backslash stands at the end", r"write `\\` for the character")
    if char.isdigit():
        raise Refused("a reference to a group is not allowed")
    known = char in _CONTROLS or char.lower() in _SETS or (char in _ANCHORS and not inside)
    if (char.isalnum() or not char.isascii()) and not known:
        raise Refused(f"the escape `\\{char}` is not known")


def _class_ranges(inside: str) -> Ranges:
    """The ranges of what stands between `[` and `]`."""
    items = list(_CLASS_ITEM.finditer(inside))
    ranges: list[tuple[int, int]] = []
    at = 0
    while at < len(items):
        low = _class_item(items[at])
        if at + 2 < len(items) and items[at + 1][0] == "-":
            high = _class_item(items[at + 2])
            written = "".join(item[0] for item in items[at : at + 3])
            if len(low) != 1 or len(high) != 1 or low[0][0] > high[0][0] or low[0][0] != low[0][1]:
                raise Refused(f"bad character range {written}")
            ranges.append((low[0][0], high[0][1]))
            at += 3
        else:
            ranges += low
            at += 1
    return tuple(ranges)


def _class_item(item: re.Match[str]) -> Ranges:
    """One character of a class, or a set such as `\\d`."""
    escaped = item[1]
    if not escaped:
        return ((ord(item[2]),) * 2,)
    if escaped.lower() in _SETS:
        return _complement(_SETS[escaped.lower()]) if escaped.isupper() else _SETS[escaped]
    return ((_CONTROLS.get(escaped, ord(escaped)),) * 2,)


def _complement(ranges: Ranges) -> Ranges:
    edges = [-1, *(edge for low, high in ranges for edge in (low, high)), _CODE_MAX + 1]
    return tuple((low + 1, high - 1) for low, high in zip(edges[::2], edges[1::2], strict=True) if low + 1 < high)


def _folded(ranges: Ranges) -> Ranges:
    """The ranges with the ASCII letters of both cases."""
    more = list(ranges)
    for low, high in ranges:
        for first, other in ((65, 97), (97, 65)):
            start, end = max(low, first), min(high, first + 25)
            if start <= end:
                more.append((start - first + other, end - first + other))
    return tuple(more)
