"""Row selection without scanning: what generated code calls to find the row of a table.

Rows whose condition cells are equalities, any-of or wildcards are grouped by which columns they test; each group is one
dict from key tuple to candidate rows. Other cells (ranges, negations, text patterns) and dates are tested on the
candidates that the dicts leave, or on the candidates that bisection leaves where the rows have a range column.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import inf, prod
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.failure import Failure
from policyengine.runtime.program import TableData
from policyengine.runtime.tables import cells
from policyengine.values.types import BOOL, DATE, DURATION, TIMESTAMP, Enum, Limit, Number, Optional, Type

Select = Callable[..., Any]
Stretch = tuple[tuple[int, ...], tuple[Any, ...]]
"""Edges, and the row of each stretch between them: the first one lies before the first edge."""
ENUMERATED_MAX = 4_096
"""Up to so many combinations of members, a table is asked all of them beforehand."""
NESTED_MIN = 4
"""So many rows each inner dict must have on the average for a table to become a dict of dicts."""
EXPANDED_MAX = 64
"""A row whose any-of cells would need more dict entries than this is tested cell by cell instead."""


def build(table: TableData) -> Select:
    """A function of the key values (and the instant, in a dated table) that gives the row index or a Failure.

    The keys may be any: a text that is no member of an enum fits what every value fits.
    """
    rows = equal_rows(table)
    if rows is None:
        select: Select = _once(table, "index", _Index).select
        return select
    get, none = rows.get, missing(table)
    if len(table.conditions) == 1:
        return lambda key: get(key, none)
    return lambda *key: get(key, none)


def missing(table: TableData) -> Any:
    """What is found where no row fits: the row of `otherwise`, or the failure."""
    return len(table.ids) - 1 if table.otherwise == "row" else failure.NO_MATCH


def plain_rows(table: TableData, kinds: Sequence[Type]) -> Mapping[Any, Any] | None:
    """The rows of a table that is one mapping, by their keys: equalities in every column of every row, or few members.

    Else None. Where every key has few members (enums, bools), each combination is asked once and has its answer here,
    which may be a Failure; `kinds` are the types of the keys that will be asked, which must be these members.
    """
    rows = equal_rows(table)
    if rows is not None or table.starts or not table.conditions:
        return rows
    if not 0 < combinations(table) <= ENUMERATED_MAX or not are_members(table, kinds):
        return None
    every: dict[Any, Any] = _once(table, "answers", _every_answer)
    return every


def equal_rows(table: TableData) -> Mapping[Any, Any] | None:
    """The rows by their keys where every row tests every column by equality; else None."""
    rows: Mapping[Any, Any] | None = _once(table, "rows", _equalities)
    return rows


def _once(table: TableData, name: str, build: Callable[[TableData], Any]) -> Any:
    """An index of a table, built when it is first asked for: a large one takes more memory than its rows."""
    try:
        return table.built[name]
    except KeyError:
        return table.built.setdefault(name, build(table))


def are_proved(table: TableData, kinds: Sequence[Type]) -> bool:
    """Whether the proof that every key has a row holds for keys of these types: texts may be no members of an enum."""
    return all(
        not isinstance(own, Enum) or (isinstance(kind, Enum) and set(kind.members) <= set(own.members))
        for kind, own in zip(kinds, table.keys, strict=True)
    )


def are_members(table: TableData, kinds: Sequence[Type]) -> bool:
    """Whether keys of these types can only be members of the table's own enums."""
    return all(
        kind == own or (isinstance(kind, Enum) and isinstance(own, Enum) and set(kind.members) <= set(own.members))
        for kind, own in zip(kinds, table.keys, strict=True)
    )


def _equalities(table: TableData) -> Mapping[Any, Any] | None:
    if table.starts or not table.conditions or table.hit not in ("unique", "first", "most_specific"):
        return None
    count = len(table.ids) - (table.otherwise == "row")
    columns = [column[:count] for column in table.conditions]
    if any({type(None), tuple} & {*map(type, column)} for column in columns):
        return None
    rows: Mapping[Any, Any] | None = _Pairs.of(columns, range(count)) if len(columns) == 2 else None
    if rows is None:
        keys = columns[0] if len(columns) == 1 else zip(*columns, strict=True)
        rows = dict(zip(keys, range(count), strict=True))
    return rows if len(rows) == count else None


