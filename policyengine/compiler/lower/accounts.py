"""Accounts -> tables whose one result is a node of the chart."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower import tables
from policyengine.compiler.lower.context import Context
from policyengine.language import charts
from policyengine.language.declared import Declared
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.model import Table
from policyengine.values import types


def lower(context: Context, account: Table) -> None:
    """The node `NAME` (the row) and `NAME.node`; a row that books to no node of the chart is an error."""
    if context.bundle.chart is None:
        raise Rejected(say.no_chart(account.name, account.at))
    known = types.Enum("chart", tuple(charts.nodes(context.bundle.chart)))
    tables.lower(context, account, {"node": Declared(known)}, "accounts")
