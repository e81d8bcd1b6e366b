"""What holds of every retry, whatever failed: against an oracle of its own, and in both evaluators."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidPolicy
from policyengine.runtime.engine import interpreted
from policyengine.runtime.given.facts import Reader
from policyengine.runtime.meaning import interpreter
from policyengine.values.instant import Timestamp

BUNDLE = """
policyengine: 1
bundle: laws
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  p:
    kind: {enum: [listed, growing, same, asked, looked, other]}
    failures: {type: int, min: 1, max: 100}
    first: timestamp
    last: timestamp
    seed: string
    used: {type: int, min: 0, max: 100}
    limit: limit
    since: timestamp
    never: bool
    place: {enum: [UTC, Europe/Berlin, America/New_York, Asia/Kolkata]}
retries:
  r:
    failures: p.failures
    first_failed_at: p.first
    failed_at: p.last
    class: p.kind
    seed: p.seed
    timezone: p.place
    classes:
      listed:
        schedule: [1d, 3d, 5d, 7d]
        within: 30d
        jitter: 10%
        hours: "09:00-17:00"
        weekdays: [monday, tuesday, wednesday, thursday, friday]
      growing: {base: 90s, multiplier: 1.7, cap: 6h, floor: 2m, attempts: 12, within: 3d, jitter: {from: 50%, to: 100%}}
      same: {wait: 2d, attempts: 20, pay_days: [1, 15, last], hours: "22:00-06:00"}
      asked: {action: update_method}
      looked: {action: investigate, schedule: [5m, 1h, 1d, 1d]}
      otherwise: {action: stop, finally: cancel}
    never: p.never
    budgets:
      - {id: always, limit: p.limit, used: p.used}
      - {id: monthly, limit: 10, used: p.failures - 1, since: p.since, within: 30d}
    finally: suspend
"""
HOURS = {"listed": (9, 17), "same": (22, 6)}
LAW = settings(deadline=None)
"""How long an example takes is no matter here: the first one compiles the bundle."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache
def policy() -> pe.Policy:
    return pe.Policy(compile_texts({"bundle.yaml": BUNDLE}).program)


@dataclass(frozen=True)
class Asked:
    """One question: the facts, and when it is asked."""

    facts: dict[str, Any]
    at: datetime

    @property
    def answer(self) -> dict[str, Any]:
        return dict(policy().decide("r", {"p": self.facts}, at=self.at).outputs)


YEAR = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 365 * 86400 * 1000).map(lambda ms: YEAR + timedelta(milliseconds=ms))
spans = st.integers(0, 40 * 86400 * 1000).map(lambda ms: timedelta(milliseconds=ms))


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """A payment in one of the classes, with facts on both sides of every limit."""
    first = draw(moments)
    last = first + draw(spans)
    facts = {
        "kind": draw(st.sampled_from(["listed", "growing", "same", "asked", "looked", "other"])),
        "failures": draw(st.integers(1, 14) | st.integers(1, 100)),
        "first": first,
        "last": last,
        "seed": draw(st.text(max_size=8)),
        "used": draw(st.integers(0, 12)),
        "limit": draw(st.integers(0, 12) | st.just("unlimited")),
        "since": draw(st.sampled_from([first, last]) | moments),
        "never": draw(st.sampled_from([False, False, False, True])),
        "place": draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])),
    }
    return Asked(facts, last + draw(spans | st.just(timedelta(0))))


def nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


@LAW
@given(questions())
def test_the_next_attempt_is_never_in_the_past(asked):
    """Neither before the failure nor before now."""
    at = asked.answer["at"]

    assert at is None or at >= nanoseconds(max(asked.at, asked.facts["last"]))


