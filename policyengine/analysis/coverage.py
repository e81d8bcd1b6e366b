"""What the tests of a bundle reached: rows, tiers, both sides of branches, guards and their silence, overrides.

A goal is reached when a decision, or the error that a test expects, really used it: a row of a table that was looked
up but not needed does not count. The reference interpreter is asked, with a look at each choice that it makes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from policyengine.analysis.bundle_tests import Outcome
from policyengine.compiler.pipeline import Compiled
from policyengine.errors import EvaluationError, InvalidInput
from policyengine.language.expression import syntax, walk
from policyengine.language.model import NamedValue
from policyengine.language.parts import Part
from policyengine.language.retries import Retry
from policyengine.language.written import Choice, ListOf, RecordOf, Written
from policyengine.runtime.answers import explain
from policyengine.runtime.failure import COST_EXCEEDED
from policyengine.runtime.given.facts import Reader
from policyengine.runtime.meaning import interpreter
from policyengine.runtime.program import Call, Const, Expr, If, Local, MakeTiers, Node, Program, Read, Row, children
from policyengine.source import Span

KINDS = {
    "row": "rows",
    "tier": "tiers",
    "branch": "branches",
    "entitlement": "entitlements",
    "guard": "guards",
    "override": "overrides",
}
"""The kinds of goals, and what several of a kind are called."""
Key = tuple[Hashable, ...]
"""What stands for a goal among what was reached."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing that a test should reach: `what` says it in a few words, `place` where it is written."""

    kind: str
    what: str
    place: str
    key: Key


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every goal of a bundle, and which of them the tests reached."""

    goals: tuple[Goal, ...]
    reached: frozenset[Key]

    @property
    def missed(self) -> tuple[Goal, ...]:
        return tuple(goal for goal in self.goals if goal.key not in self.reached)

    @property
    def percent(self) -> float:
        """The share of goals that were reached; a bundle without goals is covered."""
        return 100.0 * self.count() / len(self.goals) if self.goals else 100.0

    def count(self, kind: str | None = None) -> int:
        """How many goals, or goals of one kind, were reached."""
        return sum(goal.key in self.reached for goal in self.of(kind))

    def of(self, kind: str | None) -> tuple[Goal, ...]:
        return tuple(goal for goal in self.goals if kind in (None, goal.kind))


def measure(compiled: Compiled, outcomes: Iterable[Outcome]) -> Coverage:
    """What these outcomes reached of everything that there is to reach in the bundle."""
    goals = tuple(_goals(compiled))
    reached: set[Key] = set()
    for outcome in outcomes:
        reached |= _reached(compiled.program, outcome)
    return Coverage(goals, frozenset(reached) & {goal.key for goal in goals})


# ---------------------------------------------------------------------------------------------------- what there is


def _goals(compiled: Compiled) -> Iterator[Goal]:
    program = compiled.program
    yield from _rows(program)
    yield from _tiers(program)
    yield from _branches(compiled)
    yield from _entitlements(compiled)
    for name, guard in compiled.bundle.guards.items():
        place = f"{guard.at.source.name}:{guard.at.line}"
        yield Goal("guard", f"{name} speaks", place, ("condition", name, True))
        yield Goal("guard", f"{name} does not speak", place, ("condition", name, False))
    for index, (override_id, _) in enumerate(program.override_ids):
        yield Goal("override", override_id, program.places.get(f"override {override_id}", ""), ("override", index))


def _entitlements(compiled: Compiled) -> Iterator[Goal]:
    """Both answers of each entitlement; one that carries a value and nothing else only allows."""
    for name, part in compiled.bundle.entitlements.items():
        node = compiled.program.nodes[f"{name}.allowed"]
        if not isinstance(node.expr, Const):
            place = f"{part.at.source.name}:{part.at.line}"
            yield Goal("entitlement", f"{name} allows", place, ("condition", node.name, True))
            yield Goal("entitlement", f"{name} refuses", place, ("condition", node.name, False))


def _rows(program: Program) -> Iterator[Goal]:
    for table in program.tables.values():
        for row, row_id in enumerate(table.ids):
            path = f"{table.name}.{row_id}" if row_id else table.name
            place = program.places.get(path) or program.places.get(table.name)
            if place is not None:  # else the table is one that no author wrote
                yield Goal("row", path, place, ("row", table.name, row))


def _tiers(program: Program) -> Iterator[Goal]:
    for node in program.nodes.values():
        if node.cite == "tiers" and not node.name.endswith(".tiers_before"):
            for number in range(1, _tier_count(program, node) + 1):
                path = f"{node.name}.{number}"
                yield Goal("tier", path, program.places.get(path) or program.places.get(node.name, ""), ("tier", path))


def _tier_count(program: Program, node: Node) -> int:
    """How many tiers a schedule has; none where that differs from row to row, since the rows are goals already."""
    schedule = node.expr.arguments[0] if isinstance(node.expr, Call) else node.expr
    if isinstance(schedule, Read):
        schedule = program.nodes[schedule.node].expr
    match schedule:
        case MakeTiers(rates=rates):
            return len(rates)
        case Const(value=(_, rates, _)):
            return len(rates)
    return 0


def _branches(compiled: Compiled) -> Iterator[Goal]:
    bundle, program = compiled.bundle, compiled.program
    for name, part in {**bundle.values, **bundle.charges, **bundle.proration, **bundle.retries}.items():
        if f"{name}.when" in program.nodes:
            place = program.places.get(f"{name}.when", "")
            yield Goal("branch", f"{name}, when it is there", place, ("condition", f"{name}.when", True))
            yield Goal("branch", f"{name}, when it is absent", place, ("condition", f"{name}.when", False))
        if name in bundle.retries:
            yield from _stops(program, name, bundle.retries[name])
        else:
            yield from _choices(program, name, part)
    for name, decision in bundle.decisions.items():
        yield from _choices(program, name, decision)


def _stops(program: Program, name: str, retry: Retry) -> Iterator[Goal]:
    """`never` and each budget of a retry, where it stops an attempt and where it does not."""
    never = [f"{name}.never"] if retry.never is not None else []
    for node in (*never, *(f"{name}.budgets.{budget.id}" for budget in retry.budgets)):
        place = program.places.get(node, "")
        yield Goal("branch", f"{node} stops an attempt", place, ("condition", node, True))
        yield Goal("branch", f"{node} stops none", place, ("condition", node, False))


def _choices(program: Program, owner: str, part: Any) -> Iterator[Goal]:
    """Both sides of each choice that the author wrote in a part; choices that lowering has made are left out."""
    made = list(_made(program, owner))
    written = list(_written(part))
    if len(made) != len(written):
        return
    for choice, at in zip(made, written, strict=True):
        place = f"{at.source.name}:{at.line}"
        condition = " ".join(at.source.text[at.start : at.end].split())
        yield Goal("branch", f"{owner}, where `{condition}`", place, ("branch", id(choice), True))
        yield Goal("branch", f"{owner}, where not `{condition}`", place, ("branch", id(choice), False))


def _made(program: Program, owner: str) -> Iterator[If]:
    seen: set[int] = set()
    for node in program.nodes.values():
        if node.owner == owner:
            for expr in _in_order(node.expr):
                if isinstance(expr, If) and not _is_absence(expr.otherwise) and id(expr) not in seen:
                    seen.add(id(expr))
                    yield expr


def _is_absence(expr: Expr) -> bool:
    """What lowering puts where something is absent or an element is skipped."""
    return isinstance(expr, Local) or (isinstance(expr, Const) and expr.value is None)


def _in_order(expr: Expr) -> Iterator[Expr]:
    yield expr
    for child in children(expr):
        yield from _in_order(child)


def _written(part: Any) -> Iterator[Span]:
    """The conditions of a part's choices, each before what stands inside it."""
    match part:
        case NamedValue(when=Written() as when, otherwise=otherwise) if otherwise is not None:
            yield when.span
        case Choice(when=when, otherwise=otherwise) if otherwise is not None:
            yield when.span
        case Written():
            for node, _ in walk.walk(part.tree):
                if isinstance(node, syntax.Ternary):
                    yield part.place(node.condition.start, node.condition.end)
    for inner in _inside(part):
        yield from _written(inner)


