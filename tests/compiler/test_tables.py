"""The table analysis against the meaning of a table: `select`, tried on every input of a small domain."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.compiler.tables import Findings, analyse
from policyengine.runtime.exact import exact
from policyengine.runtime.failure import NO_MATCH, SEVERAL_MATCH
from policyengine.runtime.program import TableData
from policyengine.runtime.tables import cells
from policyengine.runtime.tables.selection import select
from policyengine.values import types
from policyengine.values.instant import TIMESTAMP_MAX, TIMESTAMP_MIN, Timestamp

MODEL = types.Enum("Model", ("mini", "pro", "embed"))
DECIMAL = types.decimal()
INSTANTS = (TIMESTAMP_MIN, 0, 1, 2, 3, TIMESTAMP_MAX)


def table(hit, keys, *rows, otherwise="", dates=(), results=None):
    """A table from rows of cells; its result column counts the rows unless `results` says otherwise."""
    columns = tuple(zip(*rows, strict=True)) if keys else ()
    count = len(rows) or len(dates)
    starts, ends = zip(*dates, strict=True) if dates else ((), ())
    values = {"value": tuple(results or range(count))}
    ids = tuple(f"row {n}" for n in range(count))
    return TableData(
        "price", hit, tuple(keys), columns or ((),) * len(keys), values, {"value": types.integer()},
        ids, starts, ends, otherwise=otherwise,
    )  # fmt: skip


def closed(low, high, den=1):
    return ("range", low * den, True, high * den, True)


def half_open(low, high, den=1):
    return ("range", low * den, True, high * den, False)


def below(high, den=1):
    return ("range", None, False, high * den, False)


def above(low, den=1):
    return ("range", low * den, False, None, False)


def at_least(low, den=1):
    return ("range", low * den, True, None, False)


def chosen(data: TableData, keys: tuple[Any, ...], at: int | None) -> Any:
    """What `select` answers for held keys."""
    return select(data, tuple(exact(k, t) for k, t in zip(keys, data.keys, strict=True)), at)


# ------------------------------------------------------------------------------------------------------ by hand


def test_a_complete_table_is_proved():
    """Each member once: nothing to find."""
    findings = analyse(table("unique", [MODEL], ["mini"], ["pro"], ["embed"]))

    assert Findings("proved", missing=0) == findings


def test_a_missing_member_is_a_gap():
    """The witness is a key for which no row answers."""
    data = table("unique", [MODEL, types.BOOL], ["mini", None], ["pro", None], ["embed", True])
    (gap,) = analyse(data).gaps

    assert ("embed", False) == gap.keys
    assert NO_MATCH == chosen(data, gap.keys, None)
    assert "model embed, cached false" == gap.example(["model", "cached"])


def lending():
    """DMN's lending table, `Pre-bureauRiskCategoryTable` of its compatibility kit."""
    den = DECIMAL.den
    new = [below(100, den), half_open(100, 120, den), half_open(120, 130, den), above(130, den)]
    known = [below(80, den), half_open(80, 90, den), closed(90, 110, den), above(110, den)]
    return table("unique", [types.BOOL, DECIMAL], *([False, c] for c in new), *([True, c] for c in known))


def test_the_gap_in_the_lending_table_of_dmn():
    """`[120..130)` beside `> 130` leaves out 130 itself, and only for new customers."""
    findings = analyse(lending())
    (gap,) = findings.gaps

    assert (False, 130 * DECIMAL.den) == gap.keys
    assert "existing false, score 130" == gap.area(["existing", "score"])
    assert 1 == findings.gap_count
    assert () == findings.overlaps


def test_whole_numbers_leave_no_gap_between_10_and_11():
    """`[0..10]` and `[11..20]` are complete for an int."""
    findings = analyse(table("unique", [types.integer(0, 20)], [closed(0, 10)], [closed(11, 20)]))

    assert "proved" == findings.status


