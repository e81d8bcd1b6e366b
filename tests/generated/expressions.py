"""Random expressions that are well typed: units, quotients, optionals and kinds fit; ranges are left to the checker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

from oracle.bundle import Fact
from oracle.tree import (
    BOOL,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    Kind,
    Tree,
    Unit,
    chain,
    choose,
    divide,
    joined,
    name,
    number,
    rounded,
)

MODES = ("half_even", "half_up", "half_down", "up", "down", "ceiling", "floor")
WORDS = ("alpha", "beta", "alphabet", "Gamma", "gamma ray", "", "zeta-9")
SECOND = 10**9
DURATIONS = (SECOND, 90 * SECOND, 3_600 * SECOND, 86_400 * SECOND, 30 * 86_400 * SECOND, 1, 0)


@dataclass(frozen=True, slots=True)
class Name:
    """Something that an expression may read, once everything in `needs` is known to be present."""

    path: str
    kind: Kind
    needs: tuple[str, ...] = ()
    declared: Fact | None = None
    is_ratio: bool = False
    is_endless: bool = False
    is_local: bool = False
    is_free_quantity: bool = False
    length: int = 5
    record: str = ""

    @classmethod
    def of(cls, path: str, tree: Tree, needs: tuple[str, ...] = ()) -> Name:
        """A name for the value of a tree."""
        return cls(path, tree.kind, needs, is_ratio=tree.is_ratio, is_endless=tree.is_endless)

    @property
    def tree(self) -> Tree:
        if self.record:
            return Tree("field", (name(self.record, Kind("record")),), self.kind, self.path)
        return name(self.path, self.kind, ratio=self.is_ratio, endless=self.is_endless)

    @property
    def is_never_negative(self) -> bool:
        if self.declared is not None:
            return self.kind.is_number and self.declared.low is not None and self.declared.low >= 0
        return self.is_free_quantity


class Expressions:
    """Makes expressions over the names so far; `present` are the optionals that the place proves to be there."""

    def __init__(self, random: Random, money: Unit, token: Unit) -> None:
        self.random = random
        self.money = money
        self.token = token
        self.names: list[Name] = []
        self.optionals: list[str] = []
        self.callables: list[tuple[str, tuple[Kind, ...], str, Kind, bool]] = []
        self.enums: dict[tuple[str, ...], str] = {}
        self.known: set[str] = set()
        self.edges: list[int] = []
        self.loops = 0

    # ------------------------------------------------------------------------------------------------------ scope

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def readable(self) -> list[Name]:
        return [n for n in self.names if set(n.needs) <= self.known]

    @contextmanager
    def present(self, paths: set[str]) -> Iterator[None]:
        before = self.known
        self.known = before | paths
        yield
        self.known = before

    @contextmanager
    def local(self, *variables: Name) -> Iterator[None]:
        """Variables of a macro or an `each`; a record is read by its fields."""
        before = list(self.names)
        for variable in variables:
            if variable.kind.fields:
                self.names += [Name(f, k, is_local=True, record=variable.path) for f, k in variable.kind.fields]
            else:
                self.names.append(replace(variable, is_local=True))
        yield
        self.names = before

    def of_kind(self, *kinds: Kind) -> list[Name]:
        return [n for n in self.readable() if n.kind in kinds]

    def has(self, path: str) -> Tree:
        return Tree("has", (), BOOL, path)

    def guard(self) -> tuple[Tree, set[str]]:
        """A condition, and what it proves to be present."""
        absent = [path for path in self.optionals if path not in self.known]
        if not absent or self.chance(0.3):
            return self.boolean(1), set()
        path = self.random.choice(absent)
        proved = {path, *self._implied(path)}
        if self.chance(0.6):
            return self.has(path), proved
        with self.present(proved):
            return Tree("&&", (self.has(path), self.boolean(1)), BOOL), proved

    def _implied(self, path: str) -> set[str]:
        """`has(change.note)` proves `change`, and a table's column all that its conditions read."""
        found = {each for n in self.names if n.path == path for each in n.needs}
        head = path.split(".")[0]
        return found | ({head} if head in self.optionals else set())

    def guarded(self, one: Name) -> Tree:
        """The name where all it needs is there, else a literal."""
        tests = tuple(self.has(path) for path in one.needs)
        condition = tests[0] if len(tests) == 1 else Tree("&&", tests, BOOL)
        return choose(condition, one.tree, self.literal(one.kind))

    # ------------------------------------------------------------------------------------------------- any kind

    def any(self, depth: int) -> Tree:
        """An expression of some kind; mostly a number."""
        roll = self.random.random()
        if roll < 0.65:
            return self.number(self.unit(), depth)
        if roll < 0.82:
            return self.boolean(depth)
        if roll < 0.9:
            return self.string(depth)
        if roll < 0.94:
            return self.time(depth)
        if roll < 0.97:
            return self.duration(depth)
        return self.numbers(self.unit(), depth)

    def unit(self) -> Unit:
        rate = tuple(sorted((*self.money, ("token", -1))))
        return self.random.choice(((), (), (), self.money, self.money, self.token, rate))

    def leaving(self, depth: int) -> Tree:
        """An expression that may leave a decision."""
        return self.out(self.any(depth))

    def out(self, tree: Tree) -> Tree:
        if tree.kind.item is not None and tree.is_endless:
            inner = rounded(name("each", tree.kind.item), 2, self.random.choice(MODES))
            return Tree("map", (tree, inner), Kind("list", item=inner.kind), "each")
        if tree.is_ratio or tree.is_endless:
            return rounded(tree, self.random.choice((0, 1, 2, 2, 6)), self.random.choice(MODES))
        return tree

    def plain(self, tree: Tree) -> Tree:
        """A number that is no quotient, for places where none may stand."""
        return rounded(tree, 3, self.random.choice(MODES)) if tree.is_ratio else tree

    def pair(self, depth: int) -> tuple[Tree, Tree]:
        """Two expressions that fit into one choice."""
        roll = self.random.random()
        if roll < 0.7:
            unit = self.unit()
            return self.number(unit, depth), self.number(unit, depth)
        if roll < 0.85:
            return self.boolean(depth), self.boolean(depth)
        return self.string(depth), self.string(depth)

    def literal(self, kind: Kind) -> Tree:
        random = self.random
        match kind.word:
            case "int" if kind.unit == self.money:
                return number(0)  # an amount that is written is a decimal
            case "int":
                return number(random.randint(-9, 9), kind.unit) if not _is_rate(kind.unit) else number(0)
            case "decimal":
                if _is_rate(kind.unit):
                    return self._rate(kind.unit)
                return number(
                    Fraction(random.randint(-500, 500), 10 ** random.choice((1, 2, 3))), kind.unit, whole=False
                )
            case "bool":
                return Tree("literal", (), BOOL, self.chance(0.5))
            case "string":
                return Tree("literal", (), STRING, random.choice(WORDS))
            case "enum":
                return self._member(kind)
            case "duration":
                return Tree("literal", (), DURATION, random.choice(DURATIONS))
            case "timestamp":
                return name("at", TIMESTAMP)
            case "list":
                assert kind.item is not None
                is_empty = self.chance(0.3) or kind.item == Kind("int", self.money)
                return Tree("list", () if is_empty else (self.literal(kind.item),), kind)
        raise ValueError(kind.word)

    def _rate(self, unit: Unit) -> Tree:
        """`5 USD / 1 token`: a rate has no literal of its own."""
        above = tuple((n, p) for n, p in unit if p > 0)
        below = tuple((n, -p) for n, p in unit if p < 0)
        if any(p != 1 for _, p in (*above, *below)) or len(below) != 1 or len(above) > 1:
            return number(0)
        left = number(Fraction(self.random.randint(-500, 500), 100), above, whole=False)
        return divide(left, number(self.random.choice((1, 10, 1_000)), below))

    def _member(self, kind: Kind) -> Tree:
        member = self.random.choice(kind.members)
        if self.chance(0.4):
            return Tree("member", (), kind, (self.enums[kind.members], member))
        return Tree("literal", (), kind, member)

    # ------------------------------------------------------------------------------------------------- numbers

    def number(self, unit: Unit, depth: int) -> Tree:
        if depth <= 0 or self.chance(0.1):
            return self._leaf(unit)
        makers: list[tuple[int, Callable[[Unit, int], Tree]]] = [
            (5, self._sum), (4, self._difference), (4, self._product), (4, self._quotient), (3, self._choice),
            (2, self._extreme), (3, self._rounded), (2, self._signed), (2, self._truncated), (2, self._of_list),
            (1, self._index), (1, self._or_value), (2, self._call), (1, self._long_chain), (1, self._clamp),
        ]  # fmt: skip
        if not unit:
            makers += [(1, self._size), (1, self._share), (1, self._converted)]
        weights = [weight for weight, _ in makers]
        (chosen,) = self.random.choices([make for _, make in makers], weights)
        return chosen(unit, depth - 1)

    def _leaf(self, unit: Unit) -> Tree:
        names = [n for n in self.readable() if n.kind.is_number and n.kind.unit == unit]
        if names and self.chance(0.75):
            return self.random.choice(names).tree
        if _is_rate(unit):
            return self._rate(unit)
        if unit == self.money:
            return self.literal(Kind("decimal", unit))
        return self.literal(self.random.choice((Kind("int", unit), Kind("decimal", unit))))

    def whole_number(self, depth: int, unit: Unit = ()) -> Tree | None:
        """An int that is no quotient."""
        for _ in range(4):
            tree = self.number(unit, depth)
            if tree.kind.is_whole and not tree.is_ratio:
                return tree
        return None

    def to_whole(self, tree: Tree) -> Tree:
        return Tree(self.random.choice(("floor", "ceil")), (tree,), Kind("int", tree.kind.unit))

    def as_decimal(self, tree: Tree) -> Tree:
        return tree

    def _sum(self, unit: Unit, depth: int) -> Tree:
        return chain("+", *(self.number(unit, depth) for _ in range(self.random.choice((2, 2, 3)))))

    def _difference(self, unit: Unit, depth: int) -> Tree:
        return self._minus(self.number(unit, depth), self.number(unit, depth))

    def _minus(self, a: Tree, b: Tree) -> Tree:
        kind = joined(a.kind, b.kind)
        return Tree("-", (a, b), kind, None, a.is_ratio or b.is_ratio, a.is_endless or b.is_endless)

    def _product(self, unit: Unit, depth: int) -> Tree:
        rate = tuple(sorted((*self.money, ("token", -1))))
        if unit == self.money and self.chance(0.3):
            pair = (self.number(self.token, depth), self.number(rate, depth))
            return chain("*", *(pair if self.chance(0.5) else pair[::-1]))
        factors = [self.number((), depth) for _ in range(self.random.choice((1, 1, 2)))]
        factors.insert(self.random.randint(0, len(factors)), self.number(unit, depth))
        return chain("*", *factors)

    def _quotient(self, unit: Unit, depth: int) -> Tree:
        if not unit and self.chance(0.4):
            shared = self.random.choice((self.money, self.token))
            return divide(self.number(shared, depth), self._divisor(depth, shared))
        if self.chance(0.3):
            return divide(self.number(unit, depth), number(self.random.choice((2, 3, 7, 10, -4, Fraction(1, 8)))))
        if _is_rate(unit) and self.chance(0.5):
            return divide(self.number(self.money, depth), self._divisor(depth, self.token))
        return divide(self.number(unit, depth), self._divisor(depth))

    def _divisor(self, depth: int, unit: Unit = ()) -> Tree:
        """Anything but a literal zero, which is refused at once."""
        tree = self.number(unit, depth)
        return number(self.random.randint(1, 9), unit) if _is_zero(tree) else tree

    def _choice(self, unit: Unit, depth: int) -> Tree:
        condition, proved = self.guard()
        with self.present(proved):
            then = self.number(unit, depth)
        return choose(condition, then, self.number(unit, depth))

    def _extreme(self, unit: Unit, depth: int) -> Tree:
        operands = [self.number(unit, depth) for _ in range(self.random.choice((2, 2, 3)))]
        return chain(self.random.choice(("min", "max")), *operands)

    def _rounded(self, unit: Unit, depth: int) -> Tree:
        places = self.random.choice((-2, -1, 0, 0, 1, 2, 2, 5))
        return rounded(self.number(unit, depth), places, self.random.choice(MODES))

    def _signed(self, unit: Unit, depth: int) -> Tree:
        inner = self.number(unit, depth)
        op = self.random.choice(("negate", "abs"))
        return Tree(op, (inner,), inner.kind, None, inner.is_ratio, inner.is_endless)

    def _truncated(self, unit: Unit, depth: int) -> Tree:
        a = self.plain(self.number(unit, depth))
        roll = self.random.random()
        if roll < 0.3:
            return self.to_whole(self.number(unit, depth))
        if roll < 0.6:
            b = self.plain(self.number(unit, depth))
            b = chain("+", b, a) if _is_zero(b) else b
            return Tree("%", (a, b), joined(a.kind, b.kind), None, False, a.is_endless or b.is_endless)
        b = self.plain(self._divisor(depth))
        whole = a.kind.is_whole and b.kind.is_whole
        return Tree("div", (a, b), Kind("int" if whole else "decimal", unit))

    def numbers(self, unit: Unit, depth: int) -> Tree:
        """A list of numbers."""
        known = [n for n in self.readable() if n.kind.item is not None and n.kind.item.is_number]
        known = [n for n in known if n.kind.item is not None and n.kind.item.unit == unit]
        if known and self.chance(0.5):
            return self.random.choice(known).tree
        source = self._any_list()
        if source is not None and self.loops < 2 and self.chance(0.5):
            return self._mapped(source, unit, depth)
        items = tuple(self.plain(self.number(unit, depth - 1)) for _ in range(self.random.randint(1, 4)))
        kind = Kind("list", item=joined(*(item.kind for item in items)))
        return Tree("list", items, kind, None, False, any(item.is_endless for item in items))

    def _any_list(self) -> Name | None:
        lists = [n for n in self.readable() if n.kind.word == "list" and n.kind.item is not None]
        return self.random.choice(lists) if lists else None

    def _mapped(self, source: Name, unit: Unit, depth: int) -> Tree:
        variable, scope = self._variable(source)
        with scope:
            test = self.boolean(1) if self.chance(0.3) else None
            body = self.plain(self.number(unit, max(0, depth - 1)))
        self.loops -= 1
        assert source.kind.item is not None
        if body.kind == source.kind.item and test is not None and self.chance(0.5):
            return Tree("filter", (source.tree, test), source.kind, variable, False, source.is_endless)
        args = (source.tree, body) if test is None else (source.tree, test, body)
        return Tree("map", args, Kind("list", item=body.kind), variable, False, body.is_endless)

    def _variable(self, source: Name) -> tuple[str, Any]:
        variable = ("x", "y", "z")[self.loops]
        self.loops += 1
        assert source.kind.item is not None
        return variable, self.local(Name(variable, source.kind.item, is_endless=source.is_endless))

    def _of_list(self, unit: Unit, depth: int) -> Tree:
        items = self.numbers(unit, depth)
        assert items.kind.item is not None
        op = self.random.choice(("sum", "sum", "min_of", "max_of", "avg"))
        if op == "avg":
            return Tree("avg", (items,), Kind("decimal", unit), None, True, items.is_endless)
        return Tree(op, (items,), items.kind.item, None, False, items.is_endless)

    def _index(self, unit: Unit, depth: int) -> Tree:
        items = self.numbers(unit, depth)
        small = [n.tree for n in self.readable() if n.kind == INT]
        position = self.random.choice(small) if small and self.chance(0.5) else number(self.random.randint(0, 4))
        assert items.kind.item is not None
        return Tree("index", (items, position), items.kind.item, None, False, items.is_endless)

    def _or_value(self, unit: Unit, depth: int) -> Tree:
        """`change.?step.orValue(0)`."""
        given = [n for n in self.names if n.needs and n.kind.is_number and n.kind.unit == unit and not n.is_local]
        given = [n for n in given if not set(n.needs) & self.known and not n.is_ratio]
        if not given:
            return self.number(unit, depth)
        one = self.random.choice(given)
        fallback = self.plain(self.number(unit, depth))
        is_endless = one.is_endless or fallback.is_endless
        return Tree("orValue", (fallback,), joined(one.kind, fallback.kind), one.path, False, is_endless)

    def _call(self, unit: Unit, depth: int) -> Tree:
        """A table or a keyed parameter as a function."""
        fitting = [c for c in self.callables if c[3].is_number and c[3].unit == unit]
        if not fitting:
            return self._sum(unit, depth)
        called, keys, column, kind, several = self.random.choice(fitting)
        arguments = tuple(self._argument(key) for key in keys)
        return Tree("call", arguments, kind, (called, column, several))

    def _argument(self, kind: Kind) -> Tree:
        known = self.of_kind(kind)
        if known and self.chance(0.8):
            return self.random.choice(known).tree
        return self.literal(kind)

    def _long_chain(self, unit: Unit, depth: int) -> Tree:
        """Many operands in a row, of one operator or two."""
        operands = [self._leaf(unit) for _ in range(self.random.choice((5, 12, 40)))]
        if self.chance(0.5):
            return chain("+", *operands)
        total = operands[0]
        for operand in operands[1:]:
            total = self._minus(total, operand) if self.chance(0.5) else chain("+", total, operand)
        return total

    def _clamp(self, unit: Unit, depth: int) -> Tree:
        parts = tuple(self.number(unit, depth) for _ in range(3))
        kind = joined(*(part.kind for part in parts))
        return Tree("clamp", parts, kind, None, any(p.is_ratio for p in parts), any(p.is_endless for p in parts))

    def _size(self, unit: Unit, depth: int) -> Tree:
        return Tree("size", (self.string(depth) if self.chance(0.5) else self.numbers((), depth),), INT)

    def _share(self, unit: Unit, depth: int) -> Tree:
        """A share of a stretch of time."""
        a, b, c, d = (self.time(0) for _ in range(4))
        above, below = (Tree("seconds_between", pair, Kind("decimal", (("second", 1),))) for pair in ((a, b), (c, d)))
        return divide(above, below)

    def _converted(self, unit: Unit, depth: int) -> Tree:
        inner = self.plain(self.number(unit, depth))
        if self.chance(0.5):
            return Tree("int", (inner,), INT)
        return Tree("decimal", (inner,), Kind("decimal"), None, False, inner.is_endless)

    # --------------------------------------------------------------------------------------------- conditions

    def boolean(self, depth: int) -> Tree:
        flags = self.of_kind(BOOL)
        if depth <= 0:
            if flags and self.chance(0.6):
                return self.random.choice(flags).tree
            return self._comparison(0)
        roll = self.random.random()
        if roll < 0.3:
            return self._comparison(depth - 1)
        if roll < 0.55:
            return self._logic(depth - 1)
        if roll < 0.63:
            return Tree("!", (self.boolean(depth - 1),), BOOL)
        if roll < 0.71:
            return self._membership(depth - 1)
        if roll < 0.79:
            return self._quantified(depth - 1)
        if roll < 0.86:
            return self._of_text(depth - 1)
        if roll < 0.92:
            return self._of_time(depth - 1)
        if roll < 0.96:
            condition, proved = self.guard()
            with self.present(proved):
                then = self.boolean(depth - 1)
            return choose(condition, then, self.boolean(depth - 1))
        return self._about_optionals(depth - 1)

    def _comparison(self, depth: int) -> Tree:
        unit = self.unit()
        op = self.random.choice(("<", "<=", ">", ">=", "==", "!="))
        return Tree(op, (self.number(unit, depth), self.number(unit, depth)), BOOL)

    def _logic(self, depth: int) -> Tree:
        """A chain of `&&` or `||`; what an operand proves is known to those after it."""
        op = self.random.choice(("&&", "||"))
        operands: list[Tree] = []
        proved: set[str] = set()
        for _ in range(self.random.choice((2, 2, 3, 8))):
            with self.present(proved):
                if self.chance(0.25):
                    operand, more = self.guard()
                    if op == "||":
                        operand = Tree("!", (operand,), BOOL) if operand.op == "has" else operand
                        more = more if operand.op == "!" else set()
                    proved = proved | more
                else:
                    operand = self.boolean(depth)
            operands.append(operand)
        return Tree(op, tuple(operands), BOOL)

    def _membership(self, depth: int) -> Tree:
        roll = self.random.random()
        enums = [n for n in self.readable() if n.kind.word == "enum"]
        if enums and roll < 0.4:
            one = self.random.choice(enums)
            if self.chance(0.5):
                return Tree(self.random.choice(("==", "!=")), (one.tree, self._member(one.kind)), BOOL)
            members = self.random.sample(one.kind.members, self.random.randint(1, len(one.kind.members)))
            items = tuple(Tree("literal", (), one.kind, member) for member in members)
            return Tree("in", (one.tree, Tree("list", items, Kind("list", item=one.kind))), BOOL)
        if roll < 0.7:
            items = tuple(self.literal(STRING) for _ in range(self.random.randint(1, 4)))
            return Tree("in", (self.string(depth), Tree("list", items, Kind("list", item=STRING))), BOOL)
        unit = self.unit()
        return Tree("in", (self.plain(self.number(unit, depth)), self.numbers(unit, depth)), BOOL)

    def _quantified(self, depth: int) -> Tree:
        source = self._any_list()
        if source is None or self.loops >= 2:
            return self._comparison(depth)
        variable, scope = self._variable(source)
        with scope:
            test = self.boolean(max(depth, 1))
        self.loops -= 1
        return Tree(self.random.choice(("all", "exists", "exists_one")), (source.tree, test), BOOL, variable)

    def _of_text(self, depth: int) -> Tree:
        op = self.random.choice(("contains", "startsWith", "endsWith", "==", "!=", "<", ">="))
        return Tree(op, (self.string(depth), self.string(0)), BOOL)

    def _of_time(self, depth: int) -> Tree:
        op = self.random.choice(("<", "<=", ">", ">=", "==", "!="))
        make = self.time if self.chance(0.6) else self.duration
        return Tree(op, (make(depth), make(depth)), BOOL)

    def _about_optionals(self, depth: int) -> Tree:
        if not self.optionals:
            return self.boolean(depth)
        test = self.has(self.random.choice(self.optionals))
        return test if self.chance(0.6) else Tree("!", (test,), BOOL)

    # ------------------------------------------------------------------------------------------ texts and times

    def string(self, depth: int) -> Tree:
        known = [n for n in self.readable() if n.kind == STRING]
        if depth <= 0 or self.chance(0.3):
            return self.random.choice(known).tree if known and self.chance(0.6) else self.literal(STRING)
        roll = self.random.random()
        if roll < 0.35:
            return Tree("concat", (self.string(depth - 1), self.string(depth - 1)), STRING)
        if roll < 0.55:
            return Tree(self.random.choice(("lowerAscii", "upperAscii")), (self.string(depth - 1),), STRING)
        if roll < 0.75:
            return Tree("string", (self.out(self.number(self.unit(), depth - 1)),), STRING)
        if roll < 0.85:
            return Tree("string", (self.boolean(depth - 1),), STRING)
        return choose(self.boolean(depth - 1), self.string(depth - 1), self.string(depth - 1))

    def time(self, depth: int) -> Tree:
        known = self.of_kind(TIMESTAMP)
        if depth <= 0 or self.chance(0.5):
            return self.random.choice(known).tree if known else name("at", TIMESTAMP)
        op = self.random.choice(("time + duration", "time - duration"))
        return Tree(op, (self.time(depth - 1), self.duration(depth - 1)), TIMESTAMP)

    def duration(self, depth: int) -> Tree:
        known = self.of_kind(DURATION)
        if depth <= 0 or self.chance(0.4):
            return self.random.choice(known).tree if known and self.chance(0.6) else self.literal(DURATION)
        roll = self.random.random()
        if roll < 0.4:
            return Tree("time - time", (self.time(depth - 1), self.time(depth - 1)), DURATION)
        if roll < 0.85:
            op = self.random.choice(("duration + duration", "duration - duration"))
            return Tree(op, (self.duration(depth - 1), self.duration(depth - 1)), DURATION)
        return Tree("-duration", (self.duration(depth - 1),), DURATION)


def _is_rate(unit: Unit) -> bool:
    return any(power != 1 for _, power in unit) or len(unit) > 1


def _is_zero(tree: Tree) -> bool:
    while tree.op == "negate":
        (tree,) = tree.args
    return tree.op == "number" and tree.data == 0
