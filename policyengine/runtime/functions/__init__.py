"""The built-in functions: signature, implementation, cost and doc line of each, in one table."""

from policyengine.runtime.functions.table import FUNCTIONS, Function, Signature

__all__ = ["FUNCTIONS", "Function", "Signature"]
