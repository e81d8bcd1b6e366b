"""An outline as a picture that any browser shows: one file, no script, no fonts or styles from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise

from policyengine.analysis.layering import Bend, Cell, Drawing, draw
from policyengine.analysis.outline import KINDS, Item, Outline
from policyengine.analysis.pictures import FILLS

NODE_HEIGHT, NODE_GAP, LAYER_GAP, MARGIN = 44, 18, 64, 24
VALUE_HEIGHT = 18
CHARACTER_WIDTH = 7.9  # of 13 px in the widest of the fonts asked for
LEGEND_HEIGHT = 40

STYLE = """
  text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #16202c; }
  .detail { font-size: 11px; fill: #5a6675; }
  .title { font-size: 15px; font-weight: 600; }
  .edge { fill: none; stroke: #8a96a3; stroke-width: 1.4; }
  .head { fill: #8a96a3; }
  rect { stroke: #00000030; }
  .shown { font-size: 12px; font-weight: 600; fill: #0b3d91; }
  .idle { opacity: 0.35; }
  .taken { stroke: #0b3d91; stroke-width: 2; }
  .paper { fill: #ffffff; stroke: none; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #14181d; }
    .title, .legend { fill: #e6ebf0; }
    .edge { stroke: #6d7985; }
    .taken { stroke: #8fb4ff; }
    .head { fill: #6d7985; }
  }
"""


def svg(outline: Outline, shown: Mapping[str, str] | None = None) -> str:
    """The picture: what is read to the left of what reads it.

    `shown` are the values of one decision by name: they stand in their boxes, and what has none is drawn faintly.
    """
    high = NODE_HEIGHT if shown is None else NODE_HEIGHT + VALUE_HEIGHT
    drawing = draw([item.name for item in outline.items], outline.reads, high, NODE_GAP)
    places = _Places(outline, drawing, high, shown)
    body = [*_edges(outline, drawing, places), *_nodes(outline, places), *_legend(outline, places)]
    width, height = places.size
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
    title = escape(f"{outline.bundle} {outline.version}")
    marker = '<marker id="head" markerWidth="8" markerHeight="8" refX="8" refY="4" orient="auto">'
    return "\n".join(
        [
            f'{head} height="{height:.0f}" role="img">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            f'<defs>{marker}<path d="M0,0 L8,4 L0,8 z" class="head"/></marker></defs>',
            f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
            f'<text class="title" x="{MARGIN}" y="{MARGIN + 4}">{title}</text>',
            *body,
            "</svg>",
        ]
    )


class _Places:
    """Where everything stands: a column for each layer, as wide as its widest node."""

    def __init__(self, outline: Outline, drawing: Drawing, high: float, shown: Mapping[str, str] | None) -> None:
        self.high = high
        self.shown = shown
        self.top = MARGIN + 28
        self.middle = drawing.middle
        self.left: dict[Cell, float] = {}
        self.width: dict[Cell, float] = {}
        by_name = {item.name: item for item in outline.items}
        x = float(MARGIN)
        for layer in drawing.layers:
            widest = max((self._width(by_name[cell]) for cell in layer if isinstance(cell, str)), default=0.0)
            for cell in layer:
                self.left[cell], self.width[cell] = x, widest
            x += widest + LAYER_GAP
        legend = sum(_legend_width(kind) for kind in _kinds(outline)) + 2 * MARGIN
        bottom = max(self.middle.values(), default=0.0) + high / 2
        self.size = (max(x - LAYER_GAP + MARGIN, legend), self.top + bottom + LEGEND_HEIGHT + MARGIN)

    def y(self, cell: Cell) -> float:
        return self.top + self.middle[cell]

    def _width(self, item: Item) -> float:
        value = (self.shown or {}).get(item.name, "")
        return max(len(item.name), 0.85 * len(_caption(item)), 0.95 * len(value)) * CHARACTER_WIDTH + 26

    def idle(self, *names: str) -> bool:
        """Whether the decision that is shown did not ask for one of these."""
        return self.shown is not None and any(name not in self.shown for name in names)


def _caption(item: Item) -> str:
    return f"{item.kind}: {item.detail}" if item.detail else item.kind


def _nodes(outline: Outline, places: _Places) -> Iterator[str]:
    for item in outline.items:
        x, y, width = places.left[item.name], places.y(item.name), places.width[item.name]
        place = escape(f"{item.at.source.name}:{item.at.line}")
        top, faint = y - places.high / 2, ' class="idle"' if places.idle(item.name) else ""
        value = (places.shown or {}).get(item.name, "")
        third = f'<text class="shown" x="{x + 13:.1f}" y="{top + 52:.1f}">{escape(value)}</text>' if value else ""
        yield (
            f"<g{faint}><title>{place}</title>"
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{places.high}" rx="8"'
            f' fill="{FILLS[item.kind]}"/>'
            f'<text x="{x + 13:.1f}" y="{top + 19:.1f}">{escape(item.name)}</text>'
            f'<text class="detail" x="{x + 13:.1f}" y="{top + 35:.1f}">{escape(_caption(item))}</text>{third}</g>'
        )


def _edges(outline: Outline, drawing: Drawing, places: _Places) -> Iterator[str]:
    """Curves that leave to the right, enter from the left, and run level through the layers that they cross."""
    for edge in outline.reads:
        points: list[tuple[float, float]] = []
        for cell in drawing.points(edge):
            left, width, y = places.left[cell], places.width[cell], places.y(cell)
            ends = (left, left + width) if isinstance(cell, Bend) else (left + width,) if cell == edge[0] else (left,)
            points += [(x, y) for x in ends]
        path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
        for (x1, y1), (x2, y2) in pairwise(points):
            bend = (x2 - x1) / 2
            path += f" C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
        way = "" if places.shown is None else " idle" if places.idle(*edge) else " taken"
        yield f'<path class="edge{way}" d="{path}" marker-end="url(#head)"/>'


def _kinds(outline: Outline) -> list[str]:
    return [kind for kind in KINDS if any(item.kind == kind for item in outline.items)]


def _legend_width(kind: str) -> float:
    return len(kind) * CHARACTER_WIDTH + 34


def _legend(outline: Outline, places: _Places) -> Iterator[str]:
    x, y = float(MARGIN), places.size[1] - MARGIN
    for kind in _kinds(outline):
        yield f'<rect x="{x:.1f}" y="{y - 11:.1f}" width="14" height="14" rx="4" fill="{FILLS[kind]}"/>'
        yield f'<text class="legend" x="{x + 20:.1f}" y="{y:.1f}">{kind}</text>'
        x += _legend_width(kind)
