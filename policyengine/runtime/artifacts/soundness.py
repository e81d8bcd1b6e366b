"""What a program must hold so that it can be made ready and asked: who made it need not be trusted.

A compiler writes programs for which all of this is true. One from elsewhere may say anything: powers of ten that fill
the memory, loops that charge nothing, nodes that read each other, numbers that double at each step. So everything that
the evaluators take for granted, and that could cost them more than the program is long, is asked here once, when a
program is read: names lead to what stands before them, values fit their types, and work is bounded.

What is not asked is whether the program is right. That a table has a row for every question, and that what may be
absent is read only where it is there, is proved by the compiler and believed here: where it is not so, a decision ends
with a Python error, or with a wrong answer. An artifact's digest says that it is the one that was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import lcm, prod

from policyengine.runtime.artifacts.well_formed import (
    DEPTH_MAX,
    RANGES,
    TYPE_BITS_MAX,
    Unsound,
    ask,
    fits,
    fits_bits,
    shown,
)
from policyengine.runtime.limits import LIST_MAX, LOOPS_MAX
from policyengine.runtime.meaning import costs, library, zoned
from policyengine.runtime.meaning.operations import OPERATIONS
from policyengine.runtime.program import (
    ROW,
    Call,
    Column,
    Const,
    Entry,
    Expr,
    Fact,
    Field,
    Fold,
    Group,
    If,
    Leaf,
    Let,
    Local,
    MakeList,
    MakeMap,
    MakeRecord,
    MakeTiers,
    Program,
    Read,
    Row,
    TableData,
    children,
    reads,
    walk,
)
from policyengine.runtime.tables import cells
from policyengine.values import types
from policyengine.values.rounding import BY_MODE
from policyengine.values.types import Type

EXPRESSIONS_MAX = 1_000_000
HEIGHT_MAX = 400
"""How deep expressions may be nested."""
PLACES_MAX = 1_000
"""Decimal places of a rounding, to either side of the point."""
SIZE_MAX = 1_000_000
"""Bits that a number, or characters that a text may grow to, if every step is as bad as can be."""
TEXT_SIZE = 1_000
"""What a text counts whose length is the caller's, or is charged for."""
WORK_MAX = 20_000_000
"""Steps of the loops that charge nothing, and members of enums that tables are asked with, all of them together."""
_PRODUCTS = frozenset(("multiply", "divide", "limit_multiply", "backoff", "graduated", "volume"))
_NUMERIC = frozenset((
    "add", "subtract", "multiply", "divide", "negate", "abs", "min", "max", "floor", "ceil", "truncate_divide",
    "remainder", "round", "round_by",
))  # fmt: skip
_TIERED = frozenset(("graduated", "graduated_flat", "volume", "volume_flat", "tier_index", "free_tier"))
_LEAVES = frozenset((types.BOOL, types.STRING, types.TIMESTAMP, types.DATE, types.DURATION, types.ANY))
_LINES = frozenset((
    "line", "line_amount", "lines_all", "tier_lines", "adjustment_line", "mirrored_lines", "weighted_lines",
    "unit_lines", "leg_line", "stretch_line",
))  # fmt: skip
"""What makes lines, which only the interpreter does, when they are asked for."""
_RESCALED = frozenset(("add", "subtract"))
"""Those that bring what they are given to the denominator of what they answer."""
_ROUNDINGS = frozenset(("round", "round_by"))


Locals = Mapping[str, tuple[Type, int]]
"""The variables of the loops and names around an expression: their types and sizes."""
STATES_MAX = 30


def check(program: Program) -> None:
    """Whether a program can be made ready and asked. Raises ValueError with what is wrong."""
    _program(program)
    facts = _facts(program)
    nodes = _Nodes(program, facts)
    nodes.check()
    for entry in program.entries.values():
        _entry(entry, program, nodes)


# ------------------------------------------------------------------------------------------------------------- tables


