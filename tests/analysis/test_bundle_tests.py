"""The tests inside a bundle: what counts as equal, and what is said when it is not."""

from __future__ import annotations

from typing import Any

import pytest

from policyengine.analysis import bundle_tests
from policyengine.analysis.bundle_tests import Mismatch, Outcome
from policyengine.compiler.pipeline import Compiled, compile_texts

BUNDLE = """\
policyengine: 1
bundle: sample
version: 1.0.0
currency: USD
timezone: Europe/Berlin

inputs:
  seats: {type: int seat, min: 0}
  plan: {enum: [free, team], default: team}
  started: {type: timestamp, default: 2026-01-01T00:00:00+01:00}
  trial: {type: duration, default: 14d}

tables:
  price:
    when: {plan: plan}
    then: {seat: money / seat}
    rows:
      - {id: free, plan: free, seat: 0}
      - {id: team, plan: team, seat: 12.50}

values:
  is_large: seats > 100 seat

charges:
  seat_fee: {charge_model: per_unit, quantity: seats, unit_amount: price.seat}

guards:
  size: {when: is_large, effect: review, approver: sales, reason: many seats}
  hour: {when: seats > 1_000 seat, effect: review, approver: finance, reason: very many seats}

decisions:
  bill:
    guards: [size, hour]
    outputs:
      amount: seat_fee.amount
      lines: seat_fee.lines
      plan: plan
      is_large: is_large
      started: started
      trial: trial
  share:
    outputs: {each: "round(100 / (seats * (1 / 1 seat)), 2, half_up)"}

tests:
"""


def compiled(*tests: str) -> Compiled:
    """The sample bundle with these tests; each is the fields after its name."""
    return compile_texts(
        {"bundle.yaml": BUNDLE + "".join(f"  - {{name: test {i}, {t}}}\n" for i, t in enumerate(tests, 1))}
    )


def outcome(test: str) -> Outcome:
    (found,) = bundle_tests.run(compiled(test))
    return found


def mismatch(test: str) -> Mismatch:
    (found,) = outcome(test).mismatches
    return found


TEAM = "decide: bill, input: {seats: 2}"

PASSING = [
    f"{TEAM}, expect: {{amount: 25}}",
    f"{TEAM}, expect: {{amount: 25.000}}",
    f"{TEAM}, expect: {{effect: allow, codes: [], approvers: []}}",
    f"{TEAM}, expect: {{plan: team, is_large: false}}",
    f"{TEAM}, expect: {{started: 2026-01-01}}",
    f"{TEAM}, expect: {{started: 2025-12-31T23:00:00Z}}",
    f"{TEAM}, expect: {{trial: 14d}}",
    f"{TEAM}, expect: {{trial: 336h}}",
    f"{TEAM}, expect: {{lines: [{{charge: seat_fee, quantity: 2, unit_amount: 12.5, amount: 25}}]}}",
    f"{TEAM}, expect: {{amount: 25}}, rationale: [price.team], not_rationale: [price.free]",
    "decide: bill, input: {seats: 2_000}, expect: {effect: review, codes: [hour, size], approvers: [finance, sales]}",
    "decide: seat_fee, input: {seats: 2}, expect: {amount: 25, quantity: 2}",
    "decide: is_large, input: {seats: 2}, expect: {value: false}",
    "decide: size, input: {seats: 200}, expect: {effect: review}",
    "decide: share, input: {seats: 3}, expect: {each: 33.33}",
    "decide: share, input: {seats: 0}, error: division_by_zero",
    "decide: bill, input: {seats: -1}, error: invalid_input",
    "decide: bill, input: {seats: -1}, error: seats",
    "decide: bill, input: {}, error: seats",
    "decide: bill, input: {seats: 1.5}, error: seats",
]


@pytest.mark.parametrize("test", PASSING)
def test_it_passes(test: str) -> None:
    """Numbers by value, times as instants or dates, codes and approvers in any order, errors by code or field."""
    assert () == outcome(test).mismatches


