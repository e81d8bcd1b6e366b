"""Entitlements -> conditions, limits and folds of the core; `entitlement.py` has the order of the steps."""

from policyengine.compiler.lower.entitlements.entitlement import lower

__all__ = ["lower"]
