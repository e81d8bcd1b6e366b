"""Charges: one file a concern.

`charge` is the order of operations, `models` and `tiers` the prices, `quantities` what is priced, `slices` which part
of a period, `peaks` the flat amounts of a level that changes; `adjustments`, `commitments` and `taxes` are what happens
to the amount, `lines` what a bill shows, and `lints` what `check` warns of.
"""

from policyengine.compiler.lower.charges.charge import lower

__all__ = ["lower"]