class _Pairs(Mapping[tuple[Any, Any], Any]):
    """What a table of two columns answers with as a dict of dicts, the column with fewer values outside.

    Two look-ups of single keys are faster than one of a pair, whose parts are hashed and compared one by one, and a
    large table takes half the memory.
    """

    def __init__(self, outer: int, rows: dict[Any, dict[Any, Any]]) -> None:
        self.outer = outer
        self.rows = rows

    @classmethod
    def of(cls, columns: Sequence[Sequence[Any]], answers: Iterable[Any]) -> _Pairs | None:
        """Columns and answers in this form where it pays: where the inner dicts are not too small."""
        sizes = [len(set(column)) for column in columns]
        outer = 0 if sizes[0] <= sizes[1] else 1
        if sizes[outer] * NESTED_MIN > len(columns[0]):
            return None
        found: dict[Any, dict[Any, Any]] = {}
        for own, inner, answer in zip(columns[outer], columns[1 - outer], answers, strict=True):
            found.setdefault(own, {})[inner] = answer
        return cls(outer, found)

    def __getitem__(self, key: tuple[Any, Any]) -> Any:
        return self.rows[key[self.outer]][key[1 - self.outer]]

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for own, inner in self.rows.items():
            yield from ((own, other) if self.outer == 0 else (other, own) for other in inner)

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))


def nested(table: TableData, rows: Mapping[Any, Any]) -> tuple[int, int, dict[Any, dict[Any, Any]]] | None:
    """What `plain_rows` has given as a dict of dicts, with the columns that are asked outside and inside; else None."""
    if len(table.conditions) != 2 or not rows:
        return None
    pairs = rows if isinstance(rows, _Pairs) else _Pairs.of([*zip(*rows, strict=True)], rows.values())
    return None if pairs is None else (pairs.outer, 1 - pairs.outer, pairs.rows)


def stretches(table: TableData, kinds: Sequence[Type]) -> tuple[int, dict[Any, Stretch]] | None:
    """The rows of a table that is one bisection: which key lies on a line, and its stretches by the other keys.

    Every row tests the other keys by equality and the last one, a number or a time, by a range, and no two ranges for
    the same keys overlap; else None. Dates are such a line, whose key comes after all others.
    """
    if table.hit in cells.COLLECTING or not table.conditions:
        return None
    ranged = [n for n, column in enumerate(table.conditions) if any(c is None or isinstance(c, tuple) for c in column)]
    lines = [_on_line(table.conditions[n]) for n in ranged if _is_line(kinds[n]) and _is_line(table.keys[n])]
    if table.starts:
        lines.append(list(zip(table.starts, table.ends, strict=True)))
        ranged.append(len(table.conditions))
    if len(ranged) != 1 or len(lines) != 1 or lines[0] is None:
        return None
    count = len(table.ids) - (table.otherwise == "row")
    others = [column for n, column in enumerate(table.conditions) if n != ranged[0]]
    keys = others[0] if len(others) == 1 else list(zip(*others, strict=True)) if others else [()] * count
    by_key: dict[Any, list[int]] = {}
    for row in range(count):
        by_key.setdefault(keys[row], []).append(row)
    found: dict[Any, Stretch] = {}
    for key, rows in by_key.items():
        stretch = _stretch([(lines[0][row], row) for row in rows], missing(table))
        if stretch is None:
            return None
        found[key] = stretch
    return ranged[0], found


def combinations(table: TableData) -> int:
    """How many keys there are, where all of them are members of enums or bools; else 0."""
    return prod([len(t.members) if isinstance(t, Enum) else 2 if t == BOOL else 0 for t in table.keys])


def _every_answer(table: TableData) -> dict[Any, Any]:
    select = _once(table, "index", _Index).select
    members = [t.members if isinstance(t, Enum) else (False, True) for t in table.keys]
    single = len(members) == 1
    return {key[0] if single else key: select(*key) for key in product(*members)}


