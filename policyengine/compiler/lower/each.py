"""`each`: a node repeated for every element of a list -> a fold."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import NamedValue


def lower_value(context: Context, value: NamedValue) -> None:
    raise Rejected(say.unsupported("`each` of a value", value.at))
