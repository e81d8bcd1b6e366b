"""What the analysis of an authored table means for its author: gaps, overlaps and masked rows as diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler import tables
from policyengine.compiler.lower.context import Context
from policyengine.compiler.tables import Findings
from policyengine.language.model import Table
from policyengine.runtime.program import TableData
from policyengine.source import Span
from policyengine.values.types import Type

GAPS_TOLD = 3
OVERLAPS_TOLD = 5


def examine(
    context: Context, table: Table, data: TableData, declared: Sequence[Type], spans: Sequence[Span]
) -> TableData:
    """Tell what is wrong with a table; the table comes back knowing whether a missing combination can occur."""
    findings = tables.analyse(data, declared=declared, during=context.effective)
    context.findings[table.name] = findings
    names = [c.name for c in table.when]
    for gap in findings.gaps[:GAPS_TOLD]:
        context.error(say.gap(gap.example(names), gap.area(names), findings.gap_count, table.at))
    for first, second, witness in findings.overlaps[:OVERLAPS_TOLD]:
        rows = (data.ids[first], data.ids[second])
        context.error(say.overlap(*rows, witness.example(names), spans[second], spans[first]))
    for row in findings.masked:
        context.error(say.masked_row(data.ids[row], spans[row]))
    for row in findings.unsatisfiable:
        context.error(say.row_never_fits(data.ids[row], spans[row]))
    if findings.reason and table.hit in ("unique", "most_specific"):  # only there is a proof missing
        context.error(say.not_analysed(findings.reason, table.at))
    return replace(data, otherwise=_otherwise(data, findings))


def _otherwise(data: TableData, findings: Findings) -> str:
    """A table that is proved complete cannot fail; one that was not analysed may.

    A dated table may be asked `as_of` an instant outside of the bundle's own time, which the proof does not cover.
    """
    if data.otherwise:
        return data.otherwise
    return "never" if findings.status == "proved" and not data.starts else "error"
