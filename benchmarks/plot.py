"""The growth of a decision's time as a picture: one panel for each thing that grows, both axes in powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from workloads.data import Row

WIDTH, PANEL_HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 220, 56, 16, 58, 34
PANEL_WIDTH = WIDTH // 2
TITLES = {
    "rows": "W1: price rows",
    "tenants": "W2: tenants",
    "nodes": "Values of a generated bundle",
    "versions": "Versions that are active together",
}
STYLE = """
  text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #16202c; }
  .title { font-size: 14px; font-weight: 600; }
  .ratio { font-size: 11px; fill: #0b3d91; }
  .paper { fill: #ffffff; }
  .ours { fill: none; stroke: #0b3d91; stroke-width: 2; }
  .dot { fill: #0b3d91; }
  .hand { fill: none; stroke: #c1762b; stroke-width: 2; stroke-dasharray: 5 3; }
  .grid { stroke: #d5dbe1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf0; } .paper { fill: #14181d; } .grid { stroke: #39424c; }
    .ours { stroke: #8fb4ff; } .dot, .ratio { fill: #8fb4ff; } .hand { stroke: #e0a15c; }
  }
"""


def draw(lines: Sequence[Row]) -> str:
    """The picture of what `benchmarks/growth.py` has measured."""
    panels = [name for name in TITLES if any(line["growth"] == name for line in lines)]
    height = TOP + PANEL_HEIGHT * ((len(panels) + 1) // 2)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">']
    parts += [f"<style>{STYLE}</style>", f'<rect class="paper" width="{WIDTH}" height="{height}"/>']
    parts.append(f'<text class="title" x="{LEFT}" y="22">Microseconds of one decision, as its policy grows</text>')
    parts.append(f'<line class="ours" x1="{LEFT}" x2="{LEFT + 26}" y1="37" y2="37"/>')
    parts.append(f'<text x="{LEFT + 32}" y="41">policy.decide, with its ratio to</text>')
    parts.append(f'<line class="hand" x1="{LEFT + 218}" x2="{LEFT + 244}" y1="37" y2="37"/>')
    parts.append(f'<text x="{LEFT + 250}" y="41">a hand-written function</text>')
    for number, name in enumerate(panels):
        of = sorted((line for line in lines if line["growth"] == name), key=lambda line: int(line["size"]))
        parts += _panel(name, of, number % 2 * PANEL_WIDTH, TOP + number // 2 * PANEL_HEIGHT)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(name: str, lines: Sequence[Row], left: float, top: float) -> Iterator[str]:
    """One thing that grows; every panel has whole powers of ten at its ends."""
    sizes = [line["size"] for line in lines]
    times = [line[key] for line in lines for key in ("median_us", "by_hand_us")]
    x_low, x_high = _powers(sizes)
    y_low, y_high = _powers(times)
    begin, end = left + LEFT, left + PANEL_WIDTH - RIGHT
    ceiling, floor = top + 30, top + PANEL_HEIGHT - BOTTOM

    def x(size: float) -> float:
        return begin + 8 + (math.log10(size) - x_low) / (x_high - x_low) * (end - begin - 24)

    def y(time: float) -> float:
        return floor - (math.log10(time) - y_low) / (y_high - y_low) * (floor - ceiling)

    yield f'<text class="title" x="{begin:.0f}" y="{top + 14:.0f}">{TITLES[name]}</text>'
    for power in range(y_low, y_high + 1):
        at = y(10.0**power)
        yield f'<line class="grid" x1="{begin:.0f}" x2="{end:.0f}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield f'<text x="{begin - 8:.0f}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>'
    for power in range(x_low, x_high + 1):
        at = x(10.0**power)
        yield f'<text x="{at:.1f}" y="{floor + 16:.0f}" text-anchor="middle">{_short(10**power)}</text>'
    for style, key in (("hand", "by_hand_us"), ("ours", "median_us")):
        points = " ".join(f"{x(line['size']):.1f},{y(line[key]):.1f}" for line in lines)
        yield f'<polyline class="{style}" points="{points}"/>'
    for line in lines:
        at, high = x(line["size"]), y(line["median_us"])
        is_below = line["median_us"] <= line["by_hand_us"]
        yield f'<circle class="dot" cx="{at:.1f}" cy="{high:.1f}" r="3"/>'
        label = high + 15 if is_below else high - 8
        yield f'<text class="ratio" x="{at:.1f}" y="{label:.1f}" text-anchor="middle">{line["ratio"]:.2f}</text>'


def _short(count: int) -> str:
    return f"{count // 10**6}M" if count >= 10**6 else f"{count // 1_000}k" if count >= 1_000 else str(count)


def _powers(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)
