"""Decision tables and overrides in DuckDB SQL.

A small table is written out as conditions; a large one is a relation. Equality in every column is a join on the keys.
Everything else is a correlated query that counts the rows that fit and takes the one that the hit policy prefers, by a
rank carried with each row, since the order of a join's output means nothing. Evaluating it once per distinct keys is
what the engine makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from policyengine.batch import duckdb_tiers as tiers
from policyengine.batch.cell_sets import CellSet, Ints, Words, cell_set, disjoint
from policyengine.batch.duckdb_query import Query, Val, error_of, literal
from policyengine.batch.shapes import INTEGER, NoColumns, flat, flat_tiers, slots
from policyengine.batch.sql_text import (
    BIGINT,
    BOOLEAN,
    VARCHAR,
    Sql,
    both,
    cast,
    choice,
    compared,
    either,
    expression,
    first_of,
    flag,
    is_null,
    is_there,
    level_of,
    null,
    quoted,
    remainder,
    scaled,
    text,
    whole,
    width,
)
from policyengine.batch.steps import bare
from policyengine.runtime import failure
from policyengine.runtime.program import CellOverride, Program, TableData
from policyengine.values import types
from policyengine.values.types import Number, Type

WRITTEN_OUT_MAX = 12
"""Tables with more rows, and columns with more overrides, are relations."""
COMPARED_MAX = 200
"""In tables with more rows no pair is looked at."""


class TooManyTiers(Exception):
    """A schedule is too long to be written out."""


# ------------------------------------------------------------------------------------------------------------ rows


@dataclass(frozen=True, slots=True)
class Fits:
    """One row of a table: the sets that its cells accept (and the stretch of its dates), and its rank.

    Rows that fit the same keys must be of one `kind`: each is its own, but where any row may answer, those that say
    the same are of one.
    """

    row: int
    sets: tuple[CellSet, ...]
    rank: int
    kind: int


def candidates(table: TableData) -> list[Fits]:
    """The rows in the order in which the hit policy prefers them; the `otherwise` row is not among them."""
    count = len(table.ids) - (table.otherwise == "row")
    kinds = _kinds_of_rows(table, count)
    rows = [Fits(row, _sets(table, row), _rank(table, row), kinds[row]) for row in range(count)]
    return sorted(rows, key=lambda fits: fits.rank)


def _kinds_of_rows(table: TableData, count: int) -> list[int]:
    if table.hit == "unique":
        return list(range(count))
    if table.hit != "any":
        return [0] * count
    known: dict[Any, int] = {}
    answers = [tuple(cells[row] for cells in table.columns.values()) for row in range(count)]
    return [known.setdefault(answer, len(known)) for answer in answers]


def _sets(table: TableData, row: int) -> tuple[CellSet, ...]:
    found = [cell_set(column[row], key) for column, key in zip(table.conditions, table.keys, strict=True)]
    if table.starts:
        end = table.ends[row]
        first, last = table.starts[row], None if end is None else end - 1
        found.append(Ints(((first, last),) if first is None or last is None or first <= last else (), False))
    return tuple(found)


def _rank(table: TableData, row: int) -> int:
    """Smaller is better: the row's place, after how little it says where the most specific row wins."""
    says = sum(column[row] is not None for column in table.conditions) if table.hit == "most_specific" else 0
    return (len(table.conditions) - says) * len(table.ids) + row if table.hit == "most_specific" else row


