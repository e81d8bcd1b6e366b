"""A layered drawing of a graph without circles: which column and which height each node has.

The usual four steps: give each node a layer, bend edges over several layers through a point in each, order the layers
so that few edges cross, then move everything as close to its neighbours as the distances allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

SWEEPS = 12


class Bend(NamedTuple):
    """A point of a long edge inside a layer that it only crosses."""

    start: str
    end: str
    layer: int


Cell = str | Bend
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Layers from left to right, each from top to bottom, and the height of each cell's middle."""

    layers: tuple[tuple[Cell, ...], ...]
    middle: Mapping[Cell, float]

    def points(self, edge: Edge) -> list[Cell]:
        """The cells that an edge runs through, both of its ends included."""
        bends = [cell for layer in self.layers for cell in layer if isinstance(cell, Bend) and cell[:2] == edge]
        return [edge[0], *bends, edge[1]]


def draw(nodes: Sequence[str], edges: Sequence[Edge], height: float, gap: float) -> Drawing:
    """Place nodes of one height with a gap between them; `edges` go from what is read to what reads it."""
    layer_of = _layers(nodes, edges)
    layers: list[list[Cell]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for node in nodes:
        layers[layer_of[node]].append(node)
    links: list[tuple[Cell, Cell]] = []
    for start, end in edges:
        bends = [Bend(start, end, layer) for layer in range(layer_of[start] + 1, layer_of[end])]
        for bend in bends:
            layers[bend.layer].append(bend)
        links += pairwise([start, *bends, end])
    ordered = _ordered(layers, links)
    return Drawing(tuple(map(tuple, ordered)), _heights(ordered, links, height, gap))


def _layers(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The longest way to each node; what reads nothing stands just before its first reader."""
    reads: dict[str, list[str]] = {node: [] for node in nodes}
    readers: dict[str, list[str]] = {node: [] for node in nodes}
    for start, end in edges:
        reads[end].append(start)
        readers[start].append(end)
    layer = dict.fromkeys(nodes, 0)
    for _ in nodes:  # at most as many rounds as the longest way has nodes
        longer = {n: max((layer[r] + 1 for r in reads[n]), default=0) for n in nodes}
        if longer == layer:
            break
        layer = longer
    for node in nodes:
        if not reads[node] and readers[node]:
            layer[node] = min(layer[reader] for reader in readers[node]) - 1
    return layer


def _ordered(layers: Sequence[Sequence[Cell]], links: Iterable[tuple[Cell, Cell]]) -> list[list[Cell]]:
    """Each layer sorted by where its neighbours are, forwards and backwards; the order with the fewest crossings."""
    before, after = _neighbours(links)
    current = [list(layer) for layer in layers]
    best, fewest = [list(layer) for layer in current], _crossings(current, after)
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        for index in range(len(current)) if forwards else reversed(range(len(current))):
            other = index - 1 if forwards else index + 1
            if 0 <= other < len(current):
                place = {cell: number for number, cell in enumerate(current[other])}
                current[index] = _by_neighbours(current[index], before if forwards else after, place)
        crossings = _crossings(current, after)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return best


def _by_neighbours(layer: Sequence[Cell], linked: Mapping[Cell, list[Cell]], place: Mapping[Cell, int]) -> list[Cell]:
    def wish(position: int) -> float:
        neighbours = [place[other] for other in linked.get(layer[position], ()) if other in place]
        return sum(neighbours) / len(neighbours) if neighbours else position

    return [layer[position] for position in sorted(range(len(layer)), key=wish)]


def _neighbours(links: Iterable[tuple[Cell, Cell]]) -> tuple[dict[Cell, list[Cell]], dict[Cell, list[Cell]]]:
    before: dict[Cell, list[Cell]] = {}
    after: dict[Cell, list[Cell]] = {}
    for start, end in links:
        before.setdefault(end, []).append(start)
        after.setdefault(start, []).append(end)
    return before, after


def _crossings(layers: Sequence[Sequence[Cell]], after: Mapping[Cell, list[Cell]]) -> int:
    count = 0
    for left, right in pairwise(layers):
        place = {cell: number for number, cell in enumerate(right)}
        ends = [place[other] for cell in left for other in sorted(after.get(cell, ()), key=place.__getitem__)]
        count += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return count


def _heights(
    layers: Sequence[Sequence[Cell]], links: Iterable[tuple[Cell, Cell]], height: float, gap: float
) -> dict[Cell, float]:
    """Each cell as near to the mean of its neighbours as order and distance allow."""
    before, after = _neighbours(links)
    middle = {cell: number * (height + gap) for layer in layers for number, cell in enumerate(layer)}
    for sweep in range(SWEEPS):
        linked = before if sweep % 2 == 0 else after
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wishes = [_mean([middle[other] for other in linked.get(cell, ())], middle[cell]) for cell in layer]
            middle |= zip(layer, _apart(layer, wishes, height, gap), strict=True)
    top = min(middle.values(), default=0.0)
    return {cell: y - top + height / 2 for cell, y in middle.items()}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _apart(layer: Sequence[Cell], wishes: Sequence[float], height: float, gap: float) -> list[float]:
    """The heights closest to the wishes that keep order and distance: neighbours that collide move as one block."""
    offsets = [0.0]
    for one, other in pairwise(layer):
        offsets.append(offsets[-1] + _distance(one, other, height, gap))
    blocks: list[list[float]] = []
    for wish, offset in zip(wishes, offsets, strict=True):
        blocks.append([wish - offset])
        while len(blocks) > 1 and _mean(blocks[-2], 0) > _mean(blocks[-1], 0):
            last = blocks.pop()
            blocks[-1] += last
    starts = [_mean(block, 0) for block in blocks for _ in block]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _distance(one: Cell, other: Cell, height: float, gap: float) -> float:
    """Between two middles; an edge that only passes needs no room of its own beside the gap."""
    return sum(height / 2 for cell in (one, other) if isinstance(cell, str)) + gap
