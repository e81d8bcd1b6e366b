"""Gaps, overlaps and rows that never answer, of one table, each with input that shows it.

The answer is `proved`, `found` or `not_analysed`, never a guess: what is found stands with a concrete key for which
`runtime/tables/selection.py` gives just that, and what cannot be laid out exactly is not analysed, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod
from operator import itemgetter
from typing import Any, Literal

from policyengine.compiler.axes import TIME, Axis, Line, NotAnalysed, Stretches, accepted, axis_of, complement, joined
from policyengine.compiler.regions import GAPS_SHOWN, Box, Column, Refinement, Rows, TooManyRegions
from policyengine.runtime.program import TableData
from policyengine.runtime.tables.cells import Cell
from policyengine.values.types import Type

OVERLAPS_SHOWN = 20
REGIONS_PER_ROW = 4
"""What a table's own size adds to the cap: so many regions no walk over its rows can avoid."""
ANSWERED = ("row", "error")
"""What a table may say of keys without a row: they are then no mistake, and nobody is told which they are."""

Overlap = tuple[int, int, "Witness"]
Status = Literal["proved", "found", "not_analysed"]


@dataclass(frozen=True, slots=True)
class Witness:
    """Keys as the program holds them, and the instant in a dated table, at which something is wrong.

    `values` are the same keys as text, `region` describes for each column all values for which it is just as wrong
    ("" where any value does); the instant comes last in both.
    """

    keys: tuple[Any, ...]
    at: int | None
    values: tuple[str, ...]
    region: tuple[str, ...]

    def example(self, names: Sequence[str]) -> str:
        """The one input as `model atlas-pro, score 130`; `names` are the condition columns."""
        return ", ".join(f"{name} {value}" for name, value in zip((*names, "at"), self.values, strict=False))

    def area(self, names: Sequence[str]) -> str:
        """All of the region as `score (130..140)`."""
        named = zip((*names, "at"), self.region, strict=False)
        return ", ".join(f"{name} {said}" for name, said in named if said) or "every input"


@dataclass(frozen=True, slots=True)
class Findings:
    """What the analysis of one table says.

    `gaps` shows a few of `gap_count` regions without a row, and only where they are wrong: not in a table that has an
    `otherwise`. `missing` is the number of missing combinations where people would count them (enums, bools, ints).
    `overlaps` are, by hit policy, two rows that both apply, that disagree (`any`) or that are equally specific; at most
    `OVERLAPS_SHOWN`. `masked` rows never answer because others do, `unsatisfiable` ones since nothing fits them.
    """

    status: Status
    reason: str = ""
    gaps: tuple[Witness, ...] = ()
    gap_count: int = 0
    missing: int | None = None
    overlaps: tuple[Overlap, ...] = ()
    masked: tuple[int, ...] = ()
    unsatisfiable: tuple[int, ...] = ()


def analyse(
    table: TableData,
    regions_max: int = 50_000,
    declared: Sequence[Type] = (),
    during: tuple[int | None, int | None] = (None, None),
) -> Findings:
    """Prove that a table is as its hit policy wants it, or show what is wrong.

    `declared` are the types that its keys really have, where `table.keys` are finer for the sake of the cells: a key
    with two places is never 0.125, although a cell may say so. `during` is when the table is asked at all.
    """
    if table.hit not in _JUDGES:
        return Findings("proved")  # any number of rows may apply
    columns = zip(table.keys, table.conditions, declared or table.keys, strict=True)
    try:
        axes = [axis_of(*column) for column in columns]
        return _by_hash(table, axes) or _by_refinement(table, axes, regions_max, _time(during))
    except NotAnalysed as fault:
        return Findings("not_analysed", str(fault))


def _rows(table: TableData) -> range:
    """The rows that compete; a last row that answers for the rest does not."""
    return range(len(table.ids) - (table.otherwise == "row"))


# --------------------------------------------------------------------------------------------------- hit policies


class _Unique:
    """Two rows must not apply together."""

    def __init__(self, table: TableData) -> None:
        self.pairs: dict[tuple[int, int], Box] = {}
        self.answering: set[int] | None = None

    def keep(self, rows: Rows, certain: Sequence[int]) -> Rows:
        return rows

    def settle(self, rows: Rows, box: Box) -> None:
        for pair in combinations(rows, 2):
            if len(self.pairs) >= OVERLAPS_SHOWN:
                return
            self.pairs.setdefault(pair, box)


