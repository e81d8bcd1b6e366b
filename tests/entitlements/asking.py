"""A wallet and a history of grants to ask at random, and the answer of both evaluators, which must be one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts
from policyengine.runtime.engine import interpreted

BUNDLE = """\
policyengine: 1
bundle: wallet
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  requested: {type: decimal credit, min: 0, max: 1_000, places: 2}
  on_excess: {enum: [refuse, clamp, overflow]}
  overage:
    allow: bool
    customer: {type: bool, optional: true}
    plans: {list: bool, max: 3, default: []}
    max_purchase: {type: limit credit, min: 0, max: 1_000}
    used: {type: decimal credit, min: 0, max: 100_000, places: 2}
  grants:
    list:
      id: string
      priority: int
      amount: {type: decimal credit, min: 0, max: 1_000, places: 2}
      balance: {type: decimal credit, min: 0, max: 1_000, places: 2}
      drawn: {type: decimal credit, min: 0, max: 1_000, places: 2, default: 0}
      effective_at: {type: timestamp, optional: true}
      expires_at: {type: timestamp, optional: true}
    max: 8
  window: {type: limit credit, min: 0, max: 1_000}
  calls: {type: int call, min: 0, max: 1_000}
  call_limit: {type: int call, min: 0, max: 1_000}
  counters:
    list:
      id: string
      used: {type: decimal credit, min: 0, max: 100_000, places: 2}
      since: {type: timestamp, optional: true}
      until: {type: timestamp, optional: true}
    max: 4
  call_counters: {list: {id: string, used: {type: int call, min: 0, max: 100_000}}, max: 4}
entitlements:
  wallet:
    grants: grants
    requested: requested
    when_exceeded: overage
    on_excess: on_excess
    overage:
      allow: overage.allow
      control: {customer: overage.customer, plans: overage.plans}
      max_purchase: overage.max_purchase
      spend_limit: {percent_of_granted: 33%}
      used: overage.used
    windows:
      - {id: hour, limit: window, used: counters, interval: 1 hour, calendar: true}
      - {id: day, used: counters, interval: 1 day, calendar: true}
    warn_at:
      - {id: half, type: usage_percentage, threshold: 50%}
      - {id: little, type: remaining_percentage, threshold: 10%}
      - {id: much, type: usage, threshold: 500}
  counted:
    grants: grants
    requested: requested
    when_exceeded: block
    on_excess: on_excess
    windows: [{id: calls, limit: call_limit, requested: calls, used: call_counters}]
  limited:
    limit: window
    used: overage.used
    requested: requested
    when_exceeded: overage
    on_excess: on_excess
    overage: {allow: overage.allow, max_purchase: overage.max_purchase}
"""

BURNING = """\
policyengine: 1
bundle: history
version: 1.0.0
currency: USD
timezone: Europe/Berlin
inputs:
  grants:
    list:
      id: string
      amount: {type: decimal credit, min: 0, max: 1_000, places: 2}
      priority: int
      effective_at: timestamp
      expires_at: {type: timestamp, optional: true}
      voided_at: {type: timestamp, optional: true}
      rollover_min: {type: decimal credit, min: 0, max: 1_000, places: 1, default: 0}
      rollover_max: {type: int credit, min: 0, max: 1_000, default: 0}
      every: {enum: [1 day, 5 hours, 1 month], optional: true}
      anchor: {type: timestamp, optional: true}
    max: 6
  balances: {list: {id: string, balance: {type: decimal credit, min: 0, max: 1_000, places: 2}}, max: 6, default: []}
  usage: {list: {at: timestamp, amount: {type: decimal credit, min: 0, max: 1_000, places: 3}}, max: 12}
  resets: {list: timestamp, max: 4}
  start: timestamp
  until: timestamp
  overage: {type: decimal credit, min: 0, max: 1_000_000, places: 3, default: 0}
  used: {type: decimal credit, min: 0, max: 1_000_000, places: 3, default: 0}
  grant_used: {type: decimal credit, min: 0, max: 1_000_000, places: 3, default: 0}
