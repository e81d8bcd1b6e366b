"""The canonical input: one form for equal facts, from which a decision can be made again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from fact_samples import ENTRY, INPUTS, PROGRAM, entry_of
from hypothesis import given as drawn
from hypothesis import strategies as st

from policyengine.errors import InvalidInput
from policyengine.runtime.codegen import printing
from policyengine.runtime.given import facts as reading
from policyengine.runtime.given.canonical import canonical, from_canonical
from policyengine.runtime.program import Group
from policyengine.runtime.unavailable import UNAVAILABLE
from policyengine.values import types
from policyengine.values.canonical_json import canonical_bytes

READER = reading.Reader(PROGRAM, ENTRY)
WHOLE = {
    "usage": {"model": "atlas-pro", "tokens": 5},
    "customer": {
        "credit": Decimal("10.50"),
        "rate": Decimal("0.15"),
        "timezone": "Europe/Berlin",
        "seats": "unlimited",
    },
    "change": {
        "at": "2026-12-01T13:00:00",
        "grace": timedelta(hours=1),
        "period": {"start": "2026-12-01T01:00:00+01:00"},
        "undo": {"by": "ann"},
    },
    "coupons": [{"id": "a", "percent": Decimal("0.10")}],
    "limits": {"z": True, "$unavailable": True},
    "extras": {"n": [5, Decimal("0.50"), "5", None, {"$int": "5"}]},
    "payment": "not read",
}
EARLY = datetime(2000, 1, 1)  # noqa: DTZ001
LATE = EARLY.replace(year=2100)


def written(given, entry=ENTRY):
    """The canonical form of an input; generated code prints the same bytes, whatever the test is about."""
    held = reading.check(PROGRAM, entry, given).held
    form = canonical(PROGRAM, entry, held)
    answers = [*entry.outputs, *entry.guards, *entry.requires, *entry.checks]
    state = (None, None, None, *held, *(None for _ in answers))
    assert canonical_bytes(form).decode() == printing.generate(PROGRAM, entry)(state)
    return form


def test_every_kind_of_fact():
    """Numbers are texts as they are given, times are in UTC, defaults are filled in, what is absent is left out."""
    assert {
        "usage": {"model": "atlas-pro", "tokens": "5", "extra": "7"},
        "customer": {
            "credit": "10.5",
            "rate": "0.15",
            "timezone": "Europe/Berlin",
            "seats": "unlimited",
            "active": True,
        },
        "change": {
            "at": "2026-12-01T12:00:00Z",
            "grace": "3600s",
            "period": {"start": "2026-12-01T00:00:00Z"},
            "undo": {"by": "ann"},
        },
        "coupons": [{"id": "a", "percent": "0.1"}],
        "limits": {"z": True, "$$unavailable": True},
        "extras": {"n": [{"$int": "5"}, {"$decimal": "0.5"}, "5", None, {"$$int": "5"}]},
    } == written(WHOLE)


def test_equal_facts_have_equal_bytes():
    """Neither the order of keys, nor zeros, nor a default written out, nor an offset makes a difference."""
    plain = {"usage": {"model": "atlas-pro", "tokens": 5}, "customer": {"credit": Decimal("0.5")}}
    other = {"customer": {"active": True, "credit": Decimal("0.500"), "timezone": None}, "coupons": []}
    other["usage"] = {"extra": 7, "tokens": Decimal("5.0"), "model": "atlas-pro"}

    assert canonical_bytes(written(plain)) == canonical_bytes(written(other))


def test_the_bytes_are_compact():
    """Sorted keys, no spaces, UTF-8."""
    assert '{"a":"ü","b":[]}'.encode() == canonical_bytes({"b": [], "a": "ü"})


def test_what_is_not_read_is_left_out():
    """An entry point's input is what it can read, and nothing else that was given."""
    entry = entry_of(PROGRAM, "payment", "customer", "change", "coupons", "limits", "extras", "usage.extra")

    assert {"usage": {"model": "atlas-pro", "tokens": "5"}} == written(WHOLE, entry)


