"""Retries as typed data: classes of failures, their waits and budgets."""

from __future__ import annotations

from policyengine.language.parts import Named, OnError, Part
from policyengine.language.written import Value, Written
from policyengine.language.yaml import Node, Scalar
from policyengine.source import Span


class Jitter(Part):
    """How far a wait is stretched: a share between two factors, drawn from the seed or given."""

    at: Span
    low: Value | None = None
    high: Value
    draw: Value | None = None


class RetryClass(Part):
    """What to do about one class of failures, and when."""

    name: str
    at: Span
    description: str = ""
    action: str = "retry"
    schedule: Value | None = None
    wait: Value | None = None
    base: Value | None = None
    multiplier: Value | None = None
    cap: Value | None = None
    floor: Value | None = None
    attempts: Value | None = None
    within: Value | None = None
    jitter: Jitter | None = None
    hours: Scalar | None = None
    weekdays: Node | None = None
    pay_days: Node | None = None
    final: str | None = None


class Budget(Part):
    """What may be used up: so many attempts, in a stretch of time where it has one."""

    at: Span
    id: str
    limit: Value
    used: Value
    when: Written | None = None
    since: Written | None = None
    within: Value | None = None


class Retry(Named):
    failures: Value
    failed_at: Written
    class_of: Value
    classes: tuple[RetryClass, ...]
    first_failed_at: Written | None = None
    not_before: Written | None = None
    never: Written | None = None
    budgets: tuple[Budget, ...] = ()
    seed: Written | None = None
    timezone: Scalar | Written | None = None
    when: Written | None = None
    as_of: Written | None = None
    final: str | None = None
    on_error: OnError | None = None
