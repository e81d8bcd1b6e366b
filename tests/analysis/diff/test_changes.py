"""What differs by names and keys: two equal bundles, however they are written, show nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyengine.analysis.diff.changes import between
from policyengine.compiler.pipeline import compile_path, compile_texts

ROOT = Path(__file__).resolve().parents[3]
POLICIES = sorted(path.parent for path in (ROOT / "policies").glob("*/bundle.yaml"))
FIRST = """
policyengine: 1
bundle: sample
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  plan: {enum: [free, team]}
  seats: {type: int seat, min: 0, max: 10_000}
parameters:
  included: {type: int seat, value: {plan: {free: 1, team: 5}}, overridable: true}
tables:
  price:
    when: {plan: plan, size: seats}
    then: {each: money / seat}
    overridable: true
    rows:
      - {id: free, plan: free, each: 0}
      - {id: small, plan: team, size: < 100, each: 9.50}
      - {id: large, plan: team, size: ">= 100", each: 8}
charges:
  bill: {charge_model: per_unit, quantity: seats, free_quantity: included, unit_amount: price.each}
guards:
  huge: {when: "seats > 1000 seat && plan == \\"team\\"", effect: deny, reason: many seats}
decisions:
  charge: {guards: [huge], outputs: {amount: bill.amount}}
overrides:
  - id: acme
    tenant: acme
    effective: {from: 2026-01-01}
    reason: contract
    set: {included: {team: 7}, price: {small: {each: 9}}}
"""
MANIFEST = """
# The same, split into files, in another order and another hand.
policyengine: 1
version: 1.0.0
bundle: sample
timezone: "UTC"
currency: USD
decisions:
  charge:
    outputs:
      amount: bill.amount   # what is booked
    guards: [huge]
"""
RULES = """
tables:
  price:
    description: Prices a seat.
    overridable: true
    then: {each: money / seat}
    when: {plan: plan, size: seats}
    file: prices.csv
guards:
  huge:
    effect: deny
    reason: "many seats"
    when: >-
      (seats > 1_000 seat)
      && plan == 'team'
charges:
  bill:
    unit_amount: price.each
    charge_model: per_unit
    quantity: seats
    free_quantity: included
"""
FACTS = """
overrides:
  - set:
      price: {small: {each: 9.00}}
      included: {team: 7}
    id: acme
    effective: {from: 2026-01-01}
    tenant: acme
    reason: contract
parameters:
  included:
    overridable: true
    type: int seat
    value:
      plan:
        team: 5
        free: 1
inputs:
  seats: {max: 10_000, min: 0, type: int seat}
  plan: {enum: [team, free]}
"""
PRICES = """id,plan,size,each
large,team,>= 100,8.00
small,team,< 100,9.5
free,free,,0
"""


def found(before, after):
    """The changes between two compiled bundles, as their paths with what happened."""
    return [f"{change.what} {change.name}" for change in between(before, after)]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_a_bundle_does_not_differ_from_itself(path):
    """Every part of every bundle has a meaning that is equal to itself."""
    assert [] == found(compile_path(path), compile_path(path))


def test_the_same_in_another_hand_does_not_differ():
    """Files, order, comments, quotes, digits, layout and CSV instead of YAML say nothing."""
    first = compile_texts({"bundle.yaml": FIRST})
    second = compile_texts({"bundle.yaml": MANIFEST, "rules.yaml": RULES, "facts.yaml": FACTS, "prices.csv": PRICES})

    assert [] == found(first, second)
    assert [] == found(second, first)


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_lines_moved_by_comments_do_not_differ(path, tmp_path):
    """Only places move."""
    texts = {}
    for file in path.rglob("*"):
        if file.suffix in (".yaml", ".csv"):
            name, text = file.relative_to(path).as_posix(), file.read_text(encoding="utf-8")
            texts[name] = re.sub(r"^(\w+:)", r"# here\n\n\1", text, flags=re.MULTILINE) if ".yaml" in name else text

    assert [] == found(compile_path(path), compile_texts(texts))


def test_rows_in_another_order_differ_where_the_first_answers():
    """Under `hit: first` the order says which row answers."""
    rows = ["{id: a, size: '> 5', v: 1}", "{id: b, size: '< 9', v: 2}"]
    body = FIRST.partition("inputs:")[0] + "inputs: {size: int}\ntables: {t: {hit: first, when: {size: size}, "
    body += "then: {v: int}, "
    before = compile_texts({"bundle.yaml": f"{body}rows: [{', '.join(rows)}]}}}}"})
    rows[0], rows[1] = rows[1], rows[0]
    after = compile_texts({"bundle.yaml": f"{body}rows: [{', '.join(rows)}]}}}}"})

    assert ["moved t"] == found(before, after)