@LAW
@given(questions())
def test_the_next_attempt_is_never_outside_its_hours(asked):
    """Nor on another day."""
    answer = asked.answer
    kind = asked.facts["kind"]
    if answer["at"] is None or kind not in HOURS:
        return
    local = (EPOCH + timedelta(microseconds=answer["at"] // 1000)).astimezone(ZoneInfo(asked.facts["place"]))
    opens, closes = HOURS[kind]
    tomorrow = local + timedelta(days=1)

    assert opens <= local.hour < closes if opens < closes else local.hour >= opens or local.hour < closes
    assert kind != "listed" or local.weekday() < 5
    assert kind != "same" or local.day in (1, 15) or tomorrow.month != local.month


@LAW
@given(questions())
def test_no_attempt_exceeds_its_budgets(asked):
    """A limit that is reached stops every attempt in its stretch of time."""
    answer, facts = asked.answer, asked.facts
    if answer["action"] != "retry":
        return
    counted = answer["at"] <= nanoseconds(facts["since"] + timedelta(days=30))

    assert facts["limit"] == "unlimited" or facts["used"] < facts["limit"]
    assert not (counted and facts["failures"] - 1 >= 10)
    assert not facts["never"]
    assert facts["limit"] == "unlimited" or answer["attempts_left"] <= facts["limit"] - facts["used"]


@LAW
@given(questions())
def test_the_window_is_kept(asked):
    """No attempt after `within`."""
    answer, facts = asked.answer, asked.facts
    days = {"listed": 30, "growing": 3}.get(facts["kind"])

    assert days is None or answer["at"] is None or answer["at"] <= nanoseconds(facts["first"] + timedelta(days=days))


@LAW
@given(questions())
def test_what_stops_says_so(asked):
    """An answer has an instant or a reason why there is none; giving up says what follows."""
    answer = asked.answer
    planned = asked.facts["kind"] in ("listed", "growing", "same", "looked")

    assert (answer["stopped_by"] is None) == (answer["finally"] is None)
    assert answer["action"] == "stop" or answer["stopped_by"] is None
    assert (answer["at"] is not None) == (planned and answer["stopped_by"] is None)
    assert (answer["attempts_left"] > 0) == (answer["at"] is not None)


@LAW
@given(questions(), questions())
def test_the_same_seed_gives_the_same_jitter(asked, other):
    """Whatever else is asked in between."""
    first = asked.answer
    _ = other.answer

    assert first == asked.answer


@LAW
@given(st.integers(1, 4), st.text(max_size=8))
def test_jitter_is_the_documented_hash(failures, seed):
    """10 % more at the most, by the first eight bytes of SHA-256 over `seed|failures`, in twelve places."""
    start = datetime(2026, 1, 5, tzinfo=UTC)
    facts = {"kind": "growing", "failures": failures, "first": start, "last": start, "seed": seed, "used": 0}
    facts |= {"limit": "unlimited", "since": start, "never": False, "place": "UTC"}
    leading = int.from_bytes(hashlib.sha256(f"{seed}|{failures}".encode()).digest()[:8], "big")
    draw = leading * 10**12 // 2**64
    wait = 90 * 10**9 * 17 ** (failures - 1) // 10 ** (failures - 1)
    stretched = wait * (10**12 + draw) // (2 * 10**12)

    assert Timestamp(nanoseconds(start) + max(stretched, 120 * 10**9)) == Asked(facts, start).answer["at"]


@LAW
@given(questions())
def test_both_evaluators_agree(asked):
    """The interpreter and the generated code, on values and on failures."""
    program = policy().program
    entry = program.entries["r"]
    facts = Reader(program, entry).check({"p": asked.facts}, asked.at, None)
    names = [node for _, node in entry.outputs]
    slow = interpreted(program, entry, interpreter.needed(program, entry), facts, None)
    fast = policy().decide("r", {"p": asked.facts}, at=asked.at)._values

    assert dict(zip(names, slow, strict=True)) == dict(zip(names, fast, strict=True))


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(questions())
def test_the_laws_at_length(asked):
    """Many more of the same."""
    for law in (
        test_the_next_attempt_is_never_in_the_past,
        test_the_next_attempt_is_never_outside_its_hours,
        test_no_attempt_exceeds_its_budgets,
        test_the_window_is_kept,
        test_what_stops_says_so,
        test_both_evaluators_agree,
    ):
        law.hypothesis.inner_test(asked)  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------------------------ effects

EFFECTS = ("allow", "review", "deny")
GUARDED = """
policyengine: 1
bundle: effects
version: 1.0.0
currency: USD
timezone: UTC
inputs: {{on: {{list: bool, max: 6}}}}
guards:
{guards}
decisions:
  ask: {{guards: [{names}], outputs: {{asked: size(on)}}}}
"""


@lru_cache
def guarded() -> pe.Policy:
    """Two guards of each effect, each with an approver, whom only a review asks."""
    rest = "on_error: {unavailable: review}}"
    lines = [
        f"  g{i}: {{when: 'on[{i}]', effect: {EFFECTS[i % 3]}, reason: r{i}, approver: role{i}, {rest}"
        for i in range(6)
    ]
    text = GUARDED.format(guards="\n".join(lines), names=", ".join(f"g{i}" for i in range(6)))
    return pe.Policy(compile_texts({"bundle.yaml": text}).program)


@pytest.mark.parametrize("bits", range(64))
def test_deny_beats_review_beats_allow(bits):
    """For every combination; each guard that speaks is reported, and each approver once."""
    on = [bool(bits >> i & 1) for i in range(6)]
    decision = guarded().decide("ask", {"on": on})
    spoken = [i for i in range(6) if on[i]]
    strictest = max((i % 3 for i in spoken), default=0)

    assert EFFECTS[strictest] == decision.effect
    assert tuple(f"g{i}" for i in spoken) == decision.guards
    assert tuple(f"g{i}" for i in spoken if i % 3) == decision.codes
    assert tuple(f"role{i}" for i in spoken if i % 3 == 1) == decision.approvers
    assert 6 == decision.outputs["asked"]


def test_a_guard_that_cannot_tell_asks_its_approver():
    """`on_error: review` of a guard is a review by its own approver."""
    text = """
policyengine: 1
bundle: unavailable
version: 1.0.0
currency: USD
timezone: UTC
inputs: {score: {type: int, min: 0, max: 100}}
guards:
  fraud: {when: score > 90, effect: review, approver: risk, reason: likely fraud, on_error: {unavailable: review}}
decisions: {ask: {guards: [fraud], outputs: {asked: "true"}}}
"""
    found = pe.Policy(compile_texts({"bundle.yaml": text}).program)
    decision = found.decide("ask", {"score": pe.UNAVAILABLE})

    assert ("review", ("risk",), ("unavailable",)) == (decision.effect, decision.approvers, decision.codes)


def test_a_reason_reads_what_its_condition_guards():
    """A guard that is silent because a fact is absent does not stop the explanation of the others."""
    text = """
policyengine: 1
bundle: silent
version: 1.0.0
currency: USD
timezone: UTC
inputs: {score: {type: int, min: 0, optional: true}}
guards:
  fraud: {when: has(score) && score > 90, effect: deny, reason: "the score is {score}"}
decisions: {ask: {guards: [fraud], outputs: {asked: "true"}}}
"""
    found = pe.Policy(compile_texts({"bundle.yaml": text}).program)

    assert () == found.decide("ask", {}).rationale
    assert ["the score is 95"] == [r.text for r in found.decide("ask", {"score": 95}).rationale]


# ----------------------------------------------------------------------------------------------------------- accounts

CHART = ("assets", "assets.cash", "revenue", "revenue.seats", "revenue.seats.us")
BOOKED = """
policyengine: 1
bundle: booked
version: 1.0.0
currency: USD
timezone: UTC
inputs: {{product: {{enum: [a, b]}}}}
chart: {{assets: {{cash: {{}}}}, revenue: {{seats: {{us: {{}}}}}}}}
accounts:
  sale: {{when: {{product: product}}, rows: [{{product: a, node: {a}}}, {{product: b, node: {b}}}]}}
"""


@LAW
@given(*[st.lists(st.sampled_from(["assets", "cash", "revenue", "seats", "us"]), min_size=1, max_size=4)] * 2)
def test_an_account_that_the_chart_lacks_cannot_compile(first, second):
    """It compiles exactly where both nodes are there, and then it answers with one of them."""
    a, b = ".".join(first), ".".join(second)
    text = BOOKED.format(a=a, b=b)
    if a in CHART and b in CHART:
        assert b == pe.Policy(compile_texts({"bundle.yaml": text}).program).decide("sale", {"product": "b"}).value
        return
    with pytest.raises(InvalidPolicy, match="is not a member of chart"):
        compile_texts({"bundle.yaml": text})