def test_a_group_that_is_present_and_empty():
    """A rule may ask for its presence alone."""
    change = next(i for i, fact in enumerate(PROGRAM.facts) if fact.name == "change")
    entry = entry_of(PROGRAM)
    entry = type(entry)(entry.name, entry.section, (), (change,))

    assert {"change": {}} == written({"change": {}}, entry)
    assert {} == written({}, entry)


@pytest.mark.parametrize("name", ["customer", "change", "coupons", "limits", "extras"])
def test_unavailable_facts_come_back(name):
    """What could not be fetched is recorded as that, and is replayed as that."""
    facts = READER.check(WHOLE | {name: UNAVAILABLE})
    data = canonical(PROGRAM, ENTRY, facts.held)
    again = READER.check(from_canonical(PROGRAM, ENTRY, json.loads(canonical_bytes(data))))

    assert facts.held == again.held
    assert again.unavailable


def inputs(group: Group) -> st.SearchStrategy[dict[str, object]]:
    """Valid inputs of a group."""
    fields = {field.name: valid(field) for field in group.fields}
    optional = {f.name for f in group.fields if f.optional or getattr(f, "has_default", False)}
    return st.fixed_dictionaries(
        {name: each for name, each in fields.items() if name not in optional},
        optional={name: fields[name] for name in optional},
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(-(10**30), 10**30) | st.decimals(-5, 5, places=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "$int", "$$int", "$decimal", "$unavailable"]), inner, max_size=2)
    ),
    max_leaves=6,
)


def valid(field):
    """Valid values of a field."""
    if isinstance(field, Group):
        return inputs(field)
    match field.type:
        case types.Number(integer=True):
            return st.integers(field.type.lo, field.type.hi)
        case types.Number(hi=hi):
            return st.decimals(0, 1 if hi == field.scale else 10**14, places=12)
        case types.Limit(number=number):
            return st.just("unlimited") | st.integers(number.lo, number.hi)
        case types.Enum(members=members):
            return st.sampled_from(members)
        case types.BOOL:
            return st.booleans()
        case types.TIMESTAMP:
            return st.datetimes(timezones=st.timezones(), min_value=EARLY, max_value=LATE)
        case types.DURATION:
            return st.timedeltas(timedelta(-1000), timedelta(1000))
        case types.List():
            return st.lists(inputs(field.items), max_size=3)
        case types.Map():
            return st.dictionaries(st.sampled_from(["a", "$", "$unavailable", "$$x", ""]), st.booleans(), max_size=3)
        case types.ANY:
            return JSON
    return st.text(max_size=5)


@drawn(given=inputs(INPUTS))
def test_reading_back_holds_the_same_facts(given):
    """Written and read back through JSON, an input holds the same facts and is written the same."""
    facts = READER.check(given)
    data = canonical(PROGRAM, ENTRY, facts.held)
    again = READER.check(from_canonical(PROGRAM, ENTRY, json.loads(canonical_bytes(data))))

    assert facts.held == again.held
    assert [type(value) for value in facts.held] == [type(value) for value in again.held]
    assert data == canonical(PROGRAM, ENTRY, again.held)


@drawn(data=JSON | st.dictionaries(st.sampled_from([f.name for f in INPUTS.fields]), JSON))
def test_what_is_no_canonical_form_is_refused(data):
    """A damaged record is refused like any other input."""
    with pytest.raises(InvalidInput):
        READER.check(from_canonical(PROGRAM, ENTRY, data))


@pytest.mark.parametrize("text", ["1e5", "0x10", "five", "", "1_000", "9" * 40, "Infinity"])
def test_only_plain_digits_are_read_back(text):
    """A record's number is written in one way only."""
    data = written(WHOLE) | {"usage": {"model": "atlas-pro", "tokens": text}}

    with pytest.raises(InvalidInput, match=r"usage\.tokens"):
        READER.check(from_canonical(PROGRAM, ENTRY, data))