class _Group:
    """Rows that test the same columns by equality; the tested columns make the dict's key."""

    def __init__(self, columns: tuple[int, ...]) -> None:
        self.columns = columns
        self.rows: dict[Any, list[int]] = {}
        self.sorted: dict[Any, tuple[list[Any], list[list[int]]]] = {}


class _Index:
    def __init__(self, table: TableData) -> None:
        self.table = table
        count = len(table.ids) - (table.otherwise == "row")
        self.missing: Any = missing(table)
        self.dated = bool(table.starts)
        groups: dict[tuple[int, ...], _Group] = {}
        self.rest: list[tuple[tuple[int, Callable[[Any], bool]], ...]] = []
        for row in range(count):
            self._place(row, groups)
        self.groups = list(groups.values())
        for group in self.groups:
            self._cut_by_range(group)

    def _place(self, row: int, groups: dict[tuple[int, ...], _Group]) -> None:
        keyed: list[tuple[int, list[Any]]] = []
        rest: list[tuple[int, Callable[[Any], bool]]] = []
        size = 1
        for number, column in enumerate(self.table.conditions):
            cell = column[row]
            values = cells.constants(cell)
            if values is not None and size * len(values) <= EXPANDED_MAX:
                keyed.append((number, list(dict.fromkeys(values))))
                size *= len(values)
            elif cell is not None:
                rest.append((number, _tester(cell)))
        self.rest.append(tuple(rest))
        columns = tuple(number for number, _ in keyed)
        group = groups.setdefault(columns, _Group(columns))
        for key in product(*(values for _, values in keyed)):
            group.rows.setdefault(key, []).append(row)

    def _cut_by_range(self, group: _Group) -> None:
        """Candidates of one key are cut further by the bounds of a range column, or of their dates."""
        for key, rows in group.rows.items():
            if len(rows) < 8:
                continue
            best = self._best_cut(rows)
            if best is not None:
                group.sorted[key] = best

    def _best_cut(self, rows: list[int]) -> Any:
        best: Any = None
        if self.dated:
            best = _cut(-1, [(self.table.starts[r], self.table.ends[r]) for r in rows], rows)
        for number in range(len(self.table.conditions)):
            bounds = [_bounds(self.table.conditions[number][r]) for r in rows]
            if all(b == (None, None) for b in bounds) or isinstance(self.table.keys[number], Limit | Optional):
                continue  # `unlimited` and absent values have no place on the line that is bisected
            cut = _cut(number, bounds, rows)
            if best is None or cut[3] < best[3]:
                best = cut
        return best

    def select(self, *arguments: Any) -> Any:
        """The row index for these keys; the last argument is the instant where the table is dated."""
        hits: list[int] = []
        for group in self.groups:
            key = tuple([arguments[c] for c in group.columns])
            cut = group.sorted.get(key)
            candidates: Sequence[int] = group.rows.get(key, ()) if cut is None else _candidates(cut, arguments)
            hits += [row for row in candidates if self._fits(row, arguments)]
        return self._chosen(hits)

    def _fits(self, row: int, arguments: Sequence[Any]) -> bool:
        if self.dated:
            at = arguments[-1]
            start, end = self.table.starts[row], self.table.ends[row]
            if (start is not None and at < start) or (end is not None and end <= at):
                return False
        for number, test in self.rest[row]:  # noqa: SIM110 - a plain loop takes half the time of `all`
            if not test(arguments[number]):
                return False
        return True

    def _chosen(self, hits: list[int]) -> Any:
        if self.table.hit in cells.COLLECTING:
            return tuple(sorted(hits)) or (() if isinstance(self.missing, Failure) else (self.missing,))
        if not hits:
            return self.missing
        if len(hits) == 1:
            return hits[0]
        match self.table.hit:
            case "unique":
                return failure.SEVERAL_MATCH
            case "any":
                columns = self.table.columns.values()
                disagree = any(c[h] != c[hits[0]] for c in columns for h in hits)
                return failure.ROWS_DISAGREE if disagree else min(hits)
            case "most_specific":
                return min(hits, key=lambda row: (sum(c[row] is None for c in self.table.conditions), row))
        return min(hits)