def _inside(part: Any) -> Iterator[Any]:
    """What stands directly inside a part, a condition before what it chooses from."""
    match part:
        case Choice() | NamedValue():
            yield from (part.when, part.value, part.otherwise)
        case RecordOf(fields=fields):
            yield from (value for _, value in fields.values())
        case ListOf(items=items) | tuple(items):
            yield from items
        case Part():
            yield from (getattr(part, name) for name in type(part).model_fields)
        case dict():
            yield from part.values()


# ------------------------------------------------------------------------------------------------- what was reached


def _reached(program: Program, outcome: Outcome) -> set[Key]:
    test = outcome.test
    if isinstance(outcome.met, InvalidInput):
        return set()
    if isinstance(outcome.met, EvaluationError) and outcome.met.code == COST_EXCEEDED.code:
        return set()  # the evaluation ended as a whole
    entry = program.entries[test.decide]
    facts = Reader(program, entry).check(test.input, outcome.at, test.tenant)
    watch = _Watch(program, facts.held, test.tenant)
    for name in interpreter.needed(program, entry):
        watch.node(name)
    used = explain.demanded(program, entry, watch.trace)
    found: set[Key] = set().union(*(watch.seen.get(name, ()) for name in used))
    found |= {("override", watch.trace.overrides[name]) for name in used if name in watch.trace.overrides}
    found |= {("condition", name, value) for name in used if isinstance(value := watch.trace.values[name], bool)}
    reasons = explain.reasons(program, entry, watch.trace)
    return found | {("tier", reason.path) for reason in reasons if reason.kind == "tier"}


class _Watch(interpreter.Machine):
    """The interpreter, which also notes for each node the rows and the branches that it chose."""

    def __init__(self, program: Program, facts: Sequence[Any], tenant: str | None) -> None:
        super().__init__(program, facts, tenant)
        self.seen: dict[str, set[Key]] = {}

    def value(self, expr: Expr, local: dict[str, Any]) -> Any:
        if isinstance(expr, If):
            chosen = self.value(expr.condition, local)
            if not isinstance(chosen, bool):
                return chosen
            self._note(("branch", id(expr), chosen))
            return self.value(expr.then if chosen else expr.otherwise, local)
        found = super().value(expr, local)
        if isinstance(expr, Row) and isinstance(found, int):
            self._note(("row", expr.table, found))
        return found

    def _note(self, key: Key) -> None:
        self.seen.setdefault(self.current, set()).add(key)
