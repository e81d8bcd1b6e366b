"""The decision graph: which named thing reads which, and so the order of evaluation. The only user of networkx here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from policyengine.compiler import diagnostics as say
from policyengine.source import Report, Span


def order(reads: Mapping[str, Iterable[str]], places: Mapping[str, Span], report: Report) -> list[str]:
    """The names so that each stands after everything it reads, otherwise as the author wrote them.

    A cycle is reported with its path; the names outside of cycles are still ordered.
    """
    position = {name: i for i, name in enumerate(reads)}
    graph = nx.DiGraph()
    graph.add_nodes_from(reads)
    graph.add_edges_from((other, name) for name, others in reads.items() for other in others if other in position)
    for component in list(nx.strongly_connected_components(graph)):
        members = sorted(component, key=position.__getitem__)
        if len(members) > 1 or graph.has_edge(members[0], members[0]):
            path = _cycle(graph.subgraph(component), members[0])
            report.add(say.cycle(path, places[members[0]]))
            graph.remove_nodes_from(component)
    return list(nx.lexicographical_topological_sort(graph, key=position.__getitem__))


def _cycle(component: nx.DiGraph, start: str) -> list[str]:
    """One circle through `start`, in the words of the author: each reads the next."""
    if component.has_edge(start, start):
        return [start, start]
    reversed_view = component.reverse(copy=False)
    for following in sorted(reversed_view.successors(start)):
        if nx.has_path(reversed_view, following, start):
            return [start, *nx.shortest_path(reversed_view, following, start)]
    raise AssertionError("a component of several nodes has a circle")