FAILING = [
    (f"{TEAM}, expect: {{amount: 25.01}}", "amount: expected 25.01, found 25"),
    (f'{TEAM}, expect: {{amount: "25"}}', "amount: expected 25, found 25"),
    (f"{TEAM}, expect: {{is_large: 0}}", "is_large: expected 0, found false"),
    (f"{TEAM}, expect: {{amount: true}}", "amount: expected true, found 25"),
    (f"{TEAM}, expect: {{amount: null}}", "amount: expected null, found 25"),
    (f"{TEAM}, expect: {{plan: free}}", "plan: expected free, found team"),
    (f"{TEAM}, expect: {{effect: deny}}", "effect: expected deny, found allow"),
    (f"{TEAM}, expect: {{codes: [size]}}", "codes: expected [size], found []"),
    (f"{TEAM}, expect: {{started: 2026-01-02}}", "started: expected 2026-01-02, found 2025-12-31T23:00:00Z"),
    (f"{TEAM}, expect: {{trial: 15d}}", "trial: expected 15d, found 1209600s"),
    (f"{TEAM}, expect: {{total: 25}}", "total: expected 25, found no such output"),
    (f"{TEAM}, expect: {{amount: [25]}}", "amount: expected [25], found 25"),
    (
        f"{TEAM}, expect: {{lines: [{{charge: seat_fee, quantity: 3, unit_amount: 12.5, amount: 25}}]}}",
        "lines[1].quantity: expected 3, found 2",
    ),
    (
        f"{TEAM}, expect: {{lines: []}}",
        "lines: expected [], found [{charge: seat_fee, quantity: 2, unit_amount: 12.5, ",
    ),
    (
        f"{TEAM}, expect: {{lines: [{{charge: seat_fee, quantity: 2, unit_amount: 12.5}}]}}",
        "lines[1].amount: expected nothing, found 25",
    ),
    (f"{TEAM}, expect: {{amount: 25}}, rationale: [price.free]", "rationale: expected `price.free` among the reasons"),
    (
        f"{TEAM}, expect: {{amount: 25}}, not_rationale: [price.team]",
        "not_rationale: expected `price.team` not to be among the reasons",
    ),
    (f"{TEAM}, error: no_match", "error: expected `no_match`, found amount 25"),
    (
        "decide: bill, input: {seats: -1}, expect: {amount: 0}",
        "error: expected a decision, found `invalid_input`: seats: ",
    ),
    ("decide: bill, input: {seats: -1}, error: plan", "error: expected `plan`, found `seats`: seats: "),
    ("decide: share, input: {seats: 0}, error: overflow", "error: expected `overflow`, found `division_by_zero`: "),
]


@pytest.mark.parametrize(("test", "said"), FAILING)
def test_it_fails(test: str, said: str) -> None:
    """Exactly one thing is said, with what was expected and what was found."""
    assert str(mismatch(test)).startswith(said)


def test_a_mismatch_points_at_what_was_expected() -> None:
    """The value inside of `expect`, and the test's name where no value is to be pointed at."""
    value = mismatch(f"{TEAM}, expect: {{effect: allow, amount: 25.01}}")
    reason = mismatch(f"{TEAM}, expect: {{amount: 25}}, rationale: [price.free]")

    assert "25.01" == value.at.source.text[value.at.start : value.at.end]
    assert "test 1" == reason.at.source.text[reason.at.start : reason.at.end]


@pytest.mark.parametrize(
    ("test", "hint"),
    [
        (f"{TEAM}, expect: {{amuont: 25}}", "did you mean `amount`?"),
        (f"{TEAM}, expect: {{amount: 25}}, rationale: [price.taem]", "did you mean `price.team`?"),
    ],
)
def test_a_misprint_in_a_test_has_a_hint(test: str, hint: str) -> None:
    """An expectation of something that cannot be is most often misspelt."""
    assert hint == mismatch(test).hint


def test_every_mismatch_is_told() -> None:
    """One wrong output does not hide the next."""
    test = f"{TEAM}, expect: {{amount: 1, plan: free, effect: deny}}, rationale: [nothing]"

    assert ["amount", "plan", "effect", "rationale"] == [m.about for m in outcome(test).mismatches]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (None, ["test 1", "test 2"]),
        ("2", ["test 2"]),
        ("test ?", ["test 1", "test 2"]),
        ("globex", ["test 2"]),
        ("bill", ["test 1", "test 2"]),
        ("*bill", ["test 1", "test 2"]),
        ("none", []),
    ],
)
def test_a_pattern_selects_by_name_decision_or_tenant(pattern: Any, names: list[str]) -> None:
    """As a glob, or as a part where it has no wildcard."""
    found = bundle_tests.run(
        compiled(*(f"{TEAM}{tenant}, expect: {{amount: 25}}" for tenant in ("", ", tenant: globex"))), pattern
    )

    assert names == [each.test.name for each in found]
