"""Condition cells: what an author wrote -> what the cell accepts, in exact values.

An exact cell has the forms of `runtime/tables/cells.py` with `Fraction`s for numbers and nanoseconds for times, so that
a column can choose one denominator for all of its cells; `held_cell` then gives the program's ints.

In YAML a scalar is equality, a list is any of, `any` accepts everything, and a mapping of one key is `not` or a text
pattern. Columns of numbers and times also read texts of ranges: `>= 10`, `[1..10)`, and `< 5, > 10`, where a comma
means or as in DMN. In columns of texts such a text is an ordinary text.

In CSV an empty cell accepts everything, `|` separates alternatives, and the forms with a key are written without braces
and apply to all that follows: `not: a | b`, `starts_with: gpt- | o1`. The rest of `matches:` is one pattern, bars
included. A leading `'`, also behind a key, makes the rest one literal text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any, NoReturn, TypeVar

from policyengine.compiler import diagnostics as say
from policyengine.compiler import extents
from policyengine.compiler.literals import Literals, Unreadable, held
from policyengine.compiler.patterns import check_pattern
from policyengine.language import csv, scalars
from policyengine.language.closest import closest
from policyengine.language.declared import Declared
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence
from policyengine.runtime.tables import cells
from policyengine.runtime.tables.cells import Cell
from policyengine.source import Diagnostic, Report, Source, Span
from policyengine.values import types
from policyengine.values.types import UNLIMITED, Number, Type

ExactCell = Any
Part = TypeVar("Part")

ANY = "any"
PATTERNS = {"starts_with": "starts", "ends_with": "ends", "contains": "contains", "matches": "matches"}
FORMS = ("not", *PATTERNS)

_OPERAND = r"[^<>=!&|\[\]()\s](?:[^<>=!&|\[\]()]*[^<>=!&|\[\]()\s])?"
_COMPARISON = re.compile(rf"(<=|>=|<|>)\s*({_OPERAND})")
_INTERVAL = re.compile(r"([\[(])\s*(.*?)\s*\.\.\s*(.*?)\s*([\])])", re.DOTALL)
_DIGITS = r"[0-9][0-9_.]*"
_KEY = re.compile(r"([a-z_]+):\s*")


def read_cell(node: Node, declared: Declared, literals: Literals) -> ExactCell:
    """The exact cell that a YAML node means in a column; raises Unreadable after reporting."""
    reader = _Reader(declared, literals, is_yaml=True)
    return reader.judged(reader.node(node), node.span)


class TextReader:
    """Reads the fields of one column of a CSV file."""

    def __init__(self, declared: Declared, literals: Literals) -> None:
        self._reader = _Reader(declared, literals, is_yaml=False)

    def cell(self, text: str, at: Span) -> ExactCell:
        """The exact cell that a field means in a condition column; raises Unreadable after reporting."""
        return self._reader.judged(self._reader.text(_Written.of(text, at)), at)

    def value(self, text: str, at: Span) -> Any:
        """The exact value of a field in a result column, None where it is empty; raises Unreadable after reporting."""
        return self._reader.value_of_text(_Written.of(text, at)) if text.strip() else None


def named_texts(text: str) -> tuple[str, ...]:
    """The texts that a field of a CSV file names in a condition column: `a | b` names two, a pattern none."""
    literals = Literals(Report(), None)
    try:
        cell = TextReader(Declared(types.STRING), literals).cell(text, Span(Source("", text), 0, len(text)))
    except Unreadable:
        return ()
    return tuple(_texts_in(cell))


def _texts_in(cell: ExactCell) -> Iterator[str]:
    match cell:
        case str():
            yield cell
        case ("any" | "not", *inner):
            for each in inner:
                yield from _texts_in(each)


def cell_den(exact: Iterable[ExactCell]) -> int:
    """The denominator over which all numbers of these cells are whole."""
    return lcm(1, *(n.denominator for cell in exact for n in _fractions(cell)))


def _fractions(cell: ExactCell) -> Iterator[Fraction]:
    if isinstance(cell, Fraction):
        yield cell
    elif isinstance(cell, tuple):
        for part in cell:
            yield from _fractions(part)


def held_cell(cell: ExactCell, its_type: Type) -> Cell:
    """An exact cell as the program holds it, over the denominator of the column's type."""
    match cell:
        case None:
            return None
        case ("any", *inner):
            return ("any", *(held_cell(each, its_type) for each in inner))
        case ("not", inner):
            return ("not", held_cell(inner, its_type))
        case ("range", low, low_in, high, high_in):
            return ("range", _held_bound(low, its_type), low_in, _held_bound(high, its_type), high_in)
        case tuple():
            return cell
    return held(cell, its_type)


