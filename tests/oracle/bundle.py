"""A bundle as plain data: its sections, as an author thinks of them. Instants are nanoseconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from oracle.tree import Kind, Tree


@dataclass(slots=True)
class Fact:
    """A leaf of the inputs. `default` is a literal, None where the caller must give it (or may not, if optional)."""

    kind: Kind
    low: Fraction | None = None
    high: Fraction | None = None
    places: int | None = None
    default: Any = None
    optional: bool = False
    length: int = 0
    type_name: str = ""


@dataclass(slots=True)
class Group:
    fields: dict[str, Fact | Group]
    optional: bool = False


@dataclass(slots=True)
class Keyed:
    """A value for each member of a key."""

    key: Tree
    cases: dict[str, Any]
    otherwise: Any = None


@dataclass(slots=True)
class Dated:
    """Values in half-open steps."""

    steps: list[tuple[int, Any]]


@dataclass(slots=True)
class Choice:
    """`when`, `value`, `otherwise`; without the last it is optional."""

    when: Tree
    value: Any
    otherwise: Any = None


@dataclass(slots=True)
class Record:
    """Members by name, each an expression."""

    fields: dict[str, Tree]


@dataclass(slots=True)
class Round:
    places: int | str
    mode: str


@dataclass(slots=True)
class Parameter:
    """`per` is the scale of its unit: 1_000 for `money / 1_000 token`."""

    kind: Kind
    value: Any
    per: int = 1
    overridable: bool = False


@dataclass(slots=True)
class Cell:
    """A condition: `is`, `any`, `range`, `not`, `starts_with`, `ends_with`, `contains`, or `all` (the wildcard)."""

    form: str
    value: Any = None
    low: Any = None
    low_in: bool = False
    high: Any = None
    high_in: bool = False


@dataclass(slots=True)
class Column:
    """A result column; `per` is the scale of its unit."""

    kind: Kind
    per: int = 1
    optional: bool = False


@dataclass(slots=True)
class Row:
    id: str
    cells: dict[str, Cell]
    results: dict[str, Any]
    start: int | None = None
    end: int | None = None


@dataclass(slots=True)
class Table:
    """`when` names an expression or, in a table that is only called, a kind for each condition column."""

    hit: str
    when: dict[str, Tree | Kind]
    then: dict[str, Column]
    rows: list[Row]
    otherwise: str | dict[str, Any] | None = None
    is_dated: bool = False
    overridable: bool = False
    needs: tuple[str, ...] = ()


@dataclass(slots=True)
class Value:
    """A named value: a Tree, Choice, Record, Keyed or Dated, perhaps rounded, perhaps under a condition."""

    value: Any
    when: Tree | None = None
    otherwise: Any = None
    round: Round | None = None


@dataclass(slots=True)
class Fold:
    """A value with `each`: `carry` names states with their kind, bounds, start and next step."""

    item: str
    over: Tree
    value: Any
    when: Tree | None = None
    round: Round | None = None
    sort: list[tuple[Tree, bool]] = field(default_factory=list)
    carry: dict[str, Carried] = field(default_factory=dict)


@dataclass(slots=True)
class Carried:
    kind: Kind
    start: Tree
    next: Tree
    low: Fraction | None = None
    high: Fraction | None = None
    places: int | None = None


@dataclass(slots=True)
class Tier:
    """One tier; `up_to` is None in the last. Numbers are literals or trees."""

    up_to: Fraction | None = None
    unit_amount: Tree | None = None
    factor: Tree | None = None
    flat_amount: Tree | None = None


@dataclass(slots=True)
class Charge:
    """A charge of the model flat, per_unit or tiered, or the sum of others."""

    model: str
    quantity: Tree | None = None
    unit_amount: Tree | None = None
    flat_amount: Tree | None = None
    free_quantity: Tree | None = None
    already_rated: Tree | None = None
    mode: str = ""
    tiers: list[Tier] = field(default_factory=list)
    flat_at_zero: bool | None = None
    sum: list[str] = field(default_factory=list)
    when: Tree | None = None
    round: Round | None = None


@dataclass(slots=True)
class Guard:
    when: Tree
    effect: str


@dataclass(slots=True)
class Decision:
    outputs: dict[str, Tree]
    guards: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Override:
    """`set` maps (name, row or key path, column) to a literal."""

    id: str
    tenant: str
    start: int
    end: int | None
    set: dict[tuple[str, tuple[str, ...], str], Any]


@dataclass(slots=True)
class Bundle:
    currency: str = "USD"
    timezone: str = "UTC"
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: dict[str, Fact | Group] = field(default_factory=dict)
    checks: list[Tree] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    values: dict[str, Value | Fold] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    guards: dict[str, Guard] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    overrides: list[Override] = field(default_factory=list)
