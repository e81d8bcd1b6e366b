"""Random bundles, as data: every choice comes from one `Random`, so that a seed or hypothesis can drive them.

The bundles are well typed: what a generated bundle is refused for is one of `EXPECTED`, since ranges are not tracked
here. Names are made section by section, and each may read what was made before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from typing import Any

from generated.expressions import Expressions, Name
from generated.tables import TableMaker
from oracle.bundle import (
    Bundle,
    Carried,
    Charge,
    Choice,
    Dated,
    Decision,
    Fact,
    Fold,
    Group,
    Guard,
    Keyed,
    Override,
    Parameter,
    Record,
    Round,
    Tier,
    Value,
)
from oracle.sections import midnight
from oracle.tree import (
    BOOL,
    DECIMAL,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    Kind,
    Tree,
    Unit,
    chain,
    choose,
    name,
    number,
    rounded,
)

EXPECTED = {
    "too_wide": "a number may need more than 1,024 bits",
    "always_fails": "an int cannot fit into 64 bits",
    "never_absent": "a condition proves a name to be there, which the generator did not follow",
    "division_by_zero": "a divisor is zero once its literals are folded",
    "key_inside_itself": "two keys are one expression, though they are written differently",
    "row_never_fits": "a condition lies outside the range of its key",
    "masked_row": "a row lies outside the range of its key or behind another",
}
"""Why a generated bundle may be refused: the generator does not know the ranges that the checker infers."""

TENANTS = (None, "acme", "globex", "initech")
TEXTS = ("alpha", "beta", "alphabet", "Gamma", "gamma ray", "", "zeta-9")
MODES = ("half_even", "half_up", "half_down", "up", "down", "ceiling", "floor")
YEARS = ("2026-01-01", "2026-03-29", "2026-07-01", "2026-10-25", "2027-01-01", "2027-11-07", "2028-02-29")


def bundle(random: Random) -> Bundle:
    """One bundle, of any size that still compiles fast."""
    return Maker(random).bundle()


def bundle_of_expressions(random: Random) -> Bundle:
    """A bundle whose values are expressions of more depth, and nothing else."""
    return Maker(random).expressions_only()


class Maker:
    """Makes one bundle."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.made = Bundle(
            currency=random.choice(("USD", "USD", "EUR", "JPY")),
            timezone=random.choice(("UTC", "UTC", "Europe/Berlin", "America/New_York")),
        )
        self.money = ((self.made.currency, 1),)
        self.token = (("token", 1),)
        self.rate = tuple(sorted(((self.made.currency, 1), ("token", -1))))
        self.expressions = Expressions(random, self.money, self.token)

    def bundle(self) -> Bundle:
        self._types()
        self._inputs()
        self._parameters()
        for _ in range(self.random.randint(0, 3)):
            self._table()
        for position in range(self.random.randint(2, 7)):
            self._value(position)
        for position in range(self.random.randint(0, 4)):
            self._charge(position)
        if self.random.random() < 0.3:
            self._fold()
        for position in range(self.random.randint(0, 2)):
            self._value(10 + position)
        self._guards()
        self._decisions()
        self._overrides()
        return self.made

    def expressions_only(self) -> Bundle:
        self._types()
        self._inputs()
        self.made.checks.clear()
        for position in range(self.random.randint(3, 6)):
            tree = self.expressions.any(self.pick(3, 4, 4))
            self.made.values[f"v{position}"] = Value(tree)
            self.add(Name.of(f"v{position}", tree))
        outputs = {f"x{n}": self.expressions.leaving(self.pick(4, 5)) for n in range(self.random.randint(3, 6))}
        self.made.decisions["everything"] = Decision(outputs)
        return self.made

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, *options: Any) -> Any:
        return self.random.choice(options)

    def add(self, *names: Name) -> None:
        self.expressions.names += names

    # ---------------------------------------------------------------------------------------------------- inputs

    def _types(self) -> None:
        self.made.types["Plan"] = ("free", "team", "enterprise")
        if self.chance(0.5):
            self.made.types["Region"] = ("us", "eu")
        self.plans = Kind("enum", members=self.made.types["Plan"])
        self.expressions.enums = {members: word for word, members in self.made.types.items()}

    def _inputs(self) -> None:
        random = self.random
        fields: dict[str, Fact | Group] = {
            "plan": Fact(self.plans),
            "tokens": Fact(Kind("int", self.token), Fraction(0), self.pick(None, Fraction(5_000))),
            "before": Fact(Kind("int", self.token), Fraction(0), Fraction(10_000), default=self.pick(None, 0)),
            "count": Fact(INT, Fraction(-20), Fraction(20)),
            "big": Fact(INT),
            "ratio": self._decimal_fact(),
            "fee": Fact(Kind("decimal", self.money), Fraction(-1_000), Fraction(1_000), self.pick(2, 3, 4)),
            "flag": Fact(BOOL),
            "label": Fact(STRING, default=self.pick(None, "beta")),
            "when": Fact(TIMESTAMP),
        }
        if self.chance(0.5):
            fields["wait"] = Fact(DURATION)
        if self.chance(0.6):
            fields["storage"] = Fact(Kind("decimal", (("GB", 1),)), Fraction(0), Fraction(2_000), self.pick(1, 3))
        if self.chance(0.6):
            item = self.pick(INT, DECIMAL, Kind("decimal", self.money))
            places = None if item.is_whole else 2
            fields["series"] = Fact(Kind("list", item=item), Fraction(-50), Fraction(50), places, length=5)
        if self.chance(0.5):
            item = Kind("record", fields=(("size", INT), ("price", Kind("decimal", self.money))))
            fields["things"] = Fact(Kind("list", item=item), Fraction(-9), Fraction(99), 3, length=4)
        if self.chance(0.4):
            fields["note"] = Fact(self.pick(STRING, INT, BOOL), optional=True)
        kept = list(fields)
        random.shuffle(kept)
        grouped = kept[: random.randint(0, 4)]
        inputs: dict[str, Fact | Group] = {key: fields[key] for key in kept if key not in grouped}
        if grouped:
            inputs["usage"] = Group({key: fields[key] for key in grouped})
        if self.chance(0.6):
            inputs["change"] = Group(
                {"old": Fact(self.plans), "step": Fact(INT, Fraction(-5), Fraction(5)), "cost": self._decimal_fact()},
                optional=True,
            )
        self.made.inputs = inputs
        self._declare(inputs, "", ())
        self.add(Name("at", TIMESTAMP))
        if self.chance(0.15):
            kept, self.expressions.optionals = self.expressions.optionals, []
            self.made.checks.append(self.expressions.boolean(1))
            self.expressions.optionals = kept

    def _decimal_fact(self) -> Fact:
        places = self.pick(0, 1, 2, 3, 4)
        return Fact(DECIMAL, Fraction(-100), Fraction(100), places)

    def _declare(self, fields: dict[str, Fact | Group], prefix: str, needs: tuple[str, ...]) -> None:
        for key, declared in fields.items():
            path = prefix + key
            own = (*needs, path) if declared.optional else needs
            if isinstance(declared, Group):
                self._declare(declared.fields, f"{path}.", own)
                if declared.optional:
                    self.expressions.optionals.append(path)
            else:
                self.add(Name(path, declared.kind, needs=own, declared=declared))
                if declared.optional:
                    self.expressions.optionals.append(path)

    # ------------------------------------------------------------------------------------------------ parameters

    def _parameters(self) -> None:
        for position in range(self.random.randint(1, 4)):
            kind, per, make = self.pick(
                (Kind("decimal", self.money), 1, lambda: self.amount(2)),
                (Kind("decimal", self.rate), self.pick(1, 1_000, 1_000_000), lambda: abs(self.amount(3))),
                (Kind("int", self.token), 1, lambda: self.random.randint(0, 3_000)),
                (INT, 1, lambda: self.random.randint(-12, 12)),
                (DECIMAL, 1, lambda: self.amount(self.pick(1, 2, 5))),
                (BOOL, 1, lambda: self.chance(0.5)),
            )
            value = self._keyed_or_dated(make, depth=2)
            key = f"p{position}"
            self.made.parameters[key] = Parameter(kind, value, per, overridable=self.chance(0.6))
            self.add(Name(key, kind, is_free_quantity=kind == Kind("int", self.token)))
            if isinstance(value, Keyed) and value.key.kind == self.plans and not _has_inner_key(value):
                self.expressions.callables.append((key, (self.plans,), "value", kind, False))

    def amount(self, places: int) -> Fraction:
        return Fraction(self.random.randint(-9_999, 9_999), 10**places)

    def _keyed_or_dated(
        self, make: Callable[[], Any], depth: int, outer: tuple[Tree, ...] = (), *, is_inside: bool = False
    ) -> Any:
        """A value of the one grammar; no key stands inside itself, and none that may fail inside a case or a step."""
        choice = self.random.random()
        if depth == 0 or choice < 0.45:
            return make()
        if choice < 0.75:
            return self._keyed(make, depth, outer, is_inside=is_inside)
        starts = self.instants(self.pick(1, 2, 3))
        return Dated([(start, self._keyed_or_dated(make, depth - 1, outer, is_inside=True)) for start in starts])

    def _keyed(self, make: Callable[[], Any], depth: int, outer: tuple[Tree, ...], *, is_inside: bool) -> Any:
        key = self._key(outer, is_inside=is_inside)
        if key is None:
            return make()
        if key.kind.word == "enum":
            members = list(key.kind.members)
        elif key.kind.word == "bool":
            members = ["true", "false"]
        elif key.kind.is_whole:
            members = [str(n) for n in self.random.sample(range(-3, 6), 3)]
        else:
            members = self.random.sample([word for word in TEXTS if word.isalpha()], 2)
        complete = key.kind.word in ("enum", "bool")
        dropped = self.chance(0.3) and len(members) > 1
        within = (*outer, key)
        kept = members[1 if dropped else 0 :]
        cases = {word: self._keyed_or_dated(make, depth - 1, within, is_inside=True) for word in kept}
        otherwise = make() if dropped or not complete else None
        return Keyed(key, cases, otherwise)

    def _key(self, outer: tuple[Tree, ...], *, is_inside: bool) -> Tree | None:
        """Mostly a plain name; sometimes an expression that may fail."""
        if self.chance(0.2) and not is_inside:
            tree = self.expressions.whole_number(1)
            if tree is not None:
                return tree
        names = [n for n in self.expressions.readable() if n.declared is not None or not is_inside]
        names = [n for n in names if n.kind.word in ("enum", "bool", "string") or n.kind == INT]
        names = [n for n in names if n.tree not in outer]
        return self.random.choice(names).tree if names else None

    def instants(self, count: int) -> list[int]:
        dates = sorted(self.random.sample(YEARS, count))
        return [midnight(each, self.made.timezone) for each in dates]

    # ---------------------------------------------------------------------------------------------------- tables

    def _table(self) -> None:
        key = f"t{len(self.made.tables)}"
        table = TableMaker(self.random, self.expressions, self).table()
        if table is None:
            return
        self.made.tables[key] = table
        kinds = tuple(k if isinstance(k, Kind) else k.kind for k in table.when.values())
        several = len(table.then) > 1
        is_called = any(isinstance(k, Kind) for k in table.when.values())
        for column, its in table.then.items():
            if its.optional:
                if not is_called:
                    self.expressions.optionals.append(f"{key}.{column}")
                    self.add(Name(f"{key}.{column}", its.kind, needs=(*table.needs, f"{key}.{column}")))
                continue
            if not table.needs and all(not kind.is_number or kind == INT for kind in kinds):
                self.expressions.callables.append((key, kinds, column, its.kind, several))
            if not is_called:
                self.add(Name(f"{key}.{column}", its.kind, needs=table.needs))

    # ---------------------------------------------------------------------------------------------------- values

    def _value(self, position: int) -> None:
        key = f"v{position}"
        make = self.expressions
        choice = self.random.random()
        if choice < 0.1:
            kind = self.pick(INT, DECIMAL)
            literal = self._keyed_or_dated(
                lambda: self.random.randint(-30, 30) if kind.is_whole else self.amount(2), depth=2
            )
            if isinstance(literal, Keyed | Dated):
                self.made.values[key] = Value(literal)
                self.add(Name(key, kind))
                return
        if choice < 0.25:
            condition = make.boolean(1)
            value, otherwise = make.pair(2)
            self.made.values[key] = Value(Choice(condition, value, otherwise))
            self.add(Name.of(key, Tree("?:", (condition, value, otherwise), **_joint(value, otherwise))))
            return
        if choice < 0.35:
            fields = {f"part{n}": make.leaving(2) for n in range(self.random.randint(2, 3))}
            self.made.values[key] = Value(Record(fields))
            for part, tree in fields.items():
                self.add(Name.of(f"{key}.{part}", tree))
            return
        if choice < 0.5:
            condition, needed = make.guard()
            with make.present(needed):
                tree = make.any(2)
            how = self._round() if tree.kind.is_number and self.chance(0.3) else None
            self.made.values[key] = Value(tree, when=condition, round=how)
            make.optionals.append(key)
            self.add(Name.of(key, _after(tree, how), needs=(key,)))
            return
        tree = make.any(3)
        how = self._round() if tree.kind.is_number and self.chance(0.4) else None
        self.made.values[key] = Value(tree, round=how)
        self.add(Name.of(key, _after(tree, how)))

    def _round(self) -> Round:
        return Round(self.pick(0, 1, 2, 2, 2, 4, "currency"), self.pick(*MODES))

    def _fold(self) -> None:
        """An `each` over a list of the inputs."""
        lists = [n for n in self.expressions.readable() if n.kind.word == "list" and n.declared is not None]
        if not lists:
            return
        over = self.random.choice(lists)
        assert over.kind.item is not None
        make = self.expressions
        item = Name("one", over.kind.item)
        own = self.pick(INT, DECIMAL, Kind("decimal", self.money))
        bound = self.pick(Fraction(20), Fraction(1_000_000_000))
        carried = Carried(own, number(0, own.unit, whole=own.is_whole), number(0), -bound, bound)
        if not own.is_whole:
            carried.places = 12
        fold = Fold("one", over.tree, None)
        with make.local(item), make.local(Name("left", own)):
            fold.when = make.boolean(1) if self.chance(0.3) else None
            parts = {"first": make.leaving(1), "second": rounded(make.number(own.unit, 1), 2, "half_up")}
            if own.is_whole:
                parts["second"] = make.to_whole(make.number(own.unit, 1))
            fold.value = Record(parts)
            with make.local(Name.of("second", parts["second"])):
                carried.next = chain("+", name("left", own), name("second", parts["second"].kind))
        if self.chance(0.7):
            fold.carry["left"] = carried
        else:
            with make.local(item):
                fold.when = None
                fold.value = make.leaving(2)
        key = f"f{len(self.made.values)}"
        self.made.values[key] = fold
        if fold.carry:
            self.add(Name(f"{key}.left", own))
        if isinstance(fold.value, Tree) and fold.value.kind.is_number:
            self.add(Name(f"{key}.items", Kind("list", item=fold.value.kind), length=over.length))

    # --------------------------------------------------------------------------------------------------- charges

    def _charge(self, position: int) -> None:
        key = f"c{position}"
        make = self.expressions
        others = list(self.made.charges)
        if len(others) > 1 and self.chance(0.3):
            charge = Charge("", sum=self.random.sample(others, self.random.randint(2, len(others))))
            ratio = any(self._is_ratio(other) for other in charge.sum)
            endless = any(self._is_endless(other) for other in charge.sum)
        else:
            charge = self._model()
            of_tiers = [part for tier in charge.tiers for part in (tier.unit_amount, tier.flat_amount)]
            parts = [charge.unit_amount, charge.flat_amount, charge.quantity, *of_tiers]
            ratio = any(p is not None and p.is_ratio for p in parts)
            endless = any(p is not None and p.is_endless for p in parts)
        if self.chance(0.25):
            charge.when = make.boolean(1)
        if self.chance(0.5):
            charge.round = self._round()
            ratio = endless = False
        self.made.charges[key] = charge
        needs = (key,) if charge.when is not None else ()
        if needs:
            make.optionals.append(key)
        amount = Kind("decimal", self.money)
        self.add(Name(f"{key}.amount", amount, needs=needs, is_ratio=ratio, is_endless=endless))
        if charge.quantity is not None:
            self.add(Name.of(f"{key}.quantity", charge.quantity, needs))
        if charge.free_quantity is not None:
            assert charge.quantity is not None
            self.add(Name(f"{key}.free_used", charge.quantity.kind, needs))

    def _is_ratio(self, charge: str) -> bool:
        return any(n.path == f"{charge}.amount" and n.is_ratio for n in self.expressions.names)

    def _is_endless(self, charge: str) -> bool:
        return any(n.path == f"{charge}.amount" and n.is_endless for n in self.expressions.names)

    def _model(self) -> Charge:
        make = self.expressions
        if self.chance(0.15):
            return Charge("flat", flat_amount=self._money_tree())
        quantity = self._quantity()
        unit_rate = tuple(sorted([(self.made.currency, 1), *((n, -p) for n, p in quantity.kind.unit)]))
        charge = Charge(self.pick("per_unit", "tiered", "tiered"), quantity=quantity)
        same = [n for n in make.readable() if n.kind == quantity.kind and n.is_never_negative]
        if same and self.chance(0.4):
            charge.already_rated = self.random.choice(same).tree
        if self.chance(0.4):
            free = [n for n in same if n.path.startswith("p")]
            if free and self.chance(0.6):
                charge.free_quantity = self.random.choice(free).tree
            else:
                charge.free_quantity = number(self.random.randint(0, 800))
        if charge.model == "per_unit":
            charge.unit_amount = self._rate_tree(unit_rate)
            return charge
        charge.mode = self.pick("graduated", "graduated", "volume")
        if charge.mode == "volume":
            charge.free_quantity = None
        by_factor = self.chance(0.4)
        if by_factor:
            charge.unit_amount = self._rate_tree(unit_rate)
        has_flats = self.chance(0.4)
        if has_flats:
            charge.flat_at_zero = self.chance(0.5)
        for up_to in [*self._edges(), None]:
            tier = Tier(None if up_to is None else Fraction(up_to))
            if by_factor:
                tier.factor = number(Fraction(self.random.randint(-2, 20), 10), whole=False)
            elif not has_flats or self.chance(0.8):
                tier.unit_amount = self._rate_tree(unit_rate, literal=True)
            if has_flats and (self.chance(0.7) or (tier.factor is None and tier.unit_amount is None)):
                tier.flat_amount = number(self.amount(2), whole=False)
            charge.tiers.append(tier)
        return charge

    def _edges(self) -> list[int]:
        edges = sorted(self.random.sample((1, 5, 10, 100, 500, 1_000, 2_500), self.random.randint(1, 3)))
        self.expressions.edges += edges
        return edges

    def _quantity(self) -> Tree:
        """Something that is never negative."""
        plain = [n for n in self.expressions.readable() if n.is_never_negative and n.kind.unit]
        if plain and self.chance(0.8):
            return self.random.choice(plain).tree
        tree = self.expressions.whole_number(2, self.token) or number(7, self.token)
        return chain("max", tree, number(0, self.token))

    def _rate_tree(self, unit: Unit, *, literal: bool = False) -> Tree:
        names = [n for n in self.expressions.readable() if n.kind == Kind("decimal", unit)]
        if names and not literal and self.chance(0.7):
            return self.random.choice(names).tree
        if names and literal and self.chance(0.2):
            plain = [n for n in names if not n.is_ratio]
            if plain:
                return self.random.choice(plain).tree
        return number(Fraction(self.random.randint(-200, 9_999), 10 ** self.pick(2, 3, 5)), whole=False)

    def _money_tree(self) -> Tree:
        if self.chance(0.5):
            return number(self.amount(2), whole=False)
        return self.expressions.as_decimal(self.expressions.number(self.money, 2))

    # --------------------------------------------------------------------------------------- guards and decisions

    def _guards(self) -> None:
        for position in range(self.random.randint(0, 2)):
            key = f"g{position}"
            self.made.guards[key] = Guard(self.expressions.boolean(2), self.pick("allow", "review", "deny"))

    def _decisions(self) -> None:
        """One decision that answers with everything, and some with a part of it."""
        make = self.expressions
        own = [n for n in make.names if n.declared is None and n.path != "at" and not n.is_local]
        outputs: dict[str, Tree] = {}
        for number_of, one in enumerate(own):
            outputs[f"o{number_of}"] = make.out(self._readable(one))
        for extra in range(self.random.randint(1, 4)):
            outputs[f"x{extra}"] = make.leaving(3)
        self.made.decisions["everything"] = Decision(outputs, list(self.made.guards))
        for position in range(2):
            chosen = self.random.sample(list(outputs), min(len(outputs), self.random.randint(1, 3)))
            guards = [g for g in self.made.guards if self.chance(0.5)]
            self.made.decisions[f"part{position}"] = Decision({key: outputs[key] for key in chosen}, guards)

    def _readable(self, one: Name) -> Tree:
        """A name where it is always readable: an optional one only if it is present."""
        if not one.needs:
            return one.tree
        return self.expressions.guarded(one)

    # ------------------------------------------------------------------------------------------------- overrides

    def _overrides(self) -> None:
        """Each tenant's changes; stretches of one leaf do not overlap."""
        for tenant in ("acme", "globex"):
            for position in range(self.random.randint(0, 2)):
                starts = self.instants(2)
                if position:
                    starts = [midnight("2029-01-01", self.made.timezone), midnight("2029-06-01", self.made.timezone)]
                leaves = dict(self._leaves())
                if leaves:
                    end = starts[1] if not position or self.chance(0.5) else None
                    made = Override(f"{tenant}-{position}", tenant, starts[0], end, leaves)
                    self.made.overrides.append(made)

    def _leaves(self) -> Iterator[tuple[tuple[str, tuple[str, ...], str], Any]]:
        for key, parameter in self.made.parameters.items():
            if parameter.overridable:
                for path in _settable(parameter.value):
                    if self.chance(0.5):
                        yield (key, path, "value"), self._other(parameter.kind)
        for key, table in self.made.tables.items():
            if table.overridable:
                for row in table.rows:
                    for column, its in table.then.items():
                        if self.chance(0.3) and row.results.get(column) is not None:
                            yield (key, (row.id,), column), self._other(its.kind)

    def _other(self, kind: Kind) -> Any:
        if kind.word == "bool":
            return self.chance(0.5)
        if kind.word == "enum":
            return self.random.choice(kind.members)
        if kind.word == "string":
            return self.random.choice(TEXTS)
        if kind.is_whole:
            return self.random.randint(0, 500)
        value = self.amount(self.pick(2, 4))
        return abs(value) if "token" in dict(kind.unit) else value


