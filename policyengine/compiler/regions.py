"""Partition refinement: the regions of a table's key space in which the same rows apply.

Column by column, the line of possible values is cut at the bounds of the rows still active; stretches with the same
active rows are one region whatever lies between them. Rows are sorted tuples and not bit sets: a region of a table of
100,000 rows has few active ones, and only they should cost. What follows from (column, active rows) is computed once.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from policyengine.compiler.axes import Axis, Stretch, Stretches, complement, count

Rows = tuple[int, ...]
Box = tuple[Stretches | None, ...]
"""A region as what it holds of each column, in the order of `Refinement.columns`; None, and what is missing at the
end, is everything."""

SAMPLE = 2_000
GAPS_SHOWN = 5


class TooManyRegions(Exception):
    """The cap is reached; what was found so far holds."""


@dataclass(frozen=True, slots=True)
class Column:
    """One axis and what each row accepts of it, None for everything. `number` is the table's own count of columns."""

    number: int
    axis: Axis
    cells: Sequence[Stretches | None]


class Judge(Protocol):
    """What a hit policy thinks of a region."""

    def keep(self, rows: Rows, certain: Sequence[int]) -> Rows:
        """The rows that still matter, in a region all of which is accepted by the `certain` ones."""

    def settle(self, rows: Rows, box: Box) -> None:
        """Take note of a region in which exactly these rows, at least one, apply."""


class Refinement:
    """One walk over all regions. `gaps` counts those without a row, `missing` their values, `samples` shows a few."""

    def __init__(self, columns: Sequence[Column], rows: Rows, judge: Judge, limit: int) -> None:
        self.columns = ordered(columns, rows)
        self.rows = rows
        self.judge = judge
        self.limit = limit
        self.gaps = 0
        self.missing = 0
        self.samples: list[Box] = []
        self._work = 0
        self._path: list[Stretches | None] = []
        self._known: dict[tuple[int, Rows], tuple[int, int]] = {}
        self._last = self._last_conditions()
        self._below = self._sizes_below()

    def run(self) -> None:
        """Visit everything; raises TooManyRegions at the limit, with what was found so far in place."""
        _, self.missing = self._visit(self.rows, 0)

    def _last_conditions(self) -> dict[int, int]:
        """For each row the last column that it says something about, -1 where it says nothing."""
        last = dict.fromkeys(self.rows, -1)
        for depth, column in enumerate(self.columns):
            cells = column.cells
            last.update((row, depth) for row in self.rows if cells[row] is not None)
        return last

    def _sizes_below(self) -> list[int]:
        """How many combinations the columns from each depth on have."""
        sizes = [1]
        for column in reversed(self.columns):
            sizes.append(sizes[-1] * (column.axis.last - column.axis.first + 1))
        return sizes[::-1]

    def _visit(self, rows: Rows, depth: int) -> tuple[int, int]:
        """Gaps and missing combinations of the present region, in which `rows` may apply."""
        if not rows:
            return self._gap(depth)
        last = self._last
        certain = [row for row in rows if last[row] < depth]
        rows = self.judge.keep(rows, certain)
        if all(last[row] < depth for row in rows):
            self.judge.settle(rows, tuple(self._path))
            return 0, 0
        if len(rows) == 1:
            return self._alone(rows[0], depth)
        known = self._known.get((depth, rows))
        if known is None:
            known = self._known[depth, rows] = self._split(rows, depth)
        else:
            self.gaps += known[0]
        return known

    def _split(self, rows: Rows, depth: int) -> tuple[int, int]:
        gaps = missing = 0
        axis = self.columns[depth].axis
        for inner, stretches in self._pieces(rows, depth):
            self._path.append(stretches)
            inner_gaps, inner_missing = self._visit(inner, depth + 1)
            self._path.pop()
            gaps += inner_gaps
            size = axis.last - axis.first + 1 if stretches is None else count(stretches)
            missing += inner_missing * size
        return gaps, missing

    def _pieces(self, rows: Rows, depth: int) -> list[tuple[Rows, Stretches | None]]:
        """The column's values in parts that the rows cannot tell apart."""
        axis, cells = self.columns[depth].axis, self.columns[depth].cells
        active = [row for row in rows if cells[row] is None]
        if len(active) == len(rows):
            return [(rows, None)]
        opens, closes = _edges(cells, rows)
        parts: dict[Rows, list[Stretch]] = {}
        at = axis.first
        for edge in sorted(opens.keys() | closes.keys()):
            if edge > at:
                parts.setdefault(tuple(active), []).append((at, edge - 1))
                at = edge
                self._spend(len(active))
            for row in closes.get(edge, ()):
                del active[bisect_left(active, row)]
            for row in opens.get(edge, ()):
                insort(active, row)
        if at <= axis.last:
            parts.setdefault(tuple(active), []).append((at, axis.last))
        return [(inner, tuple(stretches)) for inner, stretches in parts.items()]

    def _spend(self, rows: int) -> None:
        """Count a region, a crowded one as several: the cap bounds time, not just a number."""
        self._work += 1 + (rows >> 6)
        if self._work > self.limit:
            raise TooManyRegions

    def _alone(self, row: int, depth: int) -> tuple[int, int]:
        """A region with one row: what each further condition of it leaves out is a gap."""
        gaps = missing = 0
        inside = 1
        length = len(self._path)
        for d in range(depth, len(self.columns)):
            axis, accepts = self.columns[d].axis, self.columns[d].cells[row]
            if accepts is None:
                inside *= axis.last - axis.first + 1
            else:
                outside = complement(accepts, axis.first, axis.last)
                self._path.append(outside)
                inner_gaps, inner_missing = self._gap(d + 1)
                self._path.pop()
                gaps += inner_gaps
                missing += inside * count(outside) * inner_missing
                inside *= count(accepts)
            self._path.append(accepts)
        self.judge.settle((row,), tuple(self._path))
        del self._path[length:]
        return gaps, missing

    def _gap(self, depth: int) -> tuple[int, int]:
        self.gaps += 1
        if len(self.samples) < GAPS_SHOWN:
            self.samples.append(tuple(self._path))
        return 1, self._below[depth]


def _edges(cells: Sequence[Stretches | None], rows: Rows) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """At which positions which rows begin to apply, and no longer apply."""
    opens: dict[int, list[int]] = {}
    closes: dict[int, list[int]] = {}
    for row in rows:
        for low, high in cells[row] or ():
            opens.setdefault(low, []).append(row)
            closes.setdefault(high + 1, []).append(row)
    return opens, closes


def ordered(columns: Sequence[Column], rows: Rows) -> list[Column]:
    """The columns, those first that share out the rows best: the fewest rows in several parts, then the fewest parts.

    A sample of the rows decides; a bad order costs time and never truth.
    """
    sample = rows[:: max(1, len(rows) // SAMPLE)]
    return sorted(columns, key=lambda column: _spread(column, sample))


def _spread(column: Column, rows: Rows) -> tuple[int, int]:
    opens, closes = _edges(column.cells, rows)
    if not opens:
        return 2 * len(rows) * len(rows) + 1, 0  # says nothing: last
    active = sum(column.cells[row] is None for row in rows)
    edges = sorted(opens.keys() | closes.keys())
    total = 0
    for edge in edges:
        active += len(opens.get(edge, ())) - len(closes.get(edge, ()))
        total += active
    return total, len(edges)