def _held_bound(bound: Any, its_type: Type) -> Any:
    return bound if bound is None or bound == UNLIMITED else held(bound, its_type)


@dataclass(frozen=True, slots=True)
class _Written:
    """A stretch of a cell; its place is worked out when it is asked for, since most cells are right."""

    text: str
    start: int
    cell: str
    cell_at: Span

    @classmethod
    def of(cls, text: str, at: Span) -> _Written:
        return cls(text, 0, text, at)

    @property
    def at(self) -> Span:
        """The exact place, or that of the whole cell where quotes or escapes keep it from being known."""
        source = self.cell_at.source
        found = source.text.find(self.cell, self.cell_at.start, self.cell_at.end)
        if found < 0:
            return self.cell_at
        return Span(source, found + self.start, found + self.start + len(self.text))

    @property
    def about(self) -> Span:
        """The place of the whole cell if this is all of it, else the exact one."""
        return self.cell_at if self.text == self.cell else self.at

    def part(self, start: int, end: int) -> _Written:
        return _Written(self.text[start:end], self.start + start, self.cell, self.cell_at)

    def stripped(self) -> _Written:
        text = self.text.strip()
        if text == self.text:
            return self
        start = len(self.text) - len(self.text.lstrip())
        return self.part(start, start + len(text))

    def split(self, separator: str) -> list[_Written]:
        if separator not in self.text:
            return [self]
        out, start = [], 0
        for piece in self.text.split(separator):
            out.append(self.part(start, start + len(piece)).stripped())
            start += len(piece) + len(separator)
        return out


