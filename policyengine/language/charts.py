"""The chart of accounts: a tree of names, and the paths of its nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.language import diagnostics as say
from policyengine.language.yaml import Mapping
from policyengine.source import Report


def merged(documents: Iterable[Mapping], report: Report) -> Mapping | None:
    """The one chart of a bundle; a second one in another file goes to the report."""
    found: Mapping | None = None
    for document in documents:
        entry = document.entries.get("chart")
        if entry is None or not isinstance(entry.value, Mapping):
            continue
        if found is not None:
            report.add(say.defined_twice("chart", entry.key_span, found.span))
        found = found or entry.value
    return found


def nodes(chart: Mapping, above: str = "") -> Iterator[str]:
    """The path of every node, such as `revenue.inference.us`, each before those below it."""
    for entry in chart.entries.values():
        path = f"{above}.{entry.key}" if above else entry.key
        yield path
        if isinstance(entry.value, Mapping):
            yield from nodes(entry.value, path)
