"""What recorded usage comes to, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from policyengine.analysis.diff.impact import Impact, Line, Money
from policyengine.analysis.diff.shown import amounts, calls_text, change_text, money_text, places, share_text
from policyengine.analysis.diff.tally import BANDS

BAR_MAX = 24


def impact(found: Impact) -> Iterator[str]:
    """The sums by currency, then effects that differ and lines that were refused."""
    yield click.style(f"impact on {found.source}: {found.calls:,} calls", bold=True)
    for money in found.moneys:
        yield from _money(money, found.calls)
    for old, new, count in found.effects:
        yield f"  {old} -> {new}: {calls_text(count)}"
    for side, about, fault in found.faults:
        who = {"before": "refused before", "after": "refused now", "both": "refused by both"}[side]
        yield f"  {who}{f' ({about})' if about else ''}: {calls_text(fault.count)}, first in line {fault.line:,}"
        yield click.style(f"    {fault.example}", dim=True)
    yield ""


def _money(money: Money, calls: int) -> Iterator[str]:
    total = money.total
    old, new = money_text(total.before, money.currency), money_text(total.after, money.currency)
    change = change_text(total, money.currency)
    yield f"  {old} -> {new}: {_coloured(change, total.change > 0)}, {total.changed:,} of {total.calls:,} calls differ"
    yield from _table("tenants that change most", money.movers, money.currency)
    if len(money.products) > 1:
        yield from _table("products", money.products, money.currency)
    yield click.style("    how many change by how much", bold=True)
    yield from _bands(money)


def _table(title: str, lines: Sequence[Line], currency: str) -> Iterator[str]:
    if not lines:
        return
    yield click.style(f"    {title}", bold=True)
    shown = places(lines, currency)
    rows = [(line.name, *amounts(line.sum, shown), share_text(line.sum.share)) for line in lines]
    yield from columns([("", "before", "after", "change", ""), *rows])


def columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows of text below each other, all but the first column to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        line = "      " + "  ".join(cells).rstrip()
        yield click.style(line, dim=True) if number == 0 else line


def _bands(money: Money) -> Iterator[str]:
    shown = [n for n in range(len(BANDS)) if money.bands[n] or money.tenant_bands[n]]
    rows = [("", "calls", "tenants")]
    rows += [(BANDS[n], f"{money.bands[n]:,}", f"{money.tenant_bands[n]:,}") for n in shown]
    bars = ["", *bar_lengths(money.bands[n] for n in shown)]
    for line, bar in zip(columns(rows), bars, strict=True):
        yield f"{line}  {bar}".rstrip()


def bar_lengths(counts: Iterable[int]) -> list[str]:
    """A bar for each count; whoever has any has at least a little one."""
    known = list(counts)
    most = max(known, default=0)
    return ["█" * max(BAR_MAX * count // most, 1) if count else "" for count in known]


def _coloured(text: str, is_more: bool) -> str:
    return click.style(text, fg="red" if is_more else "green", bold=True)