def test_decimals_leave_a_gap_between_10_and_11():
    """The same bounds over two places leave out 10.01 to 10.99."""
    key = types.Number(False, (), 100, 0, 2000)
    findings = analyse(table("unique", [key], [closed(0, 10, 100)], [closed(11, 20, 100)]))
    (gap,) = findings.gaps

    assert "amount (10..11)" == gap.area(["amount"])
    assert 1000 < gap.keys[0] < 1100


def test_keys_may_be_coarser_than_cells():
    """A cell of three places makes the column finer, but a key with two places is never 0.125."""
    key = types.Number(False, (), 1000, 0, 1000)
    declared = types.Number(False, (), 100, 0, 100)
    data = table("unique", [key], [below(125)], [above(125)])

    assert (125,) == analyse(data).gaps[0].keys
    assert "proved" == analyse(data, declared=[declared]).status


def test_witnesses_of_coarser_keys_are_keys():
    """What is shown over the keys' own places is held over the cells'."""
    key = types.Number(False, (), 1000, 0, 1000)
    declared = types.Number(False, (), 100, 0, 100)
    (gap,) = analyse(table("unique", [key], [below(125)], [above(145)]), declared=[declared]).gaps

    assert 130 == gap.keys[0]
    assert "x 0.13" == gap.example(["x"])


def test_overlapping_ranges_are_found():
    """Both bounds are inclusive: 10 belongs to two rows."""
    data = table("unique", [types.integer(0, 20)], [closed(0, 10)], [closed(10, 20)])
    ((first, second, witness),) = analyse(data).overlaps

    assert (0, 1) == (first, second)
    assert (10,) == witness.keys
    assert SEVERAL_MATCH == chosen(data, witness.keys, None)


def test_a_date_without_a_price_is_a_gap():
    """Time is one more axis, half-open: the day between two rows is missing, and so is all before the first."""
    day = 86_400 * 10**9
    data = table("unique", [MODEL], [None], [None], dates=[(0, 10 * day), (11 * day, None)])
    (gap,) = analyse(data).gaps

    assert "at < 1970-01-01T00:00:00Z, [1970-01-11T00:00:00Z..1970-01-12T00:00:00Z)" == gap.area(["model"])
    assert NO_MATCH == chosen(data, gap.keys, gap.at)


def test_dated_rows_that_meet_neither_overlap_nor_leave_a_gap():
    """The end of one row is the start of the next."""
    data = table("unique", [MODEL], [None], [None], dates=[(None, 10), (10, None)])

    assert "proved" == analyse(data).status


def test_a_table_without_conditions_can_be_dated():
    """A dated value is a table whose only axis is time."""
    ((first, second, witness),) = analyse(table("unique", [], dates=[(None, 10), (5, None)])).overlaps

    assert ((0, 1), ()) == ((first, second), witness.keys)
    assert witness.at in range(5, 10)


def test_a_covered_row_is_masked():
    """Two rows together cover the third, though neither does alone."""
    key = types.integer(0, 20)
    data = table("first", [key], [closed(0, 10)], [closed(8, 20)], [closed(5, 15)])

    assert (2,) == analyse(data).masked


def test_a_row_that_nothing_fits_is_told_apart_from_a_masked_one():
    """A range outside the key's own range is nobody's fault but the row's."""
    data = table("first", [types.integer(0, 20)], [None], [at_least(21)])

    assert ((), (1,)) == (analyse(data).masked, analyse(data).unsatisfiable)


def test_rows_of_another_time_are_no_fault():
    """Asked about from 10 on, an older row is history; one that ends before it starts is a mistake."""
    data = table("unique", [MODEL], [None], [None], [None], dates=[(None, 5), (5, None), (20, 15)])
    findings = analyse(data, during=(10, None))

    assert ((), (), (), (2,)) == (findings.gaps, findings.overlaps, findings.masked, findings.unsatisfiable)


def test_nothing_is_missing_outside_the_time_asked_about():
    """A first price need not reach back to the beginning of time."""
    data = table("unique", [MODEL], [None], dates=[(10, None)])

    assert "proved" == analyse(data, during=(10, None)).status
    assert 9 == analyse(data, during=(9, None)).gaps[0].at


