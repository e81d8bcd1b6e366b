"""One DuckDB query for an entry point of class A: facts in columns, answers out, errors beside the values.

The facts are a relation with a row id and one column for each slot of a fact (see `shapes`); the query gives, for each
row id, the slots of every answer with the code of its failure, and which rows of tables were selected. The query never
says false or 0 for a failure and never computes what may not fit: see `sql_text` for bounds and guards.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from policyengine.batch import duckdb_calls, duckdb_tables, duckdb_tiers
from policyengine.batch.cell_sets import NoSet
from policyengine.batch.duckdb_calls import OPERATIONS, Asked
from policyengine.batch.duckdb_query import Bounds, FactColumn, Query, Relation, Val, constant, error_of
from policyengine.batch.duckdb_tables import TooManyTiers
from policyengine.batch.shapes import NoColumns, flat_tiers, slots
from policyengine.batch.sql_text import (
    BOOLEAN,
    VARCHAR,
    Sql,
    TooWide,
    both,
    choice,
    either,
    expression,
    first_of,
    is_null,
    narrowed,
    null,
    whole,
)
from policyengine.batch.steps import Step, Steps, bare, constant_items, results, steps_of
from policyengine.runtime.program import (
    All,
    Any_,
    Call,
    Column,
    Const,
    Entry,
    Fact,
    Field,
    If,
    MakeList,
    MakeRecord,
    MakeTiers,
    Program,
    Row,
)
from policyengine.values import types
from policyengine.values.types import Type

NEEDS_PYTHON_INTEGERS = "needs more than 128 bits: Python integers"


class Refused(Exception):
    """The entry has no query: which node stands in the way, and why."""

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(f"{node}: {reason}")
        self.node = node
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answered:
    """Where an answer of a node stands among the columns of the result: its slots, then the code of its failure."""

    node: str
    type: Type
    start: int
    slots: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query with all that it reads and gives. Deferred nodes are answered with None, as in generated code."""

    sql: str
    facts: tuple[FactColumn, ...]
    relations: tuple[Relation, ...]
    answers: tuple[Answered | None, ...]
    hits: tuple[Answered, ...]


def compile_entry(
    program: Program,
    entry: Entry,
    bounds: Bounds | None = None,
    missing: Collection[int] = (),
    written_out_max: int = duckdb_tables.WRITTEN_OUT_MAX,
) -> Compiled:
    """The query of an entry point, or `Refused`.

    `bounds` are the minima and maxima of a batch's facts, where they are known; `missing` are the facts that may be
    unavailable; tables with up to `written_out_max` rows are written out as conditions.
    """
    return _Emitter(program, entry, Query(program, bounds or {}, missing, written_out_max)).compiled()