def check_table(table: TableData) -> None:
    """What is said of a table beside its columns. Raises ValueError."""
    ask(set(map(type, (*table.ids, *table.names))) <= {str}, "a table has a name that is no text")
    ask(table.hit in HITS, f"a table has the hit policy `{shown(table.hit)}`")
    ask(table.otherwise in ("", "never", "error", "row"), "a table says what a missing row is in no known way")
    ask(len(table.conditions) == len(table.keys), "a table has as many conditions as keys")
    ask(len(table.starts) == len(table.ends), "the rows of a table begin and do not end")
    ask(table.otherwise != "row" or len(table.ids) > 0, "a table has no last row")


HITS = frozenset(("unique", "most_specific", "first", "any", *cells.COLLECTING))


# -------------------------------------------------------------------------------------------------------- the program


def _program(program: Program) -> None:
    texts = [program.bundle, program.version, program.source_digest, program.currency]
    for said in (program.reasons, program.approvers, program.effects, program.codes):
        ask(type(said) is dict, "what is said by node is no mapping")
        texts += [*said, *said.values()]
    texts += [each for pair in (*program.override_ids, *program.on_error.values()) for each in pair]
    ask(all(type(text) is str for text in texts), "a name or a text of the program is none")
    ask("\0" not in program.bundle, "the bundle has a name that is none")
    ask(all(at is None or fits(at, types.TIMESTAMP) for at in program.effective), "it is in force from no instant")
    for name, data in program.zones.items():
        try:
            zoned.zones_of({name: data})
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError):
            raise Unsound(f"the time zone `{shown(name)}` is none") from None


def _facts(program: Program) -> dict[tuple[str, ...], Type]:
    """The declared leaves by their paths, once they have been looked at."""
    leaves: dict[tuple[str, ...], Type] = {(): types.ANY}
    _group(program.inputs, (), leaves)
    paths = [fact.path for fact in program.facts]
    ask(paths[:2] == [(), ()] and () not in paths[2:], "the program has no instant or no tenant")
    ask(len(set(paths[2:])) == len(paths[2:]), "a fact stands twice")
    for fact in program.facts:
        ask(all(type(name) is str for name in fact.path), "a fact has no path")
        ask(fact.path in leaves, f"the fact `{shown('.'.join(fact.path))}` is not declared")
        ask(not fact.path or within(leaves[fact.path], fact.type), f"`{shown(fact.name)}` has another type")
    return leaves


def _group(group: Group, path: tuple[str, ...], leaves: dict[tuple[str, ...], Type]) -> None:
    ask(len(path) < DEPTH_MAX, "the inputs are nested too deep")
    ask(type(group.optional) is bool, "a group is not said to be optional or not")
    names = [field.name for field in group.fields]
    ask(all(type(name) is str for name in names) and len(set(names)) == len(names), "two inputs have one name")
    for field in group.fields:
        own = (*path, field.name)
        if isinstance(field, Group):
            if field.optional:
                leaves[own] = types.BOOL
            _group(field, own, leaves)
        else:
            _leaf(field, len(path))
            leaves[own] = types.Optional(field.type) if field.optional else field.type


def _leaf(leaf: Leaf, depth: int) -> None:
    name = shown(leaf.name)
    ask(depth < DEPTH_MAX, "the inputs are nested too deep")
    ask(type(leaf.optional) is type(leaf.has_default) is bool, f"`{name}` is not said to be optional or not")
    ask(fits_bits(leaf.scale) and leaf.scale >= 1, f"`{name}` has the scale {shown(leaf.scale)}")
    ask(type(leaf.zone) is str, f"`{name}` has a time zone that is no name")
    inner = leaf.type.item if isinstance(leaf.type, types.Optional) else leaf.type
    ask((leaf.items is not None) == isinstance(inner, types.List | types.Map), f"`{name}` is said to hold others")
    if leaf.has_default and leaf.items is None:
        ask(fits(leaf.default, leaf.type), f"the default of `{name}` is none of its values")
    is_read = isinstance(inner, types.Number | types.Limit | types.Enum | types.List | types.Map) or inner in _LEAVES
    ask(is_read and inner is leaf.type, f"`{name}` has a type that no fact has")
    if isinstance(leaf.items, Group):
        _group(leaf.items, ("",) * (depth + 1), {})
    elif leaf.items is not None:
        _leaf(leaf.items, depth + 1)