def test_two_equally_specific_rows_are_a_tie():
    """One says the model, one says the region: for both at once there is no winner."""
    data = table("most_specific", [MODEL, types.BOOL], ["mini", None], [None, True], [None, None])
    findings = analyse(data)

    assert [(0, 1)] == [(a, b) for a, b, _ in findings.overlaps]
    assert ("mini", True) == findings.overlaps[0][2].keys
    assert () == findings.masked


def test_a_fallback_that_is_always_beaten_is_masked():
    """The members' own rows leave the general one nothing."""
    data = table("most_specific", [MODEL], ["mini"], ["pro"], ["embed"], [None])

    assert (3,) == analyse(data).masked


def test_an_otherwise_row_that_is_never_reached_is_masked():
    """Every member has a row, so the last one never answers."""
    data = table("unique", [MODEL], ["mini"], ["pro"], ["embed"], [None], otherwise="row")

    assert (3,) == analyse(data).masked


def test_an_otherwise_row_fills_gaps():
    """A gap is no finding where the last row answers."""
    data = table("unique", [MODEL], ["mini"], [None], otherwise="row")

    assert Findings("proved", gap_count=1, missing=2) == analyse(data)


def test_missing_combinations_are_counted():
    """Where a missing combination is the caller's error, their number is told."""
    keys = [MODEL, types.BOOL, types.integer(1, 10)]
    data = table("unique", keys, ["mini", True, closed(1, 4)], ["pro", None, None], otherwise="error")
    findings = analyse(data)

    assert ("proved", 60 - 4 - 20) == (findings.status, findings.missing)


def test_any_lets_rows_agree():
    """Two rows may apply together if their results are the same."""
    data = table("any", [types.integer(0, 9)], [closed(0, 6)], [closed(4, 9)], results=[1, 1])

    assert "proved" == analyse(data).status


def test_any_finds_rows_that_disagree():
    """The witness is a key for which the result would depend on the order of rows."""
    data = table("any", [types.integer(0, 9)], [closed(0, 6)], [closed(4, 9)], results=[1, 2])

    assert [(0, 1)] == [(a, b) for a, b, _ in analyse(data).overlaps]


@pytest.mark.parametrize("hit", ["collect", "sum", "min", "max", "count"])
def test_collecting_tables_have_nothing_to_find(hit):
    """Any number of rows may apply, none too."""
    assert Findings("proved") == analyse(table(hit, [MODEL], ["mini"], ["mini"]))


def test_texts_never_run_out():
    """A column of text without a wildcard has a gap: any text that no cell names."""
    (gap,) = analyse(table("unique", [types.STRING], ["other"], ["b"])).gaps

    assert "code other2" == gap.example(["code"])
    assert "code any other text" == gap.area(["code"])


def test_unlimited_is_above_every_number():
    """A limit has one value more than its numbers."""
    key = types.Limit(types.integer(0, 100))

    assert ("unlimited",) == analyse(table("unique", [key], [closed(0, 100)])).gaps[0].keys
    assert "proved" == analyse(table("unique", [key], [closed(0, 9)], [at_least(10)])).status
    assert "proved" == analyse(table("unique", [key], [below(10)], [closed(10, 100)], ["unlimited"])).status


def test_an_optional_key_may_be_absent():
    """What is absent is in no range and equals nothing."""
    key = types.Optional(types.integer(0, 9))
    data = table("unique", [key], [closed(0, 9)])

    assert (None,) == analyse(data).gaps[0].keys
    assert "n absent" == analyse(data).gaps[0].area(["n"])


def test_text_patterns_are_decided_together():
    """`gpt-` and `-mini` overlap in a text that no cell writes."""
    data = table("unique", [types.STRING], [("starts", "gpt-")], [("ends", "-mini")], otherwise="error")
    ((_, _, witness),) = analyse(data).overlaps

    assert SEVERAL_MATCH == chosen(data, witness.keys, None)


