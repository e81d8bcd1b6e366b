"""`policyengine graph`: what reads what, in four languages."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

SVG = "{http://www.w3.org/2000/svg}"


def test_mermaid_names_everything(call, chat):
    """Ids are ours, names are labels in quotes."""
    result = call("graph", chat)

    assert 0 == result.exit_code
    assert result.output.startswith('flowchart LR\n  n0[/"plan"/]:::input\n')
    assert '  n9[["monthly_bill"]]:::decision\n' in result.output


def test_dot_is_a_graph(call, chat):
    """As Graphviz reads it."""
    output = call("graph", chat, "--format", "dot").output

    assert output.startswith('digraph "support-chat" {\n')
    assert output.endswith("}\n")
    assert '[label="price", shape=cylinder' in output


def test_json_has_nodes_and_edges(call, chat):
    """Each node with its kind and place, each edge from what is read to what reads it."""
    graph = json.loads(call("graph", chat, "--format", "json").output)
    edges = {(edge["from"], edge["to"]) for edge in graph["edges"]}

    assert {"plan", "messages", "price", "free_messages", "review_above", "fee", "chat", "bill", "approval"} < {
        node["name"] for node in graph["nodes"]
    }
    assert {("plan", "price"), ("price", "chat"), ("chat", "bill"), ("approval", "monthly_bill")} < edges


def test_svg_is_a_picture_with_every_name(call, chat):
    """Well-formed, and nothing lies outside of it or on top of another node."""
    root = ElementTree.fromstring(call("graph", chat, "--format", "svg").output)
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    boxes = [
        tuple(float(rect.get(name) or 0) for name in ("x", "y", "width", "height")) for rect in root.iter(f"{SVG}rect")
    ]
    nodes = [box for box in boxes if box[3] == 44]

    assert {"support-chat 0.1.0", "monthly_bill", "free_messages"} < {text.text for text in root.iter(f"{SVG}text")}
    assert 10 == len(nodes)
    assert [] == [box for box in boxes if box[0] + box[2] > width or box[1] + box[3] > height]
    assert [] == [(a, b) for a in nodes for b in nodes if a < b and overlap(a, b)]


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether two boxes have a point in common."""
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def test_a_picture_of_one_part(call, chat):
    """`--of` leaves what is read, directly or not."""
    graph = json.loads(call("graph", chat, "--of", "chat", "--format", "json").output)

    assert ["plan", "messages", "free_messages", "price", "chat"] == [node["name"] for node in graph["nodes"]]


@pytest.mark.parametrize("name", ["chatt", ""])
def test_a_name_that_is_not_there(name, call, chat):
    """A wrong call."""
    result = call("graph", chat, "--of", name)

    assert 1 == result.exit_code
    assert f"the bundle has no `{name}`" in result.stderr