def _entry(entry: Entry, program: Program, nodes: _Nodes) -> None:
    asked = [*(node for _, node in entry.outputs), *entry.guards, *entry.requires, *entry.checks]
    for node in asked:
        ask(type(node) is str and node in program.nodes, f"`{shown(entry.name)}` asks for what is not there")
    names = (entry.name, entry.section, *(name for name, _ in entry.outputs))
    ask(all(type(name) is str and "\0" not in name for name in names), "an entry point has no name")
    ask(
        all(type(index) is int and 0 <= index < len(program.facts) for index in entry.facts),
        f"`{shown(entry.name)}` reads a fact that is not there",
    )
    for node in (*entry.guards, *entry.requires, *entry.checks):
        ask(program.nodes[node].type == types.BOOL, f"`{shown(node)}` is neither true nor false")
    for _, node in entry.outputs:
        is_lines = program.nodes[node].type == types.LINES
        ask(is_lines or not program.nodes[node].deferred, f"`{shown(node)}` is not there to be answered with")
    read = {fact for node in asked for fact in nodes.facts[node]}
    ask(read <= set(entry.facts), f"`{shown(entry.name)}` reads facts that it does not name")
    ask(entry.dated or program.effective == (None, None), f"`{shown(entry.name)}` is asked at no instant")


# -------------------------------------------------------------------------------------------------------- expressions


def within(its: Type, wanted: Type) -> bool:
    """Whether a value of one type is held as one of the other, and is no longer: ranges may differ."""
    if isinstance(its, types.Optional) and not isinstance(wanted, types.Optional):
        its = its.item  # read where it is known to be there
    if isinstance(wanted, types.Optional) and not isinstance(its, types.Optional):
        wanted = wanted.item
    match its, wanted:
        case (types.Number(), types.Number()):
            is_same = (its.unit, its.den) == (wanted.unit, wanted.den)
            return is_same and (its.integer or not wanted.integer)
        case (types.List(), types.List()):
            return its.max <= wanted.max and within(its.item, wanted.item)
        case (types.Map(), types.Map()):
            return within(its.key, wanted.key) and within(its.value, wanted.value)
        case (types.Record(), types.Record()):
            return len(its.fields) == len(wanted.fields) and all(
                a == b and within(x, y) for (a, x), (b, y) in zip(its.fields, wanted.fields, strict=True)
            )
        case (types.Optional(), types.Optional()):
            return within(its.item, wanted.item)
        case (types.Limit(), types.Limit()):
            return (its.number.unit, its.number.den) == (wanted.number.unit, wanted.number.den)
        case (types.Tiers(), types.Tiers()):
            pairs = ((its.bound, wanted.bound), (its.rate, wanted.rate), (its.flat, wanted.flat))
            return all(a.den == b.den for a, b in pairs)
        case (types.Quotient(), types.Quotient()):
            return True
    if its == types.NEVER:
        return True
    return its == wanted or (types.is_text(its) and types.is_text(wanted))