class _Any(_Unique):
    """Rows that apply together must have the same results. One row stands for those it agrees with."""

    def __init__(self, table: TableData) -> None:
        super().__init__(table)
        results = [tuple(cells[row] for cells in table.columns.values()) for row in _rows(table)]
        numbers: dict[str, int] = {}
        self.result = [numbers.setdefault(repr(result), len(numbers)) for result in results]

    def settle(self, rows: Rows, box: Box) -> None:
        first: dict[int, int] = {}
        for row in rows:
            first.setdefault(self.result[row], row)
        super().settle(tuple(first.values()), box)


class _First(_Unique):
    """The first row that applies answers; the others need a place of their own."""

    def __init__(self, table: TableData) -> None:
        super().__init__(table)
        self.answering: set[int] = set()

    def keep(self, rows: Rows, certain: Sequence[int]) -> Rows:
        return rows[: rows.index(certain[0]) + 1] if certain else rows

    def settle(self, rows: Rows, box: Box) -> None:
        self.answering.add(rows[0])


class _MostSpecific(_Unique):
    """The row that says most answers; two that say equally much are a tie."""

    def __init__(self, table: TableData) -> None:
        super().__init__(table)
        self.answering: set[int] = set()
        self.says = [sum(cells[row] is not None for cells in table.conditions) for row in _rows(table)]

    def keep(self, rows: Rows, certain: Sequence[int]) -> Rows:
        if not certain:
            return rows
        least = max(self.says[row] for row in certain)
        return tuple(row for row in rows if self.says[row] >= least)

    def settle(self, rows: Rows, box: Box) -> None:
        most = max(self.says[row] for row in rows)
        winners = tuple(row for row in rows if self.says[row] == most)
        self.answering.update(winners)
        super().settle(winners, box)


_JUDGES = {"unique": _Unique, "any": _Any, "first": _First, "most_specific": _MostSpecific}


# ------------------------------------------------------------------------------------------------- by refinement


def _by_refinement(table: TableData, axes: Sequence[Axis], regions_max: int, time: Line) -> Findings:
    columns = _columns(table, axes, time)
    idle = {row for row in _rows(table) if any(column.cells[row] == () for column in columns)}
    rows = tuple(row for row in _rows(table) if row not in idle)
    judge = _JUDGES[table.hit](table)
    walk = Refinement(columns, rows, judge, regions_max + REGIONS_PER_ROW * len(rows))
    reason = ""
    try:
        walk.run()
    except TooManyRegions:
        reason = f"the table has more than {walk.limit:,} regions"
    masked = () if reason or judge.answering is None else tuple(row for row in rows if row not in judge.answering)
    if table.otherwise == "row" and not walk.gaps and not reason:
        masked += (len(table.ids) - 1,)
    missing = walk.missing if _countable(table, axes) and not reason else None
    gaps = _Gaps(walk.columns, walk.samples, walk.gaps, missing)
    return _findings(table, gaps, judge.pairs, masked, _unsatisfiable(table, columns, idle), reason)


def _unsatisfiable(table: TableData, columns: Sequence[Column], idle: set[int]) -> Rows:
    """The idle rows without those that are merely history: in force at times that are not asked about."""

    def fits_some_time(row: int) -> bool:
        if any(column.cells[row] == () for column in columns[: len(table.keys)]):
            return False
        start, end = table.starts[row], table.ends[row]
        return start is None or end is None or start < end

    return tuple(row for row in sorted(idle) if not fits_some_time(row))


def _time(during: tuple[int | None, int | None]) -> Line:
    start, end = during
    return replace(TIME, low=TIME.low if start is None else start, high=TIME.high if end is None else end - 1)


def _columns(table: TableData, axes: Sequence[Axis], time: Line) -> list[Column]:
    """What the rows accept of each axis; a dated table has time as one more."""
    columns = [Column(n, axis, _accepted(axis, table.conditions[n])) for n, axis in enumerate(axes)]
    if table.starts:
        columns.append(Column(len(axes), time, _in_force(table, time)))
    return columns


def _accepted(axis: Axis, cells: Sequence[Cell]) -> list[Stretches | None]:
    """What each cell accepts, None for all of the axis. Equal cells are read once."""
    everything = ((axis.first, axis.last),)
    known: dict[Cell, Stretches | None] = {None: None}
    for cell in cells:
        if cell not in known:
            stretches = accepted(axis, cell)
            known[cell] = None if stretches == everything else stretches
    return [known[cell] for cell in cells]


