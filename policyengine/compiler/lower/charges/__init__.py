"""Charges: one file a concern. `charge` is the order of operations, `models` and `tiers` the prices, `quantities` what
is priced, `adjustments` what happens to the amount, `lines` what a bill shows."""

from policyengine.compiler.lower.charges.charge import lower

__all__ = ["lower"]
