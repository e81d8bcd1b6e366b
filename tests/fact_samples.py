"""A program with one input of every kind, written by hand, for the tests of what callers give and get."""

from __future__ import annotations

from policyengine.runtime.program import Entry, FactPath, Group, Leaf, Program
from policyengine.values import types
from policyengine.values.types import ANY, BOOL, DURATION, STRING, TIMESTAMP, Enum, Limit, List, Map, Number

TOKEN = Number(True, (("token", 1),), 1, 0, 10**15 - 1)
MONEY = types.decimal((("USD", 1),))
SHARE = Number(False, (), 10**12, 0, 10**12)
RATE = Number(False, (("USD", 1), ("token", -1)), 10**18, 1 - 10**27, 10**27 - 1)
"""`money / 1_000_000 token`: 2.50 is given, 2.50 * 10**12 over 10**18 is held."""
MODEL = Enum("Model", ("atlas-mini", "atlas-pro"))
COUPON = Group("", (Leaf("id", STRING), Leaf("percent", SHARE, scale=10**12), Leaf("note", STRING, optional=True)))
COUPON_TYPE = types.Record("", (("id", STRING), ("percent", SHARE), ("note", types.Optional(STRING))))

INPUTS = Group(
    "",
    (
        Group(
            "usage",
            (Leaf("model", MODEL), Leaf("tokens", TOKEN), Leaf("extra", TOKEN, default=7, has_default=True)),
        ),
        Group(
            "customer",
            (
                Leaf("credit", MONEY, scale=10**12),
                Leaf("rate", RATE, scale=10**12, default=25 * 10**11, has_default=True),
                Leaf("timezone", STRING, optional=True),
                Leaf("seats", Limit(TOKEN), default=3, has_default=True),
                Leaf("active", BOOL, default=True, has_default=True),
            ),
        ),
        Group(
            "change",
            (
                Leaf("at", TIMESTAMP, zone="customer.timezone"),
                Leaf("grace", DURATION, default=0, has_default=True),
                Group("period", (Leaf("start", TIMESTAMP), Leaf("end", TIMESTAMP, optional=True))),
                Group("undo", (Leaf("by", STRING),), optional=True),
            ),
            optional=True,
        ),
        Leaf("coupons", List(COUPON_TYPE, 3), default=(), has_default=True, items=COUPON),
        Leaf("limits", Map(STRING, BOOL), optional=True, items=Leaf("", BOOL)),
        Leaf("extras", ANY, optional=True),
        Group("payment", (Leaf("code", STRING), Leaf("unread", STRING))),
    ),
)


def facts_of(group: Group, path: tuple[str, ...] = ()) -> list[FactPath]:
    """The facts of a group as the compiler makes them: presence first, then its fields."""
    facts = [FactPath(path, BOOL)] if group.optional else []
    for field in group.fields:
        where = (*path, field.name)
        facts += facts_of(field, where) if isinstance(field, Group) else [FactPath(where, field.type)]
    return facts


def program_of(inputs: Group) -> Program:
    """A program that has inputs and nothing else."""
    facts = (FactPath((), TIMESTAMP), FactPath((), STRING), *facts_of(inputs))
    return Program("shop", "1.0.0", "", "USD", inputs, facts, {}, {}, {})


def entry_of(program: Program, *left_out: str, dated: bool = False) -> Entry:
    """An entry point that reads all inputs but those left out, with what is beneath them."""
    facts = (
        i for i, f in enumerate(program.facts) if f.path and not any(f"{f.name}.".startswith(f"{o}.") for o in left_out)
    )
    return Entry("price", "charges", (), tuple(facts), dated=dated)


PROGRAM = program_of(INPUTS)
ENTRY = entry_of(PROGRAM, "payment")
INDEX = {fact.name: i for i, fact in enumerate(PROGRAM.facts) if fact.path}
