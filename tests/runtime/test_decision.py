"""Decisions: identity, booking, records, and what bad input yields."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bundles import policy

import policyengine as pe
from policyengine.values.canonical_json import canonical_bytes

BUNDLE = Path(__file__).parents[2] / "policies" / "llm-api"
AT = "2026-12-15T00:00:00Z"
CALL = {
    "usage": {"model": "atlas-pro", "input_tokens": 250_000, "month_to_date": 9_900_000},
    "customer": {"plan": "team", "credit_left": 100},
}


@pytest.fixture(scope="module")
def api() -> pe.Policy:
    return pe.load(BUNDLE)


def call(**changes: Any) -> dict[str, Any]:
    """The sample call with fields of `usage` changed; None takes a field out."""
    usage = {**CALL["usage"], **changes}
    return {**CALL, "usage": {k: v for k, v in usage.items() if v is not None}}


@pytest.mark.smoke
def test_an_amount_is_exact(api: pe.Policy) -> None:
    """A call across a tier edge costs each part at its own price."""
    decision = api.decide("price_call", CALL, at=AT, tenant="initech")

    assert Decimal("0.5875") == decision.outputs["amount"]
    assert (5875, 4) == decision.scaled("amount")
    assert "0.5875 USD" == str(decision.money("amount"))


def test_equal_input_of_two_events_has_two_ids(api: pe.Policy) -> None:
    """The decision id names an answer to one event; the booking key names what may be booked once."""
    first = api.decide("price_call", CALL, at=AT, event="req_1")
    second = api.decide("price_call", CALL, at=AT, event="req_2")

    assert first.id != second.id
    assert first.booking_key != second.booking_key


def test_one_event_has_one_booking_key_under_two_versions() -> None:
    """Whatever version or time an event is asked under, it is booked once."""
    body = "inputs: {n: {type: int, min: 0}}\nvalues: {fee: n * 2 USD}\ndecisions: {bill: {outputs: {amount: fee}}}\n"
    one = policy(body).decide("bill", {"n": 3}, event="e1", tenant="t")
    two = policy(body.replace("2 USD", "5 USD")).decide("bill", {"n": 3}, event="e1", tenant="t")

    assert one.booking_key == two.booking_key == ("t", "e1", "bill")
    assert one.id != two.id


def test_without_an_event_nothing_can_be_booked(api: pe.Policy) -> None:
    """An answer without the id of what is billed is only an answer."""
    assert api.decide("price_call", CALL, at=AT).booking_key is None


def test_a_record_replays_to_the_same_decision(api: pe.Policy) -> None:
    """A record is JSON; the same version makes the same decision from it."""
    decision = api.decide("price_call", CALL, at=AT, tenant="globex", event="req_1")
    record = json.loads(json.dumps(decision.record()))

    again = pe.replay(record, api)

    assert again.same
    assert again.decision.id == decision.id


def test_a_record_holds_bytes_as_base64() -> None:
    made = policy("inputs: {name: string}\ndecisions: {packed: {outputs: {own: bytes(name), all: '[b\"a\"]'}}}\n")
    record = made.decide("packed", {"name": "zoë"}).record()

    assert {"own": "em/Dqw==", "all": ["YQ=="]} == json.loads(json.dumps(record))["outputs"]
    assert pe.replay(record, made).same


KINDS = """
inputs:
  amount: int
  rate: {type: decimal, places: 2}
  name: string
  since: timestamp
  tier: {enum: [a, '100%']}
  spare: {type: int, optional: true}
guards:
  large: {when: amount > 100, effect: review, approver: finance, reason: much}
  huge: {when: amount > 1_000, effect: deny, reason: too much}
decisions:
  told:
    outputs: {amount: amount, rate: rate, name: name, since: since, tier: tier, more: has(spare)}
    guards: [large, huge]
  listed: {outputs: {all: '[amount, 2]'}}
