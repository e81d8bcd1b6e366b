"""What the generated function takes in line is what the reader of facts takes, and the rest it leaves to the reader."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine import Timestamp
from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidInput, PolicyEngineError
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.runtime.unavailable import UNAVAILABLE

POLICY = Policy(
    compile_texts(
        {
            "bundle.yaml": """
policyengine: 1
bundle: sample
version: 1.0.0
currency: USD
timezone: UTC
effective: {from: 2026-01-01}
inputs:
  model: string
  plan: {enum: [free, team]}
  big: {type: bool, default: false}
  price: {type: money, min: 0, max: 100, places: 3}
  usage:
    tokens: {type: int token, min: 0, max: 1_000}
    note: {type: string, optional: true}
  change: {optional: true, fields: {at: timestamp, wait: {type: duration, default: 1h}}}
values:
  cost: {value: usage.tokens * price / 1 token, round: {places: 2, mode: half_up}}
  later: {when: has(change), value: change.at + change.wait, otherwise: at}
  noted: {when: has(usage.note), value: usage.note, otherwise: '""'}
guards:
  dear: {when: cost > 1_000 USD, effect: review, approver: finance, reason: dear}
decisions:
  bill:
    guards: [dear]
    outputs: {cost: cost, model: model, plan: plan, big: big, later: later, noted: noted, at: at}
"""
        }
    ).program
)
AT = Timestamp.parse("2026-06-01T00:00:00Z")


class Word(enum.StrEnum):
    MODEL = "model"
    FREE = "free"


class Proxy:
    """An object that says of itself to be another one, as lazy values of web frameworks do."""

    def __init__(self, of: Any) -> None:
        self.of = of

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return type(self.of)

    def __eq__(self, other: object) -> bool:
        return bool(self.of == other)

    def __hash__(self) -> int:
        return hash(self.of)


ODD = st.sampled_from([None, True, 0, -1, 5, 1_001, Decimal("1.5"), Decimal("0.0001"), 1.5, "free", "x", "é", "\ud800"])
ODDER = st.sampled_from([UNAVAILABLE, [], {}, object(), Word.FREE, Proxy("free"), Proxy(3), "2026-06-01T00:00:00Z", AT])
ANY = ODD | ODDER
USAGE = st.fixed_dictionaries({"tokens": st.integers(0, 1_000) | ANY}, optional={"note": ANY, "else": ANY})
CHANGE = st.fixed_dictionaries({"at": st.just(AT) | ANY}, optional={"wait": ANY})
FACTS = st.fixed_dictionaries(
    {
        "model": st.just("m") | ANY,
        "plan": st.just("team") | ANY,
        "price": st.integers(0, 100) | st.decimals(0, 100, places=2) | ANY,
        "usage": USAGE | ANY,
    },
    optional={"big": st.booleans() | ANY, "change": CHANGE | ANY, "other": ANY, "Plan": ANY},
)


def said(ask: Any, *arguments: Any) -> Any:
    """An answer in full, or the refusal in full."""
    try:
        found: Decision = ask(*arguments)
    except PolicyEngineError as fault:
        return type(fault).__name__, str(fault)
    return dict(found.outputs), found.effect, found.input, found.id, found.tenant, found.at


@given(facts=FACTS | ANY, tenant=st.sampled_from([None, "acme", "münchen", 5]), at=st.just(AT) | ANY)
def test_the_function_and_the_reader_say_the_same(facts: Any, tenant: Any, at: Any) -> None:
    prepared = POLICY._prepared.get("bill") or POLICY._prepare("bill")

    assert said(prepared.decide, facts, tenant, at, "e") == said(prepared._decide, facts, tenant, at, "e")


@pytest.mark.parametrize("name", ["event", "purpose"])
@pytest.mark.parametrize("given", [5, b"e", "\ud800", ["e"], object()])
def test_what_names_a_charge_is_a_text(name: str, given: Any) -> None:
    """It becomes part of the id and of the booking key, so that it is refused before anything is decided."""
    facts = {"model": "m", "plan": "free", "price": 1, "usage": {"tokens": 1}}

    with pytest.raises(InvalidInput) as found:
        POLICY.decide("bill", facts, at=AT, **{name: given})

    assert name == found.value.field


def test_an_event_in_any_script_is_part_of_the_id() -> None:
    facts = {"model": "m", "plan": "free", "price": 1, "usage": {"tokens": 1}}
    ids = {POLICY.decide("bill", facts, at=AT, event=event).id for event in (None, "e", "\u00e9", Word.FREE)}

    assert 4 == len(ids)


def test_a_member_of_an_enumeration_is_a_key_and_a_value() -> None:
    facts = {Word.MODEL: "m", "plan": Word.FREE, "price": 1, "usage": {"tokens": 1}}

    found = POLICY.decide("bill", facts, at=AT)

    assert found.outputs["plan"] == "free"
    assert type(found.outputs["plan"]) is str


def test_an_object_that_poses_as_a_text_is_refused() -> None:
    facts = {"model": Proxy("m"), "plan": "free", "price": 1, "usage": {"tokens": 1}}

    with pytest.raises(PolicyEngineError, match="model"):
        POLICY.decide("bill", facts, at=AT)


def test_a_decider_answers_as_decide_does() -> None:
    facts = {"model": "m", "plan": "free", "price": Decimal("2.5"), "usage": {"tokens": 500}}

    found = POLICY.decider("bill")(facts, tenant="acme", at=AT, event="e", purpose="refund")

    assert found.id == POLICY.decide("bill", facts, tenant="acme", at=AT, event="e", purpose="refund").id
    assert found.booking_key == ("acme", "e", "refund")
    assert (found.effect, found.codes) == ("review", ("dear",))


def test_many_requests_are_answered_in_order() -> None:
    good = {"model": "m", "plan": "free", "price": 1, "usage": {"tokens": 1}}
    requests = [{"input": good, "at": AT, "tenant": "acme"}, {"input": {}, "at": AT}, {"input": good}]

    first, second, third = POLICY.decide_many("bill", requests)

    assert isinstance(first, Decision)
    assert (first.tenant, first.outputs["cost"]) == ("acme", 1)
    assert str(second) == "model: is required"
    assert str(third).startswith("at: is required")
    with pytest.raises(TypeError):
        POLICY.decide_many("bill", [{"input": good, "att": AT}])


def test_json_keeps_every_digit() -> None:
    text = '{"model": "m", "plan": "free", "price": 0.125, "usage": {"tokens": 100}}'

    assert POLICY.decide_json("bill", text, at=AT).outputs["cost"] == Decimal("12.5")
    with pytest.raises(PolicyEngineError, match="price"):
        POLICY.decide_json("bill", text.replace("0.125", '0.125, "price": 1'), at=AT)
