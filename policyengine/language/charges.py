"""Charges as typed data: tiers, commitments, discounts, credits and tax."""

from __future__ import annotations

from policyengine.language.parts import Carried, Each, Named, OnError, Part, Round
from policyengine.language.written import Value, Written
from policyengine.source import Span


class Tier(Part):
    at: Span
    up_to: Value | None = None
    unit_amount: Value | None = None
    factor: Value | None = None
    flat_amount: Value | None = None
    rate: Value | None = None
    package_size: Value | None = None


class Transform(Part):
    at: Span
    multiply: Value | None = None
    divide: Value | None = None
    round: Round | None = None


class Commitment(Part):
    at: Span
    true_up: bool
    quantity: Value | None = None
    amount: Value | None = None
    overage_factor: Value | None = None
    round: Round | None = None


class Discount(Part):
    at: Span
    id: str = ""
    when: Written | None = None
    percent: Value | None = None
    amount: Value | None = None
    round: Round | None = None


class Credit(Part):
    at: Span
    id: str = ""
    when: Written | None = None
    amount: Value


class TaxRate(Part):
    at: Span
    rate: Value
    id: str = ""
    when: Written | None = None


class Tax(Part):
    at: Span
    behavior: str
    rate: Value | None = None
    rates: tuple[TaxRate, ...] = ()
    round: Round | None = None
    round_each: Round | None = None


class Charge(Named):
    """A charge of any model; which fields may stand is the schema's business."""

    charge_model: str = ""
    mode: str = "graduated"
    sum: tuple[tuple[str, Span], ...] = ()
    quantity: Value | None = None
    base: Value | None = None
    unit_amount: Value | None = None
    flat_amount: Value | None = None
    rate: Value | None = None
    factor: Value | None = None
    package_size: Value | None = None
    package_rounding: str | None = None
    tiers: tuple[Tier, ...] | Written | None = None
    free_quantity: Value | None = None
    free_amount: Value | None = None
    free_quantity_as: str | None = None
    minimum_each: Value | None = None
    maximum_each: Value | None = None
    already_rated: Value | None = None
    already_billed: Value | None = None
    position: Written | None = None
    weight: Value | None = None
    flat_at_zero: bool | None = None
    flat_by: str | None = None
    negative_quantity: str | None = None
    minimum: Value | None = None
    maximum: Value | None = None
    quantity_transform: Transform | None = None
    commitment: Commitment | None = None
    discounts: tuple[Discount, ...] = ()
    credits: tuple[Credit, ...] = ()
    tax: Tax | None = None
    when: Written | None = None
    each: Each | None = None
    carry: tuple[Carried, ...] = ()
    as_of: Written | None = None
    split: Written | None = None
    round: Round | None = None
    round_each: Round | None = None
    on_error: OnError | None = None