def test_patterns_and_their_negation_are_complete():
    """What does not contain it and what does are all texts."""
    data = table("unique", [types.STRING], [("contains", "beta")], [("not", ("contains", "beta"))])

    assert "proved" == analyse(data).status


def test_a_plain_expression_is_a_plain_pattern():
    """`^gpt-` is a start; its rows and those of `starts` are compared exactly."""
    data = table("unique", [types.STRING], [("matches", "^gpt-4")], [("starts", "gpt-")], otherwise="error")

    assert [(0, 1)] == [(a, b) for a, b, _ in analyse(data).overlaps]


def test_other_expressions_are_not_analysed():
    """No guess about what a regular expression accepts."""
    findings = analyse(table("unique", [types.STRING], [("matches", "^gpt-[0-9]+$")], otherwise="error"))

    assert Findings("not_analysed", "the pattern `^gpt-[0-9]+$` is not plain") == findings


def test_expressions_over_an_enum_are_tried_on_its_members():
    """An enum is finite: no pattern is too hard for it."""
    data = table("unique", [MODEL], [("matches", "^(mini|pro)$")], [("not", ("matches", "i$|o$"))])

    assert "proved" == analyse(data).status


def test_types_that_are_no_line_are_not_analysed():
    """A value of any type has no known domain."""
    findings = analyse(table("unique", [types.ANY], ["mini"]))

    assert Findings("not_analysed", "a condition column of type any") == findings


def test_the_cap_is_told():
    """Too many regions are no proof, and the reason says how many are too many."""
    ranges = [[closed(n, n + 30), closed(2 * n, 60 + n), closed(31 - n, 90)] for n in range(30)]
    findings = analyse(table("first", [types.integer(0, 100)] * 3, *ranges, otherwise="error"), regions_max=100)

    assert Findings("not_analysed", "the table has more than 220 regions", gap_count=findings.gap_count) == findings


def test_what_is_found_before_the_cap_stands():
    """An overlap is an overlap, however much was not looked at."""
    ranges = [[closed(n, n + 30), closed(2 * n, 60 + n), closed(31 - n, 90)] for n in range(30)]
    findings = analyse(table("unique", [types.integer(0, 100)] * 3, *ranges, otherwise="error"), regions_max=100)

    assert ("found", "the table has more than 220 regions") == (findings.status, findings.reason)
    assert findings.overlaps


def test_a_large_table_of_equalities_is_not_refined():
    """Every combination once is known by counting; a missing one is named."""
    keys = [types.Enum("", tuple(f"a{n}" for n in range(50))), types.integer(0, 99)]
    rows = [[f"a{n // 100}", n % 100] for n in range(5000)]

    assert Findings("proved", missing=0) == analyse(table("unique", keys, *rows))
    assert ("a30", 4) == analyse(table("unique", keys, *rows[:3004], *rows[3005:])).gaps[0].keys
    assert 1 == analyse(table("unique", keys, *rows[1:], otherwise="error")).missing


def test_two_equal_keys_among_many_overlap():
    """The same keys twice are found with both rows."""
    rows = [[f"sku-{n}"] for n in range(1000)]
    findings = analyse(table("unique", [types.STRING], *rows, ["sku-77"], otherwise="error"))

    assert [(77, 1000)] == [(a, b) for a, b, _ in findings.overlaps]


# ------------------------------------------------------------------------------------------------- by exhaustion


@dataclass(frozen=True)
class Kind:
    """A key type, cells that may stand in its column, and all of its values (of text, a rich sample)."""

    type: types.Type
    cell: st.SearchStrategy[Any]
    values: tuple[Any, ...]


