"""An outline as a picture that any browser shows: one file, no script, no fonts or styles from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from policyengine.analysis.layering import Bend, Cell, Drawing, draw
from policyengine.analysis.outline import KINDS, Item, Outline
from policyengine.analysis.pictures import FILLS

NODE_HEIGHT, NODE_GAP, LAYER_GAP, MARGIN = 44, 18, 64, 24
CHARACTER_WIDTH = 7.9  # of 13 px in the widest of the fonts asked for
LEGEND_HEIGHT = 40

STYLE = """
  text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #16202c; }
  .detail { font-size: 11px; fill: #5a6675; }
  .title { font-size: 15px; font-weight: 600; }
  .edge { fill: none; stroke: #8a96a3; stroke-width: 1.4; }
  .head { fill: #8a96a3; }
  rect { stroke: #00000030; }
  .paper { fill: #ffffff; stroke: none; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #14181d; }
    .title, .legend { fill: #e6ebf0; }
    .edge { stroke: #6d7985; }
    .head { fill: #6d7985; }
  }
"""


def svg(outline: Outline) -> str:
    """The picture: what is read to the left of what reads it."""
    drawing = draw([item.name for item in outline.items], outline.reads, NODE_HEIGHT, NODE_GAP)
    places = _Places(outline, drawing)
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

    def __init__(self, outline: Outline, drawing: Drawing) -> None:
        self.top = MARGIN + 28
        self.middle = drawing.middle
        self.left: dict[Cell, float] = {}
        self.width: dict[Cell, float] = {}
        by_name = {item.name: item for item in outline.items}
        x = float(MARGIN)
        for layer in drawing.layers:
            widest = max((_width(by_name[cell]) for cell in layer if isinstance(cell, str)), default=0.0)
            for cell in layer:
                self.left[cell], self.width[cell] = x, widest
            x += widest + LAYER_GAP
        legend = sum(_legend_width(kind) for kind in _kinds(outline)) + 2 * MARGIN
        bottom = max(self.middle.values(), default=0.0) + NODE_HEIGHT / 2
        self.size = (max(x - LAYER_GAP + MARGIN, legend), self.top + bottom + LEGEND_HEIGHT + MARGIN)

    def y(self, cell: Cell) -> float:
        return self.top + self.middle[cell]


def _width(item: Item) -> float:
    return max(len(item.name), 0.85 * len(_caption(item))) * CHARACTER_WIDTH + 26


def _caption(item: Item) -> str:
    return f"{item.kind}: {item.detail}" if item.detail else item.kind


def _nodes(outline: Outline, places: _Places) -> Iterator[str]:
    for item in outline.items:
        x, y, width = places.left[item.name], places.y(item.name), places.width[item.name]
        place = escape(f"{item.at.source.name}:{item.at.line}")
        yield (
            f"<g><title>{place}</title>"
            f'<rect x="{x:.1f}" y="{y - NODE_HEIGHT / 2:.1f}" width="{width:.1f}" height="{NODE_HEIGHT}" rx="8"'
            f' fill="{FILLS[item.kind]}"/>'
            f'<text x="{x + 13:.1f}" y="{y - 3:.1f}">{escape(item.name)}</text>'
            f'<text class="detail" x="{x + 13:.1f}" y="{y + 13:.1f}">{escape(_caption(item))}</text></g>'
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
        yield f'<path class="edge" d="{path}" marker-end="url(#head)"/>'


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
