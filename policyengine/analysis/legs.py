"""A period with the legs of its prorations, as a picture: when each price holds, and what each change gives back.

The picture is drawn from the lines of a decision, so it shows what was decided and computes no amount: a bar runs over
the days that a leg is for, its label is the price, the part and the amount that the decision gave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from policyengine.values.instant import Timestamp

WIDTH, LEFT, RIGHT, TOP = 880, 150, 24, 84
ROW, GAP, BAR = 30, 22, 22
LABEL = 200  # pixels that a label may need
FILLS = {"credit": "#f2b8a6", "charge": "#a9d8b8"}
SIGNS = {"credit": "given back", "charge": "charged"}

STYLE = """
  text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #16202c; }
  .title { font-size: 15px; font-weight: 600; }
  .small { font-size: 11px; fill: #5a6675; }
  .axis { stroke: #8a96a3; stroke-width: 1.2; }
  .change { stroke: #8a96a3; stroke-width: 1.2; stroke-dasharray: 4 3; }
  .paper { fill: #ffffff; }
  rect.leg { stroke: #00000030; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #14181d; }
    text { fill: #e6ebf0; }
    .small { fill: #a3aebb; }
    .in { fill: #16202c; }
  }
"""

Line = Mapping[str, Any]


def svg(title: str, start: Timestamp, end: Timestamp, lines: Sequence[Line]) -> str:
    """The picture of a period [start, end) and of the lines of one or more prorations in it."""
    changes = [(at, list(legs)) for at, legs in groupby(lines, key=lambda line: line["from"])]
    height = TOP + sum(len(legs) * ROW + GAP for _, legs in changes) + 14
    body = [*_axis(start, end, [at for at, _ in changes], height), *_legs(start, end, changes)]
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
            f'<text class="title" x="24" y="30">{escape(title)}</text>',
            *body,
            "</svg>",
            "",
        ]
    )


def _x(start: Timestamp, end: Timestamp, at: Timestamp) -> int:
    """Where an instant stands, in whole pixels; what lies outside of the period stands at its edge."""
    inside = min(max(at, start), end)
    return LEFT + (WIDTH - LEFT - RIGHT) * (inside - start) // (end - start)


def _day(at: Timestamp) -> str:
    return str(at).partition("T")[0]


def _axis(start: Timestamp, end: Timestamp, changes: Sequence[Timestamp], height: int) -> Iterator[str]:
    yield f'<line class="axis" x1="{LEFT}" y1="{TOP - 18}" x2="{WIDTH - RIGHT}" y2="{TOP - 18}"/>'
    for at in dict.fromkeys([start, *changes, end]):
        x = _x(start, end, at)
        anchor = "end" if at == end else "start" if at == start else "middle"
        yield f'<text class="small" x="{x}" y="{TOP - 26}" text-anchor="{anchor}">{_day(at)}</text>'
        yield f'<line class="change" x1="{x}" y1="{TOP - 18}" x2="{x}" y2="{height - 10}"/>'


def _legs(start: Timestamp, end: Timestamp, changes: Sequence[tuple[Timestamp, Sequence[Line]]]) -> Iterator[str]:
    y = TOP
    for _, legs in changes:
        for line in legs:
            left, right = (_x(start, end, line[edge]) for edge in ("from", "to"))
            sign = "-" if line["leg"] == "credit" else ""
            label = f"{sign}{line['price']} x {line['numerator']}/{line['denominator']} = {line['amount']}"
            middle = y + BAR // 2 + 4
            yield f'<text class="small" x="{LEFT - 12}" y="{middle}" text-anchor="end">{SIGNS[line["leg"]]}</text>'
            yield (
                f'<rect class="leg" x="{left}" y="{y}" width="{max(right - left, 1)}" height="{BAR}" rx="4"'
                f' fill="{FILLS[line["leg"]]}"/>'
            )
            if right - left >= LABEL:
                yield f'<text class="in" x="{left + 8}" y="{middle}">{escape(label)}</text>'
            else:  # a bar too short for its label has it on its left, where nothing else stands
                yield f'<text x="{left - 8}" y="{middle}" text-anchor="end">{escape(label)}</text>'
            y += ROW
        y += GAP
