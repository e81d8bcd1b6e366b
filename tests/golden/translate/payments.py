"""Failed payments: every answer is one of `policies/payments`, which holds the published facts; nothing is known here.

A translator only says which decision a case asks for, and under which name the policy takes each of its facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw

POLICY = "payments"
LONG_AGO = "2026-01-01T00:00:00Z"
"""An instant for questions whose answer is a length of time."""

Case = Mapping[str, Any]


def ask(decide: str, facts: Mapping[str, Any], at: str) -> Ask:
    """A question to the policy; a fact of null is one that is not given."""
    given = {
        group: {name: fact for name, fact in fields.items() if fact is not None} for group, fields in facts.items()
    }
    return Ask("", decide, given, at=at, shipped=POLICY)


def renamed(given: Case, names: Mapping[str, str]) -> dict[str, Any]:
    """The facts of a case that the policy has, under its names."""
    return {ours: given[theirs] for theirs, ours in names.items() if theirs in given}


def decline(case: Case) -> Translation:
    """Whether a decline code of Stripe's is tried again."""
    facts = renamed(case["input"], {"decline_code": "decline_code", "new_payment_method": "new_payment_method"})
    answer = yield ask("stripe_declined", {"stripe": facts}, LONG_AGO)
    return answer.outputs


NETWORK = {
    "network": "network",
    "response_code": "response_code",
    "mac": "advice_code",
    "reattempt": "reattempt",
    "days_since_first": "days_since_first",
    "declines_24h": "declines_24h",
    "declines_30d": "declines_30d",
}


def network(case: Case) -> Translation:
    """Whether a card network's categories and limits allow an attempt."""
    given = case["input"]
    answer = yield ask("network_reattempt", {"reattempt": renamed(given, NETWORK)}, given["at"])
    return answer.outputs


RETRY_OF_ADVICE = {"none": True, "wait": True, "never": False}


def mac(case: Case) -> Translation:
    """What a merchant advice code asks for, and from when on."""
    given = case["input"]
    facts = renamed(given, {"mac": "advice_code", "declined_at": "declined_at"})
    answer = yield ask("network_advice", {"advised": facts}, given.get("declined_at", LONG_AGO))
    advice = answer.outputs["advice"]
    return {"retry": RETRY_OF_ADVICE.get(advice, advice), "not_before": answer.outputs["not_before"]}


def fee(case: Case) -> Translation:
    """What an attempt beyond the limits costs."""
    given = case["input"]
    facts = renamed(given, {"network": "network", "cross_border": "cross_border"})
    answer = yield ask("network_fee", {"excess": facts}, given["at"])
    return {"usd": answer.outputs["amount"]}


def schedule(case: Case) -> Translation:
    """When Kill Bill tries again."""
    given = case["input"]
    facts = renamed(given, {"failure": "failure", "failures_so_far": "failures", "failed_at": "failed_at"})
    answer = yield ask("killbill_next", {"killbill": facts}, given["failed_at"])
    return {"next": answer.outputs["retry_at"]}


CAMPAIGN = {
    "attempts": "attempts",
    "max_attempts": "max_attempts",
    "days_between_attempts": "days_between_attempts",
    "last_attempt_at": "last_attempt_at",
    "overdue_cents": "overdue",
    "threshold_cents": "threshold",
}


def dunning(case: Case) -> Translation:
    """Whether an attempt of Lago's campaign is due."""
    given = case["input"]
    answer = yield ask("dunning_due", {"campaign": renamed(given, CAMPAIGN)}, given["now"])
    return answer.outputs


INVOICE = {"transaction_declines": "transaction_declines", "attempts": "attempts", "invoice_age_days": "age_days"}


def stop(case: Case) -> Translation:
    """Whether Recurly goes on."""
    answer = yield ask("collect_again", {"invoice": renamed(case["input"], INVOICE)}, LONG_AGO)
    return answer.outputs


DRAWS = {"min": Raw("0"), "max": Raw("1")}


def backoff(case: Case) -> Translation:
    """How long Recurly waits before it delivers a webhook again, or Stripe's SDK before it sends a request again."""
    given = case["input"]
    if given["system"] == "recurly_webhooks":
        facts = {"webhook": renamed(given, {"attempt_index": "attempt_index"})}
        answer = yield ask("webhook_redelivery", facts, LONG_AGO)
    else:
        drawn = {"retry_number": given["retry_number"], "draw": DRAWS[given["jitter"]]}
        answer = yield ask("sdk_wait", {"backoff": drawn}, LONG_AGO)
    return answer.outputs


REQUEST = {
    "status": "status",
    "should_retry_header": "should_retry_header",
    "connection_error_retryable": "connection_error_retryable",
    "retries_done": "retries_done",
    "max_retries": "max_retries",
}


def http(case: Case) -> Translation:
    """Whether Stripe's SDK sends a request again."""
    facts = {**renamed(case["input"], REQUEST), "id": "case"}
    answer = yield ask("sdk_retry", {"request": facts}, LONG_AGO)
    return answer.outputs


def policy(case: Case) -> Translation:
    """What a provider does by default."""
    answer = yield ask(f"{case['input']['policy']}_policy", {}, LONG_AGO)
    return answer.outputs