class _Nodes:
    """The nodes of a program, one after another; `sizes` are bits of numbers and characters of texts."""

    def __init__(self, program: Program, leaves: Mapping[tuple[str, ...], Type]) -> None:
        self.program = program
        self.leaves = leaves
        self.known: dict[str, Type] = {}
        self.sizes: dict[str, int] = {}
        self.facts: dict[str, frozenset[int]] = {}
        """The facts that each node can read, by itself or by what it reads."""
        self.reading: set[int] = set()
        self.is_later = False
        """Whether the node that is looked at is computed when it is asked for."""
        self.left = EXPRESSIONS_MAX
        self.work = 0

    def check(self) -> None:
        for name, node in self.program.nodes.items():
            ask(all(type(text) is str for text in (name, node.owner, node.section, node.cite)), "a node has no name")
            ask(type(node.deferred) is bool, f"`{shown(name)}` is not said to be deferred or not")
            self.reading, self.is_later = set(), node.deferred
            is_later = node.type == types.LINES or (node.deferred and node.type == types.STRING)
            ask(node.deferred == is_later, f"`{shown(name)}` cannot be deferred, or must be")
            try:
                self.sizes[name] = self.expression(node.expr, {}, 0, 0)
                ask(within(node.expr.type, node.type), "it has another type than its value")
            except Unsound as fault:
                raise Unsound(f"`{shown(name)}`: {fault}") from None
            is_row = (node.type.item if isinstance(node.type, types.List | types.Optional) else node.type) == ROW
            ask(not is_row or node.owner in self.program.tables, f"`{shown(name)}` is a row of no table")
            self.known[name] = node.type
            self.facts[name] = frozenset(self.reading)
            reads_later = any(self.program.nodes[other].deferred for other in reads(node.expr))
            ask(node.deferred or not reads_later, f"`{shown(name)}` reads what is computed later")
        ask(self.work <= WORK_MAX, "it has too much to do")

    def expression(self, expr: Expr, local: Locals, depth: int, loops: int) -> int:
        """The size that its value can have, at most. Raises Unsound."""
        self.left -= 1
        ask(self.left >= 0, f"the program has more than {EXPRESSIONS_MAX:,} expressions")
        ask(depth < HEIGHT_MAX, "an expression is nested too deep")
        match expr:
            case Const():
                return self._const(expr)
            case Fact(index=index):
                ask(type(index) is int and 0 <= index < len(self.program.facts), "it reads a fact that is not there")
                self.reading.add(index)
                own = self.program.facts[index].type
                ask(within(own, expr.type), "it reads a fact as another type")
                return _type_size(own)
            case Read(node=name):
                ask(name in self.known, f"it reads `{shown(name)}`, which does not stand before it")
                ask(within(self.known[name], expr.type), f"it reads `{shown(name)}` as another type")
                self.reading |= self.facts[name]
                return self.sizes[name]
            case Local(name=name):
                ask(name in local, f"it reads `{shown(name)}`, which is nothing there")
                own, bits = local[name]
                ask(within(own, expr.type), f"it reads `{shown(name)}` as another type")
                return bits
            case Let():
                value = self.expression(expr.value, local, depth + 1, loops)
                inner = {**local, self._name(expr.name): (expr.value.type, value)}
                ask(within(expr.body.type, expr.type), "a name changes the type")
                return self.expression(expr.body, inner, depth + 1, loops)
            case Fold():
                return self._fold(expr, local, depth + 1, loops)
        sizes = [self.expression(child, local, depth + 1, loops) for child in children(expr)]
        self._shape(expr)
        found = self._call_size(expr, sizes) if isinstance(expr, Call) else max(sizes, default=0)
        if isinstance(expr, Column):
            found = max(found, TYPE_BITS_MAX)  # cells need not keep to the range of their type
        ask(found <= SIZE_MAX, "a number or a text can grow too large")
        return found

    def _name(self, name: object) -> str:
        ask(type(name) is str, "a name is no text")
        return str(name)

    def _const(self, expr: Const) -> int:
        if isinstance(expr.type, types.Tiers | types.List | types.Record | types.Map):
            ask(fits(expr.value, expr.type), "a constant is no value of its type")
            return TYPE_BITS_MAX
        is_value = expr.value == () if expr.type == types.LINES else fits(expr.value, expr.type)
        ask(is_value, "a constant is no value of its type")
        return expr.value.bit_length() if type(expr.value) is int else len(expr.value) if type(expr.value) is str else 0

    def _shape(self, expr: Expr) -> None:
        """Whether the parts of an expression belong together."""
        its = expr.type
        match expr:
            case If(condition=condition, then=then, otherwise=otherwise):
                ask(condition.type == types.BOOL, "a condition is neither true nor false")
                ask(within(then.type, its) and within(otherwise.type, its), "a branch has another type")
            case Field(target=target, name=name):
                own = target.type.field(name) if isinstance(target.type, types.Record) else None
                ask(own is not None and within(own, its), f"there is no field `{shown(name)}`")
            case MakeRecord(items=items):
                fields = its.fields if isinstance(its, types.Record) else ()
                ask(len(fields) == len(items) and bool(fields) == bool(items), "a record has other fields")
                pairs = zip(items, fields, strict=True)
                ask(all(within(item.type, own) for item, (_, own) in pairs), "a field has another type")
            case MakeList(items=items):
                ask(isinstance(its, types.List), "a list is none")
                assert isinstance(its, types.List)
                ask(len(items) <= its.max and all(within(i.type, its.item) for i in items), "a list has other items")
            case MakeMap(keys=keys, values=values):
                ask(isinstance(its, types.Map) and len(keys) == len(values), "a map is none")
                assert isinstance(its, types.Map)
                ask(all(within(v.type, its.value) for v in values), "a map has other values")
            case Row():
                self._row(expr)
            case Column():
                self._column(expr)
            case MakeTiers(bounds=bounds, rates=rates, flats=flats):
                ask(isinstance(its, types.Tiers), "tiers are none")
                ask(len(bounds) + 1 == len(rates) == len(flats), "tiers do not belong together")
            case Call():
                self._call(expr)
            case _:
                ask(its == types.BOOL, "what is true or false has another type")
                ask(all(part.type == types.BOOL for part in children(expr)), "a condition is neither true nor false")

    def _row(self, expr: Row) -> None:
        table = self._table(expr.table)
        ask(len(expr.keys) == len(table.keys), "a table is asked with other keys")
        for key, its_type in zip(expr.keys, table.keys, strict=True):
            ask(_may_ask(key.type, its_type), "a table is asked with a key of another type")
            self.work += len(its_type.members) if isinstance(its_type, types.Enum) else 0
        ask(expr.at is None or expr.at.type == types.TIMESTAMP, "a table is asked at no instant")
        ask(bool(table.starts) <= (expr.at is not None), "a dated table is asked at no instant")
        is_row = isinstance(expr.type, types.List) if table.hit in cells.COLLECTING else not _is_list(expr.type)
        ask(is_row, "a table answers with other rows")
        if isinstance(expr.type, types.List):
            ask(expr.type.max >= min(len(table.ids), LIST_MAX), "a table answers with more rows")

    def _column(self, expr: Column) -> None:
        table = self._table(expr.table)
        ask(expr.column in table.columns, f"a table has no column `{shown(expr.column)}`")
        own, asked = table.column_types[expr.column], expr.type
        if isinstance(expr.row.type, types.List):
            ask(isinstance(asked, types.List), "the cells of several rows are a list")
            assert isinstance(asked, types.List)
            ask(asked.max >= expr.row.type.max, "a table answers with more rows")
            asked = asked.item
        ask(within(own, asked), f"the column `{shown(expr.column)}` has another type")
        selected = expr.row.type.item if isinstance(expr.row.type, types.List | types.Optional) else expr.row.type
        ask(selected == ROW and self._table_of(expr.row) in (None, expr.table), "a cell is read of another table")
        ask(expr.at is None or expr.at.type == types.TIMESTAMP, "a table is asked at no instant")

    def _table_of(self, row: Expr) -> str | None:
        """The table of a row; None where that is not told."""
        while isinstance(row, Read):
            row = self.program.nodes[row.node].expr
        return row.table if isinstance(row, Row) else None

    def _table(self, name: object) -> TableData:
        ask(type(name) is str and name in self.program.tables, f"there is no table `{shown(name)}`")
        return self.program.tables[str(name)]

    # --------------------------------------------------------------------------------------------------------- calls

    def _call(self, expr: Call) -> None:
        name, arguments = expr.function, expr.arguments
        is_core = name in OPERATIONS or name in zoned.FUNCTIONS or name in ("override_dates", "join_bytes")
        ask(type(name) is str and (is_core or library.function_of(expr) is not None), f"no function `{shown(name)}`")
        ask(type(expr.may_fail) is bool, "a call is not said to fail or not")
        is_line = expr.type == types.LINES
        ask(is_line == (name in _LINES) and is_line <= self.is_later, "a line is made where none can be")
        if name in zoned.FUNCTIONS and arguments and isinstance(arguments[0], Const):
            zone = arguments[0].value
            ask(type(zone) is str and zone in self.program.zones, f"there is no time zone `{shown(zone)}`")
        if name in _ROUNDINGS:
            self._rounding(expr)
        if name in _NUMERIC:
            self._numeric(expr)
        if name in _TIERED:
            self._tiered(expr)
        if isinstance(expr.type, types.List) and name not in ("item", "optional_item", "value_of", "optional_value"):
            lengths = [a.type.max for a in arguments if isinstance(a.type, types.List)]
            least = sum(lengths) if name == "concat" else max(lengths, default=0) if name in _KEEPING else 0
            ask(expr.type.max >= min(least, LIST_MAX), "a list is longer than its type says")

    def _numeric(self, expr: Call) -> None:
        """Whether numbers are computed of numbers, over a denominator that can hold them."""
        its = expr.type
        if not isinstance(its, types.Number | types.Quotient):
            return
        kinds = [argument.type for argument in (expr.arguments[:1] if expr.function in _ROUNDINGS else expr.arguments)]
        ask(bool(kinds) and all(map(types.is_number, kinds)), "a number is computed of something else")
        if expr.function == "round" and isinstance(expr.arguments[1], Const) and isinstance(its, types.Number):
            ask(its.den == 10 ** max(expr.arguments[1].value, 0), "a rounding has another denominator")
        if isinstance(its, types.Quotient) or expr.function in ("floor", "ceil", "truncate_divide", *_ROUNDINGS):
            return
        ask(not any(isinstance(kind, types.Quotient) for kind in kinds), "a quotient becomes a number")
        dens = [kind.den for kind in kinds if isinstance(kind, types.Number)]
        is_held = all(its.den % den == 0 for den in dens)
        if is_held and expr.function == "multiply":  # whose product is not made before it is known to be small
            is_held = sum(den.bit_length() - 1 for den in dens) <= TYPE_BITS_MAX and its.den == prod(dens)
        elif is_held and expr.function not in _RESCALED:
            is_held = its.den == lcm(*dens)
        ask(is_held, "a number has another denominator")

    def _tiered(self, expr: Call) -> None:
        """Whether tiers are asked by a quantity, and answer over the denominator of what they compute."""
        ask(len(expr.arguments) >= 2, "tiers are asked for nothing")
        tiers, quantity = (argument.type for argument in expr.arguments[:2])
        if not (isinstance(tiers, types.Tiers) and isinstance(quantity, types.Number)):
            raise Unsound("tiers are asked by something else than a quantity")
        den, its = lcm(tiers.bound.den, quantity.den), expr.type
        if isinstance(its, types.Tiers):
            are_kept = (its.rate.den, its.flat.den) == (tiers.rate.den, tiers.flat.den)
            ask(are_kept and its.bound.den % den == 0, "tiers have another denominator")
        if isinstance(its, types.Number):
            by_rate = {"tier_index": 1, "graduated": tiers.rate.den * den, "volume": tiers.rate.den * den}
            ask(its.den == by_rate.get(expr.function, tiers.flat.den), "a price has another denominator")

    def _rounding(self, expr: Call) -> None:
        ask(len(expr.arguments) == 3 and isinstance(expr.type, types.Number), "a rounding is none")
        _, places, mode = expr.arguments
        ask(isinstance(mode, Const) and mode.value in BY_MODE, "a rounding has no mode")
        if expr.function == "round":
            is_known = isinstance(places, Const) and type(places.value) is int and abs(places.value) <= PLACES_MAX
            ask(is_known, "a rounding has no number of places")
        else:
            low, high = (places.type.lo, places.type.hi) if isinstance(places.type, types.Number) else (1, 0)
            ask(0 <= low <= high <= PLACES_MAX, "a rounding has no number of places")

    def _call_size(self, expr: Call, sizes: list[int]) -> int:
        """The size of what a call answers: products have the bits of all factors, sums one more than the largest."""
        own, name = _type_size(expr.type), expr.function
        if types.is_text(expr.type):
            return sum(sizes) if name == "concat" and not expr.may_fail else TEXT_SIZE
        is_checked = expr.may_fail and isinstance(expr.type, types.Number) and expr.type.integer
        if is_checked or name == "bounded" or library.function_of(expr) is not None or not own:
            return max(own, 64) if is_checked else own
        if name == "multiply" and isinstance(expr.type, types.Number):
            return sum(sizes)
        if name in _PRODUCTS:
            return sum(sizes) + sum(_den_bits(argument.type) for argument in expr.arguments)
        if name in _ROUNDINGS:
            amount = expr.arguments[0].type
            dropped = _den_bits(amount) - 1 if isinstance(amount, types.Number) else 0
            return sizes[0] - min(dropped, sizes[0]) + _den_bits(expr.type) + 1 + _raised(expr.arguments[1])
        raised = [
            size + (0 if _den_bits(argument.type) == _den_bits(expr.type) else _den_bits(expr.type))
            for size, argument in zip(sizes, expr.arguments, strict=True)
        ]
        return max(raised, default=0) + (20 if name == "sum" else (len(sizes) - 1).bit_length())

    # --------------------------------------------------------------------------------------------------------- loops

    def _fold(self, expr: Fold, local: Locals, depth: int, loops: int) -> int:
        over = self.expression(expr.over, local, depth, loops)
        listed = expr.over.type
        if not isinstance(listed, types.List):
            raise Unsound("a loop goes over no list")
        are_named = all(type(name) is str for name in (expr.item, expr.index, *expr.state))
        ask(are_named, "a loop has a variable without a name")
        ask(len(expr.state) == len(expr.starts) == len(expr.steps) > 0, "a loop has other states than steps")
        ask(type(expr.cost) is int, "a loop charges what is no number")
        ask(type(expr.absorb) is bool, "a loop is not said to absorb failures or not")
        ask(loops <= LOOPS_MAX + 1, "loops stand too deep in each other")
        for start, step in zip(expr.starts, expr.steps, strict=True):
            ask(_may_begin(start.type, step.type), "a loop begins with another type")
        inner = {**local, expr.item: (listed.item, max(over, _type_size(listed.item)))}
        if expr.index:
            inner[expr.index] = (types.integer(0, LIST_MAX), 20)
        sizes = [self.expression(start, local, depth, loops) for start in expr.starts]
        sizes = [max(size, _type_size(step.type)) for size, step in zip(sizes, expr.steps, strict=True)]
        sizes = self._grown(expr, inner, sizes, listed.max, depth, loops)
        inner |= self._states(expr, sizes)
        if expr.stop is not None:
            ask(expr.stop.type == types.BOOL, "a loop ends by something that is neither true nor false")
            self.expression(expr.stop, inner, depth, loops + 1)
        self._steps(expr, listed, loops)
        ask(within(expr.result.type, expr.type), "a loop answers with another type")
        return self.expression(expr.result, inner, depth, loops)

    def _states(self, expr: Fold, sizes: list[int]) -> dict[str, tuple[Type, int]]:
        """The states of a loop, as its steps and its result read them."""
        pairs = zip(expr.state, expr.steps, sizes, strict=True)
        return {name: (step.type, size) for name, step, size in pairs}

    def _grown(self, expr: Fold, local: Locals, sizes: list[int], turns: int, depth: int, loops: int) -> list[int]:
        """The sizes of the states after all turns. What a turn adds must not itself grow from turn to turn."""
        count = len(sizes)
        ask(count <= STATES_MAX, f"a loop has more than {STATES_MAX} states")
        history = [sizes]
        for _ in range(3 * count):  # a state may take as many turns as there are states to meet itself
            inner = {**local, **self._states(expr, history[-1])}
            made = [self.expression(step, inner, depth, loops + 1) for step in expr.steps]
            history.append([max(a, b) for a, b in zip(made, history[-1], strict=True)])
        earlier, later = (
            max(b - a for a, b in zip(history[n * count], history[(n + 1) * count], strict=True)) for n in (1, 2)
        )
        ask(later <= earlier, "what a loop computes grows with each turn")
        # A sum of as many terms has so many bits more; whatever else grows may do so in each turn.
        growth = turns.bit_length() if later <= count else later * turns
        return [min(size + growth, SIZE_MAX + 1) for size in history[-1]] if later else history[-1]

    def _steps(self, expr: Fold, listed: types.List, loops: int) -> None:
        """Whether a loop charges what a turn costs, or makes few of them and stands in no other one."""
        bodies = (*expr.steps, *(() if expr.stop is None else (expr.stop,)))
        if expr.cost > 0:
            ask(4 * expr.cost + 16 >= costs.turn(*bodies), "a loop charges too little")
            return
        ask(expr.cost == 0 and loops == 0, "a loop in another one charges nothing")
        self.work += listed.max * sum(1 for body in bodies for _ in walk(body))


