"""The section `proration`: parts of prices for parts of periods."""

from policyengine.compiler.lower.proration.proration import lower

__all__ = ["lower"]