class _Reader:
    """Reads the cells of one column, as YAML or as CSV; `wildcard` says how a cell accepts everything there."""

    def __init__(self, declared: Declared, literals: Literals, is_yaml: bool) -> None:
        self.declared = declared
        self.type = declared.type
        self.literals = literals
        self.is_yaml = is_yaml
        self.leave = "leave the cell out" if is_yaml else "leave the cell empty"
        self.wildcard = f"write `any`, or {self.leave}" if is_yaml else self.leave
        self.is_ordered = extents.is_ordered(declared.type)

    # --- YAML

    def node(self, node: Node) -> ExactCell:
        if isinstance(node, Sequence):
            return self._any_of(node.items, self._item, lambda item: item.span, node.span)
        if isinstance(node, Mapping):
            return self._form(node)
        return self._scalar(node)

    def _item(self, node: Node) -> ExactCell:
        if isinstance(node, Sequence):
            self._refuse(say.bad_literal("a list", "one alternative", node.span, "write all alternatives in one list"))
        return self.node(node)

    def _scalar(self, node: Scalar) -> ExactCell:
        if node.broken:
            raise Unreadable
        if node.style == "plain" and node.text == ANY:
            return self._wildcard(node.span, 'write "any" in quotes for the member')
        if self.is_ordered and isinstance(node.value, str):
            return self._range_text(_Written.of(node.text, node.span))
        return self.literals.scalar(node.value, node.text, self.declared, node.span)

    def _form(self, node: Mapping) -> ExactCell:
        if len(node.entries) != 1:
            self._refuse(say.one_form_only(node.span))
        [entry] = node.entries.values()
        if entry.key not in FORMS:
            self._refuse(say.unknown_cell_form(entry.key, entry.key_span, FORMS))
        if entry.key == "not":
            return _negated(self.node(entry.value))
        self._check_texts(entry.key, entry.key_span)
        if isinstance(entry.value, Sequence):
            items = entry.value.items
            return self._any_of(items, lambda item: self._pattern_node(entry.key, item), lambda i: i.span, node.span)
        return self._pattern_node(entry.key, entry.value)

    def _pattern_node(self, key: str, node: Node) -> ExactCell:
        text = self.literals.read(node, Declared(types.STRING))
        return self._pattern(key, text, node.span)

    # --- CSV

    def text(self, written: _Written) -> ExactCell:
        """A field as a cell."""
        stripped = written.stripped()
        text = stripped.text
        if not text:
            return None
        if text.startswith("'"):
            return self.value_of_text(written)
        if key := _KEY.match(text):
            if key[1] in FORMS:
                rest = stripped.part(key.end(), len(text))
                return self._text_form(key[1], rest)
            if closest(key[1], PATTERNS):
                hint = "; a text begins with a `'`" if self._holds_texts() else ""
                self._refuse(say.unknown_cell_form(key[1], stripped.part(0, key.end(1)).at, FORMS, hint))
        if text == ANY:
            return self._wildcard(stripped.at, "write `'any` for the member")
        if "|" not in text:
            return self._alternative(stripped)
        return self._any_of(stripped.split("|"), self._alternative, lambda part: part.at, stripped.cell_at)

    def _text_form(self, key: str, rest: _Written) -> ExactCell:
        if not rest.text:
            self._refuse(say.empty_alternative(rest.at, f"write what follows `{key}:`"))
        if key == "not":
            return _negated(self.text(rest))
        self._check_texts(key, rest.at)
        if rest.text.startswith("'"):
            return self._pattern(key, rest.text[1:], rest.at)
        if key == "matches" or "|" not in rest.text:
            return self._pattern(key, rest.text, rest.about)
        return self._any_of(
            rest.split("|"), lambda part: self._pattern(key, part.text, part.about), lambda part: part.at, rest.cell_at
        )

    def _alternative(self, part: _Written) -> ExactCell:
        if not part.text:
            self._refuse(say.empty_alternative(part.at))
        return self._range_text(part) if self.is_ordered else self.value_of_text(part)

    def value_of_text(self, written: _Written) -> Any:
        """A field, or a part of one, as a single value."""
        value, text = csv.scalar_value(written.text, self.type)
        at = written.about
        self._check_number(value, text, at)
        return self.literals.scalar(value, text, self.declared, at)

    # --- ranges

    def _range_text(self, written: _Written) -> ExactCell:
        written = written.stripped()
        self._check_commas(written)
        parts = written.split(",")
        if len(parts) > 1:
            cell = self._any_of(parts, self._range_part, lambda part: part.at, written.cell_at)
            if extents.accepts_everything(cell, self.type):
                self._refuse(say.cell_accepts_everything(written.at, self._meant_and(parts, cell) or self.wildcard))
            return cell
        if self.is_yaml and not _is_range(written.text):
            return self._quoted(written)
        return self._range_part(written)

    def _meant_and(self, parts: list[_Written], cell: ExactCell) -> str | None:
        """The range of those who took the comma for and."""
        hint = _both_hold([part.text for part in parts])
        if extents.accepts_nothing(("not", ("any", *(("not", each) for each in cell[1:]))), self.type):
            return None
        return hint and f"a comma means or: {hint}"

    def _quoted(self, written: _Written) -> Any:
        """A text in YAML that is no range: a time, `unlimited`, or something else, such as a number in quotes."""
        self._check_notation(written)
        if self._is_number() and type(scalars.read(written.text)) in (int, Decimal):
            hint = f"write {written.text} without quotes"
            self._refuse(say.bad_literal(f"the text `{written.text}`", "a number", written.at, hint))
        self._check_number(written.text, written.text, written.at)
        return self.literals.scalar(written.text, written.text, self.declared, written.at)

    def _range_part(self, part: _Written) -> ExactCell:
        if not part.text:
            self._refuse(say.empty_alternative(part.at))
        if found := _COMPARISON.fullmatch(part.text):
            return self._comparison(found, part)
        if found := _INTERVAL.fullmatch(part.text):
            return self._interval(found, part)
        self._check_notation(part)
        return self._bound(part)

    def _bound(self, part: _Written) -> Any:
        value = scalars.read(part.text)
        if isinstance(value, scalars.Refused):
            value = part.text
        at = part.at
        self._check_number(value, part.text, at)
        return self.literals.scalar(value, part.text, self.declared, at)

    def _comparison(self, found: re.Match[str], part: _Written) -> ExactCell:
        bound = self._bound(part.part(*found.span(2)))
        is_in = found[1].endswith("=")
        cell = ("range", bound, is_in, None, False) if found[1][0] == ">" else ("range", None, False, bound, is_in)
        if extents.accepts_nothing(cell, self.type):
            self._refuse(say.empty_range(part.text, part.at, None))
        return cell

    def _interval(self, found: re.Match[str], part: _Written) -> ExactCell:
        opening, low_text, high_text, closing = found.groups()
        if not low_text or not high_text:
            self._refuse(say.bad_range(part.text, part.at, _half_open_hint(found)))
        low = self._bound(part.part(*found.span(2)))
        high = self._bound(part.part(*found.span(3)))
        cell = ("range", low, opening == "[", high, closing == "]")
        if extents.accepts_nothing(cell, self.type):
            self._refuse(say.empty_range(part.text, part.at, _empty_hint(found, low, high)))
        return cell if high != UNLIMITED or closing == ")" else ("range", low, opening == "[", None, False)

    def _check_commas(self, written: _Written) -> None:
        if "," not in written.text:
            return
        if found := re.fullmatch(r"([\[(])\s*([^,\s]+)\s*,\s*([^,\s]+)\s*([\])])", written.text):
            hint = f"write `{found[1]}{found[2]}..{found[3]}{found[4]}`"
            self._refuse(say.bad_range(written.text, written.at, hint))
        if re.search(r"[0-9],[0-9]", written.text):
            is_grouped = re.fullmatch(r"-?[1-9][0-9]{0,2}(?:,[0-9]{3})+", written.text)
            instead = written.text.replace(",", "_") if is_grouped else None
            self._refuse(say.comma_in_number(written.text, written.at, instead))

    def _check_notation(self, part: _Written) -> None:
        """Refuse what only looks like a range, with what was meant."""
        hint = _notation_hint(part.text, self.wildcard, self.is_yaml)
        if hint is None and self._is_number():
            hint = _dashed_hint(part.text)
        if hint:
            self._refuse(say.bad_range(part.text, part.at, hint))

    def _check_number(self, value: Any, text: str, at: Span) -> None:
        """A number in a notation that is refused: say what to write."""
        if self._is_number() and isinstance(value, str) and text and text != UNLIMITED:
            found = scalars.read(text)
            hint = f"write {found.instead}" if isinstance(found, scalars.Refused) and found.instead else None
            self._refuse(say.bad_literal(f"`{text}`", "a number", at, hint))

    # --- what all forms share

    def judged(self, cell: ExactCell, at: Span) -> ExactCell:
        """The cell, unless it accepts everything in other words than `any`, or nothing."""
        if cell is None or cells.constants(cell) is not None:
            return cell
        if extents.accepts_everything(cell, self.type):
            self._refuse(say.cell_accepts_everything(at, self.wildcard))
        if extents.accepts_nothing(cell, self.type):
            self._refuse(say.cell_accepts_nothing("it excludes them all", at))
        return cell

    def _any_of(
        self, parts: list[Part], read: Callable[[Part], ExactCell], place: Callable[[Part], Span], at: Span
    ) -> ExactCell:
        """Any of several alternatives, each of which is judged though another is wrong."""
        if not parts:
            self._refuse(say.cell_accepts_nothing("the list is empty", at, self.wildcard))
        found: dict[ExactCell, Part] = {}
        broken = False
        for part in parts:
            try:
                cell = read(part)
            except Unreadable:
                broken = True
                continue
            if cell in found:
                again = place(part)
                written = again.source.text[again.start : again.end]
                self.literals.report.add(say.repeated_alternative(written, again, place(found[cell])))
                broken = True
            found.setdefault(cell, part)
        if broken:
            raise Unreadable
        return _united(list(found))

    def _wildcard(self, at: Span, hint: str) -> None:
        if isinstance(self.type, types.Enum) and ANY in self.type.members:
            self._refuse(say.any_is_a_member(self.type, at, f"{hint}; {self.leave} to accept everything"))

    def _pattern(self, key: str, text: str, at: Span) -> ExactCell:
        if not text:
            self._refuse(say.cell_accepts_everything(at, self.wildcard))
        if key == "matches" and not check_pattern(text, at, self.literals.report):
            raise Unreadable
        cell = (PATTERNS[key], text)
        if not isinstance(self.type, types.Enum):
            return cell
        members = [member for member in self.type.members if cells.accepts(cell, member)]
        if not members:
            self._refuse(say.cell_accepts_nothing(f"no member of {self.type} fits", at))
        return _united(members)

    def _check_texts(self, key: str, at: Span) -> None:
        if not self._holds_texts():
            self._refuse(say.pattern_needs_text(key, self.type, at))

    def _holds_texts(self) -> bool:
        return types.is_text(self.type)

    def _is_number(self) -> bool:
        return isinstance(self.type, Number | types.Limit)

    def _refuse(self, diagnostic: Diagnostic) -> NoReturn:
        self.literals.report.add(diagnostic)
        raise Unreadable