_KEEPING = frozenset(("convert", "sort_by", "in_order", "present_items", "draw"))
"""The operations that give as many items as they are given, or may do so."""


def _may_ask(key: Type, its_type: Type) -> bool:
    """Whether a table can be asked with a key of a type."""
    if isinstance(key, types.Number) and isinstance(its_type, types.Number):
        return its_type.den % key.den == 0
    return within(key, its_type) or within(its_type, key)


def _may_begin(start: Type, step: Type) -> bool:
    if isinstance(start, types.List) and isinstance(step, types.List):
        return within(types.List(start.item, 0), step) or start.item == types.NEVER
    return within(start, step) or within(step, start)


def _is_list(its_type: Type) -> bool:
    return isinstance(its_type, types.List)


def _type_size(its_type: Type) -> int:
    """The bits of numbers of a type, their denominator's included, and what a text counts; 0 of all else."""
    match its_type:
        case types.Number() | types.Quotient():
            return types.bits(its_type) + _den_bits(its_type)
        case types.Limit(number=number):
            return _type_size(number)
        case types.Optional(item=item) | types.List(item=item) | types.Map(value=item):
            return _type_size(item)
        case types.Record(fields=fields):
            return max((_type_size(inner) for _, inner in fields), default=0)
        case types.Tiers(bound=a, rate=b, flat=c):
            return _type_size(a) + _type_size(b) + _type_size(c)
    return 64 if its_type in RANGES else TEXT_SIZE if types.is_text(its_type) else 0


def _raised(places: Expr) -> int:
    """The bits of the power of ten to which a rounding goes, where that is left of the point."""
    is_left = isinstance(places, Const) and places.value < 0
    return (10**-places.value).bit_length() if isinstance(places, Const) and is_left else 0


def _den_bits(its_type: Type) -> int:
    match its_type:
        case types.Number(den=den) | types.Quotient(den_hi=den) | types.Limit(number=types.Number(den=den)):
            return den.bit_length()
    return 0