def _is_line(its_type: Type) -> bool:
    """Whether held values of a type are whole numbers in their order."""
    return isinstance(its_type, Number) or its_type in (TIMESTAMP, DURATION, DATE)


def _on_line(column: Sequence[Any]) -> list[tuple[int | None, int | None]] | None:
    """The cells of a column as [low, high), None for an open end; None where a cell is something else."""
    found: list[tuple[int | None, int | None]] = []
    for cell in column:
        match cell:
            case None:
                found.append((None, None))
            case ("range", low, low_in, high, high_in) if not isinstance(low, str) and not isinstance(high, str):
                start = None if low is None else low + (not low_in)
                found.append((start, None if high is None else high + bool(high_in)))
            case int():
                found.append((cell, cell + 1))
            case _:
                return None
    return found


def _stretch(ranges: list[tuple[tuple[int | None, int | None], int]], none: Any) -> Stretch | None:
    """Ranges with their rows as edges; None where two of them overlap."""
    least = -inf
    edges: list[int] = []
    rows: list[Any] = [none]
    for (low, high), row in sorted(ranges, key=lambda each: -inf if each[0][0] is None else each[0][0]):
        start, end = -inf if low is None else low, inf if high is None else high
        if start >= end:
            continue
        if start < least or least == inf:
            return None
        if low is None or (edges and edges[-1] == low):
            rows[-1] = row
        else:
            edges.append(low)
            rows.append(row)
        if high is not None:
            edges.append(high)
            rows.append(none)
        least = end
    return tuple(edges), tuple(rows)


def _tester(cell: Any) -> Callable[[Any], bool]:
    """The test of one cell, ready to be asked many times; ranges of numbers are compared in line."""
    if isinstance(cell, tuple) and cell[0] == "range" and not any(isinstance(b, str) for b in (cell[1], cell[3])):
        return _range_tester(*cell[1:])
    if isinstance(cell, tuple) and cell[0] == "any":
        tests = [_tester(inner) for inner in cell[1:]]
        return lambda value: any(test(value) for test in tests)
    return lambda value: cells.accepts(cell, value)


def _range_tester(low: Any, low_in: bool, high: Any, high_in: bool) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        if value.__class__ is not int:  # absent or `unlimited`: the general rule knows
            return cells.accepts(("range", low, low_in, high, high_in), value)
        if low is not None and (value < low or (value == low and not low_in)):
            return False
        return high is None or value < high or (value == high and high_in)

    return test


def _bounds(cell: Any) -> tuple[Any, Any]:
    """The smallest and the largest value that a cell may accept, None where it is open."""
    if isinstance(cell, tuple) and cell[0] == "range":
        return cell[1], cell[3]
    return (None, None) if cell is None or isinstance(cell, tuple) else (cell, cell)


def _cut(number: int, bounds: list[tuple[Any, Any]], rows: list[int]) -> tuple[int, list[Any], list[list[int]], int]:
    """Stretches between the sorted bounds, each with the rows that may apply inside it or at its edges."""
    edges = sorted({b for pair in bounds for b in pair if b is not None})
    places = {edge: i for i, edge in enumerate(edges)}
    buckets: list[list[int]] = [[] for _ in range(2 * len(edges) + 1)]
    for row, (low, high) in zip(rows, bounds, strict=True):
        first = 0 if low is None else 2 * places[low] + 1
        last = 2 * len(edges) if high is None else 2 * places[high] + 1
        for bucket in range(first, last + 1):
            buckets[bucket].append(row)
    return number, edges, buckets, max(len(b) for b in buckets)


def _candidates(cut: Any, arguments: Sequence[Any]) -> list[int]:
    number, edges, buckets, _ = cut
    value = arguments[number]
    place = bisect_right(edges, value)
    exact = place > 0 and edges[place - 1] == value
    found: list[int] = buckets[2 * place - 1 if exact else 2 * place]
    return found
