"""The section `retries`: what to do about a failed payment, and when."""

from policyengine.compiler.lower.retries.retry import lower

__all__ = ["lower"]