class _Emitter:
    def __init__(self, program: Program, entry: Entry, query: Query) -> None:
        self.program = program
        self.entry = entry
        self.query = query
        self.steps: Steps = steps_of(program, entry)
        self.values: list[Val] = []
        self.columns: list[tuple[str, Sql]] = []

    def compiled(self) -> Compiled:
        roots = {number: name for name, number in reversed(self.steps.of_node.items())}
        for number, step in enumerate(self.steps.steps):
            self.values.append(self._kept(number, step, roots.get(number, "")))
        answers = tuple(self._answer(name) for name in results(self.entry))
        hits = tuple(self._hit(name) for name in self.steps.of_node if self._is_row(name))
        sql = self.query.sql(self.columns)
        return Compiled(sql, tuple(self.query.facts), tuple(self.query.relations.values()), answers, hits)

    # ----------------------------------------------------------------------------------------------------- steps

    def _kept(self, number: int, step: Step, name: str) -> Val:
        """A step's value, stored where it is used again."""
        try:
            value = self._value(number, step)
            narrow = Val(tuple(narrowed(part) for part in value.parts), value.error)
        except TooWide:
            raise Refused(step.node, NEEDS_PYTHON_INTEGERS) from None
        except TooManyTiers:
            raise Refused(step.node, f"has more than {duckdb_tiers.TIERS_MAX} tiers") from None
        except NoSet:
            raise Refused(step.node, "its table tests text patterns") from None
        except NoColumns as fault:
            raise Refused(step.node, str(fault)) from None
        return self.query.short(narrow, name, twice=self.steps.uses[number] > 1)

    def _value(self, number: int, step: Step) -> Val:
        values = [self.values[argument] for argument in step.arguments]
        self._ask_for_columns(step)
        match step.expr:
            case Const():
                return self._constant(step.expr.value, step.type)
            case Fact(index=index):
                return self.query.fact(index)
            case Call():
                return self._call(step, step.expr, values)
            case If():
                return self._if(*values)
            case All():
                return self._logic(values, decides=False)
            case Any_():
                return self._logic(values, decides=True)
            case Field():
                return self._field(step, step.expr, values[0])
            case MakeRecord() | MakeTiers():
                return self._record(step, values)
            case MakeList():
                return Val(())
            case Row() | Column():
                return self._table(step, values)
        raise Refused(step.node, f"a {type(step.expr).__name__.lower()} is run row by row")

    def _ask_for_columns(self, step: Step) -> None:
        """Raise NoColumns for what goes through lists or maps; only `in` looks into lists that are written out."""
        looks_into = isinstance(step.expr, Call) and step.expr.function in ("in_list", "convert")
        for kind in self._kinds(step):
            if not looks_into and not isinstance(bare(kind), types.Tiers) and bare(kind) != types.NEVER:
                slots(kind)

    def _kinds(self, step: Step) -> list[Type]:
        return [self.steps.steps[argument].type for argument in step.arguments]

    def _constant(self, value: object, its_type: Type) -> Val:
        if isinstance(its_type, types.Tiers):
            assert isinstance(value, tuple)
            count = len(value[1])
            if count > duckdb_tiers.TIERS_MAX:
                raise TooManyTiers
            return Val(tuple(whole(part) for part in flat_tiers(value, count)))
        if isinstance(its_type, types.List) or bare(its_type) == types.NEVER:
            return Val(())
        return constant(value, its_type)

    def _call(self, step: Step, call: Call, values: list[Val]) -> Val:
        operation = OPERATIONS.get(call.function)
        if operation is None:
            raise Refused(step.node, f"`{call.function}` is no operation on columns")
        items = self._items(step) if call.function == "in_list" else None
        return operation(Asked(self.query, call, values, self._kinds(step), items))

    def _items(self, step: Step) -> list[tuple[Val, Type]]:
        """The members of a list that is written out."""
        number = step.arguments[1]
        steps = self.steps.steps
        known = constant_items(steps, number)
        if known is not None:
            return [(self.values[item], steps[item].type) for item in known]
        listed = steps[number]
        while isinstance(listed.expr, Call) and listed.expr.function == "convert":
            listed = steps[listed.arguments[0]]
        if not isinstance(listed.expr, Const) or not isinstance(listed.type, types.List):
            raise Refused(step.node, "a list that is not written out")
        return [(constant(value, listed.type.item), listed.type.item) for value in listed.expr.value]

    # -------------------------------------------------------------------------------------------------- branches

    def _if(self, condition: Val, then: Val, otherwise: Val) -> Val:
        """The chosen branch with its own failure; the other one's does not count."""
        chosen = self.query.stored(condition.code)
        count = max(len(then.parts), len(otherwise.parts))
        if len(then.parts) != len(otherwise.parts):
            tiers = (count + 1) // 3
            then = Val(duckdb_tiers.padded(then, tiers), then.error)
            otherwise = Val(duckdb_tiers.padded(otherwise, tiers), otherwise.error)
        parts = tuple(choice([(chosen, a)], b) for a, b in zip(then.parts, otherwise.parts, strict=True))
        branches = [value.error or null(VARCHAR) for value in (then, otherwise)]
        failed = None
        if then.error is not None or otherwise.error is not None:
            failed = choice([(chosen, branches[0])], branches[1])
        return Val(parts, error_of([condition], failed))

    def _logic(self, values: list[Val], decides: bool) -> Val:
        """`&&` and `||`: an operand that decides wins over failures on both of its sides."""
        if all(value.error is None for value in values):
            join = either if decides else both
            return Val((join([value.code for value in values]),))
        values = [self.query.short(value, twice=True) for value in values]
        word = "TRUE" if decides else "FALSE"
        deciding = []
        for value in values:
            own = expression(BOOLEAN, f"({{0}} IS {word})", value.code)
            deciding.append(own if value.error is None else both([own, is_null(value.error)]))
        decided = self.query.stored(either(deciding))
        errors = first_of([value.error for value in values if value.error is not None])
        undecided = expression(BOOLEAN, "(NOT {0})", decided)
        result = decided if decides else undecided
        return Val((result,), choice([(undecided, errors)], None))

    # --------------------------------------------------------------------------------------------------- records

    def _field(self, step: Step, expr: Field, target: Val) -> Val:
        record = self.steps.steps[step.arguments[0]].type
        assert isinstance(record, types.Record)
        start, end = duckdb_calls.field_slots(record, expr.name)
        return Val(target.parts[start:end], target.error)

    def _record(self, step: Step, values: list[Val]) -> Val:
        """A record's or a schedule's slots are those of its items, which are in its own types already."""
        if isinstance(step.expr, MakeTiers):
            return self._schedule(step, step.expr, values)
        assert isinstance(step.type, types.Record)
        parts: list[Sql] = []
        for value, kind, (_, wanted) in zip(values, self._kinds(step), step.type.fields, strict=True):
            parts += duckdb_calls.converted(value, kind, wanted)
        return Val(tuple(parts), error_of(values))

    def _schedule(self, step: Step, expr: MakeTiers, values: list[Val]) -> Val:
        assert isinstance(step.type, types.Tiers)
        bounds, rates = len(expr.bounds), len(expr.rates)
        if rates > duckdb_tiers.TIERS_MAX:
            raise TooManyTiers
        wanted = [step.type.bound] * bounds + [step.type.rate] * rates + [step.type.flat] * len(expr.flats)
        parts = [
            part
            for value, kind, target in zip(values, self._kinds(step), wanted, strict=True)
            for part in duckdb_calls.converted(value, kind, target)
        ]
        return Val(tuple(parts), error_of(values))

    # ---------------------------------------------------------------------------------------------------- tables

    def _table(self, step: Step, values: list[Val]) -> Val:
        expr = step.expr
        assert isinstance(expr, Row | Column)
        table = self.program.tables[expr.table]
        at = values[-1] if expr.at is not None else None
        if isinstance(expr, Column):
            return duckdb_tables.column(self.query, table, expr.column, values[0], at)
        keys = values[:-1] if at is not None else values
        return duckdb_tables.row(self.query, table, keys, self._kinds(step)[: len(keys)], at)

    # --------------------------------------------------------------------------------------------------- results

    def _answer(self, name: str) -> Answered | None:
        if self.program.nodes[name].deferred:
            return None
        return self._shown(name)

    def _hit(self, name: str) -> Answered:
        return self._shown(name)

    def _is_row(self, name: str) -> bool:
        return bare(self.program.nodes[name].type) == types.Simple("row")

    def _shown(self, name: str) -> Answered:
        """The columns of a node's value; every slot of a failed one is NULL."""
        number = self.steps.of_node[name]
        value, its_type = self.values[number], self.steps.steps[number].type
        try:
            slots(its_type)
        except NoColumns as fault:
            raise Refused(name, str(fault)) from None
        start = len(self.columns)
        error = value.error or null(VARCHAR)
        for part in value.parts:
            shown = part if value.error is None else choice([(is_null(error), part)], None)
            self.columns.append((f"{name} {len(self.columns)}", shown))
        self.columns.append((f"{name} failure {len(self.columns)}", error))
        return Answered(name, its_type, start, len(value.parts))
