"""Tables whose rows stand in a CSV file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from policyengine.compiler import diagnostics as say
from policyengine.compiler.sources import Sources
from policyengine.source import Report, Span


def columns_of(sources: Sources, report: Report) -> Callable[[str, Span], tuple[str, ...] | None]:
    """Reads `{enum: {column: prices.csv#model}}`: the texts of a column, in order, each once."""

    def members(reference: str, at: Span) -> tuple[str, ...] | None:
        report.add(say.unsupported("an enum from a CSV column", at))
        return None

    return members


def read(context: Any, table: Any, keys: Any, columns: Any, sheet: Any) -> None:
    """Fill a table's sheet from its file."""
    from policyengine.language.expression.diagnostics import Rejected

    raise Rejected(say.unsupported("a table from a CSV file", table.at))