"""


@pytest.mark.parametrize("decision", ["told", "listed"])
@pytest.mark.parametrize("amount", [0, 101, 1_001])
def test_a_compact_record_is_the_record_without_what_a_replay_makes_again(decision: str, amount: int) -> None:
    """It is printed by generated code, whatever guards say and whatever characters stand in names and values."""
    made = policy(KINDS)
    text = 'a "%s" \u00e9\n'
    facts = {"amount": amount, "rate": Decimal("0.50"), "name": text, "since": AT, "tier": "100%"}
    for given in (facts, {**facts, "spare": 7}):
        answer = made.decide(decision, given, tenant="t%d", at=AT, event="e%", purpose="p")
        line = answer.compact_record()

        kept = {name: value for name, value in answer.record().items() if name not in ("rationale", "input_digest")}
        assert line == canonical_bytes({**kept, "compact": True}).decode()
        assert pe.replay(json.loads(line), made).same
        assert not pe.replay({**json.loads(line), "effect": "none"}, made).same


def test_a_compact_record_leaves_lines_out(api: pe.Policy) -> None:
    """Nothing is lost: the decision that a replay makes has them."""
    decision = api.decide("price_call", CALL, at=AT, tenant="globex", event="req_1")
    record = json.loads(decision.compact_record())

    assert list(record["outputs"]) == ["amount"]
    again = pe.replay(record, api)
    assert again.same
    assert again.decision.record() == decision.record()


def test_what_is_no_record_is_not_replayed(api: pe.Policy) -> None:
    record = api.decide("price_call", CALL, at=AT).record()
    for name in set(record) - {"input_digest"}:
        with pytest.raises(pe.InvalidInput, match=f"^{name}: "):
            pe.replay({key: value for key, value in record.items() if key != name}, api)
    for version in (None, {}, "1.0.0"):
        with pytest.raises(pe.InvalidInput, match="policy: names no version"):
            pe.replay({**record, "policy": version}, api)


def test_a_record_of_another_version_is_not_replayed(api: pe.Policy) -> None:
    """Replaying with the wrong version is refused, not answered."""
    record = api.decide("price_call", CALL, at=AT).record()
    record["policy"]["digest"] = "sha256:other"

    with pytest.raises(pe.UnknownVersion):
        pe.replay(record, api)


def test_a_decision_keeps_its_own_copy_of_the_facts(api: pe.Policy) -> None:
    """What the caller changes afterwards changes neither record nor reasons."""
    given = call()
    decision = api.decide("price_call", given, at=AT)
    given["usage"]["model"] = "atlas-mini"

    assert "atlas-pro" == decision.input["usage"]["model"]
    assert "price.pro" in [r.path for r in decision.rationale]


BAD = {
    "unknown model": (call(model="atlas-max"), "usage.model"),
    "negative tokens": (call(input_tokens=-1), "usage.input_tokens"),
    "a float for tokens": (call(input_tokens=1.5), "usage.input_tokens"),
    "a missing input": (call(model=None), "usage.model"),
    "a text for a number": (call(input_tokens="5"), "usage.input_tokens"),
    "a bool for a number": (call(input_tokens=True), "usage.input_tokens"),
    "a misspelt input": (call(modle="atlas-pro"), "usage.modle"),
    "a float for money": ({**CALL, "customer": {"plan": "team", "credit_left": 0.1}}, "customer.credit_left"),
    "not a number": ({**CALL, "customer": {"plan": "team", "credit_left": Decimal("NaN")}}, "customer.credit_left"),
    "infinity": ({**CALL, "customer": {"plan": "team", "credit_left": Decimal("Infinity")}}, "customer.credit_left"),
    "40 digits": ({**CALL, "customer": {"plan": "team", "credit_left": Decimal("9" * 40)}}, "customer.credit_left"),
    "a huge exponent": (
        {**CALL, "customer": {"plan": "team", "credit_left": Decimal("1E+999999")}},
        "customer.credit_left",
    ),
    "a missing group": ({"usage": CALL["usage"]}, "customer"),
    "a group that is a list": ({**CALL, "usage": []}, "usage"),
    "null": ({**CALL, "usage": None}, "usage"),
}


@pytest.mark.parametrize(("given", "field"), BAD.values(), ids=BAD.keys())
def test_bad_input_names_its_field(api: pe.Policy, given: Any, field: str) -> None:
    """Whatever is wrong with a fact, the caller hears which one, and no amount comes out."""
    with pytest.raises(pe.InvalidInput) as found:
        api.decide("price_call", given, at=AT)

    assert field == found.value.field
    assert "caller" == found.value.fault


def test_an_unknown_entry_point_is_named(api: pe.Policy) -> None:
    """Asking for something that nobody decides says what can be decided."""
    with pytest.raises(pe.InvalidInput, match="price_call"):
        api.decide("price", None, at=AT) if "price" not in api.entries else api.decide("nothing", {}, at=AT)


def test_a_dated_policy_needs_an_instant(api: pe.Policy) -> None:
    """There is no default of now."""
    with pytest.raises(pe.InvalidInput) as found:
        api.decide("price_call", CALL)

    assert "at" == found.value.field


def test_a_failed_output_is_an_error_with_its_place() -> None:
    """Division by zero is never read as zero."""
    body = "inputs: {a: {type: int}, b: {type: int}}\nvalues: {r: 'round(a / b, 2, half_up)'}\n"

    with pytest.raises(pe.EvaluationError) as found:
        policy(body).decide("r", {"a": 1, "b": 0})

    assert ("division_by_zero", "r") == (found.value.code, found.value.node)
    assert "bundle.yaml:7" == found.value.place


def test_an_error_names_where_it_began_and_not_its_reader() -> None:
    """A period that ends before it starts is the proration's to answer for, not that of the output that reads it."""
    body = (
        "inputs: {change: {at: timestamp, start: timestamp, end: timestamp}}\n"
        "proration:\n"
        "  swap: {basis: second, period: change, at: change.at, charge: 9, round: {places: 2, mode: half_up}}\n"
        "decisions:\n"
        "  due: {outputs: {amount: swap.net + 1 USD}}\n"
    )
    change = {"at": "2026-01-05T00:00:00Z", "start": "2026-03-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}

    with pytest.raises(pe.EvaluationError, match="the period does not end after its start") as found:
        policy(body).decide("due", {"change": change})

    assert ("swap.part", "bundle.yaml:8") == (found.value.node, found.value.place)


def test_an_unavailable_fact_is_answered_by_on_error() -> None:
    """A host that could not fetch a fact says so; the guard's `on_error` decides, and the record keeps it."""
    body = (
        "inputs: {balance: money, price: money}\n"
        "guards: {funds: {when: balance < price, effect: deny, reason: no funds, on_error: {unavailable: review}}}\n"
        "decisions: {buy: {guards: [funds], outputs: {amount: price}}}\n"
    )
    decision = policy(body).decide("buy", {"balance": pe.UNAVAILABLE, "price": 5})

    assert "review" == decision.effect
    assert ("unavailable",) == decision.codes
    assert 5 == decision.outputs["amount"]


def test_lines_of_a_failed_charge_are_none() -> None:
    """`on_error` has answered for the charge: there is no amount, so there are no lines."""
    body = (
        "inputs: {seats_used: {type: int seat, min: 0}}\n"
        "charges: {seats: {charge_model: per_unit, quantity: seats_used, unit_amount: 5 USD / 1 seat, "
        "round: {places: 2, mode: half_up}}}\n"
        "decisions: {bill: {outputs: {lines: seats.lines}, on_error: {unavailable: review}}}\n"
    )
    decision = policy(body).decide("bill", {"seats_used": pe.UNAVAILABLE})

    assert decision.outputs["lines"] is None
    assert decision.record()["outputs"] == {"lines": None}


def test_an_unavailable_fact_without_on_error_fails() -> None:
    """What could not be fetched is never false and never free."""
    with pytest.raises(pe.EvaluationError) as found:
        policy("inputs: {n: int}\nvalues: {v: n + 1}\n").decide("v", {"n": pe.UNAVAILABLE})

    assert "unavailable" == found.value.code


def test_of_two_checks_that_fail_the_first_is_told() -> None:
    """In the order in which the author wrote them."""
    body = (
        "inputs: {n: {type: int}}\n"
        "checks:\n  - {that: n > 0, reason: the first}\n  - {that: n > 1, reason: the second}\n"
        "values: {fee: n * 2}\n"
    )

    with pytest.raises(pe.InvalidInput, match="the first"):
        policy(body).decide("fee", {"n": 0})