def _negated(cell: ExactCell) -> ExactCell:
    return cell[1] if isinstance(cell, tuple) and cell[0] == "not" else ("not", cell)


def _united(found: Iterable[ExactCell]) -> ExactCell:
    """Any of several cells, without nesting and without repetition."""
    flat: dict[ExactCell, None] = {}
    for cell in found:
        inner = cell[1:] if isinstance(cell, tuple) and cell[0] == "any" else (cell,)
        flat.update(dict.fromkeys(inner))
    return ("any", *flat) if len(flat) > 1 else next(iter(flat))


def _is_range(text: str) -> bool:
    return bool(_COMPARISON.fullmatch(text) or _INTERVAL.fullmatch(text))


def _both_hold(parts: list[str]) -> str | None:
    """A hint: the range that two comparisons mean if both of them must hold."""
    found = [_COMPARISON.fullmatch(part.strip()) for part in parts]
    lows = [each for each in found if each and each[1][0] == ">"]
    highs = [each for each in found if each and each[1][0] == "<"]
    if len(parts) != 2 or not lows or not highs:
        return None
    opening = "[" if lows[0][1] == ">=" else "("
    closing = "]" if highs[0][1] == "<=" else ")"
    return f"where both must hold, write `{opening}{lows[0][2]}..{highs[0][2]}{closing}`"


