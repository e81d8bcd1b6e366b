"""Prorations as typed data."""

from __future__ import annotations

from policyengine.language.parts import Carried, Each, Named, OnError, Part, Round
from policyengine.language.written import Value, Written
from policyengine.language.yaml import Scalar
from policyengine.source import Span


class Ratio(Part):
    """One number over another."""

    at: Span
    numerator: Written
    denominator: Written


class RefundOf(Part):
    at: Span
    invoiced: Value
    paid: Value


class ByDirection(Part):
    """A word for changes to a higher price and one for changes to a lower."""

    upgrade: str
    downgrade: str


class Proration(Named):
    """Parts of prices for a part of a period; which fields may stand together is the schema's business."""

    basis: str | None = None
    period: Written | None = None
    change_at: Written | None = None
    starts: Written | None = None
    ends: Written | None = None
    trial_until: Written | None = None
    end_inclusive: bool = False
    day_of_change: str = "new"
    outside: str = "refuse"
    zero_length: str = "none"
    timezone: Scalar | Written | None = None
    fraction: Ratio | None = None
    credit: Value | None = None
    charge: Value | None = None
    paid: Value | None = None
    credited: Value | None = None
    unused: Ratio | None = None
    refund: RefundOf | None = None
    behavior: ByDirection = ByDirection(upgrade="prorate", downgrade="prorate")
    timing: ByDirection | None = None
    direction: Written | None = None
    restarts_period: Written | None = None
    round: Round | None = None
    round_rate: Round | None = None
    when: Written | None = None
    each: Each | None = None
    carry: tuple[Carried, ...] = ()
    as_of: Written | None = None
    split: bool = False
    on_error: OnError | None = None
