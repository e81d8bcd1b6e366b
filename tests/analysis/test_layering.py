"""Layered drawings: what holds for the drawing of any graph without circles."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from policyengine.analysis.layering import Bend, draw

HEIGHT, GAP = 40, 10


@st.composite
def graphs(draw_from: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    """Nodes, and edges from earlier to later ones."""
    nodes = [f"n{i}" for i in range(draw_from(st.integers(0, 12)))]
    pairs = [(a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 :]]
    return nodes, draw_from(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []


@given(graphs())
def test_every_edge_goes_right(graph):
    """What is read stands in an earlier layer than what reads it, and every node stands in one."""
    nodes, edges = graph
    drawing = draw(nodes, edges, HEIGHT, GAP)
    layer = {cell: number for number, cells in enumerate(drawing.layers) for cell in cells}

    assert set(nodes) == {cell for cell in layer if not isinstance(cell, Bend)}
    assert [] == [edge for edge in edges if layer[edge[0]] >= layer[edge[1]]]


@given(graphs())
def test_an_edge_passes_every_layer_between_its_ends(graph):
    """So no edge runs through a node."""
    nodes, edges = graph
    drawing = draw(nodes, edges, HEIGHT, GAP)
    layer = {cell: number for number, cells in enumerate(drawing.layers) for cell in cells}
    for edge in edges:
        assert {1} == {layer[b] - layer[a] for a, b in pairwise(drawing.points(edge))}


@given(graphs())
def test_nodes_of_a_layer_keep_their_distance(graph):
    """From top to bottom, and at least a gap apart; nothing stands above the top."""
    nodes, edges = graph
    drawing = draw(nodes, edges, HEIGHT, GAP)
    for layer in drawing.layers:
        own = [drawing.middle[cell] for cell in layer if not isinstance(cell, Bend)]

        assert [] == [(a, b) for a, b in pairwise(own) if b - a < HEIGHT + GAP - 1e-6]
    assert all(y >= HEIGHT / 2 - 1e-6 for y in drawing.middle.values())


def test_a_diamond_has_no_crossings():
    """Two ways from one node to another are drawn beside each other, whatever the order they were written in."""
    edges = [("a", "c"), ("a", "b"), ("b", "y"), ("c", "x"), ("x", "z"), ("y", "z")]
    drawing = draw(["a", "b", "c", "x", "y", "z"], edges, HEIGHT, GAP)
    b_above_c = drawing.middle["b"] < drawing.middle["c"]

    assert b_above_c == (drawing.middle["y"] < drawing.middle["x"])


def test_what_reads_nothing_stands_before_its_first_reader():
    """A parameter of the last step does not send an edge through the whole picture."""
    drawing = draw(["a", "b", "c", "late"], [("a", "b"), ("b", "c"), ("late", "c")], HEIGHT, GAP)

    assert ("b", "late") == tuple(sorted(map(str, drawing.layers[1])))