def row(query: Query, table: TableData, keys: Sequence[Val], kinds: Sequence[Type], at: Val | None) -> Val:
    """The number of the row that the keys (and the instant, in a dated table) select."""
    if any(isinstance(key, types.Optional) for key in table.keys):
        raise NoColumns(f"the table {table.name} looks up what may be absent")
    given = [_as_key(key, kind, wanted) for key, kind, wanted in zip(keys, kinds, table.keys, strict=True)]
    lazy = not table.names and any(key.error is not None for key in keys)
    if lazy:
        given = [_failed_as_null(key) for key in given]
    if table.starts:
        assert at is not None
        given.append(at)
    own = [Val(tuple(query.stored(part) for part in value.parts)) for value in given]
    rows = candidates(table)
    may_be_several = _clash(table, rows)
    if len(rows) <= query.written_out_max:
        chosen, several = _written_out(own, rows), _several(own, rows) if may_be_several else None
    elif _plain(rows):
        chosen, several = _looked_up(query, table, own, rows), None
    else:
        chosen, several = _counted(query, table, own, rows, may_be_several)
    asked = [at] if at is not None else []
    if lazy:
        failed = error_of(keys)
        assert failed is not None
        unasked = query.stored(choice([(either([_may_fit(own, fits) for fits in rows]), failed)], None))
        return _settled(query, table, asked, chosen, several, unasked)
    return _settled(query, table, [*keys, *asked], chosen, several, None)


def _failed_as_null(key: Val) -> Val:
    """A key of a keyed value that may fail: only the cases that do not ask for it may still answer then."""
    if key.error is None:
        return key
    return Val(tuple(choice([(is_null(key.error), part)], None) for part in key.parts), key.error)


