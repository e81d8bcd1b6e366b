"""What lowering knows and makes: the scope that grows from section to section, and the nodes and tables so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.literals import Exact, Literals, Unreadable, held, tight
from policyengine.compiler.sources import Sources
from policyengine.compiler.tables import Findings
from policyengine.language.declared import Declared, TypeReader
from policyengine.language.expression import arithmetic, check, syntax
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.hints import for_unit
from policyengine.language.expression.scope import Scope, Variable
from policyengine.language.model import Bundle
from policyengine.language.parts import Round
from policyengine.language.written import Choice, Dated, Keyed, ListOf, Literal, RecordOf, Value, Written, paths
from policyengine.language.yaml import Node as YamlNode
from policyengine.language.yaml import Scalar
from policyengine.runtime.places import RowLines
from policyengine.runtime.program import (
    All,
    Call,
    CellOverride,
    Column,
    Const,
    Expr,
    Fact,
    FactPath,
    Group,
    If,
    MakeList,
    MakeRecord,
    Node,
    Read,
    Row,
    TableData,
    walk,
)
from policyengine.source import Diagnostic, Report, Span
from policyengine.values import types
from policyengine.values.currencies import rail_scale, scale
from policyengine.values.invalid import InvalidValue
from policyengine.values.types import Number, Type, Unit
from policyengine.values.zone_data import zone
from policyengine.values.zones import fixed_zone

PLACES_MAX = 34
ABSENT = Const(types.Optional(types.NEVER), None)


@dataclass(slots=True)
class Leafs:
    """The cells of a keyed and dated value, flattened: key path, dates, value and place of each."""

    keys: list[Expr] = field(default_factory=list)
    rows: list[LeafRow] = field(default_factory=list)


@dataclass(slots=True)
class LeafRow:
    cells: dict[int, Any]
    path: str
    start: int | None
    end: int | None
    node: YamlNode
    value: Exact = None


@dataclass(slots=True)
class Override:
    """One tenant's dated change of one leaf, as authored; `read` gives its exact value in a column."""

    id: str
    tenant: str
    start: int | None
    end: int | None
    row: str
    column: str
    read: Callable[[Declared], Exact]
    at: Span
    index: int


