"""What recorded usage comes to as a picture: one SVG, no script, no fonts or styles from elsewhere.

For each currency the tenants that change most, as bars to both sides of a line, and how many calls change by how much.
Lengths on paper are rounded; the figures beside them are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from policyengine.analysis.diff.rating.impact import Impact, Money
from policyengine.analysis.diff.rating.tally import BANDS, SAME
from policyengine.analysis.diff.reports.shown import change_text, clipped

WIDTH, MARGIN, ROW, BAR, HEAD = 880, 24, 24, 15, 34
NAME_WIDTH, FIGURE_WIDTH = 240, 190
NAME_MAX = 34
STYLE = """
  text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #16202c; }
  .title { font-size: 15px; font-weight: 600; }
  .figure, .faint { fill: #5a6675; }
  .up { fill: #c2410c; }
  .down { fill: #15803d; }
  .same { fill: #8a96a3; }
  .axis { stroke: #8a96a3; stroke-width: 1; }
  .paper { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #14181d; }
    text { fill: #e6ebf0; }
    .figure, .faint { fill: #9aa6b2; }
    .up { fill: #fb923c; }
    .down { fill: #4ade80; }
  }
"""


@dataclass(frozen=True, slots=True)
class _Bar:
    """A named bar with its figure; `size` may be negative."""

    name: str
    size: Decimal
    figure: str
    look: str


def svg(found: Impact) -> str:
    """The picture of all currencies, one below the other."""
    body: list[str] = []
    top = MARGIN
    for money in found.moneys:
        for title, bars in _panels(money):
            drawn = list(_panel(title, bars, top))
            body += drawn
            top += HEAD + ROW * len(bars) + MARGIN
    if not body:
        body = [f'<text x="{MARGIN}" y="{top + 16}">nothing was paid</text>']
        top += HEAD
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    return "\n".join(
        [
            f'{head} role="img">',
            f"<title>{escape(f'impact on {found.source}')}</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{top}"/>',
            *body,
            "</svg>",
        ]
    )


def _panels(money: Money) -> Iterator[tuple[str, list[_Bar]]]:
    total = money.total
    change = change_text(total, money.currency)
    movers = [
        _Bar(
            line.name,
            line.sum.change,
            change_text(line.sum, money.currency),
            "up" if line.sum.change > 0 else "down",
        )
        for line in money.movers
    ]
    if movers:
        yield f"{money.currency}: tenants that change most (all together {change})", movers
    bands = [
        _Bar(BANDS[n], Decimal(count), f"{count:,}", "same" if n == SAME else "down" if n < SAME else "up")
        for n, count in enumerate(money.bands)
        if count
    ]
    yield f"{money.currency}: calls by how much they change", bands


def _panel(title: str, bars: list[_Bar], top: int) -> Iterator[str]:
    yield f'<text class="title" x="{MARGIN}" y="{top + 16}">{escape(title)}</text>'
    room = WIDTH - 2 * MARGIN - NAME_WIDTH - FIGURE_WIDTH
    most = max(abs(bar.size) for bar in bars)
    falls = any(bar.size < 0 for bar in bars)
    rises = any(bar.size > 0 for bar in bars)
    half = room // 2 if falls and rises else room
    left = MARGIN + NAME_WIDTH
    axis = left + (half if falls else 0)
    bottom = top + HEAD + ROW * len(bars)
    yield f'<line class="axis" x1="{axis}" x2="{axis}" y1="{top + HEAD - 4}" y2="{bottom}"/>'
    for number, bar in enumerate(bars):
        y = top + HEAD + ROW * number
        length = max(1, int(half * abs(bar.size) / most)) if bar.size else 0
        x = axis - length if bar.size < 0 else axis
        name = f"{escape(clipped(bar.name, NAME_MAX))}<title>{escape(bar.name)}</title>"
        yield f'<text x="{MARGIN}" y="{y + 12}">{name}</text>'
        yield f'<rect class="{bar.look}" x="{x}" y="{y}" width="{length}" height="{BAR}" rx="2"/>'
        figure = f'x="{WIDTH - MARGIN}" y="{y + 12}" text-anchor="end"'
        yield f'<text class="figure" {figure}>{escape(bar.figure)}</text>'