def _as_key(value: Val, kind: Type, wanted: Type) -> Val:
    if isinstance(kind, Number) and isinstance(wanted, Number):
        return Val((scaled(value.code, wanted.den // kind.den),), value.error)
    return value


def _clash(table: TableData, rows: Sequence[Fits]) -> bool:
    """Whether rows of two kinds may fit the same keys; where there are many, the compiler's proof is taken for it."""
    if len(rows) > COMPARED_MAX:
        return len({fits.kind for fits in rows}) > 1 and table.otherwise in ("error", "row") and not _plain(rows)
    pairs = ((a, b) for i, a in enumerate(rows) for b in rows[i + 1 :])
    return any(a.kind != b.kind and not disjoint(a.sets, b.sets) for a, b in pairs)


def _settled(
    query: Query, table: TableData, values: Sequence[Val], chosen: Sql, several: Sql | None, unasked: Sql | None
) -> Val:
    """The chosen row with its failures; `unasked` is that of keys which count only where no row answers."""
    chosen = query.stored(chosen)
    clash = failure.ROWS_DISAGREE if table.hit == "any" else failure.SEVERAL_MATCH
    failures = [(several, text(clash.code))] if several is not None else []
    if table.otherwise == "row":
        return Val(
            (choice([(is_there(chosen), chosen)], whole(len(table.ids) - 1)),),
            error_of(values, choice(failures, None) if failures else None),
        )
    missing = [unasked] if unasked is not None else []
    if table.otherwise == "error":
        missing.append(text(failure.NO_MATCH.code))
    if missing:
        failures.append((is_null(chosen), first_of(missing)))
    return Val((chosen,), error_of(values, choice(failures, None) if failures else None))


def accepted(key: Val, cells: CellSet) -> Sql:
    """Whether a key is in a cell's set."""
    if isinstance(cells, Words):
        return _word_accepted(key.code, cells)
    parts = [_inside(key.parts[0], low, high) for low, high in cells.intervals]
    if len(key.parts) == 1:
        return either(parts)
    number = expression(BOOLEAN, "(NOT {0})", key.parts[1])
    return either([*(both([number, part]) for part in parts), *([key.parts[1]] if cells.unlimited else [])])


def _word_accepted(key: Sql, cells: Words) -> Sql:
    if not cells.values:
        return flag(not cells.inside)
    if len(cells.values) == 1:
        return compared(key, "=" if cells.inside else "<>", literal(cells.values[0]))
    listed = ", ".join(literal(value).code for value in cells.values)
    return Sql(f"({key.code} {'IN' if cells.inside else 'NOT IN'} ({listed}))", BOOLEAN, key.level)


def _inside(key: Sql, low: int | None, high: int | None) -> Sql:
    if low is not None and low == high:
        return compared(key, "=", whole(low))
    tests = []
    if low is not None and low > key.lo:
        tests.append(compared(key, ">=", whole(low)))
    if high is not None and high < key.hi:
        tests.append(compared(key, "<=", whole(high)))
    return both(tests) if tests else is_there(key)


def _fits(keys: Sequence[Val], fits: Fits) -> Sql:
    tests = [accepted(key, cells) for key, cells in zip(keys, fits.sets, strict=True) if not cells.everything]
    return both(tests)


def _may_fit(keys: Sequence[Val], fits: Fits) -> Sql:
    """Whether a row fits the keys that are known."""
    told = [(key, cells) for key, cells in zip(keys, fits.sets, strict=True) if not cells.everything]
    return both([either([is_null(key.parts[0]), accepted(key, cells)]) for key, cells in told])


def _written_out(keys: Sequence[Val], rows: Sequence[Fits]) -> Sql:
    if not rows:
        return null(BIGINT)
    return choice([(_fits(keys, fits), whole(fits.row)) for fits in rows], None)


def _several(keys: Sequence[Val], rows: Sequence[Fits]) -> Sql:
    """Whether rows of more than one kind fit: the first of them by kind is not the last."""
    ordered = sorted(rows, key=lambda fits: fits.kind)
    first = choice([(_fits(keys, fits), whole(fits.kind)) for fits in ordered], None)
    last = choice([(_fits(keys, fits), whole(fits.kind)) for fits in reversed(ordered)], None)
    return compared(first, "<>", last)


# ----------------------------------------------------------------------------------------------- rows as relations


def _plain(rows: Sequence[Fits]) -> bool:
    """Whether every cell is one value and no two rows have the same: then the keys find at most one row by a join."""
    seen = set()
    for fits in rows:
        if not fits.sets:
            return False
        for cells in fits.sets:
            if _single(cells) is None:
                return False
        seen.add(tuple(_single(cells) for cells in fits.sets))
    return len(seen) == len(rows)


def _single(cells: CellSet) -> Any:
    """The one value of a set, in a tuple; None where there is not exactly one."""
    if isinstance(cells, Words):
        return (cells.values[0],) if cells.inside and len(cells.values) == 1 else None
    if len(cells.intervals) == 1 and not cells.unlimited and cells.intervals[0][0] is not None:
        low, high = cells.intervals[0]
        return (low,) if low == high else None
    return None


def _looked_up(query: Query, table: TableData, keys: Sequence[Val], rows: Sequence[Fits]) -> Sql:
    kinds = [key.parts[0].kind for key in keys]
    data = [(fits.row, *(_single(cells)[0] for cells in fits.sets)) for fits in rows]
    data = [line for line in data if _within(line[1:], keys)]
    columns = [("$row", BIGINT), *((f"$k{i}", kind) for i, kind in enumerate(kinds))]
    name = query.relation(f"{table.name} keys", columns, data)
    tests = [f"{{j}}.{quoted(f'$k{i}')} = {key.parts[0].code}" for i, key in enumerate(keys)]
    tests += [f"NOT {key.parts[1].code}" for key in keys if len(key.parts) > 1]
    level = level_of(part for key in keys for part in key.parts)
    alias = query.joined(level + 1, name, " AND ".join(tests))
    own = query.at_level(f"{alias}.{quoted('$row')}", level + 1, f"{table.name} row")
    return replace(own, kind=BIGINT, lo=0, hi=len(table.ids))


def _within(values: Sequence[Any], keys: Sequence[Val]) -> bool:
    """Whether keys can have these values at all: a number outside a key's bounds might not fit its column."""
    return all(
        key.parts[0].lo <= value <= key.parts[0].hi
        for value, key in zip(values, keys, strict=True)
        if key.parts[0].kind not in (VARCHAR, BOOLEAN)
    )


def _counted(
    query: Query, table: TableData, keys: Sequence[Val], rows: Sequence[Fits], clash: bool
) -> tuple[Sql, Sql | None]:
    """The best row by a correlated query, and whether there were several."""
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for fits in rows:
        for form, line in _lines(fits, keys):
            groups.setdefault(form, []).append((fits.rank, fits.kind, *line))
    parts = [_group(query, table, keys, form, lines) for form, lines in groups.items()]
    level = level_of(part for key in keys for part in key.parts)
    fitting = " UNION ALL ".join(parts)
    best = f"min({quoted('$rank')})"
    if clash:
        kind = quoted("$kind")
        best = f"CASE WHEN min({kind}) <> max({kind}) THEN -1 ELSE {best} END"
    best = f"(SELECT {best} FROM ({fitting}))"
    most = max(fits.rank for fits in rows)
    found = query.stored(Sql(best, BIGINT, level, -1, most), f"{table.name} rank")
    number = remainder(found, whole(len(table.ids))) if table.hit == "most_specific" else found
    chosen = choice([(compared(found, ">=", whole(0)), replace(number, lo=0, hi=len(table.ids)))], None)
    return chosen, compared(found, "=", whole(-1)) if clash else None


def _lines(fits: Fits, keys: Sequence[Val]) -> list[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """A row as lines of relations: the form of each column's test, and what it is tested against."""
    choices = [_forms(cells, key) for cells, key in zip(fits.sets, keys, strict=True)]
    made = []
    for combination in product(*choices):
        form = tuple(kind for kind, _ in combination)
        made.append((form, tuple(value for _, values in combination for value in values)))
    return made


def _forms(cells: CellSet, key: Val) -> list[tuple[str, tuple[Any, ...]]]:
    """A set as alternatives that exclude one another: `any`, `=`, `<>` (a list of texts), `in` (two ends), `max`."""
    if cells.everything:
        return [("any", ())]
    if isinstance(cells, Words):
        return [("=", (value,)) for value in cells.values] if cells.inside else [("<>", (list(cells.values),))]
    n = key.parts[0]
    found: list[tuple[str, tuple[Any, ...]]] = []
    for low, high in cells.intervals:
        first, last = n.lo if low is None else max(low, n.lo), n.hi if high is None else min(high, n.hi)
        if first == last:
            found.append(("=", (first,)))
        elif first < last:
            found.append(("in", (first, last)))
    if len(key.parts) > 1 and cells.unlimited:
        found.append(("max", ()))
    return found


def _group(
    query: Query, table: TableData, keys: Sequence[Val], form: tuple[str, ...], lines: Sequence[tuple[Any, ...]]
) -> str:
    """The rows that are tested in the same way, as one query for the ranks of those that fit."""
    columns = [("$rank", BIGINT), ("$kind", BIGINT)]
    tests: list[str] = []
    for number, (kind, key) in enumerate(zip(form, keys, strict=True)):
        own, n = quoted(f"$k{number}"), key.parts[0]
        match kind:
            case "=":
                columns.append((f"$k{number}", n.kind))
                tests.append(f"{own} = {n.code}")
            case "<>":
                columns.append((f"$k{number}", f"{n.kind}[]"))
                tests.append(f"{n.code} IS NOT NULL AND NOT list_contains({own}, {n.code})")
            case "in":
                high = quoted(f"$h{number}")
                columns += [(f"$k{number}", n.kind), (f"$h{number}", n.kind)]
                tests += [f"{own} <= {n.code}", f"{n.code} <= {high}"]
            case "max":
                tests.append(key.parts[1].code)
        if kind in ("=", "in") and len(key.parts) > 1:
            tests.append(f"NOT {key.parts[1].code}")
    name = query.relation(f"{table.name} rows", columns, lines)
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return f"SELECT {quoted('$rank')}, {quoted('$kind')} FROM {name}{where}"


# --------------------------------------------------------------------------------------------------------- columns


@dataclass(frozen=True, slots=True)
class _Read:
    """One result column that is read from the row `number`, as of `instant`.

    `tiers` is the length of the longest schedule where the column holds schedules, else 0.
    """

    query: Query
    table: TableData
    name: str
    number: Sql
    instant: Sql
    tiers: int

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the column's slots."""
        return (INTEGER,) * (3 * self.tiers - 1) if self.tiers else slots(self.table.column_types[self.name])

    def slots_of(self, value: Any) -> list[Any]:
        if self.tiers:
            return flat_tiers(value, self.tiers)
        return list(flat(value, self.table.column_types[self.name]))


def column(query: Query, table: TableData, name: str, row_number: Val, at: Val | None) -> Val:
    """A result column of the selected row: the tenant's override in force, or the row's own cell."""
    deltas = _overrides(query.program, table.name, name)
    values = [*table.columns[name], *(delta.cell.value for delta in deltas)]
    tiers_max = _tier_count(values) if isinstance(bare(table.column_types[name]), types.Tiers) else 0
    instant = query.stored(at.code) if at is not None and deltas else null(BIGINT)
    read = _Read(query, table, name, query.stored(row_number.code), instant, tiers_max)
    own = _cells(read)
    error = row_number.error
    if deltas:
        own, concerned = _overridden(read, own, deltas)
        if at is not None and at.error is not None:
            error = error_of([row_number], choice([(concerned, at.error)], None))
    return Val(tuple(own), error)


def _tier_count(schedules: Sequence[Any]) -> int:
    count = max((len(schedule[1]) for schedule in schedules if schedule is not None), default=1)
    if count > tiers.TIERS_MAX:
        raise TooManyTiers
    return count


def _hull(values: Sequence[Any], kind: str) -> tuple[str, int, int]:
    """The type and bounds of a slot over all the values that it can take."""
    if kind in (VARCHAR, BOOLEAN):
        return kind, 0, 0
    there = [v for v in values if v is not None]
    lo, hi = (min(there), max(there)) if there else (0, 0)
    return width(lo, hi), lo, hi


def _cells(read: _Read) -> list[Sql]:
    """The slots of the selected row's cell."""
    cells = [read.slots_of(value) for value in read.table.columns[read.name]]
    columns = [[cell[slot] for cell in cells] for slot in range(len(read.kinds))]
    hulls = [_hull(values, kind) for values, kind in zip(columns, read.kinds, strict=True)]
    if len(cells) <= read.query.written_out_max:
        return [_listed(read.number, values, hull) for values, hull in zip(columns, hulls, strict=True)]
    path = f"{read.table.name}.{read.name}"
    names = [("$row", BIGINT), *((f"$v{slot}", kind) for slot, (kind, _, _) in enumerate(hulls))]
    relation = read.query.shared_relation(path, names, [(i, *cell) for i, cell in enumerate(cells)])
    level = read.number.level + 1
    alias = read.query.joined(level, relation, f"{{j}}.{quoted('$row')} = {read.number.code}")
    out = []
    for slot, (kind, lo, hi) in enumerate(hulls):
        own = read.query.at_level(f"{alias}.{quoted(f'$v{slot}')}", level, f"{path} cell")
        out.append(replace(own, kind=kind, lo=lo, hi=hi))
    return out


def _listed(number: Sql, values: Sequence[Any], hull: tuple[str, int, int]) -> Sql:
    """A slot of few rows, written out; rows with one value are one condition."""
    kind, lo, hi = hull
    groups: dict[Any, list[int]] = {}
    for position, value in enumerate(values):
        if value is not None:
            groups.setdefault((type(value), value), []).append(position)
    cases = []
    for (_, value), rows in groups.items():
        listed = ", ".join(str(row) for row in rows)
        cases.append((expression(BOOLEAN, f"({{0}} IN ({listed}))", number), cast(literal(value), kind)))
    return replace(choice(cases, None), kind=kind, lo=lo, hi=hi) if cases else null(kind)


# ------------------------------------------------------------------------------------------------------- overrides


@dataclass(frozen=True, slots=True)
class Delta:
    """One tenant's value for one cell of a column."""

    tenant: str
    row: int
    cell: CellOverride


def _overrides(program: Program, table: str, column: str) -> list[Delta]:
    return [
        Delta(tenant, row, cell)
        for tenant, by_table in program.tenant_cells.items()
        for (row, name), cells in by_table.get(table, {}).items()
        if name == column
        for cell in cells
    ]


def _overridden(read: _Read, own: list[Sql], deltas: Sequence[Delta]) -> tuple[list[Sql], Sql]:
    """The cell's slots with the overrides applied, and whether the tenant has any for the row."""
    if len(deltas) > read.query.written_out_max:
        return _joined_deltas(read, own, deltas)
    tenant = read.query.tenant()
    concerned = [
        both([compared(tenant, "=", text(delta.tenant)), compared(read.number, "=", whole(delta.row))])
        for delta in deltas
    ]
    in_force = [both([mine, *_stretch(read.instant, d.cell)]) for mine, d in zip(concerned, deltas, strict=True)]
    values = [read.slots_of(delta.cell.value) for delta in deltas]
    out = []
    for slot, cell in enumerate(own):
        cases = [(test, _or_null(value[slot], cell.kind)) for test, value in zip(in_force, values, strict=True)]
        out.append(choice(cases, cell))
    return out, either(concerned)


def _stretch(instant: Sql, cell: CellOverride) -> list[Sql]:
    tests = [] if cell.start is None else [compared(instant, ">=", whole(cell.start))]
    return tests if cell.end is None else [*tests, compared(instant, "<", whole(cell.end))]


def _or_null(value: Any, kind: str) -> Sql:
    return null(kind) if value is None else literal(value)


def _joined_deltas(read: _Read, own: list[Sql], deltas: Sequence[Delta]) -> tuple[list[Sql], Sql]:
    """Overrides as a relation: the stretches of one cell never overlap, so that a join finds at most one."""
    values = [read.slots_of(delta.cell.value) for delta in deltas]
    hulls = [_hull([value[slot] for value in values], kind) for slot, kind in enumerate(read.kinds)]
    relation = _delta_relation(read, deltas, values, [kind for kind, _, _ in hulls])
    tenant = read.query.tenant()
    level = level_of([read.number, read.instant, *own]) + 1
    alias = read.query.joined(level, relation, _delta_condition(tenant, read.number, read.instant))
    found = Sql(f"({alias}.{quoted('$row')} IS NOT NULL)", BOOLEAN, level - 1)
    out = []
    for slot, (cell, (kind, lo, hi)) in enumerate(zip(own, hulls, strict=True)):
        delta = Sql(f"{alias}.{quoted(f'$v{slot}')}", kind, level - 1, lo, hi)
        out.append(read.query.column(choice([(found, delta)], cell)))
    mine = f"x.{quoted('$tenant')} = {tenant.code} AND x.{quoted('$row')} = {read.number.code}"
    return out, Sql(f"(EXISTS (SELECT 1 FROM {relation} AS x WHERE {mine}))", BOOLEAN, read.number.level)


def _delta_relation(read: _Read, deltas: Sequence[Delta], values: Sequence[list[Any]], kinds: Sequence[str]) -> str:
    ends = _hull([end for delta in deltas for end in (delta.cell.start, delta.cell.end)], INTEGER)[0]
    columns = [("$tenant", VARCHAR), ("$row", BIGINT), ("$start", ends), ("$end", ends)]
    columns += [(f"$v{slot}", kind) for slot, kind in enumerate(kinds)]
    lines = [(d.tenant, d.row, d.cell.start, d.cell.end, *value) for d, value in zip(deltas, values, strict=True)]
    return read.query.relation(f"{read.table.name}.{read.name} overrides", columns, lines)


def _delta_condition(tenant: Sql, number: Sql, instant: Sql) -> str:
    """The tenant's override of the row that is in force; `{j}` is the relation."""
    row_, start, end = (f"{{j}}.{quoted(name)}" for name in ("$row", "$start", "$end"))
    mine = f"{{j}}.{quoted('$tenant')} = {tenant.code} AND {row_} = {number.code}"
    begun = f"({start} IS NULL OR {start} <= {instant.code})"
    return f"{mine} AND {begun} AND ({end} IS NULL OR {instant.code} < {end})"