@dataclass(slots=True)
class Context:
    """Mutable state of one lowering; every section's file adds to it."""

    bundle: Bundle
    report: Report
    reader: TypeReader
    literals: Literals
    money: Unit
    sources: Sources
    variables: dict[str, Variable] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    presence: dict[str, Expr] = field(default_factory=dict)
    enums: dict[str, types.Enum] = field(default_factory=dict)
    callables: dict[str, Callable[..., Expr]] = field(default_factory=dict)
    facts: list[FactPath] = field(default_factory=list)
    inputs: Group = field(default_factory=lambda: Group("", ()))
    nodes: dict[str, Node] = field(default_factory=dict)
    tables: dict[str, TableData] = field(default_factory=dict)
    cells: dict[str, dict[str, dict[tuple[int, str], tuple[CellOverride, ...]]]] = field(default_factory=dict)
    overrides: dict[str, list[Override]] = field(default_factory=dict)
    override_ids: list[tuple[str, str]] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    row_places: dict[str, Sequence[Span]] = field(default_factory=dict)
    row_lines: dict[str, RowLines] = field(default_factory=dict)
    """Where the rows of tables are that stand in a file; `places` has all others."""
    charges: dict[str, Any] = field(default_factory=dict)
    equivalents: dict[str, frozenset[str]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    """Field of a part -> the node that answers for it, where that is another one."""
    repeated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The outputs of decisions that repeat another."""
    repeated_guards: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """For such a decision, the node of each guard over all elements, and the guard."""
    repeated_required: dict[str, list[str]] = field(default_factory=dict)
    """And the nodes that say whether an entitlement allows all of them."""
    zones: dict[str, Any] = field(default_factory=dict)
    zone_places: list[tuple[Span, str]] = field(default_factory=list)
    inline: bool = False
    """While the element of an `each` is lowered: nothing becomes a node."""
    on_error: dict[str, tuple[str, str]] = field(default_factory=dict)
    findings: dict[str, Findings] = field(default_factory=dict)
    effective: tuple[int | None, int | None] = (None, None)
    codes: dict[str, str] = field(default_factory=dict)
    """What an entitlement that refuses says, by the node that allows: its code."""
    refusals: dict[str, str] = field(default_factory=dict)
    """And its reason, where it has one."""
    check_reasons: dict[str, str] = field(default_factory=dict)
    lints: list[Diagnostic] = field(default_factory=list)
    poisoned: set[str] = field(default_factory=set)
    """Names whose definition has failed: what reads them is not checked, so that one mistake gives one diagnostic."""

    @property
    def manifest_place(self) -> Span:
        return Span(self.sources.manifest, 0, 0)

    # ------------------------------------------------------------------------------------------------- reports

    def lint(self, diagnostic: Diagnostic) -> None:
        """Something legal that is probably not meant; once, however often a part is lowered."""
        if diagnostic not in self.lints:
            self.lints.append(diagnostic)

    def error(self, diagnostic: Diagnostic) -> None:
        self.report.add(diagnostic)

    def scope(self, present: frozenset[str] = frozenset()) -> Scope:
        units = frozenset(self.reader.units)
        return Scope(
            self.variables,
            self.groups,
            self.presence,
            self.enums,
            units,
            self.reader.money,
            self.callables,
            present,
            currency_places=self.currency_places,
            zone=self.bundle.timezone or "",
            use_zone=self.use_zone,
            equivalents=self.equivalents,
        )

    # --------------------------------------------------------------------------------------------- expressions

    def expression(self, written: Written, scope: Scope, expected: Type | None = None) -> Expr:
        """The typed core of an authored expression; raises Rejected."""
        return check.check(written.tree, scope, written.place, expected)

    def boolean(self, written: Written, scope: Scope) -> Expr:
        expr = self.expression(written, scope)
        if expr.type != types.BOOL:
            raise Rejected(
                expression_say.expected_type("a condition", expr.type, written.span, "compare it, as in `x > 0`")
            )
        return expr

    def in_unit(self, expr: Expr, unit: Unit, value: Value) -> Expr:
        """A bare number read in the unit of its field; 0 has every unit."""
        bare = isinstance(value, Literal) or (isinstance(value, Written) and value.is_literal_number)
        if bare and isinstance(expr, Const) and isinstance(expr.type, Number) and not expr.type.unit:
            money = any(arithmetic.is_currency(name) for name, _ in unit)
            return Const(replace(expr.type, unit=unit, integer=expr.type.integer and not money), expr.value)
        return arithmetic.with_unit(expr, unit)

    def number(self, value: Value, scope: Scope, unit: Unit | None = None, what: str = "this value") -> Expr:
        """A number of a section's field, in a unit where the field has one."""
        expr = self.value(value, scope, unit=unit)
        if unit is not None:
            expr = self.in_unit(expr, unit, value)
        wanted = str(Number(False, unit)) if unit else "a number" if unit is None else "a number without a unit"
        if not isinstance(expr.type, Number | types.Quotient):
            raise Rejected(expression_say.expected_type(wanted, expr.type, value.span))
        if unit is not None and expr.type.unit != unit:
            hint = "leave the unit out: a bare number is read in it" if _has_unit(value) else None
            hint = hint or for_unit(unit, expr.type.unit)
            raise Rejected(expression_say.expected_type(wanted, expr.type, value.span, hint))
        return expr

    # -------------------------------------------------------------------------------------------------- values

    def value(
        self,
        value: Value,
        scope: Scope,
        declared: Declared | None = None,
        name: str = "",
        unit: Unit | None = None,
    ) -> Expr:
        """The typed core of a value of the one grammar; `declared` is the type of its literals, where known, and
        `unit` the one in which bare numbers under a key or a date are read."""
        expected = declared.type if declared else None
        match value:
            case Written():
                return self.expression(value, scope, expected)
            case Literal():
                return self.literal(value.node, declared or self.guessed(value.node))
            case Choice():
                return self._choice(value, scope, declared)
            case Keyed() | Dated():
                return self.keyed(value, scope, declared, name, unit)
            case RecordOf():
                items = {key: self.value(inner, scope) for key, (_, inner) in value.fields.items()}
                for (_, inner), item in zip(value.fields.values(), items.values(), strict=True):
                    self.no_quotient(item, "a record", inner.span)
                record = types.Record("", tuple((key, item.type) for key, item in items.items()))
                return MakeRecord(record, tuple(items.values()))
            case ListOf():
                return self._list(value, scope)

    def no_quotient(self, expr: Expr, where: str, at: Span) -> None:
        if isinstance(expr.type, types.Quotient):
            raise Rejected(expression_say.quotient_escapes(where, at))

    def _list(self, value: ListOf, scope: Scope) -> Expr:
        items = [self.value(item, scope) for item in value.items]
        joint: Type = types.NEVER
        for item, written in zip(items, value.items, strict=True):
            self.no_quotient(item, "a list", written.span)
            both = arithmetic.joined_type(joint, item.type)
            if both is None:
                raise Rejected(expression_say.items_differ(joint, item.type, written.span))
            joint = both
        return MakeList(types.List(joint, len(items)), tuple(arithmetic.coerced(i, joint) for i in items))

    def _choice(self, value: Choice, scope: Scope, declared: Declared | None) -> Expr:
        condition = self.boolean(value.when, scope)
        when_true = scope.knowing(check.known_present(value.when.tree, scope))
        then = self.value(value.value, when_true, declared)
        if value.otherwise is None:
            return arithmetic.choose(condition, then, ABSENT, value.span)
        when_false = scope.knowing(check.known_present(value.when.tree, scope, holds=False))
        otherwise = self.value(value.otherwise, when_false, declared)
        return arithmetic.choose(condition, then, otherwise, value.span)

    def literal(self, node: YamlNode, declared: Declared) -> Expr:
        """A literal of a known type, as a constant."""
        try:
            exact = self.literals.read(node, declared)
        except Unreadable:
            raise Broken from None
        its_type = tight(declared.type, [exact])
        return Const(its_type, held(exact, its_type))

    def guessed(self, node: YamlNode) -> Declared:
        """The type of a literal in a place that declares none."""
        if isinstance(node, Scalar):
            if isinstance(node.value, bool):
                return Declared(types.BOOL)
            if isinstance(node.value, int):
                return Declared(types.integer())
            if isinstance(node.value, str) and node.value != "unlimited":
                return Declared(types.STRING)
            return Declared(types.Limit(types.integer()) if node.value == "unlimited" else types.decimal())
        inner = node.items[0] if hasattr(node, "items") and node.items else None
        item = self.guessed(inner) if inner is not None else Declared(types.STRING)
        return Declared(types.List(item.type, 1000), items=item)

    # ------------------------------------------------------------------------------------- keyed and dated

    def keyed(self, value: Value, scope: Scope, declared: Declared | None, name: str, unit: Unit | None = None) -> Expr:
        """A keyed or dated value as a table of its own with one result column, `value`."""
        table_name = name or f"value@{len(self.tables)}"
        row, column = self.leaf_table(value, scope, declared, table_name, unit)
        return self.column_of(row, table_name, column, scope)

    def leaf_table(
        self, value: Value, scope: Scope, declared: Declared | None, name: str, unit: Unit | None = None
    ) -> tuple[Expr, str]:
        leafs = Leafs()
        self._flatten(value, scope, leafs, {}, "", None, None)
        known = declared or in_unit(self._guessed_of(leafs), unit)
        for row in leafs.rows:
            try:
                row.value = self.literals.read(row.node, known)
            except Unreadable:
                raise Broken from None
        its_type = tight(known.type, [row.value for row in leafs.rows])
        conditions = tuple(tuple(row.cells.get(k) for row in leafs.rows) for k in range(len(leafs.keys)))
        dated = any(row.start is not None or row.end is not None for row in leafs.rows)
        self.tables[name] = TableData(
            name,
            "most_specific",
            tuple(k.type for k in leafs.keys),
            conditions,
            {"value": tuple(held(row.value, its_type) for row in leafs.rows)},
            {"value": its_type},
            tuple(row.path for row in leafs.rows),
            tuple(row.start for row in leafs.rows) if dated else (),
            tuple(row.end for row in leafs.rows) if dated else (),
            otherwise="error" if dated else "never",
        )
        self.row_places[name] = [row.node.span for row in leafs.rows]
        for row in leafs.rows:
            self.places[f"{name}.{row.path}" if row.path else name] = _place(row.node.span)
        at = self.instant(scope, value.span) if dated else None
        return Row(types.Simple("row"), name, tuple(leafs.keys), at), "value"

    def column_of(self, row: Expr, table: str, column: str, scope: Scope) -> Expr:
        """A result column of a row; an overridable one needs the instant that picks the override."""
        data = self.tables[table]
        its_type = data.column_types[column]
        dated_cells = any(key[1] == column for by in self.cells.values() for key in by.get(table, {}))
        at = self.variables["at"].expr if dated_cells or (isinstance(row, Row) and row.at is not None) else None
        return Column(its_type, row, table, column, at)

    def instant(self, scope: Scope, at: Span) -> Expr:
        """The instant that picks dated values: `at`, or what `as_of` says."""
        chosen = scope.locals.get("@as_of")
        return chosen.expr if chosen else self.variables["at"].expr

    def _guessed_of(self, leafs: Leafs) -> Declared:
        found = [self.guessed(row.node) for row in leafs.rows]
        kinds = {type(f.type) for f in found}
        if types.Limit in kinds:
            return Declared(types.Limit(types.decimal()))
        whole = all(isinstance(f.type, Number) and f.type.integer for f in found)
        if kinds == {Number}:
            return Declared(types.integer() if whole else types.decimal())
        return found[0]

    def _flatten(
        self,
        value: Value,
        scope: Scope,
        leafs: Leafs,
        cells: dict[int, Any],
        path: str,
        start: int | None,
        end: int | None,
    ) -> None:
        match value:
            case Keyed():
                self._flatten_keyed(value, scope, leafs, cells, path, start, end)
            case Dated():
                self._flatten_dated(value, scope, leafs, cells, path, start, end)
            case Literal(node=node):
                leafs.rows.append(LeafRow(cells, path, start, end, node))
            case Written(scalar=scalar):
                leafs.rows.append(LeafRow(cells, path, start, end, scalar))
            case _:
                message = say.bad_literal("an expression", "a literal under a key or a date", value.span)
                raise Rejected(message)

    def _flatten_keyed(
        self,
        value: Keyed,
        scope: Scope,
        leafs: Leafs,
        cells: dict[int, Any],
        path: str,
        start: int | None,
        end: int | None,
    ) -> None:
        key = self.expression(value.key, scope)
        if key not in leafs.keys:
            leafs.keys.append(key)
        number = leafs.keys.index(key)
        if number in cells:
            raise Rejected(say.key_inside_itself(value.key.scalar.text.strip(), value.key.span))
        if (cells or start is not None or end is not None) and self.may_fail(key):
            raise Rejected(say.key_may_fail(value.key.scalar.text.strip(), value.key.span))
        members = _members(key.type)
        if members is None and not (types.is_text(key.type) or _is_int(key.type)):
            raise Rejected(say.key_not_an_enum(key.type, value.key.span))
        for member, (at, inner) in value.cases.items():
            cell = self._key_cell(member, key.type, at)
            grown = f"{path}.{member}" if path else member
            self._flatten(inner, scope, leafs, {**cells, number: cell}, grown, start, end)
        missing = [m for m in members or () if m not in value.cases]
        if value.otherwise is not None:
            if members is not None and not missing:
                raise Rejected(say.never_chosen(value.otherwise.span))
            grown = f"{path}.otherwise" if path else "otherwise"
            rest = _others(key.type, missing, [self._key_cell(m, key.type, at) for m, (at, _) in value.cases.items()])
            self._flatten(value.otherwise, scope, leafs, {**cells, number: rest}, grown, start, end)
        elif members is None:
            raise Rejected(say.key_without_end(key.type, value.key.span))
        elif missing:
            raise Rejected(say.key_not_covered(missing, value.key.span))

    def _key_cell(self, member: str, its_type: Type, at: Span) -> str | bool | int:
        if isinstance(its_type, types.Enum) and member not in its_type.members:
            raise Rejected(expression_say.not_a_member(member, its_type.members, str(its_type), at))
        if its_type == types.BOOL:
            if member not in ("true", "false"):
                raise Rejected(say.bad_literal(f"`{member}`", "true or false", at))
            return member == "true"
        if isinstance(its_type, Number):
            if not member.lstrip("-").isdigit():
                raise Rejected(say.bad_literal(f"`{member}`", "a whole number", at))
            return int(member)
        return member

    def _flatten_dated(
        self,
        value: Dated,
        scope: Scope,
        leafs: Leafs,
        cells: dict[int, Any],
        path: str,
        start: int | None,
        end: int | None,
    ) -> None:
        starts: list[int] = []
        for text, at, _ in value.steps:
            try:
                starts.append(self.literals.instant(text, at))
            except Unreadable:
                raise Broken from None
            if len(starts) > 1 and starts[-1] <= starts[-2]:
                raise Rejected(say.dates_not_increasing(text, at))
        for i, (text, _, inner) in enumerate(value.steps):
            grown = f"{path}.{text}" if path else text
            since = starts[i] if start is None else max(start, starts[i])
            following = starts[i + 1] if i + 1 < len(starts) else None
            until = following if end is None else end if following is None else min(end, following)
            if until is None or since < until:
                self._flatten(inner, scope, leafs, cells, grown, since, until)

    # --------------------------------------------------------------------------------------------------- nodes

    def add(
        self, name: str, expr: Expr, owner: str, section: str, at: Span, cite: str = "", deferred: bool = False
    ) -> Expr:
        """A new node, and the expression that reads it; inside a loop there are no nodes, only expressions."""
        if self.inline:
            return expr
        assert name not in self.nodes
        self.nodes[name] = Node(name, expr.type, expr, owner, section, cite, deferred)
        self.places.setdefault(name, _place(at))
        return Read(expr.type, name)

    def define(self, name: str, expr: Expr, requires: frozenset[str] = frozenset()) -> None:
        """Make a name readable in expressions that follow."""
        if self.inline:
            return
        self.variables[name] = Variable(expr, requires)

    def rounded(self, expr: Expr, how: Round | None, scope: Scope) -> Expr:
        """A section's `round:`; the places are a number, a parameter, `currency` or `rail`."""
        if how is None:
            return expr
        at = how.places.span
        text = how.places.scalar.text.strip()
        if how.rail is not None and text != "rail":
            raise Rejected(say.rail_without_places(at))
        if text in ("currency", "rail"):
            places = self.currency_places(at, how.rail)
        else:
            places = self.expression(how.places, scope)
        constant = arithmetic.constant_of(places)
        if constant is not None and constant.denominator == 1 and 0 <= constant <= PLACES_MAX:
            return arithmetic.rounded(expr, int(constant), how.mode, at)
        t = places.type
        if constant is not None or not (isinstance(t, Number) and t.integer and 0 <= t.lo and t.hi <= PLACES_MAX):
            raise Rejected(say.places_not_known(at))
        return arithmetic.rounded_by(expr, places, t.hi, how.mode, at)

    def currency_places(self, at: Span, rail: str | None = None) -> Expr:
        """The scale of the bundle's currency, or of the decision's own: that of ISO 4217, or a payment rail's."""
        if not self.money:
            raise Rejected(say.money_without_currency(at))
        assert self.bundle.currency is not None
        code = self.money[0][0]
        if code != "money":
            return arithmetic.number(_places(code, rail))
        key = self.currency_key()
        assert isinstance(key.type, types.Enum)
        places = tuple(self._places_of(member, rail) for member in key.type.members)
        name = f"currency@{rail or 'places'}"
        if name not in self.tables:
            column = types.integer(min(places), max(places))
            members = key.type.members
            kinds: dict[str, Type] = {"value": column}
            self.tables[name] = TableData(
                name, "unique", (key.type,), (members,), {"value": places}, kinds, members, otherwise="never"
            )
            self.row_places[name] = [at] * len(members)
        column_type = self.tables[name].column_types["value"]
        return Column(column_type, Row(types.Simple("row"), name, (key,), None), name, "value", None)

    def _places_of(self, member: str, rail: str | None) -> int:
        """The places of one currency of several; one that is no currency is told once, whatever is rounded by it."""
        try:
            return _places(member, rail)
        except InvalidValue:
            assert self.bundle.currency is not None
            unknown = say.currency_of_unknown(member, self.bundle.currency.span)
            if unknown not in self.report.found:
                self.error(unknown)
            raise Broken from None

    def currency_key(self) -> Expr:
        """The input that holds the currency of each decision: an enum of codes."""
        currency = self.bundle.currency
        assert currency is not None
        variable = self.variables.get(currency.text)
        key = variable.expr if variable else None
        if key is None or not isinstance(key.type, types.Enum):
            raise Rejected(say.currency_of_unknown(currency.text, currency.span))
        return key

    def use_zone(self, name: str) -> str | None:
        """Copy a zone's transitions into the program, or say why there is none."""
        try:
            found = fixed_zone(name)
            self.zones.setdefault(name, (zone(name) if found is None else found).to_json())
        except InvalidValue as fault:
            return fault.hint or "use a name of the tz database, such as `Europe/Berlin`"
        return None

    # ------------------------------------------------------------------------------------------------ presence

    def presence_of(self, name: str, when: Written, condition: Expr, at: Span) -> frozenset[str]:
        """The atom under which a node with `when` is there; it holds wherever its condition's own atoms do."""
        fired = self.add(f"{name}.when", condition, name, "conditions", at, cite="condition")
        self.presence[name] = fired
        if check.is_presence_test(when.tree):
            self.equivalents[name] = check.known_present(when.tree, self.scope())
        return frozenset({name})

    def may_fail(self, expr: Expr) -> bool:
        """Whether an expression, or a node that it reads, can fail."""
        for part in walk(expr):
            if isinstance(part, Call) and part.may_fail:
                return True
            if isinstance(part, Row) and self.tables[part.table].otherwise not in ("never", "row"):
                return True
            if isinstance(part, Read) and self.may_fail(self.nodes[part.node].expr):
                return True
        return False

    def or_zero(self, amount: Expr) -> Expr:
        """An amount that adds nothing where it is absent."""
        if not isinstance(amount.type, types.Optional):
            return amount
        chosen = self.nodes[amount.node].expr if isinstance(amount, Read) else amount
        if isinstance(chosen, If) and isinstance(chosen.otherwise, Const) and chosen.otherwise.value is None:
            then = chosen.then
            if (
                isinstance(then, Call)
                and then.function == "convert"
                and not isinstance(then.arguments[0].type, types.Optional)
            ):
                zero = arithmetic.number(0, self.money, integer=False)
                return arithmetic.choose(chosen.condition, then.arguments[0], zero, self.manifest_place)
        zero = arithmetic.number(0, self.money, integer=False)
        joint = arithmetic.joined_type(amount.type.item, zero.type)
        assert joint is not None
        wide = arithmetic.coerced(amount, types.Optional(joint))
        return Call(joint, "or_value", (wide, arithmetic.coerced(zero, joint)))

    def required_by(self, written: Written) -> frozenset[str]:
        """The atoms that must hold for an expression to be readable."""
        atoms: frozenset[str] = frozenset()
        for path in paths(written):
            if path.presence_only:
                continue
            for length in range(len(path.path), 0, -1):
                variable = self.variables.get(".".join(path.path[:length]))
                if variable is not None:
                    atoms |= variable.requires
                    break
        return atoms

    def only_where(self, expr: Expr, requires: frozenset[str]) -> Expr:
        """The value where all atoms hold, absent elsewhere."""
        if not requires:
            return expr
        tests = tuple(self.presence[atom] for atom in sorted(requires))
        condition = tests[0] if len(tests) == 1 else All(types.BOOL, tests)
        joint = arithmetic.joined_type(expr.type, ABSENT.type)
        assert joint is not None
        return If(joint, condition, arithmetic.coerced(expr, joint), Const(joint, None))

    def present(self, expr: Expr) -> Expr:
        """An optional node inside the condition that proves it present."""
        return check.unwrapped(expr) if isinstance(expr.type, types.Optional) else expr

    def is_present(self, expr: Expr) -> Expr:
        return Call(types.BOOL, "is_present", (expr,))

    def has_cells(self, table: str, column: str | None = None) -> bool:
        """Whether any tenant overrides a cell of the table (or of one column)."""
        return any(
            column is None or key[1] == column for tables in self.cells.values() for key in tables.get(table, {})
        )

    def factor_of(self, written: Written) -> Fraction:
        """The factor of the declared unit where an expression is a plain input; else 1."""
        return Fraction(1)

    def fact(self, path: tuple[str, ...], its_type: Type) -> Expr:
        self.facts.append(FactPath(path, its_type))
        return Fact(its_type, len(self.facts) - 1)


class Broken(Exception):
    """A part cannot be lowered and its diagnostic has been given."""


def _others(its_type: Type, missing: list[str], written: list[str | bool | int]) -> Any:
    """The cell of `otherwise`: every member that is not written."""
    if isinstance(its_type, types.Enum):
        return ("any", *missing)
    if its_type == types.BOOL:
        return missing[0] == "true"
    return ("not", ("any", *written))


def in_unit(declared: Declared, unit: Unit | None) -> Declared:
    """A guessed number type read in the unit of its field."""
    number = declared.type.number if isinstance(declared.type, types.Limit) else declared.type
    if not unit or not isinstance(number, Number) or number.unit:
        return declared
    whole = number.integer and not any(arithmetic.is_currency(name) for name, _ in unit)
    number = replace(number, unit=unit, integer=whole)
    return replace(declared, type=types.Limit(number) if isinstance(declared.type, types.Limit) else number)


def _members(its_type: Type) -> tuple[str, ...] | None:
    if isinstance(its_type, types.Enum):
        return its_type.members
    return ("true", "false") if its_type == types.BOOL else None


def _places(code: str, rail: str | None) -> int:
    """The decimal places that amounts of a currency have in accounts, or on a payment rail."""
    return scale(code) if rail is None else rail_scale(rail, code).round_places


def _has_unit(value: Value) -> bool:
    """Whether a number with a unit stands here, such as `0.01 USD`."""
    return isinstance(value, Written) and isinstance(value.tree, syntax.Number) and value.tree.unit is not None


def _is_int(its_type: Type) -> bool:
    return isinstance(its_type, Number) and its_type.integer


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line}"


__all__ = ["ABSENT", "Broken", "Call", "Context", "Override"]
