"""The built-in functions of the language, one file a library."""

from policyengine.runtime.functions.function import Function, Signature
from policyengine.runtime.functions.table import FUNCTIONS

__all__ = ["FUNCTIONS", "Function", "Signature"]