def ordered_cells(bounds: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    maybe = st.none() | bounds
    return bounds | st.tuples(st.just("range"), maybe, st.booleans(), maybe, st.booleans())


def composed(simple: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A wildcard, a simple cell, any of some, or everything but one of these."""
    several = st.lists(simple, min_size=1, max_size=3).map(lambda inner: ("any", *inner))
    return st.none() | simple | simple | several | (simple | several).map(lambda inner: ("not", inner))


def points(values: tuple[Any, ...], *more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return composed(st.one_of(st.sampled_from(values), *more))


LETTERS = st.text("ab", max_size=2)
PATTERN = st.tuples(st.sampled_from(["starts", "ends", "contains", "matches"]), LETTERS)
TEXTS = ("other", *("".join(t) for size in range(5) for t in product("abx", repeat=size)))
LIMIT = types.Limit(types.integer(0, 5))
LIMITED = (*range(6), "unlimited")
KINDS = [
    Kind(types.integer(0, 6), composed(ordered_cells(st.integers(-1, 7))), tuple(range(7))),
    Kind(types.Number(False, (), 4, -4, 5), composed(ordered_cells(st.integers(-5, 6))), tuple(range(-4, 6))),
    Kind(MODEL, points(MODEL.members, PATTERN, st.just(("matches", "i$|^e"))), MODEL.members),
    Kind(types.BOOL, points((False, True)), (False, True)),
    Kind(LIMIT, points(LIMITED), LIMITED),
    Kind(types.STRING, points(("", "a", "ab", "other"), PATTERN), TEXTS),
]
TEXT = KINDS[-1]
DATE = st.none() | st.integers(0, 4)


@st.composite
def tables(draw: st.DrawFn) -> tuple[TableData, list[Kind]]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3).filter(lambda k: k.count(TEXT) <= 1))
    count = draw(st.integers(1, 6))
    hit = draw(st.sampled_from(["unique", "first", "most_specific", "any"]))
    otherwise = draw(st.sampled_from(["", "", "error", "row"]))
    rows = [[draw(kind.cell) for kind in kinds] for _ in range(count)]
    if otherwise == "row":
        rows[-1] = [None] * len(kinds)
    dates = [(draw(DATE), draw(DATE)) for _ in rows] if draw(st.integers(0, 2)) == 0 else ()
    results = [draw(st.integers(0, 1)) for _ in rows]
    keys = [kind.type for kind in kinds]
    return table(hit, keys, *rows, otherwise=otherwise, dates=dates, results=results), kinds


class Truth:
    """What every input of the domain says about a table."""

    def __init__(self, data: TableData, kinds: list[Kind]) -> None:
        self.data = data
        self.count = len(data.ids) - (data.otherwise == "row")
        self.missing = 0
        self.applying: set[int] = set()
        self.answering: set[int] = set()
        self.pairs: set[tuple[int, int]] = set()
        accepts = [self._accepts(n, kind) for n, kind in enumerate(kinds)]
        for at in INSTANTS if data.starts else (None,):
            rows = {row for row in range(self.count) if at is None or self._in_force(row, at)}
            for masks in product(*accepts):
                self._note(sorted(rows.intersection(*masks)))

    def _accepts(self, column: int, kind: Kind) -> list[frozenset[int]]:
        """The rows that accept each value of a column."""
        held = self.data.conditions[column][: self.count]
        return [frozenset(r for r, cell in enumerate(held) if cells.accepts(cell, value)) for value in kind.values]

    def _in_force(self, row: int, at: int) -> bool:
        start, end = self.data.starts[row], self.data.ends[row]
        return (start is None or start <= at) and (end is None or at < end)

    def _note(self, hits: list[int]) -> None:
        self.missing += not hits
        self.applying.update(hits)
        if self.data.hit == "most_specific" and hits:
            says = {row: sum(c[row] is not None for c in self.data.conditions) for row in hits}
            hits = [row for row in hits if says[row] == max(says.values())]
        self.answering.update(hits[:1] if self.data.hit == "first" else hits)
        if self.data.hit == "first":
            return
        for a, b in combinations(hits, 2):
            results = self.data.columns["value"]
            if self.data.hit != "any" or results[a] != results[b]:
                self.pairs.add((a, b))


def check_witnesses(data: TableData, findings: Findings) -> None:
    """Each witness is real, by `select` alone: of the whole table, or of a table of the two rows."""
    bare = replace(data, otherwise="") if data.otherwise != "row" else data
    for gap in findings.gaps:
        assert NO_MATCH == chosen(bare, gap.keys, gap.at)
    for first, second, witness in findings.overlaps:
        for row in (first, second):
            alone = replace(
                data,
                hit="unique",
                otherwise="",
                conditions=tuple((c[row],) for c in data.conditions),
                ids=(data.ids[row],),
                starts=data.starts[row : row + 1],
                ends=data.ends[row : row + 1],
            )
            assert 0 == chosen(alone, witness.keys, witness.at)
        if data.hit == "unique" and data.otherwise != "row":
            assert SEVERAL_MATCH == chosen(data, witness.keys, witness.at)
        if data.hit == "most_specific":
            assert chosen(data, witness.keys, witness.at) <= first


def check(data: TableData, kinds: list[Kind]) -> Findings:
    """The findings of a table, after holding them to every input of its domain."""
    findings = analyse(data)
    if findings.status == "not_analysed":
        return findings
    truth = Truth(data, kinds)
    check_witnesses(data, findings)
    pairs = {(a, b) for a, b, _ in findings.overlaps}
    silent = set(range(truth.count)) - truth.answering
    told = set(findings.masked) - {truth.count} | set(findings.unsatisfiable)
    if TEXT in kinds:  # a sample of all texts can contradict a proof, and confirm none
        assert bool(truth.pairs) <= bool(pairs)
        assert told <= silent
        assert findings.gap_count or not truth.missing
        return findings
    assert truth.pairs == pairs or (data.hit == "any" and pairs and pairs <= truth.pairs)
    assert bool(truth.missing) == bool(findings.gap_count)
    assert set(findings.unsatisfiable) == set(range(truth.count)) - truth.applying
    assert silent == told
    assert findings.missing in (None, truth.missing)
    if data.otherwise == "row":
        assert bool(truth.missing) == (truth.count not in findings.masked)
    return findings


def prove(examples: int) -> Counter[str]:
    """How many of so many random tables had which status; each was checked."""
    seen: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(made=tables())
    def run(made: tuple[TableData, list[Kind]]) -> None:
        seen[check(*made).status] += 1

    run()
    sys.stdout.write(f"{sum(seen.values())} tables: {dict(seen)}\n")
    return seen


def test_the_analysis_agrees_with_every_input():
    """Proofs hold, witnesses are real, and hardly a small table is not analysed."""
    seen = prove(400)

    assert seen["not_analysed"] < 0.02 * sum(seen.values())
    assert seen["proved"] > 0


@pytest.mark.slow
def test_the_analysis_agrees_with_every_input_of_ten_thousand_tables():
    """The same over 10,000 tables; run with `-s` to see the share that was not analysed."""
    seen = prove(10_000)

    assert seen["not_analysed"] < 0.02 * sum(seen.values())


@settings(max_examples=200, deadline=None)
@given(cell=KINDS[1].cell, value=st.integers(-4, 5))
def test_held_and_exact_keys_select_alike(cell, value):
    """The exhaustive check compares held ints; `select` compares fractions."""
    key = KINDS[1].type
    expected = 0 if cells.accepts(cell, value) else NO_MATCH

    assert Fraction(value, 4) == exact(value, key)
    assert expected == chosen(table("unique", [key], [cell]), (value,), None)


def test_instants_are_read_as_nanoseconds():
    """A column of timestamps is a line like any other."""
    new_year = int(Timestamp.parse("2027-01-01T00:00:00Z"))
    data = table("unique", [types.TIMESTAMP], [below(new_year)], [above(new_year)])
    (gap,) = analyse(data).gaps

    assert (new_year,) == gap.keys
    assert "signed 2027-01-01T00:00:00Z" == gap.example(["signed"])
