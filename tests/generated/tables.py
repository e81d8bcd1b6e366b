"""Random decision tables whose rows fit their hit policy: each column is cut into atoms, and rows are made of those."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from generated.expressions import Expressions, Name
from generated.writing import Instant
from oracle.bundle import Cell, Column, Row, Table
from oracle.sections import accepts, midnight
from oracle.tree import BOOL, INT, STRING, Kind, Tree

if TYPE_CHECKING:
    from generated.strategies import Maker

TEXTS = ("alpha", "beta", "alphabet", "Gamma", "gamma ray", "zeta-9")
ALL = Cell("all")


@dataclass(frozen=True, slots=True)
class Axis:
    """One condition column: its key, a sample of each atom, and the cell for a set of atoms."""

    name: str
    key: Tree | Kind
    needs: tuple[str, ...]
    samples: tuple[Any, ...]
    cell: Callable[[tuple[int, ...]], Cell]


class TableMaker:
    def __init__(self, random: Random, expressions: Expressions, maker: Maker) -> None:
        self.random = random
        self.expressions = expressions
        self.maker = maker

    def table(self) -> Table | None:
        random = self.random
        axes = self._axes()
        if not axes:
            return None
        hit = random.choice(("unique", "unique", "first", "most_specific"))
        columns = self._columns()
        rows = self._split(axes, {}) if hit == "unique" else self._overlapping(axes, hit)
        if len(rows) > 40 or not rows:
            return None
        table = Table(hit, {axis.name: axis.key for axis in axes}, columns, [])
        for position, cells in enumerate(rows):
            table.rows.append(Row(f"r{position}", cells, self._results(columns)))
        is_complete = self._is_complete(axes, rows)
        if len(table.rows) > 1 and random.random() < 0.4 and hit == "unique":
            table.rows.pop(random.randrange(len(table.rows)))
            is_complete = False
        if not is_complete or (hit != "unique" and random.random() < 0.2):
            whole = self._results(columns)
            is_empty = all(value is None for value in whole.values())
            table.otherwise = "error" if is_empty or random.random() < 0.5 else whole
        if is_complete:
            table.otherwise = None
        if table.otherwise == "error" and random.random() < 0.3:
            self._date(table)
        table.overridable = random.random() < 0.5
        table.needs = tuple(sorted({need for axis in axes for need in axis.needs}))
        return table

    # ---------------------------------------------------------------------------------------------------- columns

    def _columns(self) -> dict[str, Column]:
        money, rate = self.maker.money, self.maker.rate
        kinds = [
            (Kind("decimal", money), 1),
            (Kind("decimal", rate), self.random.choice((1, 1_000, 1_000_000))),
            (INT, 1),
            (Kind("int", self.maker.token), 1),
            (Kind("decimal"), 1),
            (BOOL, 1),
            (STRING, 1),
        ]
        chosen = self.random.sample(kinds, self.random.randint(1, 3))
        return {
            f"out{position}": Column(kind, per, self.random.random() < 0.15)
            for position, (kind, per) in enumerate(chosen)
        }

    def _results(self, columns: dict[str, Column]) -> dict[str, Any]:
        made = {}
        for name, column in columns.items():
            made[name] = None if column.optional and self.random.random() < 0.4 else self._result(column.kind)
        return made

    def _result(self, kind: Kind) -> Any:
        random = self.random
        match kind.word:
            case "bool":
                return random.random() < 0.5
            case "string":
                return random.choice(TEXTS)
            case "int":
                return random.randint(0, 900) if kind.unit else random.randint(-30, 30)
        value = Fraction(random.randint(-5_000, 9_999), 10 ** random.choice((1, 2, 4)))
        return abs(value) if "token" in dict(kind.unit) else value

    # ----------------------------------------------------------------------------------------------- conditions

    def _axes(self) -> list[Axis]:
        makers = {"enum": self._enum, "bool": self._bool, "string": self._string, "timestamp": self._time}
        with self.expressions.present(set(self.expressions.optionals) if self.random.random() < 0.3 else set()):
            known = [n for n in self.expressions.readable() if n.declared is not None or n.path == "at"]
        fitting = [n for n in known if n.kind.word in makers or self._has_range(n)]
        self.random.shuffle(fitting)
        axes: list[Axis] = []
        is_called = self.random.random() < 0.2
        for one in fitting[: self.random.choice((1, 2, 2, 3))]:
            make = makers.get(one.kind.word, self._number)
            samples, cell = make(one)
            is_typed = is_called and one.kind.word in ("enum", "bool", "string")
            key: Tree | Kind = one.kind if is_typed else one.tree
            needs = () if is_typed else one.needs
            axes.append(Axis(f"k{len(axes)}", key, needs, samples, cell))
        return axes

    def _has_range(self, one: Name) -> bool:
        fact = one.declared
        return one.kind.is_number and fact is not None and fact.low is not None and fact.high is not None

    def _enum(self, one: Name) -> tuple[tuple[Any, ...], Callable[..., Cell]]:
        return one.kind.members, self._listed(one.kind.members, has_rest=False)

    def _bool(self, one: Name) -> tuple[tuple[Any, ...], Callable[..., Cell]]:
        return (True, False), self._listed((True, False), has_rest=False)

    def _string(self, one: Name) -> tuple[tuple[Any, ...], Callable[..., Cell]]:
        words = tuple(self.random.sample(TEXTS, 3))
        return (*words, "something else"), self._listed(words, has_rest=True)

    def _listed(self, words: tuple[Any, ...], *, has_rest: bool) -> Callable[..., Cell]:
        """Cells of single values; the last atom is everything else, where the values do not cover the key."""

        def cell(atoms: tuple[int, ...]) -> Cell:
            chosen = [words[i] for i in atoms if i < len(words)]
            if has_rest and len(words) in atoms:
                left_out = [word for word in words if word not in chosen]
                return Cell("not", _one_of(left_out)) if left_out else ALL
            if not has_rest and len(chosen) == len(words):
                return ALL
            if not has_rest and len(words) - len(chosen) == 1 and len(words) > 2 and self.random.random() < 0.5:
                return Cell("not", _one_of([word for word in words if word not in chosen]))
            return _one_of(chosen)

        return cell

    def _number(self, one: Name) -> tuple[tuple[Any, ...], Callable[..., Cell]]:
        fact = one.declared
        assert fact is not None
        assert fact.low is not None
        assert fact.high is not None
        step = Fraction(1, 10 ** (fact.places or 0)) if not one.kind.is_whole else Fraction(1)
        span = int((fact.high - fact.low) / step)
        cuts = sorted(self.random.sample(range(2, max(span - 1, 4)), min(3, max(1, span - 4))))
        bounds = [fact.low + cut * step for cut in dict.fromkeys(cuts) if cut % 2 == 0] or [fact.low + 2 * step]
        return self._ranges(bounds, step)

    def _time(self, one: Name) -> tuple[tuple[Any, ...], Callable[..., Cell]]:
        dates = sorted(self.random.sample(("2026-03-29", "2026-07-01", "2027-01-01", "2028-02-29"), 2))
        return self._ranges([Instant(midnight(each, self.maker.made.timezone)) for each in dates], 1)

    def _ranges(self, bounds: list[Any], step: Any) -> tuple[tuple[Any, ...], Callable[..., Cell]]:
        """Intervals between bounds; each bound itself belongs to one of its two sides."""
        to_left = [self.random.random() < 0.5 for _ in bounds]
        samples = [bounds[0] - step * 1]
        samples += [b + step if left else b for b, left in zip(bounds, to_left, strict=True)]
        self.expressions.edges += [int(b) for b in bounds if not isinstance(b, Instant) and b == int(b)]

        def interval(first: int, last: int) -> Cell:
            low = bounds[first - 1] if first else None
            high = bounds[last] if last < len(bounds) else None
            low_in = bool(first) and not to_left[first - 1]
            return Cell("range", None, low, low_in, high, last < len(bounds) and to_left[last])

        def cell(atoms: tuple[int, ...]) -> Cell:
            if len(atoms) == len(bounds) + 1:
                return ALL
            runs: list[list[int]] = []
            for atom in sorted(atoms):
                if runs and runs[-1][1] == atom - 1:
                    runs[-1][1] = atom
                else:
                    runs.append([atom, atom])
            cells = [interval(first, last) for first, last in runs]
            return cells[0] if len(cells) == 1 else Cell("any", cells)

        return tuple(samples), cell

    # ----------------------------------------------------------------------------------------------------- rows

    def _split(self, axes: list[Axis], cells: dict[str, Cell]) -> list[dict[str, Cell]]:
        """Rows that cover everything once: the space is cut again and again."""
        if not axes or (cells and self.random.random() < 0.15):
            return [dict(cells)]
        first, *rest = axes
        order = list(range(len(first.samples)))
        self.random.shuffle(order)
        groups: list[list[int]] = [[] for _ in range(self.random.randint(1, min(3, len(order))))]
        for position, atom in enumerate(order):
            groups[position if position < len(groups) else self.random.randrange(len(groups))].append(atom)
        rows = []
        for group in groups:
            rows += self._split(rest, {**cells, first.name: first.cell(tuple(sorted(group)))})
        return rows

    def _overlapping(self, axes: list[Axis], hit: str) -> list[dict[str, Cell]]:
        """Rows in an order (`first`) or of a single winner (`most_specific`), none of them behind others."""
        rows: list[dict[str, Cell]] = []
        for _ in range(self.random.randint(2, 7)):
            cells = {}
            for axis in axes:
                if self.random.random() < 0.6:
                    size = self.random.randint(1, max(1, len(axis.samples) - 1))
                    cells[axis.name] = axis.cell(tuple(sorted(self.random.sample(range(len(axis.samples)), size))))
                else:
                    cells[axis.name] = ALL
            grown = [*rows, cells]
            if self._fits(axes, grown, hit):
                rows = grown
        return rows

    def _fits(self, axes: list[Axis], rows: list[dict[str, Cell]], hit: str) -> bool:
        winners = set()
        for point in product(*(axis.samples for axis in axes)):
            hits = [i for i, cells in enumerate(rows) if _holds(axes, cells, point)]
            if not hits:
                continue
            if hit == "most_specific":
                ranks = [sum(cell.form != "all" for cell in rows[i].values()) for i in hits]
                if ranks.count(max(ranks)) > 1:
                    return False
                winners.add(hits[ranks.index(max(ranks))])
            else:
                winners.add(hits[0])
        return len(winners) == len(rows)

    def _is_complete(self, axes: list[Axis], rows: list[dict[str, Cell]]) -> bool:
        points = product(*(axis.samples for axis in axes))
        return all(any(_holds(axes, cells, point) for cells in rows) for point in points)

    def _date(self, table: Table) -> None:
        """Each row gets a stretch of time of its own; outside of it the combination is missing."""
        table.is_dated = True
        for row in table.rows:
            dates = [midnight(each, self.maker.made.timezone) for each in ("2026-03-29", "2027-01-01", "2028-02-29")]
            row.start = self.random.choice(dates[:2])
            row.end = self.random.choice((None, dates[2]))


def _holds(axes: list[Axis], cells: dict[str, Cell], point: tuple[Any, ...]) -> bool:
    return all(accepts(cells.get(axis.name), key) for axis, key in zip(axes, point, strict=True))


def _one_of(values: list[Any]) -> Cell:
    return Cell("is", values[0]) if len(values) == 1 else Cell("any", [Cell("is", value) for value in values])