def paths_of(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The key paths of a value's leaves; a date is no part of the path."""
    match value:
        case Keyed():
            for word, inner in value.cases.items():
                yield from paths_of(inner, (*path, word))
            if value.otherwise is not None:
                yield from paths_of(value.otherwise, (*path, "otherwise"))
        case Dated(steps=steps):
            for _, inner in steps:
                yield from paths_of(inner, path)
        case _:
            yield path


def _settable(value: Any) -> list[tuple[str, ...]]:
    """The paths of leaves that an override can name: none inside of another."""
    found = list(dict.fromkeys(paths_of(value)))
    if _has_inner_steps(value):
        return []
    return [] if any(a != b and b[: len(a)] == a for a in found for b in found) else found


def _has_inner_steps(value: Any) -> bool:
    """Whether keys or steps stand below a date."""
    match value:
        case Keyed():
            inner = [*value.cases.values(), value.otherwise]
            return any(_has_inner_steps(each) for each in inner)
        case Dated(steps=steps):
            return any(isinstance(each, Keyed | Dated) for _, each in steps)
    return False


def _has_inner_key(value: Any) -> bool:
    match value:
        case Keyed():
            return any(_keyed_inside(v) for v in value.cases.values())
    return False


def _keyed_inside(value: Any) -> bool:
    match value:
        case Keyed():
            return True
        case Dated(steps=steps):
            return any(_keyed_inside(inner) for _, inner in steps)
    return False


def _joint(a: Tree, b: Tree) -> dict[str, Any]:
    both = choose(Tree("literal", kind=BOOL, data=True), a, b)
    return {"kind": both.kind, "is_ratio": both.is_ratio, "is_endless": both.is_endless}


def _after(tree: Tree, how: Round | None) -> Tree:
    """A tree's kind once its section has rounded it."""
    if how is None:
        return tree
    return rounded(tree, 0, "down")
