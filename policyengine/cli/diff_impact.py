"""What recorded usage comes to, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from policyengine.analysis.diff.rating.impact import Impact, Line, Money
from policyengine.analysis.diff.reports.shown import REFUSED_BY, band_cells, calls_text, line_cells, paid_text

BAR_MAX = 24


def impact(found: Impact) -> Iterator[str]:
    """The sums by currency, then effects that differ and lines that were refused."""
    yield click.style(f"impact on {found.source}: {found.calls:,} calls", bold=True)
    for money in found.moneys:
        yield from _money(money, found.calls)
    for old, new, count in found.effects:
        yield f"  {old} -> {new}: {calls_text(count)}"
    for side, about, fault in found.faults:
        who = f"{REFUSED_BY[side]} ({about})" if about else REFUSED_BY[side]
        yield f"  {who}: {calls_text(fault.count)}, first in line {fault.line:,}"
        yield click.style(f"    {fault.example}", dim=True)
    yield ""


def _money(money: Money, calls: int) -> Iterator[str]:
    old, new, change, differ = paid_text(money)
    yield f"  {old} -> {new}: {_coloured(change, money.total.change > 0)}, {differ}"
    yield from _table("tenants that change most", money.movers, money.currency)
    if len(money.products) > 1:
        yield from _table("products", money.products, money.currency)
    yield click.style("    how many change by how much", bold=True)
    yield from _bands(money)


def _table(title: str, lines: Sequence[Line], currency: str) -> Iterator[str]:
    if not lines:
        return
    yield click.style(f"    {title}", bold=True)
    yield from columns([("", "before", "after", "change", ""), *line_cells(lines, currency)])


def columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows of text below each other, all but the first column to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        line = "      " + "  ".join(cells).rstrip()
        yield click.style(line, dim=True) if number == 0 else line


def _bands(money: Money) -> Iterator[str]:
    rows = [("", "calls", "tenants"), *band_cells(money)]
    both = zip(money.bands, money.tenant_bands, strict=True)
    bars = ["", *bar_lengths(calls for calls, tenants in both if calls or tenants)]
    for line, bar in zip(columns(rows), bars, strict=True):
        yield f"{line}  {bar}".rstrip()


def bar_lengths(counts: Iterable[int]) -> list[str]:
    """A bar for each count; whoever has any has at least a little one."""
    known = list(counts)
    most = max(known, default=0)
    return ["█" * max(BAR_MAX * count // most, 1) if count else "" for count in known]


def _coloured(text: str, is_more: bool) -> str:
    return click.style(text, fg="red" if is_more else "green", bold=True)