def _empty_hint(found: re.Match[str], low: Any, high: Any) -> str:
    opening, low_text, high_text, closing = found.groups()
    if low == high:
        return f"write `{low_text}` for the value alone"
    if extents.is_above(low, high):
        return f"did you mean `{opening}{high_text}..{low_text}{closing}`?"
    return f"write `[{low_text}..{high_text}]` for both and what lies between"


def _half_open_hint(found: re.Match[str]) -> str:
    opening, low, high, closing = found.groups()
    if low:
        return f"write `{'>=' if opening == '[' else '>'} {low}` for a range without an end"
    if high:
        return f"write `{'<=' if closing == ']' else '<'} {high}` for a range without a beginning"
    return "a range is written `[10..20)`"


def _dashed_hint(text: str) -> str | None:
    """What was meant by `0-999` or `1000+` among numbers; elsewhere a dash may belong to a date."""
    if found := re.fullmatch(rf"({_DIGITS})-({_DIGITS})", text):
        return f"write `[{found[1]}..{found[2]}]`, or `[{found[1]}..{found[2]})` without its end"
    if found := re.fullmatch(rf"({_DIGITS})\+", text):
        return f"write `>= {found[1]}`"
    return None


def _notation_hint(text: str, wildcard: str, is_yaml: bool) -> str | None:
    """What was meant by the notation of another language; None if the text does not look like a range."""
    if text in ("-", "*"):
        return f"{wildcard} to accept everything"
    if found := re.fullmatch(r"(.+?)(?:&&|\band\b)(.+)", text, re.DOTALL):
        return _both_hold([found[1], found[2]]) or "a range is written `[10..20)`"
    if found := re.fullmatch(r"=\s*([<>])\s*(.+)", text, re.DOTALL):
        return f"write `{found[1]}= {found[2]}`"
    if found := re.fullmatch(r"(?:!=|<>)\s*(.+)", text, re.DOTALL):
        return f"write `{{not: {found[1]}}}`" if is_yaml else f"write `not: {found[1]}`"
    if found := re.fullmatch(r"==?\s*([^=<>].*)", text, re.DOTALL):
        return f"write `{found[1]}` alone"
    if found := re.fullmatch(r"\]\s*(.+?)\s*\.\.\s*(.+?)\s*([\])\[])", text, re.DOTALL):
        return f"write `({found[1]}..{found[2]}{')' if found[3] == '[' else found[3]}`"
    if found := re.fullmatch(r"([\[(])\s*(.+?)\s*\.\.\s*(.+?)\s*\[", text, re.DOTALL):
        return f"write `{found[1]}{found[2]}..{found[3]})`"
    if found := re.fullmatch(rf"({_OPERAND}?)\s*(?:\.\.+|\s[-\u2013]\s)\s*({_OPERAND})", text):
        return f"write `[{found[1]}..{found[2]}]`, or `[{found[1]}..{found[2]})` without its end"
    if re.search(r"[<>=&|\[\]()]", text):
        return "a comparison is written `>= 10`, a range `[10..20)`"
    return None