def _in_force(table: TableData, time: Line) -> list[Stretches | None]:
    """The instants at which each row is in force: from its start up to, and without, its end."""
    out: list[Stretches | None] = []
    for start, end in zip(table.starts, table.ends, strict=True):
        first = time.first if start is None else max(start, time.first)
        last = time.last if end is None else min(end - 1, time.last)
        out.append(((first, last),) if first <= last else ())
    return [None if s == ((time.first, time.last),) else s for s in out]


def _countable(table: TableData, axes: Sequence[Axis]) -> bool:
    return not table.starts and all(axis.countable for axis in axes)


# ------------------------------------------------------------------------------------------------------- by hash


def _by_hash(table: TableData, axes: Sequence[Axis]) -> Findings | None:
    """The common table, plain and different equalities in every column: it lacks what its keys do not enumerate."""
    if table.starts or not axes:
        return None
    rows = _rows(table)
    cells = [column[: len(rows)] for column in table.conditions]
    if any({type(None), tuple} & {*map(type, column)} for column in cells):
        return None
    columns = sorted((Column(n, axis, ()) for n, axis in enumerate(axes)), key=lambda c: c.axis.last - c.axis.first)
    places = [_positions(column.axis, cells[column.number]) for column in columns]
    keys = set(zip(*places, strict=True))
    if len(keys) < len(rows) or any(None in column for column in places):
        return None
    gaps = _unlisted(columns, keys, _countable(table, axes), 0 if table.otherwise in ANSWERED else GAPS_SHOWN)
    masked = (len(rows),) if table.otherwise == "row" and not gaps.count else ()
    return _findings(table, gaps, {}, masked, (), "")


def _positions(axis: Axis, cells: Sequence[Cell]) -> list[int | None]:
    """Where each cell lies; equal cells are looked for once."""
    known = {cell: axis.position(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def _unlisted(columns: Sequence[Column], keys: set[tuple[Any, ...]], countable: bool, shown: int) -> _Gaps:
    """The prefixes of keys that not every value of the next column follows, some of them with what is missing."""
    samples: list[Box] = []
    gaps = 0
    sizes = [column.axis.last - column.axis.first + 1 for column in columns]
    for depth, (column, size) in enumerate(zip(columns, sizes, strict=True)):
        longer = {key[: depth + 1] for key in keys} if depth + 1 < len(columns) else keys
        followers = Counter(map(itemgetter(slice(depth)), longer)) if longer else {(): 0}
        short = [prefix for prefix, number in followers.items() if number < size]
        gaps += len(short)
        for prefix in short[: shown - len(samples)]:
            listed = joined((key[depth], key[depth]) for key in longer if key[:depth] == prefix)
            outside = complement(listed, column.axis.first, column.axis.last)
            samples.append((*(((p, p),) for p in prefix), outside))
        if not longer:
            break
    return _Gaps(columns, samples, gaps, prod(sizes) - len(keys) if countable else None)


# ------------------------------------------------------------------------------------------------------- findings


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Where no row applies: boxes over `columns`, how many there are, how many combinations they hold."""

    columns: Sequence[Column]
    samples: Sequence[Box]
    count: int
    missing: int | None


def _findings(
    table: TableData,
    gaps: _Gaps,
    pairs: dict[tuple[int, int], Box],
    masked: Rows,
    unsatisfiable: Rows,
    reason: str,
) -> Findings:
    wrong = () if table.otherwise in ANSWERED else gaps.samples
    witnesses = tuple(_witness(table, gaps.columns, box) for box in wrong)
    overlaps = tuple((a, b, _witness(table, gaps.columns, box)) for (a, b), box in pairs.items())
    found = witnesses or overlaps or masked or unsatisfiable
    status: Status = "found" if found else "not_analysed" if reason else "proved"
    return Findings(status, reason, witnesses, gaps.count, gaps.missing, overlaps, masked, unsatisfiable)


def _witness(table: TableData, columns: Sequence[Column], box: Box) -> Witness:
    """One input out of a box, and the box in words."""
    keys: dict[int, tuple[Any, str, str]] = {}
    for depth, column in enumerate(columns):
        axis = column.axis
        stretches = box[depth] if depth < len(box) else None
        position = axis.pick(((axis.first, axis.last),) if stretches is None else stretches)
        said = "" if stretches is None else axis.described(stretches)
        keys[column.number] = axis.value(position), axis.text(position), said
    held, texts, region = zip(*(keys[n] for n in sorted(keys)), strict=True) if keys else ((), (), ())
    count = len(table.keys)
    return Witness(held[:count], held[count] if table.starts else None, texts, region)
