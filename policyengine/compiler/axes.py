"""The values that one condition column can take, laid out as whole positions on a line.

Every key type becomes such a line: numbers lie at their held int (a decimal of denominator 100 takes multiples of 1/100
and nothing between), times at their nanosecond, an enum's members and the few kinds of text that the cells of a column
tell apart at 0, 1, 2, ... What a cell accepts is then a tuple of stretches, and nothing after this file asks for types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from typing import Any

from policyengine.runtime.tables.cells import Cell, accepts
from policyengine.values import types
from policyengine.values.civil import DAY, DAY_MAX, DAY_MIN, HOUR, MINUTE, SECOND, date_text
from policyengine.values.instant import DURATION_MAX, DURATION_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN, Duration, Timestamp
from policyengine.values.number_text import decimal_text, fraction_text
from policyengine.values.types import UNLIMITED, Number, Type

Stretch = tuple[int, int]
Stretches = tuple[Stretch, ...]
"""First and last position of each, in order, apart from each other."""
Bound = int | str | None
"""An end of a range: a held int, `unlimited`, or nothing."""

TEXT_KINDS_MAX = 10_000
TEXT_TESTS_MAX = 5_000_000
SHOWN_MAX = 4

# A pattern of these characters only means itself; `^` before it ties it to the start of the text.
_PLAIN = re.compile(r"(\^?)([A-Za-z0-9 _\-/:@,;%&=<>~!\"'#]*)")
_FILLERS = "xyzqwjkvbnmpstrlcdfghXYZ0123456789-~#"


class NotAnalysed(Exception):
    """A column says something that the analysis cannot decide exactly; the text is the reason."""


# ------------------------------------------------------------------------------------------------------ stretches


def joined(stretches: Iterable[Stretch]) -> Stretches:
    """The same positions in order, with stretches that touch made one."""
    out: list[Stretch] = []
    for low, high in sorted(stretches):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def complement(stretches: Stretches, first: int, last: int) -> Stretches:
    """The other positions from `first` to `last`."""
    out: list[Stretch] = []
    for low, high in stretches:
        if first < low:
            out.append((first, low - 1))
        first = high + 1
    return tuple(out) if first > last else (*out, (first, last))


def count(stretches: Stretches) -> int:
    return sum(high - low + 1 for low, high in stretches)


# ----------------------------------------------------------------------------------------------------------- axes


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers or times, from `low` to `high`; `absent` lies before them and `unlimited` after.

    A position is the held int, or every `step`-th of them where the cells have more places than the keys.
    """

    type: Type
    low: int
    high: int
    absent: bool = False
    unlimited: bool = False
    step: int = 1

    @property
    def first(self) -> int:
        return self.low - self.absent

    @property
    def last(self) -> int:
        return self.high + self.unlimited

    @property
    def countable(self) -> bool:
        """Whether people would count the values: whole numbers yes, the instants of a day no."""
        return isinstance(self.type, Number) and self.type.integer

    def position(self, value: Any) -> int | None:
        if value == UNLIMITED:
            return self.high + 1 if self.unlimited else None
        position, rest = divmod(value, self.step)
        return position if not rest and self.low <= position <= self.high else None

    def value(self, position: int) -> Any:
        if position < self.low:
            return None
        return UNLIMITED if position > self.high else position * self.step

    def between(self, low: Bound, low_in: bool, high: Bound, high_in: bool) -> Stretches:
        """A range; `unlimited` is above every number, `absent` in no range."""
        first = self.low if low is None else self._first_from(low, low_in)
        last = self.last if high is None else self._last_to(high, high_in)
        return ((first, last),) if first <= last else ()

    def _first_from(self, bound: int | str, inside: bool) -> int:
        if isinstance(bound, str):
            return self.high + (1 if inside else 2)
        at = -(-bound // self.step) if inside else bound // self.step + 1
        return min(max(at, self.low), self.high + 1)

    def _last_to(self, bound: int | str, inside: bool) -> int:
        if isinstance(bound, str):
            return self.last if inside else self.high
        at = bound // self.step if inside else -(-bound // self.step) - 1
        return min(at, self.high)

    def matching(self, cell: Cell) -> Stretches:
        raise NotAnalysed(f"a text pattern in a column of type {self.type}")

    def pick(self, stretches: Stretches) -> int:
        """A position that is easy to read: the shortest text, not negative where there is a choice."""
        candidates = list(chain.from_iterable(self._candidates(s) for s in stretches[:8]))
        return min(candidates, key=lambda p: (not self.low <= p <= self.high, p < 0, len(self.text(p))))

    def _candidates(self, stretch: Stretch) -> list[int]:
        """Round values of a stretch, those near the cells' bounds first."""
        low, high = max(stretch[0], self.low), min(stretch[1], self.high)
        if low > high:
            return [stretch[0]]
        zero = [0] if low <= 0 <= high else []
        for step in _steps(self.type):
            up, down = -(-low // step) * step, high // step * step
            if up <= high:
                return [down, *zero, up] if low == self.low else [up, *zero, down]
        return [low]

    def text(self, position: int) -> str:
        if position < self.low:
            return "absent"
        return UNLIMITED if position > self.high else _text(position, self.type)

    def described(self, stretches: Stretches) -> str:
        return _listed([self._stretch_text(*s) for s in stretches])

    def _stretch_text(self, low: int, high: int) -> str:
        """A stretch as an author would write it, with the bound, inside or outside, that is shorter to write."""
        if low == high:
            return self.text(low)
        if low < self.low:
            return f"absent, {self._stretch_text(self.low, high)}"
        low_sign, low_text = self._bound(low, low - 1, "[", "(")
        high_sign, high_text = self._bound(high, high + 1, "]", ")")
        match low == self.low, high == self.last:
            case True, True:
                return "present" if self.absent else "anything"
            case True, False:
                return f"{'<=' if high_sign == ']' else '<'} {high_text}"
            case False, True:
                return f"{'>=' if low_sign == '[' else '>'} {low_text}"
        return f"{low_sign}{low_text}..{high_text}{high_sign}"

    def _bound(self, inside: int, outside: int, closed: str, opened: str) -> tuple[str, str]:
        if not self.low <= outside <= self.high:
            return closed, self.text(inside)
        a, b = self.text(inside), self.text(outside)
        return (opened, b) if len(b) < len(a) and not self.countable else (closed, a)


def _steps(its_type: Type) -> tuple[int, ...]:
    """Distances between round values, the roundest first; the last is 1."""
    match its_type:
        case Number(den=den):
            places = (den // 10**k for k in range(len(str(den))) if den % 10**k == 0)
            return tuple(dict.fromkeys((*places, 1)))
    return (DAY, HOUR, MINUTE, SECOND, 1)


def _text(position: int, its_type: Type) -> str:
    match its_type:
        case Number(den=den):
            return decimal_text(position, den) if types.is_finite_decimal(den) else fraction_text(position, den)
        case types.TIMESTAMP:
            return str(Timestamp(position))
        case types.DATE:
            return date_text(position)
    return str(Duration(position))


@dataclass(frozen=True, slots=True)
class Points:
    """Separate values: `values[p]` stands at position p, with the text that describes it.

    In a column of text, each value that no cell names stands for all texts that the cells cannot tell from it;
    `kinds` are the positions of those. They are endless, which is why such a column is not countable.
    """

    values: tuple[Any, ...]
    shown: tuple[str, ...]
    kinds: frozenset[int] = frozenset()
    places: dict[Any, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def first(self) -> int:
        return 0

    @property
    def last(self) -> int:
        return len(self.values) - 1

    @property
    def countable(self) -> bool:
        return not self.kinds

    def position(self, value: Any) -> int | None:
        return self.places.get(value)

    def value(self, position: int) -> Any:
        return self.values[position]

    def between(self, low: Bound, low_in: bool, high: Bound, high_in: bool) -> Stretches:
        raise NotAnalysed("a range in a column that is neither a number nor a time")

    def matching(self, cell: Cell) -> Stretches:
        """What a text pattern accepts, by trying it on every value."""
        hits = (p for p, value in enumerate(self.values) if isinstance(value, str) and accepts(cell, value))
        return joined((p, p) for p in hits)

    def pick(self, stretches: Stretches) -> int:
        """The first position, but a value of no certain kind only where there is nothing plainer."""
        return min((low for low, _ in stretches), key=lambda p: (self.values[p] is None, p))

    def text(self, position: int) -> str:
        return "absent" if self.values[position] is None else str(_plain_value(self.values[position]))

    def described(self, stretches: Stretches) -> str:
        if count(stretches) == len(self.values):
            return "anything"
        positions = [p for low, high in stretches for p in range(low, min(high, low + SHOWN_MAX) + 1)]
        return _listed([self.shown[p] for p in positions], count(stretches))


Axis = Line | Points


def _plain_value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(texts: Sequence[str], total: int = 0) -> str:
    total = total or len(texts)
    if total <= SHOWN_MAX:
        return ", ".join(texts)
    return ", ".join(texts[: SHOWN_MAX - 1]) + f" and {total - SHOWN_MAX + 1} more"


# -------------------------------------------------------------------------------------------------------- building

TIME = Line(types.TIMESTAMP, TIMESTAMP_MIN, TIMESTAMP_MAX)


def axis_of(held: Type, cells: Sequence[Cell], declared: Type) -> Axis:
    """The axis of a condition column of type `held`, whose keys take the values of `declared` only.

    The two differ in their denominators at most. Raises NotAnalysed where values cannot be laid out exactly.
    """
    absent = isinstance(declared, types.Optional)
    match _present(declared):
        case Number() as number:
            return Line(number, number.lo, number.hi, absent, step=_step(held, number))
        case types.Limit(number=number):
            return Line(number, number.lo, number.hi, absent, unlimited=True, step=_step(held, number))
        case types.TIMESTAMP:
            return Line(types.TIMESTAMP, TIMESTAMP_MIN, TIMESTAMP_MAX, absent)
        case types.DATE:
            return Line(types.DATE, DAY_MIN, DAY_MAX, absent)
        case types.DURATION:
            return Line(types.DURATION, DURATION_MIN, DURATION_MAX, absent)
        case types.BOOL:
            return _points([False, True], absent)
        case types.Enum(members=members):
            return _points(members, absent)
        case types.STRING:
            return _texts(cells, absent)
        case other:
            raise NotAnalysed(f"a condition column of type {other}")


def _present(its_type: Type) -> Type:
    return its_type.item if isinstance(its_type, types.Optional) else its_type


def _step(held: Type, declared: Number) -> int:
    """How many held ints make one step of the keys' own denominator."""
    its_type = _present(held)
    number = its_type.number if isinstance(its_type, types.Limit) else its_type
    assert isinstance(number, Number)
    assert number.den % declared.den == 0
    return number.den // declared.den


def _points(values: Iterable[Any], absent: bool, kinds: Sequence[tuple[str, str]] = ()) -> Points:
    plain = list(values)
    held = [*plain, *(text for text, _ in kinds), *([None] if absent else [])]
    shown = [*map(_plain_value, plain), *(words for _, words in kinds), *(["absent"] if absent else [])]
    open_ended = frozenset(range(len(plain), len(plain) + len(kinds)))
    return Points(tuple(held), tuple(shown), open_ended, {value: p for p, value in enumerate(held)})


def _texts(cells: Sequence[Cell], absent: bool) -> Points:
    """The texts that the cells name, and one text for every other way in which cells can accept a text.

    Which patterns accept a text follows from the longest start and the longest end among the patterns that it has,
    and from what it contains. So `start + filler + contained + filler + ... + end`, with a filler that occurs in no
    pattern, is accepted by just the same patterns: these texts, in all combinations, stand for every text.
    """
    leaves = dict.fromkeys(chain.from_iterable(_leaves(cell) for cell in cells if type(cell) is tuple))
    constants = dict.fromkeys(c for c in cells if isinstance(c, str))
    constants.update(dict.fromkeys(leaf for leaf in leaves if isinstance(leaf, str)))
    patterns = [_plain_pattern(leaf) for leaf in leaves if isinstance(leaf, tuple)]
    if len(patterns) * (len(constants) + len(patterns)) > TEXT_TESTS_MAX:
        raise NotAnalysed("there are too many text patterns")
    kinds = _kinds(patterns, constants)
    if not patterns:
        return _points(constants, absent, [(kinds[0], "any other text")])
    return _points(constants, absent, [(text, f"a text such as `{text}`") for text in kinds])


def _leaves(cell: Cell) -> Iterator[Cell]:
    """The constants and the text patterns inside a cell."""
    if type(cell) is tuple and cell[0] in ("any", "not"):
        for inner in cell[1:]:
            yield from _leaves(inner)
    elif cell is not None:
        yield cell


def _plain_pattern(pattern: tuple[Any, ...]) -> tuple[str, str]:
    """A pattern as (starts, ends or contains, text)."""
    form, text = pattern[:2]
    if form == "range":
        raise NotAnalysed("a range in a column of text")
    if form != "matches":
        return form, text
    found = _PLAIN.fullmatch(text)
    if found is None:
        raise NotAnalysed(f"the pattern `{text}` is not plain")
    return ("starts" if found[1] else "contains"), found[2]


def _kinds(patterns: Sequence[tuple[str, str]], constants: Iterable[str]) -> list[str]:
    by_form = {form: {text for its, text in patterns if its == form} for form in ("starts", "ends", "contains")}
    starts, ends, inside = ([*sorted(by_form[form] - {""})] for form in ("starts", "ends", "contains"))
    if len(inside) > 12 or (1 + len(starts)) * (1 + len(ends)) << len(inside) > TEXT_KINDS_MAX:
        raise NotAnalysed("there are too many text patterns")
    letters = {letter for _, text in patterns for letter in text}
    filler = next((c for c in _FILLERS if c not in letters), None) or _unused(letters)
    subsets = chain.from_iterable(combinations(inside, size) for size in range(len(inside) + 1))
    taken = set(constants)
    kinds = [_apart(parts, filler, taken) for parts in product(["", *starts], subsets, ["", *ends])]
    if not any(accepts(pattern, "other") for pattern in patterns):
        kinds[0] = _free("other", taken)
    return list(dict.fromkeys(kinds))


def _apart(parts: tuple[str, tuple[str, ...], str], filler: str, taken: set[str]) -> str:
    """The parts with fillers between them, and as many more fillers as make it a text that no cell names."""
    start, inside, end = parts
    text = filler + "".join(part + filler for part in inside)
    while start + text + end in taken:
        text = filler + text
    return start + text + end


def _free(word: str, taken: set[str]) -> str:
    if word not in taken:
        return word
    return next(text for n in range(2, len(taken) + 3) if (text := f"{word}{n}") not in taken)


def _unused(letters: set[str]) -> str:
    return next(chr(code) for code in range(0xA1, 0x10000) if chr(code) not in letters)


def accepted(axis: Axis, cell: Cell) -> Stretches:
    """The positions whose values a cell accepts."""
    if cell is None:
        return ((axis.first, axis.last),)
    if type(cell) is not tuple:
        position = axis.position(cell)
        return () if position is None else ((position, position),)
    match cell:
        case ("any", *inner):
            return joined(chain.from_iterable(accepted(axis, c) for c in inner))
        case ("not", inner):
            return complement(accepted(axis, inner), axis.first, axis.last)
        case ("range", low, low_in, high, high_in):
            return axis.between(low, low_in, high, high_in)
    return axis.matching(cell)
