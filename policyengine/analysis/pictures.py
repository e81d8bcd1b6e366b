"""An outline as Mermaid, as DOT and as JSON. Every id is ours, so that no name of a bundle can be syntax."""

from __future__ import annotations

import json

from policyengine.analysis.outline import KINDS, Outline

FILLS = {
    "input": "#e8eef7",
    "parameter": "#f3ecdc",
    "table": "#e3f1e6",
    "value": "#eeeeee",
    "charge": "#dff0f4",
    "retry": "#f6e7f1",
    "account": "#e4ecd9",
    "proration": "#d8ecec",
    "entitlement": "#f6e6ef",
    "guard": "#fbe3e0",
    "decision": "#e9e1f5",
}
"""One pale colour a kind, dark text on it."""

_MERMAID_SHAPES = {
    "input": ("[/", "/]"),
    "parameter": ("([", "])"),
    "table": ("[(", ")]"),
    "value": ("[", "]"),
    "charge": ("[", "]"),
    "retry": ("[", "]"),
    "account": ("[(", ")]"),
    "proration": ("[", "]"),
    "entitlement": (">", "]"),
    "guard": ("{{", "}}"),
    "decision": ("[[", "]]"),
}
_DOT_SHAPES = {
    "input": "parallelogram",
    "parameter": "ellipse",
    "table": "cylinder",
    "value": "box",
    "charge": "box",
    "retry": "box",
    "account": "cylinder",
    "proration": "box",
    "entitlement": "house",
    "guard": "hexagon",
    "decision": "doubleoctagon",
}


def mermaid(outline: Outline) -> str:
    """A Mermaid flowchart, as Markdown shows it."""
    ids = _ids(outline)
    lines = ["flowchart LR"]
    for item in outline.items:
        left, right = _MERMAID_SHAPES[item.kind]
        lines.append(f'  {ids[item.name]}{left}"{_mermaid_text(item.name)}"{right}:::{item.kind}')
    lines += [f"  {ids[read]} --> {ids[reader]}" for read, reader in outline.reads]
    used = [kind for kind in KINDS if any(item.kind == kind for item in outline.items)]
    lines += [f"  classDef {kind} fill:{FILLS[kind]},stroke:#667,color:#112" for kind in used]
    return "\n".join(lines)


def _mermaid_text(text: str) -> str:
    return text.replace("#", "#35;").replace('"', "#quot;")


def dot(outline: Outline) -> str:
    """A DOT graph, for Graphviz."""
    ids = _ids(outline)
    lines = [f"digraph {_dot_text(outline.bundle)} {{", "  rankdir=LR;"]
    lines.append('  node [style=filled, fontname="Helvetica", color="#666677"];')
    for item in outline.items:
        shape, fill = _DOT_SHAPES[item.kind], FILLS[item.kind]
        lines.append(f'  {ids[item.name]} [label={_dot_text(item.name)}, shape={shape}, fillcolor="{fill}"];')
    lines += [f"  {ids[read]} -> {ids[reader]};" for read, reader in outline.reads]
    return "\n".join([*lines, "}"])


def _dot_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_json(outline: Outline) -> str:
    """The outline itself."""
    nodes = [
        {"name": i.name, "kind": i.kind, "detail": i.detail, "file": i.at.source.name, "line": i.at.line}
        for i in outline.items
    ]
    edges = [{"from": read, "to": reader} for read, reader in outline.reads]
    found = {"bundle": outline.bundle, "version": outline.version, "nodes": nodes, "edges": edges}
    return json.dumps(found, indent=2, ensure_ascii=False)


def _ids(outline: Outline) -> dict[str, str]:
    return {item.name: f"n{number}" for number, item in enumerate(outline.items)}
