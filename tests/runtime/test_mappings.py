"""Instances of dataclasses and pydantic models are input as a dict of their fields would be."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pydantic
import pytest
from bundles import policy

import policyengine as pe
from policyengine.runtime.given.mappings import mapping

POLICY = policy(
    "inputs:\n"
    "  model: string\n"
    "  fee: {type: decimal, default: 1}\n"
    "  usage: {tokens: {type: int, min: 0}, note: {type: string, optional: true}}\n"
    "  change: {optional: true, fields: {at: timestamp}}\n"
    "  parts: {list: {fields: {size: int}}, max: 3, default: []}\n"
    "values:\n"
    "  total: usage.tokens * fee + sum(parts.map(p, p.size))\n"
    "  changed: has(change)\n"
    "  noted: has(usage.note)\n"
    "decisions: {bill: {outputs: {total: total, changed: changed, noted: noted, model: model}}}\n"
)
AT = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(slots=True)
class Usage:
    tokens: int
    note: str | None = None


@dataclass(frozen=True)
class Part:
    size: int


@dataclass
class Call:
    model: str
    usage: Any
    parts: Any = ()
    fee: Decimal | int = Decimal("0.5")


class UsageModel(pydantic.BaseModel):
    tokens: int
    note: str | None = None


class CallModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    model: str
    usage: UsageModel | Usage
    fee: Decimal = Decimal("0.5")


DICT = {"model": "m", "usage": {"tokens": 4}, "fee": Decimal("0.5")}


@pytest.mark.parametrize(
    "given",
    [
        Call("m", Usage(4)),
        Call("m", {"tokens": 4}),
        Call("m", UsageModel(tokens=4)),
        CallModel(model="m", usage=UsageModel(tokens=4)),
        CallModel(model="m", usage=Usage(4)),
        {**DICT, "usage": Usage(4)},
        {**DICT, "usage": UsageModel(tokens=4)},
    ],
)
def test_it_is_the_same_input_as_a_dict(given: Any) -> None:
    """The same answer, canonical input and id, whether the generated function or the reader takes it."""
    expected = POLICY.decide("bill", DICT, at=AT, event="e")
    prepared = POLICY._prepared["bill"]

    for ask in (prepared.decide, prepared._decide):
        found = ask(given, None, AT, "e")
        assert dict(expected.outputs) == dict(found.outputs)
        assert (expected.input, expected.id) == (found.input, found.id)


def test_records_in_a_list_may_be_instances() -> None:
    assert 7 == POLICY.decide("bill", Call("m", Usage(4), [Part(2), {"size": 3}])).outputs["total"]


def test_what_a_model_has_beyond_its_fields_is_input_too() -> None:
    found = POLICY.decide("bill", CallModel(model="m", usage=Usage(4), change={"at": "2026-06-01T00:00:00Z"}))

    assert found.outputs["changed"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Call("m", Usage(-1)), "usage.tokens"),
        (Call("m", Usage(4), fee=0.5), "fee"),  # type: ignore[arg-type]
        (Call("m", Part(4)), "usage.size"),
        (make_dataclass("Other", ["model"])("m"), "usage"),
        (CallModel(model="m", usage=Usage(4), fees=1), "fees"),
        (Call, "a mapping is wanted"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(given: Any, message: str) -> None:
    with pytest.raises(pe.InvalidInput) as found:
        POLICY.decide("bill", given)

    assert message in str(found.value)


def test_a_slot_that_was_never_set_is_missing() -> None:
    with pytest.raises(pe.InvalidInput, match=r"usage\.tokens"):
        POLICY.decide("bill", Call("m", object.__new__(Usage)))


def test_a_dict_stays_one() -> None:
    """Also where its class is a dataclass: what counts is what stands in it."""

    @dataclass
    class Odd(dict[str, Any]):
        tokens: int = 1

    odd = Odd()
    assert mapping(odd) is odd


class Unhashed(type):
    """The class of classes that cannot be looked up by themselves."""

    def __eq__(cls, other: object) -> bool:
        return True


class OfUnhashed(metaclass=Unhashed):
    pass


class LikeADataclass:
    __dataclass_fields__: ClassVar = {"model": 1}


class LikeAModel:
    model_fields: ClassVar = {"model": 1}


@pytest.mark.parametrize("its", [OfUnhashed, LikeADataclass, LikeAModel])
def test_a_class_that_is_neither_is_refused(its: Any) -> None:
    """Whatever it says of itself, and without asking it."""
    for given in (its(), {"model": "m", "usage": its()}):
        with pytest.raises(pe.InvalidInput, match="a mapping is wanted"):
            POLICY.decide("bill", given)


@dataclass
class Answering:
    """A dataclass that has an answer to every name."""

    model: str
    usage: Any

    def __getattr__(self, name: str) -> Any:
        return {"fee": 7}


def test_only_fields_are_read_of_a_dataclass() -> None:
    assert POLICY.decide("bill", Answering("m", Usage(4))).outputs["total"] == 4


def test_a_model_may_declare_no_field() -> None:
    class Open(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="allow")

    assert POLICY.decide("bill", Open.model_validate({"model": "m", "usage": {"tokens": 4}})).outputs["total"] == 4
    with pytest.raises(pe.InvalidInput, match="model: is required"):
        POLICY.decide("bill", Open())