entitlements:
"""

COMMON = "grants: grants, usage: usage, resets: resets, from: start, until: until, overage: overage, used: used, "
COMMON += "grant_used: grant_used"
KINDS = {
    "full": f"{COMMON}, preserve_overage: true, aggregation: sum",
    "dropping": f"{COMMON}, preserve_overage: false, aggregation: sum",
    "latest": f"{COMMON}, preserve_overage: true, aggregation: latest",
    "resumed": f"{COMMON}, balances: balances, preserve_overage: true, aggregation: sum",
}
HEAD = BURNING.partition("entitlements:\n")[0]
HISTORY = HEAD + "entitlements:\n" + "".join(
    f"  {name}: {{burn_down: {{{keys}}}}}\n" for name, keys in KINDS.items()
)  # fmt: skip


def policy_of(text: str) -> pe.Policy:
    return pe.Policy(compile_texts({"bundle.yaml": text}).program)


def asked(policy: pe.Policy, name: str, facts: Mapping[str, Any], at: str | None = None) -> Any:
    """The outputs, which generated code and the interpreter must give alike; or the code of the failure."""
    try:
        decision = policy.decide(name, facts, at=at)
        failure = ""
    except pe.EvaluationError as error:
        decision, failure = None, error.code
    prepared = policy._prepared[name]
    held = prepared.reader.check(facts, at, None)
    assert prepared._run is not None
    assert prepared._run(held.held, None) == interpreted(policy.program, prepared.entry, prepared.order, held, None)
    return dict(decision.outputs) if decision is not None else failure


def cents(most: int = 100_000) -> st.SearchStrategy[Decimal]:
    """Amounts with ties, zeros and very small ones."""
    return st.one_of(
        st.sampled_from([0, 1, 50, 100, 1_000]), st.integers(min_value=0, max_value=most)
    ).map(lambda n: Decimal(n).scaleb(-2))  # fmt: skip


def hours(last: int = 96) -> st.SearchStrategy[str]:
    return st.integers(min_value=0, max_value=last).map(
        lambda n: f"2026-03-{28 + n // 24:02}T{n % 24:02}:00:00Z" if n < 96 else "2026-04-01T00:00:00Z"
    )


NOW = "2026-03-29T12:30:00Z"
TIMES = st.none() | hours()


def grants() -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries(
        {
            "priority": st.integers(min_value=1, max_value=2),
            "amount": cents(),
            "balance": cents(),
            "effective_at": TIMES,
            "expires_at": TIMES,
        }
    )
    return st.lists(one, max_size=6).map(lambda found: [{"id": f"g{n}", **grant} for n, grant in enumerate(found)])


def limits() -> st.SearchStrategy[Any]:
    return st.just("unlimited") | cents()


FACTS = st.fixed_dictionaries(
    {
        "requested": cents(),
        "on_excess": st.sampled_from(["refuse", "clamp", "overflow"]),
        "overage": st.fixed_dictionaries(
            {
                "allow": st.booleans(),
                "customer": st.none() | st.booleans(),
                "plans": st.lists(st.booleans(), max_size=3),
                "max_purchase": limits(),
                "used": cents(),
            }
        ),
        "grants": grants(),
        "window": limits(),
        "calls": st.integers(min_value=0, max_value=9),
        "call_limit": st.integers(min_value=0, max_value=9),
        "counters": st.lists(
            st.fixed_dictionaries(
                {"id": st.sampled_from(["hour", "day", "old"]), "used": cents(), "since": TIMES, "until": TIMES}
            ),
            max_size=3,
        ),
        "call_counters": st.lists(
            st.fixed_dictionaries({"id": st.just("calls"), "used": st.integers(min_value=0, max_value=9)}), max_size=1
        ),
    }
)


def histories() -> st.SearchStrategy[dict[str, Any]]:
    grant = st.fixed_dictionaries(
        {
            "amount": cents(),
            "priority": st.integers(min_value=1, max_value=2),
            "effective_at": hours(60),
            "expires_at": TIMES,
            "voided_at": st.none() | TIMES,
            "rollover_min": st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(20)]),
            "rollover_max": st.sampled_from([0, 10, 1_000]),
            "every": st.none() | st.sampled_from(["1 day", "5 hours", "1 month"]),
            "anchor": hours(),
        }
    )
    event = st.fixed_dictionaries({"at": hours(), "amount": cents()})
    return st.fixed_dictionaries(
        {
            "grants": st.lists(grant, max_size=4).map(
                lambda found: [{"id": f"g{n}", **each} for n, each in enumerate(found)]
            ),
            "usage": st.lists(event, max_size=8),
            "resets": st.lists(hours().filter(lambda at: at > "2026-03-28T00:00:00Z"), max_size=2),
            "start": st.just("2026-03-28T00:00:00Z"),
            "until": st.just("2026-04-01T00:00:00Z"),
        }
    )
