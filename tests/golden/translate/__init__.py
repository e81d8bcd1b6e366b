"""The translators: one file for each family of cases, and here the table of the kinds that they know.

A translator writes rules and facts and hands answers on. It never computes: `test_translators.py` refuses arithmetic.
"""

from __future__ import annotations

from golden.asking import Translate
from golden.translate import (
    bucketed_charge,
    charge,
    charge_split,
    commitments,
    discounts,
    dmn,
    event_sequence,
    multi_charge,
    payments,
    rerate,
    roundings,
    steps,
    taxes,
    unique_sequence,
)

TRANSLATORS: dict[str, Translate] = {
    "allocate_discount": discounts.allocate_discount,
    "apply_credits": discounts.apply_credits,
    "backoff": payments.backoff,
    "bucketed_charge": bucketed_charge.translate,
    "charge": charge.translate,
    "charge_split": charge_split.translate,
    "coupon_cascade": discounts.coupon_cascade,
    "currency_scale": roundings.currency_scale,
    "decline": payments.decline,
    "dmn": dmn.translate,
    "dunning": payments.dunning,
    "event_sequence": event_sequence.translate,
    "fee": payments.fee,
    "free_quantity_split": steps.free_quantity_split,
    "http": payments.http,
    "invoice_commitment": commitments.invoice_commitment,
    "invoice_totals": taxes.invoice_totals,
    "line_discounts": discounts.line_discounts,
    "mac": payments.mac,
    "multi_charge": multi_charge.translate,
    "network": payments.network,
    "package_count": steps.package_count,
    "policy": payments.policy,
    "quantity_transform": steps.quantity_transform,
    "rail_amount": roundings.rail_amount,
    "rerate": rerate.translate,
    "round": roundings.rounded,
    "schedule": payments.schedule,
    "stop": payments.stop,
    "sum_rounding": roundings.sum_rounding,
    "tax": taxes.tax,
    "tier_slice": steps.tier_slice,
    "true_up": commitments.true_up,
    "unique_sequence": unique_sequence.translate,
    "windowed_commitment": commitments.windowed_commitment,
}
