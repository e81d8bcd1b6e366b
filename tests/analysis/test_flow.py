"""The values of one decision, by the names of the bundle."""

from __future__ import annotations

from policyengine.analysis import flow
from policyengine.analysis.outline import outline
from policyengine.compiler.pipeline import compile_texts
from policyengine.runtime.engine import Policy

BUNDLE = """
policyengine: 1
bundle: flow
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  plan: {enum: [free, team]}
  usage: {tokens: {type: int, min: 0}, calls: {type: int, min: 0, default: 3}}
  unread: {type: int, min: 0, default: 0}
parameters: {fee: {type: money, value: {plan: {free: 0, team: 20}}}}
tables:
  unit: {when: {plan: plan}, then: {price: money}, rows: [{id: f, plan: free, price: 2}, {id: t, plan: team, price: 1}]}
values:
  total: {when: 'plan == "team"', value: fee + usage.tokens * unit.price, otherwise: 0 USD}
  unasked: unread + 1
guards:
  large: {when: total > 100 USD, effect: review, approver: finance, reason: large}
  never: {when: total < 0 USD, effect: deny, reason: never}
chart: {sales: {}}
accounts: {book: {when: {plan: plan}, rows: [{id: all, node: sales}]}}
retries:
  again: {failures: 1, failed_at: at, class: '"x"', classes: {otherwise: {wait: 1h, attempts: 2}}}
decisions:
  bill: {guards: [large, never], outputs: {total: total, node: book.node, next: again.action}}
"""


def shown(plan: str) -> dict[str, str]:
    compiled = compile_texts({"bundle.yaml": BUNDLE})
    decision = Policy(compiled.program).decide(
        "bill", {"plan": plan, "usage": {"tokens": 90}}, at="2026-01-01T00:00:00Z"
    )
    return flow.values(outline(compiled.bundle, compiled.program), compiled.program, decision)


def test_every_name_that_was_asked_has_its_value():
    """Facts, rows, values, guards, accounts, retries and the answer; what was not asked has none."""
    assert {
        "plan": "team",
        "usage": "tokens 90",
        "fee": "20 USD",
        "unit": "t",
        "total": "110 USD",
        "large": "review",
        "never": "silent",
        "book": "sales",
        "again": "retry",
        "bill": "review: total 110, node sales, next retry",
    } == shown("team")


def test_what_the_taken_branch_did_not_ask_has_no_value():
    """The free plan asks for no price."""
    found = shown("free")

    assert "0 USD" == found["total"]
    assert {"fee", "unit"}.isdisjoint(found)
